"""The register's figures against a recount by hand: risk by risk, in plain Python, over drawn registers."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import cycle
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import User
from core.figures import Unit, Value
from core.months import Month
from risks.figures import DEFINITIONS, compute
from risks.models import (
    STATUSES,
    Escalation,
    Level,
    MatrixChoice,
    Mitigation,
    MitigationKind,
    MitigationUpdate,
    Movement,
    Risk,
    RiskMatrix,
    RiskReview,
    RiskTarget,
    State,
    StateChange,
    TargetPoint,
)
from tests.factories import PriorityAreaFactory, UserFactory, shipped_matrix

AT = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
AREAS = ("PA1", "PA2", "AFI1")
# Two matrices of one size, and one of another.
MATRICES = ("five-by-five", "five-by-five-three-bands", "four-by-four")
SIZES = {"five-by-five": 5, "five-by-five-three-bands": 5, "four-by-four": 4}
# A common January, the leap day, and the months of the two clock changes.
MONTHS = [Month(2026, 1), Month(2024, 2), Month(2026, 3), Month(2025, 10)]


def edges(month: Month) -> list[dt.date]:
    """Few days, each at an edge of a rule: the month, the one before it, the next one. The month's last is drawn more
    often than others."""
    starts = [month.first_day, month.last_day, month.previous.first_day, month.next.last_day]
    return [start + dt.timedelta(days=days) for start in starts for days in (-1, 0, 1)] + [month.last_day] * 4


@st.composite
def drawn_pairs(draw: st.DrawFn) -> dict[str, Any]:
    matrix = draw(st.sampled_from(MATRICES))
    number = st.integers(1, SIZES[matrix])
    return {"matrix": matrix, "likelihood": draw(number), "impact": draw(number)}


@st.composite
def drawn_mitigations(draw: st.DrawFn, day: st.SearchStrategy[dt.date]) -> dict[str, Any]:
    kind = draw(st.sampled_from(MitigationKind))
    step = st.fixed_dictionaries(
        {"on": day, "status": st.sampled_from(STATUSES[kind]), "due": st.none() | day},
    )
    return {"kind": kind, "steps": sorted(draw(st.lists(step, min_size=1, max_size=3)), key=lambda step: step["on"])}


@st.composite
def drawn_registers(draw: st.DrawFn) -> tuple[Month, dict[str, Any]]:
    month = draw(st.sampled_from(MONTHS))
    day = st.sampled_from(edges(month))
    pair = drawn_pairs()
    review = st.fixed_dictionaries(
        {
            "on": day,
            "pair": pair,
            "next": day,
            # Which earlier review of the risk this one corrects, if any.
            "corrects": st.none() | st.integers(0, 3),
        }
    )
    target = st.fixed_dictionaries(
        {
            "on": day,
            "pair": pair,
            "taken_away": st.sampled_from([False, False, False, True]),
            "due": day | day | st.none(),
            "points": st.dictionaries(day, st.integers(1, 25), max_size=3),
        }
    )
    risk = st.fixed_dictionaries(
        {
            "opened": st.just(month.plus(-9).first_day) | day,
            "first_review": day,
            "level": st.sampled_from(Level),
            "areas": st.sets(st.sampled_from(AREAS)),
            "inherent": pair,
            "reviews": st.lists(review, max_size=4),
            "targets": st.lists(target, max_size=3),
            "moves": st.lists(day, max_size=3),
            "states": st.lists(day, max_size=3),
            "mitigations": st.lists(drawn_mitigations(day), max_size=3),
        }
    )
    choices = st.lists(st.tuples(day, st.sampled_from(MATRICES)), max_size=3)
    return month, {"choices": draw(choices), "risks": draw(st.lists(risk, min_size=1, max_size=10))}


# --- Written as rows ------------------------------------------------------------------------------------------------


def load(register: dict[str, Any]) -> None:
    """Writes a drawn register as rows, and writes back into it what became of it."""
    person, matrices = UserFactory(), matrices_by_code()
    areas = {code: PriorityAreaFactory(code=code, order=order) for order, code in enumerate(AREAS)}
    for used_from, code in register["choices"]:
        MatrixChoice.objects.create(matrix=matrices[code], used_from=used_from, created_at=AT)
    risks = [risk_of(drawn, number, person, matrices) for number, drawn in enumerate(register["risks"])]
    Risk.objects.bulk_create(risks)
    link = Risk.areas.through
    pairs = list(zip(risks, register["risks"], strict=True))
    link.objects.bulk_create(
        [link(risk=risk, priorityarea=areas[code]) for risk, drawn in pairs for code in drawn["areas"]]
    )
    reviews, targets, moves, states, mitigations = [], [], [], [], []
    for risk, drawn in pairs:
        not_before_it_was_opened(drawn)
        reviews += reviews_of(drawn, risk, person, matrices)
        targets += [target_of(each, risk, matrices) for each in drawn["targets"]]
        moves += moves_of(drawn, risk)
        states += states_of(drawn, risk)
        made = len(mitigations)
        mitigations += [
            mitigation_of(each, f"M-{made + n}", risk, person) for n, each in enumerate(drawn["mitigations"])
        ]
    # Numbered here in the order they were said, which decides between two of one day, and so that a correction can
    # name the row that it corrects before either is saved.
    for number, row in enumerate(reviews, start=1_000_000):
        row.pk = number
        row.supersedes = row.supersedes  # takes over the number that was given
    RiskReview.objects.bulk_create(reviews)
    RiskTarget.objects.bulk_create([target for target, _points in targets])
    TargetPoint.objects.bulk_create(
        [
            TargetPoint(target=target, due_on=due_on, score=score, created_at=AT)
            for target, points in targets
            for due_on, score in points.items()
        ]
    )
    Escalation.objects.bulk_create(moves)
    StateChange.objects.bulk_create(states)
    Mitigation.objects.bulk_create([mitigation for mitigation, _steps in mitigations])
    MitigationUpdate.objects.bulk_create(
        [
            MitigationUpdate(
                mitigation=mitigation,
                dated_on=step["on"],
                status=step["status"],
                due_date=step["due"],
                owner=person,
                created_at=AT,
            )
            for mitigation, steps in mitigations
            for step in steps
        ]
    )


def matrices_by_code() -> dict[str, RiskMatrix]:
    there = {code: shipped_matrix(code) for code in MATRICES[:2]}
    scale = {axis: [{"label": "Step", "definition": "A step."}] * 4 for axis in ("likelihood", "impact")}
    bands = [
        {"code": code, "name": code.title(), "lowest": lowest, "highest": highest, "colour": colour, "meaning": ""}
        for code, lowest, highest, colour in (("low", 1, 4, "green"), ("severe", 6, 16, "red"))
    ]
    small = RiskMatrix(code="four-by-four", name="4 × 4", size=4, scale=scale, bands=bands, created_at=AT)
    small.full_clean()
    small.save()
    return there | {small.code: small}


def not_before_it_was_opened(drawn: dict[str, Any]) -> None:
    opened = drawn["opened"]
    drawn["moves"], drawn["states"] = (sorted(max(day, opened) for day in drawn[name]) for name in ("moves", "states"))
    steps = [step for mitigation in drawn["mitigations"] for step in mitigation["steps"]]
    for row in (*drawn["reviews"], *drawn["targets"], *steps):
        row["on"] = max(row["on"], opened)


def pair_of(drawn: dict[str, Any], matrices: dict[str, RiskMatrix], prefix: str = "") -> dict[str, Any]:
    given = {**drawn, "matrix": matrices[drawn["matrix"]]}
    return {f"{prefix}{name}": value for name, value in given.items()}


def risk_of(drawn: dict[str, Any], number: int, person: User, matrices: dict[str, RiskMatrix]) -> Risk:
    # Today's state is left as it was when it was opened: figures go by the history.
    return Risk(
        reference=f"R-{number}",
        title="Something that could go wrong",
        level=drawn["level"],
        first_level=drawn["level"],
        owner=person,
        opened_on=drawn["opened"],
        first_review_by=drawn["first_review"],
        created_at=AT,
        **pair_of(drawn["inherent"], matrices),
        **pair_of(drawn["inherent"], matrices, "inherent_"),
    )


def reviews_of(
    drawn: dict[str, Any], risk: Risk, person: User, matrices: dict[str, RiskMatrix]
) -> Iterator[RiskReview]:
    """A review corrects the one it is drawn to correct; of two of one day the second corrects the first."""
    rows: list[RiskReview] = []
    for place, review in enumerate(drawn["reviews"]):
        standing = [earlier for earlier in range(place) if "dead" not in drawn["reviews"][earlier]]
        wrong = standing[review["corrects"] % len(standing)] if standing and review["corrects"] is not None else None
        same_day = [earlier for earlier in standing if drawn["reviews"][earlier]["on"] == review["on"]]
        wrong = same_day[0] if same_day else wrong
        if wrong is not None:
            drawn["reviews"][wrong]["dead"] = True
        review["next"] = max(review["next"], review["on"] + dt.timedelta(days=1))
        rows.append(
            RiskReview(
                risk=risk,
                reviewed_on=review["on"],
                next_review_on=review["next"],
                reviewer=person,
                supersedes=None if wrong is None else rows[wrong],
                correction_reason="" if wrong is None else "Typed wrongly.",
                created_at=AT,
                **pair_of(review["pair"], matrices),
            )
        )
        yield rows[-1]


def target_of(
    drawn: dict[str, Any], risk: Risk, matrices: dict[str, RiskMatrix]
) -> tuple[RiskTarget, dict[dt.date, int]]:
    """With its planned scores; a target with a date is its own last one."""
    pair, due = pair_of(drawn["pair"], matrices), drawn["due"]
    if drawn["taken_away"]:
        pair, due = {"matrix": pair["matrix"], "likelihood": None, "impact": None}, None
    points = {day: score for day, score in drawn["points"].items() if due and day < due}
    if due:
        points[due] = drawn["pair"]["likelihood"] * drawn["pair"]["impact"]
    drawn["points"] = points
    return RiskTarget(risk=risk, set_on=drawn["on"], due_on=due, created_at=AT, **pair), points


def moves_of(drawn: dict[str, Any], risk: Risk) -> Iterator[Escalation]:
    levels = cycle([drawn["level"], drawn["level"].other])
    level = next(levels)
    for moved_on in drawn["moves"]:
        was, level = level, next(levels)
        yield Escalation(risk=risk, moved_on=moved_on, from_level=was, to_level=level, reason="Agreed.", created_at=AT)


def states_of(drawn: dict[str, Any], risk: Risk) -> Iterator[StateChange]:
    for changed_on, state in zip(drawn["states"], cycle([State.CLOSED, State.OPEN]), strict=False):
        yield StateChange(risk=risk, changed_on=changed_on, state=state, reason="Agreed.", created_at=AT)


def mitigation_of(
    drawn: dict[str, Any], reference: str, risk: Risk, person: User
) -> tuple[Mitigation, list[dict[str, Any]]]:
    """Its first step comes with it. As with the risk, today's status is not what figures go by."""
    first = drawn["steps"][0]
    mitigation = Mitigation(
        reference=reference,
        risk=risk,
        kind=drawn["kind"],
        description="Something done",
        owner=person,
        status=first["status"],
        added_on=first["on"],
        created_at=AT,
    )
    return mitigation, drawn["steps"]


