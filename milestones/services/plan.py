"""The plan itself: areas and milestones, added, put in other words, withdrawn."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import Organisation, User
from core.writes import BATCH, refuse_rows, save_once, text
from milestones.models import Milestone, MilestoneChange, MilestoneDependency, PriorityArea
from milestones.services.current import lock_milestone, note_change

# What `revise_milestone` may change. Due dates and people have services of their own, which ask for more.
REVISABLE = ("area", "title", "success_measure", "organisation", "baseline_due_date", "added_on")
AREA_FIELDS = ("title", "kind", "order")
# Checking one asks the database whether the row it names is there.
FOREIGN = [field.name for field in Milestone._meta.fields if field.is_relation]


@dataclass(frozen=True)
class MilestoneRow:
    """What a new milestone is made of."""

    reference: str
    area: PriorityArea
    title: str
    responsible_officer: User
    sro: User
    due_date: dt.date
    added_on: dt.date
    baseline_due_date: dt.date | None = None
    success_measure: str = ""
    organisation: Organisation | None = None


@transaction.atomic
def add_priority_area(
    *, code: str, title: str, kind: str, by: User, at: dt.datetime, order: int | None = None
) -> PriorityArea:
    """Adds an area; without `order` it comes last."""
    if order is None:
        order = (PriorityArea.objects.aggregate(last=Max("order"))["last"] or 0) + 1
    area = PriorityArea(code=text(code), title=text(title), kind=kind, order=order, created_by=by, created_at=at)
    area.full_clean()
    area.save()
    return area


@transaction.atomic
def revise_priority_area(*, area: PriorityArea, by: User, at: dt.datetime, **changes: Any) -> PriorityArea:
    """Changes an area's title, kind or place in the order. Its code is how everything names it, and stays."""
    if unknown := set(changes) - set(AREA_FIELDS):
        raise TypeError(f"an area's {', '.join(sorted(unknown))} cannot be changed")
    area.refresh_from_db(from_queryset=PriorityArea.objects.select_for_update())
    for name, value in changes.items():
        setattr(area, name, text(value) if isinstance(value, str) else value)
    area.full_clean()
    area.save()
    return area


@transaction.atomic
def add_milestone(
    *,
    reference: str,
    area: PriorityArea,
    title: str,
    responsible_officer: User,
    sro: User,
    due_date: dt.date,
    added_on: dt.date,
    by: User,
    at: dt.datetime,
    baseline_due_date: dt.date | None = None,
    success_measure: str = "",
    organisation: Organisation | None = None,
) -> Milestone:
    """Adds a milestone, Not started until its first update. The baseline is the due date unless one is given."""
    row = MilestoneRow(
        reference=reference,
        area=area,
        title=title,
        responsible_officer=responsible_officer,
        sro=sro,
        due_date=due_date,
        added_on=added_on,
        baseline_due_date=baseline_due_date,
        success_measure=success_measure,
        organisation=organisation,
    )
    milestone = _new_milestone(row, by, at)
    if leavers := _leavers(row):
        raise ValidationError(leavers)
    milestone.full_clean()
    save_once(milestone, field="reference")
    _note_added(milestone).save()
    return milestone


@transaction.atomic
def add_milestones(*, rows: Sequence[MilestoneRow], by: User | None, at: dt.datetime) -> list[Milestone]:
    """Adds the milestones of a sheet by the same rules, in a fixed number of statements whatever their number.

    Raises ValidationError with one error for each fault; its `params` hold `row` (the position in `rows`, from 0)
    and `field`.
    """
    milestones = [_new_milestone(row, by, at) for row in rows]
    known = set(
        Milestone.objects.filter(reference__in=[milestone.reference for milestone in milestones]).values_list(
            "reference", flat=True
        )
    )
    refuse_rows(_row_faults(row, milestone, known) for row, milestone in zip(rows, milestones, strict=True))
    Milestone.objects.bulk_create(milestones, batch_size=BATCH)
    MilestoneChange.objects.bulk_create([_note_added(milestone) for milestone in milestones], batch_size=BATCH)
    return milestones


