"""A milestone's current state: locked before a change, and brought in line with its history after one."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from core.writes import chunks
from milestones.models import Impact, Milestone, MilestoneChange, MilestoneUpdate, Status


def lock_milestone(milestone: Milestone) -> None:
    """Brings the milestone up to date with its row, which stays locked until the transaction ends.

    Two people saving at once queue here, so the second one sees the first one's version and state. (SQLite has no
    row locks; there, immediate transactions queue as a whole.) Refuses a withdrawn milestone.
    """
    milestone.refresh_from_db(from_queryset=Milestone.objects.select_for_update())
    if milestone.is_withdrawn:
        raise ValidationError(f"{milestone.reference} was withdrawn from the plan, so it can’t be changed.")


def lock_milestones(milestone_ids: Iterable[int]) -> None:
    """Locks many rows, always in the order of their keys, so that two batches never wait for each other."""
    for chunk in chunks(sorted(set(milestone_ids))):
        rows = Milestone.objects.select_for_update().filter(pk__in=chunk).order_by("pk")
        list(rows.values_list("pk", flat=True))


def refresh_ratings(milestone_ids: Sequence[int]) -> None:
    """Status, impact and latest update again from the effective updates, and the version one up: one statement a
    chunk. The latest by as-at date counts, and of one day the row added last, as in `MilestoneQuerySet.as_at`."""
    latest = MilestoneUpdate.objects.effective().filter(milestone=OuterRef("pk")).order_by("-as_at", "-pk")
    for chunk in chunks(milestone_ids):
        Milestone.objects.filter(pk__in=chunk).update(
            status=Coalesce(Subquery(latest.values("status")[:1]), Value(Status.NOT_STARTED.value)),
            impact=Coalesce(Subquery(latest.values("impact")[:1]), Value(Impact.NOT_YET_EVIDENCED.value)),
            latest_update=Subquery(latest.values("pk")[:1]),
            version=F("version") + 1,
        )


def note_change(
    milestone: Milestone, field: str, was: str, now: str, *, on: dt.date, reason: str, by: User | None, at: dt.datetime
) -> MilestoneChange:
    """A history row, not saved yet, that says a field of the milestone changed. `was` and `now` as people read them."""
    return MilestoneChange(
        milestone=milestone, field=field, was=was, now=now, changed_on=on, reason=reason, created_by=by, created_at=at
    )


def names(people: Iterable[User]) -> str:
    """People as a history row shows them."""
    return ", ".join(sorted(person.full_name for person in people))
