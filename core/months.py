"""Months as the portal writes them: `2026-01`, and the financial quarters made of them: `2025/26 Q4`."""

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Self

import holidays
from django.conf import settings

MONTH_PATTERN = r"\d{4}-(0[1-9]|1[0-2])"
# Years that people may write. A year beyond them there are months still, so that any of these can be compared with
# those before and after it.
WRITTEN_YEARS = range(1901, 2199)


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month. Ordered, hashable; `str(month)` is `2026-01`."""

    year: int
    number: int

    def __post_init__(self) -> None:
        # Dates beyond these years are slips of the keyboard, and `date` cannot hold year 0.
        if not (1900 <= self.year <= 2199 and 1 <= self.number <= 12):
            raise ValueError(f"{self.year}-{self.number} is not a month")

    @classmethod
    def parse(cls, text: str) -> Self:
        """`2026-01` → Month(2026, 1). Raises ValueError with a sentence for anything else."""
        if not re.fullmatch(MONTH_PATTERN, text) or int(text[:4]) not in WRITTEN_YEARS:
            raise ValueError(f"“{text}” is not a month. Write it like 2026-01.")
        return cls(int(text[:4]), int(text[5:]))

    @classmethod
    def of(cls, day: dt.date) -> Self:
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def label(self) -> str:
        return f"{calendar.month_name[self.number]} {self.year}"

    @property
    def short_label(self) -> str:
        return f"{calendar.month_abbr[self.number]} {self.year}"

    @property
    def first_day(self) -> dt.date:
        return dt.date(self.year, self.number, 1)

    @property
    def last_day(self) -> dt.date:
        return dt.date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    def plus(self, months: int) -> "Month":
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    @property
    def previous(self) -> "Month":
        return self.plus(-1)

    @property
    def next(self) -> "Month":
        return self.plus(1)

    def until(self, last: "Month") -> Iterator["Month"]:
        """This month and each one after it, up to and including `last`."""
        month = self
        while month <= last:
            yield month
            month = month.next

    @property
    def quarter(self) -> str:
        """The financial quarter, April to March: `2025/26 Q4` for January to March 2026."""
        start = self.year if self.number >= 4 else self.year - 1
        return f"{start}/{(start + 1) % 100:02d} Q{(self.number - 4) % 12 // 3 + 1}"


def months_after(day: dt.date, months: int) -> dt.date:
    """The same day some months later, or that month's last day where it has no such day: 31 January and one month is
    28 February, or the 29th in a leap year."""
    month = Month.of(day).plus(months)
    return month.first_day.replace(day=min(day.day, month.last_day.day))


@cache
def _bank_holidays(year: int) -> frozenset[dt.date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_working_day(day: dt.date) -> bool:
    """Monday to Friday and no bank holiday in England."""
    return day.weekday() < 5 and day not in _bank_holidays(day.year)


def cut_off_of(month: Month) -> dt.date:
    """The day a month's return closes: the nth working day of the next month (RETURN_CUT_OFF_WORKING_DAY)."""
    day = month.next.first_day
    left = settings.RETURN_CUT_OFF_WORKING_DAY - is_working_day(day)
    while left > 0:
        day += dt.timedelta(days=1)
        left -= is_working_day(day)
    return day


def month_reported_on(day: dt.date) -> Month:
    """The month whose return is being collected on a day: the one just ended until its cut-off, then this one."""
    month = Month.of(day)
    return month.previous if day <= cut_off_of(month.previous) else month
