"""The stored figures, read: every page, API response, sheet and pack takes its numbers from here.

Nothing is computed here except a figure's change since another month. `board.services` stores what the apps'
`figures.py` compute.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from django.utils.http import urlencode

from board.models import Figure
from core.figures import Definition, Section, Unit
from core.months import Month
from core.ratings import Colour
from milestones import figures as milestones
from risks import figures as risks

# One line for each app that has figures.
SECTIONS = (
    Section("milestones", milestones.DEFINITIONS, milestones.compute, milestones.changed_since),
    Section("risks", risks.DEFINITIONS, risks.compute, risks.changed_since),
)


def _definitions(sections: Iterable[Section]) -> dict[str, Definition]:
    found: dict[str, Definition] = {}
    for section in sections:
        for definition in section.definitions:
            if definition.code in found:
                raise ImproperlyConfigured(f"Two figures are called {definition.code}. Rename one.")
            found[definition.code] = definition
    return found


ALL_DEFINITIONS = _definitions(SECTIONS)


def definition(code: str) -> Definition:
    """What a figure is. Raises KeyError for a code that no app declares."""
    return ALL_DEFINITIONS[code]


def section_named(name: str) -> Section:
    """Raises KeyError for a section that is not there."""
    return {section.name: section for section in SECTIONS}[name]


def changed_since(at: dt.datetime) -> bool:
    """Whether anything that figures are made of was added after a moment."""
    return any(section.changed_since(at) for section in SECTIONS)


@dataclass(frozen=True, slots=True)
class StoredFigure:
    """One stored figure with, where it was asked for, the same figure of an earlier month."""

    month: Month
    code: str
    area: str
    breakdown: str
    value: Decimal | None
    numerator: int | None
    denominator: int | None
    rag: str
    previous: "StoredFigure | None" = None

    @property
    def definition(self) -> Definition:
        return ALL_DEFINITIONS[self.code]

    @property
    def colour(self) -> Colour | None:
        return Colour(self.rag) if self.rag else None

    @property
    def number(self) -> int | Decimal | None:
        """The value as it is printed: a count as a whole number, a percentage or a mean to one decimal."""
        return self._printed(self.value)

    @property
    def change(self) -> int | Decimal | None:
        """How much more than in the earlier month (percentage points for a share); None where either is missing."""
        if self.value is None or self.previous is None or self.previous.value is None:
            return None
        return self._printed(self.value - self.previous.value)

    def _printed(self, value: Decimal | None) -> int | Decimal | None:
        if value is None:
            return None
        return value.quantize(Decimal("0.1")) if self.definition.unit in (Unit.PERCENT, Unit.MEAN) else int(value)

    @property
    def url(self) -> str:
        return rows_url(self)


Key = tuple[str, str, str]


class MonthFigures(Mapping[Key, StoredFigure]):
    """The figures of one month by (code, area, breakdown); area and breakdown are empty for the whole plan."""

    def __init__(self, month: Month, figures: Mapping[Key, StoredFigure]) -> None:
        self.month = month
        self._figures = figures

    def __getitem__(self, key: Key) -> StoredFigure:
        return self._figures[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._figures)

    def __len__(self) -> int:
        return len(self._figures)

    def figure(self, code: str, area: str = "", breakdown: str = "") -> StoredFigure | None:
        """One figure, or None where the month has none of this code."""
        return self._figures.get((code, area, breakdown))

    def number(self, code: str, area: str = "") -> int | Decimal | None:
        figure = self.figure(code, area)
        return figure.number if figure else None

    def broken_down(self, code: str, area: str = "") -> list[StoredFigure]:
        """The figures of a code that has breakdowns, in the order of their breakdown."""
        found = [row for row in self.values() if row.code == code and row.area == area and row.breakdown]
        return sorted(found, key=lambda row: row.breakdown)


def figures_of(
    month: Month, *, previous: Month | None = None, codes: Sequence[str] | None = None, area: str | None = None
) -> MonthFigures:
    """The stored figures of a month, each with that of the month `previous`, in one query. Empty where the month
    was never computed. `codes` and `area` ask for fewer."""
    months = [month, previous] if previous else [month]
    by_month = _read(months, codes, area)
    earlier = by_month.get(previous, {}) if previous else {}
    return MonthFigures(month, {key: _with(row, earlier.get(key)) for key, row in by_month.get(month, {}).items()})


def series(
    codes: Sequence[str], months: Iterable[Month], *, area: str = ""
) -> dict[str, list[tuple[Month, StoredFigure | None]]]:
    """Each code's figure in each of the months, in one query; None where a month was not computed."""
    months = list(months)
    by_month = _read(months, codes, area)
    return {code: [(month, by_month.get(month, {}).get((code, area, ""))) for month in months] for code in codes}


def rows_url(figure: StoredFigure) -> str:
    """The address of the list of rows that a figure counts, as at its month; empty where no list shows them."""
    definition = figure.definition
    if not definition.page:
        return ""
    query: dict[str, Any] = {
        name: value.replace("{month}", str(figure.month)) if isinstance(value, str) else value
        for name, value in definition.filters.items()
    }
    if definition.breakdown and figure.breakdown:
        query[definition.breakdown] = figure.breakdown
    if figure.area:
        query["area"] = figure.area
    query["as_at"] = figure.month.last_day.isoformat()
    return f"{reverse(definition.page)}?{urlencode(query, doseq=True)}"


def _read(
    months: Sequence[Month], codes: Sequence[str] | None, area: str | None
) -> dict[Month, dict[Key, StoredFigure]]:
    rows = Figure.objects.filter(month__month__in=[str(month) for month in months])
    if codes is not None:
        rows = rows.filter(code__in=codes)
    if area is not None:
        rows = rows.filter(area=area)
    asked = {str(month): month for month in months}
    found: dict[Month, dict[Key, StoredFigure]] = {}
    columns = ("month__month", "code", "area", "breakdown", "value", "numerator", "denominator", "rag")
    for name, *row in rows.order_by().values_list(*columns):
        figure = StoredFigure(asked[name], *row)
        found.setdefault(figure.month, {})[figure.code, figure.area, figure.breakdown] = figure
    return found


def _with(figure: StoredFigure, previous: StoredFigure | None) -> StoredFigure:
    if previous is None:
        return figure
    return StoredFigure(
        figure.month,
        figure.code,
        figure.area,
        figure.breakdown,
        figure.value,
        figure.numerator,
        figure.denominator,
        figure.rag,
        previous,
    )