def _new_milestone(row: MilestoneRow, by: User | None, at: dt.datetime) -> Milestone:
    return Milestone(
        reference=text(row.reference),
        area=row.area,
        title=text(row.title),
        success_measure=text(row.success_measure),
        responsible_officer=row.responsible_officer,
        sro=row.sro,
        organisation=row.organisation,
        baseline_due_date=row.baseline_due_date or row.due_date,
        due_date=row.due_date,
        added_on=row.added_on,
        created_by=by,
        created_at=at,
    )


def _leavers(row: MilestoneRow) -> dict[str, str]:
    people = {"responsible_officer": row.responsible_officer, "sro": row.sro}
    return {
        name: f"{person} no longer has an account here. Choose somebody else."
        for name, person in people.items()
        if not person.is_active
    }


def _row_faults(row: MilestoneRow, milestone: Milestone, known: set[str]) -> dict[str, str]:
    """What `full_clean` would say, without its queries for each row: the rows that foreign keys name were just read,
    and the table's constraints are about withdrawal and status, which a new milestone does not have yet."""
    faults = _leavers(row)
    if milestone.reference in known:
        faults["reference"] = "There is already a milestone with this reference."
    known.add(milestone.reference)
    try:
        milestone.clean_fields(exclude=FOREIGN)
        milestone.clean()
    except ValidationError as error:
        faults |= {name: " ".join(messages) for name, messages in error.message_dict.items()}
    return faults


def _note_added(milestone: Milestone) -> MilestoneChange:
    added_by, at = milestone.created_by, milestone.created_at
    return note_change(milestone, "added", "", milestone.title, on=milestone.added_on, reason="", by=added_by, at=at)


@transaction.atomic
def revise_milestone(
    *, milestone: Milestone, by: User, at: dt.datetime, on: dt.date, reason: str = "", **changes: Any
) -> Milestone:
    """Changes what a milestone is (REVISABLE fields), with a history row for each that differs; a new baseline
    needs a reason. Without a difference nothing is written."""
    if unknown := set(changes) - set(REVISABLE):
        raise TypeError(f"a milestone's {', '.join(sorted(unknown))} cannot be revised")
    lock_milestone(milestone)
    if on > timezone.localdate(at):
        raise ValidationError({"on": "The date of the change must be today or earlier."})
    rows = []
    for name, value in changes.items():
        was, now = getattr(milestone, name), text(value) if isinstance(value, str) else value
        if was != now:
            setattr(milestone, name, now)
            rows.append(
                note_change(milestone, name, _words(was), _words(now), on=on, reason=text(reason), by=by, at=at)
            )
    if not rows:
        return milestone
    if not text(reason) and any(row.field == "baseline_due_date" for row in rows):
        raise ValidationError({"reason": "Say why the baseline changes: progress is measured against it."})
    milestone.version += 1
    milestone.full_clean()
    milestone.save()
    MilestoneChange.objects.bulk_create(rows)
    return milestone


@transaction.atomic
def withdraw_milestone(*, milestone: Milestone, on: dt.date, reason: str, by: User, at: dt.datetime) -> Milestone:
    """Takes a milestone out of the plan from that day; it stays in every month before. Its links to others end."""
    lock_milestone(milestone)
    faults = {}
    if not text(reason):
        faults["reason"] = "Say why it is withdrawn."
    if on > timezone.localdate(at):
        faults["on"] = "The date must be today or earlier."
    elif on < milestone.added_on:
        faults["on"] = "The date must not be before the milestone was added to the plan."
    if faults:
        raise ValidationError(faults)
    milestone.withdrawn_on = on
    milestone.withdrawn_reason = text(reason)
    milestone.version += 1
    milestone.full_clean()
    milestone.save()
    note_change(milestone, "withdrawn_on", "", on.isoformat(), on=on, reason=text(reason), by=by, at=at).save()
    MilestoneDependency.objects.active().of(milestone).update(ended_at=at, ended_by=by)
    return milestone


def _words(value: Any) -> str:
    """A value as a history row shows it; dates as 2026-01-31."""
    return "" if value is None else str(value)
