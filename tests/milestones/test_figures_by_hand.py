"""The plan's figures against a recount by hand: milestone by milestone, in plain Python, over drawn plans."""

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import User
from core.figures import percent
from core.months import Month
from milestones.figures import DEFINITIONS, compute, plan_rag
from milestones.models import STATUS_RANK, DueDateChange, Impact, Milestone, MilestoneUpdate, Status, Trend
from tests.factories import PriorityAreaFactory, UserFactory
from tests.milestones.test_figures import JANUARY, found

AREAS = ("PA1", "PA2", "AFI1")

# A common January, the leap day, and the months of the two clock changes.
MONTHS = [JANUARY, Month(2024, 2), Month(2026, 3), Month(2025, 10)]


def edges(month: Month) -> list[dt.date]:
    """Few days, each at an edge of some rule: the month, the next one, the 35 days, the six months."""
    on, half_a_year_ago = month.last_day, month.plus(-6).last_day
    starts = [month.first_day, on, month.next.last_day, half_a_year_ago, on - dt.timedelta(days=35)]
    return [start + dt.timedelta(days=days) for start in starts for days in (-1, 0, 1)]


@st.composite
def drawn_plans(draw: st.DrawFn) -> tuple[Month, list[dict[str, Any]]]:
    month = draw(st.sampled_from(MONTHS))
    day = st.sampled_from(edges(month))
    update = st.fixed_dictionaries(
        {
            "as_at": day,
            "status": st.sampled_from(Status.values),
            "impact": st.sampled_from(Impact.values),
            # Which earlier row of the milestone this one corrects, if any.
            "corrects": st.none() | st.integers(0, 3),
        }
    )
    milestone = st.fixed_dictionaries(
        {
            "area": st.sampled_from(AREAS),
            "added_on": st.just(month.plus(-9).first_day) | day,
            "withdrawn_on": st.none() | day,
            "baseline": day,
            "updates": st.lists(update, max_size=4),
            "moves": st.lists(st.tuples(day, day), max_size=2),
        }
    )
    return month, draw(st.lists(milestone, min_size=1, max_size=15))


def load(plan: list[dict[str, Any]]) -> None:
    """Writes a drawn plan as rows, and writes back into it what became of it."""
    at = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
    person = UserFactory()
    areas = {code: PriorityAreaFactory(code=code, order=order) for order, code in enumerate(AREAS)}
    milestones, moved, said = [], [], []
    for number, drawn in enumerate(plan):
        if drawn["withdrawn_on"] and drawn["withdrawn_on"] < drawn["added_on"]:
            drawn["withdrawn_on"] = None
        milestones.append(
            Milestone(
                reference=f"M-{number}",
                area=areas[drawn["area"]],
                title="Deliverable",
                responsible_officer=person,
                sro=person,
                baseline_due_date=drawn["baseline"],
                due_date=drawn["baseline"],
                added_on=drawn["added_on"],
                withdrawn_on=drawn["withdrawn_on"],
                withdrawn_reason="Merged." if drawn["withdrawn_on"] else "",
                created_at=at,
            )
        )
        moved += moves_of(drawn, milestones[-1], person, at)
        said += updates_of(drawn, milestones[-1], person, at)
    Milestone.objects.bulk_create(milestones)
    DueDateChange.objects.bulk_create(moved)
    # Numbered here in the order they were said, which decides between two of one day, and so that a correction can
    # name the row that it corrects before either is saved.
    for number, row in enumerate(said, start=1_000_000):
        row.pk = number
        row.supersedes = row.supersedes  # takes over the number that was given
    MilestoneUpdate.objects.bulk_create(said)


def moves_of(drawn: dict[str, Any], milestone: Milestone, person: User, at: dt.datetime) -> list[DueDateChange]:
    due, moves = drawn["baseline"], []
    for changed_on, to_date in sorted(drawn["moves"]):
        if to_date != due:
            moves.append((changed_on, due, to_date))
            due = to_date
    drawn["moves"], milestone.due_date = moves, due
    return [
        DueDateChange(
            milestone=milestone,
            changed_on=changed_on,
            from_date=from_date,
            to_date=to_date,
            reason="More time.",
            approved_by=person,
            created_at=at,
        )
        for changed_on, from_date, to_date in moves
    ]


def updates_of(drawn: dict[str, Any], milestone: Milestone, person: User, at: dt.datetime) -> list[MilestoneUpdate]:
    rows: list[MilestoneUpdate] = []
    for place, update in enumerate(drawn["updates"]):
        standing = [earlier for earlier in range(place) if "dead" not in drawn["updates"][earlier]]
        wrong = standing[update["corrects"] % len(standing)] if standing and update["corrects"] is not None else None
        if wrong is not None:
            drawn["updates"][wrong]["dead"] = True
        rows.append(
            MilestoneUpdate(
                milestone=milestone,
                as_at=update["as_at"],
                status=update["status"],
                impact=update["impact"],
                completed_on=update["as_at"] if update["status"] == Status.COMPLETED else None,
                supersedes=None if wrong is None else rows[wrong],
                correction_reason="" if wrong is None else "Typed wrongly.",
                author=person,
                created_at=at,
            )
        )
    return rows


