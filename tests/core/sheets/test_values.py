"""What cells say. The tables are the ones in docs/import-formats.md; the properties say what holds for every date."""

import calendar
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.months import Month
from core.sheets.formulas import guarded, unguarded
from core.sheets.values import clean_text, heading_key, parse_date, parse_number, parse_whole_number

JANUARY = dt.date(2026, 1, 31)
DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-01-31", JANUARY),
        ("2026-01-31 00:00:00", JANUARY),
        ("2026/01/31", JANUARY),
        ("31/01/2026", JANUARY),
        ("31/1/26", JANUARY),
        ("31.1.26", JANUARY),
        ("31-01-2026", JANUARY),
        ("31 Jan 2026", JANUARY),
        ("31-Jan-26", JANUARY),
        ("31st January 2026", JANUARY),
        ("31 of January 2026", JANUARY),
        ("Saturday 31 January 2026", JANUARY),
        ("Sat, 31 Jan 2026", JANUARY),
        ("January 31, 2026", JANUARY),
        ("  31  Jan\xa02026 ", JANUARY),
        (dt.datetime(2026, 1, 31, 14, 5), JANUARY),  # noqa: DTZ001 a cell's time has no zone
        (JANUARY, JANUARY),
        ("May 25", dt.date(2025, 5, 31)),
        ("May 2025", dt.date(2025, 5, 31)),
        ("May-25", dt.date(2025, 5, 31)),
        ("may '25", dt.date(2025, 5, 31)),
        ("Sept 2025", dt.date(2025, 9, 30)),
        ("February 2024", dt.date(2024, 2, 29)),
        ("2026-01", JANUARY),
        ("01/2026", JANUARY),
        (Month(2026, 1), JANUARY),
    ],
    ids=str,
)
def test_date_is_read_as_people_write_it(written: Any, day: dt.date) -> None:
    assert parse_date(written) == day


@pytest.mark.parametrize(
    "written",
    [
        "31 September 2020",
        "29/02/2026",
        "01/31/2026",
        "31/01",
        "31 Jan",
        "Jan",
        "2026",
        2026,
        46053,
        46053.5,
        "05/25",
        "TBC",
        "ongoing",
        "31/01/0206",
        "13/13/2026",
        "Q4 2025",
        "31/01/2026 and 28/02/2026",
        True,
        dt.time(10, 0),
        "",
    ],
    ids=str,
)
def test_date_that_can_be_read_two_ways_or_none_is_refused(written: Any) -> None:
    with pytest.raises(ValueError, match="is not a date"):
        parse_date(written)


@given(DAYS)
def test_date_is_read_back_from_every_way_of_writing_it(day: dt.date) -> None:
    number, year = day.day, day.year
    ways = [
        day.isoformat(),
        f"{number}/{day.month}/{year}",
        f"{number:02}.{day.month:02}.{year % 100:02}",
        f"{number} {calendar.month_name[day.month]} {year}",
        f"{number}-{calendar.month_abbr[day.month]}-{year % 100:02}",
        f"{calendar.day_name[day.weekday()]} {number} {calendar.month_abbr[day.month].upper()} {year}",
    ]
    assert {parse_date(way) for way in ways} == {day}


@given(DAYS)
def test_month_alone_is_its_last_day(day: dt.date) -> None:
    last = Month.of(day).last_day
    for written in (
        f"{calendar.month_name[day.month]} {day.year}",
        f"{calendar.month_abbr[day.month]} {day.year % 100:02}",
    ):
        assert parse_date(written) == last


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_a_sentence(text: str) -> None:
    try:
        assert isinstance(parse_date(text), dt.date)
    except ValueError as error:
        assert str(error) == "is not a date"  # noqa: PT017 both outcomes are right


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1,234", Decimal(1234)),
        ("1,234,567.5", Decimal("1234567.5")),
        ("13.5%", Decimal("13.5")),
        ("100%", Decimal(100)),
        ("-5", Decimal(-5)),
        ("\N{MINUS SIGN}5", Decimal(-5)),
        (" 7 ", Decimal(7)),
        (".5", Decimal("0.5")),
        (0.1, Decimal("0.1")),
        (12, Decimal(12)),
        *[(sign, None) for sign in ("x", "X", "z", "~", "..", "-", "", None)],
    ],
    ids=str,
)
def test_number_is_read_as_people_write_it(written: Any, number: Decimal | None) -> None:
    assert parse_number(written) == number


@pytest.mark.parametrize(
    "written", ["1,23", "12,34,567", "1.2.3", "ten", "5 of 7", "£5", "%", "--5", True, "1e5"], ids=str
)
def test_number_that_is_none_is_refused(written: Any) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        parse_number(written)


def test_whole_number_has_no_fraction() -> None:
    assert parse_whole_number("1,200.0") == 1200
    with pytest.raises(ValueError, match="is not a whole number"):
        parse_whole_number("1.5")


@given(st.integers(-(10**12), 10**12))
def test_number_is_read_back_with_its_thousands_divided(number: int) -> None:
    assert parse_number(f"{number:,}") == number
    assert parse_number(str(number)) == number
    assert parse_number(f"{number}%") == number


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_number_keeps_its_fraction(number: Decimal) -> None:
    assert parse_number(f"{number:f}") == number


@given(st.text(max_size=30))
def test_any_text_is_a_number_nothing_or_a_sentence(text: str) -> None:
    try:
        assert parse_number(text) is None or isinstance(parse_number(text), Decimal)
    except ValueError as error:
        assert str(error) == "is not a number"  # noqa: PT017 both outcomes are right


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (3.0, "3"),
        (1.2, "1.2"),
        (7, "7"),
        (True, "TRUE"),
        (dt.datetime(2026, 1, 31), "2026-01-31"),  # noqa: DTZ001 a cell's time has no zone
        (Decimal("13.50"), "13.5"),
        (" a\r\nb\xa0c\x0b ", "a\nb c"),
        (None, ""),
    ],
    ids=str,
)
def test_text_of_any_cell(cell: Any, text: str) -> None:
    assert clean_text(cell) == text


@pytest.mark.parametrize("heading", ["Due date", "DUE DATE", " due  date: ", "Due-Date*", "due_date", "Due\ndate"])
def test_headings_are_the_same_whatever_their_case_spacing_or_punctuation(heading: str) -> None:
    assert heading_key(heading) == "duedate"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
def test_guarded_text_comes_back_as_it_was_and_never_runs(text: str) -> None:
    cell = guarded(text)
    assert unguarded(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.text(alphabet="'=+-@a\t", max_size=6))
def test_guarding_is_undone_whatever_apostrophes_there_were(text: str) -> None:
    assert unguarded(guarded(text)) == text
