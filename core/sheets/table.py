"""Finds a kind's table in a file: the sheet, its heading row, and which column is which."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from openpyxl.utils import get_column_letter

from core.sheets.columns import Column
from core.sheets.headings import ColumnsError, Head, Known, find_head, worded_head
from core.sheets.mapping import AS_HEADED, ColumnMapping
from core.sheets.reading import Sheet, SheetError
from core.sheets.values import clean_text, is_blank


@dataclass(frozen=True)
class Table:
    """A sheet whose columns are known: `positions` says where each stands, the mapping which others are the same in
    every row or number the rows, `unknown` which headings are left out."""

    head: Head
    columns: Mapping[str, Column]
    positions: Mapping[str, int]
    mapping: ColumnMapping
    unknown: Sequence[str]
    other_sheets: Sequence[str]

    @property
    def sheet(self) -> Sheet:
        return self.head.sheet

    @property
    def names(self) -> list[str]:
        """Every column that the rows have, in the kind's order."""
        there = {*self.positions, *self.mapping.same, *self.mapping.numbered}
        return [name for name in self.columns if name in there]

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Each row below the headings that has a known cell: its number, and its cells by column name."""
        if not self.mapping.same and not self.mapping.numbered:
            yield from self._filled()
            return
        for place, (number, found) in enumerate(self._filled(), start=1):
            numbered = {name: self._numbered(prefix, place) for name, prefix in self.mapping.numbered.items()}
            yield number, {**found, **self.mapping.same, **numbered}

    def _filled(self) -> Iterator[tuple[int, dict[str, Any]]]:
        positions = list(self.positions.items())
        for number, cells in self.sheet.rows():
            if number <= self.head.number:
                continue
            count = len(cells)
            found = {name: cells[position] if position < count else None for name, position in positions}
            if not all(map(is_blank, found.values())):
                yield number, found

    def _numbered(self, prefix: str, place: int) -> str:
        return f"{prefix}{place:0{max(2, len(str(self._count)))}}"

    @cached_property
    def _count(self) -> int:
        """How many rows there are, for numbers of one length: read once more, and only where rows are numbered."""
        return sum(1 for _row in self._filled())

    def refuse_too_long(self, limit: int) -> None:
        """Before any work: refuses more rows than the limit. Counts only where the file could have as many."""
        if self.sheet.rows_at_most > limit and next(islice(self._filled(), limit, None), None):
            raise SheetError(too_long(limit))

    @property
    def origins(self) -> list[tuple[str, str]]:
        """(A column's heading, where its cells come from), for people; none where the headings spoke for themselves."""
        return [(self.columns[name].heading, self._origin(name)) for name in self.names] if self.mapping else []

    def _origin(self, name: str) -> str:
        if name in self.positions:
            return f"“{self.head.labels[self.positions[name]]}”"
        if name in self.mapping.same:
            return f"the same in every row: {self.mapping.same[name]}"
        prefix = self.mapping.numbered[name]
        return f"the rows’ numbers: {self._numbered(prefix, 1)} to {self._numbered(prefix, max(1, self._count))}"


def too_long(limit: int) -> str:
    return f"The sheet has more than {limit:,} rows. Split it into several files."


def find_table(
    sheets: Sequence[Sheet], columns: Mapping[str, Column], title: str, mapping: ColumnMapping = AS_HEADED
) -> Table:
    """The first sheet that has every required column, under any title rows. Raises ColumnsError: no heading row, a
    required column missing (all that are), two columns that could be the same one, or a mapping that does not fit."""
    required = [name for name, column in columns.items() if not column.optional]
    found = find_head(sheets, columns, required, mapping)
    if not mapping and (found is None or found[1].score == 0 or (found[1].score == 1 and len(required) > 2)):
        headings = ", ".join(columns[name].heading for name in required)
        head = worded_head(sheets)
        raise ColumnsError(
            f"No heading row found. {title} need at least these columns: {headings}.", head.headings if head else []
        )
    if found is None or not found[1].score:
        found = _unnamed(sheets, columns, mapping)
    head, known = found
    try:
        return _table(sheets, head, known, columns, mapping)
    except SheetError as error:
        raise ColumnsError(str(error), head.headings) from None


def _unnamed(sheets: Sequence[Sheet], columns: Mapping[str, Column], mapping: ColumnMapping) -> tuple[Head, Known]:
    """The heading row of a file that has none of what a mapping says, to say what it lacks."""
    head = worded_head(sheets)
    if head is None:
        raise SheetError("The sheet has no rows.")
    return head, head.knows(columns, mapping)


def _table(
    sheets: Sequence[Sheet], head: Head, known: Known, columns: Mapping[str, Column], mapping: ColumnMapping
) -> Table:
    _refuse_misfit(known, columns, mapping)
    required = [name for name, column in columns.items() if not column.optional]
    _refuse_missing([columns[name] for name in required if name not in {*known.places, *mapping.given}])
    positions = {name: _only(places, head.cells, columns[name]) for name, places in known.places.items()}
    if not positions:
        raise SheetError("No heading of the sheet is matched to a column. Match at least one.")
    unknown = [
        clean_text(cell)
        for place, cell in enumerate(head.cells)
        if place not in positions.values() and not is_blank(cell)
    ]
    others = [other.name for other in sheets if other is not head.sheet and other.rows_at_most > 1]
    ordered = {name: positions[name] for name in columns if name in positions}
    return Table(head, columns, ordered, mapping, [" ".join(heading.split()) for heading in unknown], others)


def _refuse_misfit(known: Known, columns: Mapping[str, Column], mapping: ColumnMapping) -> None:
    if clashes := mapping.clashes(columns):
        raise SheetError(" ".join(clashes.values()))
    if known.lacking:
        listed = " and ".join(f"“{heading}”" for heading in known.lacking)
        raise SheetError(f"The sheet has no heading {listed}. Match the columns to headings that it has.")


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
