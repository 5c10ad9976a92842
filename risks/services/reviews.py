"""Reviews: each a dated score with its reasons, added and never changed."""

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.months import WRITTEN_YEARS, months_after
from core.writes import text
from risks.models import Frequency, ReviewQuerySet, Risk, RiskMatrix, RiskReview, State, StateChange
from risks.services.current import (
    date_faults,
    lock_risk,
    pair_faults,
    refresh_scores,
    refuse,
    refuse_changed,
    refuse_closed,
    refuse_other_matrix,
)

# What a reviewer says; two reviews that agree in all of it are the same review.
CONTENT = ("reviewed_on", "matrix_id", "likelihood", "impact", "note", "next_review_on")
SAME_DAY = "Reviewed again on the same day."


@transaction.atomic
def review_risk(
    *,
    risk: Risk,
    likelihood: int,
    impact: int,
    reviewed_on: dt.date,
    by: User,
    at: dt.datetime,
    note: str = "",
    next_review_on: dt.date | None = None,
    reviewer: User | None = None,
    based_on_version: int | None = None,
    on_matrix: int | None = None,
) -> RiskReview:
    """Scores a risk on the matrix of that day, and makes the latest review's pair its current one.

    A note is needed where the pair moves, and where the last reviews in a row (RISK_UNCHANGED_REVIEWS) gave the same
    pair. A second review of one day supersedes the first. Raises ChangedSince where somebody wrote after the form was
    opened, except for a second click: the same review by the same person again returns the row there is. `on_matrix`
    is the id of the matrix whose steps were on offer.
    """
    refuse(_day_faults(reviewed_on, next_review_on))
    lock_risk(risk)
    matrix = RiskMatrix.objects.in_use(reviewed_on)
    review = RiskReview(
        risk=risk,
        reviewed_on=reviewed_on,
        matrix=matrix,
        likelihood=likelihood,
        impact=impact,
        note=text(note),
        next_review_on=next_review_on or next_review_after(risk, reviewed_on),
        reviewer=reviewer or by,
        created_by=by,
        created_at=at,
    )
    if first_click := _already_recorded(review):
        return first_click
    refuse_changed(risk, based_on_version)
    refuse_other_matrix(matrix, on_matrix)
    same_day = _standing(risk, on=reviewed_on).filter(reviewed_on=reviewed_on).first()
    if same_day:
        review.supersedes, review.correction_reason = same_day, SAME_DAY
    _add(review, at)
    return review


@transaction.atomic
def correct_review(
    *,
    review: RiskReview,
    likelihood: int,
    impact: int,
    reviewed_on: dt.date,
    correction_reason: str,
    by: User,
    at: dt.datetime,
    note: str = "",
    next_review_on: dt.date | None = None,
    on_matrix: int | None = None,
) -> RiskReview:
    """Adds a row that supersedes a review: what it should have said."""
    risk = review.risk
    lock_risk(risk)
    if RiskReview.objects.filter(supersedes=review).exists():
        raise ValidationError("This review has been corrected already. Correct the newest version of it.")
    refuse(
        {} if text(correction_reason) else {"correction_reason": "Say what was wrong."},
        _day_faults(reviewed_on, next_review_on),
    )
    corrected = RiskReview(
        risk=risk,
        reviewed_on=reviewed_on,
        # A correction says what was judged then, so it stays on the matrix of then.
        matrix=review.matrix if reviewed_on == review.reviewed_on else RiskMatrix.objects.in_use(reviewed_on),
        likelihood=likelihood,
        impact=impact,
        note=text(note),
        next_review_on=next_review_on or next_review_after(risk, reviewed_on),
        reviewer=by,
        supersedes=review,
        correction_reason=text(correction_reason),
        created_by=by,
        created_at=at,
    )
    refuse_other_matrix(corrected.matrix, on_matrix)
    if _content(corrected) == _content(review):
        raise ValidationError("Nothing has been changed. Change what was wrong, or go back.")
    others = _standing(risk, on=reviewed_on).filter(reviewed_on=reviewed_on).exclude(pk=review.pk)
    refuse({"reviewed_on": "There is another review of this day. Correct that one."} if others.exists() else {})
    _add(corrected, at)
    return corrected


