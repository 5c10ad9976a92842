"""What the plan said on a day, asked of the database, against the same asked of plain lists (the oracle)."""

import datetime as dt
from dataclasses import dataclass, field
from itertools import pairwise

from django.conf import settings
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from core.months import Month
from milestones.models import STATUS_RANK, DueDateChange, Impact, Milestone, MilestoneUpdate, Status, Trend
from tests.factories import DueDateChangeFactory, MilestoneFactory, MilestoneUpdateFactory

FIRST, LAST = dt.date(2025, 4, 1), dt.date(2026, 3, 31)
# Few days, so that several updates fall on one; the edges of months and of six months among them.
EDGES = ["2025-04-01", "2025-07-31", "2025-08-01", "2025-12-26", "2025-12-27", "2025-12-31", "2026-01-01", "2026-01-31"]
DAYS = st.sampled_from([dt.date.fromisoformat(day) for day in EDGES]) | st.dates(FIRST, LAST)


@dataclass
class Said:
    """One update; `corrects` is the index of the one it supersedes, if that is still to be corrected."""

    as_at: dt.date
    status: str
    impact: str
    corrects: int | None


@dataclass
class History:
    added_on: dt.date
    withdrawn_on: dt.date | None
    due: list[dt.date]
    """Due dates one after another: the baseline first."""
    moved_on: list[dt.date]
    said: list[Said]
    rows: list[MilestoneUpdate] = field(default_factory=list)

    def save(self, milestone: Milestone) -> None:
        """Makes the milestone's history this one, in few statements: there are hundreds of examples."""
        reason = "Merged." if self.withdrawn_on else ""
        state = {"baseline_due_date": self.due[0], "due_date": self.due[-1], "added_on": self.added_on}
        Milestone.objects.filter(pk=milestone.pk).update(
            **state, withdrawn_on=self.withdrawn_on, withdrawn_reason=reason
        )
        for index, said in enumerate(self.said):
            wrong = None if said.corrects is None else self.rows[said.corrects]
            content = {"as_at": said.as_at, "status": said.status, "impact": said.impact, "supersedes": wrong}
            self.rows.append(MilestoneUpdateFactory.build(pk=1000 + index, milestone=milestone, **content))
        MilestoneUpdate.objects.bulk_create(self.rows)
        moves = zip(self.moved_on, pairwise(self.due), strict=True)
        DueDateChange.objects.bulk_create(
            DueDateChangeFactory.build(
                pk=1000 + index, milestone=milestone, changed_on=moved_on, from_date=before, to_date=after
            )
            for index, (moved_on, (before, after)) in enumerate(moves)
        )

    # The oracle.

    def effective(self, on: dt.date) -> list[int]:
        """Indexes of the updates that stand, as at the day or before, in their order."""
        corrected = {said.corrects for said in self.said}
        indexes = [index for index, said in enumerate(self.said) if index not in corrected and said.as_at <= on]
        return sorted(indexes, key=lambda index: (self.said[index].as_at, index))

    def status(self, on: dt.date) -> str:
        standing = self.effective(on)
        return self.said[standing[-1]].status if standing else Status.NOT_STARTED

    def due_on(self, on: dt.date) -> dt.date:
        return self.due[sum(moved_on <= on for moved_on in self.moved_on)]

    def is_stale(self, on: dt.date) -> bool:
        standing = self.effective(on)
        since = self.said[standing[-1]].as_at if standing else self.added_on
        return self.status(on) != Status.COMPLETED and (on - since).days > settings.STALE_AFTER_DAYS

    def trend(self, on: dt.date) -> Trend:
        if self.is_stale(on):
            return Trend.STALE
        start = Month.of(on).plus(-6).last_day
        was = self.status(start)
        change = 0
        for index in self.effective(on):
            said = self.said[index]
            if said.as_at <= start:
                continue
            if said.status != was:
                change = STATUS_RANK[Status(said.status)] - STATUS_RANK[Status(was)]
            was = said.status
        return Trend.WORSENING if change < 0 else Trend.IMPROVING if change > 0 else Trend.STEADY

    def owes(self, month: Month) -> bool:
        before = self.status(month.first_day - dt.timedelta(days=1))
        said = any(self.said[index].as_at >= month.first_day for index in self.effective(month.last_day))
        return before != Status.COMPLETED and not said


