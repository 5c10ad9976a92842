"""Evidence: files and links, added to a milestone and, where one was added by mistake, withdrawn with a reason."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts.models import User
from core.files import CheckedFile, check_file
from core.writes import text
from milestones.models import Evidence, EvidenceWithdrawal, Milestone, MilestoneUpdate
from milestones.services.current import lock_milestone


@transaction.atomic
def add_evidence(
    *,
    milestone: Milestone,
    title: str,
    kind: str,
    dated: dt.date,
    by: User,
    at: dt.datetime,
    file: "File[bytes] | None" = None,
    url: str = "",
    update: MilestoneUpdate | None = None,
) -> Evidence:
    """Adds a file (checked by its content, stored under a random name) or an http(s) link. The same evidence from
    the same person again, a second click, returns the row there is."""
    lock_milestone(milestone)
    evidence = Evidence(
        milestone=milestone,
        update=update,
        title=text(title),
        kind=kind,
        dated=dated,
        url=text(url),
        created_by=by,
        created_at=at,
    )
    faults = _faults(evidence, file, timezone.localdate(at))
    if faults:
        raise ValidationError(faults)
    if file:
        _describe(evidence, _checked(file))
    if first_click := _already_added(evidence):
        return first_click
    if file:
        _store(evidence, file)
    else:
        evidence.full_clean()
        evidence.save()
    return evidence


@transaction.atomic
def withdraw_evidence(*, evidence: Evidence, reason: str, by: User, at: dt.datetime) -> EvidenceWithdrawal:
    """Says why a piece of evidence no longer counts; its file leaves storage once that is committed."""
    lock_milestone(evidence.milestone)
    if EvidenceWithdrawal.objects.filter(evidence=evidence).exists():
        raise ValidationError("This evidence is withdrawn already.")
    if not text(reason):
        raise ValidationError({"reason": "Say why this evidence is withdrawn."})
    withdrawal = EvidenceWithdrawal(evidence=evidence, reason=text(reason), created_by=by, created_at=at)
    withdrawal.full_clean()
    withdrawal.save()
    if evidence.file:
        storage, name = evidence.file.storage, str(evidence.file.name)
        transaction.on_commit(lambda: storage.delete(name))
    return withdrawal


def _faults(evidence: Evidence, file: Any, today: dt.date) -> dict[str, str]:
    faults = {}
    if not evidence.title:
        faults["title"] = "Give the evidence a title."
    if evidence.dated is None or evidence.dated > today:
        faults["dated"] = "Enter the evidence’s date: today or earlier."
    if bool(file) == bool(evidence.url):
        faults["file"] = "Give a file or a link, not both."
    if evidence.url and not evidence.url.lower().startswith(("https://", "http://")):
        faults["url"] = "The link must start with https:// or http://."
    if evidence.update and evidence.update.milestone_id != evidence.milestone_id:
        faults["update"] = "Choose an update of this milestone."
    return faults


def _checked(file: "File[bytes]") -> CheckedFile:
    try:
        return check_file(file, max_mb=settings.EVIDENCE_MAX_MB)
    except ValidationError as error:
        raise ValidationError({"file": error.messages}) from None


def _describe(evidence: Evidence, checked: CheckedFile) -> None:
    evidence.original_name = checked.name
    evidence.content_type = checked.content_type
    evidence.size = checked.size
    evidence.sha256 = checked.sha256


def _already_added(evidence: Evidence) -> Evidence | None:
    same = Evidence.objects.standing().filter(
        milestone=evidence.milestone,
        update=evidence.update,
        title=evidence.title,
        kind=evidence.kind,
        dated=evidence.dated,
        url=evidence.url,
        sha256=evidence.sha256,
        created_by=evidence.created_by,
    )
    return same.first()


def _store(evidence: Evidence, file: "File[bytes]") -> None:
    """Saves row and file together: if the row can't be saved, the file goes again."""
    extension = evidence.original_name.rpartition(".")[2].lower()
    evidence.file.save(f"{get_random_string(32)}.{extension}", file, save=False)
    try:
        evidence.full_clean()
        evidence.save()
    except BaseException:
        evidence.file.delete(save=False)
        raise
