"""`import_sheet KIND FILE`: a spreadsheet in, all rows or none."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from board.resources import KINDS
from core.sheets import Column, ColumnMapping, Report, Run, label_key, read_sheet

EXAMPLES = {
    "--match": "Nature of the risk=Title",
    "--same": "Owner=officer01@demo.example",
    "--number": "Reference=R",
}


class Command(BaseCommand):
    help = "Imports a spreadsheet (.xlsx, .csv, .ods). Exit code 0: all rows are in. 1: rejected, nothing is written."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS), metavar="KIND", help=f"one of: {', '.join(KINDS)}")
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="check and report, write nothing")
        parser.add_argument(
            "--by", metavar="EMAIL", default="", help="whose import this is; without it, the portal's own"
        )
        for option, metavar, words in (
            (
                "--match",
                "THEIRS=OURS",
                "a heading of the file that is a column; with nothing after the = it is left out",
            ),
            ("--same", "OURS=VALUE", "a column that the file lacks, and what stands in every row"),
            ("--number", "OURS=PREFIX", "a column that the file lacks and that numbers the rows: R gives R01, R02…"),
        ):
            parser.add_argument(option, metavar=metavar, action="append", default=[], help=f"{words}; repeatable")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        at = timezone.now()
        run = Run(by=_person(options["by"]), at=at, on=timezone.localdate(at), source=path.name)
        kind = KINDS[options["kind"]]
        mapping = _mapping(kind.fields, options["match"], options["same"], options["number"])
        try:
            with path.open("rb") as file:
                report = read_sheet(kind, file, run, write=not options["dry_run"], mapping=mapping)
        except OSError as error:
            raise CommandError(f"{path} cannot be opened: {error.strerror}.") from error
        self._print(report, dry_run=options["dry_run"])

    def _print(self, report: Report, *, dry_run: bool) -> None:
        if report.refused:
            raise CommandError(report.refused)
        for line in _remarks(report):
            self.stdout.write(line)
        if not report.is_clean:
            for line in report.faults:
                self.stderr.write(str(line))
            raise CommandError(
                f"Rejected: {report.faults.count:,} faults in {report.faulty:,} of {report.rows:,} rows. "
                "Nothing was written."
            )
        if dry_run:
            for line in report.effects:
                self.stdout.write(str(line))
        done = "Would import" if dry_run else "Imported"
        counts = f"{report.new:,} new, {report.changed:,} changed, {report.unchanged:,} unchanged"
        self.stdout.write(f"{done} {report.rows:,} rows: {counts}.")


def _remarks(report: Report) -> list[str]:
    remarks = [f"{column}: {origin}" for column, origin in report.origins] + report.notices
    if report.unknown:
        remarks.append(f"Columns left out: {', '.join(report.unknown)}")
    if report.other_sheets:
        remarks.append(f"Sheet read: {report.sheet}. Sheets left out: {', '.join(report.other_sheets)}")
    return remarks


def _mapping(
    columns: Mapping[str, Column], match: Sequence[str], same: Sequence[str], number: Sequence[str]
) -> ColumnMapping:
    """What the options say. Raises CommandError for what is no column of the kind, or is said twice."""

    def name(heading: str) -> str:
        return _name(heading, columns)

    # A heading of theirs may hold a =, ours never does: it is what stands before the first, or behind the last.
    theirs = _said("--match", (text.rpartition("=") for text in match), label_key)
    filled = _said("--same", (text.partition("=") for text in same), name)
    numbered = _said("--number", (text.partition("=") for text in number), name)
    mapping = ColumnMapping(
        {heading: name(column) if column else "" for heading, column in theirs.items()},
        {name(heading): value for heading, value in filled.items()},
        {name(heading): prefix for heading, prefix in numbered.items()},
    )
    if clashes := mapping.clashes(columns):
        raise CommandError(" ".join(clashes.values()))
    return mapping


def _said(option: str, parts: Iterable[tuple[str, str, str]], key: Callable[[str], str]) -> dict[str, str]:
    """The two sides of each =, by the left one; `key` is what two writings of a left one have in common."""
    said: dict[str, str] = {}
    for left, sign, right in ((left.strip(), sign, right.strip()) for left, sign, right in parts):
        if not sign or not left or (not right and option != "--match"):
            raise CommandError(f'{option} takes two sides of a =, like {option} "{EXAMPLES[option]}".')
        if key(left) in map(key, said):
            raise CommandError(f"{option} names “{left}” twice.")
        said[left] = right
    return said


def _name(heading: str, columns: Mapping[str, Column]) -> str:
    """A column's name, by its heading or by what else it is called."""
    key = label_key(heading)
    own = {column.keys[0]: name for name, column in columns.items()}
    other = {other: name for name, column in columns.items() for other in column.keys[1:]}
    try:
        return {**other, **own}[key]
    except KeyError:
        listed = ", ".join(column.heading for column in columns.values())
        raise CommandError(f"“{heading}” is not a column here. There are: {listed}.") from None


def _person(email: str) -> User | None:
    if not email:
        return None
    person = User.objects.active().filter(email__iexact=email.strip()).first()
    if person is None:
        raise CommandError(f"{email} is not the email address of an active person here.")
    return person
