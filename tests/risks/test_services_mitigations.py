import datetime as dt
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from accounts.models import User
from core.writes import ChangedSince
from risks.models import STATUSES, TRANSITIONS, Mitigation, MitigationKind, MitigationStatus, MitigationUpdate, Risk
from risks.services import add_mitigation, close_risk, refuse_kind_change, update_mitigation
from tests.factories import MitigationFactory, RiskFactory, UserFactory
from tests.risks.conftest import faults

pytestmark = pytest.mark.django_db
TODAY, OPENED, DUE = dt.date(2026, 1, 31), dt.date(2025, 5, 1), dt.date(2026, 4, 30)
DAY = dt.timedelta(days=1)
CONTROL, ACTION = MitigationKind.CONTROL, MitigationKind.ACTION
S = MitigationStatus
CLOSED = {"__all__": "R01 is closed. Open it again before you change it."}
MESSAGE = {CONTROL: "A control is In place or Stopped.", ACTION: "An action is To do, Under way, Done or Stopped."}

Call = Callable[..., Mitigation]


@pytest.fixture
def left(office: User, at: dt.datetime) -> User:
    return UserFactory(full_name="Officer Gone", is_active=False, deactivated_at=at, deactivated_by=office)


@pytest.fixture
def add(risk: Risk, office: User, at: dt.datetime) -> Call:
    """Adds an action that nothing is wrong with, but for what the test says."""

    def call(**given: Any) -> Mitigation:
        content = {"kind": ACTION, "description": "Agree a plan.", "owner": risk.owner, **given}
        return add_mitigation(**{"risk": risk, "by": office, "at": at, **content})

    return call


@pytest.fixture
def update(office: User, at: dt.datetime) -> Call:
    return lambda mitigation, **given: update_mitigation(
        **{"mitigation": mitigation, "by": office, "at": at, "note": "It goes on.", **given}
    )


def last(mitigation: Mitigation) -> tuple[Any, ...]:
    row = mitigation.updates.first()
    return (row.dated_on, row.status, row.due_date, row.owner, row.note)


# Added


@pytest.mark.parametrize(("kind", "status"), [(CONTROL, S.IN_PLACE), (ACTION, S.TO_DO)], ids=["control", "action"])
def test_a_mitigation_begins_as_its_kind_does(
    add: Call, risk: Risk, office: User, at: dt.datetime, kind: str, status: str
) -> None:
    made = add(kind=kind, description=" Agree\r\na plan. ", due_date=DUE, effect="both")

    kept = Mitigation.objects.get()
    assert (kept.kind, kept.status, kept.due_date, kept.effect, kept.version) == (kind, status, DUE, "both", 1)
    assert (kept.description, kept.added_on, kept.reference) == ("Agree\na plan.", TODAY, "R01-M1")
    assert (kept.created_by, kept.created_at, kept.owner) == (office, at, risk.owner)
    assert last(made) == (TODAY, status, DUE, risk.owner, "")
    assert (risk.version, Risk.objects.get().version) == (2, 2)


def test_a_mitigation_can_have_been_there_before(add: Call) -> None:
    made = add(added_on=OPENED, status=S.DONE)

    assert (made.status, made.added_on) == (S.DONE, OPENED)
    assert last(made)[:2] == (OPENED, S.DONE)
    assert Mitigation.objects.as_at(OPENED).get().status_on == S.DONE


