"""Moves of due dates that a spreadsheet brings: whole batches, taken as they were agreed at the time."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from core.writes import BATCH, chunks, refuse_rows, text
from milestones.models import DueDateChange, Milestone
from milestones.services.current import lock_milestones


@dataclass(frozen=True)
class DueDateRow:
    """One row of a sheet of due-date changes. Whoever approved it then may have left or changed roles since."""

    milestone: Milestone
    changed_on: dt.date
    from_date: dt.date
    to_date: dt.date
    reason: str
    approved_by: User
    requested_by: User | None = None


@dataclass(frozen=True)
class _Move:
    """A change in a milestone's chain; `row` is its position in the batch, None if it was there before."""

    changed_on: dt.date
    from_date: dt.date
    to_date: dt.date
    row: int | None = None


@transaction.atomic
def record_due_date_history(*, rows: Sequence[DueDateRow], by: User, at: dt.datetime) -> int:
    """Adds the changes that are not there yet and says how many; a milestone's due date is its latest change's `to`.

    Each change must start from where the one before it led. Raises ValidationError with one error for each faulty
    row; its `params` hold `row` (the position in `rows`, from 0) and `field`.
    """
    today = timezone.localdate(at)
    refuse_rows(_faults(row, today) for row in rows)
    milestone_ids = sorted({row.milestone.pk for row in rows})
    lock_milestones(milestone_ids)
    there = _there(milestone_ids)
    new = _not_there_yet(rows, there)
    joints = _joint_faults(rows, new, there)
    refuse_rows(joints.get(position, {}) for position in range(len(rows)))
    changes = [_change(rows[position], by, at) for position in new]
    # In the order of their dates, so that of one day the row that follows is the later one.
    changes.sort(key=lambda change: change.changed_on)
    DueDateChange.objects.bulk_create(changes, batch_size=BATCH)
    _refresh_due_dates(sorted({change.milestone_id for change in changes}))
    return len(changes)


def _faults(row: DueDateRow, today: dt.date) -> dict[str, str]:
    faults = {}
    if row.changed_on > today:
        faults["changed_on"] = "The date of the change must be today or earlier."
    elif row.milestone.withdrawn_on and row.changed_on > row.milestone.withdrawn_on:
        faults["changed_on"] = "The milestone was withdrawn from the plan before this date."
    if row.to_date == row.from_date:
        faults["to_date"] = "The new due date must be different from the one it replaces."
    if not text(row.reason):
        faults["reason"] = "Say why the due date moved."
    return faults


def _there(milestone_ids: Sequence[int]) -> dict[int, list[_Move]]:
    """The changes there are, by milestone, in order."""
    there = defaultdict(list)
    for chunk in chunks(milestone_ids):
        known = DueDateChange.objects.filter(milestone__in=chunk).order_by("changed_on", "pk")
        rows = known.values_list("milestone_id", "changed_on", "from_date", "to_date")
        for milestone_id, changed_on, from_date, to_date in rows:
            there[milestone_id].append(_Move(changed_on, from_date, to_date))
    return there


def _not_there_yet(rows: Sequence[DueDateRow], there: dict[int, list[_Move]]) -> list[int]:
    """Positions of rows unlike any change there is, and unlike each other."""
    known = {(milestone_id, move) for milestone_id, moves in there.items() for move in moves}
    new = []
    for position, row in enumerate(rows):
        key = (row.milestone.pk, _Move(row.changed_on, row.from_date, row.to_date))
        if key not in known:
            known.add(key)
            new.append(position)
    return new


def _joint_faults(
    rows: Sequence[DueDateRow], new: Sequence[int], there: dict[int, list[_Move]]
) -> dict[int, dict[str, str]]:
    """Faults by position: new rows that don't start where the one before led, or don't lead to the one after."""
    chains = defaultdict(list, {milestone_id: list(moves) for milestone_id, moves in there.items()})
    for position in new:
        row = rows[position]
        chains[row.milestone.pk].append(_Move(row.changed_on, row.from_date, row.to_date, position))
    faults: dict[int, dict[str, str]] = {}
    for chain in chains.values():
        chain.sort(key=lambda move: move.changed_on)
        for before, after in pairwise(chain):
            if before.to_date == after.from_date:
                continue
            if after.row is not None:
                message = f"The change before this one led to {date_format(before.to_date)}, so this one starts there."
                faults[after.row] = {"from_date": message}
            elif before.row is not None:
                message = f"The next change starts from {date_format(after.from_date)}, so this one must lead there."
                faults[before.row] = {"to_date": message}
    return faults


def _change(row: DueDateRow, by: User, at: dt.datetime) -> DueDateChange:
    return DueDateChange(
        milestone=row.milestone,
        changed_on=row.changed_on,
        from_date=row.from_date,
        to_date=row.to_date,
        reason=text(row.reason),
        requested_by=row.requested_by,
        approved_by=row.approved_by,
        created_by=by,
        created_at=at,
    )


def _refresh_due_dates(milestone_ids: Sequence[int]) -> None:
    latest = DueDateChange.objects.filter(milestone=OuterRef("pk")).order_by("-changed_on", "-pk")
    for chunk in chunks(milestone_ids):
        Milestone.objects.filter(pk__in=chunk).update(
            due_date=Subquery(latest.values("to_date")[:1]), version=F("version") + 1
        )
