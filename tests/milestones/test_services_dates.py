import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Role, User
from milestones.models import DueDateChange, Milestone
from milestones.services import DueDateRow, change_due_date, record_due_date_history
from tests.factories import DueDateChangeFactory, MilestoneFactory, UserFactory

pytestmark = pytest.mark.django_db
MARCH, JUNE, SEPTEMBER, DECEMBER = (dt.date(2026, month, 28) for month in (3, 6, 9, 12))
AUTUMN = dt.date(2025, 10, 15)

Move = Callable[..., DueDateChange]


@pytest.fixture
def milestone() -> Milestone:
    return MilestoneFactory(baseline_due_date=MARCH)


@pytest.fixture
def move(milestone: Milestone, at: dt.datetime) -> Move:
    def call(**given: Any) -> DueDateChange:
        content = {"to_date": JUNE, "reason": "The supplier is late.", "approved_by": milestone.sro, **given}
        return change_due_date(**{"milestone": milestone, "by": milestone.responsible_officer, "at": at, **content})

    return call


def faults(call: Callable[[], Any]) -> set[str]:
    with pytest.raises(ValidationError) as refused:
        call()
    return set(refused.value.error_dict)


def test_a_move_is_kept_and_becomes_the_due_date(move: Move, milestone: Milestone, at: dt.datetime) -> None:
    change = move()

    assert (change.from_date, change.to_date, change.changed_on) == (MARCH, JUNE, dt.date(2026, 1, 31))
    assert (change.requested_by, change.approved_by, change.created_at) == (
        milestone.responsible_officer,
        milestone.sro,
        at,
    )
    assert Milestone.objects.get().due_date == milestone.due_date == JUNE
    assert (milestone.version, milestone.baseline_due_date) == (2, MARCH)


def test_moves_follow_each_other(move: Move, milestone: Milestone) -> None:
    move()
    change = move(to_date=SEPTEMBER)

    assert (change.from_date, milestone.due_date) == (JUNE, SEPTEMBER)


def test_a_move_needs_a_reason(move: Move) -> None:
    assert faults(lambda: move(reason=" ")) == {"reason"}


def test_a_move_goes_somewhere(move: Move) -> None:
    assert faults(lambda: move(to_date=MARCH)) == {"to_date"}


def test_a_move_is_not_dated_tomorrow(move: Move) -> None:
    assert faults(lambda: move(changed_on=dt.date(2026, 2, 1))) == {"changed_on"}


def test_the_programme_office_may_approve_also_what_it_asked_for(move: Move, office: User) -> None:
    assert move(approved_by=office, by=office).pk


@pytest.mark.parametrize("role", [Role.OFFICER, Role.SRO, Role.BOARD_MEMBER])
def test_nobody_else_approves(move: Move, role: Role) -> None:
    assert faults(lambda: move(approved_by=UserFactory(roles=[role]))) == {"approved_by"}


def test_an_sro_does_not_approve_what_they_asked_for(move: Move, milestone: Milestone, office: User) -> None:
    assert faults(lambda: move(by=milestone.sro)) == {"approved_by"}
    assert faults(lambda: move(by=office, requested_by=milestone.sro)) == {"approved_by"}


def test_somebody_who_left_does_not_approve(move: Move, at: dt.datetime, office: User) -> None:
    left = UserFactory(roles=[Role.PROGRAMME_OFFICE], is_active=False, deactivated_at=at, deactivated_by=office)

    assert faults(lambda: move(approved_by=left)) == {"approved_by"}


def test_a_withdrawn_milestone_keeps_its_due_date(move: Move) -> None:
    withdrawn = MilestoneFactory(withdrawn_on=AUTUMN, withdrawn_reason="Merged.")

    with pytest.raises(ValidationError, match="withdrawn"):
        move(milestone=withdrawn, approved_by=withdrawn.sro)


def test_a_second_click_counts_once(move: Move, milestone: Milestone) -> None:
    assert move() == move()
    assert (DueDateChange.objects.count(), milestone.version) == (1, 2)


