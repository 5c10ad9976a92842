import datetime as dt

import pytest

from core.months import Month, cut_off_of, is_working_day


@pytest.mark.parametrize("text", ["2026-1", "2026-13", "2026-00", "26-01", "2026-01-31", "", " 2026-01", "2026-01\n"])
def test_parse_refuses_what_is_no_month(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month"):
        Month.parse(text)


def test_parse_reads_what_str_writes() -> None:
    assert Month.parse("2026-01") == Month(2026, 1)
    assert str(Month(2026, 1)) == "2026-01"


def test_month_of_year_nought_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a month"):
        Month.parse("0000-01")


@pytest.mark.parametrize(
    ("month", "last_day"),
    [
        pytest.param(Month(2024, 2), dt.date(2024, 2, 29), id="leap year"),
        pytest.param(Month(2026, 2), dt.date(2026, 2, 28), id="common year"),
        pytest.param(Month(2000, 2), dt.date(2000, 2, 29), id="leap century"),
        pytest.param(Month(2100, 2), dt.date(2100, 2, 28), id="common century"),
        pytest.param(Month(2026, 3), dt.date(2026, 3, 31), id="the month the clocks go forward"),
        pytest.param(Month(2025, 12), dt.date(2025, 12, 31), id="December"),
    ],
)
def test_last_day(month: Month, last_day: dt.date) -> None:
    assert month.last_day == last_day
    assert month.next.first_day == last_day + dt.timedelta(days=1)


def test_months_pass_over_the_year_end() -> None:
    assert Month(2025, 12).next == Month(2026, 1)
    assert Month(2026, 1).previous == Month(2025, 12)
    assert Month(2026, 1).plus(-13) == Month(2024, 12)
    assert [str(month) for month in Month(2025, 11).until(Month(2026, 1))] == ["2025-11", "2025-12", "2026-01"]
    assert list(Month(2026, 2).until(Month(2026, 1))) == []


@pytest.mark.parametrize(
    ("month", "quarter"),
    [
        (Month(2025, 3), "2024/25 Q4"),
        (Month(2025, 4), "2025/26 Q1"),
        (Month(2025, 12), "2025/26 Q3"),
        (Month(2026, 1), "2025/26 Q4"),
        (Month(1999, 5), "1999/00 Q1"),
    ],
)
def test_quarter_is_financial(month: Month, quarter: str) -> None:
    assert month.quarter == quarter


@pytest.mark.parametrize(
    ("month", "cut_off"),
    [
        pytest.param(Month(2026, 1), dt.date(2026, 2, 6), id="no holiday: fifth working day, a Friday"),
        pytest.param(Month(2025, 12), dt.date(2026, 1, 8), id="New Year’s Day and a weekend"),
        pytest.param(Month(2026, 3), dt.date(2026, 4, 9), id="Good Friday and Easter Monday"),
        pytest.param(Month(2022, 5), dt.date(2022, 6, 9), id="the bank holidays of the Platinum Jubilee"),
        pytest.param(Month(2024, 2), dt.date(2024, 3, 7), id="after a leap day"),
        pytest.param(Month(2026, 7), dt.date(2026, 8, 7), id="the first is a Saturday; no English holiday on the 3rd"),
    ],
)
def test_cut_off_is_the_fifth_working_day_of_the_next_month(month: Month, cut_off: dt.date) -> None:
    assert cut_off_of(month) == cut_off


def test_cut_off_follows_the_setting(settings: object) -> None:
    settings.RETURN_CUT_OFF_WORKING_DAY = 1  # type: ignore[attr-defined]

    assert cut_off_of(Month(2026, 1)) == dt.date(2026, 2, 2)


def test_christmas_is_no_working_day_and_scotland_s_second_of_january_is() -> None:
    assert not is_working_day(dt.date(2025, 12, 25))
    assert not is_working_day(dt.date(2026, 1, 3))
    assert is_working_day(dt.date(2026, 1, 2))


@pytest.mark.parametrize("text", ["1900-12", "2199-01", "9999-12"])
def test_months_beyond_reach_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month"):
        Month.parse(text)


@pytest.mark.parametrize("text", ["1901-01", "2198-12"])
def test_every_month_that_can_be_written_has_a_year_around_it(text: str) -> None:
    month = Month.parse(text)

    assert month.plus(-12).plus(24).plus(-12) == month
