"""Opens a file that somebody hands in: says what it is by its content, refuses what is dangerous or no sheet."""

from collections.abc import Callable
from pathlib import PurePath
from typing import BinaryIO

from core.sheets.reading.base import Sheet, SheetError
from core.sheets.reading.comma_separated import read_csv
from core.sheets.reading.open_document import read_ods
from core.sheets.reading.safety import check_content
from core.sheets.reading.workbook import read_xlsx

READERS: dict[str, Callable[[BinaryIO, str], list[Sheet]]] = {"xlsx": read_xlsx, "csv": read_csv, "ods": read_ods}


def open_sheets(file: BinaryIO, name: str, *, max_mb: int) -> list[Sheet]:
    """The sheets of a file, in its order. `file` stays open as long as their rows are read.

    Raises SheetError with what is the matter and how to mend it.
    """
    extension = check_content(file, PurePath(name).name, max_mb=max_mb)
    file.seek(0)
    return READERS[extension](file, PurePath(name).name)


__all__ = ["Sheet", "SheetError", "open_sheets"]
