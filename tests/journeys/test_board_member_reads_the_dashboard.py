"""A board member reads how the plan stands, looks behind a number, and goes back a month."""

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from board import services
from board.figures import SECTIONS
from milestones.models import Status
from tests.factories import MilestoneFactory, MilestoneUpdateFactory, PriorityAreaFactory, ReportingMonthFactory

pytestmark = pytest.mark.journey
AFTER = dt.datetime(2026, 2, 10, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def plan(transactional_db: None) -> None:
    """Two months of a plan of twelve milestones in two areas, of which two fell off track in January."""
    areas = [PriorityAreaFactory(), PriorityAreaFactory(code="PA2", title="Education, health and care plans", order=2)]
    for place in range(12):
        milestone = MilestoneFactory(area=areas[place % 2], reference=f"{areas[place % 2].code}-{place + 1:02d}")
        MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2025, 12, 19), status=Status.ON_TRACK)
        falls = place in (3, 8)
        MilestoneUpdateFactory(
            milestone=milestone,
            as_at=dt.date(2026, 1, 20),
            status=Status.OFF_TRACK if falls else Status.COMPLETED if place < 3 else Status.ON_TRACK,
            reason="The provider has no capacity." if falls else "",
            mitigation="A second provider is being sought." if falls else "",
            forecast_date=dt.date(2026, 5, 31) if falls else None,
        )
    for name in ("2025-12", "2026-01"):
        month = ReportingMonthFactory(month=name)
        for section in SECTIONS:
            services.run_section(month=month, section=section, at=AFTER)
        services.finish_month(month=month)


@pytest.mark.usefixtures("plan")
def test_board_member_reads_the_dashboard_and_drills_down(
    page: Page, sign_in_as: Callable[[Page, User], None], axe: Callable[[Page], None], board_member: User
) -> None:
    sign_in_as(page, board_member)

    # The first page takes somebody who only reads to the latest month.
    page.goto("/")
    expect(page).to_have_url("/dashboard/")
    expect(page.get_by_role("heading", level=1)).to_have_text("January 2026")
    sentence = "10 of 12 milestones (83.3%) are completed or on track, 2 fewer than in December."
    expect(page.get_by_text(sentence)).to_be_visible()
    expect(page.get_by_role("img", name="Milestones by status")).to_be_visible()
    axe(page)

    # What is in trouble says why, and what is being done.
    exceptions = page.get_by_role("table", name="Exceptions")
    expect(exceptions.get_by_role("row")).to_have_count(3)
    expect(exceptions).to_contain_text("The provider has no capacity.")
    expect(exceptions).to_contain_text("A second provider is being sought.")

    # Every chart is a table too.
    burn_up = page.get_by_role("region", name="Completed against the plan’s first due dates")
    burn_up.get_by_text("View as table").click()
    expect(burn_up.get_by_role("row", name="January 2026")).to_contain_text("3")
    folded = page.locator("details:not([open]) > summary")
    while folded.count():
        folded.first.click()
    axe(page)

    # A number leads to as many milestones, as at the month.
    page.get_by_role("listitem").filter(has_text="Off track").get_by_role("link", name="2", exact=True).first.click()
    expect(page).to_have_url("/milestones/?status=off_track&as_at=2026-01-31")
    expect(page.get_by_role("table").locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name="PA2-04").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("PA2-04")
    page.go_back()
    page.go_back()

    # And back in time: before the fall, nothing was wrong.
    page.get_by_label("Month", exact=True).select_option("December 2025")
    page.get_by_role("button", name="Show month").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("December 2025")
    expect(page.get_by_text("12 of 12 milestones (100.0%) are completed or on track.")).to_be_visible()
    expect(page.get_by_text("There are none: no milestone is off track")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Jan 2026").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("January 2026")

    # What the words mean.
    page.get_by_role("main").get_by_role("link", name="Key to ratings").click()
    axe(page)
    page.get_by_role("link", name="Glossary").click()
    page.get_by_label("Search for an abbreviation or a word").fill("pap")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("Priority Action Plan", exact=True)).to_be_visible()
    axe(page)


@pytest.mark.usefixtures("plan")
def test_the_dashboard_reads_the_same_without_script_and_on_paper(
    page: Page, sign_in_as: Callable[[Page, User], None], board_member: User
) -> None:
    sign_in_as(page, board_member)
    page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto("/dashboard/")
    page.get_by_text("View as table").first.click()
    expect(page.get_by_role("table", name="Priority areas by status")).to_be_visible()

    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Menu")).to_be_hidden()
    expect(page.get_by_role("button", name="Show month")).to_be_hidden()
    expect(page.get_by_text("10 of 12 milestones")).to_be_visible()
    assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")
