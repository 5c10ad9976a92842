"""An update together with its evidence: one step for the person, all or nothing for the plan."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from milestones.models import Evidence, Milestone, MilestoneUpdate
from milestones.services.evidence import add_evidence
from milestones.services.updates import record_update


@transaction.atomic
def report(
    *, milestone: Milestone, evidence: Mapping[str, Any] | None, by: User, at: dt.datetime, **content: Any
) -> MilestoneUpdate:
    """Records an update (`content` is `record_update`'s) and, first, the evidence that it may rest on.

    Faults of the evidence come back under `evidence_<field>`. If the update is refused, nothing of either stays.
    """
    if evidence is None:
        return record_update(milestone=milestone, by=by, at=at, **content)
    try:
        added = add_evidence(milestone=milestone, by=by, at=at, **evidence)
    except ValidationError as error:
        raise _of_evidence(error) from error
    try:
        return record_update(milestone=milestone, by=by, at=at, **content)
    except BaseException:
        _remove_file(added, at)
        raise


def _of_evidence(error: ValidationError) -> ValidationError:
    if not hasattr(error, "error_dict"):
        return error
    return ValidationError({f"evidence_{name}": faults for name, faults in error.error_dict.items()})


def _remove_file(added: Evidence, at: dt.datetime) -> None:
    """The row goes with the transaction; its file would stay. One that an earlier click stored is left alone."""
    if added.file and added.created_at == at:
        added.file.delete(save=False)
