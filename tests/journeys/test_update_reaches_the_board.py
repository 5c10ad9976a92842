"""What an officer saves reaches the board's next figures, and never those that were signed off."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from board import services
from board.figures import SECTIONS, figures_of
from board.models import Figure, ReportingMonth
from core.months import Month
from milestones.models import Milestone, Status
from milestones.services import record_update
from tests.factories import MilestoneFactory

pytestmark = pytest.mark.journey


def roll_up(row: ReportingMonth, at: dt.datetime) -> None:
    for section in SECTIONS:
        services.run_section(month=row, section=section, at=at)
    services.finish_month(month=row)


@pytest.fixture
def milestone(officer: User, office: User) -> Milestone:
    """On track as at the end of two months ago, a month that was signed off; this month and the last are open."""
    this_month = Month.of(timezone.localdate())
    then = this_month.plus(-2)
    milestone = MilestoneFactory(
        reference="PA1-01",
        responsible_officer=officer,
        baseline_due_date=this_month.plus(6).last_day,
        added_on=then.first_day,
    )
    at = dt.datetime.combine(then.next.first_day, dt.time(10), dt.UTC)
    progress = "The group met."
    record_update(
        milestone=milestone, status=Status.ON_TRACK, as_at=then.last_day, progress=progress, by=officer, at=at
    )
    now = timezone.now()
    for row in services.ensure_months(first=then, last=this_month, by=office, at=now):
        roll_up(row, now)
    signed = services.close_month(month=ReportingMonth.objects.get(month=str(then)), by=office, at=now)
    services.sign_off_month(month=signed, reason="Agreed at the board’s meeting.", by=office, at=now)
    return milestone


def test_an_update_reaches_the_next_figures_and_not_the_signed_ones(
    page: Page, sign_in_as: Callable[[Page, User], None], officer: User, milestone: Milestone
) -> None:
    now = Month.of(timezone.localdate())
    signed = ReportingMonth.objects.get(month=str(now.plus(-2)))
    sealed = list(Figure.objects.filter(month=signed).order_by("pk").values())
    sign_in_as(page, officer)

    page.goto("/milestones/PA1-01/update/")
    page.get_by_label("Delayed", exact=True).check()
    page.get_by_label("Why is it off track or delayed?").fill("The provider withdrew.")
    page.get_by_label("What is being done about it?").fill("A second tender is out.")
    page.get_by_label("What does this mean for children, families or the plan?").fill("Families wait longer.")
    forecast = page.get_by_role("group", name="When is it now expected to be done?")
    for part, number in (("Day", 1), ("Month", now.plus(8).number), ("Year", now.plus(8).year)):
        forecast.get_by_label(part).fill(str(number))
    page.get_by_label("What has been done since the last update?").fill("The tender closed without a bid.")
    as_at = page.get_by_role("group", name="As at")
    today = timezone.localdate()
    for part, number in (("Day", today.day), ("Month", today.month), ("Year", today.year)):
        as_at.get_by_label(part).fill(str(number))
    page.get_by_role("button", name="Save update").click()
    expect(page.get_by_role("alert")).to_contain_text("PA1-01 is now Delayed")

    # The open month counts it: its dashboard recounts itself when it is opened.
    page.goto(f"/dashboard/?month={now}")
    expect(page.get_by_text("0 of 1 milestones (0.0%)")).to_be_visible()
    assert figures_of(now).number("milestones.delayed") == 1

    # The signed-off month stays as it was, on the page and row by row.
    page.goto(f"/dashboard/?month={signed.month}")
    expect(page.get_by_text("1 of 1 milestones (100.0%)")).to_be_visible()
    assert list(Figure.objects.filter(month=signed).order_by("pk").values()) == sealed
    digest = signed.digest
    signed.refresh_from_db()
    assert signed.digest == digest == services.digest_of(signed)

    # And the old rating is still there as at its date.
    page.goto(f"/milestones/?as_at={signed.period.last_day}&status=on_track")
    expect(page.get_by_role("status").filter(has_text="Showing 1 of 1 milestone")).to_be_visible()
