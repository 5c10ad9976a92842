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
from functools import cache, lru_cache, partial
from typing import Any, BinaryIO

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.styles.stylesheet import apply_stylesheet
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


class _Workbook(ExcelReader):
    """openpyxl's reader, as far as the worksheets' names. From there it would open every one of them, and read it to
    the end where it does not say how large it is."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, read_only=True, data_only=True, keep_links=False)
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        apply_stylesheet(self.archive, self.wb)
        self.epoch = self.wb.epoch
        self.shown_as = [_shown_as(_format_of(self.wb, style.numFmtId)) for style in self.wb._cell_styles]
        parts = [(sheet, rel.target) for sheet, rel in self.parser.find_sheets() if rel.Type.endswith("/worksheet")]
        parts = [(sheet, path) for sheet, path in parts if path in self.valid_files]
        shown = [(sheet, path) for sheet, path in parts if sheet.state == "visible"]
        self.worksheets = [(str(sheet.name), str(path)) for sheet, path in shown or parts]


def read_xlsx(file: BinaryIO, name: str) -> list[Sheet]:
    try:
        with warnings.catch_warnings():
            # openpyxl warns of parts that it leaves out: extensions, a missing default style.
            warnings.simplefilter("ignore")
            workbook = _Workbook(file)
    # openpyxl raises whatever a broken part makes happen.
    except Exception as error:
        raise _damaged(name) from error
    if not workbook.worksheets:
        raise _damaged(name)
    return [
        Sheet(title, partial(_rows, workbook, path, name), _rows_at_most(workbook, path))
        for title, path in workbook.worksheets
    ]


def _damaged(name: str) -> SheetError:
    return SheetError(f"“{name}” is damaged and cannot be read. Open it in Excel and save it again.")


def _rows_at_most(workbook: _Workbook, path: str) -> int:
    """How many row elements the sheet has, blank ones too: counted in the bytes, which takes a moment."""
    count = 0
    with workbook.archive.open(path) as source:
        while piece := source.read(PIECE):
            count += len(re.findall(rb"<(?:\w+:)?row[ />]", piece)) + 1
    return count


def _format_of(workbook: Any, number: int) -> str:
    if number in BUILTIN_FORMATS:
        return BUILTIN_FORMATS[number]
    position = number - 164
    return workbook._number_formats[position] if 0 <= position < len(workbook._number_formats) else "General"


@lru_cache(maxsize=1000)
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


def _rows(workbook: _Workbook, path: str, name: str) -> Iterator[tuple[int, Sequence[Any]]]:
    number = 0
    try:
        with workbook.archive.open(path) as source:
            data = None
            for event, element in iterparse(source, events=("start", "end")):
                if event == "start":
                    data = element if element.tag == SHEET_DATA else data
                elif element.tag == ROW:
                    number = int(element.get("r") or number + 1)
                    yield number, _cells(element, workbook)
                    # Or the rows behind us would pile up, empty, until the end.
                    if data is not None:
                        data.clear()
    except (SyntaxError, ValueError, IndexError, zipfile.BadZipFile, OSError, EOFError) as error:
        # Not what the reader of these rows raises: that would pass through the `yield` as GeneratorExit only.
        raise _damaged(name) from error


def _cells(row: Any, workbook: _Workbook) -> list[Any]:
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
        cells.append(_value(cell, workbook))
    return cells


@cache
def _column(letters: str) -> int:
    return int(column_index_from_string(letters))


def _value(cell: Any, workbook: _Workbook) -> Any:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _unescaped(_inline(cell))
    value = cell.findtext(VALUE)
    if not value:
        # An empty <v> is a formula's empty text; none at all is a formula that no program has calculated.
        return NOT_CALCULATED if value is None and cell.find(FORMULA) is not None else None
    match kind:
        case "n":
            return _number(value, workbook.shown_as[int(cell.get("s", 0))] if workbook.shown_as else "", workbook.epoch)
        case "s":
            return _unescaped(workbook.shared_strings[int(value)])
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
        # Excel stores 0.135 as 0.13500000000000001.
        return Decimal(repr(float(text))) * 100
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
