"""How the plan stands in a month: the stored figures and the rows behind them, arranged for the dashboard.

Reads only. What a page shows of a month is made here once and then kept (see `dashboard.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db.models import Case, SmallIntegerField, Value, When
from django.utils.safestring import SafeString

from board import charts
from board.figures import StoredFigure, definition, figures_of, series
from board.models import ReportingMonth
from board.views.changes import change_words
from board.views.risk_panel import RiskPanel
from core.charts import Chart, Segment, bar, swatch
from core.months import Month
from core.ratings import Colour
from milestones.models import (
    STATUS_RANK,
    Impact,
    Milestone,
    MilestoneDependency,
    MilestoneQuerySet,
    MilestoneUpdate,
    PriorityArea,
    Status,
    Trend,
)

TREND_MONTHS = 12
# Longer lists show their beginning and link to the rest, so that a page is the same size whatever the plan's.
EXCEPTIONS_SHOWN = 25
ROWS_SHOWN = 8
STATUS_CODES = {status: f"milestones.{status}" for status in Status}
IMPACT_CODES = {impact: f"milestones.impact.{impact}" for impact in Impact}
WATCHED = (
    "milestones.exceptions",
    "milestones.overdue",
    "milestones.no_return",
    "milestones.stale",
    "milestones.trend.worsening",
    "milestones.due_date_changes",
    "milestones.due_next_month",
)


@dataclass(frozen=True)
class Part:
    """One rating's number: in a tile, in a bar's key, or in a cell."""

    label: str
    colour: Colour
    figure: StoredFigure | None

    @property
    def number(self) -> int:
        return int(self.figure.value) if self.figure and self.figure.value is not None else 0

    @property
    def swatch(self) -> SafeString:
        return swatch(self.colour)

    @property
    def change(self) -> str:
        return change_words(self.figure)


@dataclass(frozen=True)
class Clause:
    """A part of the sentence on what does not go well: a linked number and what follows it."""

    figure: StoredFigure
    words: str


@dataclass(frozen=True)
class AreaStanding:
    """How one priority area stands: its rating, its share that goes well and its bar."""

    area: PriorityArea
    rag: Colour | None
    share: StoredFigure | None
    total: StoredFigure | None
    parts: Sequence[Part]
    bar: SafeString


@dataclass(frozen=True)
class WatchRow:
    """One thing to look at: the whole plan's number and each area's."""

    title: str
    words: str
    plan: StoredFigure | None
    areas: Sequence[StoredFigure | None]


@dataclass(frozen=True)
class ExceptionRow:
    milestone: Milestone
    update: MilestoneUpdate | None
    trend: str


class Standing:
    """The plan as at the end of a month."""

    def __init__(self, row: ReportingMonth, *, has_previous: bool, is_latest: bool) -> None:
        self.row = row
        self.month = row.period
        self.on = self.month.last_day
        self.is_latest = is_latest
        self.previous = self.month.previous if has_previous else None
        self.figures = figures_of(self.month, previous=self.previous)
        self.risks = RiskPanel(self.month, self.figures, previous=self.previous)

    def figure(self, name: str, area: str = "") -> StoredFigure | None:
        return self.figures.figure(f"milestones.{name}", area)

    @cached_property
    def areas(self) -> list[PriorityArea]:
        return list(PriorityArea.objects.all())

    # --- The sentence -----------------------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        return int(self.figures.number("milestones.total") or 0)

    @property
    def going_well(self) -> StoredFigure | None:
        return self.figure("on_track_or_completed")

    @property
    def going_well_change(self) -> str:
        """`2 more than in December`; with its base where the plan's size changed; empty for a first month."""
        now = self.going_well
        before = now.previous if now else None
        if now is None or before is None or now.numerator is None or before.numerator is None:
            return ""
        then = before.month.label.split()[0]
        if before.denominator != now.denominator:
            return f"{before.numerator} of {before.denominator} in {then}"
        difference = now.numerator - before.numerator
        if not difference:
            return f"the same as in {then}"
        return f"{abs(difference)} {'more' if difference > 0 else 'fewer'} than in {then}"

    @property
    def not_well(self) -> list[Clause]:
        """What needs the board's eye, worst first: the statuses that any milestone is in."""
        worst_first = {
            "delayed": ("is delayed", "are delayed"),
            "off_track": ("is off track", "are off track"),
            "not_started": ("has not started", "have not started"),
        }
        clauses = []
        for name, (of_one, of_many) in worst_first.items():
            figure = self.figure(name)
            if figure and figure.value:
                clauses.append(Clause(figure, of_one if figure.value == 1 else of_many))
        return clauses

    @property
    def rag(self) -> Colour | None:
        figure = self.figure("rag")
        return figure.colour if figure else None

    @property
    def rag_reason(self) -> str:
        """Why the plan has its rating, by the rule that decided it."""
        share = self.going_well
        if not self.rag or share is None:
            return ""
        delayed = self.figures.number("milestones.delayed") or 0
        return {
            Colour.BLUE: "every milestone is completed",
            Colour.GREEN: f"at least {settings.RAG_GREEN_FROM}% are completed or on track and none is delayed",
            Colour.RED: (
                f"fewer than {settings.RAG_RED_BELOW}% are completed or on track"
                if 100 * (share.numerator or 0) < settings.RAG_RED_BELOW * (share.denominator or 0)
                else f"at least {settings.RAG_RED_DELAYED_FROM}% are delayed"
            ),
            Colour.AMBER: (
                f"green needs {settings.RAG_GREEN_FROM}% completed or on track"
                + (" and none delayed" if delayed else "")
            ),
        }[self.rag]

    # --- Numbers ----------------------------------------------------------------------------------------------------

    @cached_property
    def statuses(self) -> list[Part]:
        return self._parts(STATUS_CODES)

    @property
    def total_tile(self) -> Part:
        return Part("In the plan", Colour.GREY, self.figure("total"))

    @cached_property
    def impact(self) -> list[Part]:
        return self._parts(IMPACT_CODES)

    @cached_property
    def impact_bar(self) -> SafeString:
        return _bar(self.impact, name="impact", title="Impact of all milestones")

    @cached_property
    def area_standings(self) -> list[AreaStanding]:
        return [self._area(area) for area in self.areas]

    @cached_property
    def watch(self) -> list[WatchRow]:
        rows = []
        for code in WATCHED:
            what = definition(code)
            of_areas = [self.figures.figure(code, area.code) for area in self.areas]
            rows.append(WatchRow(what.title.removeprefix("Trend: "), what.words, self.figures.figure(code), of_areas))
        return rows

    def _parts(self, codes: dict, area: str = "") -> list[Part]:
        return [Part(rating.label, rating.colour, self.figures.figure(code, area)) for rating, code in codes.items()]

    def _area(self, area: PriorityArea) -> AreaStanding:
        parts = self._parts(STATUS_CODES, area.code)
        rag = self.figure("rag", area.code)
        return AreaStanding(
            area=area,
            rag=rag.colour if rag else None,
            share=self.figure("on_track_or_completed", area.code),
            total=self.figure("total", area.code),
            parts=parts,
            bar=_bar(parts, name=f"area-{area.code.lower()}", title=f"{area.code} {area.title}"),
        )

    # --- Charts -----------------------------------------------------------------------------------------------------

    @cached_property
    def trend_chart(self) -> Chart | None:
        months = list(self.month.plus(1 - TREND_MONTHS).until(self.month))
        read = series(list(STATUS_CODES.values()), months)
        return charts.trend({status: read[code] for status, code in STATUS_CODES.items()})

    @cached_property
    def burn_up_chart(self) -> Chart | None:
        planned = {Month.parse(row.breakdown): row for row in self.figures.broken_down("milestones.baseline_due")}
        first = min([*planned, self.month.plus(1 - TREND_MONTHS)])
        completed = series(["milestones.completed"], first.until(self.month))["milestones.completed"]
        revisit = Month.parse(settings.REVISIT_EXPECTED)
        return charts.burn_up(completed=completed, baseline=planned, revisit=revisit, now=self.month)

    # --- Rows -------------------------------------------------------------------------------------------------------

    @property
    def plan(self) -> MilestoneQuerySet:
        """The milestones that count, as at the month's last day."""
        plan = Milestone.objects.counting_on(self.on).as_at(self.on)
        return plan.select_related("area", "responsible_officer")

    @cached_property
    def exceptions(self) -> list[ExceptionRow]:
        """The worst first, and of equals what was due first."""
        gravity = Case(
            When(status_on=Status.DELAYED, then=Value(0)),
            When(status_on=Status.OFF_TRACK, then=Value(1)),
            default=Value(2),
            output_field=SmallIntegerField(),
        )
        rows = list(self.plan.exceptions(self.on).order_by(gravity, "due_on", "reference")[:EXCEPTIONS_SHOWN])
        updates = MilestoneUpdate.objects.in_bulk([row.update_on for row in rows if row.update_on])
        trends = dict(
            Milestone.objects.filter(pk__in=[row.pk for row in rows])
            .as_at(self.on)
            .with_trend(self.on)
            .values_list("pk", "trend_on")
        )
        return [ExceptionRow(row, updates.get(row.update_on), trends[row.pk]) for row in rows]

    @property
    def exceptions_figure(self) -> StoredFigure | None:
        return self.figure("exceptions")

    @property
    def due_next_figure(self) -> StoredFigure | None:
        return self.figure("due_next_month")

    @property
    def worsening_figure(self) -> StoredFigure | None:
        return self.figure("trend.worsening")

    @cached_property
    def due_next(self) -> list[Milestone]:
        following = self.month.next
        due = self.plan.due_between(following.first_day, following.last_day)
        return list(due.order_by("due_on", "reference")[:ROWS_SHOWN])

    @cached_property
    def worsening(self) -> list[Milestone]:
        """With `was`, the status that a milestone fell from."""
        fell = self.plan.with_trend(self.on).filter(trend_on=Trend.WORSENING)
        rows = list(fell.order_by("rank_on", "due_on", "reference")[:ROWS_SHOWN])
        by_rank = {rank: status for status, rank in STATUS_RANK.items()}
        for row in rows:
            row.was = by_rank[row.rank_before].label
        return rows

    @cached_property
    def slipping(self) -> list[MilestoneDependency]:
        """Blockers that will finish after what waits for them. Known of today only, so shown for the latest month."""
        if not self.is_latest:
            return []
        late = MilestoneDependency.objects.slipping().select_related("blocker", "dependent")
        return list(late.order_by("dependent__due_date", "pk")[:ROWS_SHOWN])


def _bar(parts: Sequence[Part], *, name: str, title: str) -> SafeString:
    segments = [Segment(part.label, part.number, part.colour, part.figure.url if part.figure else "") for part in parts]
    return bar(segments, name=f"bar-{name}", title=title)
