import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from core.figures import Value
from core.months import Month
from core.ratings import Colour
from milestones import figures
from milestones.figures import DEFINITIONS, changed_since, compute, plan_rag
from milestones.models import (
    MilestoneChange,
    Status,
)
from tests.factories import (
    DueDateChangeFactory,
    MilestoneFactory,
    MilestoneUpdateFactory,
    PriorityAreaFactory,
)

JANUARY = Month(2026, 1)


def found(values: list[Value], area: str = "") -> dict[str, Any]:
    return {value.code: value.value for value in values if value.area == area and not value.breakdown}


# --- RAG ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "completed", "on_track", "delayed", "expected"),
    [
        pytest.param(0, 0, 0, 0, None, id="nothing counts"),
        pytest.param(1, 1, 0, 0, Colour.BLUE, id="all of one completed"),
        pytest.param(95, 95, 0, 0, Colour.BLUE, id="all completed"),
        pytest.param(100, 99, 1, 0, Colour.GREEN, id="one short of all completed"),
        pytest.param(100, 0, 100, 0, Colour.GREEN, id="all on track"),
        pytest.param(10, 4, 5, 0, Colour.GREEN, id="90% exactly, none delayed"),
        pytest.param(1000, 400, 499, 0, Colour.AMBER, id="89.9%"),
        pytest.param(10_000, 4000, 4996, 0, Colour.AMBER, id="89.96% is printed 90.0% and is not 90%"),
        pytest.param(100, 90, 9, 1, Colour.AMBER, id="99% and one delayed"),
        pytest.param(95, 40, 43, 1, Colour.AMBER, id="the plan of January 2026"),
        pytest.param(100, 30, 45, 0, Colour.AMBER, id="75% exactly"),
        pytest.param(1000, 300, 449, 0, Colour.RED, id="74.9%"),
        pytest.param(10_000, 3000, 4496, 0, Colour.RED, id="74.96% is printed 75.0% and is not 75%"),
        pytest.param(10, 5, 4, 1, Colour.RED, id="10% delayed exactly, though 90% go well"),
        pytest.param(1000, 500, 400, 99, Colour.AMBER, id="9.9% delayed"),
        pytest.param(1, 0, 0, 1, Colour.RED, id="the only one delayed"),
        pytest.param(1, 0, 0, 0, Colour.RED, id="the only one not started"),
    ],
)
def test_plan_rag(total: int, completed: int, on_track: int, delayed: int, expected: Colour | None) -> None:
    assert plan_rag(total=total, completed=completed, on_track=on_track, delayed=delayed) == expected


def test_plan_rag_says_what_the_rules_say_for_every_plan_of_up_to_forty() -> None:
    """The sentence of the key page, in the order it is written, over every split of every small plan."""

    def rules(total: int, completed: int, on_track: int, delayed: int) -> Colour:
        well, late = Decimal(completed + on_track) / total, Decimal(delayed) / total
        if completed == total:
            return Colour.BLUE
        if well >= Decimal("0.9") and not delayed:
            return Colour.GREEN
        if well < Decimal("0.75") or late >= Decimal("0.1"):
            return Colour.RED
        return Colour.AMBER

    for total, completed, on_track, delayed in product(range(1, 41), range(41), range(41), range(41)):
        if completed + on_track + delayed <= total:
            counts = {"total": total, "completed": completed, "on_track": on_track, "delayed": delayed}
            assert plan_rag(**counts) == rules(**counts), counts


def test_plan_rag_follows_the_settings(settings: Any) -> None:
    settings.RAG_GREEN_FROM, settings.RAG_RED_BELOW, settings.RAG_RED_DELAYED_FROM = 80, 50, 30

    assert plan_rag(total=10, completed=0, on_track=8, delayed=0) == Colour.GREEN
    assert plan_rag(total=10, completed=0, on_track=5, delayed=2) == Colour.AMBER
    assert plan_rag(total=10, completed=0, on_track=4, delayed=0) == Colour.RED


def test_plan_rag_without_a_delay_is_not_red_where_any_delay_would_be(settings: Any) -> None:
    settings.RAG_RED_DELAYED_FROM = 0

    assert plan_rag(total=10, completed=0, on_track=9, delayed=0) == Colour.GREEN
    assert plan_rag(total=1000, completed=0, on_track=999, delayed=1) == Colour.RED


# --- What is computed -----------------------------------------------------------------------------------------------


def test_definitions_say_what_they_are_once_each() -> None:
    codes = [definition.code for definition in DEFINITIONS]

    assert len(set(codes)) == len(codes)
    assert all(definition.title and definition.words.endswith(".") for definition in DEFINITIONS)


