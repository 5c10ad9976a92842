"""The plan itself: areas and milestones, added, put in other words, withdrawn."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import Organisation, User
from milestones.models import Milestone, MilestoneChange, MilestoneDependency, PriorityArea
from milestones.services.current import lock_milestone, note_change, text

# What `revise_milestone` may change. Due dates and people have services of their own, which ask for more.
REVISABLE = ("area", "title", "success_measure", "organisation", "baseline_due_date", "added_on")
AREA_FIELDS = ("title", "kind", "order")


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
    milestone = Milestone(
        reference=text(reference),
        area=area,
        title=text(title),
        success_measure=text(success_measure),
        responsible_officer=responsible_officer,
        sro=sro,
        organisation=organisation,
        baseline_due_date=baseline_due_date or due_date,
        due_date=due_date,
        added_on=added_on,
        created_by=by,
        created_at=at,
    )
    for name, person in (("responsible_officer", responsible_officer), ("sro", sro)):
        if not person.is_active:
            raise ValidationError({name: f"{person} no longer has an account here. Choose somebody else."})
    milestone.full_clean()
    milestone.save()
    note_change(milestone, "added", "", milestone.title, on=added_on, reason="", by=by, at=at).save()
    return milestone


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
