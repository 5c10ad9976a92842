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
from risks.models import Mitigation, MitigationUpdate, Risk
from risks.services import close_risk, update_mitigation
from tests.factories import MitigationFactory, RiskFactory, UserFactory
from tests.risks.pages import NOW, TODAY, control, day, told, words

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
ADD = reverse("risks:mitigation_add", args=["R01"])


@pytest.fixture(autouse=True)
def _end_of_january() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def risk() -> Risk:
    return RiskFactory(reference="R01", title="Staff leave")


@pytest.fixture
def action(risk: Risk) -> Mitigation:
    return MitigationFactory(reference="R01-M1", risk=risk, description="Recruit", due_date=dt.date(2026, 2, 28))


@pytest.fixture
def browser(risk: Risk, signed_in: SignedIn) -> Client:
    return signed_in(risk.owner)


def add(browser: Client, risk: Risk, **typed: Any) -> HttpResponse:
    given = {"kind": "action", "description": "Recruit", "owner": risk.owner_id, "effect": "likelihood"}
    return browser.post(ADD, {**given, **day("due_date", dt.date(2026, 3, 31)), **typed})


def page_of(mitigation: Mitigation) -> str:
    return reverse("risks:mitigation_update", args=["R01", mitigation.pk])


def update(browser: Client, mitigation: Mitigation, **typed: Any) -> HttpResponse:
    each = mitigation
    given = {"status": each.status, "description": each.description, "owner": each.owner_id, "effect": each.effect}
    due = day("due_date", each.due_date) if each.due_date else {}
    return browser.post(page_of(each), {**given, **due, "based_on_version": each.version, "note": "", **typed})


def statuses_on(html: str) -> list[str]:
    return re.findall(r'name="status"[^>]*value="(\w+)"', html)


# --- Adding -----------------------------------------------------------------------------------------------------------


def test_an_action_is_added_with_the_risks_next_reference(browser: Client, risk: Risk) -> None:
    control(risk, reference="R01-M1")

    response = add(browser, risk)

    made = Mitigation.objects.get(kind="action")
    assert (made.reference, made.status, made.due_date) == ("R01-M2", "to_do", dt.date(2026, 3, 31))
    assert (made.owner, made.effect, made.added_on) == (risk.owner, "likelihood", TODAY)
    assert response.url == reverse("risks:detail", args=["R01"])
    assert "R01: the mitigation has been added." in words(browser.get(response.url).content)


def test_a_control_is_in_place_at_once_and_ends_the_challenge(browser: Client, risk: Risk) -> None:
    assert "No mitigation." in words(browser.get(reverse("risks:detail", args=["R01"])).content)

    response = add(browser, risk, kind="control", due_date_day="", due_date_month="", due_date_year="")

    assert Mitigation.objects.get().status == "in_place"
    assert "No mitigation." not in words(browser.get(response.url).content)


def test_form_starts_with_the_risks_owner_and_says_what_the_kinds_are(browser: Client, risk: Risk) -> None:
    html = browser.get(ADD).content.decode()

    assert f'<option value="{risk.owner_id}" selected' in html
    assert "Something that works against the risk already." in words(html)


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        pytest.param({"kind": ""}, "Select whether it is a control or an action.", id="no kind"),
        pytest.param({"description": " "}, "Say what the control or action is.", id="no words"),
        pytest.param({"owner": ""}, "Select who is responsible for it.", id="nobody"),
        pytest.param(
            {"due_date_day": "", "due_date_month": "", "due_date_year": ""},
            "Enter the date the action is due.",
            id="an action without a date",
        ),
        pytest.param({"due_date_day": "32"}, "“32 3 2026” is not a real date. Write it like 27 3 2026.", id="no day"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    browser: Client, risk: Risk, wrong: dict[str, str], fault: str
) -> None:
    page = add(browser, risk, **wrong)

    html = page.content.decode()
    assert told(html) == [fault]
    assert re.search(r'name="effect"[^>]*value="likelihood"[^>]*checked', html)
    assert "description" in wrong or ">Recruit</textarea>" in html
    assert not Mitigation.objects.exists()


def test_a_second_click_adds_one(browser: Client, risk: Risk) -> None:
    for _ in range(2):
        assert add(browser, risk).status_code == 302

    assert Mitigation.objects.count() == 1


# --- Updating ---------------------------------------------------------------------------------------------------------


def test_form_offers_where_an_action_can_go_from_where_it_is(browser: Client, action: Mitigation, risk: Risk) -> None:
    control(risk, reference="R01-M2")
    in_place = Mitigation.objects.get(reference="R01-M2")

    html = browser.get(page_of(action)).content.decode()

    assert statuses_on(html) == ["to_do", "under_way", "done", "stopped"]
    assert re.findall(r'name="status"[^>]*value="(\w+)"[^>]*checked', html) == ["to_do"]
    assert "Update action R01-M1" in words(html)
    of_control = browser.get(page_of(in_place)).content.decode()
    assert statuses_on(of_control) == ["in_place", "stopped"]
    assert "due_date" not in of_control


