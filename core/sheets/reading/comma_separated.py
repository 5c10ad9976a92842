"""CSV: UTF-8 (with its mark or without) or Windows-1252, divided by comma, semicolon or tab."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import BinaryIO

from core.sheets.formulas import unguarded
from core.sheets.reading.base import MAX_COLUMNS, Sheet, SheetError
from core.sheets.values import SPREADSHEET_ERRORS, Fault

DELIMITERS = ",;\t"
SNIFFED_ROWS = 60
PIECE = 1024 * 1024


def read_csv(file: BinaryIO, name: str) -> list[Sheet]:
    encoding = _encoding(file, name)
    delimiter, skip = _delimiter(file, encoding)
    file.seek(0)
    lines = sum(piece.count(b"\n") + piece.count(b"\r") for piece in iter(lambda: file.read(PIECE), b"")) + 1
    return [Sheet("", partial(_rows, file, encoding, delimiter, skip, name), lines)]


def _encoding(file: BinaryIO, name: str) -> str:
    """UTF-8 where the whole file is; else Windows-1252, if it has no byte which that leaves undefined."""
    for encoding in ("utf-8-sig", "cp1252"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while piece := file.read(PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise SheetError(f"“{name}” is in an encoding we don’t read. Save it as CSV UTF-8.")


def _delimiter(file: BinaryIO, encoding: str) -> tuple[str, int]:
    """The character that divides the most rows into the same number of cells, and how many lines to pass over:
    Excel's hint `sep=;` names it, and is no row on the screen."""
    first = _text(file, encoding).readline().strip()
    if hint := re.fullmatch(r'"?sep=([,;\t])"?', first, re.IGNORECASE):
        return hint[1], 1
    return max(DELIMITERS, key=lambda delimiter: _divided(file, encoding, delimiter)), 0


def _divided(file: BinaryIO, encoding: str, delimiter: str) -> tuple[int, int]:
    """(How many of the first rows have the commonest width beyond one cell, that width)."""
    try:
        sample = list(islice(csv.reader(_text(file, encoding), delimiter=delimiter), SNIFFED_ROWS))
    except csv.Error:
        return 0, 0
    widths = Counter(len(row) for row in sample if len(row) > 1)
    return max(((count, width) for width, count in widths.items()), default=(0, 0))


def _text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The file as text from its beginning. Detached when it goes, so that it does not close the file with it."""
    file.seek(0)
    return _Text(file, encoding=encoding, newline="")


class _Text(io.TextIOWrapper):
    def __del__(self) -> None:
        if not self.closed:
            self.detach()


def _rows(
    file: BinaryIO, encoding: str, delimiter: str, skip: int, name: str
) -> Iterator[tuple[int, Sequence[str | Fault]]]:
    text = _text(file, encoding)
    for _line in range(skip):
        text.readline()
    reader = csv.reader(text, delimiter=delimiter)
    number = 0
    try:
        # A row is a record, not a line: a cell may have several, and a spreadsheet counts it once.
        for number, record in enumerate(reader, start=1):
            if record:
                yield number, [_cell(cell) for cell in record[:MAX_COLUMNS]]
    except csv.Error:
        raise SheetError(
            f"“{name}” cannot be read after row {number}: a quotation mark there may be opened and never closed."
        ) from None


def _cell(cell: str) -> str | Fault:
    if cell[:1] == "'":
        return unguarded(cell)
    return Fault(cell, "is a formula’s error") if cell[:1] == "#" and cell in SPREADSHEET_ERRORS else cell
