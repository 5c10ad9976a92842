"""What nobody should send, and what a register comes to be all the same."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from milestones.models import Milestone
from risks.models import AXES, MatrixChoice, Risk, RiskMatrix, RiskReview
from risks.services import set_target, update_mitigation
from tests.factories import (
    EscalationFactory,
    MilestoneFactory,
    MitigationFactory,
    RiskFactory,
    RiskReviewFactory,
    StateChangeFactory,
    UserFactory,
)
from tests.risks.conftest import faults
from tests.risks.pages import NOW, TODAY, day, shown, small_matrix, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_end_of_january")]
Api = Callable[[User], APIClient]
SignedIn = Callable[[User], Client]
REVIEW = {"reviewed_on": "2026-01-31", "likelihood": 3, "impact": 4, "note": "Two posts are filled."}
YEARS = ["The year must be between 1901 and 2198."]


@pytest.fixture
def _end_of_january() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize("name", ["reviewed_on", "next_review_on"])
@pytest.mark.parametrize("day", ["0001-01-01", "1900-12-31", "2199-01-01", "9999-12-31"])
def test_a_review_of_a_year_that_nobody_writes(api: Api, name: str, day: str) -> None:
    risk = RiskFactory(reference="R01")
    answer = api(risk.owner).post("/api/v1/risks/R01/reviews/", REVIEW | {name: day}, format="json")
    assert (answer.status_code, answer.data["errors"]) == (400, {name: YEARS})
    assert not RiskReview.objects.exists()


def test_an_answer_that_changed_without_its_row_is_no_304(api: Api) -> None:
    # The page of a mitigation leaves its risk's version alone: an open review of the risk is not in its way.
    action = MitigationFactory(risk=RiskFactory(reference="R01"))
    client = api(action.risk.owner)
    answer = client.get("/api/v1/risks/R01/")
    assert answer.data["mitigated"]
    update_mitigation(mitigation=action, status="stopped", note="No money.", by=action.owner, at=NOW)
    again = client.get("/api/v1/risks/R01/", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data["mitigated"]) == (200, False)
    reviewed = client.post(
        "/api/v1/risks/R01/reviews/", REVIEW, format="json", headers={"If-Match": answer.headers["ETag"]}
    )
    assert reviewed.status_code == 201


def test_a_cell_of_the_heat_map_leads_to_the_risks_that_it_counts(signed_in: SignedIn) -> None:
    here, elsewhere = (RiskFactory(inherent_likelihood=2, inherent_impact=2) for _ in range(2))
    RiskReviewFactory(risk=elsewhere, matrix=small_matrix(), likelihood=2, impact=2, reviewed_on=TODAY)
    browser = signed_in(here.owner)
    html = unescape(browser.get("/risks/heat-map/").content.decode())
    [cell] = set(re.findall(r'href="(/risks/\?likelihood=2&impact=2&[^"]*)"', html))
    assert shown(browser, cell) == 1


def test_who_left_one_board_s_heat_map_was_on_it(signed_in: SignedIn) -> None:
    RiskFactory(reference="R01", level="operational")
    stays, closed, moved = (RiskFactory(reference=f"R1{number}", level="systemic") for number in range(3))
    StateChangeFactory(risk=closed, changed_on=TODAY)
    EscalationFactory(risk=moved, from_level="systemic", to_level="operational", moved_on=TODAY)
    browser = signed_in(stays.owner)
    context = browser.get("/risks/heat-map/?level=systemic&from=2025-12").context
    assert [risk.reference for risk in context["gone"]] == ["R11", "R12"]
    context = browser.get("/risks/heat-map/?from=2025-12").context
    assert [risk.reference for risk in context["gone"]] == ["R11"]


def test_editing_a_risk_leaves_its_link_to_a_milestone_that_was_withdrawn(signed_in: SignedIn, office: User) -> None:
    risk, milestone = RiskFactory(reference="R01"), MilestoneFactory()
    risk.milestones.add(milestone)
    Milestone.objects.update(withdrawn_on=TODAY, withdrawn_reason="Merged.")
    form = signed_in(office).get("/risks/R01/edit/").context["form"]
    assert list(form.fields["milestones"].queryset) == [milestone]
    assert list(signed_in(office).get("/risks/new/").context["form"].fields["milestones"].queryset) == []


def test_an_action_s_due_date_cannot_be_emptied_unnoticed(signed_in: SignedIn) -> None:
    action = MitigationFactory(risk=RiskFactory(reference="R01"))
    names = ("status", "description", "effect")
    given = {name: getattr(action, name) for name in names} | {"owner": action.owner_id, "note": "No date any more."}
    address = f"/risks/R01/mitigations/{action.pk}/"
    answer = signed_in(action.owner).post(address, given | {"based_on_version": action.version})
    assert told(answer.content.decode()) == ["Enter the date the action is due."]


def test_an_action_that_came_without_a_due_date_can_be_updated(signed_in: SignedIn) -> None:
    action = MitigationFactory(risk=RiskFactory(reference="R01"), due_date=None)
    given = {"status": "under_way", "description": action.description, "effect": "", "owner": action.owner_id}
    address = f"/risks/R01/mitigations/{action.pk}/"
    assert signed_in(action.owner).post(address, given | {"based_on_version": action.version}).status_code == 302


@pytest.mark.parametrize(
    ("band", "said"),
    [
        ({"band_3_name": "Top"}, "Enter the score that band 3 begins at."),
        ({"band_3_lowest": "6"}, "Give band 3 a name."),
    ],
    ids=["without where it begins", "without a name"],
)
def test_half_a_band_is_not_passed_over(signed_in: SignedIn, office: User, band: dict[str, str], said: str) -> None:
    given = {"name": "Three by three", "band_1_name": "Low", "band_1_lowest": "1"}
    given |= {"band_2_name": "High", "band_2_lowest": "4"} | {f"band_{number}_colour": "red" for number in range(1, 6)}
    steps = [f"{axis}_{number}" for axis in AXES for number in range(1, 4)]
    given |= {f"{step}_{part}": "Words" for step in steps for part in ("label", "definition")}
    answer = signed_in(office).post("/risks/matrices/new/?size=3", given | band)
    assert told(answer.content.decode()) == [said]


@pytest.mark.parametrize(
    ("dates", "field"),
    [
        ({"due_on": dt.date(2025, 4, 30)}, "due_on"),
        ({"due_on": dt.date(2026, 9, 30), "points": [(dt.date(2006, 5, 1), 6)]}, "points"),
    ],
    ids=["the target's", "a point's"],
)
def test_a_target_for_a_day_before_there_was_a_risk(risk: Risk, dates: dict[str, Any], field: str) -> None:
    target = {"risk": risk, "likelihood": 2, "impact": 2, "by": risk.owner, "at": NOW}
    assert set(faults(lambda: set_target(**target, **dates))) == {field}
    # A date that has passed since is a target that was missed.
    assert set_target(**target, due_on=dt.date(2025, 5, 1))


@pytest.mark.parametrize("axis", ["likelihood", "impact", "size"])
def test_a_broken_number_is_no_whole_one(api: Api, axis: str) -> None:
    RiskFactory(inherent_likelihood=4, inherent_impact=4)
    client = api(UserFactory())
    assert client.get("/api/v1/risks/", {axis: "4.9"}).status_code == 400
    assert client.get("/api/v1/risks/", {axis: "5" if axis == "size" else "4"}).data["count"] == 1


@pytest.mark.parametrize("register", ["risks", "milestones"])
def test_a_search_for_more_words_than_a_database_takes(api: Api, signed_in: SignedIn, register: str) -> None:
    everything = {"q": " ".join(f"w{number}" for number in range(1500))}
    user = UserFactory()
    assert api(user).get(f"/api/v1/{register}/", everything).status_code == 400
    assert signed_in(user).get(f"/{register}/", everything).status_code == 200
    assert api(user).get(f"/api/v1/{register}/", {"q": "w " * 100}).status_code == 200


# --- Scores chosen from the steps of another matrix -----------------------------------------------------------------


@pytest.fixture
def small() -> RiskMatrix:
    """Four by four, in use since today."""
    matrix = small_matrix()
    MatrixChoice.objects.create(matrix=matrix, used_from=TODAY, reason="Agreed.", created_at=NOW)
    return matrix


def hidden(html: str) -> str:
    [found] = re.findall(r'name="on_matrix" value="(\d+)"', html)
    return found


def test_a_review_of_a_day_that_was_scored_otherwise_is_chosen_again(
    risk: Risk, small: RiskMatrix, signed_in: SignedIn
) -> None:
    browser, address = signed_in(risk.owner), "/risks/R01/review/"
    seen = hidden(browser.get(address).content.decode())
    assert seen == str(small.pk)
    typed = {"likelihood": "4", "impact": "4", "note": "Late.", "based_on_version": risk.version, "on_matrix": seen}
    typed |= day("reviewed_on", dt.date(2026, 1, 30))
    html = browser.post(address, typed).content.decode()
    assert "Scores of that day are on “5 × 5, four bands”." in html
    assert "5 Almost certain" in unescape(html)
    assert "Late." in html
    assert not risk.reviews.exists()
    assert browser.post(address, typed | {"on_matrix": hidden(html)}).status_code == 302
    assert risk.reviews.get().matrix == risk.inherent_matrix


def test_forms_that_were_open_while_the_matrix_was_changed(risk: Risk, signed_in: SignedIn, office: User) -> None:
    browser = signed_in(office)
    pages = {
        "/risks/R01/review/": {"likelihood": "3", "impact": "3", "note": "So.", **day("reviewed_on", TODAY)},
        "/risks/R01/target/": {"likelihood": "2", "impact": "2"},
        "/risks/new/": {
            "reference": "R02",
            "title": "Staff leave",
            "level": "systemic",
            "owner": office.pk,
            "inherent_likelihood": "3",
            "inherent_impact": "3",
            "frequency": "monthly",
            **day("opened_on", TODAY),
        },
    }
    seen = {address: hidden(browser.get(address).content.decode()) for address in pages}
    MatrixChoice.objects.create(matrix=small_matrix(), used_from=TODAY, reason="Agreed.", created_at=NOW)
    for address, typed in pages.items():
        given = typed | {"on_matrix": seen[address], "based_on_version": risk.version}
        html = browser.post(address, given).content.decode()
        assert "Scores of that day are on “4 × 4”." in html
        assert browser.post(address, given | {"on_matrix": hidden(html)}).status_code == 302
        risk.refresh_from_db()


def test_a_correction_stays_on_its_matrix_and_of_another_day_is_chosen_again(
    risk: Risk, small: RiskMatrix, signed_in: SignedIn
) -> None:
    wrong = RiskReviewFactory(risk=risk, reviewed_on=dt.date(2026, 1, 20))
    browser, address = signed_in(risk.owner), f"/risks/R01/reviews/{wrong.pk}/correct/"
    seen = hidden(browser.get(address).content.decode())
    assert seen == str(wrong.matrix_id)
    typed = {"likelihood": "2", "impact": "2", "note": "So.", "correction_reason": "A slip.", "on_matrix": seen}
    html = browser.post(address, typed | day("reviewed_on", TODAY)).content.decode()
    assert "Scores of that day are on “4 × 4”." in html
    assert hidden(html) == str(small.pk)
    assert browser.post(address, typed | day("reviewed_on", wrong.reviewed_on)).status_code == 302
