"""The engine behind every kind of sheet: reads, checks, compares, and saves all rows or none.

A rehearsal is the real import in a transaction that is rolled back, so that the preview knows every rule that the
services know. Rows pass in chunks: memory stays flat and the number of queries grows with the chunks, not the rows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction

from core.sheets.columns import Column
from core.sheets.headings import ColumnsError
from core.sheets.mapping import AS_HEADED, ColumnMapping
from core.sheets.reading import SheetError, open_sheets
from core.sheets.report import Line, Report
from core.sheets.resources import CHUNK, Row, RowFault, Run, SheetResource, save_sound
from core.sheets.table import Table, find_table, too_long
from core.sheets.values import Fault, is_blank, written


def read_sheet(
    resource_class: type[SheetResource],
    file: BinaryIO,
    run: Run,
    *,
    write: bool,
    expected: str = "",
    mapping: ColumnMapping = AS_HEADED,
) -> Report:
    """Reads a file of a kind: a rehearsal, or with `write` the import, which saves all rows or, with one fault, none.
    With `expected`, the digest of a rehearsal's report, it saves only what that one announced. `mapping` says which
    column is which where the headings do not.

    The report's `written` says whether the rows are in the database. What cannot be read at all is in `refused`.
    """
    report = Report()
    resource = resource_class(run)
    try:
        sheets = open_sheets(file, run.source, max_mb=settings.SHEET_MAX_MB)
        table = find_table(sheets, resource.fields, resource.title, mapping)
        table.refuse_too_long(settings.SHEET_MAX_ROWS)
        _describe(report, table)
        with transaction.atomic():
            _Reading(resource, table, report).run()
            report.notices = resource.notices
            report.written = write and report.is_clean and expected in ("", report.digest())
            if not report.written:
                transaction.set_rollback(True)
    except ColumnsError as error:
        return Report(refused=str(error), headings=list(error.headings))
    except SheetError as error:
        # What was matched wrongly may be why nothing can be read below it, and is then what to change.
        return Report(refused=str(error), headings=report.headings if mapping else [])
    return report


def _describe(report: Report, table: Table) -> None:
    report.sheet, report.unknown, report.other_sheets = table.sheet.name, list(table.unknown), list(table.other_sheets)
    report.headings, report.origins = table.head.headings, table.origins


class _Reading:
    """One pass over a table's rows."""

    def __init__(self, resource: SheetResource, table: Table, report: Report) -> None:
        self.resource, self.table, self.report = resource, table, report
        self.columns: list[tuple[str, Column]] = [(name, resource.fields[name]) for name in table.names]
        self.seen: dict[tuple[Any, ...], int] = {}
        self.faulty: set[int] = set()
        self.pending: list[Line] = []

    def run(self) -> None:
        for rows in self._chunks():
            self.faulty = set()
            for row in rows:
                self._note_faults(row)
            sound = [row for row in rows if row.number not in self.faulty]
            self.resource.prepare(sound)
            (self._apply_keyed if self.resource.key else self._apply_added)(sound)
            for line in sorted(self.pending, key=lambda line: line.row):
                self.report.faults.add(line)
            self.pending.clear()
            self.report.faulty += len(self.faulty)
        if not self.report.rows:
            raise SheetError("The sheet has headings and no rows below them.")

    def _chunks(self) -> Iterator[list[Row]]:
        source = self.table.rows()
        while chunk := [self._read(number, cells) for number, cells in islice(source, CHUNK)]:
            self.report.rows += len(chunk)
            if self.report.rows > settings.SHEET_MAX_ROWS:
                raise SheetError(too_long(settings.SHEET_MAX_ROWS))
            yield chunk

    def _read(self, number: int, cells: Mapping[str, Any]) -> Row:
        """A row's cells as what they mean. Every cell that cannot be read is a fault of its own."""
        row = Row(number, {}, set())
        for name, column in self.columns:
            cell = cells[name]
            if is_blank(cell):
                row.values[name] = column.widget.blank
                row.blank.add(name)
                if not column.optional:
                    row.faults.append((name, "is missing"))
                continue
            if isinstance(cell, Fault):
                row.faults.append((name, f'"{cell.written}" {cell.says}' if cell.written else cell.says))
                continue
            try:
                row.values[name] = value = column.widget.clean(cell)
            except ValueError as error:
                row.faults.append((name, f'"{written(cell)}" {error}'))
                continue
            if value is None or value == "":
                row.blank.add(name)
                if not column.optional:
                    row.faults.append((name, "is missing"))
        return row

    def _note_faults(self, row: Row) -> None:
        faults = list(row.faults)
        if not faults:
            faults += self.resource.check(row)
        if self.resource.key and all(name in row.values for name in self.resource.key):
            key = self.resource.key_of(row)
            first = self.seen.setdefault(key, row.number)
            if first != row.number:
                name = self.resource.key[-1]
                faults.append((name, f'"{self._words(name, row.values[name])}" is in row {first} as well'))
        for name, message in faults:
            self._fault(row.number, name, message)

    def _fault(self, number: int, name: str, message: str) -> None:
        self.faulty.add(number)
        name = self.resource.renamed.get(name, name)
        column = self.resource.fields.get(name)
        self.pending.append(Line("fault", number, column.heading if column else "", "", message))

    # --- Keyed kinds ------------------------------------------------------------------------------------------------

    def _apply_keyed(self, rows: Sequence[Row]) -> None:
        keys = [self.resource.key_of(row) for row in rows]
        existing = self.resource.existing(keys) if keys else {}
        effects = {}
        for key, row in zip(keys, rows, strict=True):
            try:
                effects[row.number] = self._apply(row, key, existing.get(key))
            except ValidationError as error:
                self._service_faults(row, error)
        self._faults(rows, self.resource.finish())
        for number, lines in effects.items():
            if number not in self.faulty:
                self._count(lines)

    def _apply(self, row: Row, key: tuple[Any, ...], thing: Any) -> list[Line]:
        """Adds or changes what a row is about; returns what that does, nothing for a row that says nothing new."""
        if thing is None:
            self.resource.add(row)
            return [Line("new", row.number, "", "", self._about(row), self._key(key))]
        differences = self.resource.differences(thing, row)
        if differences:
            self.resource.change(thing, row, differences)
        return [self._change(row, key, each) for each in differences]

    def _count(self, lines: Sequence[Line]) -> None:
        self.report.unchanged += not lines
        self.report.new += bool(lines) and lines[0].what == "new"
        self.report.changed += bool(lines) and lines[0].what == "change"
        for line in lines:
            self.report.effects.add(line)

    def _key(self, key: tuple[Any, ...]) -> str:
        return ", ".join(map(str, key))

    def _about(self, row: Row) -> str:
        """The first text of a new row beyond its key: its title or name."""
        names = [
            name for name in self.resource.fields if name not in self.resource.key and isinstance(row.get(name), str)
        ]
        return str(row.get(names[0])) if names else ""

    def _change(self, row: Row, key: tuple[Any, ...], difference: Any) -> Line:
        was, now = (self._words(difference.name, value) for value in (difference.was, difference.now))
        return Line("change", row.number, self.resource.fields[difference.name].heading, was, now, self._key(key))

    def _words(self, name: str, value: Any) -> str:
        return self.resource.fields[name].words(value)

    def _service_faults(self, row: Row, error: ValidationError) -> None:
        errors = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, messages in errors.items():
            for message in messages:
                self._fault(row.number, name, self._quoted(row, name, message))

    def _quoted(self, row: Row, name: str, message: str) -> str:
        name = self.resource.renamed.get(name, name)
        if name not in row.values or name in row.blank:
            return message
        return f'"{written(self._words(name, row.values[name]))}": {message}'

    # --- Kinds that only add ----------------------------------------------------------------------------------------

    def _apply_added(self, rows: Sequence[Row]) -> None:
        taken, new, faults = save_sound([(row, row) for row in rows], self.resource.record)
        self._faults(rows, faults)
        self.report.new += new or 0
        self.report.unchanged += len(taken) - (new or 0)

    def _faults(self, rows: Sequence[Row], faults: Iterable[RowFault]) -> None:
        by_number = {row.number: row for row in rows}
        for number, name, message in faults:
            self._fault(number, name, self._quoted(by_number[number], name, message))
