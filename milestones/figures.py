"""The plan's monthly figures: how many milestones stand where, per priority area and for the whole plan."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth

from core.figures import Better, Definition, Unit, Value, count, share
from core.months import Month
from core.newest import added_since
from core.ratings import Colour
from milestones.models import (
    DueDateChange,
    Impact,
    Milestone,
    MilestoneChange,
    MilestoneUpdate,
    PriorityArea,
    Status,
    Trend,
)
from milestones.models.plan import is_due_between, is_exception, is_overdue, is_stale, is_without_return

# The code of the whole plan where figures are kept per area.
WHOLE = ""

# The tables that the figures are made of.
MADE_OF = (PriorityArea, Milestone, MilestoneUpdate, MilestoneChange, DueDateChange)
_LIST = "milestones:list"

_STATUS_BETTER = {
    Status.COMPLETED: Better.UP,
    Status.ON_TRACK: Better.NEITHER,
    Status.OFF_TRACK: Better.DOWN,
    Status.DELAYED: Better.DOWN,
    Status.NOT_STARTED: Better.DOWN,
}
_IMPACT_BETTER = {
    Impact.NOT_YET_EVIDENCED: Better.DOWN,
    Impact.NO_IMPACT: Better.DOWN,
    Impact.EMERGING: Better.NEITHER,
    Impact.EVIDENT: Better.UP,
    Impact.EMBEDDED: Better.UP,
}
_TREND_BETTER = {
    Trend.WORSENING: Better.DOWN,
    Trend.STALE: Better.DOWN,
    Trend.STEADY: Better.NEITHER,
    Trend.IMPROVING: Better.UP,
}

DEFINITIONS = (
    Definition(
        "milestones.total",
        "Milestones",
        Unit.COUNT,
        Better.NEITHER,
        "Milestones in the plan on the last day of the month: added by then and not withdrawn by then.",
        page=_LIST,
    ),
    *(
        Definition(
            f"milestones.{status}",
            status.label,
            Unit.COUNT,
            _STATUS_BETTER[status],
            f"Milestones whose latest update by the last day of the month says {status.label}."
            + (" A milestone without any update counts here." if status == Status.NOT_STARTED else ""),
            page=_LIST,
            filters={"status": status.value},
        )
        for status in Status
    ),
    Definition(
        "milestones.on_track_or_completed",
        "Completed or on track",
        Unit.PERCENT,
        Better.UP,
        "Milestones that are Completed or On track, as a share of all milestones in the plan.",
        page=_LIST,
        filters={"status": (Status.COMPLETED.value, Status.ON_TRACK.value)},
    ),
    Definition(
        "milestones.rag",
        "Overall rating",
        Unit.RATING,
        Better.NEITHER,
        "Blue: all milestones completed. Green: nearly all completed or on track, and none delayed. Red: too few "
        "completed or on track, or too many delayed. Amber: anything else. The key to ratings gives the limits.",
        page=_LIST,
    ),
    Definition(
        "milestones.overdue",
        "Overdue",
        Unit.COUNT,
        Better.DOWN,
        "Milestones not completed whose due date, as it was then, is before the last day of the month.",
        page=_LIST,
        filters={"due": "overdue"},
    ),
    Definition(
        "milestones.stale",
        "Without a recent update",
        Unit.COUNT,
        Better.DOWN,
        "Milestones not completed that had no update for longer than the key to ratings allows.",
        page=_LIST,
        filters={"stale": "true"},
    ),
    Definition(
        "milestones.due_next_month",
        "Due next month",
        Unit.COUNT,
        Better.NEITHER,
        "Milestones not completed whose due date falls in the following month.",
        page=_LIST,
        filters={"due": "next_month"},
    ),
    Definition(
        "milestones.no_return",
        "Without a return",
        Unit.COUNT,
        Better.DOWN,
        "Milestones not completed when the month began that have no update dated in the month.",
        page=_LIST,
        filters={"no_return": "{month}"},
    ),
    Definition(
        "milestones.exceptions",
        "Exceptions",
        Unit.COUNT,
        Better.DOWN,
        "Milestones that are Off track, Delayed, or Not started and past their due date.",
        page=_LIST,
        filters={"exceptions": "true"},
    ),
    *(
        Definition(
            f"milestones.impact.{impact}",
            f"Impact: {impact.label}",
            Unit.COUNT,
            _IMPACT_BETTER[impact],
            f"Milestones whose latest update by the last day of the month rates their impact {impact.label}."
            + (" A milestone without any update counts here." if impact == Impact.NOT_YET_EVIDENCED else ""),
            page=_LIST,
            filters={"impact": impact.value},
        )
        for impact in Impact
    ),
    *(
        Definition(
            f"milestones.trend.{trend}",
            f"Trend: {trend.label}",
            Unit.COUNT,
            _TREND_BETTER[trend],
            f"Milestones whose trend is {trend.label}. {trend.meaning}",
            page=_LIST,
            filters={"trend": trend.value},
        )
        for trend in Trend
    ),
    Definition(
        "milestones.baseline_due",
        "Due by the baseline",
        Unit.COUNT,
        Better.NEITHER,
        "Milestones in the plan that the plan first promised by the end of each month, added up month by month.",
        page=_LIST,
        breakdown="baseline_by",
    ),
    Definition(
        "milestones.due_date_changes",
        "Due dates moved",
        Unit.COUNT,
        Better.DOWN,
        "Times that a due date was moved during the month, for milestones in the plan on its last day.",
    ),
)


def plan_rag(*, total: int, completed: int, on_track: int, delayed: int) -> Colour | None:
    """The RAG of an area or of the plan, from its counts; None where nothing counts.

    Shares are compared as they are, not as they are printed: 89.96% is under 90%. Limits are in settings
    (RAG_GREEN_FROM, RAG_RED_BELOW, RAG_RED_DELAYED_FROM; percent) and on the key page.
    """
    if not total:
        return None
    if completed == total:
        return Colour.BLUE
    going_well = 100 * (completed + on_track)
    if delayed and 100 * delayed >= settings.RAG_RED_DELAYED_FROM * total:
        return Colour.RED
    if going_well < settings.RAG_RED_BELOW * total:
        return Colour.RED
    if not delayed and going_well >= settings.RAG_GREEN_FROM * total:
        return Colour.GREEN
    return Colour.AMBER


def compute(month: Month) -> list[Value]:
    """Every figure of a month, for each area and for the whole plan (area empty), zeros included.

    Reads rows dated on or before the month's last day, in a number of queries that does not depend on the plan.
    """
    on = month.last_day
    tally = _tally(month)
    areas = [WHOLE, *PriorityArea.objects.values_list("code", flat=True)]
    values = [value for area in areas for value in _values_of(area, tally)]
    values += _baseline_due(areas, Milestone.objects.counting_on(on))
    return values


def changed_since(at: dt.datetime) -> bool:
    """Whether anything these figures are made of was added after a moment: one query, however large the plan."""
    return added_since(MADE_OF, at)


def _tally(month: Month) -> Counter[tuple[str, str]]:
    """How many milestones each (code, area) counts.

    One query reads the plan once, whatever is counted: grouped by the ratings that exclude each other, and within a
    group counted by each condition. The lists filter by the same conditions.
    """
    on = month.last_day
    conditions = {
        "overdue": is_overdue(on),
        "stale": is_stale(on),
        "due_next_month": is_due_between(month.next.first_day, month.next.last_day),
        "no_return": is_without_return(),
        "exceptions": is_exception(on),
    }
    counted = Milestone.objects.counting_on(on)
    plan = counted.as_at(on).with_trend(on).with_return(month.first_day, on)
    groups = plan.order_by().values_list("area__code", "status_on", "impact_on", "trend_on")  # type: ignore[misc]
    # `in_` keeps the names apart from the model's fields.
    numbers = {f"in_{name}": Count("pk", filter=condition) for name, condition in conditions.items()}
    tally: Counter[tuple[str, str]] = Counter()
    for area, status, impact, trend, total, *subsets in groups.annotate(in_total=Count("pk"), **numbers):
        _add(tally, area, total, "total", status, f"impact.{impact}", f"trend.{trend}")
        for name, number in zip(conditions, subsets, strict=True):
            _add(tally, area, number, name)
    moves = DueDateChange.objects.filter(changed_on__range=(month.first_day, on), milestone__in=counted)
    for area, number in moves.order_by().values_list("milestone__area__code").annotate(number=Count("pk")):
        _add(tally, area, number, "due_date_changes")
    return tally


def _add(tally: Counter[tuple[str, str]], area: str, number: int, *names: str) -> None:
    for name in names:
        tally[f"milestones.{name}", area] += number
        tally[f"milestones.{name}", WHOLE] += number


def _values_of(area: str, tally: Counter[tuple[str, str]]) -> Iterator[Value]:
    for definition in DEFINITIONS:
        if definition.unit == Unit.COUNT and definition.code != "milestones.baseline_due":
            yield count(definition.code, tally[definition.code, area], area=area)
    total, completed, on_track, delayed = (
        tally[f"milestones.{name}", area] for name in ("total", "completed", "on_track", "delayed")
    )
    yield share("milestones.on_track_or_completed", completed + on_track, total, area=area)
    rag = plan_rag(total=total, completed=completed, on_track=on_track, delayed=delayed)
    yield Value("milestones.rag", None, area, rag=rag)


def _baseline_due(areas: list[str], plan: QuerySet[Milestone]) -> Iterator[Value]:
    """The burn-up's planned line: for each month from the first baseline month to the one the inspectors are
    expected in, how many milestones were first promised by its end."""
    due: Counter[tuple[str, Month]] = Counter()
    by_month = plan.order_by().annotate(due_in=TruncMonth("baseline_due_date")).values_list("area__code", "due_in")
    for area, first_day, number in by_month.annotate(number=Count("pk")):
        due[area, Month.of(first_day)] += number
        due[WHOLE, Month.of(first_day)] += number
    if not due:
        return
    months = list(min(month for _, month in due).until(Month.parse(settings.REVISIT_EXPECTED)))
    for area in areas:
        so_far = 0
        for month in months:
            so_far += due[area, month]
            yield count("milestones.baseline_due", so_far, area=area, breakdown=str(month))
