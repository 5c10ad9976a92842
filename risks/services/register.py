"""Risks themselves: added to the register, put in other words, given to somebody else."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.months import months_after
from core.writes import save_once, text
from milestones.models import Milestone, PriorityArea
from risks.models import Frequency, Risk, RiskChange, RiskMatrix
from risks.services.current import (
    left_faults,
    lock_risk,
    note_change,
    pair_faults,
    refresh_scores,
    refuse,
    refuse_changed,
    refuse_closed,
    refuse_other_matrix,
)
from risks.services.targets import set_target, target_faults_renamed

INHERENT = ("inherent_likelihood", "inherent_impact")
LINKS = ("areas", "milestones")
# What `revise_risk` may change. Scores, targets, level and state have services of their own, which ask for more.
REVISABLE = ("title", "cause", "event", "consequence", "owner", "treatment", "frequency", *INHERENT, *LINKS)


@transaction.atomic
def add_risk(
    *,
    reference: str,
    title: str,
    level: str,
    owner: User,
    opened_on: dt.date,
    inherent_likelihood: int,
    inherent_impact: int,
    by: User | None,
    at: dt.datetime,
    cause: str = "",
    event: str = "",
    consequence: str = "",
    treatment: str = "",
    frequency: str = Frequency.MONTHLY,
    areas: Iterable[PriorityArea] = (),
    milestones: Iterable[Milestone] = (),
    target_likelihood: int | None = None,
    target_impact: int | None = None,
    target_date: dt.date | None = None,
    on_matrix: int | None = None,
) -> Risk:
    """Adds a risk. It stands at its inherent pair until its first review. `on_matrix` is the id of the matrix whose
    steps were on offer for it."""
    refuse(
        {} if opened_on <= timezone.localdate(at) else {"opened_on": "The date must be today or earlier."},
        {} if frequency in Frequency.values else {"frequency": "Choose how often the risk is reviewed."},
    )
    matrix = RiskMatrix.objects.in_use(opened_on)
    refuse_other_matrix(matrix, on_matrix)
    refuse(pair_faults(matrix, inherent_likelihood, inherent_impact, INHERENT), left_faults(owner=owner))
    risk = Risk(
        reference=text(reference),
        title=text(title),
        cause=text(cause),
        event=text(event),
        consequence=text(consequence),
        level=level,
        first_level=level,
        owner=owner,
        treatment=treatment,
        frequency=frequency,
        inherent_matrix=matrix,
        inherent_likelihood=inherent_likelihood,
        inherent_impact=inherent_impact,
        matrix=matrix,
        likelihood=inherent_likelihood,
        impact=inherent_impact,
        opened_on=opened_on,
        first_review_by=months_after(opened_on, Frequency(frequency).months),
        created_by=by,
        created_at=at,
    )
    risk.full_clean(exclude=["inherent_score", "score", "target_score"])
    save_once(risk, field="reference")
    risk.areas.set(areas)
    risk.milestones.set(milestones)
    note_change(risk, "added", "", risk.title, on=opened_on, reason="", by=by, at=at).save()
    try:
        set_target(
            risk=risk,
            likelihood=target_likelihood,
            impact=target_impact,
            due_on=target_date,
            set_on=opened_on,
            by=by,
            at=at,
        )
    except ValidationError as error:
        raise target_faults_renamed(error) from error
    risk.refresh_from_db()
    return risk


@transaction.atomic
def revise_risk(
    *,
    risk: Risk,
    by: User | None,
    at: dt.datetime,
    reason: str = "",
    based_on_version: int | None = None,
    **changes: Any,
) -> Risk:
    """Changes what a risk is or who owns it (REVISABLE fields), with a history row for each that differs. Without a
    difference nothing is written, whatever was changed since the form was opened: it may be a second click.

    Another inherent score is a correction: it needs a reason, stays on its matrix, and holds for the days before the
    first review too, as a corrected review does for its own.
    """
    if unknown := set(changes) - set(REVISABLE):
        raise TypeError(f"a risk's {', '.join(sorted(unknown))} cannot be revised")
    changes = {name: _as_kept(name, value) for name, value in changes.items()}
    lock_risk(risk)
    refuse_closed(risk)
    on = timezone.localdate(at)
    differing = {name: value for name, value in changes.items() if _differs(risk, name, value)}
    if not differing:
        return risk
    refuse_changed(risk, based_on_version)
    rescored = any(name in differing for name in INHERENT)
    refuse(
        left_faults(owner=differing.get("owner")),
        {"reason": "Say why the inherent score is corrected."} if rescored and not text(reason) else {},
    )
    rows = [
        note_change(risk, name, _words(_value(risk, name)), _words(value), on=on, reason=text(reason), by=by, at=at)
        for name, value in differing.items()
    ]
    for name, value in differing.items():
        _put(risk, name, value)
    if rescored:
        refuse(pair_faults(risk.inherent_matrix, risk.inherent_likelihood, risk.inherent_impact, INHERENT))
    risk.full_clean(exclude=["inherent_score", "score", "target_score"])
    risk.save()
    RiskChange.objects.bulk_create(rows)
    refresh_scores([risk.pk])
    risk.refresh_from_db()
    return risk


def _as_kept(name: str, value: Any) -> Any:
    """A value as it is compared, kept and told. Links come as a form gives them, a query, or as any iterable."""
    if name in LINKS:
        return list(value)
    return text(value) if isinstance(value, str) else value


def _put(risk: Risk, name: str, value: Any) -> None:
    if name in LINKS:
        getattr(risk, name).set(value)
    else:
        setattr(risk, name, value)


def _value(risk: Risk, name: str) -> Any:
    return list(getattr(risk, name).all()) if name in LINKS else getattr(risk, name)


def _differs(risk: Risk, name: str, value: Any) -> bool:
    if name in LINKS:
        return set(_value(risk, name)) != set(value)
    return _value(risk, name) != value


def _words(value: Any) -> str:
    """A value as a history row shows it: areas and milestones by their codes."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(sorted(getattr(thing, "code", "") or getattr(thing, "reference", "") for thing in value))
    return "" if value is None else str(value)
