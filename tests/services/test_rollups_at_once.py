"""Rollups of one month at the same moment, and with a sign-off: one after the other, nothing twice, nothing lost."""

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from board import services
from board.figures import figures_of, section_named
from board.models import ReportingMonth, RollupRun
from core.figures import Value
from core.months import Month
from milestones.models import Milestone, Status
from tests.factories import MilestoneUpdateFactory, ReportingMonthFactory, UserFactory

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
SECTION = section_named("milestones")
AT = dt.datetime(2026, 2, 10, 9, 0, tzinfo=dt.UTC)


def at_once(*jobs: Callable[[], object]) -> list[Exception]:
    """Runs each in a thread of its own and gives back what was raised."""
    raised: list[Exception] = []

    def run(job: Callable[[], object]) -> None:
        try:
            job()
        except Exception as error:  # noqa: BLE001 the test looks at it
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return raised


def test_rollups_at_once_store_every_figure_once() -> None:
    month = ReportingMonthFactory(month="2026-01")
    MilestoneUpdateFactory(status=Status.DELAYED)
    together = threading.Barrier(4, timeout=30)

    def roll_up() -> None:
        together.wait()
        services.run_section(month=month, section=SECTION, at=AT)

    assert at_once(*[roll_up] * 4) == []

    assert set(month.runs.values_list("state", flat=True)) == {RollupRun.State.DONE}
    assert month.figures.count() == month.runs.first().figures
    assert figures_of(month.period).number("milestones.delayed") == 1


def test_rollup_that_began_first_and_reads_slowly_does_not_undo_a_newer_one() -> None:
    """The slow one holds the month from before it reads. The one that comes after it reads the new rating."""
    month = ReportingMonthFactory(month="2026-01")
    milestone = MilestoneUpdateFactory(status=Status.ON_TRACK, as_at=dt.date(2026, 1, 10)).milestone
    has_read, may_go_on = threading.Event(), threading.Event()

    def slowly(asked: Month) -> list[Value]:
        values = SECTION.compute(asked)
        has_read.set()
        may_go_on.wait(30)
        return values

    def slow() -> None:
        services.run_section(month=month, section=replace(SECTION, compute=slowly), at=AT)

    def quick() -> None:
        has_read.wait(30)
        MilestoneUpdateFactory(milestone=milestone, status=Status.DELAYED, as_at=dt.date(2026, 1, 20))
        # Let go as soon as the quick one waits for the month; it cannot pass the slow one.
        threading.Timer(0.5, may_go_on.set).start()
        services.run_section(month=month, section=SECTION, at=AT)

    assert at_once(slow, quick) == []

    assert figures_of(month.period).number("milestones.delayed") == 1


def test_sign_off_and_rollup_at_once_leave_a_seal_that_holds() -> None:
    office = UserFactory()
    month = ReportingMonthFactory(month="2026-01")
    MilestoneUpdateFactory(status=Status.ON_TRACK)
    services.run_section(month=month, section=SECTION, at=AT)
    month = services.close_month(month=services.finish_month(month=month), by=office, at=AT)
    together = threading.Barrier(2, timeout=30)

    def roll_up() -> None:
        together.wait()
        services.run_section(month=month, section=SECTION, at=AT)

    def sign_off() -> None:
        together.wait()
        services.sign_off_month(month=month, reason="The board of 9 February.", by=office, at=AT)

    raised = at_once(roll_up, sign_off)

    # Whichever came second may have been refused; never both, and what is sealed is what is stored.
    assert len(raised) <= 1
    assert all(isinstance(error, ValidationError) for error in raised)
    month = ReportingMonth.objects.get()
    assert not month.is_signed_off or services.digest_of(month) == month.digest
    assert Milestone.objects.count() == 1
