"""`import_sheet KIND FILE`: a spreadsheet in, all rows or none."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from board.resources import KINDS
from core.sheets import Report, Run, read_sheet


class Command(BaseCommand):
    help = "Imports a spreadsheet (.xlsx, .csv, .ods). Exit code 0: all rows are in. 1: rejected, nothing is written."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS), metavar="KIND", help=f"one of: {', '.join(KINDS)}")
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="check and report, write nothing")
        parser.add_argument(
            "--by", metavar="EMAIL", default="", help="whose import this is; without it, the portal's own"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        at = timezone.now()
        run = Run(by=_person(options["by"]), at=at, on=timezone.localdate(at), source=path.name)
        try:
            with path.open("rb") as file:
                report = read_sheet(KINDS[options["kind"]], file, run, write=not options["dry_run"])
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
    remarks = list(report.notices)
    if report.unknown:
        remarks.append(f"Columns left out: {', '.join(report.unknown)}")
    if report.other_sheets:
        remarks.append(f"Sheet read: {report.sheet}. Sheets left out: {', '.join(report.other_sheets)}")
    return remarks


def _person(email: str) -> User | None:
    if not email:
        return None
    person = User.objects.active().filter(email__iexact=email.strip()).first()
    if person is None:
        raise CommandError(f"{email} is not the email address of an active person here.")
    return person
