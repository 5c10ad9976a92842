"""The programme office adds a risk, takes it to the Improvement Board, hands it back, and closes it."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from risks.models import Level, MatrixChoice, Risk, RiskMatrix
from tests.factories import PriorityAreaFactory, RiskFactory

pytestmark = pytest.mark.journey


def test_programme_office_escalates_a_risk(
    page: Page, sign_in_as: Callable[[Page, User], None], axe: Callable[[Page], None], office: User, officer: User
) -> None:
    PriorityAreaFactory(code="PA1", title="Governance")
    sign_in_as(page, office)

    # An empty register says how to begin.
    page.goto("/risks/")
    expect(page.get_by_text("There are no risks yet.")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Add the first risk").click()
    axe(page)
    page.get_by_role("button", name="Add risk").click()
    expect(page.get_by_role("alert")).to_contain_text("Give the risk a title.")
    axe(page)
    page.get_by_label("Title").fill("The data feed from hospitals stops")
    page.get_by_label("Owner").select_option(label=officer.full_name)
    page.get_by_role("group", name="Inherent likelihood").get_by_label("4 Likely").check()
    page.get_by_role("group", name="Inherent impact").get_by_label("4 Major").check()
    page.get_by_role("button", name="Add risk").click()

    # A risk without a mitigation is challenged, wherever it appears.
    expect(page.get_by_role("heading", level=1)).to_have_text("R01 The data feed from hospitals stops")
    expect(page.get_by_text("Every open risk must have at least one control or action.")).to_be_visible()
    axe(page)

    # Up, with a reason that both boards read.
    page.get_by_role("link", name="Escalate", exact=True).click()
    axe(page)
    page.get_by_role("button", name="Escalate").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why the risk moves.")
    page.get_by_label("Why?").fill("It needs a decision of both organisations’ chief executives.")
    page.get_by_role("button", name="Escalate").click()
    expect(page.get_by_role("alert")).to_contain_text("R01 is with the Improvement Board now.")
    expect(page.get_by_text("Escalated from the Operations Board to the Improvement Board")).to_be_visible()
    axe(page)
    page.goto("/risks/?level=systemic")
    row = page.get_by_role("row").filter(has_text="R01")
    expect(row).to_contain_text("No mitigation")
    axe(page)

    # Back down, and closed: the story keeps all of it.
    page.goto("/risks/R01/")
    page.get_by_role("link", name="De-escalate").click()
    page.get_by_label("Why?").fill("The feed is back, and the Operations Board watches it.")
    page.get_by_role("button", name="De-escalate").click()
    page.get_by_role("link", name="Close", exact=True).click()
    axe(page)
    page.get_by_label("Why is it closed?").fill("A second feed was built.")
    page.get_by_role("button", name="Close risk").click()
    expect(page.get_by_text("This risk is closed.")).to_be_visible()
    story = page.get_by_role("region", name="History")
    for words in ("Closed", "De-escalated from the Improvement Board", "Escalated from the Operations Board"):
        expect(story.get_by_text(words).first).to_be_visible()
    risk = Risk.objects.get()
    assert (risk.level, risk.closed_on) == (Level.OPERATIONAL, timezone.localdate())


def test_programme_office_switches_the_matrix(
    page: Page, sign_in_as: Callable[[Page, User], None], axe: Callable[[Page], None], office: User
) -> None:
    RiskFactory(reference="R01", inherent_likelihood=2, inherent_impact=4)
    sign_in_as(page, office)

    page.goto("/risks/matrices/")
    page.get_by_text("5 × 5, three bands").first.click()
    axe(page)
    page.get_by_role("link", name="Use this matrix").or_(page.get_by_role("button", name="Use this matrix")).click()
    axe(page)
    page.get_by_label("Why does the matrix change?").fill("The Improvement Board agreed it.")
    page.get_by_role("button", name="Use this matrix").click()
    expect(page.get_by_role("heading", name="In use: 5 × 5, three bands")).to_be_visible()

    # The score that was given stays what it was: 8 is High on the matrix it was given on, Low on the new one.
    page.goto("/risks/R01/")
    expect(page.get_by_text("8 High").first).to_be_visible()
    page.goto("/risks/matrices/new/?size=4")
    axe(page)
    assert MatrixChoice.objects.in_bulk()
    assert RiskMatrix.objects.in_use(timezone.localdate()).code == "five-by-five-three-bands"
