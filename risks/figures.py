"""The register's monthly figures: how many risks stand where, per priority area and for the whole register.

A risk may bear on several areas and counts in each of them, so areas can add up to more than the register has.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from core.figures import Better, Definition, Unit, Value, count
from core.months import Month
from core.newest import added_since
from milestones.models import PriorityArea
from risks.models import (
    Escalation,
    Level,
    LevelMove,
    MatrixBook,
    MatrixChoice,
    Mitigation,
    MitigationUpdate,
    Movement,
    Risk,
    RiskChange,
    RiskMatrix,
    RiskReview,
    RiskTarget,
    State,
    StateChange,
)

# The code of the whole register where figures are kept per area.
WHOLE = ""
MADE_OF = (
    RiskMatrix,
    MatrixChoice,
    Risk,
    RiskReview,
    RiskTarget,
    Escalation,
    StateChange,
    RiskChange,
    Mitigation,
    MitigationUpdate,
    PriorityArea,
)
_LIST = "risks:list"
_MOVEMENT_BETTER = {Movement.UP: Better.DOWN, Movement.DOWN: Better.UP}

DEFINITIONS = (
    Definition(
        "risks.open",
        "Open risks",
        Unit.COUNT,
        Better.NEITHER,
        "Risks in the register on the last day of the month: opened by then and not closed by then.",
        page=_LIST,
    ),
    *(
        Definition(
            f"risks.level.{level}",
            f"{level.label} risks",
            Unit.COUNT,
            Better.NEITHER,
            f"Open risks that are with the {level.board} on the last day of the month.",
            page=_LIST,
            filters={"level": level.value},
        )
        for level in Level
    ),
    Definition(
        "risks.by_band",
        "Open risks by band",
        Unit.COUNT,
        Better.NEITHER,
        "Open risks whose score on the last day of the month is in the band, on the matrix it was scored on. A risk "
        "without any review stands at its inherent score.",
        page=_LIST,
        breakdown="band",
    ),
    Definition(
        "risks.mean_score",
        "Mean score",
        Unit.MEAN,
        Better.DOWN,
        "The scores of open risks on the last day of the month, added up and divided by how many there are. Risks "
        "last scored on a matrix of another size than the one in use are left out.",
        page=_LIST,
    ),
    *(
        Definition(
            f"risks.movement.{movement}",
            f"Movement: {movement.label}",
            Unit.COUNT,
            _MOVEMENT_BETTER.get(movement, Better.NEITHER),
            f"Risks whose movement since the end of the month before is {movement.label}. {movement.meaning}",
            page=_LIST,
            filters={"movement": movement.value},
        )
        for movement in Movement
    ),
    *(
        Definition(
            f"risks.{move}",
            move.label,
            Unit.COUNT,
            Better.NEITHER,
            f"Open risks that are with the {board} and were with the other board at the end of the month before.",
            page=_LIST,
            filters={"movement": move.value},
        )
        for move, board in (
            (LevelMove.ESCALATED, Level.SYSTEMIC.board),
            (LevelMove.DE_ESCALATED, Level.OPERATIONAL.board),
        )
    ),
    Definition(
        "risks.with_trajectory",
        "With a planned score",
        Unit.COUNT,
        Better.UP,
        "Open risks whose trajectory says what they should score on the last day of the month.",
        page=_LIST,
        filters={"planned": "true"},
    ),
    Definition(
        "risks.above_trajectory",
        "Above trajectory",
        Unit.COUNT,
        Better.DOWN,
        "Open risks whose score is higher than the last planned score that their trajectory should have reached by "
        "the last day of the month.",
        page=_LIST,
        filters={"above": "true"},
    ),
    Definition(
        "risks.without_mitigation",
        "Without mitigation",
        Unit.COUNT,
        Better.DOWN,
        "Open risks without any control or action that stands. Every risk must have at least one.",
        page=_LIST,
        filters={"unmitigated": "true"},
    ),
    Definition(
        "risks.review_overdue",
        "Review overdue",
        Unit.COUNT,
        Better.DOWN,
        "Open risks whose next review was due before the last day of the month.",
        page=_LIST,
        filters={"review": "overdue"},
    ),
    Definition(
        "risks.action_overdue",
        "With an overdue action",
        Unit.COUNT,
        Better.DOWN,
        "Open risks with at least one action that was due before the last day of the month and is not done.",
        page=_LIST,
        filters={"late_action": "true"},
    ),
)


@dataclass(frozen=True)
class Standing:
    """One risk as at the month's end, in the order of `_FIELDS`."""

    pk: int
    state: str
    level: str
    score: int
    matrix: int
    size: int
    movement: str
    level_move: str
    planned: int | None
    mitigated: bool
    next_review_on: dt.date


