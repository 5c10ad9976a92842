"""What a cell says: dates, months alone, numbers and text as people write them in spreadsheets.

Nothing is guessed. What can be read two ways, or not at all, raises ValueError with the end of a sentence that begins
with the cell: `is not a date`.
"""

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.months import WRITTEN_YEARS, Month

# A spreadsheet cell holds no more; text of just this length has probably lost its end.
LONGEST_CELL = 32_767
NO_VALUE = frozenset({"", "x", "z", "~", "..", "-", "–", "—"})
MONTHS = [month.lower() for month in calendar.month_name[1:]]
SPREADSHEET_ERRORS = frozenset(
    {"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
)

_YEAR = r"(?P<year>\d{4}|’?'?\d{2})"
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
_DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){_TIME}",
        rf"(?P<day>\d{{1,2}})\s*[-/. ]\s*(?P<month>\d{{1,2}})\s*[-/. ]\s*{_YEAR}{_TIME}",
        rf"{_WEEKDAY}{_DAY}[\s\-/.]*(?:of\s+)?{_NAME}[\s\-/.,]*{_YEAR}",
        rf"{_WEEKDAY}{_NAME}\s+{_DAY},?\s+(?P<year>\d{{4}})",
        rf"{_NAME}[\s\-/.,]*{_YEAR}",
        r"(?P<year>\d{4})[-/](?P<month>\d{1,2})",
        r"(?P<month>\d{1,2})[-/](?P<year>\d{4})",
    )
]
_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d+)?%?")
# What no text has: control characters, and marks that change how the rest is read.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\u200b\u2028\u2029\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True)
class Fault:
    """A cell whose content the spreadsheet itself gave up on. `says` ends the sentence that the cell begins."""

    written: str
    says: str


def is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip("\ufeff\u200b \t\r\n\v\f\xa0\u2007\u202f"))


def written(value: Any) -> str:
    """A cell as a message quotes it: short, on one line."""
    text = " ".join(clean_text(value).split())
    return text if len(text) <= 80 else f"{text[:77]}…"


def clean_text(value: Any) -> str:
    """Any cell as text: numbers without a trailing `.0`, dates as 2026-01-31, line ends as \\n, nothing unseen."""
    match value:
        case None:
            return ""
        case str():
            text = value.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
            return _UNSEEN.sub("", text).strip()
        case bool():
            return str(value).upper()
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case dt.datetime() if value.time() == dt.time():
            return value.date().isoformat()
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case Decimal():
            return format(value.normalize(), "f")
    return value.written if isinstance(value, Fault) else str(value)


def parse_date(value: Any) -> dt.date:
    """A day. A month alone (`May 25`, a cell formatted as a month) is its last day; two digits are a year of 2000
    on. Raises ValueError for anything else, numbers too: 2026 and 46053 say nothing about a day by themselves."""
    match value:
        case dt.datetime():
            return _plausible(value.date())
        case dt.date():
            return _plausible(value)
        case Month():
            return value.last_day
        case str():
            text = " ".join(value.replace("\xa0", " ").split())
            for pattern in _DATES:
                if found := pattern.fullmatch(text):
                    return _from_parts(found.groupdict())
    raise ValueError("is not a date")


def _from_parts(parts: dict[str, str | None]) -> dt.date:
    year = int((parts["year"] or "").strip("’'"))
    year += 2000 if year < 100 else 0
    name, number = parts.get("name"), parts.get("month")
    month = _month_number(name) if name else int(number or 0)
    try:
        if parts.get("day"):
            return _plausible(dt.date(year, month, int(parts["day"] or 0)))
        return _plausible(Month(year, month).last_day)
    except ValueError:
        raise ValueError("is not a date") from None


def _month_number(name: str) -> int:
    """1 to 12 for a month's name or its beginning (`Sept`); 0 for any other word."""
    return next((n for n, month in enumerate(MONTHS, start=1) if month.startswith(name.lower())), 0)


def _plausible(day: dt.date) -> dt.date:
    if day.year not in WRITTEN_YEARS:
        raise ValueError("is not a date")
    return day


def parse_number(value: Any) -> Decimal | None:
    """A number, or None for a sign that there is none (`x`, `z`, `~`, `..`, `-`). `1,234` is 1234, `13.5%` is 13.5."""
    match value:
        case bool():
            raise ValueError("is not a number")
        case int() | Decimal():
            return Decimal(value)
        case float():
            return Decimal(repr(value))
        case None:
            return None
        case str():
            text = value.replace("\xa0", " ").strip().replace("\N{MINUS SIGN}", "-")
            if text.lower() in NO_VALUE:
                return None
            if re.search(r"\d", text) and _NUMBER.fullmatch(text):
                return Decimal(text.replace(",", "").rstrip("%"))
    raise ValueError("is not a number")


def parse_whole_number(value: Any) -> int | None:
    number = parse_number(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise ValueError("is not a whole number")
    return int(number)


def heading_key(text: Any) -> str:
    """What two headings (or ratings) have in common when they are the same: letters and digits, in lower case."""
    return "".join(letter for letter in clean_text(text).casefold() if letter.isalnum())


def person_key(text: Any) -> str:
    return " ".join(clean_text(text).casefold().split())
