"""The base of every kind of sheet: a django-import-export resource that declares columns and saves through services.

A new kind is a subclass with its columns and, for a keyed kind, `existing`, `add` and `change`; for a kind that only
ever adds (+), `record`. The engine (`core.sheets.importing`) reads, checks, compares, counts and reports.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, ClassVar, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from import_export.resources import Resource

from core.sheets.columns import Column
from core.sheets.values import clean_text
from core.sheets.widgets import CellWidget, PlainWidget

CHUNK = 1000


@dataclass
class Run:
    """One reading of one file: who brings it (None for the portal itself), when, and what the file is called."""

    by: Any
    at: dt.datetime
    on: dt.date
    source: str

    @property
    def reason(self) -> str:
        """What history rows say that a sheet made."""
        return f"Imported from {self.source}"


@dataclass
class Row:
    """One row of the sheet. `values` holds what its cells mean, by column name; columns that the sheet lacks are
    missing from it. `blank` names those whose cell is empty."""

    number: int
    values: dict[str, Any]
    blank: set[str]
    faults: list[tuple[str, str]] = field(default_factory=list)
    """(column name or empty, message)"""

    def get(self, name: str, default: Any = None) -> Any:
        """A cell's meaning; the default where the column is not there or the cell is empty."""
        return default if name in self.blank else self.values.get(name, default)


@dataclass(frozen=True)
class Difference:
    """One cell that differs from what the portal holds."""

    name: str
    was: Any
    now: Any


class SheetResource(Resource):
    """`kind` as the command takes it, `title` as people read it, `about` one sentence on what a row is. `key` names
    the columns that make a row known; kinds without a key only ever add."""

    kind: ClassVar[str] = ""
    title: ClassVar[str] = ""
    about: ClassVar[str] = ""
    key: ClassVar[tuple[str, ...]] = ()
    companions: ClassVar[tuple[str, ...]] = ()
    """Kinds that people often keep in the same file: after an import the page offers them for what it left out."""

    fields: Mapping[str, Column]

    def __init__(self, run: Run | None = None) -> None:
        super().__init__()
        self.run = run
        self.notices: list[str] = []
        """What else an import would make, for the preview: `New organisation: …`."""

    @classmethod
    def columns(cls) -> Mapping[str, Column]:
        return cls.fields

    @property
    def headings(self) -> list[str]:
        return [column.heading for column in self.fields.values()]

    @property
    def key_headings(self) -> str:
        """`Reference`, or `Survey and Question code`."""
        return " and ".join(self.fields[name].heading for name in self.key)

    # --- In: keyed kinds --------------------------------------------------------------------------------------------

    def key_of(self, row: Row) -> tuple[Any, ...]:
        return tuple(row.values[name] for name in self.key)

    def existing(self, keys: Sequence[tuple[Any, ...]]) -> Mapping[tuple[Any, ...], Any]:
        """The objects that have one of these keys, by key: one query or a fixed few, with all that comparing reads."""
        raise NotImplementedError

    def differences(self, thing: Any, row: Row) -> list[Difference]:
        """Cells that differ from the object, in the order of the columns. Text is compared as it would be read back."""
        found = []
        for name, column in self.fields.items():
            if name not in row.values or not column.attribute or (name in row.blank and column.blank_keeps):
                continue
            was, now = self.current(thing, column), row.values[name]
            if was != now:
                found.append(Difference(name, was, now))
        return found

    def current(self, thing: Any, column: Column) -> Any:
        value = getattr(thing, str(column.attribute))
        return clean_text(value) if isinstance(value, str) else value

    def add(self, row: Row) -> None:
        """Makes what a new row describes. May raise ValidationError, with the service's field names."""
        raise NotImplementedError

    def change(self, thing: Any, row: Row, differences: Sequence[Difference]) -> None:
        """Changes what a row differs in."""
        raise NotImplementedError

    # --- In: kinds that only add ------------------------------------------------------------------------------------

    def record(self, rows: Sequence[Row]) -> int:
        """Adds the rows that are not there yet and says how many. May raise as `save_sound` says."""
        raise NotImplementedError

    # --- In: both ---------------------------------------------------------------------------------------------------

    def check(self, row: Row) -> Iterable[tuple[str, str]]:
        """Faults that only several cells together show: (column name or empty, message)."""
        return ()

    def prepare(self, rows: Sequence[Row]) -> None:
        """Before a chunk's rows are applied: for what they need to have, set-based."""

    def finish(self) -> Iterable["RowFault"]:
        """After a chunk: what was gathered, set-based."""
        return ()

    # A service's argument that is no column's name, and the column that it came from.
    renamed: ClassVar[Mapping[str, str]] = {}

    # --- Out --------------------------------------------------------------------------------------------------------

    def export_queryset(self) -> QuerySet[Any]:
        """Everything of this kind, in the order that reads back in."""
        raise NotImplementedError

    def export_paths(self, queryset: QuerySet[Any]) -> list[str]:
        """Which look-up each column is read from; empty for a column that `export_extra` fills."""
        return [column.path for column in self.fields.values()]

    def export_rows(self, queryset: QuerySet[Any]) -> Iterator[list[Any]]:
        """The rows as cells, streamed."""
        paths = self.export_paths(queryset)
        asked = list(dict.fromkeys(["pk", *filter(None, paths)]))
        places = [asked.index(path) if path else 0 for path in paths]
        widgets = [column.widget for column in self.fields.values()]
        # Most cells are written as they are stored: only the others are touched.
        renders = [
            (place, widget.render) for place, widget in enumerate(widgets) if paths[place] and not _is_plain(widget)
        ]
        missing = [place for place, path in enumerate(paths) if not path]
        pick = itemgetter(*places)
        for chunk in _chunks(queryset.values_list(*asked).iterator(chunk_size=CHUNK)):
            extra = self.export_extra([row[0] for row in chunk]) if missing else {}
            for row in chunk:
                cells = list(pick(row))
                for place, render in renders:
                    cells[place] = render(cells[place])
                for place in missing:
                    cells[place] = extra.get(row[0], {}).get(place)
                yield cells

    def export_extra(self, ids: Sequence[Any]) -> Mapping[Any, Mapping[int, Any]]:
        """Cells that no look-up gives, by object and position of the column; for one chunk of rows."""
        return {}


def _is_plain(widget: CellWidget) -> bool:
    return type(widget).render is PlainWidget.render


T = TypeVar("T")
R = TypeVar("R")
RowFault = tuple[int, str, str]
"""Row number, column name (or empty), message."""


def save_sound(
    pairs: Sequence[tuple[Row, T]], service: Callable[[list[T]], R]
) -> tuple[list[Row], R | None, list[RowFault]]:
    """Hands a batch to a service that takes all of it or none, and once more without the rows that it refuses, so that
    one fault hides no other: (the rows it took, what it returned, the faults).

    The service raises ValidationErrors whose `params` hold `row` (position in the batch) and `field`.
    """
    faults: list[RowFault] = []
    while pairs:
        try:
            return [row for row, _item in pairs], service([item for _row, item in pairs]), faults
        except ValidationError as error:
            refused = set()
            for each in error.error_list:
                position = (each.params or {}).get("row", 0)
                refused.add(position)
                faults += [
                    (pairs[position][0].number, str((each.params or {}).get("field", "")), message)
                    for message in each.messages
                ]
            pairs = [pair for position, pair in enumerate(pairs) if position not in refused]
    return [], None, faults


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
