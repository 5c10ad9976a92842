"""An officer signs in, and out."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.factories.accounts import PASSWORD

pytestmark = pytest.mark.journey


def test_officer_signs_in_with_a_wrong_and_then_the_right_password(
    page: Page, axe: Callable[[Page], None], officer: User
) -> None:
    page.goto("/milestones/")
    expect(page).to_have_title("Sign in – SEND improvement portal")
    axe(page)

    page.get_by_label("Email address").fill(officer.email)
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    axe(page)

    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/milestones/")
    axe(page)