def next_review_after(risk: Risk, day: dt.date) -> dt.date:
    """When a risk reviewed on a day is due again, by its frequency."""
    return months_after(day, Frequency(risk.frequency).months)


def _add(review: RiskReview, at: dt.datetime) -> None:
    risk = review.risk
    refuse_closed(risk)
    today = timezone.localdate(at)
    refuse(
        date_faults("reviewed_on", review.reviewed_on, opened_on=risk.opened_on, today=today)
        or _closed_faults(risk, review.reviewed_on),
        pair_faults(review.matrix, review.likelihood, review.impact),
        _next_faults(review),
    )
    refuse(_note_faults(review))
    # Its score is computed by the database.
    review.full_clean(exclude=["score"])
    review.save()
    refresh_scores([risk.pk])
    risk.refresh_from_db()


def _day_faults(reviewed_on: dt.date | None, next_review_on: dt.date | None) -> dict[str, str]:
    """Asked first: matrix and next review go by the day, and there are no months beyond the years that people write."""
    if reviewed_on is None:
        return {"reviewed_on": "Enter the date."}
    days = {"reviewed_on": reviewed_on, "next_review_on": next_review_on}
    years = f"The year must be between {WRITTEN_YEARS[0]} and {WRITTEN_YEARS[-1]}."
    return {name: years for name, day in days.items() if day and day.year not in WRITTEN_YEARS}


def _closed_faults(risk: Risk, day: dt.date) -> dict[str, str]:
    """A risk that is open again was not reviewed while it was closed."""
    stood = StateChange.objects.filter(risk=risk, changed_on__lte=day).first()
    closed = stood is not None and stood.state == State.CLOSED
    return {"reviewed_on": "The risk was closed on that day."} if closed else {}


def _next_faults(review: RiskReview) -> dict[str, str]:
    if review.next_review_on <= review.reviewed_on:
        return {"next_review_on": "The next review must be after the date of this one."}
    return {}


def _note_faults(review: RiskReview) -> dict[str, str]:
    """Where a review needs its reason in words: why it moved, or why it has not for so long."""
    if review.note:
        return {}
    before = _standing(review.risk, on=review.reviewed_on).exclude(pk=review.supersedes_id)
    # RISK_UNCHANGED_REVIEWS 0 never asks.
    asked_after = settings.RISK_UNCHANGED_REVIEWS
    latest = list(before.order_by("-reviewed_on", "-pk")[: max(asked_after, 1)])
    risk = review.risk
    stood = (latest[0].likelihood, latest[0].impact) if latest else (risk.inherent_likelihood, risk.inherent_impact)
    pair = (review.likelihood, review.impact)
    if pair != stood:
        return {"note": f"Say why the score moves from {stood[0]} × {stood[1]} to {pair[0]} × {pair[1]}."}
    unchanged = all((row.likelihood, row.impact) == pair for row in latest)
    if unchanged and asked_after and len(latest) == asked_after:
        return {"note": f"The last {len(latest)} reviews gave the same score. Say why it has not changed."}
    return {}


def _standing(risk: Risk, *, on: dt.date) -> ReviewQuerySet:
    return RiskReview.objects.effective().filter(risk=risk, reviewed_on__lte=on)


def _content(review: RiskReview) -> Sequence[object]:
    return [getattr(review, name) for name in CONTENT]


def _already_recorded(review: RiskReview) -> RiskReview | None:
    """The row that an earlier click on the same button made, while it still counts: after a colleague's, the same
    again is meant."""
    theirs = RiskReview.objects.effective().filter(risk=review.risk, reviewer=review.reviewer)
    last = theirs.order_by("pk").last()
    return last if last and _content(last) == _content(review) else None
