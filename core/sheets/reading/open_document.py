"""OpenDocument spreadsheets, read as a stream: a repeated row of a million blanks costs nothing."""

import zipfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, BinaryIO

from defusedxml.ElementTree import iterparse

from core.sheets.reading.base import MAX_COLUMNS, Sheet, SheetError
from core.sheets.values import SPREADSHEET_ERRORS, Fault, is_blank, parse_date

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
CELLS = (f"{TABLE}table-cell", f"{TABLE}covered-table-cell")


def read_ods(file: BinaryIO, name: str) -> list[Sheet]:
    counts: list[tuple[str, int]] = []
    for event, element in _events(file, name):
        if element.tag == f"{TABLE}table" and event == "start":
            counts.append((element.get(f"{TABLE}name") or "", 0))
        elif element.tag == f"{TABLE}table-row" and event == "end" and counts:
            counts[-1] = (counts[-1][0], counts[-1][1] + 1)
            element.clear()
    return [Sheet(title, partial(_rows, file, name, position), rows) for position, (title, rows) in enumerate(counts)]


def _events(file: BinaryIO, name: str) -> Iterator[tuple[str, Any]]:
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive, archive.open("content.xml") as source:
            yield from iterparse(source, events=("start", "end"), forbid_dtd=True)
    except (SyntaxError, ValueError, KeyError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise SheetError(
            f"“{name}” is damaged and cannot be read. Open it in LibreOffice or Excel and save it again."
        ) from error


def _rows(file: BinaryIO, name: str, wanted: int) -> Iterator[tuple[int, Sequence[Any]]]:
    table = number = 0
    parent: Any = None
    for event, element in _events(file, name):
        if element.tag == f"{TABLE}table":
            if event == "end":
                table += 1
                element.clear()
                if table > wanted:
                    return
            else:
                parent = element
        elif element.tag == f"{TABLE}table-row" and event == "end" and table == wanted:
            times = int(element.get(f"{TABLE}number-rows-repeated", 1))
            cells = _cells(element)
            if cells:
                yield from ((number + offset, cells) for offset in range(1, times + 1))
            number += times
            parent.clear()


def _cells(row: Any) -> list[Any]:
    """The row's cells up to the last that holds something."""
    cells: list[Any] = []
    for cell in row:
        if cell.tag not in CELLS:
            continue
        times = int(cell.get(f"{TABLE}number-columns-repeated", 1))
        value = _value(cell)
        cells.extend([value] * max(min(times, MAX_COLUMNS - len(cells)), 0))
    while cells and is_blank(cells[-1]):
        cells.pop()
    return cells


def _value(cell: Any) -> Any:
    kind = cell.get(f"{OFFICE}value-type")
    if kind is None:
        return None
    # A comment hangs below the cell and has paragraphs of its own.
    shown = "\n".join(_text(paragraph) for paragraph in cell.findall(f"{TEXT}p"))
    if cell.get(f"{CALC}value-type") == "error" or shown in SPREADSHEET_ERRORS:
        return Fault(shown, "is a formula’s error")
    match kind:
        case "float" | "currency" | "percentage":
            return _number(cell.get(f"{OFFICE}value"), shown, percent=kind == "percentage")
        case "date":
            return _date(cell.get(f"{OFFICE}date-value") or "", shown)
        case "boolean":
            return cell.get(f"{OFFICE}boolean-value") == "true"
    return cell.get(f"{OFFICE}string-value") or shown


def _number(value: str | None, shown: str, *, percent: bool) -> Any:
    try:
        number = Decimal(repr(float(value or "")))
    except ValueError:
        return shown
    return number * 100 if percent else number


def _date(value: str, shown: str) -> Any:
    """The date; but where the screen shows a month alone, that month's last day."""
    try:
        day, seen = parse_date(value.split("T")[0]), parse_date(shown)
    except ValueError:
        return value
    return seen if day.day == 1 and (seen.year, seen.month) == (day.year, day.month) else day


def _text(element: Any) -> str:
    """Text of a paragraph: spans inside it, runs of spaces, tabs and line breaks, which are elements here."""
    text = element.text or ""
    for part in element:
        if part.tag == f"{TEXT}s":
            text += " " * min(int(part.get(f"{TEXT}c", 1)), 1000)
        elif part.tag == f"{TEXT}tab":
            text += "\t"
        elif part.tag == f"{TEXT}line-break":
            text += "\n"
        else:
            text += _text(part)
        text += part.tail or ""
    return text
