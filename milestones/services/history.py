"""History that a spreadsheet brings: whole batches, a fixed number of statements whatever their length.

A tracker's past is taken as it was written: reasons and evidence may be missing (a challenge says so), an approver
may have left. What would make history untrue is refused, row by row.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.writes import BATCH, chunks, refuse_rows, text
from milestones.models import Impact, Milestone, MilestoneUpdate, Status
from milestones.services.current import lock_milestones, refresh_ratings

WORDS_FOLLOWED = "The rating came first, from a tracker; this is the report behind it."


@dataclass(frozen=True)
class UpdateRow:
    """One row of a sheet of updates. `impact` None goes on with the rating that stood on that day. `rating_only` is a
    tracker's status column: the report behind it, where one comes, supersedes it."""

    milestone: Milestone
    as_at: dt.date
    status: str
    author: User
    impact: str | None = None
    progress: str = ""
    difference_made: str = ""
    reason: str = ""
    mitigation: str = ""
    consequence: str = ""
    forecast_date: dt.date | None = None
    no_evidence_reason: str = ""
    rating_only: bool = False


@transaction.atomic
def record_history(*, rows: Sequence[UpdateRow], by: User, at: dt.datetime) -> int:
    """Adds the updates that are not there yet, in the order given, and says how many. The same row twice (in the
    batch, or added before, corrected since or not) is one row.

    Completed takes the as-at date as its completion date. Raises ValidationError with one error for each faulty
    row; its `params` hold `row` (the position in `rows`, from 0) and `field`.
    """
    today = timezone.localdate(at)
    refuse_rows(_faults(row, today) for row in rows)
    milestone_ids = sorted({row.milestone.pk for row in rows})
    lock_milestones(milestone_ids)
    new = _not_there_yet(rows, milestone_ids)
    impacts = _impacts(new)
    alone = _ratings_alone(new)
    updates = []
    for row, impact in zip(new, impacts, strict=True):
        update = _update(row, impact, by, at)
        # A tracker gave the rating without a word; this row is the report behind it.
        rated = (row.milestone.pk, row.as_at, row.status, impact)
        update.supersedes_id = None if row.rating_only else alone.pop(rated, None)
        update.correction_reason = WORDS_FOLLOWED if update.supersedes_id else ""
        updates.append(update)
    MilestoneUpdate.objects.bulk_create(updates, batch_size=BATCH)
    refresh_ratings(sorted({row.milestone.pk for row in new}))
    return len(updates)


def _faults(row: UpdateRow, today: dt.date) -> dict[str, str]:
    faults = {}
    if row.status not in Status.values:
        faults["status"] = "Choose a status from the list."
    if row.impact is not None and row.impact not in Impact.values:
        faults["impact"] = "Choose an impact from the list."
    if row.as_at > today:
        faults["as_at"] = "The date must be today or earlier."
    elif row.milestone.withdrawn_on and row.as_at > row.milestone.withdrawn_on:
        faults["as_at"] = "The milestone was withdrawn from the plan before this date."
    return faults


def _key(row: UpdateRow) -> tuple[Any, ...]:
    return (
        row.milestone.pk,
        row.as_at,
        row.status,
        row.author.pk,
        text(row.progress),
        text(row.difference_made),
        text(row.reason),
        text(row.mitigation),
        text(row.consequence),
        row.forecast_date,
    )


KEY_FIELDS = (
    "milestone_id",
    "as_at",
    "status",
    "author_id",
    "progress",
    "difference_made",
    "reason",
    "mitigation",
    "consequence",
    "forecast_date",
)


def _not_there_yet(rows: Sequence[UpdateRow], milestone_ids: Sequence[int]) -> list[UpdateRow]:
    """Rows unlike any update there is, and unlike each other. Impact tells rows apart only where it is given."""
    if not rows:
        return []
    days = [row.as_at for row in rows]
    there: dict[tuple[Any, ...], set[str | None]] = defaultdict(set)
    for chunk in chunks(milestone_ids):
        known = MilestoneUpdate.objects.filter(milestone__in=chunk, as_at__range=(min(days), max(days))).order_by()
        for *key, impact in known.values_list(*KEY_FIELDS, "impact").iterator():
            there[tuple(key)].add(impact)
    new = []
    for row in rows:
        impacts = there[_key(row)]
        if row.impact in impacts or (row.impact is None and impacts):
            continue
        impacts.add(row.impact)
        new.append(row)
    return new


def _ratings_alone(rows: Sequence[UpdateRow]) -> dict[tuple[int, dt.date, str, str], int]:
    """Standing updates that a tracker's status column made on these days, by what they rate."""
    days = [row.as_at for row in rows]
    found = {}
    for chunk in chunks(sorted({row.milestone.pk for row in rows})):
        alone = MilestoneUpdate.objects.effective().filter(
            milestone__in=chunk,
            as_at__range=(min(days), max(days)),
            rating_only=True,
            # No correction itself. Asked of `supersedes`, SQLite goes through the index of all that are none.
            correction_reason="",
            confirmation=None,
        )
        for pk, *rated in alone.order_by().values_list("pk", "milestone_id", "as_at", "status", "impact"):
            found[tuple(rated)] = pk
    return found


def _impacts(rows: Sequence[UpdateRow]) -> list[str]:
    """The impact of each row: its own, else the one that stood on its day."""
    unrated = sorted({row.milestone.pk for row in rows if row.impact is None})
    rated: dict[int, list[tuple[dt.date, int, str]]] = defaultdict(list)
    for chunk in chunks(unrated):
        known = MilestoneUpdate.objects.effective().filter(milestone__in=chunk).order_by("pk")
        for milestone_id, as_at, impact in known.values_list("milestone_id", "as_at", "impact").iterator():
            rated[milestone_id].append((as_at, len(rated[milestone_id]), impact))
    impacts: dict[int, str] = {}
    # By date, so that a rating given in this batch goes on through its later rows.
    for position, row in sorted(enumerate(rows), key=lambda pair: (pair[1].as_at, pair[0])):
        history = rated[row.milestone.pk]
        impacts[position] = row.impact or _latest(history, row.as_at)
        history.append((row.as_at, len(history), impacts[position]))
    return [impacts[position] for position in range(len(rows))]


def _latest(history: Iterable[tuple[dt.date, int, str]], on: dt.date) -> str:
    standing = [entry for entry in history if entry[0] <= on]
    return max(standing)[2] if standing else Impact.NOT_YET_EVIDENCED.value


def _update(row: UpdateRow, impact: str, by: User, at: dt.datetime) -> MilestoneUpdate:
    return MilestoneUpdate(
        milestone=row.milestone,
        as_at=row.as_at,
        status=row.status,
        rating_only=row.rating_only,
        impact=impact,
        progress=text(row.progress),
        difference_made=text(row.difference_made),
        reason=text(row.reason),
        mitigation=text(row.mitigation),
        consequence=text(row.consequence),
        forecast_date=row.forecast_date,
        completed_on=row.as_at if row.status == Status.COMPLETED else None,
        no_evidence_reason=text(row.no_evidence_reason),
        author=row.author,
        created_by=by,
        created_at=at,
    )
