import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured

from board import figures, services
from board.figures import StoredFigure, figures_of, section_named, series
from board.models import ReportingMonth
from core.figures import Unit, Value, count, share
from core.months import Month
from core.ratings import Colour
from milestones.filters import MilestoneFilter
from milestones.models import Milestone, Status
from tests.factories import MilestoneFactory, MilestoneUpdateFactory, ReportingMonthFactory

SECTION = section_named("milestones")
JANUARY = Month(2026, 1)
AT = dt.datetime(2026, 2, 10, 9, 0, tzinfo=dt.UTC)


def stored(month: str, *values: Value) -> ReportingMonth:
    row = ReportingMonthFactory(month=month)
    services.store_section(month=row, section=SECTION, values=values, at=AT)
    return row


def test_two_figures_of_one_name_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"milestones\.total"):
        figures._definitions([SECTION, SECTION])


def test_definition_of_an_unknown_code_is_an_error() -> None:
    with pytest.raises(KeyError):
        figures.definition("milestones.nonsense")


@pytest.mark.django_db
def test_figures_of_a_month_that_was_never_computed_is_empty() -> None:
    found = figures_of(JANUARY)

    assert len(found) == 0
    assert found.figure("milestones.total") is None
    assert found.number("milestones.total") is None


@pytest.mark.django_db
def test_figures_of_prints_counts_whole_and_shares_to_one_decimal() -> None:
    values = [count("milestones.total", 95), share("milestones.on_track_or_completed", 95, 95)]
    stored("2026-01", *values, Value("milestones.rag", None, rag=Colour.AMBER))

    found = figures_of(JANUARY)

    assert str(found.number("milestones.total")) == "95"
    assert str(found.number("milestones.on_track_or_completed")) == "100.0"
    assert found["milestones.rag", "", ""].colour == Colour.AMBER
    assert found["milestones.on_track_or_completed", "", ""].denominator == 95


@pytest.mark.django_db
def test_figures_of_compares_with_an_earlier_month_in_the_same_query(count_queries: Callable[..., int]) -> None:
    stored("2025-12", count("milestones.delayed", 3), share("milestones.on_track_or_completed", 80, 95))
    stored("2026-01", count("milestones.delayed", 1), share("milestones.on_track_or_completed", 83, 95))
    stored("2026-01", count("milestones.delayed", 1), share("milestones.on_track_or_completed", 83, 95))

    found = figures_of(JANUARY, previous=JANUARY.previous)

    assert found.figure("milestones.delayed").change == -2
    # 87.4 less 84.2, in percentage points.
    assert found.figure("milestones.on_track_or_completed").change == Decimal("3.2")
    assert found.figure("milestones.delayed").previous.month == Month(2025, 12)
    assert count_queries(lambda: figures_of(JANUARY, previous=JANUARY.previous)) == 1


@pytest.mark.django_db
def test_change_is_unknown_without_an_earlier_figure() -> None:
    stored("2026-01", count("milestones.delayed", 1))

    assert figures_of(JANUARY, previous=JANUARY.previous).figure("milestones.delayed").change is None


@pytest.mark.django_db
def test_broken_down_comes_in_the_order_of_its_breakdown() -> None:
    months = ("2026-02", "2025-12", "2026-01")
    stored("2026-01", *(count("milestones.baseline_due", 1, breakdown=month) for month in months))

    found = figures_of(JANUARY).broken_down("milestones.baseline_due")

    assert [figure.breakdown for figure in found] == ["2025-12", "2026-01", "2026-02"]


@pytest.mark.django_db
def test_series_has_a_gap_where_a_month_was_not_computed(count_queries: Callable[..., int]) -> None:
    stored("2025-11", count("milestones.total", 90), count("milestones.total", 20, area="PA1"))
    stored("2026-01", count("milestones.total", 95))
    months = list(Month(2025, 11).until(JANUARY))

    found = series(["milestones.total"], months)

    numbers = [(str(month), figure and figure.number) for month, figure in found["milestones.total"]]
    assert numbers == [("2025-11", 90), ("2025-12", None), ("2026-01", 95)]
    assert series(["milestones.total"], months, area="PA1")["milestones.total"][0][1].number == 20
    assert count_queries(lambda: series(["milestones.total"], months)) == 1


def test_rows_url_asks_for_the_rows_as_at_the_month() -> None:
    figure = StoredFigure(JANUARY, "milestones.off_track", "PA1", "", Decimal(3), None, None, "")

    address = urlsplit(figure.url)

    assert address.path == "/milestones/"
    assert parse_qs(address.query) == {"status": ["off_track"], "area": ["PA1"], "as_at": ["2026-01-31"]}


def test_rows_url_of_a_figure_without_a_list_is_empty() -> None:
    assert not StoredFigure(JANUARY, "milestones.due_date_changes", "", "", Decimal(3), None, None, "").url


@pytest.mark.django_db
@pytest.mark.parametrize(
    "code",
    [
        definition.code
        for definition in SECTION.definitions
        if definition.page and definition.unit == Unit.COUNT and not definition.breakdown
    ],
)
def test_every_count_links_to_exactly_the_rows_that_it_counts(code: str) -> None:
    """The rows are drawn so that no figure is nought and none is all."""
    days = [dt.date(2025, 6, 30), dt.date(2025, 11, 30), dt.date(2026, 1, 31)]
    statuses = list(Status)
    for number in range(30):
        milestone = MilestoneFactory(
            area__code=f"PA{number % 2}",
            baseline_due_date=[dt.date(2025, 12, 31), dt.date(2026, 2, 28), dt.date(2026, 6, 30)][number % 3],
        )
        for place, day in enumerate(days[: 1 + number % 3]):
            MilestoneUpdateFactory(
                milestone=milestone,
                as_at=day,
                status=statuses[(number + place * (number % 4)) % 5],
                impact=["not_yet_evidenced", "no_impact", "emerging", "evident", "embedded"][(number // 2) % 5],
            )
    month = ReportingMonthFactory(month="2026-01")
    services.run_section(month=month, section=SECTION, at=AT)
    found = figures_of(JANUARY)

    for area in ("", "PA0", "PA1"):
        figure = found.figure(code, area)
        query = {
            name: values if name in ("status", "impact", "trend") else values[0]
            for name, values in parse_qs(urlsplit(figure.url).query).items()
        }
        listed = MilestoneFilter(query, Milestone.objects.all())
        assert listed.form.is_valid(), listed.form.errors
        assert listed.qs.count() == figure.number
    assert 0 < found.number(code) <= 30


@pytest.mark.django_db
def test_planned_line_of_the_burn_up_links_to_what_was_promised_by_then() -> None:
    for due in ("2025-12-31", "2026-01-31", "2026-02-01"):
        MilestoneFactory(baseline_due_date=dt.date.fromisoformat(due))
    month = ReportingMonthFactory(month="2026-01")
    services.run_section(month=month, section=SECTION, at=AT)

    [figure] = [row for row in figures_of(JANUARY).broken_down("milestones.baseline_due") if row.breakdown == "2026-01"]

    assert figure.number == 2
    query = {name: values[0] for name, values in parse_qs(urlsplit(figure.url).query).items()}
    assert query == {"baseline_by": "2026-01", "as_at": "2026-01-31"}
    assert MilestoneFilter(query, Milestone.objects.all()).qs.count() == 2


def test_share_links_to_both_statuses() -> None:
    figure = StoredFigure(JANUARY, "milestones.on_track_or_completed", "", "", Decimal("87.4"), 83, 95, "")

    assert parse_qs(urlsplit(figure.url).query)["status"] == ["completed", "on_track"]
