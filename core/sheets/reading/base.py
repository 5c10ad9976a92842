"""What every kind of file becomes: sheets of numbered rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

# Cells beyond this column are never read: stray formatting can reach column XFD.
MAX_COLUMNS = 500


class SheetError(ValueError):
    """A file that cannot be read as a sheet: the message says why and how to mend it."""


@dataclass(frozen=True)
class Sheet:
    """One sheet. `rows()` starts anew each time and yields (the number that the spreadsheet shows, cells); rows
    without a cell may be left out. `rows_at_most` is a quick upper bound."""

    name: str
    rows: Callable[[], Iterator[tuple[int, Sequence[Any]]]]
    rows_at_most: int
