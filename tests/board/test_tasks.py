import datetime as dt
from dataclasses import replace
from typing import Any, NoReturn

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from accounts.models import User
from board import figures, services, tasks
from board.models import ReportingMonth, RollupRun
from board.tasks import rollups
from core.figures import Value
from core.months import Month
from core.tasks import enqueue
from pap_portal.celery import app
from tests.factories import MilestoneUpdateFactory, ReportingMonthFactory

pytestmark = pytest.mark.django_db
FEBRUARY = dt.datetime(2026, 2, 1, 2, 30, tzinfo=dt.UTC)
State = ReportingMonth.State


def with_compute(monkeypatch: pytest.MonkeyPatch, compute: Any) -> None:
    """A section whose computing goes as told: what may go wrong in a real one is the database's and hard to arrange."""
    section = replace(figures.SECTIONS[0], compute=compute)
    monkeypatch.setattr(rollups, "section_named", lambda _: section)


def test_roll_up_month_stores_every_section_and_says_as_at_when() -> None:
    month = ReportingMonthFactory(month="2026-01")
    MilestoneUpdateFactory()
    before = timezone.now()

    assert tasks.roll_up_month.delay("2026-01").get() == {"month": "2026-01", "sections": len(figures.SECTIONS)}

    month.refresh_from_db()
    assert month.figures_at >= before
    assert figures.figures_of(Month(2026, 1)).number("milestones.on_track") == 1


def test_roll_up_month_leaves_a_signed_off_month_alone(office: User) -> None:
    tasks.roll_up_month.delay(ReportingMonthFactory(month="2026-01").month).get()
    month = services.close_month(month=ReportingMonth.objects.get(), by=office, at=timezone.now())
    services.sign_off_month(month=month, reason="The board of 12 February.", by=office, at=timezone.now())
    MilestoneUpdateFactory()

    assert tasks.roll_up_month.delay("2026-01").get() == {"month": "2026-01", "skipped": "signed off"}

    assert figures.figures_of(Month(2026, 1)).number("milestones.total") == 0
    assert RollupRun.objects.count() == len(figures.SECTIONS)


def test_finish_month_gives_a_small_result() -> None:
    ReportingMonthFactory(month="2026-01")

    result = tasks.finish_month.delay([{"section": "milestones", "figures": 31}], "2026-01").get()

    assert result == {"month": "2026-01", "figures": 31, "at": ""}


@time_machine.travel(FEBRUARY, tick=False)
def test_first_of_the_month_computes_the_one_just_ended_and_opens_the_next() -> None:
    tasks.roll_up_previous_month.delay().get()

    opened = {row.month: row.figures_at for row in ReportingMonth.objects.all()}
    assert opened == {"2026-01": FEBRUARY, "2026-02": None}


@time_machine.travel(dt.datetime(2026, 3, 31, 23, 30, tzinfo=dt.UTC), tick=False)
def test_the_month_just_ended_is_london_s() -> None:
    """Half an hour past midnight on 1 April in London."""
    assert tasks.roll_up_previous_month.delay().get() == {"months": ["2026-03"]}


@time_machine.travel(FEBRUARY, tick=False)
def test_every_night_computes_each_month_that_is_not_signed_off(office: User) -> None:
    sealed = {"state": State.SIGNED_OFF, "signed_off_at": FEBRUARY, "signed_off_by": office, "digest": "0" * 64}
    ReportingMonthFactory(month="2025-11", **sealed)
    ReportingMonthFactory(month="2025-12", state=State.CLOSED)

    assert tasks.roll_up_open_months.delay().get() == {"months": ["2025-12", "2026-01", "2026-02"]}

    assert RollupRun.objects.filter(month__month="2025-11").count() == 0
    assert ReportingMonth.objects.filter(figures_at=FEBRUARY).count() == 3


def test_a_missed_night_heals() -> None:
    """Nothing ran between 30 October and 3 December: the next night opens and computes all of it."""
    with time_machine.travel(dt.datetime(2025, 10, 30, 3, 0, tzinfo=dt.UTC), tick=False):
        tasks.roll_up_open_months.delay().get()
    MilestoneUpdateFactory(as_at=dt.date(2025, 11, 15))
    with time_machine.travel(dt.datetime(2025, 12, 3, 3, 0, tzinfo=dt.UTC), tick=False):
        tasks.roll_up_open_months.delay().get()

    assert figures.figures_of(Month(2025, 11)).number("milestones.on_track") == 1
    assert figures.figures_of(Month(2025, 10)).number("milestones.not_started") == 1


def test_a_fault_fails_the_task_and_stands_on_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    month = ReportingMonthFactory(month="2026-01")

    def broken(_: Month) -> NoReturn:
        raise ZeroDivisionError("nothing to divide")

    with_compute(monkeypatch, broken)
    result = tasks.roll_up_section.delay("2026-01", "milestones")

    assert result.state == "FAILURE"
    assert [run.error for run in month.runs.all()] == ["ZeroDivisionError: nothing to divide"]


def test_a_fault_never_reaches_the_door_that_asked(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    month = ReportingMonthFactory(month="2026-01")

    def broken(_: Month) -> NoReturn:
        raise ZeroDivisionError("nothing to divide")

    with_compute(monkeypatch, broken)
    with django_capture_on_commit_callbacks(execute=True):
        enqueue(tasks.roll_up_month, "2026-01")

    month.refresh_from_db()
    assert month.figures_at is None
    assert {run.state for run in month.runs.all()} == {RollupRun.State.FAILED}


def test_a_database_that_is_away_for_a_moment_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    month = ReportingMonthFactory(month="2026-01")
    tries: list[Month] = []

    def away_once(asked: Month) -> list[Value]:
        tries.append(asked)
        if len(tries) == 1:
            raise OperationalError("server closed the connection")
        return []

    with_compute(monkeypatch, away_once)

    assert tasks.roll_up_section.delay("2026-01", "milestones").get() == {"section": "milestones", "figures": 0}
    assert [run.state for run in month.runs.all()] == [RollupRun.State.DONE, RollupRun.State.FAILED]


def test_a_database_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ReportingMonthFactory(month="2026-01")

    def away(_: Month) -> NoReturn:
        raise OperationalError("server closed the connection")

    with_compute(monkeypatch, away)

    assert tasks.roll_up_section.delay("2026-01", "milestones").state == "FAILURE"
    assert RollupRun.objects.count() == 4


@pytest.mark.parametrize(
    "name",
    [
        "board.roll_up_section",
        "board.finish_month",
        "board.roll_up_month",
        "board.roll_up_open_months",
        "board.roll_up_previous_month",
    ],
)
def test_the_worker_knows_each_task_by_its_name(name: str) -> None:
    assert app.tasks[name].acks_late
    assert app.tasks[name].max_retries == 3
