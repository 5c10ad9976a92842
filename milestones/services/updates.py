"""Updates: recorded, corrected, confirmed. Rows are only ever added; the milestone's ratings follow them."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from core.writes import ChangedSince, text
from milestones.models import (
    Evidence,
    Impact,
    Milestone,
    MilestoneDraft,
    MilestoneUpdate,
    Status,
    UpdateConfirmation,
)
from milestones.services.current import lock_milestone, refresh_ratings

# What an author says in an update; two updates that agree in all of it (and in author) are the same update.
CONTENT = (
    "as_at",
    "status",
    "impact",
    "progress",
    "difference_made",
    "reason",
    "mitigation",
    "consequence",
    "forecast_date",
    "completed_on",
    "no_evidence_reason",
)
TEXTS = ("progress", "difference_made", "reason", "mitigation", "consequence", "no_evidence_reason")


@transaction.atomic
def record_update(
    *,
    milestone: Milestone,
    status: str,
    as_at: dt.date,
    by: User,
    at: dt.datetime,
    author: User | None = None,
    impact: str | None = None,
    progress: str = "",
    difference_made: str = "",
    reason: str = "",
    mitigation: str = "",
    consequence: str = "",
    forecast_date: dt.date | None = None,
    completed_on: dt.date | None = None,
    no_evidence_reason: str = "",
    based_on_version: int | None = None,
) -> MilestoneUpdate:
    """Adds an update, and makes the latest one's ratings the milestone's. Asks for all that its status needs.

    Without `impact` the rating that stood on that day goes on. `based_on_version` is the milestone's version when
    the author began; if it is another now, ChangedSince is raised, except for a second click: the same update from
    the same author again returns the row that the first click made. The draft of `by` is gone afterwards.
    """
    lock_milestone(milestone)
    update = MilestoneUpdate(
        milestone=milestone,
        as_at=as_at,
        status=status,
        impact=impact or _impact_on(milestone, as_at),
        progress=text(progress),
        difference_made=text(difference_made),
        reason=text(reason),
        mitigation=text(mitigation),
        consequence=text(consequence),
        forecast_date=forecast_date,
        completed_on=completed_on,
        no_evidence_reason=text(no_evidence_reason),
        author=author or by,
        created_by=by,
        created_at=at,
    )
    if first_click := _already_recorded(update, based_on_version):
        return first_click
    if based_on_version is not None and based_on_version != milestone.version:
        raise ChangedSince(milestone)
    _add(update, at)
    MilestoneDraft.objects.filter(milestone=milestone, author=by).delete()
    return update


@transaction.atomic
def correct_update(
    *, update: MilestoneUpdate, by: User, at: dt.datetime, correction_reason: str = "", **fields: Any
) -> MilestoneUpdate:
    """Adds a row that supersedes the update; `fields` (of CONTENT) are what changes, all else is taken over."""
    if unknown := set(fields) - set(CONTENT):
        raise TypeError(f"a correction cannot set {', '.join(sorted(unknown))}")
    milestone = update.milestone
    lock_milestone(milestone)
    if MilestoneUpdate.objects.filter(supersedes=update).exists():
        raise ValidationError("This update has been corrected already. Correct the newest version of it.")
    if not text(correction_reason):
        raise ValidationError({"correction_reason": "Say what was wrong."})
    content = {name: getattr(update, name) for name in CONTENT}
    if fields.get("status", update.status) != Status.COMPLETED:
        content["completed_on"] = None
    content |= {name: text(value) if name in TEXTS else value for name, value in fields.items()}
    corrected = MilestoneUpdate(
        milestone=milestone,
        supersedes=update,
        correction_reason=text(correction_reason),
        author=by,
        created_by=by,
        created_at=at,
        **content,
    )
    if _content(corrected) == _content(update):
        raise ValidationError("Nothing has been changed. Change what was wrong, or go back.")
    _add(corrected, at)
    return corrected


@transaction.atomic
def confirm_update(*, update: MilestoneUpdate, by: User, at: dt.datetime, note: str = "") -> UpdateConfirmation:
    """The SRO's word that an update is right: theirs alone, once, and not on a row that has been corrected."""
    milestone = update.milestone
    lock_milestone(milestone)
    if by.pk != milestone.sro_id:
        raise ValidationError(f"Only {milestone.sro}, the senior responsible officer, can confirm this update.")
    if MilestoneUpdate.objects.filter(supersedes=update).exists():
        raise ValidationError("This update has been corrected. Confirm the newest version of it.")
    if UpdateConfirmation.objects.filter(update=update).exists():
        raise ValidationError("This update is confirmed already.")
    confirmation = UpdateConfirmation(update=update, note=text(note), created_by=by, created_at=at)
    confirmation.full_clean()
    confirmation.save()
    return confirmation


