import datetime as dt

import pytest

from milestones.charts import rating_strip
from milestones.models import MilestoneUpdate, Status
from tests.factories import MilestoneUpdateFactory

JANUARY = dt.date(2026, 1, 31)
APRIL = dt.date(2025, 4, 1)


def updates(*history: tuple[dt.date, Status]) -> list[MilestoneUpdate]:
    """Unsaved updates, the latest first."""
    return [MilestoneUpdate(as_at=as_at, status=status) for as_at, status in reversed(history)]


def test_strip_has_the_status_at_the_end_of_each_month() -> None:
    given = updates((dt.date(2025, 12, 1), Status.ON_TRACK), (JANUARY, Status.DELAYED))

    strip = rating_strip(given, added_on=APRIL, on=JANUARY, months=3)

    assert [(str(cell.month), cell.status, cell.changed) for cell in strip] == [
        ("2025-11", Status.NOT_STARTED, False),
        ("2025-12", Status.ON_TRACK, True),
        ("2026-01", Status.DELAYED, True),
    ]


def test_strip_is_empty_before_the_milestone_was_in_the_plan() -> None:
    strip = rating_strip([], added_on=dt.date(2026, 1, 10), on=JANUARY, months=2)

    assert [cell.status for cell in strip] == [None, Status.NOT_STARTED]


def test_strip_says_that_the_month_has_not_ended() -> None:
    strip = rating_strip([], added_on=APRIL, on=dt.date(2026, 1, 30))

    assert [cell.so_far for cell in strip] == [False] * 11 + [True]
    assert not rating_strip([], added_on=APRIL, on=JANUARY)[-1].so_far


@pytest.mark.django_db
def test_strip_takes_rows_as_the_page_reads_them() -> None:
    update = MilestoneUpdateFactory(status=Status.OFF_TRACK)

    assert rating_strip([update], added_on=APRIL, on=JANUARY, months=1)[0].status == Status.OFF_TRACK