# --- By hand --------------------------------------------------------------------------------------------------------


def by(day: dt.date, rows: list[Any], key: str = "on") -> list[Any]:
    """The rows dated by a day, in the order in which they took effect: by date, and of one day as they came."""
    return sorted((row for row in rows if row[key] <= day), key=lambda row: row[key])


def score(pair: dict[str, Any]) -> int:
    return pair["likelihood"] * pair["impact"]


def standing_by_hand(drawn: dict[str, Any], on: dt.date) -> tuple[dict[str, Any], dt.date]:
    """The pair as it stood on a day, and when the next review was due."""
    reviews = by(on, [review for review in drawn["reviews"] if "dead" not in review])
    return (reviews[-1]["pair"], reviews[-1]["next"]) if reviews else (drawn["inherent"], drawn["first_review"])


def level_by_hand(drawn: dict[str, Any], on: dt.date) -> str:
    moves = sum(day <= on for day in drawn["moves"])
    return drawn["level"].other if moves % 2 else drawn["level"]


def is_open_by_hand(drawn: dict[str, Any], on: dt.date) -> bool:
    return drawn["opened"] <= on and sum(day <= on for day in drawn["states"]) % 2 == 0


def movement_by_hand(drawn: dict[str, Any], on: dt.date, before: dt.date) -> str:
    is_open, was_open = is_open_by_hand(drawn, on), is_open_by_hand(drawn, before)
    if not is_open:
        return "closed" if was_open or drawn["opened"] > before else ""
    if not was_open:
        return "new"
    (now, _), (then, _) = standing_by_hand(drawn, on), standing_by_hand(drawn, before)
    if SIZES[now["matrix"]] != SIZES[then["matrix"]]:
        return "rescored"
    return "up" if score(now) > score(then) else "down" if score(now) < score(then) else "same"


