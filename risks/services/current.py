"""A risk's current state: locked before a change, and brought in line with its history after one."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.formats import date_format

from accounts.models import User
from core.writes import ChangedSince, chunks
from risks.models import Mitigation, Risk, RiskChange, RiskMatrix, RiskReview


def lock_risk(risk: Risk) -> None:
    """Brings the risk up to date with its row, which stays locked until the transaction ends.

    Two people saving at once queue here. (SQLite has no row locks; there, immediate transactions queue as a whole.)
    """
    risk.refresh_from_db(from_queryset=Risk.objects.select_for_update())


def lock_risks(risk_ids: Iterable[int]) -> dict[int, Risk]:
    """Locks many rows, always in the order of their keys, so that two batches never wait for each other; gives them as
    they are now, by key."""
    locked: dict[int, Risk] = {}
    for chunk in chunks(sorted(set(risk_ids))):
        rows = Risk.objects.select_for_update().filter(pk__in=chunk).order_by("pk")
        locked |= {risk.pk: risk for risk in rows}
    return locked


def refuse_changed(thing: Risk | Mitigation, based_on_version: int | None) -> None:
    """With the version that a form was opened on, tells the second of two people saving of the first. Asked once it is
    known that this is no second click of the first."""
    if based_on_version is not None and based_on_version != thing.version:
        raise ChangedSince(thing)


def refuse_other_matrix(matrix: RiskMatrix, on_matrix: int | None) -> None:
    """With the id of the matrix that a form offered the steps of, tells whoever chose from another one than is scored
    on: that of another day, or one that was changed while the form was open. The same numbers mean something else."""
    if on_matrix is not None and on_matrix != matrix.pk:
        words = f"Scores of that day are on “{matrix}”. Its likelihoods and impacts are shown now: choose from them."
        raise ValidationError(words, code="matrix")


def refuse_closed(risk: Risk) -> None:
    if risk.is_closed:
        raise ValidationError(f"{risk.reference} is closed. Open it again before you change it.")


def refresh_scores(risk_ids: Sequence[int]) -> None:
    """The current pair again from the latest effective review, or the inherent pair without one, and the version one
    up: one statement a chunk."""
    latest = RiskReview.objects.effective().filter(risk=OuterRef("pk")).order_by("-reviewed_on", "-pk")
    for chunk in chunks(risk_ids):
        Risk.objects.filter(pk__in=chunk).update(
            likelihood=Coalesce(Subquery(latest.values("likelihood")[:1]), F("inherent_likelihood")),
            impact=Coalesce(Subquery(latest.values("impact")[:1]), F("inherent_impact")),
            matrix=Coalesce(Subquery(latest.values("matrix")[:1]), F("inherent_matrix")),
            latest_review=Subquery(latest.values("pk")[:1]),
            version=F("version") + 1,
        )


def note_change(
    risk: Risk, field: str, was: str, now: str, *, on: dt.date, reason: str, by: User | None, at: dt.datetime
) -> RiskChange:
    """A history row, not saved yet, that says a field of the risk changed. `was` and `now` as people read them."""
    return RiskChange(
        risk=risk, field=field, was=was, now=now, changed_on=on, reason=reason, created_by=by, created_at=at
    )


def pair_faults(
    matrix: RiskMatrix, likelihood: int | None, impact: int | None, names: tuple[str, str] = ("likelihood", "impact")
) -> dict[str, str]:
    """What is wrong with a pair as a score of a matrix."""
    faults = {}
    for name, axis, value in zip(names, ("likelihood", "impact"), (likelihood, impact), strict=True):
        if value is None:
            faults[name] = f"Choose the {axis}."
        elif not 1 <= value <= matrix.size:
            faults[name] = f"The {axis} must be between 1 and {matrix.size}."
    return faults


def date_faults(name: str, day: dt.date | None, *, opened_on: dt.date, today: dt.date) -> dict[str, str]:
    """What is wrong with the day on which something about a risk was so."""
    if day is None:
        return {name: "Enter the date."}
    if day > today:
        return {name: "The date must be today or earlier."}
    if day < opened_on:
        return {name: f"The date must not be before the risk was opened, on {date_format(opened_on)}."}
    return {}


def left_faults(**people: User | None) -> dict[str, str]:
    return {
        name: f"{person} no longer has an account here. Choose somebody else."
        for name, person in people.items()
        if person and not person.is_active
    }


def refuse(*faults: dict[str, Any]) -> None:
    """Raises one ValidationError for all that is wrong, by field."""
    found = {name: message for each in faults for name, message in each.items()}
    if found:
        raise ValidationError(found)