@pytest.mark.parametrize(
    ("kind", "status"), [(kind, status) for kind, status in product(MitigationKind, S) if status not in STATUSES[kind]]
)
def test_a_mitigation_has_a_status_of_its_kind(add: Call, update: Call, kind: MitigationKind, status: S) -> None:
    said = {"status": MESSAGE[kind]}

    assert faults(lambda: add(kind=kind, status=status)) == said
    made = add(kind=kind)
    assert faults(lambda: update(made, status=status)) == said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"kind": "hope"}, {"kind": "Choose a control or an action."}, id="unknown kind"),
        pytest.param({"status": "fine"}, {"status": MESSAGE[ACTION]}, id="unknown status"),
        pytest.param({"effect": "none"}, {"effect": "Value 'none' is not a valid choice."}, id="unknown effect"),
        pytest.param({"description": " \r\n"}, {"description": "This field cannot be blank."}, id="no description"),
        pytest.param({"added_on": TODAY + DAY}, {"added_on": "The date must be today or earlier."}, id="tomorrow"),
        pytest.param(
            {"added_on": OPENED - DAY},
            {"added_on": "The date must not be before the risk was opened, on 1 May 2025."},
            id="before the risk was opened",
        ),
        pytest.param(
            {"reference": "m 1"},
            {"reference": "Use capital letters, digits and hyphens, like PA1-03."},
            id="faulty reference",
        ),
    ],
)
def test_a_faulty_mitigation_is_not_added(add: Call, given: dict[str, Any], said: dict[str, str]) -> None:
    assert faults(lambda: add(**given)) == said
    assert (Mitigation.objects.count(), MitigationUpdate.objects.count(), Risk.objects.get().version) == (0, 0, 1)


def test_nobody_who_left_is_given_a_mitigation(add: Call, update: Call, left: User) -> None:
    said = {"owner": "Officer Gone no longer has an account here. Choose somebody else."}

    assert faults(lambda: add(owner=left)) == said
    made = add()
    assert faults(lambda: update(made, owner=left)) == said


def test_a_mitigation_whose_owner_left_is_updated_all_the_same(update: Call, left: User) -> None:
    mitigation = MitigationFactory(owner=left)

    assert update(mitigation, owner=left, status=S.UNDER_WAY).status == S.UNDER_WAY


def test_references_follow_each_other_and_leave_out_what_is_taken(add: Call, risk: Risk) -> None:
    other = RiskFactory(reference="R0")
    MitigationFactory(reference="R01-M3")
    given = [add(description=str(number)).reference for number in range(3)]

    assert given == ["R01-M2", "R01-M4", "R01-M5"]
    # The beginning of its reference is not enough to be another risk's.
    assert add(risk=other, description="Another.").reference == "R0-M1"


def test_a_reference_of_its_own_is_kept_and_given_once(add: Call) -> None:
    assert add(reference=" M-9 ").reference == "M-9"
    assert faults(lambda: add(reference="M-9")) == {"reference": "Mitigation with this Reference already exists."}


def test_a_second_click_adds_it_once(add: Call, risk: Risk) -> None:
    first = add(due_date=DUE)

    assert add(due_date=DUE, description="Agree a plan.\r\n") == first
    assert (risk.mitigations.count(), risk.version) == (1, 2)


@pytest.mark.parametrize(
    "given",
    [
        {"kind": CONTROL},
        {"description": "Agree another."},
        {"due_date": DUE},
        {"effect": "impact"},
        {"added_on": OPENED},
        {"reference": "M-9"},
    ],
    ids=lambda given: next(iter(given)),
)
def test_what_differs_anywhere_is_another_mitigation(add: Call, risk: Risk, given: dict[str, Any]) -> None:
    add()
    add(**given)

    assert risk.mitigations.count() == 2


def test_the_same_for_another_owner_risk_or_by_somebody_else_is_another(add: Call) -> None:
    add()
    add(owner=UserFactory())
    add(by=UserFactory())
    add(risk=RiskFactory())

    assert Mitigation.objects.count() == 4


def test_a_closed_risk_gets_no_mitigation_and_its_own_stand_still(
    add: Call, update: Call, risk: Risk, office: User, at: dt.datetime
) -> None:
    made = add()
    close_risk(risk=risk, reason="It can no longer happen.", on=TODAY, by=office, at=at)

    assert faults(lambda: add(description="Another.")) == CLOSED
    assert faults(lambda: update(Mitigation.objects.get(), status=S.DONE)) == CLOSED
    # A copy whose risk was read before it was closed knows it too.
    made.risk.state = "open"
    assert faults(lambda: update(made, status=S.DONE)) == CLOSED


