"""A board member sees on the dashboard how the register stands, and on the heat map what moved since another month."""

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from board import services
from board.figures import SECTIONS
from tests.factories import (
    MilestoneFactory,
    MitigationFactory,
    ReportingMonthFactory,
    RiskFactory,
    RiskReviewFactory,
    UserFactory,
)

pytestmark = pytest.mark.journey
SEPTEMBER, JANUARY = dt.date(2025, 9, 22), dt.date(2026, 1, 20)
AFTER = dt.datetime(2026, 2, 10, 9, 0, tzinfo=dt.UTC)
# Where each risk stood in September and stands in January: likelihood and impact.
REGISTER = {
    "R01": ("Too few staff to write plans in time", (5, 4), (4, 4)),
    "R02": ("Late digital systems", (4, 5), (3, 4)),
    "R03": ("Not enough specialist places", (3, 4), (4, 4)),
    "R04": ("Transport costs rise", (3, 3), (3, 3)),
}


@pytest.fixture
def register(transactional_db: None) -> None:
    milestone = MilestoneFactory(reference="PA1-01", title="Fill the vacant posts")
    owner = UserFactory(full_name="Officer Owner")
    for reference, (title, then, now) in REGISTER.items():
        risk = RiskFactory(reference=reference, title=title, owner=owner)
        risk.milestones.add(milestone)
        MitigationFactory(risk=risk, reference=f"{reference}-M1")
        for day, (likelihood, impact) in ((SEPTEMBER, then), (JANUARY, now)):
            RiskReviewFactory(risk=risk, reviewed_on=day, likelihood=likelihood, impact=impact)
    for name in ("2025-12", "2026-01"):
        month = ReportingMonthFactory(month=name)
        for section in SECTIONS:
            services.run_section(month=month, section=section, at=AFTER)
        services.finish_month(month=month)


@pytest.mark.usefixtures("register")
def test_board_member_compares_two_months(
    page: Page, sign_in_as: Callable[[Page, User], None], axe: Callable[[Page], None], board_member: User
) -> None:
    sign_in_as(page, board_member)

    # The dashboard has the bands, each with its number linked to the risks behind it.
    page.goto("/dashboard/?month=2026-01")
    risks = page.get_by_role("region", name="Risks", exact=True)
    expect(risks).to_contain_text("4 open: 0 systemic and 4 operational. Mean score 13.3")
    axe(page)
    risks.get_by_role("listitem").filter(has_text="Extreme").first.get_by_role("link", name="2").click()
    expect(page.get_by_role("status").filter(has_text="Showing 2 of 4 risks as at 31 January 2026")).to_be_visible()
    axe(page)

    # Two months on one map: what got worse, what got better.
    page.get_by_role("link", name="Heat map").click()
    axe(page)
    page.get_by_label("Month", exact=True).select_option("2026-01")
    page.get_by_label("Arrows from").select_option("2025-09")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Heat map, January 2026")
    worse = page.get_by_role("region", name="Worse, new and closed")
    expect(worse).to_contain_text("Worse (1)")
    expect(worse).to_contain_text("12 → 16")
    expect(page.get_by_role("region", name="Better")).to_contain_text("Better (2)")
    axe(page)

    # The same as a table, and a cell's risk as it was then.
    page.get_by_text("View as table").click()
    cell = page.get_by_role("row", name="4 Likely").get_by_role("cell").filter(has_text="16 Extreme")
    expect(cell.get_by_role("link")).to_have_text(["R01", "R03"])
    axe(page)
    cell.get_by_role("link", name="R03").click()
    expect(page.get_by_text("This is the risk as at 31 January 2026.")).to_be_visible()
    axe(page)

    # From the risk to the milestone it could hold up, and back.
    page.get_by_role("link", name="PA1-01 Fill the vacant posts").click()
    linked = page.get_by_role("region", name="Risks", exact=True)
    expect(linked.get_by_role("listitem")).to_have_count(4)
    axe(page)
    linked.get_by_role("link", name="R01").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Too few staff to write plans in time")
    page.goto("/risks/matrices/")
    axe(page)