_FIELDS = (
    "pk",
    "state_on",
    "level_on",
    "score_on",
    "matrix_on",
    "size_on",
    "movement_on",
    "level_move_on",
    "planned_on",
    "mitigated_on",
    "next_review_on",
)


def compute(month: Month) -> list[Value]:
    """Every figure of a month, for each area and for the whole register (area empty), zeros included.

    Reads rows dated on or before the month's last day: the register once, whatever is counted.
    """
    on = month.last_day
    book = MatrixBook.read()
    in_use = RiskMatrix.objects.in_use(on)
    register = Risk.objects.in_register(on).as_at(on).with_movement(on).order_by()
    risks = [Standing(*row) for row in register.values_list(*_FIELDS)]
    late = set(Mitigation.objects.as_at(on).overdue(on).order_by().values_list("risk", flat=True))
    tally: Counter[tuple[str, str]] = Counter()
    areas_of = _areas_of()
    for risk in risks:
        names = [*_names(risk, on, book, has_late_action=risk.pk in late)]
        points = {"sum": risk.score, "base": 1} if risk.state == State.OPEN and risk.size == in_use.size else {}
        for area in (WHOLE, *areas_of[risk.pk]):
            tally.update((name, area) for name in names)
            tally.update({(name, area): number for name, number in points.items()})
    bands = _bands(in_use, tally)
    areas = [WHOLE, *PriorityArea.objects.values_list("code", flat=True)]
    return [value for area in areas for value in _values_of(area, bands, tally)]


def changed_since(at: dt.datetime) -> bool:
    """Whether anything these figures are made of was added after a moment: one query, however large the register."""
    return added_since(MADE_OF, at)


def _areas_of() -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    links = Risk.areas.through.objects.order_by().values_list("risk", "priorityarea__code")
    for risk_id, code in links:
        found[risk_id].append(code)
    return found


def _names(risk: Standing, on: dt.date, book: MatrixBook, *, has_late_action: bool) -> Iterator[str]:
    """The figures that count a risk."""
    if risk.movement:
        yield f"risks.movement.{risk.movement}"
    if risk.state != State.OPEN:
        return
    yield "risks.open"
    yield f"risks.level.{risk.level}"
    yield f"risks.by_band/{book.band(risk.matrix, risk.score).code}"
    if risk.level_move:
        yield f"risks.{risk.level_move}"
    yield from _conditions(risk, on, has_late_action=has_late_action)


def _conditions(risk: Standing, on: dt.date, *, has_late_action: bool) -> Iterator[str]:
    """As the list filters: `RiskQuerySet.above_trajectory` and its neighbours."""
    if risk.planned is not None:
        yield "risks.with_trajectory"
        if risk.score > risk.planned:
            yield "risks.above_trajectory"
    if not risk.mitigated:
        yield "risks.without_mitigation"
    if risk.next_review_on < on:
        yield "risks.review_overdue"
    if has_late_action:
        yield "risks.action_overdue"


def _bands(in_use: RiskMatrix, tally: Iterable[tuple[str, str]]) -> list[str]:
    """The bands of the matrix in use, and those that scores on other matrices are in."""
    there = {name.partition("/")[2] for name, _area in tally if name.startswith("risks.by_band/")}
    codes = [band.code for band in in_use.band_list]
    return codes + sorted(there - set(codes))


def _values_of(area: str, bands: Iterable[str], tally: Counter[tuple[str, str]]) -> Iterator[Value]:
    for definition in DEFINITIONS:
        if definition.unit == Unit.COUNT and not definition.breakdown:
            yield count(definition.code, tally[definition.code, area], area=area)
    for band in bands:
        yield count("risks.by_band", tally[f"risks.by_band/{band}", area], area=area, breakdown=band)
    total, base = tally["sum", area], tally["base", area]
    mean = (Decimal(total) / base).quantize(Decimal("0.1"), ROUND_HALF_UP) if base else None
    yield Value("risks.mean_score", mean, area, numerator=total, denominator=base)
