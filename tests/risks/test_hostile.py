"""What nobody should send, and what a register comes to be all the same."""

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from risks.models import RiskReview
from risks.services import update_mitigation
from tests.factories import MitigationFactory, RiskFactory, RiskReviewFactory, UserFactory
from tests.risks.pages import NOW, TODAY, shown, small_matrix

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
