"""Reviews that a spreadsheet brings: whole batches, a fixed number of statements whatever their length.

A register's past is taken as it was written, without the notes that a form would ask for. What would make history
untrue is refused, row by row.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.writes import BATCH, chunks, refuse_rows, text
from risks.models import MatrixChoice, Risk, RiskMatrix, RiskReview
from risks.services.current import date_faults, lock_risks, pair_faults, refresh_scores
from risks.services.reviews import next_review_after

LATER_ROW = "A later row of the same day."


@dataclass(frozen=True)
class ReviewRow:
    """One row of a sheet of reviews."""

    risk: Risk
    reviewed_on: dt.date
    likelihood: int
    impact: int
    reviewer: User
    note: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.risk.pk, self.reviewed_on, self.likelihood, self.impact, text(self.note), self.reviewer.pk)

    @property
    def day(self) -> tuple[int, dt.date]:
        return (self.risk.pk, self.reviewed_on)


KEY_FIELDS = ("risk_id", "reviewed_on", "likelihood", "impact", "note", "reviewer_id")


@transaction.atomic
def record_reviews(*, rows: Sequence[ReviewRow], by: User | None, at: dt.datetime) -> int:
    """Adds the reviews that are not there yet, in the order given, and says how many. The same row twice (in the
    batch, or added before, corrected since or not) is one row; of two rows of one risk and day the later counts.

    Raises ValidationError with one error for each faulty row; its `params` hold `row` (the position in `rows`, from
    0) and `field`.
    """
    used = _Matrices()
    today = timezone.localdate(at)
    risk_ids = sorted({row.risk.pk for row in rows})
    # As they are now: a sheet's risks were read before, and somebody may have closed one since.
    risks = lock_risks(risk_ids)
    rows = [replace(row, risk=risks[row.risk.pk]) for row in rows]
    refuse_rows(_faults(row, used.on(row.reviewed_on), today) for row in rows)
    new = _not_there_yet(rows, risk_ids)
    standing = _standing_of_days(new)
    for wave in _waves(new):
        reviews = [_review(row, used.on(row.reviewed_on), standing.get(row.day), by, at) for row in wave]
        RiskReview.objects.bulk_create(reviews, batch_size=BATCH)
        standing |= {row.day: review for row, review in zip(wave, reviews, strict=True)}
    refresh_scores(sorted({row.risk.pk for row in new}))
    return len(new)


class _Matrices:
    """Which matrix was in use on a day, for many days: one query."""

    def __init__(self) -> None:
        self.choices = list(MatrixChoice.objects.select_related("matrix").order_by("used_from", "pk"))

    def on(self, day: dt.date) -> RiskMatrix:
        by_then = [choice for choice in self.choices if choice.used_from <= day]
        return (by_then or self.choices)[-1 if by_then else 0].matrix


def _faults(row: ReviewRow, matrix: RiskMatrix, today: dt.date) -> dict[str, str]:
    dates = date_faults("reviewed_on", row.reviewed_on, opened_on=row.risk.opened_on, today=today)
    if row.risk.closed_on and row.reviewed_on > row.risk.closed_on:
        dates = {"reviewed_on": "The risk was closed before this date."}
    return dates | pair_faults(matrix, row.likelihood, row.impact)


def _not_there_yet(rows: Sequence[ReviewRow], risk_ids: Sequence[int]) -> list[ReviewRow]:
    if not rows:
        return []
    days = [row.reviewed_on for row in rows]
    there: set[tuple[Any, ...]] = set()
    for chunk in chunks(risk_ids):
        known = RiskReview.objects.filter(risk__in=chunk, reviewed_on__range=(min(days), max(days))).order_by()
        there.update(known.values_list(*KEY_FIELDS).iterator())
    new = []
    for row in rows:
        if row.key not in there:
            there.add(row.key)
            new.append(row)
    return new


def _standing_of_days(rows: Sequence[ReviewRow]) -> dict[tuple[int, dt.date], RiskReview]:
    """The effective review of each risk and day that these rows are about."""
    days = {row.reviewed_on for row in rows}
    found: dict[tuple[int, dt.date], RiskReview] = {}
    for chunk in chunks(sorted({row.risk.pk for row in rows})):
        effective = RiskReview.objects.effective().filter(risk__in=chunk, reviewed_on__in=days)
        found |= {(review.risk_id, review.reviewed_on): review for review in effective}
    return found


def _waves(rows: Sequence[ReviewRow]) -> Iterator[list[ReviewRow]]:
    """The rows in as few batches as can be, so that of one risk and day there is one in each: a row supersedes the one
    before it, which must be there first. Nearly always one batch."""
    waves: dict[int, list[ReviewRow]] = defaultdict(list)
    seen: dict[tuple[int, dt.date], int] = defaultdict(int)
    for row in rows:
        waves[seen[row.day]].append(row)
        seen[row.day] += 1
    yield from (waves[number] for number in sorted(waves))


def _review(
    row: ReviewRow, matrix: RiskMatrix, before: RiskReview | None, by: User | None, at: dt.datetime
) -> RiskReview:
    return RiskReview(
        risk=row.risk,
        reviewed_on=row.reviewed_on,
        matrix=matrix,
        likelihood=row.likelihood,
        impact=row.impact,
        note=text(row.note),
        next_review_on=next_review_after(row.risk, row.reviewed_on),
        reviewer=row.reviewer,
        supersedes=before,
        correction_reason=LATER_ROW if before else "",
        created_by=by,
        created_at=at,
    )
