"""The month rolled up by a real worker, through a real broker, into a real database."""

from collections.abc import Callable

import pytest
from django.db import transaction

from board.figures import SECTIONS
from board.models import Figure, ReportingMonth, RollupRun
from board.tasks import roll_up_month
from milestones.models import Status
from tests.factories import MilestoneFactory, MilestoneUpdateFactory, ReportingMonthFactory
from tests.services.conftest import Process, eventually

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

MONTH = "2026-01"


def figure(code: str) -> int | None:
    found = Figure.objects.filter(month__month=MONTH, code=code, area="").first()
    return None if found is None or found.value is None else int(found.value)


def finished() -> bool:
    done = RollupRun.objects.filter(month__month=MONTH, state=RollupRun.State.DONE)
    return ReportingMonth.objects.get(month=MONTH).figures_at is not None and done.count() >= len(SECTIONS)


def test_month_is_rolled_up_by_the_worker(start_worker: Callable[[], Process]) -> None:
    ReportingMonthFactory(month=MONTH)
    MilestoneFactory()
    MilestoneUpdateFactory(status=Status.ON_TRACK)
    start_worker()

    roll_up_month.delay(MONTH)

    eventually(finished, "the chord to finish the month")
    assert (figure("milestones.total"), figure("milestones.on_track")) == (2, 1)


def test_job_asked_for_while_no_worker_runs_is_done_when_one_starts(start_worker: Callable[[], Process]) -> None:
    ReportingMonthFactory(month=MONTH)
    MilestoneFactory()

    roll_up_month.delay(MONTH)
    assert figure("milestones.total") is None
    start_worker()

    eventually(finished, "the waiting job")
    assert figure("milestones.total") == 1


def test_worker_killed_half_way_leaves_the_old_figures_and_the_next_run_mends(
    start_worker: Callable[[], Process],
) -> None:
    month = ReportingMonthFactory(month=MONTH)
    MilestoneFactory()
    first = start_worker()
    roll_up_month.delay(MONTH)
    eventually(finished, "the first rollup")
    MilestoneFactory()

    with transaction.atomic():
        # The section begins, and then waits for the month's row. `no_key` lets it write that it has begun.
        ReportingMonth.objects.select_for_update(no_key=True).get(pk=month.pk)
        roll_up_month.delay(MONTH)
        eventually(_one_is_running, "the second rollup to begin")
        first.kill()

    assert figure("milestones.total") == 1
    before = ReportingMonth.objects.get(month=MONTH).figures_at
    start_worker()
    roll_up_month.delay(MONTH)
    eventually(lambda: ReportingMonth.objects.get(month=MONTH).figures_at != before, "the next rollup")
    assert figure("milestones.total") == 2
    assert Figure.objects.filter(month=month, code="milestones.total", area="").count() == 1


def _one_is_running() -> bool:
    return RollupRun.objects.filter(state=RollupRun.State.RUNNING).exists()
