"""A browser on a running portal. One journey a file, named for the person and the job.

`page` is an empty tab, `sign_in_as(page, user)` lets somebody in without typing, `page.goto("/dashboard/")` goes there,
and `axe(page)` says that the page is accessible, wide and narrow. A journey in which the browser complains of anything
fails at its end, whatever it was looking at: a broken script, a file not found, something the content security policy
refused.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from accounts.models import User
from tests.architecture import ROOT
from tests.left_out import CHROMIUM

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 375, "height": 812}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(autouse=True)
def _what_migrations_bring(what_migrations_bring: None) -> None:
    """For every test here: each empties the tables after itself."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright's loop runs in this thread, and Django takes that for asynchronous code that uses the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: Browser, live_server: Any) -> Iterator[Page]:
    context = browser.new_context(
        base_url=live_server.url, viewport=WIDE, locale="en-GB", timezone_id="Europe/London", reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def sign_in_as(live_server: Any) -> Callable[[Page, User], None]:
    """Lets somebody in by a session of theirs; the sign-in page has a journey of its own."""

    def sign_in(page: Page, user: User) -> None:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])

    return sign_in


@pytest.fixture(scope="session")
def axe_source() -> str:
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def axe(axe_source: str) -> Callable[[Page], None]:
    """Fails on any WCAG 2.2 AA violation at 1280 and at 375 pixels, and on a page that scrolls sideways."""

    def check(page: Page) -> None:
        before = page.viewport_size
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            # Evaluated by the debugger, so the page's content security policy stays on.
            page.evaluate(axe_source)
            found = page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", WCAG)
            named = [
                f"{violation['id']} ({violation['help']}): {node['html']}"
                for violation in found["violations"]
                for node in violation["nodes"]
            ]
            assert named == [], f"{page.url} at {size['width']} pixels"
            across = page.evaluate("document.documentElement.scrollWidth")
            assert across <= size["width"], f"{page.url} scrolls sideways at {size['width']} pixels ({across})"
        page.set_viewport_size(before or WIDE)  # type: ignore[arg-type]

    return check
