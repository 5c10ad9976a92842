from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from pap_portal.checks import TAG, refuse_to_start

GOOD = {
    "DEBUG": False,
    "ALLOWED_HOSTS": ["portal.example.org"],
    "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "S3_BUCKET": "",
    "DEFAULT_FROM_EMAIL": "portal@example.org",
    "REDIS_URL": "redis://localhost",
    "SECURE_SSL_REDIRECT": True,
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
}
ENVIRONMENT = {"EMAIL_URL": "smtp://mail.example.org", "MEDIA_ROOT": "", "S3_ENDPOINT_URL": "", "S3_ACCESS_KEY_ID": ""}


@pytest.fixture
def production(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A configuration in which nothing is wrong."""
    for name, value in GOOD.items():
        setattr(settings, name, value)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    # Put in place: connections are open already, and Django warns of a new DATABASES.
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    return settings


def found() -> set[str]:
    return {message.id for message in run_checks(tags=[TAG], include_deployment_checks=True) if message.id}


def test_good_settings_pass(production: Any) -> None:
    assert found() == set()
    refuse_to_start()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"ALLOWED_HOSTS": []}, "portal.E001", id="no-hosts"),
        pytest.param({"SECRET_KEY": "short"}, "portal.E002", id="short-key"),
        pytest.param({"SECRET_KEY": "ab" * 40}, "portal.E002", id="monotonous-key"),
        pytest.param({"RAG_RED_BELOW": 90}, "portal.E007", id="red-meets-green"),
        pytest.param({"RAG_GREEN_FROM": 101}, "portal.E007", id="green-never"),
        pytest.param({"RAG_RED_DELAYED_FROM": 0}, "portal.E008", id="always-red"),
        pytest.param({"STALE_AFTER_DAYS": 0}, "portal.E009", id="always-stale"),
        pytest.param({"RETURN_CUT_OFF_WORKING_DAY": 31}, "portal.E009", id="cut-off-after-the-month"),
        pytest.param({"SESSION_HOURS": 0}, "portal.E009", id="no-session"),
        pytest.param({"PLAN_APPROVED_ON": "31 September 2025"}, "portal.E010", id="no-such-day"),
        pytest.param({"REVISIT_EXPECTED": "June 2026"}, "portal.E011", id="month-in-words"),
        pytest.param({"OIDC_CLIENT_ID": "portal"}, "portal.E012", id="half-of-oidc"),
        pytest.param({"METRICS_TOKEN": "guess"}, "portal.E013", id="short-token"),
        pytest.param({"REDIS_URL": ""}, "portal.W002", id="no-redis"),
        pytest.param({"DEFAULT_FROM_EMAIL": "Portal <noreply@localhost>"}, "portal.W003", id="from-localhost"),
        pytest.param({"SECURE_PROXY_SSL_HEADER": None}, "portal.W004", id="redirects-for-ever"),
    ],
)
def test_contradiction_is_found(changes: dict[str, Any], expected: str, production: Any) -> None:
    for name, value in changes.items():
        setattr(production, name, value)
    assert found() == {expected}


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        pytest.param("django.db.backends.mysql", "portal.E004", id="unsupported"),
        pytest.param("django.db.backends.sqlite3", "portal.W001", id="for-one-machine"),
    ],
)
def test_database_that_does_not_suit_is_found(
    engine: str, expected: str, production: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(production.DATABASES["default"], "ENGINE", engine)
    assert found() == {expected}


@pytest.mark.parametrize(
    ("variables", "bucket", "expected"),
    [
        pytest.param({"EMAIL_URL": ""}, "", "portal.E003", id="no-mail-server"),
        pytest.param({"MEDIA_ROOT": "/srv/files"}, "evidence", "portal.E005", id="two-places-for-files"),
        pytest.param({"S3_ENDPOINT_URL": "https://s3.example.org"}, "", "portal.E006", id="bucket-forgotten"),
    ],
)
def test_contradiction_in_the_environment_is_found(
    variables: dict[str, str], bucket: str, expected: str, production: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    production.S3_BUCKET = bucket
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert found() == {expected}


def test_development_needs_neither_host_nor_mail(production: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    production.DEBUG = True
    production.ALLOWED_HOSTS = []
    monkeypatch.setenv("EMAIL_URL", "")
    refuse_to_start()


def test_refusal_says_what_to_do(production: Any) -> None:
    production.ALLOWED_HOSTS = []
    with pytest.raises(ImproperlyConfigured, match=r"ALLOWED_HOSTS is empty .* Set ALLOWED_HOSTS to"):
        refuse_to_start()