def test_an_update_is_a_row_of_history(browser: Client, action: Mitigation, risk: Risk) -> None:
    owner = UserFactory()

    response = update(browser, action, status="under_way", owner=owner.pk, note="Adverts are out.")

    assert "R01: the mitigation has been updated." in words(browser.get(response.url).content)
    row = action.updates.first()
    assert (row.status, row.owner, row.note, row.dated_on) == ("under_way", owner, "Adverts are out.", TODAY)
    assert row.created_by == risk.owner
    action.refresh_from_db()
    assert (action.status, action.owner) == ("under_way", owner)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        pytest.param({"status": "stopped"}, "Say why it is stopped.", id="stopped without a word"),
        pytest.param({"due_date_month": "3"}, "Say why the due date moves.", id="moved without a word"),
        pytest.param({"status": ""}, "Select how it stands.", id="no status"),
        pytest.param({"description": ""}, "Say what the control or action is.", id="no description"),
    ],
)
def test_an_update_without_what_it_needs_is_refused_and_keeps_what_was_typed(
    browser: Client, action: Mitigation, typed: dict[str, str], fault: str
) -> None:
    page = update(browser, action, effect="both", **typed)

    html = page.content.decode()
    assert told(html) == [fault]
    assert re.search(r'name="effect"[^>]*value="both"[^>]*checked', html)
    assert action.updates.count() == 1


def test_nothing_said_is_no_row(browser: Client, action: Mitigation) -> None:
    assert update(browser, action).status_code == 302
    assert action.updates.count() == 1


def test_who_only_carries_it_out_updates_it_and_comes_back_from_their_work(
    risk: Risk, signed_in: SignedIn, action: Mitigation
) -> None:
    Mitigation.objects.update(owner=UserFactory())
    action.refresh_from_db()

    response = update(signed_in(action.owner), action, status="done", next="/")

    assert response.url == "/"
    assert MitigationUpdate.objects.first().created_by == action.owner


def test_the_second_of_two_people_is_told_and_saves_with_the_next_click(
    browser: Client, action: Mitigation, risk: Risk
) -> None:
    theirs = Mitigation.objects.get()
    update_mitigation(mitigation=theirs, status="done", note="All have started.", by=UserFactory(), at=NOW)

    html = update(browser, action, status="under_way", note="Adverts are out.").content.decode()

    assert "Somebody else has changed this mitigation since you opened it." in words(html)
    assert ">Adverts are out.</textarea>" in html
    assert Mitigation.objects.get().status == "done"
    version = re.search(r'name="based_on_version" value="(\d+)"', html)
    assert version is not None
    again = update(browser, action, status="under_way", note="Adverts are out.", based_on_version=version[1])
    assert again.status_code == 302
    assert Mitigation.objects.get().status == "under_way"


def test_a_second_click_is_one_row(browser: Client, action: Mitigation) -> None:
    for _ in range(2):
        assert update(browser, action, status="done", note="All have started.").status_code == 302

    assert action.updates.count() == 2


def test_mitigations_of_a_closed_risk_stay_as_they_are(
    browser: Client, action: Mitigation, risk: Risk, office: User
) -> None:
    close_risk(risk=risk, reason="Merged.", on=TODAY, by=office, at=NOW)

    for page in (add(browser, risk), update(browser, action, status="done", note="Too late.")):
        assert "R01 is closed. Open it again before you change it." in words(page.content)
    assert Mitigation.objects.get().status == "to_do"


# --- Who may ----------------------------------------------------------------------------------------------------------


def test_others_neither_add_nor_update(
    risk: Risk, action: Mitigation, officer: User, board_member: User, office: User, signed_in: SignedIn
) -> None:
    for person in (officer, board_member):
        assert add(signed_in(person), risk).status_code == 403
        assert update(signed_in(person), action, status="done").status_code == 403
    assert add(signed_in(office), risk).status_code == 302
    assert update(signed_in(office), action, status="done").status_code == 302
    assert Client().get(ADD).status_code == 302


def test_who_carries_one_out_adds_none(risk: Risk, signed_in: SignedIn) -> None:
    carrier = MitigationFactory(risk=risk, owner=UserFactory()).owner

    assert signed_in(carrier).get(ADD).status_code == 403


def test_a_mitigation_is_found_under_its_own_risk_only(browser: Client, action: Mitigation) -> None:
    elsewhere = MitigationFactory()

    assert browser.get(page_of(elsewhere)).status_code == 404