# Moved on


@pytest.mark.parametrize(
    ("kind", "was", "to"),
    [(kind, was, to) for kind in MitigationKind for was, to in product(STATUSES[kind], repeat=2) if was != to],
)
def test_a_status_goes_where_it_may(update: Call, kind: MitigationKind, was: S, to: S) -> None:
    mitigation = MitigationFactory(kind=kind, status=was)

    if to in TRANSITIONS[kind][was]:
        assert update(mitigation, status=to).status == to
    else:
        assert faults(lambda: update(mitigation, status=to)) == {
            "status": f"It is {was.label.lower()}, and can’t become {to.label.lower()} from there."
        }


def test_what_is_done_goes_on_but_is_neither_stopped_nor_begun_again() -> None:
    assert TRANSITIONS[ACTION][S.DONE] == {S.UNDER_WAY}
    assert S.DONE not in TRANSITIONS[ACTION][S.STOPPED]
    assert TRANSITIONS[CONTROL] == {S.IN_PLACE: {S.STOPPED}, S.STOPPED: {S.IN_PLACE}}


def test_an_update_becomes_the_current_state_and_a_row(update: Call, office: User, at: dt.datetime) -> None:
    mitigation, to = MitigationFactory(), UserFactory()

    update(
        mitigation, status=S.UNDER_WAY, due_date=DUE, owner=to, effect="impact", note=" It\r\nslips. ", dated_on=TODAY
    )

    kept = Mitigation.objects.get()
    assert (kept.status, kept.due_date, kept.owner, kept.effect, kept.version) == (S.UNDER_WAY, DUE, to, "impact", 2)
    assert last(mitigation) == (TODAY, S.UNDER_WAY, DUE, to, "It\nslips.")
    row = mitigation.updates.first()
    assert (row.created_by, row.created_at) == (office, at)


def test_what_is_not_said_stays(update: Call) -> None:
    mitigation = MitigationFactory(effect="both")
    was = (mitigation.due_date, mitigation.owner, mitigation.description, mitigation.effect)

    update(mitigation, status=S.DONE, note="")

    assert (mitigation.due_date, mitigation.owner, mitigation.description, mitigation.effect) == was
    assert last(mitigation) == (TODAY, S.DONE, was[0], was[1], "")


def test_other_words_keep_those_before(update: Call) -> None:
    mitigation = MitigationFactory(description="Agree a plan.")

    update(mitigation, description=" Agree another. ", note="As decided.")

    assert mitigation.description == "Agree another."
    assert last(mitigation)[-1] == "As decided.\nBefore, it read: Agree a plan."


def test_other_words_need_no_note(update: Call) -> None:
    mitigation = MitigationFactory(description="Agree a plan.")

    update(mitigation, description="Agree another.", note="")

    assert last(mitigation)[-1] == "Before, it read: Agree a plan."


@pytest.mark.parametrize("note", ["", " \r\n "], ids=["empty", "white space"])
def test_stopping_and_moving_a_due_date_say_why(update: Call, note: str) -> None:
    mitigation = MitigationFactory()

    assert faults(lambda: update(mitigation, status=S.STOPPED, note=note)) == {"note": "Say why it is stopped."}
    assert faults(lambda: update(mitigation, due_date=DUE, note=note)) == {"note": "Say why the due date moves."}
    assert faults(lambda: update(mitigation, due_date=DUE, status=S.DONE, note=note)) == {
        "note": "Say why the due date moves."
    }


def test_a_first_due_date_needs_no_note(update: Call) -> None:
    mitigation = MitigationFactory(due_date=None)

    assert update(mitigation, due_date=DUE, note="").due_date == DUE


