"""The programme office brings the council's own tracker in: three faults are named, the mended sheet is shown before
anything is written, and the same file again changes nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from milestones.models import Milestone
from tests.factories import PriorityAreaFactory, UserFactory
from tests.milestones.test_resources import tracker

pytestmark = pytest.mark.journey
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def hand_in(page: Page, content: bytes) -> None:
    page.goto("/imports/")
    page.get_by_role("button", name="Import a spreadsheet").click()
    page.get_by_label("Milestones", exact=True).check()
    page.get_by_label("File", exact=True).set_input_files({"name": "tracker.xlsx", "mimeType": XLSX, "buffer": content})
    page.get_by_role("button", name="Check the file").click()


def test_programme_office_imports_a_sheet(
    page: Page, sign_in_as: Callable[[Page, User], None], axe: Callable[[Page], None], office: User
) -> None:
    PriorityAreaFactory(code="PA1", title="Governance")
    UserFactory(email="lead@test.example", full_name="Officer Lead")
    UserFactory(email="sro@test.example", full_name="Officer Accountable")
    sign_in_as(page, office)

    # Every fault at once, by the row that the spreadsheet shows; nothing is written and nothing can be confirmed.
    hand_in(page, tracker(faulty=True).getvalue())
    expect(page.get_by_role("heading", name="3 faults to fix")).to_be_visible()
    for cell in ("31 September 2020", "Purple", "Somebody Unknown"):
        expect(page.get_by_text(f'"{cell}"').first).to_be_visible()
    expect(page.get_by_role("button", name="Import")).to_have_count(1)  # “Import another file”
    axe(page)
    assert not Milestone.objects.exists()

    # The mended sheet is shown before anyone confirms.
    hand_in(page, tracker().getvalue())
    expect(page.get_by_role("heading", name="Check what will be imported")).to_be_visible()
    expect(page.get_by_text("New organisation: New Trust")).to_be_visible()
    axe(page)
    assert not Milestone.objects.exists()
    page.get_by_role("button", name="Import 95 rows").click()
    expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible()
    axe(page)
    assert Milestone.objects.count() == 95

    # Everybody finds the plan, and the same file again changes nothing.
    page.goto("/milestones/")
    expect(page.get_by_role("status").filter(has_text="Showing 95 of 95 milestones")).to_be_visible()
    hand_in(page, tracker().getvalue())
    expect(page.get_by_role("heading", name="There is nothing to import")).to_be_visible()
    axe(page)
