"""Excel workbooks: openpyxl opens them read-only with formula results; the rows are read as a stream.

openpyxl's own row reader fills every gap, builds an object for each cell and loses three things that people see on
their screen: that a date is shown as a month alone, that 0.135 is shown as 13.5%, and that a formula has no result
yet. So the rows are read here, with openpyxl's parts.
"""

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache, partial
from typing import Any, BinaryIO

from openpyxl import load_workbook
from openpyxl.cell.text import Text
from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.utils import column_index_from_string
from openpyxl.utils.datetime import from_excel, from_ISO8601
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from core.months import Month
from core.sheets.reading.base import MAX_COLUMNS, Sheet, SheetError
from core.sheets.values import SPREADSHEET_ERRORS, Fault

ROW, CELL, VALUE, FORMULA, INLINE, RUN = (f"{{{SHEET_MAIN_NS}}}{tag}" for tag in ("row", "c", "v", "f", "is", "t"))
SHEET_DATA = f"{{{SHEET_MAIN_NS}}}sheetData"
NOT_CALCULATED = Fault("", "holds a formula without a result. Open the file in Excel, save it and try again")
PIECE = 1024 * 1024


def read_xlsx(file: BinaryIO, name: str) -> list[Sheet]:
    try:
        with warnings.catch_warnings():
            # openpyxl warns of parts that it leaves out: drawings, extensions, a missing default style.
            warnings.simplefilter("ignore")
            workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            styles = _styles(workbook)
            worksheets = [sheet for sheet in workbook.worksheets if hasattr(sheet, "_worksheet_path")]
            shown = [sheet for sheet in worksheets if sheet.sheet_state == "visible"]
    # openpyxl raises whatever a broken part makes happen.
    except Exception as error:
        raise _damaged(name) from error
    if not worksheets:
        raise _damaged(name)
    return [
        Sheet(sheet.title, partial(_rows, workbook, sheet, styles, name), _rows_at_most(workbook, sheet))
        for sheet in shown or worksheets
    ]


def _damaged(name: str) -> SheetError:
    return SheetError(f"“{name}” is damaged and cannot be read. Open it in Excel and save it again.")


def _rows_at_most(workbook: Any, sheet: Any) -> int:
    """How many row elements the sheet has, blank ones too: counted in the bytes, which takes a moment."""
    count = 0
    with workbook._archive.open(sheet._worksheet_path) as source:
        while piece := source.read(PIECE):
            count += len(re.findall(rb"<(?:\w+:)?row[ />]", piece)) + 1
    return count


def _styles(workbook: Any) -> list[str]:
    """What each cell style shows a number as: `date`, `month`, `time`, `percent`, or empty for a plain number."""
    return [_shown_as(_format_of(workbook, style.numFmtId)) for style in workbook._cell_styles]


def _format_of(workbook: Any, number: int) -> str:
    if number in BUILTIN_FORMATS:
        return BUILTIN_FORMATS[number]
    position = number - 164
    return workbook._number_formats[position] if 0 <= position < len(workbook._number_formats) else "General"


@cache
def _shown_as(number_format: str) -> str:
    """The first section of a format (for positive numbers) without its literals, colours and locales."""
    codes = re.sub(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', "", number_format.split(";")[0]).lower()
    if codes == "general":
        return ""
    if "%" in codes:
        return "percent"
    if "y" in codes and "m" in codes and not re.search("[dhs]", codes):
        return "month"
    if "d" in codes or "y" in codes or re.search("mmm", codes):
        return "date"
    return "time" if re.search("[hs]", codes) else ""


def _rows(workbook: Any, sheet: Any, styles: list[str], name: str) -> Iterator[tuple[int, Sequence[Any]]]:
    number = 0
    try:
        with workbook._archive.open(sheet._worksheet_path) as source:
            data = None
            for event, element in iterparse(source, events=("start", "end")):
                if event == "start":
                    data = element if element.tag == SHEET_DATA else data
                elif element.tag == ROW:
                    number = int(element.get("r") or number + 1)
                    yield number, _cells(element, styles, sheet._shared_strings, workbook.epoch)
                    # Or the rows behind us would pile up, empty, until the end.
                    if data is not None:
                        data.clear()
    except (SyntaxError, ValueError, IndexError, zipfile.BadZipFile, OSError, EOFError) as error:
        # Not what the reader of these rows raises: that would pass through the `yield` as GeneratorExit only.
        raise _damaged(name) from error


def _cells(row: Any, styles: list[str], strings: Sequence[str], epoch: dt.datetime) -> list[Any]:
    cells: list[Any] = []
    for cell in row:
        if cell.tag != CELL:
            continue
        reference = cell.get("r")
        column = _column(reference.rstrip("0123456789")) if reference else len(cells) + 1
        if column > MAX_COLUMNS:
            break
        if column > len(cells) + 1:
            cells.extend([None] * (column - 1 - len(cells)))
        cells.append(_value(cell, styles, strings, epoch))
    return cells


@cache
def _column(letters: str) -> int:
    return int(column_index_from_string(letters))


def _value(cell: Any, styles: list[str], strings: Sequence[str], epoch: dt.datetime) -> Any:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _unescaped(_inline(cell))
    value = cell.findtext(VALUE)
    if not value:
        # An empty <v> is a formula's empty text; none at all is a formula that no program has calculated.
        return NOT_CALCULATED if value is None and cell.find(FORMULA) is not None else None
    match kind:
        case "n":
            return _number(value, styles[int(cell.get("s", 0))] if styles else "", epoch)
        case "s":
            return _unescaped(strings[int(value)])
        case "e":
            return Fault(value, "is a formula’s error")
        case "b":
            return value == "1"
        case "d":
            return from_ISO8601(value)
    return Fault(value, "is a formula’s error") if value in SPREADSHEET_ERRORS else _unescaped(value)


def _number(text: str, shown_as: str, epoch: dt.datetime) -> Any:
    number = float(text) if re.search("[.eE]", text) else int(text)
    if shown_as == "percent":
        return Decimal(text) * 100
    if shown_as in ("date", "month"):
        try:
            day = from_excel(number, epoch)
        except (OverflowError, ValueError):
            return Fault(text, "is not a date")
        return Month.of(day) if shown_as == "month" and isinstance(day, dt.date) else day
    return number


def _inline(cell: Any) -> str:
    inline = cell.find(INLINE)
    if inline is None:
        return ""
    plain = inline.findtext(RUN)
    return plain if plain is not None and len(inline) == 1 else str(Text.from_tree(inline).content)


def _unescaped(text: str) -> str:
    """Excel writes characters that XML cannot hold as `_x000D_`."""
    if "_x" not in text:
        return text
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)
