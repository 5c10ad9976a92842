"""Figures: every number the board sees, with what it counts, its base and the rows behind it.

Each app's `figures.py` declares its `DEFINITIONS` and a `compute(month)` that reads rows dated on or before the
month's last day and returns `Value`s. The board stores them; pages, API, sheets and packs read the stored ones.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from core.months import Month
from core.ratings import Colour


class Unit(StrEnum):
    COUNT = "count"
    PERCENT = "percent"
    MEAN = "mean"
    RATING = "rating"


class Better(StrEnum):
    """Which way is good. NEITHER is a volume: it gets no RAG and its change no praise."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


@dataclass(frozen=True)
class Definition:
    """What one figure is.

    `words` says what is counted, in a sentence a parent could read. `page` is the URL name of the list of rows
    behind the figure and `filters` the query that narrows that list to them (a tuple for several values of one
    parameter; `{month}` stands for the figure's month); the area and the as-at date are added when the link is made.
    `breakdown` names the filter that a value's breakdown fills, where there is one.
    """

    code: str
    title: str
    unit: Unit
    better: Better
    words: str
    page: str = ""
    filters: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    breakdown: str = ""


@dataclass(frozen=True)
class Value:
    """One figure of one month. `area` and `breakdown` are empty where the figure is for the whole plan.

    A percentage has its numerator and denominator; `value` is then 100 × numerator ÷ denominator, to one decimal,
    and None where the denominator is zero. A count has its count as `value`. A mean is numerator ÷ denominator,
    to one decimal. A rating has its colour in `rag`.
    """

    code: str
    value: Decimal | None
    area: str = ""
    breakdown: str = ""
    numerator: int | None = None
    denominator: int | None = None
    rag: Colour | None = None


def count(code: str, number: int, *, area: str = "", breakdown: str = "", rag: Colour | None = None) -> Value:
    return Value(code, Decimal(number), area, breakdown, rag=rag)


def share(code: str, numerator: int, denominator: int, *, area: str = "", rag: Colour | None = None) -> Value:
    """A percentage that carries its base."""
    value = percent(numerator, denominator)
    return Value(code, value, area, numerator=numerator, denominator=denominator, rag=rag)


def percent(numerator: int, denominator: int) -> Decimal | None:
    """100 × numerator ÷ denominator to one decimal place, half up as people round; None without a base.

    >>> percent(83, 95)
    Decimal('87.4')
    """
    if not denominator:
        return None
    return (Decimal(100 * numerator) / Decimal(denominator)).quantize(Decimal("0.1"), ROUND_HALF_UP)


@dataclass(frozen=True)
class Section:
    """One app's figures: what the board's rollup computes in one task and stores in one transaction.

    `changed_since(at)` says whether anything that the figures are made of was added after a moment.
    """

    name: str
    definitions: tuple[Definition, ...]
    compute: Callable[[Month], list[Value]]
    changed_since: Callable[[dt.datetime], bool]
