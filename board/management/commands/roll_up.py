"""`manage.py roll_up`: computes and stores the figures of some months, and prints each section with its time."""

import time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from board import services
from board.figures import SECTIONS
from board.models import ReportingMonth
from core.months import Month


def month_of(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError as error:
        raise CommandError(str(error)) from error


class Command(BaseCommand):
    help = "Computes and stores monthly figures. Without options: every month that is not signed off."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--month", metavar="2026-01", help="one month")
        parser.add_argument("--from", dest="first", metavar="2025-05", help="the first of several months")
        parser.add_argument("--to", dest="last", metavar="2026-01", help="the last of several months")

    def handle(self, *args: Any, month: str | None, first: str | None, last: str | None, **options: Any) -> None:
        months = self._months(month, first, last)
        if not months:
            self.stdout.write("No month is open, so there is nothing to compute. Name one with --month 2026-01.")
        for row in months:
            if row.is_signed_off:
                self.stdout.write(f"{row.month}  signed off: skipped, its figures never change")
            else:
                self._roll_up(row)

    def _months(self, month: str | None, first: str | None, last: str | None) -> list[ReportingMonth]:
        if month and (first or last):
            raise CommandError("Give --month, or --from and --to, not both.")
        if bool(first) != bool(last):
            raise CommandError("--from and --to go together.")
        if not (month or first):
            return list(ReportingMonth.objects.not_signed_off().order_by("month"))
        try:
            return services.ensure_months(
                first=month_of(month or first), last=month_of(month or last), by=None, at=timezone.now()
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def _roll_up(self, row: ReportingMonth) -> None:
        for section in SECTIONS:
            began = time.perf_counter()
            run = services.run_section(month=row, section=section, at=timezone.now())
            took = time.perf_counter() - began
            self.stdout.write(f"{row.month}  {section.name:<12} {run.figures:>6} figures  {took:7.2f} s")
        services.finish_month(month=row)
