"""Who owns a risk finds that its review is due, scores it with the definitions beside, and says why it moved."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from core.months import Month, months_after
from risks.models import Effect, Level, MitigationKind, Risk
from risks.services import add_mitigation, add_risk, review_risk

pytestmark = pytest.mark.journey


@pytest.fixture
def risk(officer: User, office: User) -> Risk:
    """Scored 12 two months ago, so that its monthly review is overdue whatever the day; planned to be at 9 by now."""
    now = timezone.now()
    day = months_after(timezone.localdate(), -2)
    risk = add_risk(
        reference="R07",
        title="Overdue annual reviews are not cleared in time",
        cause="Two posts are vacant.",
        event="Reviews of key phases slip past the deadline.",
        consequence="Pupils start a new school without a current plan.",
        level=Level.OPERATIONAL,
        owner=officer,
        opened_on=Month.of(day).plus(-3).first_day,
        inherent_likelihood=4,
        inherent_impact=4,
        target_likelihood=3,
        target_impact=3,
        target_date=day,
        by=office,
        at=now,
    )
    add_mitigation(
        risk=risk,
        kind=MitigationKind.CONTROL,
        description="A weekly list of reviews by due date",
        owner=officer,
        effect=Effect.LIKELIHOOD,
        added_on=risk.opened_on,
        by=office,
        at=now,
    )
    review_risk(risk=risk, likelihood=3, impact=4, reviewed_on=day, note="The list works.", by=officer, at=now)
    return risk


def test_risk_owner_reviews_a_score(
    page: Page, sign_in_as: Callable[[Page, User], None], axe: Callable[[Page], None], officer: User, risk: Risk
) -> None:
    sign_in_as(page, officer)

    # It waits on their own page.
    page.goto("/")
    expect(page.get_by_role("heading", name="1 risk to review")).to_be_visible()
    expect(page.get_by_text("Review was due")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Review R07").click()

    # The form says what each step means, and what was said last.
    expect(page.get_by_role("complementary")).to_contain_text("The list works.")
    expect(page.get_by_text("More than 80% likely in the next twelve months")).to_be_visible()
    axe(page)

    # A score that moves needs its reason; what was chosen is still there.
    page.get_by_label("4 Likely").check()
    page.get_by_role("button", name="Save review").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_role("alert")).to_contain_text("Say why the score moves from 3 × 4 to 4 × 4.")
    expect(page.get_by_label("4 Likely")).to_be_checked()
    axe(page)
    page.get_by_label("Why this score?").fill("The second post could not be filled.")
    page.get_by_role("button", name="Save review").click()

    # Back on their page, told the score; it is in the top band, so escalation is suggested and not done.
    expect(page.get_by_role("alert")).to_contain_text("R07 now scores 16, extreme.")
    expect(page.get_by_role("heading", name="1 risk to review")).to_have_count(0)
    risk.refresh_from_db()
    assert (risk.score, risk.level) == (16, Level.OPERATIONAL)
    page.get_by_role("alert").get_by_role("link", name="Escalate it to the Improvement Board").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Escalate to the Improvement Board")
    axe(page)

    # Its page tells the story, draws the score against what was planned, and says that it is above.
    page.goto("/risks/R07/")
    expect(page.get_by_text("Above trajectory. It scores 16 and was planned to score 9 by now.")).to_be_visible()
    expect(page.get_by_text("Reviewed: up from 12 to 16")).to_be_visible()
    expect(page.get_by_text("The second post could not be filled.")).to_be_visible()
    expect(page.get_by_role("img", name="R07: score and trajectory").first).to_be_visible()
    axe(page)

    # What holds it down is moved on from the same page.
    page.get_by_role("link", name="Add a mitigation").click()
    axe(page)
    page.get_by_label("Action", exact=True).check()
    page.get_by_label("What is it?").fill("Borrow two reviewers from the neighbouring team")
    page.get_by_role("button", name="Add mitigation").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the date the action is due.")
    due = timezone.localdate() + dt.timedelta(days=30)
    for part, number in (("Day", due.day), ("Month", due.month), ("Year", due.year)):
        page.get_by_role("group", name="Due date, for an action").get_by_label(part).fill(str(number))
    page.get_by_role("button", name="Add mitigation").click()
    page.get_by_role("link", name="Update R07-M2").click()
    axe(page)
    page.get_by_label("Under way").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text="R07-M2").filter(has_text="Under way").first).to_be_visible()
    page.get_by_role("link", name="Change target").click()
    axe(page)