def _add(update: MilestoneUpdate, at: dt.datetime) -> None:
    faults = _date_faults(update, timezone.localdate(at)) | _content_faults(update)
    if faults:
        raise ValidationError(faults)
    update.full_clean()
    update.save()
    refresh_ratings([update.milestone_id])
    update.milestone.refresh_from_db(fields=["status", "impact", "latest_update", "version"])


def _impact_on(milestone: Milestone, day: dt.date | None) -> str:
    """The impact rating that stood on a day."""
    rated = MilestoneUpdate.objects.effective().filter(milestone=milestone)
    if day is not None:
        rated = rated.filter(as_at__lte=day)
    return rated.values_list("impact", flat=True).first() or Impact.NOT_YET_EVIDENCED


def _content(update: MilestoneUpdate) -> list[Any]:
    return [getattr(update, name) for name in CONTENT]


def _already_recorded(update: MilestoneUpdate, based_on_version: int | None) -> MilestoneUpdate | None:
    """The row that an earlier click on the same button made, if this is a later click.

    It is one if the author's newest row says the same and either nobody has written since, or the form was opened
    before that row. Somebody who has read the newest state and says the same again after a colleague means it.
    """
    updates = MilestoneUpdate.objects.filter(milestone=update.milestone)
    last = updates.filter(author=update.author).order_by("pk").last()
    if last is None or _content(last) != _content(update):
        return None
    opened_before = based_on_version is not None and based_on_version < update.milestone.version
    if opened_before or not updates.filter(pk__gt=last.pk).exists():
        return last
    return None


def _date_faults(update: MilestoneUpdate, today: dt.date) -> dict[str, str]:
    added_on = update.milestone.added_on
    if not update.as_at:
        return {"as_at": "Enter the date this was true."}
    if update.as_at > today:
        return {"as_at": "The date must be today or earlier."}
    if update.as_at < added_on:
        return {
            "as_at": f"The date must be {date_format(added_on)} or later: the milestone was added to the plan then."
        }
    return {}


def _content_faults(update: MilestoneUpdate) -> dict[str, str]:
    faults = {}
    if not update.progress:
        faults["progress"] = "Say what has been done."
    if update.status in Status.needing_reasons():
        faults |= _explanation_faults(update)
    if update.status == Status.COMPLETED:
        faults |= _completion_faults(update)
    elif update.completed_on:
        faults["completed_on"] = "Only a completed milestone has a completion date. Clear it, or choose Completed."
    return faults


def _explanation_faults(update: MilestoneUpdate) -> dict[str, str]:
    status = Status(update.status).label
    needed = {
        "reason": f"Say why it is {status.lower()}.",
        "mitigation": "Say what is being done about it.",
        "consequence": "Say what this means for children, families or the plan.",
        "forecast_date": "Enter the date it is now expected to be done.",
    }
    faults = {name: message for name, message in needed.items() if not getattr(update, name)}
    if update.forecast_date and update.as_at and update.forecast_date < update.as_at:
        faults["forecast_date"] = "The forecast must be on or after the date of this update."
    return faults


def _completion_faults(update: MilestoneUpdate) -> dict[str, str]:
    faults = {}
    if update.completed_on is None:
        faults["completed_on"] = "Enter the date it was completed."
    elif update.as_at and update.completed_on > update.as_at:
        faults["completed_on"] = "The completion date must be on or before the date of this update."
    has_evidence = Evidence.objects.standing().filter(milestone=update.milestone).exists()
    if not has_evidence and not update.no_evidence_reason:
        faults["no_evidence_reason"] = "Add evidence to the milestone first, or say why there is none."
    return faults
