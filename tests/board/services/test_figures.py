import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import User
from board import services
from board.figures import section_named
from board.models import Figure, ReportingMonth, RollupRun
from core.figures import Value, count
from core.months import Month
from tests.board.services.conftest import AFTER, AGREED, rolled_up, rows
from tests.factories import MilestoneFactory, MilestoneUpdateFactory, ReportingMonthFactory

pytestmark = pytest.mark.django_db
SECTION = section_named("milestones")
State = ReportingMonth.State


def signed_off(month: ReportingMonth, by: User) -> ReportingMonth:
    services.close_month(month=month, by=by, at=AFTER)
    return services.sign_off_month(month=month, reason=AGREED, by=by, at=AFTER)


def test_run_section_twice_changes_nothing(month: ReportingMonth) -> None:
    before = rows(month)

    rolled_up(month, AFTER + dt.timedelta(days=1))

    assert before
    assert rows(month) == before


def test_run_section_takes_away_figures_that_are_no_longer_made(month: ReportingMonth) -> None:
    services.store_section(month=month, section=SECTION, values=[count("milestones.total", 3)], at=AFTER)

    left = month.figures.filter(section="milestones")
    assert [(row.code, row.value) for row in left] == [("milestones.total", 3)]


def test_run_section_keeps_a_record(month: ReportingMonth) -> None:
    run = month.runs.get(section="milestones")

    assert (run.state, run.section, run.figures, run.error) == (
        RollupRun.State.DONE,
        "milestones",
        month.figures.filter(section="milestones").count(),
        "",
    )
    assert run.finished_at >= run.started_at == AFTER


def test_run_section_that_fails_leaves_the_old_figures_and_says_why(month: ReportingMonth) -> None:
    before = rows(month)

    def broken(_: Month) -> list[Value]:
        raise ZeroDivisionError("nothing to divide")

    with pytest.raises(ZeroDivisionError):
        services.run_section(month=month, section=replace(SECTION, compute=broken), at=AFTER)

    run = month.runs.first()
    assert (run.state, run.error) == (RollupRun.State.FAILED, "ZeroDivisionError: nothing to divide")
    assert rows(month) == before


def test_run_section_that_fails_half_way_through_storing_leaves_the_old_figures(month: ReportingMonth) -> None:
    before = rows(month)
    twice = [count("milestones.total", 1), count("milestones.total", 2)]

    with pytest.raises(Exception, match=r"(?i)unique"):
        services.run_section(month=month, section=replace(SECTION, compute=lambda _: twice), at=AFTER)

    assert rows(month) == before
    assert month.runs.first().state == RollupRun.State.FAILED


def test_run_section_mends_one_whose_worker_was_killed(month: ReportingMonth) -> None:
    killed = RollupRun.objects.create(month=month, section="milestones", started_at=AFTER)
    before = rows(month)

    rolled_up(month, AFTER + dt.timedelta(hours=1))

    killed.refresh_from_db()
    assert killed.state == RollupRun.State.FAILED
    assert "Stopped before it finished" in killed.error
    assert rows(month) == before


def test_run_section_asks_the_same_number_of_queries_of_any_plan(
    month: ReportingMonth, count_queries: Callable[..., int]
) -> None:
    def grow(milestones: int) -> None:
        for number in range(milestones):
            milestone = MilestoneFactory(area__code=f"PA{number % 5}", reference=f"X-{milestones}-{number}")
            MilestoneUpdateFactory(milestone=milestone)

    grow(5)
    small = count_queries(lambda: rolled_up(month, AFTER))
    grow(25)

    assert count_queries(lambda: rolled_up(month, AFTER)) == small


def test_finish_month_says_as_at_the_oldest_section(month: ReportingMonth) -> None:
    assert month.figures_at == AFTER

    rolled_up(month, AFTER + dt.timedelta(hours=2))

    month.refresh_from_db()
    assert month.figures_at == AFTER + dt.timedelta(hours=2)


def test_finish_month_says_nothing_while_a_section_was_never_computed() -> None:
    month = ReportingMonthFactory(month="2026-01")

    assert services.finish_month(month=month).figures_at is None


# --- The seal -------------------------------------------------------------------------------------------------------


def test_sealed_text_is_what_the_documentation_says() -> None:
    month = ReportingMonthFactory(month="2026-01")
    values = [
        Value("milestones.on_track_or_completed", Decimal("87.4"), "PA1", numerator=83, denominator=95),
        Value("milestones.rag", None, rag="amber"),
        Value("milestones.total", Decimal(100)),
        Value("milestones.baseline_due", Decimal(0), "", "2025-12"),
    ]
    services.store_section(month=month, section=SECTION, values=values, at=AFTER)

    text = (
        "milestones.baseline_due||2025-12|0|||\n"
        "milestones.on_track_or_completed|PA1||87.4|83|95|\n"
        "milestones.rag||||||amber\n"
        "milestones.total|||100|||\n"
    )
    assert services.sealed_text(month) == text
    assert services.digest_of(month) == hashlib.sha256(text.encode()).hexdigest()


def test_digest_betrays_a_figure_that_was_changed(office: User, month: ReportingMonth) -> None:
    signed = signed_off(month, office)

    Figure.objects.filter(month=signed, code="milestones.on_track", area="").update(value=2)

    assert services.digest_of(signed) != signed.digest


def test_digest_is_the_same_on_every_database(month: ReportingMonth) -> None:
    """SQLite and PostgreSQL sort and print numbers each their own way; the canonical form does not."""
    lines = services.sealed_text(month).splitlines(keepends=True)

    assert lines == sorted(lines)
    assert "milestones.on_track_or_completed|||100|1|1|\n" in lines, connection.vendor
