"""The rating strip: a milestone's status at the end of each month, as a list that needs no script and no picture."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from core.months import Month
from milestones.models import MilestoneUpdate, Status

STRIP_MONTHS = 12


@dataclass(frozen=True)
class StripMonth:
    """One month of the strip. `status` is None before the milestone was in the plan. `so_far` marks the month that
    has not ended by the strip's day; `changed` that the status differs from the month before."""

    month: Month
    status: Status | None
    changed: bool = False
    so_far: bool = False


def rating_strip(
    updates: Sequence[MilestoneUpdate], *, added_on: dt.date, on: dt.date, months: int = STRIP_MONTHS
) -> list[StripMonth]:
    """Status at the end of each of the last months up to the day `on`, from effective updates as at then or before,
    the latest first."""
    strip: list[StripMonth] = []
    before: Status | None = None
    for month in Month.of(on).plus(1 - months).until(Month.of(on)):
        end = min(month.last_day, on)
        stands = next((Status(update.status) for update in updates if update.as_at <= end), Status.NOT_STARTED)
        status = stands if added_on <= end else None
        changed = before is not None and status != before
        strip.append(StripMonth(month, status, changed=changed, so_far=month.last_day > on))
        before = status
    return strip
