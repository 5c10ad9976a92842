"""What was said and done about a milestone, gathered for its page and for somebody who was overtaken."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.dateparse import parse_date

from core.history import as_it_was
from milestones.models import DueDateChange, Evidence, Milestone, MilestoneChange, MilestoneUpdate

# How much of what changed somebody who was overtaken is shown; all of it is on the milestone's page.
SHOWN = 5


@dataclass(frozen=True)
class Event:
    """One history row: `kind` says which template part shows it."""

    kind: str
    row: Any

    @property
    def at(self) -> dt.datetime:
        return self.row.created_at


def changes_since(milestone: Milestone, version: int) -> list[Event]:
    """What made the milestone's version rise from `version` to what it is, newest first.

    Each service call raises the version by one and gives all of its rows one moment, so the rows of as many
    moments as there were versions are what changed; of many, the last few.
    """
    rows = [Event("update", row) for row in milestone.updates.select_related("author")]
    rows += [Event("due_date", row) for row in milestone.due_date_changes.select_related("created_by", "approved_by")]
    rows += [Event("change", row) for row in milestone.changes.select_related("created_by")]
    rows.sort(key=lambda event: event.at, reverse=True)
    moments = sorted({event.at for event in rows}, reverse=True)[: max(milestone.version - version, 1)]
    return [event for event in rows if event.at in moments][:SHOWN]


def updates_of(milestone: Milestone, on: dt.date) -> list[MilestoneUpdate]:
    """Every update as at a day or before, the latest first, corrected ones too."""
    rows = MilestoneUpdate.objects.filter(milestone=milestone, as_at__lte=on)
    return list(rows.select_related("author", "created_by", "confirmation__created_by", "superseded_by__author"))


def due_date_changes_of(milestone: Milestone, on: dt.date) -> list[DueDateChange]:
    rows = milestone.due_date_changes.filter(changed_on__lte=on)
    return list(rows.select_related("requested_by", "approved_by", "created_by"))


def evidence_of(milestone: Milestone, on: dt.date) -> list[Evidence]:
    rows = Evidence.objects.filter(milestone=milestone, dated__lte=on)
    return list(rows.select_related("withdrawal__created_by", "created_by"))


def changes_of(milestone: Milestone) -> list[MilestoneChange]:
    return list(milestone.changes.select_related("created_by"))


# What a milestone is, as its page lists it. A change of any of them is a history row.
TOLD = (
    "title",
    "area",
    "success_measure",
    "responsible_officer",
    "sro",
    "supporting_officers",
    "organisation",
    "baseline_due_date",
)


def told_as_it_was(milestone: Milestone, changes: list[MilestoneChange], on: dt.date) -> dict[str, Any]:
    """What the milestone was on a day, field by field: as it is now, but for the fields that have changed since,
    where the oldest later change says what it replaced."""
    supporting = ", ".join(person.full_name for person in milestone.supporting_officers.all())
    now = {name: getattr(milestone, name) for name in TOLD} | {"supporting_officers": supporting}
    told = as_it_was(now, changes, on)
    if isinstance(told["baseline_due_date"], str):
        told["baseline_due_date"] = parse_date(told["baseline_due_date"])
    return told