def test_a_note_alone_is_a_row(update: Call) -> None:
    mitigation = MitigationFactory()

    update(mitigation)

    assert (mitigation.updates.count(), mitigation.version) == (2, 2)
    assert last(mitigation)[-1] == "It goes on."


def test_without_a_change_and_a_note_nothing_is_written(update: Call) -> None:
    mitigation = MitigationFactory(effect="both")
    same = {name: getattr(mitigation, name) for name in ("status", "due_date", "owner", "effect")}

    update(mitigation, **same, description=f" {mitigation.description}\r\n", note=" ")

    assert (mitigation.updates.count(), Mitigation.objects.get().version) == (1, 1)


@pytest.mark.parametrize("given", [{"description": " "}, {"effect": "none"}, {"status": "fine"}])
def test_a_refused_update_leaves_no_trace(update: Call, given: dict[str, Any]) -> None:
    mitigation = MitigationFactory()

    assert set(faults(lambda: update(mitigation, **given))) == set(given)
    assert (mitigation.updates.count(), Mitigation.objects.get().version) == (1, 1)


@pytest.mark.parametrize(
    ("dated_on", "said"),
    [
        pytest.param(TODAY + DAY, "The date must be today or earlier.", id="tomorrow"),
        pytest.param(TODAY - DAY, "", id="the day of the last update"),
        pytest.param(
            TODAY - 2 * DAY,
            "It was last updated on 30 January 2026. Choose that day or a later one.",
            id="before the last update",
        ),
        pytest.param(
            OPENED - DAY,
            "The date must not be before the risk was opened, on 1 May 2025.",
            id="before the risk was opened",
        ),
    ],
)
def test_updates_come_one_after_the_other(update: Call, dated_on: dt.date, said: str) -> None:
    mitigation = MitigationFactory()
    update(mitigation, dated_on=TODAY - DAY)

    if said:
        assert faults(lambda: update(mitigation, status=S.DONE, dated_on=dated_on)) == {"dated_on": said}
    else:
        assert update(mitigation, status=S.DONE, dated_on=dated_on).status == S.DONE
        assert Mitigation.objects.as_at(dated_on).get().status_on == S.DONE


# Second clicks and colleagues


def test_a_second_click_counts_once(update: Call) -> None:
    mitigation = MitigationFactory()
    for _ in range(2):
        update(mitigation, status=S.DONE, based_on_version=1)
        update(mitigation, based_on_version=1)

    assert (mitigation.updates.count(), mitigation.version) == (2, 2)


def test_the_same_note_from_somebody_else_or_of_another_day_is_another(update: Call) -> None:
    mitigation = MitigationFactory()
    update(mitigation, dated_on=TODAY - DAY)
    update(mitigation)
    update(mitigation, by=UserFactory())

    assert mitigation.updates.count() == 4


def test_an_update_based_on_an_older_version_is_told_so(update: Call) -> None:
    mitigation = MitigationFactory()
    stale = Mitigation.objects.get()
    update(mitigation)

    with pytest.raises(ChangedSince) as told:
        update(stale, status=S.DONE, based_on_version=1)

    assert (told.value.version, told.value.thing) == (2, mitigation)
    assert mitigation.updates.count() == 2
    assert update(mitigation, status=S.DONE, based_on_version=2).version == 3


# A sheet's row


def test_a_row_keeps_kind_and_risk() -> None:
    mitigation = MitigationFactory(reference="R01-M1", risk__reference="R01")

    refuse_kind_change(mitigation, ACTION, mitigation.risk)
    assert faults(lambda: refuse_kind_change(mitigation, CONTROL, RiskFactory())) == {
        "kind": "R01-M1 is an action.",
        "risk": "R01-M1 belongs to R01.",
    }
    control = MitigationFactory(reference="R01-M2", kind=CONTROL, status=S.IN_PLACE)
    assert faults(lambda: refuse_kind_change(control, ACTION, control.risk)) == {"kind": "R01-M2 is a control."}
