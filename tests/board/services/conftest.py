"""A month with figures, for the tests of its life and of its figures."""

import datetime as dt

import pytest

from board import services
from board.figures import SECTIONS
from board.models import ReportingMonth
from milestones.models import Status
from tests.factories import MilestoneUpdateFactory, ReportingMonthFactory

AFTER = dt.datetime(2026, 2, 10, 9, 0, tzinfo=dt.UTC)
AGREED = "Improvement Board of 12 February 2026."


@pytest.fixture
def month(db: None) -> ReportingMonth:
    """January 2026, open, with one milestone on track and its figures."""
    MilestoneUpdateFactory(as_at=dt.date(2026, 1, 20), status=Status.ON_TRACK)
    return rolled_up(ReportingMonthFactory(month="2026-01"), AFTER)


def rolled_up(month: ReportingMonth, at: dt.datetime) -> ReportingMonth:
    for section in SECTIONS:
        services.run_section(month=month, section=section, at=at)
    return services.finish_month(month=month)


def rows(month: ReportingMonth) -> list[tuple[object, ...]]:
    columns = ("section", "code", "area", "breakdown", "value", "numerator", "denominator", "unit", "rag")
    return list(month.figures.values_list(*columns))
