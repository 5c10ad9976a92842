"""An officer opens what they owe, reports on it in one step, and nothing they type is lost."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from core.months import month_reported_on
from milestones.models import Milestone, MilestoneDraft, Status
from milestones.services import record_update
from tests.factories import MilestoneFactory

pytestmark = pytest.mark.journey
SignIn = Callable[[Page, User], None]
Axe = Callable[[Page], None]


@pytest.fixture
def milestone(officer: User) -> Milestone:
    """Reported on two months ago, so that it owes a return today whatever the day."""
    milestone = MilestoneFactory(
        reference="PA1-01",
        title="Agree the neurodevelopmental pathway",
        responsible_officer=officer,
        baseline_due_date=timezone.localdate() + dt.timedelta(days=60),
    )
    before = month_reported_on(timezone.localdate()).plus(-2).last_day
    record_update(
        milestone=milestone,
        status=Status.ON_TRACK,
        as_at=before,
        progress="The draft went out to families for comment.",
        by=officer,
        at=timezone.now() - dt.timedelta(days=30),
    )
    MilestoneFactory(
        reference="PA1-02",
        title="Train the panel",
        responsible_officer=officer,
        baseline_due_date=timezone.localdate() + dt.timedelta(days=90),
    )
    return milestone


def test_officer_updates_a_rating(
    page: Page, sign_in_as: SignIn, axe: Axe, officer: User, milestone: Milestone
) -> None:
    month = month_reported_on(timezone.localdate()).label
    sign_in_as(page, officer)

    # Their work for the month, what they owe first.
    page.goto("/")
    expect(page.get_by_role("heading", name=f"2 to update for {month}")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Update PA1-01").click()

    # The form, with the last update beside it and nothing that no status asks for yet.
    expect(page.get_by_role("complementary")).to_contain_text("The draft went out to families for comment.")
    expect(page.get_by_label("Why is it off track or delayed?")).to_be_hidden()
    axe(page)

    # Off track asks for its explanation; what is typed moves along when they think again.
    page.get_by_label("Off track", exact=True).check()
    page.get_by_label("Why is it off track or delayed?").fill("The provider withdrew.\nNobody else has bid.")
    page.get_by_label("Delayed", exact=True).check()
    expect(page.get_by_label("Why is it off track or delayed?")).to_have_value(
        "The provider withdrew.\nNobody else has bid."
    )
    axe(page)

    # What is missing is said, and what was typed is there.
    page.get_by_role("button", name="Save update").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_role("alert")).to_contain_text("Say what is being done about it.")
    expect(page.get_by_label("Why is it off track or delayed?")).to_have_value(
        "The provider withdrew.\nNobody else has bid."
    )
    axe(page)
    page.get_by_role("link", name="Say what is being done about it.").click()
    expect(page.get_by_label("What is being done about it?")).to_be_focused()

    page.get_by_label("What is being done about it?").fill("A second tender is out.")
    page.get_by_label("What does this mean for children, families or the plan?").fill("Families wait longer.")
    expected = timezone.localdate() + dt.timedelta(days=120)
    forecast = page.get_by_role("group", name="When is it now expected to be done?")
    for part, number in (("Day", expected.day), ("Month", expected.month), ("Year", expected.year)):
        forecast.get_by_label(part).fill(str(number))
    page.get_by_label("What has been done since the last update?").fill("The tender closed without a bid.")
    page.get_by_role("button", name="Save update").click()

    # Back where they came from, told what was saved, and the next one is a click away.
    expect(page.get_by_role("alert")).to_contain_text("PA1-01 is now Delayed")
    expect(page.get_by_role("heading", name=f"1 to update for {month}")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Update PA1-02 Train the panel next").click()
    expect(page.get_by_role("heading", name="Update rating")).to_be_visible()

    # Everybody finds it: in the list, worsening, and on the milestone's page.
    page.goto("/milestones/?status=delayed")
    expect(page.get_by_role("status").filter(has_text="Showing 1 of 2 milestones")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="PA1-01 Agree the neurodevelopmental pathway").click()
    expect(page.get_by_text("Nobody else has bid.")).to_be_visible()
    expect(page.get_by_text("Worsening")).to_be_visible()
    axe(page)
    page.goto("/milestones/returns/")
    expect(page.get_by_text("1 of 2 milestones reported")).to_be_visible()
    axe(page)
    milestone.refresh_from_db()
    assert milestone.status == Status.DELAYED


def test_what_an_officer_types_is_kept_without_being_asked(
    page: Page, sign_in_as: SignIn, officer: User, milestone: Milestone
) -> None:
    sign_in_as(page, officer)
    page.clock.install()
    page.goto("/milestones/PA1-01/update/")
    page.get_by_label("What has been done since the last update?").fill("Half a sen")

    page.clock.run_for(21_000)

    expect(page.get_by_text("Draft saved at")).to_be_visible()
    assert MilestoneDraft.objects.get().typed["progress"] == "Half a sen"
    page.goto("/milestones/PA1-01/update/")
    expect(page.get_by_text("Your draft was saved on")).to_be_visible()
    expect(page.get_by_label("What has been done since the last update?")).to_have_value("Half a sen")
