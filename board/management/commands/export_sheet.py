"""`export_sheet KIND FILE`: everything of a kind into a spreadsheet that reads back in unchanged."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from board.resources import KINDS
from core.sheets import FORMATS, write_sheet


class Command(BaseCommand):
    help = "Writes every row of a kind to FILE, as .xlsx, .csv or .ods by its extension."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS), metavar="KIND", help=f"one of: {', '.join(KINDS)}")
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if path.suffix.lower().removeprefix(".") not in FORMATS:
            raise CommandError(f"{path.name} must end in .xlsx, .csv or .ods.")
        try:
            write_sheet(KINDS[options["kind"]](), path)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Written: {path}")
