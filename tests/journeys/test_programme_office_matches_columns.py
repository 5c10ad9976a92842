"""The programme office brings in a register that has none of the portal's headings: it says once what each is, sees
what that would import, and finds it filled in for the next month's file."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from milestones.models import PriorityArea
from tests.factories.sheets import csv_text

pytestmark = pytest.mark.journey
REGISTER = [
    ["What must be put right", "Raised by", "Notes"],
    ["Oversight of the plan", "Inspectors", "Ask the chair"],
    ["Advice from health services", "Inspectors", ""],
]


def hand_in(page: Page, name: str) -> None:
    page.goto("/imports/new/")
    page.get_by_label("Priority areas", exact=True).check()
    file = {"name": name, "mimeType": "text/csv", "buffer": csv_text(REGISTER).encode()}
    page.get_by_label("File", exact=True).set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Check the file").click()


def test_programme_office_matches_columns(
    page: Page, sign_in_as: Callable[[Page, User], None], axe: Callable[[Page], None], office: User
) -> None:
    sign_in_as(page, office)

    # Refused for its headings, with a way out.
    hand_in(page, "register.csv")
    expect(page.get_by_role("heading", name="The columns of this file are not clear")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Match the columns").click()
    axe(page)

    # What is missing still is said beside its field, and what was chosen stays.
    page.get_by_label("Column for “What must be put right”").select_option(label="Title (needed)")
    page.get_by_role("button", name="Save and check the file").click()
    expect(page.get_by_role("link", name="Match a heading to Kind, or enter what it is in every row.")).to_be_visible()
    axe(page)
    page.get_by_role("group", name="Code").get_by_label("Number the rows, starting with").fill("PA")
    page.get_by_role("group", name="Kind").get_by_label("The same for every row").fill("Priority action")
    page.get_by_role("button", name="Save and check the file").click()

    # The preview says where each column came from; only then is anything written.
    expect(page.get_by_text("Code: the rows’ numbers: PA01 to PA02")).to_be_visible()
    axe(page)
    assert not PriorityArea.objects.exists()
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible()
    assert [area.code for area in PriorityArea.objects.order_by("code")] == ["PA01", "PA02"]

    # Next month it is one click.
    hand_in(page, "register-february.csv")
    page.get_by_role("button", name="Match the columns").click()
    page.get_by_role("button", name="Save and check the file").click()
    expect(page.get_by_role("heading", name="There is nothing to import")).to_be_visible()
