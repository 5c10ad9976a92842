"""Where a sheet's heading row is, what its headings are called, and which of them the portal knows."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from openpyxl.utils import get_column_letter

from core.sheets.columns import Column
from core.sheets.mapping import AS_HEADED, ColumnMapping, label_key, label_of
from core.sheets.reading import Sheet, SheetError
from core.sheets.values import heading_key, is_blank, parse_date, parse_number, written

# How far down the heading row may be.
TITLE_ROWS = 50
# Of how many rows below it at least the samples are taken, and how many of each column.
SAMPLED_ROWS = 10
SAMPLES = 3


@dataclass(frozen=True)
class Heading:
    """One column of a file as its people know it: its heading, and the first different cells below it."""

    label: str
    samples: Sequence[str]


@dataclass(frozen=True)
class Head:
    """A sheet's heading row, with the first rows below it."""

    sheet: Sheet
    number: int
    cells: Sequence[Any]
    below: Sequence[Sequence[Any]]

    @cached_property
    def labels(self) -> dict[int, str]:
        """What each place is called. Of headings that are the same each has its column's letter behind it; so has a
        column without a heading, which merged cells leave, if anything stands below it."""
        width = max(map(len, (self.cells, *self.below)))
        texts = [label_of(self.cells[place]) if place < len(self.cells) else "" for place in range(width)]
        often = Counter(map(label_key, filter(None, texts)))
        labels = {}
        for place, text in enumerate(texts):
            if text and often[label_key(text)] == 1:
                labels[place] = text
            elif text or self.samples(place):
                labels[place] = f"{text or 'No heading'} (column {get_column_letter(place + 1)})"
        return labels

    def samples(self, place: int) -> list[str]:
        cells = (row[place] for row in self.below if place < len(row) and not is_blank(row[place]))
        return list(islice(dict.fromkeys(map(written, cells)), SAMPLES))

    @property
    def headings(self) -> list[Heading]:
        return [Heading(label, self.samples(place)) for place, label in self.labels.items()]

    def knows(self, columns: Mapping[str, Column], mapping: ColumnMapping) -> "Known":
        """Where each column stands: where the mapping says, else by what the headings say themselves."""
        said = self._said(mapping)
        places = {name: [said[heading]] for heading, name in mapping.matched.items() if heading in said}
        taken = set(said.values())
        for name, found in named(self.cells, columns).items():
            rest = [place for place in found if place not in taken]
            if rest and name not in mapping.given:
                places[name] = rest
        return Known(places, [heading for heading in mapping.matched if heading not in said], len(said))

    def _said(self, mapping: ColumnMapping) -> dict[str, int]:
        """Where the headings are that a mapping mentions; without those that are not here."""
        if not mapping.headings:
            return {}
        by_key = {label_key(label): place for place, label in self.labels.items()}
        keys = {heading: label_key(heading) for heading in mapping.headings}
        return {heading: by_key[key] for heading, key in keys.items() if key in by_key}


@dataclass(frozen=True)
class Known:
    """Which columns a heading row has (several places where several headings could be one), which of the headings that
    a mapping matches it lacks, and how many of all it mentions are there."""

    places: Mapping[str, Sequence[int]]
    lacking: Sequence[str]
    said: int

    @property
    def score(self) -> int:
        return len(self.places) + self.said

    def has_all(self, required: Sequence[str], mapping: ColumnMapping) -> bool:
        """Whether no other sheet could have more of what is looked for."""
        return self.said == len(mapping.headings) and {*self.places, *mapping.given} >= set(required)


class ColumnsError(SheetError):
    """A sheet whose columns the portal cannot tell. `headings` are those it has, for the page that asks which is
    which."""

    def __init__(self, message: str, headings: Sequence[Heading]) -> None:
        super().__init__(message)
        self.headings = headings


def find_head(
    sheets: Sequence[Sheet], columns: Mapping[str, Column], required: Sequence[str], mapping: ColumnMapping = AS_HEADED
) -> tuple[Head, Known] | None:
    """The heading row of the first sheet that has everything, else the row that has the most; None where no row of
    any sheet names a column."""
    best: tuple[Head, Known] | None = None
    for sheet in sheets:
        rows = ((head, head.knows(columns, mapping)) for head in _candidates(sheet))
        found = max(rows, key=lambda row: row[1].score, default=None)
        if found and found[1].has_all(required, mapping):
            return found
        if found and found[1].score > (best[1].score if best else 0):
            best = found
    return best


def worded_head(sheets: Sequence[Sheet]) -> Head | None:
    """For a file whose headings say nothing to the portal: the row with the most words, the first of several."""
    rows = (head for sheet in sheets for head in _candidates(sheet))
    return max(rows, key=lambda head: sum(map(_is_word, head.cells)), default=None)


def _candidates(sheet: Sheet) -> Iterator[Head]:
    filled = ((number, list(cells)) for number, cells in sheet.rows() if not all(map(is_blank, cells)))
    rows = list(islice(filled, TITLE_ROWS + SAMPLED_ROWS))
    for position, (number, cells) in enumerate(rows[:TITLE_ROWS]):
        yield Head(sheet, number, cells, [below for _number, below in rows[position + 1 :]])


def _is_word(cell: Any) -> bool:
    """Text that is no number and no date: CSV has nothing but text."""
    return (
        isinstance(cell, str)
        and not is_blank(cell)
        and not any(_reads(read, cell) for read in (parse_number, parse_date))
    )


def _reads(read: Any, cell: str) -> bool:
    try:
        read(cell)
    except ValueError:
        return False
    return True


def named(cells: Sequence[Any], columns: Mapping[str, Column]) -> dict[str, list[int]]:
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


def suggested(
    labels: Sequence[str], columns: Mapping[str, Column], earlier: Sequence[ColumnMapping] = ()
) -> ColumnMapping:
    """How a sheet with these headings is probably matched: as the first of earlier mappings that fits it, and for
    headings which that does not mention, or where none fits, as the portal recognises them. What could be two columns'
    is left for people to say."""
    base = next((mapping for mapping in earlier if mapping.fits(labels)), AS_HEADED)
    said = {label_key(heading): name for heading, name in base.headings.items()}
    own = {places[0]: name for name, places in named(labels, columns).items() if len(places) == 1}
    headings = {}
    for place, label in enumerate(labels):
        recognised = own.get(place, "")
        headings[label] = said.get(label_key(label), "" if recognised in base.given else recognised)
    return ColumnMapping(
        {label: name if name in columns else "" for label, name in headings.items()},
        {name: text for name, text in base.same.items() if name in columns},
        {name: prefix for name, prefix in base.numbered.items() if name in columns},
    )