def planned_by_hand(drawn: dict[str, Any], on: dt.date, size: int) -> int | None:
    targets = by(on, drawn["targets"])
    if not targets or SIZES[targets[-1]["pair"]["matrix"]] != size:
        return None
    reached = [day for day in targets[-1]["points"] if day <= on]
    return targets[-1]["points"][max(reached)] if reached else None


def band_by_hand(pair: dict[str, Any]) -> str:
    """From the matrices' own words: the highest band that begins at the score or below."""
    begins = {
        "five-by-five": {"low": 1, "moderate": 4, "high": 8, "extreme": 15},
        "five-by-five-three-bands": {"low": 1, "medium": 9, "high": 15},
        "four-by-four": {"low": 1, "severe": 6},
    }[pair["matrix"]]
    return [code for code, lowest in begins.items() if score(pair) >= lowest][-1]


def in_use_by_hand(register: dict[str, Any], on: dt.date) -> str:
    chosen = sorted((choice for choice in register["choices"] if choice[0] <= on), key=lambda choice: choice[0])
    return chosen[-1][1] if chosen else "five-by-five"


def figures_by_hand(drawn: dict[str, Any], month: Month) -> Iterator[str]:
    """The figures that count a risk, straight from the words of the definitions."""
    on, before = month.last_day, month.previous.last_day
    if drawn["opened"] > on:
        return
    if movement := movement_by_hand(drawn, on, before):
        yield f"movement.{movement}"
    if not is_open_by_hand(drawn, on):
        return
    pair, _next = standing_by_hand(drawn, on)
    level = level_by_hand(drawn, on)
    yield "open"
    yield f"level.{level}"
    yield f"by_band/{band_by_hand(pair)}"
    if drawn["opened"] <= before and level != level_by_hand(drawn, before):
        yield "escalated" if level == "systemic" else "de_escalated"
    yield from conditions_by_hand(drawn, on)


