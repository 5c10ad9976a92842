"""Settings as a process of its own reads them: each case starts one."""

import os
import subprocess
import sys

import pytest

from pap_portal.environment import Environment
from tests.architecture import ROOT

PRODUCTION = {
    "PATH": os.environ["PATH"],
    "DEBUG": "off",
    "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ALLOWED_HOSTS": "portal.example.org",
    "DATABASE_URL": "postgres://portal@localhost/portal",
    "REDIS_URL": "redis://localhost:6379/0",
    "EMAIL_URL": "smtp+tls://portal:secret@mail.example.org:587",
    "DEFAULT_FROM_EMAIL": "portal@example.org",
    "BEHIND_TLS_PROXY": "on",
}


def manage(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", *words]
    # A setting left empty is left out, and keeps a developer's .env from filling it in.
    return subprocess.run(command, cwd=ROOT, env={**PRODUCTION, **environment}, capture_output=True, text=True)


def test_production_configuration_is_clean() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        pytest.param({"SECRET_KEY": ""}, "SECRET_KEY is not set. Run `make setup`", id="no-key"),
        pytest.param({"ALLOWED_HOSTS": ""}, "Set ALLOWED_HOSTS to the portal's host name", id="no-hosts"),
        pytest.param({"RAG_GREEN_FROM": "ninety"}, "RAG_GREEN_FROM cannot be read", id="not-a-number"),
        pytest.param({"SESSION_HOURS": "8h"}, "SESSION_HOURS cannot be read", id="unit"),
    ],
)
def test_start_is_refused_with_a_sentence(environment: dict[str, str], sentence: str) -> None:
    done = manage("check", **environment)
    assert done.returncode != 0
    assert sentence in done.stderr


def test_example_file_reads_as_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copied as it is, it must not turn empty lines into settings."""
    monkeypatch.setattr(Environment, "ENVIRON", {})
    env = Environment(ROOT / ".env.example")
    assert env.int("SESSION_HOURS", default=1) == 10
    assert env.str("DATABASE_URL", default="nothing") == "nothing"
    assert env.path("MEDIA_ROOT", default="/srv")() == "/srv"
