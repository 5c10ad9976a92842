"""What the programme office does to the register, and a risk's way between the boards."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from risks.models import Risk, RiskChange
from risks.services import revise_risk
from tests.factories import MilestoneFactory, PriorityAreaFactory, RiskFactory, RiskReviewFactory, UserFactory
from tests.risks.pages import NOW, TODAY, day, listed, told, words

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
ADD = reverse("risks:add")


@pytest.fixture(autouse=True)
def _end_of_january() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def risk() -> Risk:
    return RiskFactory(reference="R01", title="Staff leave")


@pytest.fixture
def browser(office: User, signed_in: SignedIn) -> Client:
    return signed_in(office)


def address(name: str) -> str:
    return reverse(f"risks:{name}", args=["R01"])


def value_of(html: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', html)
    return found[1] if found else ""


# --- Adding -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def typed() -> dict[str, Any]:
    return {
        "reference": "R07",
        "title": "Staff leave",
        "cause": "Pay is low.",
        "event": "Therapists leave.",
        "consequence": "Children wait.",
        "level": "operational",
        "owner": UserFactory().pk,
        "inherent_likelihood": "4",
        "inherent_impact": "5",
        "treatment": "treat",
        "frequency": "quarterly",
        "areas": [PriorityAreaFactory().pk],
        "milestones": [MilestoneFactory(reference="PA1-01").pk],
        **day("opened_on", dt.date(2026, 1, 15)),
    }


def test_form_suggests_the_reference_after_the_highest_and_starts_today(browser: Client) -> None:
    for reference in ("R08", "R021", "PA-R99", "R5-A"):
        RiskFactory(reference=reference)
    MilestoneFactory(reference="PA1-09", withdrawn_on=TODAY, withdrawn_reason="Merged.")

    html = browser.get(ADD).content.decode()

    assert value_of(html, "reference") == "R22"
    assert [value_of(html, f"opened_on_{part}") for part in ("day", "month", "year")] == ["31", "1", "2026"]
    assert re.findall(r'name="level"[^>]*value="(\w+)"[^>]*checked', html) == ["operational"]
    assert "Every month" in re.findall(r'<option value="monthly"\s+selected[^>]*>([^<]*)', html)[0]
    assert "4 Likely" in words(html)
    assert "PA1-09" not in html


def test_a_risk_is_added_and_its_page_comes_next(browser: Client, office: User, typed: dict[str, Any]) -> None:
    response = browser.post(ADD, typed, follow=True)

    risk = Risk.objects.get()
    assert response.redirect_chain == [(reverse("risks:detail", args=["R07"]), 302)]
    assert "R07 has been added. Next, add a mitigation: every open risk needs at least one." in words(response.content)
    assert (risk.title, risk.inherent_score, risk.score, risk.level) == ("Staff leave", 20, 20, "operational")
    assert (risk.cause, risk.event, risk.consequence) == ("Pay is low.", "Therapists leave.", "Children wait.")
    assert (risk.opened_on, risk.first_review_by) == (dt.date(2026, 1, 15), dt.date(2026, 4, 15))
    assert (risk.treatment, risk.created_by) == ("treat", office)
    assert [risk.areas.get().code, risk.milestones.get().reference] == ["PA1", "PA1-01"]
    assert listed(browser.get(reverse("risks:list")).content.decode()) == ["R07"]


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        pytest.param({"reference": ""}, "Give the risk a reference.", id="no reference"),
        pytest.param({"reference": "R01"}, "Risk with this Reference already exists.", id="a reference that is there"),
        pytest.param({"title": ""}, "Give the risk a title.", id="no title"),
        pytest.param({"owner": ""}, "Select who owns the risk.", id="no owner"),
        pytest.param({"inherent_impact": ""}, "Select how bad it would be before any control.", id="no impact"),
        pytest.param(day("opened_on", dt.date(2026, 2, 1)), "The date must be today or earlier.", id="tomorrow"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    browser: Client, risk: Risk, typed: dict[str, Any], wrong: dict[str, Any], fault: str
) -> None:
    page = browser.post(ADD, {**typed, **wrong})

    html = page.content.decode()
    assert page.status_code == 200
    assert told(html) == [fault]
    assert ">Therapists leave.</textarea>" in html
    assert re.search(r'name="milestones"[^>]*checked', html)
    assert Risk.objects.get() == risk


# --- Editing ----------------------------------------------------------------------------------------------------------


def edit(browser: Client, risk: Risk, **changes: Any) -> HttpResponse:
    names = ("title", "cause", "event", "consequence", "treatment", "frequency")
    given = {name: getattr(risk, name) for name in names} | {"owner": risk.owner_id}
    pair = {"inherent_likelihood": risk.inherent_likelihood, "inherent_impact": risk.inherent_impact}
    links = {name: [each.pk for each in getattr(risk, name).all()] for name in ("areas", "milestones")}
    return browser.post(address("edit"), {**given, **pair, **links, "based_on_version": risk.version, **changes})


def test_form_holds_what_the_risk_is(browser: Client, risk: Risk) -> None:
    risk.areas.add(PriorityAreaFactory())
    Risk.objects.update(cause="Pay is low.", treatment="tolerate", frequency="quarterly")

    html = browser.get(address("edit")).content.decode()

    assert value_of(html, "title") == "Staff leave"
    assert ">Pay is low.</textarea>" in html
    assert re.search(r'name="treatment"[^>]*value="tolerate"[^>]*checked', html)
    assert len(re.findall(r'name="areas"[^>]*checked', html)) == 1
    assert f'<option value="{risk.owner_id}" selected' in html
    assert '<option value="quarterly" selected' in html


def test_each_change_is_a_row_of_history(browser: Client, risk: Risk, office: User) -> None:
    area, milestone = PriorityAreaFactory(code="PA2"), MilestoneFactory(reference="PA1-03")
    owner = UserFactory(full_name="Officer New")

    response = edit(browser, risk, title="Therapists leave", owner=owner.pk, areas=[area.pk], milestones=[milestone.pk])

    assert "R01: the changes have been saved." in words(browser.get(response.url).content)
    rows = {row.field: (row.was, row.now, row.created_by) for row in RiskChange.objects.all()}
    assert rows == {
        "title": ("Staff leave", "Therapists leave", office),
        "owner": (risk.owner.full_name, "Officer New", office),
        "areas": ("", "PA2", office),
        "milestones": ("", "PA1-03", office),
    }


def test_nothing_changed_is_no_row(browser: Client, risk: Risk) -> None:
    assert edit(browser, risk).status_code == 302
    assert not RiskChange.objects.exists()


def test_another_inherent_score_needs_a_reason(browser: Client, risk: Risk) -> None:
    refused = edit(browser, risk, inherent_impact="5")
    saved = edit(browser, risk, inherent_impact="5", reason="The board looked again.")

    assert told(refused.content.decode()) == ["Say why the inherent score is corrected."]
    assert saved.status_code == 302
    risk.refresh_from_db()
    # It has no review, so it stands at its inherent score.
    assert (risk.inherent_score, risk.score) == (20, 20)


def test_the_second_of_two_people_is_told_and_saves_with_the_next_click(browser: Client, risk: Risk) -> None:
    revise_risk(risk=Risk.objects.get(), title="Nurses leave", by=UserFactory(), at=NOW)

    html = edit(browser, risk, title="Therapists leave").content.decode()

    assert "Somebody else has changed this risk since you opened it." in words(html)
    assert value_of(html, "title") == "Therapists leave"
    assert "R01 Nurses leave" in words(html)
    assert Risk.objects.get().title == "Nurses leave"
    edit(browser, risk, title="Therapists leave", based_on_version=value_of(html, "based_on_version"))
    assert Risk.objects.get().title == "Therapists leave"


def test_a_second_click_is_one_change(browser: Client, risk: Risk) -> None:
    first, second = (edit(browser, risk, title="Therapists leave") for _ in range(2))

    assert first.status_code == second.status_code == 302
    assert RiskChange.objects.count() == 1


# --- Between the boards -----------------------------------------------------------------------------------------------


def test_an_owner_takes_a_risk_to_the_improvement_board(risk: Risk, signed_in: SignedIn) -> None:
    browser = signed_in(risk.owner)
    asked = words(browser.get(address("escalate")).content)

    response = browser.post(address("escalate"), {"reason": "It needs both leaders."}, follow=True)

    assert "It becomes a systemic risk, and stands in the Improvement Board’s register from today." in asked
    assert "R01 is with the Improvement Board now." in words(response.content)
    move = risk.escalations.get()
    assert (move.from_level, move.to_level, move.moved_on) == ("operational", "systemic", TODAY)
    assert (move.reason, move.created_by) == ("It needs both leaders.", risk.owner)
    risk.refresh_from_db()
    assert risk.level == "systemic"


def test_only_the_office_hands_a_risk_back(browser: Client, signed_in: SignedIn) -> None:
    risk = RiskFactory(reference="R01", level="systemic")

    assert signed_in(risk.owner).post(address("de_escalate"), {"reason": "Done."}).status_code == 403
    asked = words(browser.get(address("de_escalate")).content)
    response = browser.post(address("de_escalate"), {"reason": "The provider is back."}, follow=True)

    assert "It becomes an operational risk, and stands in the Operations Board’s register from today." in asked
    assert "R01 is with the Operations Board now." in words(response.content)
    assert risk.escalations.get().created_by == response.wsgi_request.user
    risk.refresh_from_db()
    assert risk.level == "operational"


@pytest.mark.parametrize("name", ["escalate", "de_escalate"])
def test_a_move_needs_a_reason(browser: Client, name: str) -> None:
    risk = RiskFactory(reference="R01", level="operational" if name == "escalate" else "systemic")

    page = browser.post(address(name), {"reason": " "})

    assert told(page.content.decode()) == ["Say why the risk moves."]
    assert not risk.escalations.exists()


def test_a_second_click_moves_it_once_and_another_is_told(browser: Client, risk: Risk) -> None:
    for _ in range(2):
        assert browser.post(address("escalate"), {"reason": "It needs both leaders."}).status_code == 302

    page = browser.post(address("escalate"), {"reason": "For another reason."})

    assert "R01 is with the Improvement Board already." in words(page.content)
    assert ">For another reason.</textarea>" in page.content.decode()
    assert risk.escalations.count() == 1


# --- Closed and open again --------------------------------------------------------------------------------------------


def test_a_closed_risk_leaves_the_register_from_its_day(browser: Client, risk: Risk) -> None:
    typed = {**day("on", dt.date(2026, 1, 20)), "reason": "All posts are filled."}

    response = browser.post(address("close"), typed, follow=True)

    assert "R01: the risk has been closed." in words(response.content)
    change = risk.state_changes.get()
    assert (change.state, change.changed_on, change.reason) == ("closed", dt.date(2026, 1, 20), "All posts are filled.")

    def shown(query: str) -> list[str]:
        return listed(browser.get(f"{reverse('risks:list')}?{query}").content.decode())

    assert [shown(""), shown("as_at=2026-01-20"), shown("as_at=2026-01-19")] == [[], [], ["R01"]]


def test_a_risk_is_opened_again(browser: Client, risk: Risk) -> None:
    browser.post(address("close"), {**day("on", dt.date(2026, 1, 20)), "reason": "Filled."})

    early = browser.post(address("reopen"), {**day("on", dt.date(2026, 1, 19)), "reason": "Two left again."})
    response = browser.post(address("reopen"), {**day("on", TODAY), "reason": "Two left again."}, follow=True)

    assert told(early.content.decode()) == [
        "The last such move was on 20 January 2026. Choose that day or a later one."
    ]
    assert "R01: the risk is open again." in words(response.content)
    risk.refresh_from_db()
    assert (risk.state, risk.closed_on) == ("open", None)


@pytest.mark.parametrize(
    ("name", "fault"), [("close", "Say why it is closed."), ("reopen", "Say why it is opened again.")]
)
def test_a_change_of_state_starts_today_and_needs_a_reason(browser: Client, risk: Risk, name: str, fault: str) -> None:
    if name == "reopen":
        browser.post(address("close"), {**day("on", dt.date(2026, 1, 20)), "reason": "Filled."})

    form = browser.get(address(name)).content.decode()
    page = browser.post(address(name), {**day("on", TODAY), "reason": ""})

    assert [value_of(form, f"on_{part}") for part in ("day", "month", "year")] == ["31", "1", "2026"]
    assert told(page.content.decode()) == [fault]


def test_a_second_click_closes_once(browser: Client, risk: Risk) -> None:
    for _ in range(2):
        assert browser.post(address("close"), {**day("on", TODAY), "reason": "Filled."}).status_code == 302

    assert risk.state_changes.count() == 1


# --- Who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["edit", "close", "reopen", "de_escalate"])
def test_nobody_but_the_office_changes_the_register(
    risk: Risk, officer: User, board_member: User, signed_in: SignedIn, name: str
) -> None:
    RiskReviewFactory(risk=risk, reviewer=officer)

    for person in (risk.owner, officer, board_member):
        assert signed_in(person).get(address(name)).status_code == 403
        assert signed_in(person).post(address(name), {"reason": "x"}).status_code == 403
    assert Client().get(address(name)).status_code == 302


def test_nobody_but_the_office_adds_a_risk(officer: User, board_member: User, signed_in: SignedIn) -> None:
    for person in (officer, board_member):
        assert signed_in(person).get(ADD).status_code == 403


def test_others_do_not_escalate_a_risk(risk: Risk, officer: User, board_member: User, signed_in: SignedIn) -> None:
    for person in (officer, board_member):
        assert signed_in(person).post(address("escalate"), {"reason": "x"}).status_code == 403
    assert not risk.escalations.exists()


@pytest.mark.parametrize("name", ["review", "target", "mitigation_add", "escalate", "edit", "close"])
def test_a_closed_risk_offers_no_form_that_it_would_refuse(browser: Client, risk: Risk, name: str) -> None:
    browser.post(address("close"), {**day("on", TODAY), "reason": "Filled."})

    page = browser.get(address(name), follow=True)

    assert page.redirect_chain[-1][0] == reverse("risks:detail", args=["R01"])
    assert "R01 is closed. Open it again before you change it." in words(page.content)


def test_an_open_risk_is_not_opened_again(browser: Client, risk: Risk) -> None:
    page = browser.get(address("reopen"), follow=True)

    assert page.redirect_chain[-1][0] == reverse("risks:detail", args=["R01"])
    assert "R01 is open." in words(page.content)