def test_an_earlier_move_can_be_filled_in_if_it_leads_to_the_next(move: Move, milestone: Milestone) -> None:
    DueDateChangeFactory(milestone=milestone, changed_on=dt.date(2025, 12, 1), from_date=JUNE, to_date=SEPTEMBER)

    assert faults(lambda: move(changed_on=AUTUMN, from_date=MARCH, to_date=DECEMBER)) == {"to_date"}
    move(changed_on=AUTUMN, from_date=MARCH, to_date=JUNE)

    assert milestone.due_date == SEPTEMBER
    assert Milestone.objects.as_at(AUTUMN).get().due_on == JUNE
    assert Milestone.objects.as_at(AUTUMN - dt.timedelta(days=1)).get().due_on == MARCH


def test_a_move_starts_where_the_one_before_led(move: Move, milestone: Milestone) -> None:
    DueDateChangeFactory(milestone=milestone, changed_on=AUTUMN, from_date=MARCH, to_date=JUNE)

    assert faults(lambda: move(from_date=MARCH, to_date=SEPTEMBER)) == {"from_date"}


# Whole histories, from sheets


@pytest.fixture
def row(milestone: Milestone) -> DueDateRow:
    return DueDateRow(
        milestone=milestone,
        changed_on=AUTUMN,
        from_date=MARCH,
        to_date=JUNE,
        reason="The supplier is late.",
        approved_by=milestone.sro,
    )


@pytest.fixture
def bring(office: User, at: dt.datetime) -> Callable[..., int]:
    return lambda *rows: record_due_date_history(rows=rows, by=office, at=at)


def test_a_history_comes_in_whatever_its_order(
    bring: Callable[..., int], row: DueDateRow, milestone: Milestone
) -> None:
    later = replace(row, changed_on=dt.date(2025, 12, 1), from_date=JUNE, to_date=SEPTEMBER)

    assert bring(later, row) == 2

    milestone.refresh_from_db()
    assert (milestone.due_date, milestone.version) == (SEPTEMBER, 2)


def test_the_same_row_twice_is_one_row(bring: Callable[..., int], row: DueDateRow) -> None:
    assert bring(row, row) == 1
    assert bring(row) == 0


def test_a_history_takes_approvers_who_left_or_changed_roles(bring: Callable[..., int], row: DueDateRow) -> None:
    assert bring(replace(row, approved_by=UserFactory())) == 1


def test_every_faulty_row_of_a_history_is_named(bring: Callable[..., int], row: DueDateRow) -> None:
    other = replace(row, milestone=MilestoneFactory())
    with pytest.raises(ValidationError) as refused:
        bring(
            row,
            replace(row, changed_on=dt.date(2026, 2, 1)),
            replace(row, to_date=MARCH),
            replace(row, reason=""),
            replace(other, milestone=MilestoneFactory(withdrawn_on=dt.date(2025, 9, 1), withdrawn_reason="Merged.")),
        )
    named = {(error.params["row"], error.params["field"]) for error in refused.value.error_list}
    assert named == {(1, "changed_on"), (2, "to_date"), (3, "reason"), (4, "changed_on")}

    with pytest.raises(ValidationError) as refused:
        bring(row, other, replace(other, changed_on=dt.date(2025, 12, 1), from_date=SEPTEMBER, to_date=DECEMBER))
    assert [(error.params["row"], error.params["field"]) for error in refused.value.error_list] == [(2, "from_date")]


def test_a_history_row_must_lead_to_the_change_that_is_there(
    bring: Callable[..., int], row: DueDateRow, milestone: Milestone
) -> None:
    DueDateChangeFactory(milestone=milestone, changed_on=dt.date(2025, 12, 1), from_date=SEPTEMBER, to_date=DECEMBER)

    with pytest.raises(ValidationError) as refused:
        bring(row)
    assert [(error.params["row"], error.params["field"]) for error in refused.value.error_list] == [(0, "to_date")]


def test_a_history_takes_the_same_queries_whatever_its_length(
    bring: Callable[..., int], row: DueDateRow, count_queries: Callable[[Callable[[], Any]], int]
) -> None:
    many = [replace(row, milestone=MilestoneFactory(baseline_due_date=MARCH)) for _ in range(25)]

    assert count_queries(lambda: bring(*many)) == count_queries(lambda: bring(row))