@st.composite
def histories(draw: st.DrawFn) -> History:
    added_on = draw(DAYS)
    moved_on = sorted(draw(st.lists(DAYS, max_size=3)))
    due = [draw(DAYS)]
    for _ in moved_on:
        due.append(draw(DAYS.filter(lambda day: day != due[-1])))
    said: list[Said] = []
    for as_at, status, impact in draw(
        st.lists(st.tuples(DAYS, st.sampled_from(Status.values), st.sampled_from(Impact.values)), max_size=7)
    ):
        open_to_correction = sorted(set(range(len(said))) - {earlier.corrects for earlier in said})
        corrects = draw(st.none() | st.sampled_from(open_to_correction)) if open_to_correction else None
        said.append(Said(as_at, status, impact, corrects))
    withdrawn_on = draw(st.none() | DAYS.filter(lambda day: day >= added_on))
    return History(added_on, withdrawn_on, due, moved_on, said)


def said_on(*updates: tuple[str, Status]) -> History:
    said = [Said(dt.date.fromisoformat(day), status.value, Impact.EMERGING.value, None) for day, status in updates]
    return History(FIRST, None, [LAST], [], said)


class TestAsAt(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.milestone = MilestoneFactory()
        # Another with a history of its own, which must not count.
        MilestoneUpdateFactory(as_at=dt.date(2025, 10, 1), status=Status.DELAYED)

    @given(histories(), DAYS)
    def test_the_database_says_what_the_lists_say(self, history: History, on: dt.date) -> None:
        history.save(self.milestone)
        seen = Milestone.objects.as_at(on).get(pk=self.milestone.pk)

        standing = history.effective(on)
        latest = history.said[standing[-1]] if standing else None
        assert seen.status_on == history.status(on)
        assert seen.impact_on == (latest.impact if latest else Impact.NOT_YET_EVIDENCED)
        assert seen.updated_on == (latest.as_at if latest else None)
        assert seen.update_on == (history.rows[standing[-1]].pk if latest else None)
        assert seen.due_on == history.due_on(on)

    @given(histories(), DAYS)
    def test_the_adjectives_say_what_the_lists_say(self, history: History, on: dt.date) -> None:
        history.save(self.milestone)
        rows = Milestone.objects.filter(pk=self.milestone.pk).as_at(on)
        month = Month.of(on)
        status, due_on = history.status(on), history.due_on(on)
        is_open = status != Status.COMPLETED
        late = due_on < on

        assert rows.overdue(on).exists() == (is_open and late)
        assert rows.due_between(on, month.last_day).exists() == (is_open and on <= due_on <= month.last_day)
        assert rows.stale(on).exists() == history.is_stale(on)
        assert rows.without_return(month.first_day, month.last_day).exists() == history.owes(month)
        assert rows.exceptions(on).exists() == (
            status in Status.needing_reasons() or (status == Status.NOT_STARTED and late)
        )
        assert rows.counting_on(on).exists() == (
            history.added_on <= on and (history.withdrawn_on is None or history.withdrawn_on > on)
        )

    @given(histories(), DAYS)
    @example(
        said_on(("2025-07-31", Status.DELAYED), ("2025-07-31", Status.ON_TRACK), ("2026-01-20", Status.ON_TRACK)),
        dt.date(2026, 1, 31),
    )
    @example(said_on(("2025-07-31", Status.DELAYED), ("2026-01-20", Status.DELAYED)), dt.date(2026, 1, 31))
    @example(said_on(("2025-08-01", Status.DELAYED), ("2026-01-20", Status.DELAYED)), dt.date(2026, 1, 31))
    @example(
        said_on(("2025-07-31", Status.ON_TRACK), ("2026-01-20", Status.DELAYED), ("2026-01-20", Status.ON_TRACK)),
        dt.date(2026, 1, 31),
    )
    def test_the_trend_is_what_the_lists_say(self, history: History, on: dt.date) -> None:
        history.save(self.milestone)
        seen = Milestone.objects.as_at(on).with_trend(on).get(pk=self.milestone.pk)

        assert seen.trend_on == history.trend(on)
        assert list(Trend)[seen.trend_order] == seen.trend_on