def conditions_by_hand(drawn: dict[str, Any], on: dt.date) -> Iterator[str]:
    pair, next_review = standing_by_hand(drawn, on)
    planned = planned_by_hand(drawn, on, SIZES[pair["matrix"]])
    if planned is not None:
        yield "with_trajectory"
    if planned is not None and score(pair) > planned:
        yield "above_trajectory"
    if next_review < on:
        yield "review_overdue"
    steps = [(mitigation["kind"], by(on, mitigation["steps"])[-1:]) for mitigation in drawn["mitigations"]]
    if not any(step and step[0]["status"] != "stopped" for _kind, step in steps):
        yield "without_mitigation"
    if any(kind == "action" and step and is_late(step[0], on) for kind, step in steps):
        yield "action_overdue"


def is_late(step: dict[str, Any], on: dt.date) -> bool:
    return step["status"] in ("to_do", "under_way") and step["due"] is not None and step["due"] < on


def mean_by_hand(register: dict[str, Any], month: Month, area: str) -> Decimal | None:
    size = SIZES[in_use_by_hand(register, month.last_day)]
    scores = [
        score(pair)
        for drawn in register["risks"]
        if is_open_by_hand(drawn, month.last_day) and (not area or area in drawn["areas"])
        for pair, _next in [standing_by_hand(drawn, month.last_day)]
        if SIZES[pair["matrix"]] == size
    ]
    exact = Decimal(sum(scores)) / len(scores) if scores else None
    return exact and exact.quantize(Decimal("0.1"), ROUND_HALF_UP)


# --- Compared -------------------------------------------------------------------------------------------------------


def computed(month: Month, register: dict[str, Any]) -> list[Value]:
    with transaction.atomic():
        load(register)
        values = compute(month)
        transaction.set_rollback(True)
    return values


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(drawn=drawn_registers())
def test_compute_equals_counting_by_hand(drawn: tuple[Month, dict[str, Any]]) -> None:
    month, register = drawn

    values = computed(month, register)

    for area in ("", *AREAS):
        risks = [risk for risk in register["risks"] if not area or area in risk["areas"]]
        by_hand = Counter(f"risks.{name}" for risk in risks for name in figures_by_hand(risk, month))
        counts = {
            f"{value.code}/{value.breakdown}" if value.breakdown else value.code: value.value
            for value in values
            if value.area == area and value.code != "risks.mean_score"
        }
        assert {name: number for name, number in counts.items() if number} == by_hand, area
        [mean] = [value for value in values if value.area == area and value.code == "risks.mean_score"]
        assert mean.value == mean_by_hand(register, month, area)


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(drawn=drawn_registers())
def test_figures_add_up(drawn: tuple[Month, dict[str, Any]]) -> None:
    month, register = drawn

    values = computed(month, register)

    names = [(value.code, value.area, value.breakdown) for value in values]
    assert len(set(names)) == len(names)
    for area in ("", *AREAS):
        row = {value.code: int(value.value or 0) for value in values if value.area == area and not value.breakdown}
        assert row.keys() == {each.code for each in DEFINITIONS if not each.breakdown}
        bands = [value.value for value in values if value.area == area and value.code == "risks.by_band"]
        assert sum(bands) == row["risks.open"]
        assert sum(row[f"risks.level.{level}"] for level in Level) == row["risks.open"]
        moved = sum(row[f"risks.movement.{movement}"] for movement in Movement if movement != Movement.CLOSED)
        assert moved == row["risks.open"]
        assert row["risks.above_trajectory"] <= row["risks.with_trajectory"] <= row["risks.open"]
    counted = [each.code for each in DEFINITIONS if each.unit == Unit.COUNT and not each.breakdown]
    alone = [risk for risk in register["risks"] if len(risk["areas"]) == 1]
    if len(alone) == len(register["risks"]):
        for code in counted:
            of_areas = [value.value for value in values if value.code == code and value.area]
            [whole] = [value.value for value in values if value.code == code and not value.area]
            assert sum(of_areas) == whole
