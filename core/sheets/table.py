"""Finds a kind's table in a file: the sheet, its heading row, and which column is which."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from openpyxl.utils import get_column_letter

from core.sheets.columns import Column
from core.sheets.reading import Sheet, SheetError
from core.sheets.values import clean_text, heading_key, is_blank

# How far down the heading row may be.
TITLE_ROWS = 50


@dataclass(frozen=True)
class Table:
    """A sheet whose headings are known: `positions` says where each column is, `unknown` which are left out."""

    sheet: Sheet
    heading_row: int
    positions: Mapping[str, int]
    unknown: Sequence[str]
    other_sheets: Sequence[str]

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Each row below the headings that has a known cell: its number, and its cells by column name."""
        positions = list(self.positions.items())
        for number, cells in self.sheet.rows():
            if number <= self.heading_row:
                continue
            count = len(cells)
            found = {name: cells[position] if position < count else None for name, position in positions}
            if not all(map(is_blank, found.values())):
                yield number, found

    def refuse_too_long(self, limit: int) -> None:
        """Before any work: refuses more rows than the limit. Counts only where the file could have as many."""
        if self.sheet.rows_at_most > limit and next(islice(self.rows(), limit, None), None):
            raise SheetError(too_long(limit))


def too_long(limit: int) -> str:
    return f"The sheet has more than {limit:,} rows. Split it into several files."


def find_table(sheets: Sequence[Sheet], columns: Mapping[str, Column], title: str) -> Table:
    """The first sheet that has every required column, under any title rows. Raises SheetError: no heading row, a
    required column missing (all that are), or two columns that could be the same one."""
    required = [name for name, column in columns.items() if not column.optional]
    best: tuple[int, Sheet, int, list[Any]] | None = None
    for sheet in sheets:
        score, number, cells = _heading_row(sheet, columns)
        if best is None or score > best[0]:
            best = (score, sheet, number, cells)
        if set(required) <= set(_named(cells, columns)):
            best = (score, sheet, number, cells)
            break
    if best is None or best[0] == 0 or (best[0] == 1 and len(required) > 2):
        headings = ", ".join(columns[name].heading for name in required)
        raise SheetError(f"No heading row found. {title} need at least these columns: {headings}.")
    _score, sheet, number, cells = best
    named = _named(cells, columns)
    _refuse_missing([columns[name] for name in required if name not in named])
    positions = {name: _only(places, cells, columns[name]) for name, places in named.items()}
    unknown = [
        clean_text(cell) for place, cell in enumerate(cells) if place not in positions.values() and not is_blank(cell)
    ]
    others = [other.name for other in sheets if other is not sheet and other.rows_at_most > 1]
    ordered = {name: positions[name] for name in columns if name in positions}
    return Table(sheet, number, ordered, [" ".join(heading.split()) for heading in unknown], others)


def _heading_row(sheet: Sheet, columns: Mapping[str, Column]) -> tuple[int, int, list[Any]]:
    """The row among the first that names the most columns: (how many, its number, its cells)."""
    best: tuple[int, int, list[Any]] = (0, 0, [])
    filled = ((number, cells) for number, cells in sheet.rows() if not all(map(is_blank, cells)))
    for number, cells in islice(filled, TITLE_ROWS):
        score = len(_named(cells, columns))
        if score > best[0]:
            best = (score, number, list(cells))
    return best


def _named(cells: Sequence[Any], columns: Mapping[str, Column]) -> dict[str, list[int]]:
    """Where each column's heading stands. A column's own heading counts before what else it is called."""
    names: dict[str, str] = {}
    for name, column in columns.items():
        for key in column.keys[1:]:
            names.setdefault(key, name)
    names |= {column.keys[0]: name for name, column in columns.items()}
    found: dict[str, list[int]] = defaultdict(list)
    for place, cell in enumerate(cells):
        if isinstance(cell, str) and (name := names.get(heading_key(cell))):
            found[name].append(place)
    return dict(found)


def _only(places: Sequence[int], cells: Sequence[Any], column: Column) -> int:
    if len(places) == 1:
        return places[0]
    listed = " and ".join(f"“{clean_text(cells[place])}” (column {get_column_letter(place + 1)})" for place in places)
    raise SheetError(f"{listed} could each be {column.heading}. Rename or remove all but one.")


def _refuse_missing(columns: Sequence[Column]) -> None:
    if not columns:
        return
    listed = [f"“{column.heading}”{_also(column)}" for column in columns]
    them = "it, or correct its heading" if len(listed) == 1 else "them, or correct their headings"
    raise SheetError(f"The sheet has no column {', '.join(listed)}. Add {them}.")


def _also(column: Column) -> str:
    return f" (also read: {', '.join(column.also)})" if column.also else ""