def counted_by_hand(plan: list[dict[str, Any]], month: Month) -> dict[tuple[str, str], int]:
    """What each (code, area) counts, milestone by milestone, straight from the words of the definitions."""
    on = month.last_day
    numbers: dict[tuple[str, str], int] = {}

    def add(area: str, name: str, number: int = 1) -> None:
        for place in (area, ""):
            numbers[f"milestones.{name}", place] = numbers.get((f"milestones.{name}", place), 0) + number

    for drawn in plan:
        if drawn["added_on"] > on or (drawn["withdrawn_on"] and drawn["withdrawn_on"] <= on):
            continue
        alive = [(row["as_at"], place, row) for place, row in enumerate(drawn["updates"]) if "dead" not in row]
        history = [row for _, _, row in sorted(alive, key=lambda item: item[:2]) if row["as_at"] <= on]
        status = history[-1]["status"] if history else "not_started"
        impact = history[-1]["impact"] if history else "not_yet_evidenced"
        due = due_by_hand(drawn, on)
        done = status == "completed"
        area = drawn["area"]
        add(area, "total")
        add(area, status)
        add(area, f"impact.{impact}")
        last_word = history[-1]["as_at"] if history else drawn["added_on"]
        stale = not done and (on - last_word).days > 35
        add(area, "stale", int(stale))
        add(area, "overdue", int(not done and due < on))
        add(area, "due_next_month", int(not done and Month.of(due) == month.next))
        add(area, "exceptions", int(status in ("off_track", "delayed") or (status == "not_started" and due < on)))
        before = [row for row in history if row["as_at"] < month.first_day]
        returned = any(Month.of(row["as_at"]) == month for row in history)
        owes = not (before and before[-1]["status"] == "completed")
        add(area, "no_return", int(owes and not returned))
        add(area, f"trend.{trend_by_hand(history, status, on, stale=stale)}")
        add(area, "due_date_changes", sum(Month.of(changed_on) == month for changed_on, _, _ in drawn["moves"]))
        add(area, f"baseline {drawn['baseline'].year}-{drawn['baseline'].month:02d}")
    return numbers


def due_by_hand(drawn: dict[str, Any], on: dt.date) -> dt.date:
    due = drawn["baseline"]
    for changed_on, _, to_date in drawn["moves"]:
        if changed_on <= on:
            due = to_date
    return due


def trend_by_hand(history: list[dict[str, Any]], status: str, on: dt.date, *, stale: bool) -> str:
    """Walks the history forwards and remembers the last change of status."""
    if stale:
        return "stale"
    standing, changed_on, was = "not_started", None, "not_started"
    for row in history:
        if row["status"] != standing or changed_on is None:
            changed_on, was, standing = row["as_at"], standing, row["status"]
    since = Month.of(on).plus(-6).last_day
    if changed_on is None or changed_on <= since or STATUS_RANK[Status(status)] == STATUS_RANK[Status(was)]:
        return "steady"
    return "improving" if STATUS_RANK[Status(status)] > STATUS_RANK[Status(was)] else "worsening"


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(drawn=drawn_plans())
def test_compute_equals_counting_by_hand(drawn: tuple[Month, list[dict[str, Any]]]) -> None:
    month, plan = drawn
    with transaction.atomic():
        load(plan)
        values = compute(month)
        transaction.set_rollback(True)
    by_hand = counted_by_hand(plan, month)

    for area in ("", *AREAS):
        figures_found = found(values, area)
        for definition in DEFINITIONS:
            code = definition.code
            if code in ("milestones.on_track_or_completed", "milestones.rag", "milestones.baseline_due"):
                continue
            assert figures_found[code] == by_hand.get((code, area), 0), (code, area)
        number = {name: by_hand.get((f"milestones.{name}", area), 0) for name in ("total", *Status.values)}
        well = number["completed"] + number["on_track"]
        assert figures_found["milestones.on_track_or_completed"] == percent(well, number["total"])
        [rag] = [value.rag for value in values if value.code == "milestones.rag" and value.area == area]
        assert rag == plan_rag(
            total=number["total"],
            completed=number["completed"],
            on_track=number["on_track"],
            delayed=number["delayed"],
        )
        line = {v.breakdown: v.value for v in values if v.code == "milestones.baseline_due" and v.area == area}
        for last, number_due in line.items():
            due = sum(
                n
                for (code, place), n in by_hand.items()
                if place == area and "baseline " in code and code.removeprefix("milestones.baseline ") <= last
            )
            assert number_due == due


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(drawn=drawn_plans())
def test_figures_add_up(drawn: tuple[Month, list[dict[str, Any]]]) -> None:
    month, plan = drawn
    with transaction.atomic():
        load(plan)
        values = compute(month)
        transaction.set_rollback(True)

    for area in ("", *AREAS):
        row = found(values, area)
        total = row["milestones.total"]
        assert sum(row[f"milestones.{status}"] for status in Status) == total
        assert sum(row[f"milestones.impact.{impact}"] for impact in Impact) == total
        assert sum(row[f"milestones.trend.{trend}"] for trend in Trend) == total
        assert row["milestones.trend.stale"] == row["milestones.stale"]
    for code in found(values):
        if code not in ("milestones.on_track_or_completed", "milestones.rag"):
            assert sum(found(values, area)[code] for area in AREAS) == found(values)[code]
