"""Due dates: moved only with a reason and an approver, each move kept."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import Role, User
from core.writes import text
from milestones.models import DueDateChange, Milestone
from milestones.services.current import lock_milestone


@transaction.atomic
def change_due_date(
    *,
    milestone: Milestone,
    to_date: dt.date,
    reason: str,
    approved_by: User,
    by: User,
    at: dt.datetime,
    changed_on: dt.date | None = None,
    from_date: dt.date | None = None,
    requested_by: User | None = None,
) -> DueDateChange:
    """Moves the due date. `changed_on` is today unless history is being filled in; `from_date` is then the due date
    that stood before, and must join up with the changes around it.

    The milestone's due date is the `to` of its latest change. The same change again returns the row there is.
    """
    lock_milestone(milestone)
    today = timezone.localdate(at)
    changed_on = changed_on or today
    changes = DueDateChange.objects.filter(milestone=milestone)
    before = changes.filter(changed_on__lte=changed_on).order_by("changed_on", "pk").last()
    after = changes.filter(changed_on__gt=changed_on).order_by("changed_on", "pk").first()
    if before and _is_repeat(before, changed_on, from_date, to_date, text(reason), approved_by):
        return before
    change = DueDateChange(
        milestone=milestone,
        changed_on=changed_on,
        from_date=from_date or _standing(milestone, before, after),
        to_date=to_date,
        reason=text(reason),
        requested_by=requested_by or by,
        approved_by=approved_by,
        created_by=by,
        created_at=at,
    )
    faults = _faults(change, today) | _joint_faults(change, before, after)
    if faults:
        raise ValidationError(faults)
    change.full_clean()
    change.save()
    latest = changes.latest("changed_on", "pk")
    Milestone.objects.filter(pk=milestone.pk).update(due_date=latest.to_date, version=F("version") + 1)
    milestone.refresh_from_db(fields=["due_date", "version"])
    return change


def may_approve(person: User, milestone: Milestone) -> bool:
    """Who can agree to a new due date: the milestone's SRO, and the programme office."""
    return person.is_active and (person.pk == milestone.sro_id or person.has_role(Role.PROGRAMME_OFFICE))


def _is_repeat(
    there: DueDateChange,
    changed_on: dt.date,
    from_date: dt.date | None,
    to_date: dt.date,
    reason: str,
    approved_by: User,
) -> bool:
    """Whether the last change up to that day is this one already: a second click, or a sheet read twice."""
    return (
        there.changed_on == changed_on
        and from_date in (None, there.from_date)
        and there.to_date == to_date
        and there.reason == reason
        and there.approved_by == approved_by
    )


def _standing(milestone: Milestone, before: DueDateChange | None, after: DueDateChange | None) -> dt.date:
    """The due date between two neighbouring changes."""
    if before:
        return before.to_date
    return after.from_date if after else milestone.due_date


def _faults(change: DueDateChange, today: dt.date) -> dict[str, str]:
    faults = {}
    if change.changed_on > today:
        faults["changed_on"] = "The date of the change must be today or earlier."
    if not change.reason:
        faults["reason"] = "Say why the due date moves."
    if change.to_date == change.from_date:
        faults["to_date"] = "The new due date must be different from the one it replaces."
    approver = change.approved_by
    if not may_approve(approver, change.milestone):
        faults["approved_by"] = "Select the senior responsible officer or somebody in the programme office."
    elif approver == change.requested_by and not approver.has_role(Role.PROGRAMME_OFFICE):
        faults["approved_by"] = "Somebody else must approve a change that this person asked for."
    return faults


def _joint_faults(change: DueDateChange, before: DueDateChange | None, after: DueDateChange | None) -> dict[str, str]:
    if before and change.from_date != before.to_date:
        return {"from_date": f"The due date was {date_format(before.to_date)} then: the change before this one set it."}
    if after and change.to_date != after.from_date:
        return {"to_date": f"The next change starts from {date_format(after.from_date)}, so this one must lead to it."}
    return {}
