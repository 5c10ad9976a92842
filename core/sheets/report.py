"""What reading a sheet found: counts, and lines for people, which may be many and so wait in a temporary file."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import IO, Any, Literal

from core.sheets.headings import Heading

IN_MEMORY_BYTES = 1_000_000


@dataclass(frozen=True)
class Line:
    """One line of a preview or a refusal. A fault: what is wrong with a cell (`now`). A change: a cell's old and new
    value. New: what the row adds."""

    what: Literal["fault", "change", "new"]
    row: int
    column: str
    was: str
    now: str
    key: str = ""

    def __str__(self) -> str:
        if self.what == "fault":
            return f"row {self.row}, {self.column}: {self.now}" if self.column else f"row {self.row}: {self.now}"
        if self.what == "new":
            return f"row {self.row}, new: {self.key} {self.now}".rstrip()
        return f"row {self.row}, {self.key}, {self.column}: {self.was or '(blank)'} → {self.now or '(blank)'}"


class Spool:
    """Lines in the order they came, kept outside memory once they are many."""

    def __init__(self) -> None:
        # Open as long as the report is looked at; it goes with it.
        self.file: IO[str] = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES, "w+", encoding="utf-8")  # noqa: SIM115
        self.count = 0

    def add(self, line: Line) -> None:
        self.file.write(json.dumps(asdict(line)) + "\n")
        self.count += 1

    def __del__(self) -> None:
        # A report is read at leisure and then dropped: there is no better moment to close its file.
        self.file.close()

    def __iter__(self) -> Iterator[Line]:
        self.file.seek(0)
        for text in self.file:
            yield Line(**json.loads(text))
        self.file.seek(0, 2)


@dataclass
class Report:
    """The outcome of one reading. `refused` is why the file as a whole was not read; then nothing else is filled.

    `new`, `changed`, `unchanged` and `faulty` count rows and add up to `rows`. `headings` are the sheet's own, for
    matching them to columns (none where that would not help); `origins` says where a mapping took each column from.
    """

    refused: str = ""
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    faulty: int = 0
    sheet: str = ""
    unknown: list[str] = field(default_factory=list)
    other_sheets: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    origins: list[tuple[str, str]] = field(default_factory=list)
    written: bool = False
    faults: Spool = field(default_factory=Spool)
    effects: Spool = field(default_factory=Spool)

    @property
    def is_clean(self) -> bool:
        return not self.refused and not self.faulty

    @property
    def changes_anything(self) -> bool:
        return bool(self.new or self.changed)

    def summary(self) -> dict[str, Any]:
        """What is kept with an upload: everything but the lines."""
        names = ("refused", "rows", "new", "changed", "unchanged", "faulty", "sheet", "unknown", "other_sheets")
        kept = {name: getattr(self, name) for name in (*names, "notices", "origins", "written")}
        headings = [[heading.label, list(heading.samples)] for heading in self.headings]
        return kept | {"headings": headings, "digest": self.digest()}

    def digest(self) -> str:
        """Says whether a second reading would do the same: over the counts and everything that would change."""
        seal = hashlib.sha256(repr((self.new, self.changed, self.notices)).encode())
        for line in self.effects:
            seal.update(str(line).encode())
        return seal.hexdigest()
