"""Who answers for a milestone: changed one at a time, or handed over whole when a person leaves."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from core.writes import chunks, text
from milestones.models import Milestone, MilestoneChange
from milestones.services.current import lock_milestone, lock_milestones, names, note_change

# The columns that name one person who answers for a milestone.
OFFICER_FIELDS = ("responsible_officer", "sro")


@transaction.atomic
def reassign(
    *,
    milestone: Milestone,
    by: User,
    at: dt.datetime,
    reason: str,
    responsible_officer: User | None = None,
    sro: User | None = None,
    supporting_officers: Sequence[User] | None = None,
) -> Milestone:
    """Changes who answers for a milestone; None leaves that one be, a sequence replaces all supporting officers.
    One history row for each that changed; without a change nothing is written."""
    lock_milestone(milestone)
    wanted = {"responsible_officer": responsible_officer, "sro": sro}
    faults = {} if text(reason) else {"reason": "Say why it is reassigned."}
    faults |= {name: _left(person) for name, person in wanted.items() if person and not person.is_active}
    if left := [person for person in supporting_officers or () if not person.is_active]:
        faults["supporting_officers"] = _left(left[0])
    if faults:
        raise ValidationError(faults)
    on = timezone.localdate(at)
    changes = []
    for name, person in wanted.items():
        was = getattr(milestone, name)
        if person and person != was:
            setattr(milestone, name, person)
            changes.append(
                note_change(milestone, name, str(was), str(person), on=on, reason=text(reason), by=by, at=at)
            )
    if supporting_officers is not None:
        was_supporting = list(milestone.supporting_officers.all())
        if set(was_supporting) != set(supporting_officers):
            milestone.supporting_officers.set(supporting_officers)
            was, now = names(was_supporting), names(set(supporting_officers))
            changes.append(
                note_change(milestone, "supporting_officers", was, now, on=on, reason=text(reason), by=by, at=at)
            )
    if changes:
        milestone.version += 1
        milestone.full_clean()
        milestone.save()
        MilestoneChange.objects.bulk_create(changes)
    return milestone


@transaction.atomic
def hand_over(*, person: User, to: User, reason: str, by: User, at: dt.datetime) -> int:
    """Gives everything a person answers for in the plan to somebody else, and says how many milestones that were.

    Set-based: the same few statements for one milestone and for a thousand. Withdrawn milestones keep the name
    they had.
    """
    faults = {}
    if not text(reason):
        faults["reason"] = "Say why the milestones are handed over."
    if to == person:
        faults["to"] = "Choose somebody else."
    elif not to.is_active:
        faults["to"] = _left(to)
    if faults:
        raise ValidationError(faults)
    theirs = Milestone.objects.filter(withdrawn_on__isnull=True).for_person(person)
    ids = list(theirs.values_list("pk", flat=True))
    lock_milestones(ids)
    on = timezone.localdate(at)
    changes: list[MilestoneChange] = []
    for chunk in chunks(ids):
        milestones = list(Milestone.objects.filter(pk__in=chunk).prefetch_related("supporting_officers"))
        changes += _handed_over(milestones, person, to, on=on, reason=text(reason), by=by, at=at)
        for name in OFFICER_FIELDS:
            Milestone.objects.filter(pk__in=chunk, **{name: person}).update(**{name: to})
        _replace_supporting(milestones, person, to)
        Milestone.objects.filter(pk__in=chunk).update(version=F("version") + 1)
    MilestoneChange.objects.bulk_create(changes, batch_size=1000)
    return len(ids)


def _handed_over(
    milestones: Iterable[Milestone],
    person: User,
    to: User,
    *,
    on: dt.date,
    reason: str,
    by: User,
    at: dt.datetime,
) -> list[MilestoneChange]:
    changes: list[MilestoneChange] = []
    for milestone in milestones:
        changes.extend(
            note_change(milestone, name, str(person), str(to), on=on, reason=reason, by=by, at=at)
            for name in OFFICER_FIELDS
            if getattr(milestone, f"{name}_id") == person.pk
        )
        supporting = set(milestone.supporting_officers.all())
        if person in supporting:
            was, now = names(supporting), names(supporting - {person} | {to})
            changes.append(note_change(milestone, "supporting_officers", was, now, on=on, reason=reason, by=by, at=at))
    return changes


def _replace_supporting(milestones: Iterable[Milestone], person: User, to: User) -> None:
    through = Milestone.supporting_officers.through
    supported = [milestone.pk for milestone in milestones if person in milestone.supporting_officers.all()]
    through.objects.filter(milestone__in=supported, user=person).delete()
    links = [through(milestone_id=milestone_id, user_id=to.pk) for milestone_id in supported]
    # Whoever takes over may support some of them already.
    through.objects.bulk_create(links, ignore_conflicts=True)


def _left(person: User) -> str:
    return f"{person} no longer has an account here. Choose somebody else."