@pytest.mark.django_db
def test_compute_of_an_empty_plan_is_noughts_without_a_rating() -> None:
    values = compute(JANUARY)

    assert {value.code for value in values} == {definition.code for definition in DEFINITIONS} - {
        "milestones.baseline_due"
    }
    assert {value.value for value in values} == {0, None}
    assert not [value for value in values if value.rag]


@pytest.mark.django_db
def test_compute_gives_each_area_its_figures_also_without_milestones() -> None:
    PriorityAreaFactory(code="PA2", order=2)
    MilestoneUpdateFactory(milestone__area=PriorityAreaFactory(code="PA1"), status=Status.DELAYED)

    values = compute(JANUARY)

    assert found(values, "PA1")["milestones.delayed"] == 1
    assert found(values, "PA2")["milestones.delayed"] == 0
    rags = {value.area: value.rag for value in values if value.code == "milestones.rag"}
    assert rags == {"": Colour.RED, "PA1": Colour.RED, "PA2": None}


@pytest.mark.django_db
def test_compute_leaves_later_months_to_later_months() -> None:
    milestone = MilestoneFactory()
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 1, 31), status=Status.OFF_TRACK)
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 2, 1), status=Status.ON_TRACK)

    assert found(compute(JANUARY))["milestones.off_track"] == 1
    assert found(compute(JANUARY.next))["milestones.on_track"] == 1


@pytest.mark.django_db
def test_baseline_due_adds_up_month_by_month_to_the_revisit(settings: Any) -> None:
    settings.REVISIT_EXPECTED = "2026-04"
    for due in ("2025-12-31", "2026-02-01", "2026-02-28", "2026-12-31"):
        MilestoneFactory(baseline_due_date=dt.date.fromisoformat(due))

    line = {
        value.breakdown: int(value.value or 0)
        for value in compute(JANUARY)
        if value.code == "milestones.baseline_due" and not value.area
    }

    assert line == {"2025-12": 1, "2026-01": 1, "2026-02": 3, "2026-03": 3, "2026-04": 3}


@pytest.mark.django_db
def test_compute_asks_the_same_number_of_queries_of_any_plan(count_queries: Callable[..., int]) -> None:
    def grow(areas: int, milestones: int) -> None:
        for area in range(areas):
            code = f"PA{area}"
            for number in range(milestones):
                milestone = MilestoneFactory(area__code=code, reference=f"{code}-{areas}-{milestones}-{number}")
                MilestoneUpdateFactory(milestone=milestone, status=Status.OFF_TRACK)
                DueDateChangeFactory(milestone=milestone)

    grow(1, 2)
    small = count_queries(lambda: compute(JANUARY))
    grow(5, 25)

    assert count_queries(lambda: compute(JANUARY)) == small == 4


# --- Changed since --------------------------------------------------------------------------------------------------

THEN = dt.datetime(2026, 1, 20, 12, 0, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_changed_since_of_an_empty_plan_is_no() -> None:
    assert not changed_since(THEN)


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["milestone", "update", "due date", "change", "area"])
def test_changed_since_sees_every_kind_of_row(model: str, count_queries: Callable[..., int]) -> None:
    milestone = MilestoneFactory()
    later = THEN + dt.timedelta(minutes=1)
    assert not changed_since(THEN)

    match model:
        case "milestone":
            MilestoneFactory(created_at=later)
        case "update":
            MilestoneUpdateFactory(milestone=milestone, created_at=later, as_at=dt.date(2025, 6, 1))
        case "due date":
            DueDateChangeFactory(milestone=milestone, created_at=later)
        case "change":
            MilestoneChange.objects.create(
                milestone=milestone, changed_on=later.date(), field="title", created_at=later
            )
        case "area":
            PriorityAreaFactory(code="AFI1", created_at=later)

    assert changed_since(THEN)
    assert not changed_since(later + dt.timedelta(minutes=1))
    assert count_queries(lambda: changed_since(THEN)) == 1


@pytest.mark.django_db
def test_changed_since_counts_a_save_that_was_under_way() -> None:
    """Its row says when it began; it may have been committed after the figures were read."""
    MilestoneUpdateFactory(created_at=THEN - dt.timedelta(milliseconds=200))

    assert changed_since(THEN)


def test_every_figure_that_lists_milestones_can_be_opened() -> None:
    """The one count without a list is of moves of due dates: a milestone may have moved twice."""
    without = {definition.code for definition in figures.DEFINITIONS if not definition.page}

    assert without == {"milestones.due_date_changes"}
