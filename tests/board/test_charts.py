import re
from decimal import Decimal

from board import charts
from board.figures import StoredFigure
from core.months import Month
from milestones.models import Status

JANUARY = Month(2026, 1)


def stored(month: Month, code: str, number: int, breakdown: str = "") -> StoredFigure:
    return StoredFigure(month, f"milestones.{code}", "", breakdown, Decimal(number), None, None, "")


def by_status(numbers: dict[Month, tuple[int, ...]], months: list[Month]) -> dict[Status, charts.Series]:
    def of(place: int, status: Status) -> charts.Series:
        return [(month, stored(month, status, numbers[month][place]) if month in numbers else None) for month in months]

    return {status: of(place, status) for place, status in enumerate(Status)}


YEAR = list(JANUARY.plus(-11).until(JANUARY))
NUMBERS = {Month(2025, 11): (30, 50, 10, 3, 2), Month(2026, 1): (44, 39, 10, 1, 1)}


def test_trend_table_has_the_numbers_of_the_chart_with_their_rows() -> None:
    chart = charts.trend(by_status(NUMBERS, YEAR))

    assert chart is not None
    assert [column.text for column in chart.columns] == ["Month", *Status.labels, "Total"]
    table = [[cell.text for cell in row] for row in chart.rows]
    assert table == [
        ["November 2025", "30", "50", "10", "3", "2", "95"],
        ["December 2025", *["no figures"] * 6],
        ["January 2026", "44", "39", "10", "1", "1", "95"],
    ]
    assert chart.rows[2][3].href == "/milestones/?status=off_track&as_at=2026-01-31"
    assert "83 of 95 in January 2026" in chart.description


def test_trend_without_figures_is_no_chart() -> None:
    assert charts.trend(by_status({}, YEAR)) is None


def test_charts_keep_their_text_readable_on_desk_and_phone() -> None:
    chart = charts.trend(by_status(NUMBERS, YEAR))

    assert chart is not None
    for svg, page_width in ((chart.wide, charts.WIDE), (chart.narrow, charts.NARROW)):
        width = int(re.search(r'viewBox="0 0 (\d+) ', svg)[1])
        assert abs(width - page_width) <= 1
        sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)px"', svg)]
        assert min(sizes) >= 12


def test_burn_up_compares_with_the_baseline_and_runs_to_the_revisit() -> None:
    months = list(Month(2025, 12).until(JANUARY))
    completed = [(month, stored(month, "completed", number)) for month, number in zip(months, (35, 44), strict=True)]
    numbers = {Month(2025, 12): 51, JANUARY: 55, Month(2026, 2): 62, Month(2026, 3): 79}
    baseline = {month: stored(JANUARY, "baseline_due", number, str(month)) for month, number in numbers.items()}

    chart = charts.burn_up(completed=completed, baseline=baseline, revisit=Month(2026, 3), now=JANUARY)

    assert chart is not None
    assert "55 were due by the baseline and 44 completed: 11 behind." in chart.description
    assert [[cell.text for cell in row] for row in chart.rows] == [
        ["December 2025", "51", "35"],
        ["January 2026", "55", "44"],
        ["February 2026", "62", "to come"],
        ["March 2026", "79", "to come"],
    ]
    assert "Revisit expected" in chart.wide


def test_burn_up_goes_on_after_the_revisit() -> None:
    chart = charts.burn_up(
        completed=[(JANUARY, stored(JANUARY, "completed", 3))],
        baseline={Month(2025, 12): stored(JANUARY, "baseline_due", 3, "2025-12")},
        revisit=Month(2025, 12),
        now=JANUARY,
    )

    assert chart is not None
    assert chart.rows[-1][0].text == "January 2026"


def test_burn_up_of_nothing_is_no_chart() -> None:
    assert charts.burn_up(completed=[(JANUARY, None)], baseline={}, revisit=Month(2026, 6), now=JANUARY) is None
