"""Leaves out the tests that this machine cannot run, and says at the end which and why.

Under `PORTAL_TEST_EVERYTHING=1` (as in `.ci/run`) nothing is left out: what is missing then fails.
"""

import os
from pathlib import Path

import pytest
from django.conf import settings

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
"""The system's browser; Playwright's own is never downloaded."""


def _reasons() -> dict[str, str]:
    """Marker → why its tests cannot run here."""
    if os.environ.get("PORTAL_TEST_EVERYTHING") == "1":
        return {}
    reasons = {}
    if not settings.DATABASES["default"]["ENGINE"].endswith("postgresql") or not settings.REDIS_URL:
        reasons["services"] = "set DATABASE_URL to a PostgreSQL server and REDIS_URL to a Redis server to run them"
    if not CHROMIUM.exists():
        reasons["journey"] = f"there is no {CHROMIUM}: install Chromium, or set CHROMIUM to where it is"
    return reasons


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    reasons = _reasons()
    out = [item for item in items if any(item.get_closest_marker(marker) for marker in reasons)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.option.markexpr in _reasons():
        session.exitstatus = pytest.ExitCode.OK


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    asked = config.option.markexpr
    for marker, reason in _reasons().items():
        if f"not {marker}" not in asked:
            terminalreporter.write_line(f"Left out: tests marked {marker!r}: {reason}.", yellow=True)
