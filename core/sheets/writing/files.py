"""Rows into a file, as a stream: CSV line by line, workbooks through openpyxl's write-only mode."""

import csv
import datetime as dt
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import tablib
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from core.sheets.formulas import guarded_row, storable, storable_in_excel

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
FORMATS = tuple(CONTENT_TYPES)
# Rows of CSV joined into one piece of a response: each piece costs a trip through the server.
LINES_A_PIECE = 200
Rows = Iterable[Sequence[Any]]


class _Echo:
    """A file whose `write` returns what it was given: csv's writer then makes lines instead of a file."""

    def write(self, line: str) -> str:
        return line


def csv_pieces(headings: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """UTF-8 with its mark, without which Excel takes it for Windows-1252."""
    line = csv.writer(_Echo()).writerow
    pieces = ["\ufeff", line(headings)]
    for row in rows:
        pieces.append(line(guarded_row(row)))
        if len(pieces) >= LINES_A_PIECE:
            yield "".join(pieces).encode()
            pieces.clear()
    yield "".join(pieces).encode()


def write_xlsx(file: IO[bytes], title: str, headings: Sequence[str], rows: Rows) -> None:
    """A sheet with a frozen, filterable heading row and real dates. Text is text, also when it looks like a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "B2"
    for position, heading in enumerate(headings, start=1):
        sheet.column_dimensions[get_column_letter(position)].width = max(12, min(len(heading) + 6, 32))
    sheet.append([_heading(sheet, heading) for heading in headings])
    for row in rows:
        sheet.append([_workbook_cell(sheet, value) for value in row])
    book.save(file)


def _heading(sheet: Any, heading: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, heading)
    cell.font = Font(bold=True, color="FFFFFF")
    cell.fill = PatternFill("solid", fgColor="0B3C5D")
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _workbook_cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = storable_in_excel(value)
    if text[:1] not in ("=", "#", "+", "-", "@"):
        return text
    cell = WriteOnlyCell(sheet, text)
    # Said to be text, or openpyxl would store a formula (or an error); and kept text when somebody edits the cell.
    cell.data_type = "s"
    cell.quotePrefix = True
    return cell


def write_ods(file: IO[bytes], title: str, headings: Sequence[str], rows: Rows) -> None:
    """Through tablib, which holds the whole sheet in memory: for what people download, not for a million rows."""
    data = tablib.Dataset(title=title[:31], headers=headings)
    for row in rows:
        data.append([storable(value) if isinstance(value, str) else value for value in row])
    file.write(data.export("ods"))


def write_csv(file: IO[bytes], title: str, headings: Sequence[str], rows: Rows) -> None:
    for piece in csv_pieces(headings, rows):
        file.write(piece)


WRITERS = {"csv": write_csv, "xlsx": write_xlsx, "ods": write_ods}


def write(file: IO[bytes], extension: str, title: str, headings: Sequence[str], rows: Rows) -> None:
    """`extension` is one of FORMATS."""
    WRITERS[extension](file, title, headings, rows)


def as_file(extension: str, title: str, headings: Sequence[str], rows: Rows) -> IO[bytes]:
    """The sheet as a temporary file, rewound; in memory while it is small. It goes when it is closed."""
    file = tempfile.SpooledTemporaryFile(max_size=2_000_000)  # noqa: SIM115 the response that sends it closes it
    try:
        write(file, extension, title, headings, rows)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def dated_name(name: str, day: dt.date, extension: str) -> str:
    return f"{name}-{day.isoformat()}.{extension}"
