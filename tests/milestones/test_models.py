import datetime as dt

import pytest
from django.db.models import Count

from core.models import AppendOnlyError
from milestones.models import Milestone, MilestoneUpdate, Status, Trend
from tests.factories import DueDateChangeFactory, MilestoneFactory, MilestoneUpdateFactory

pytestmark = pytest.mark.django_db
JANUARY = dt.date(2026, 1, 31)


def on(day: dt.date) -> Milestone:
    return Milestone.objects.as_at(day).with_trend(day).get()


def test_as_at_takes_the_latest_update_by_its_date_and_not_by_when_it_was_typed() -> None:
    milestone = MilestoneFactory()
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 1, 20), status=Status.OFF_TRACK)
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 1, 10), status=Status.ON_TRACK)

    assert on(JANUARY).status_on == Status.OFF_TRACK
    assert on(dt.date(2026, 1, 19)).status_on == Status.ON_TRACK
    assert on(dt.date(2026, 1, 9)).status_on == Status.NOT_STARTED


def test_as_at_takes_the_later_row_of_one_day() -> None:
    milestone = MilestoneFactory()
    MilestoneUpdateFactory(milestone=milestone, status=Status.OFF_TRACK)
    MilestoneUpdateFactory(milestone=milestone, status=Status.ON_TRACK)

    assert on(JANUARY).status_on == Status.ON_TRACK


def test_as_at_passes_over_a_superseded_update() -> None:
    wrong = MilestoneUpdateFactory(status=Status.COMPLETED)
    MilestoneUpdateFactory(
        milestone=wrong.milestone, as_at=dt.date(2026, 1, 5), status=Status.DELAYED, supersedes=wrong
    )

    assert on(JANUARY).status_on == Status.DELAYED


def test_as_at_reads_the_due_date_of_the_day() -> None:
    milestone = MilestoneFactory(baseline_due_date=dt.date(2025, 9, 30), due_date=dt.date(2026, 3, 31))
    moves = [(dt.date(2025, 9, 1), dt.date(2025, 9, 30), dt.date(2025, 12, 31))]
    moves += [(dt.date(2025, 12, 1), dt.date(2025, 12, 31), dt.date(2026, 3, 31))]
    for changed_on, from_date, to_date in moves:
        DueDateChangeFactory(milestone=milestone, changed_on=changed_on, from_date=from_date, to_date=to_date)

    assert on(dt.date(2025, 8, 31)).due_on == dt.date(2025, 9, 30)
    assert on(dt.date(2025, 9, 1)).due_on == dt.date(2025, 12, 31)
    assert on(JANUARY).due_on == dt.date(2026, 3, 31)


@pytest.mark.parametrize(
    ("history", "trend"),
    [
        pytest.param([("2026-01-20", Status.ON_TRACK)], Trend.IMPROVING, id="started within six months"),
        pytest.param([("2025-05-31", Status.ON_TRACK), ("2026-01-20", Status.ON_TRACK)], Trend.STEADY, id="steady"),
        pytest.param(
            [("2025-05-31", Status.ON_TRACK), ("2025-12-01", Status.OFF_TRACK), ("2026-01-20", Status.OFF_TRACK)],
            Trend.WORSENING,
            id="fell in December and stayed down",
        ),
        pytest.param(
            [("2025-05-31", Status.ON_TRACK), ("2025-07-31", Status.DELAYED), ("2026-01-20", Status.DELAYED)],
            Trend.STEADY,
            id="fell on the last day before the six months",
        ),
        pytest.param(
            [("2025-08-31", Status.DELAYED), ("2025-10-31", Status.ON_TRACK), ("2026-01-20", Status.OFF_TRACK)],
            Trend.WORSENING,
            id="the last change decides",
        ),
        pytest.param([("2025-12-26", Status.ON_TRACK)], Trend.STALE, id="36 days without a word"),
        pytest.param([("2025-12-27", Status.ON_TRACK)], Trend.IMPROVING, id="35 days without a word"),
        pytest.param([("2025-05-31", Status.COMPLETED)], Trend.STEADY, id="a completed milestone is not stale"),
        pytest.param([], Trend.STALE, id="never updated"),
    ],
)
def test_trend(history: list[tuple[str, Status]], trend: Trend) -> None:
    milestone = MilestoneFactory()
    for day, status in history:
        MilestoneUpdateFactory(milestone=milestone, as_at=dt.date.fromisoformat(day), status=status)

    assert on(JANUARY).trend_on == trend


def test_history_rows_are_never_changed_or_deleted() -> None:
    update = MilestoneUpdateFactory()

    update.status = Status.COMPLETED
    for change in (update.save, update.delete, MilestoneUpdate.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            change()
    with pytest.raises(AppendOnlyError):
        MilestoneUpdate.objects.update(status=Status.COMPLETED)


def test_trend_order_puts_worsening_first() -> None:
    histories = {
        "improving": [("2026-01-20", Status.ON_TRACK)],
        "worsening": [("2025-10-31", Status.ON_TRACK), ("2026-01-20", Status.DELAYED)],
        "stale": [("2025-10-31", Status.ON_TRACK)],
        "steady": [("2025-05-31", Status.ON_TRACK), ("2026-01-20", Status.ON_TRACK)],
    }
    for title, history in histories.items():
        milestone = MilestoneFactory(title=title)
        for day, status in history:
            MilestoneUpdateFactory(milestone=milestone, as_at=dt.date.fromisoformat(day), status=status)

    rows = Milestone.objects.as_at(JANUARY).with_trend(JANUARY).order_by("trend_order")

    assert [milestone.title for milestone in rows] == ["worsening", "stale", "steady", "improving"]


def test_as_at_gives_each_milestone_once_and_can_be_counted_and_grouped() -> None:
    for _ in range(2):
        milestone = MilestoneFactory()
        for day in (10, 20, 20):
            MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 1, day))
            DueDateChangeFactory(milestone=milestone, changed_on=dt.date(2026, 1, day))
    MilestoneFactory()

    rows = Milestone.objects.as_at(JANUARY).with_trend(JANUARY)

    assert rows.count() == len(rows) == 3
    counts = rows.order_by().values_list("status_on").annotate(number=Count("pk"))
    assert dict(counts) == {Status.ON_TRACK: 2, Status.NOT_STARTED: 1}


def test_as_at_of_another_day_takes_the_place_of_the_first() -> None:
    milestone = MilestoneFactory()
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 1, 10), status=Status.OFF_TRACK)

    assert Milestone.objects.as_at(JANUARY).as_at(dt.date(2026, 1, 9)).get().status_on == Status.NOT_STARTED
