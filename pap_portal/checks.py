"""Settings that contradict each other, found before the portal starts. Each says what to do.

Errors stop every start: management commands run checks themselves; `refuse_to_start` does it for the web process, the
worker and the beat.
"""

import datetime as dt
import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register, run_checks
from django.core.exceptions import ImproperlyConfigured

from core.months import Month

TAG = "portal"
DATABASES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")
OIDC = ("OIDC_SERVER_URL", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
S3_DETAILS = ("S3_ENDPOINT_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")


def refuse_to_start() -> None:
    """Raises ImproperlyConfigured with a sentence for each setting that stops the portal."""
    errors = sorted({f"- {found.msg} {found.hint or ''}" for found in run_checks(tags=[TAG]) if found.is_serious()})
    if errors:
        raise ImproperlyConfigured("\n".join(["The portal does not start:", *errors]))


@register(TAG)
def production_is_set_up(**_: Any) -> Iterator[CheckMessage]:
    if settings.DEBUG:
        return
    if not settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS is empty while DEBUG is off.",
            hint="Set ALLOWED_HOSTS to the portal's host name, like portal.example.org.",
            id="portal.E001",
        )
    if len(settings.SECRET_KEY) < 50 or len(set(settings.SECRET_KEY)) < 10:
        yield Error(
            "SECRET_KEY is too easy to guess.",
            hint="Set SECRET_KEY to at least 50 random characters.",
            id="portal.E002",
        )
    if not os.environ.get("EMAIL_URL"):
        yield Error(
            "EMAIL_URL is not set, so nobody can be invited and no password reset.",
            hint="Set EMAIL_URL to the mail server, like smtp+tls://user:password@mail.example.org:587.",
            id="portal.E003",
        )


@register(TAG)
def database_is_supported(**_: Any) -> Iterator[CheckMessage]:
    if settings.DATABASES["default"]["ENGINE"] not in DATABASES:
        yield Error(
            "DATABASE_URL names a database that the portal does not work with.",
            hint="Use postgres://user:password@host:5432/name, or leave DATABASE_URL out for SQLite.",
            id="portal.E004",
        )


@register(TAG)
def files_have_one_place(**_: Any) -> Iterator[CheckMessage]:
    if settings.S3_BUCKET and os.environ.get("MEDIA_ROOT"):
        yield Error(
            "Both S3_BUCKET and MEDIA_ROOT are set; evidence is kept in one place.",
            hint="Leave one of them out.",
            id="portal.E005",
        )
    stray = [name for name in S3_DETAILS if os.environ.get(name)]
    if stray and not settings.S3_BUCKET:
        yield Error(
            f"{', '.join(stray)} without S3_BUCKET.", hint="Set S3_BUCKET, or leave them out.", id="portal.E006"
        )


@register(TAG)
def ratings_are_in_order(**_: Any) -> Iterator[CheckMessage]:
    if not 0 <= settings.RAG_RED_BELOW < settings.RAG_GREEN_FROM <= 100:
        yield Error(
            f"RAG_RED_BELOW ({settings.RAG_RED_BELOW}) must be below RAG_GREEN_FROM ({settings.RAG_GREEN_FROM}), "
            "both between 0 and 100.",
            hint="Between the two lies Amber. The shipped values are 75 and 90.",
            id="portal.E007",
        )
    if not 0 < settings.RAG_RED_DELAYED_FROM <= 100:
        yield Error(
            f"RAG_RED_DELAYED_FROM ({settings.RAG_RED_DELAYED_FROM}) must be between 1 and 100.",
            hint="From this percentage of delayed milestones a rating is Red. The shipped value is 10.",
            id="portal.E008",
        )


LIMITS = {
    "SESSION_HOURS": (1, 24 * 30),
    "STALE_AFTER_DAYS": (1, 366),
    "RETURN_CUT_OFF_WORKING_DAY": (1, 20),
    "EVIDENCE_MAX_MB": (1, 1000),
    "SHEET_MAX_MB": (1, 1000),
    "SHEET_MAX_ROWS": (1, 1_000_000),
}


@register(TAG)
def numbers_are_sensible(**_: Any) -> Iterator[CheckMessage]:
    for name, (least, most) in LIMITS.items():
        value = getattr(settings, name)
        if not least <= value <= most:
            yield Error(
                f"{name} is {value}.",
                hint=f"Set it to a number from {least} to {most}, or leave it out.",
                id="portal.E009",
            )


@register(TAG)
def dates_can_be_read(**_: Any) -> Iterator[CheckMessage]:
    try:
        dt.date.fromisoformat(settings.PLAN_APPROVED_ON)
    except ValueError:
        yield Error(
            f"PLAN_APPROVED_ON is “{settings.PLAN_APPROVED_ON}”, which is not a date.",
            hint="Write it like 2025-04-01.",
            id="portal.E010",
        )
    try:
        Month.parse(settings.REVISIT_EXPECTED)
    except ValueError:
        yield Error(
            f"REVISIT_EXPECTED is “{settings.REVISIT_EXPECTED}”, which is not a month.",
            hint="Write it like 2026-06.",
            id="portal.E011",
        )


@register(TAG)
def keys_are_whole(**_: Any) -> Iterator[CheckMessage]:
    given = [name for name in OIDC if getattr(settings, name)]
    missing = [name for name in OIDC if not getattr(settings, name)]
    if given and missing:
        yield Error(
            f"{', '.join(given)} without {', '.join(missing)}.",
            hint="Signing in through another organisation needs all of them. Set them all, or none.",
            id="portal.E012",
        )
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < 24:
        yield Error(
            "METRICS_TOKEN is too easy to guess.", hint="Set it to at least 24 random characters.", id="portal.E013"
        )


@register(TAG, Tags.security, deploy=True)
def production_is_wise(**_: Any) -> Iterator[CheckMessage]:
    """Things that work, and that a council would not want: said by `check --deploy`."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield checks.Warning(
            "The database is SQLite: one machine, one writer at a time, no backup while it runs.",
            hint="Set DATABASE_URL to a PostgreSQL server.",
            id="portal.W001",
        )
    if not settings.REDIS_URL:
        yield checks.Warning(
            "REDIS_URL is not set: nothing runs at night, and each process counts failed sign-ins for itself.",
            hint="Set REDIS_URL, and run the worker and the beat.",
            id="portal.W002",
        )
    if "@localhost" in settings.DEFAULT_FROM_EMAIL:
        yield checks.Warning(
            "Emails come from localhost, which mail servers refuse.",
            hint="Set DEFAULT_FROM_EMAIL to an address of the partnership.",
            id="portal.W003",
        )
    if getattr(settings, "SECURE_SSL_REDIRECT", False) and not getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        yield checks.Warning(
            "Pages redirect to https, but no proxy is trusted to say that a request came by it: they redirect for ever",
            hint="Set BEHIND_TLS_PROXY=on where a proxy ends TLS and sets X-Forwarded-Proto.",
            id="portal.W004",
        )
