"""Mitigations as a spreadsheet: what is so of each control and action now, and since when."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from risks.models import Mitigation, MitigationStatus, Risk
from risks.resources import MitigationResource
from risks.services import close_risk
from tests.factories import RiskFactory, UserFactory
from tests.factories.sheets import faults, read, xlsx

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 1, 31)
IMPORTED = "Imported from register.xlsx"
ACTION_ROW = {
    "Reference": "R01-M1",
    "Risk": "R01",
    "Kind": "Action",
    "Description": "Let a contract for associates",
    "Owner": "lead@test.example",
    "Due date": "28/02/2026",
    "Status": "To do",
    "Effect": "Likelihood",
    "Added on": "01/06/2025",
}


@pytest.fixture
def lead(db: None) -> User:
    return UserFactory(email="lead@test.example", full_name="Officer Lead")


@pytest.fixture
def bring(office: User, lead: User) -> Callable[..., Any]:
    """Reads a sheet of one mitigation, and says what came of it: `bring(Status="Done")`."""

    def one_row(**changes: Any) -> Any:
        row = ACTION_ROW | {name.replace("_", " "): value for name, value in changes.items()}
        return read(MitigationResource, xlsx([list(row), list(row.values())]), "register.xlsx", by=office)

    return one_row


def changes(report: Any) -> list[str]:
    return [str(line) for line in report.effects]


def history(mitigation: Mitigation) -> list[tuple[Any, ...]]:
    return list(mitigation.updates.order_by("dated_on", "pk").values_list("dated_on", "status", "note"))


def test_mitigation_comes_in_with_every_column(risk: Risk, bring: Any, lead: User) -> None:
    report = bring()

    assert (faults(report), report.new, report.unknown) == ([], 1, [])
    mitigation = Mitigation.objects.get()
    assert (mitigation.reference, mitigation.risk, mitigation.kind, mitigation.owner) == (
        "R01-M1",
        risk,
        "action",
        lead,
    )
    assert (mitigation.description, mitigation.effect) == (ACTION_ROW["Description"], "likelihood")
    assert (mitigation.due_date, mitigation.added_on) == (dt.date(2026, 2, 28), dt.date(2025, 6, 1))
    assert history(mitigation) == [(dt.date(2025, 6, 1), MitigationStatus.TO_DO, "")]
    assert bring().unchanged == 1


@pytest.mark.parametrize(
    ("cells", "steps"),
    [
        pytest.param(
            {"Status": "Done"},
            [(dt.date(2025, 6, 1), "to_do", ""), (TODAY, "done", IMPORTED)],
            id="added then, done by today",
        ),
        pytest.param({"Status": "Done", "Added_on": None}, [(TODAY, "done", "")], id="added today"),
        pytest.param(
            {"Kind": "Control", "Status": "In place"},
            [(dt.date(2025, 6, 1), "in_place", "")],
            id="control in place since then",
        ),
        pytest.param(
            {"Kind": "Control", "Status": "Stopped", "Due_date": None},
            [(dt.date(2025, 6, 1), "in_place", ""), (TODAY, "stopped", IMPORTED)],
            id="control stopped by today",
        ),
    ],
)
def test_new_mitigation_begins_as_such_a_one_does(
    risk: Risk, bring: Any, cells: dict[str, Any], steps: list[tuple[Any, ...]]
) -> None:
    report = bring(**cells)

    assert faults(report) == []
    assert history(Mitigation.objects.get()) == steps


def test_mitigation_of_a_risk_closed_since_moved_on_by_the_closing(
    risk: Risk, bring: Any, office: User, at: dt.datetime
) -> None:
    closed_on = dt.date(2026, 1, 10)
    close_risk(risk=risk, reason="Over.", on=closed_on, by=office, at=at)

    report = bring(Status="Done")

    assert faults(report) == []
    assert history(Mitigation.objects.get()) == [
        (dt.date(2025, 6, 1), "to_do", ""),
        (closed_on, "done", IMPORTED),
    ]
    assert bring(Status="Done").unchanged == 1
    for cells in ({"Reference": "R01-M2", "Added_on": "11/01/2026"}, {"Reference": "R01-M2", "Added_on": None}):
        assert "R01 is closed" in faults(bring(**cells))[0]
    assert "R01 is closed" in faults(bring(Status="Stopped"))[0]


def test_changed_mitigation_keeps_what_it_was(risk: Risk, bring: Any) -> None:
    bring()
    UserFactory(email="new@test.example", full_name="Officer New")

    said = {
        "Owner": "new@test.example",
        "Description": "Let two contracts",
        "Due_date": "31/03/2026",
        "Status": "Under way",
        "Effect": "Both",
        "Added_on": "15/06/2025",
    }
    report = bring(**said)

    assert changes(report) == [
        "row 2, R01-M1, Description: Let a contract for associates → Let two contracts",
        "row 2, R01-M1, Owner: Officer Lead → Officer New",
        "row 2, R01-M1, Due date: 28 February 2026 → 31 March 2026",
        "row 2, R01-M1, Status: To do → Under way",
        "row 2, R01-M1, Effect: Likelihood → Both",
    ]
    mitigation = Mitigation.objects.get()
    assert (mitigation.owner.email, mitigation.added_on) == ("new@test.example", dt.date(2025, 6, 1))
    latest = mitigation.updates.first()
    assert (latest.dated_on, latest.status, latest.due_date) == (TODAY, "under_way", dt.date(2026, 3, 31))
    assert latest.note == f"{IMPORTED}\nBefore, it read: Let a contract for associates"
    assert bring(**said | {"Due_date": None, "Effect": None}).unchanged == 1


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        pytest.param({"Kind": "Control"}, 'row 2, Kind: "Control": R01-M1 is an action.', id="kind"),
        pytest.param({"Risk": "R02"}, 'row 2, Risk: "R02": R01-M1 belongs to R01.', id="risk"),
        pytest.param({"Risk": "R09"}, 'row 2, Risk: "R09" is not a risk in the portal', id="unknown risk"),
        pytest.param(
            {"Status": "In place"},
            'row 2, Status: "In place": An action is To do, Under way, Done or Stopped.',
            id="status of the other kind",
        ),
        pytest.param(
            {"Status": "Green"},
            'row 2, Status: "Green" could be In place or Under way. Write the whole word',
            id="colour of two statuses",
        ),
        pytest.param({"Owner": "Nobody"}, "is nobody in the portal", id="owner"),
        pytest.param({"Description": None}, "row 2, Description: is missing", id="no description"),
    ],
)
def test_what_a_mitigation_cannot_become_is_a_fault_of_its_cell(
    risk: Risk, bring: Any, cells: dict[str, Any], said: str
) -> None:
    RiskFactory(reference="R02")
    bring()

    report = bring(**cells)

    [fault] = faults(report)
    assert said in fault
    assert not report.written


def test_person_who_left_gets_no_mitigation(risk: Risk, bring: Any, office: User, at: dt.datetime) -> None:
    gone = {"is_active": False, "deactivated_at": at, "deactivated_by": office}
    UserFactory(email="gone@test.example", full_name="Officer Gone", **gone)

    assert faults(bring(Owner="gone@test.example")) == [
        'row 2, Owner: "Officer Gone": Officer Gone no longer has an account here. Choose somebody else.'
    ]
