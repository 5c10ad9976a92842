"""Spreadsheet files made in the test, as programs write them."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from typing import Any, BinaryIO

import tablib
from openpyxl import Workbook

from core.sheets import AS_HEADED, ColumnMapping, Report, Run, SheetResource, read_sheet

Rows = Sequence[Sequence[Any]]


def xlsx(rows: Rows, **sheets: Rows) -> io.BytesIO:
    """A workbook whose first sheet holds the rows; further sheets by name."""
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    for title, others in sheets.items():
        sheet = book.create_sheet(title)
        for row in others:
            sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return io.BytesIO(file.getvalue())


def csv_text(rows: Rows, delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


def csv_file(rows: Rows, encoding: str = "utf-8", delimiter: str = ",") -> io.BytesIO:
    return io.BytesIO(csv_text(rows, delimiter).encode(encoding))


def ods(rows: Rows) -> io.BytesIO:
    data = tablib.Dataset(*[list(row) for row in rows[1:]], headers=list(rows[0]))
    return io.BytesIO(data.export("ods"))


def archive(parts: dict[str, bytes], *, packed: bool = True) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return io.BytesIO(file.getvalue())


def parts_of(file: io.BytesIO) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def read(
    resource: type[SheetResource],
    file: BinaryIO,
    name: str = "sheet.xlsx",
    *,
    by: Any = None,
    at: dt.datetime = dt.datetime(2026, 1, 31, 10, 0, tzinfo=dt.UTC),
    write: bool = True,
    mapping: ColumnMapping = AS_HEADED,
) -> Report:
    file.seek(0)
    return read_sheet(resource, file, Run(by=by, at=at, on=at.date(), source=name), write=write, mapping=mapping)


def faults(report: Report) -> list[str]:
    return [str(line) for line in report.faults]
