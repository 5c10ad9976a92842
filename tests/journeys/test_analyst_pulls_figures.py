"""An analyst makes a token in the browser and pulls, with it alone, the figures that the dashboard shows."""

import csv
import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from board.figures import SECTIONS
from board.services import finish_month, open_month, run_section
from core.months import Month
from milestones.models import Status
from tests.factories import MilestoneUpdateFactory

pytestmark = pytest.mark.journey
JANUARY = Month(2026, 1)


@pytest.fixture
def _january(office: User, at: dt.datetime) -> None:
    """Three milestones, two of them on track or completed, rolled up."""
    for status in (Status.ON_TRACK, Status.COMPLETED, Status.DELAYED):
        MilestoneUpdateFactory(status=status, as_at=JANUARY.last_day)
    row = open_month(month=JANUARY, by=office, at=at)
    for section in SECTIONS:
        run_section(month=row, section=section, at=at)
    finish_month(month=row)


@pytest.mark.usefixtures("_january")
def test_analyst_pulls_figures(
    page: Page,
    browser: Browser,
    sign_in_as: Callable[[Page, User], None],
    axe: Callable[[Page], None],
    analyst: User,
) -> None:
    sign_in_as(page, analyst)

    # The home page leads to the token and to the documentation.
    page.goto("/")
    axe(page)
    page.get_by_role("link", name="token").first.click()
    page.get_by_role("button", name="Make an API token").click()
    axe(page)

    # A token is shown once.
    page.get_by_label("What will use the token?").fill("Power BI")
    page.get_by_label("90 days").check()
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_role("heading", name="Your new API token")).to_be_visible()
    token = page.get_by_label("Token for Power BI").inner_text()
    axe(page)
    page.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_role("rowheader", name="Power BI")).to_be_visible()
    expect(page.get_by_text(token)).to_have_count(0)
    axe(page)

    # What the token pulls is what the dashboard shows.
    page.goto("/dashboard/?month=2026-01")
    expect(page.get_by_text("2 of 3 milestones (66.7%)")).to_be_visible()
    address = page.url.split("/dashboard")[0] + "/api/v1/figures/?month=2026-01&area=all"
    address += "&code=milestones.on_track_or_completed"
    elsewhere = browser.new_context(extra_http_headers={"Authorization": f"Token {token}"}).request
    (figure,) = elsewhere.get(address).json()["results"]
    assert (figure["value"], figure["numerator"], figure["denominator"]) == (66.7, 2, 3)
    sheet = elsewhere.get(f"{address}&format=csv").text()
    assert [row["value"] for row in csv.DictReader(sheet.splitlines())] == ["66.7"]

    # And the rows behind it are a click away.
    page.goto(figure["rows"])
    expect(page.get_by_role("status").filter(has_text="Showing 2 of 3 milestones")).to_be_visible()

    # The documentation opens, under its own content security policy.
    page.goto("/api/v1/docs/")
    expect(page.get_by_text("/api/v1/milestones/{reference}/updates/").first).to_be_visible()
