"""The beat schedule can be trusted: it names tasks that exist, at hours that exist once a day."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from celery.schedules import crontab
from django.conf import settings

from pap_portal.celery import app

LONDON = ZoneInfo("Europe/London")
app.loader.import_default_modules()

JOBS = [pytest.param(job, id=name) for name, job in app.conf.beat_schedule.items()]


def times(schedule: crontab) -> list[dt.time]:
    return [dt.time(hour, minute) for hour in schedule.hour for minute in schedule.minute]


def test_schedule_is_not_empty_and_in_london_time() -> None:
    assert JOBS
    assert settings.CELERY_TIMEZONE == "Europe/London"


@pytest.mark.parametrize("job", JOBS)
def test_job_names_a_task(job: dict[str, Any]) -> None:
    assert job["task"] in app.tasks


@pytest.mark.parametrize("job", JOBS)
def test_job_goes_to_the_queue_that_workers_read(job: dict[str, Any]) -> None:
    assert job.get("options", {}).get("queue", settings.CELERY_TASK_DEFAULT_QUEUE) == settings.CELERY_TASK_DEFAULT_QUEUE


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("day", [dt.date(2026, 1, 15), dt.date(2026, 7, 15)], ids=["winter", "summer"])
def test_job_keeps_clear_of_the_hours_that_move(job: dict[str, Any], day: dt.date) -> None:
    """01:00–02:00 in London is skipped in March and comes twice in October; from 23:00 UTC to midnight London and
    UTC disagree on the day, so that a job would compute the wrong one."""
    for time in times(job["schedule"]):
        assert time.hour != 1
        assert dt.datetime.combine(day, time, LONDON).astimezone(dt.UTC).hour != 23
