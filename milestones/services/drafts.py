"""Drafts: what somebody has typed and not submitted, kept on the server so that it is never lost."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from milestones.models import Milestone, MilestoneDraft


@transaction.atomic
def save_draft(
    *, milestone: Milestone, author: User, typed: dict[str, Any], based_on_version: int, at: dt.datetime
) -> MilestoneDraft:
    """Keeps what was typed, valid or not, in place of what this person had kept for this milestone before."""
    if milestone.is_withdrawn:
        raise ValidationError(f"{milestone.reference} was withdrawn from the plan, so it can’t be updated.")
    kept = {"typed": typed, "based_on_version": based_on_version, "saved_at": at}
    draft, _ = MilestoneDraft.objects.update_or_create(
        milestone=milestone,
        author=author,
        defaults=kept,
        create_defaults={**kept, "created_at": at, "created_by": author},
    )
    return draft


@transaction.atomic
def discard_draft(*, milestone: Milestone, author: User) -> None:
    """Forgets what this person had typed. Nobody else's draft is touched."""
    MilestoneDraft.objects.filter(milestone=milestone, author=author).delete()
