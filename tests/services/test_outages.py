"""What people notice when Redis or the database goes away, and comes back."""

import json
from collections.abc import Callable
from email.message import Message
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import issue_token
from milestones.models import MilestoneUpdate
from tests.factories import MilestoneFactory, ReportingMonthFactory
from tests.services.conftest import Cable, eventually

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


def ask(url: str, *, client: Client | None = None, token: str = "", body: dict[str, Any] | None = None) -> Answer:
    """A request from outside. Answers of any status come back, none is raised."""
    headers = {"Content-Type": "application/json"}
    if client is not None:
        headers["Cookie"] = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    if token:
        headers["Authorization"] = f"Token {token}"
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(url, data=data, headers=headers), timeout=30) as answer:  # noqa: S310 loopback
            return Answer(answer.status, answer.headers, answer.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def test_redis_away_pages_and_saves_go_on(
    web: str, redis_cable: Cable, officer: User, signed_in: Callable[[User], Client]
) -> None:
    ReportingMonthFactory(month="2026-01")
    milestone = MilestoneFactory(responsible_officer=officer)
    token = issue_token(user=officer, days=1, name="Test", by=officer, at=timezone.now())
    client = signed_in(officer)
    assert ask(f"{web}/dashboard/?month=2026-01", client=client).status == 200

    redis_cable.pull()

    assert ask(f"{web}/dashboard/?month=2026-01", client=client).status == 200
    report = {"status": "on_track", "as_at": "2026-01-31", "progress": "The first cohort has begun."}
    saved = ask(f"{web}/api/v1/milestones/{milestone.reference}/updates/", token=token, body=report)
    assert saved.status == 201, saved.body
    assert MilestoneUpdate.objects.filter(milestone=milestone).count() == 1
    readyz = ask(f"{web}/readyz")
    assert (readyz.status, json.loads(readyz.body)["status"]) == (200, "degraded")
    assert ask(f"{web}/readyz?strict=1").status == 503

    redis_cable.plug()
    eventually(lambda: ask(f"{web}/readyz?strict=1").status == 200, "the broker to be seen again")


def test_database_away_is_said_and_recovered_from(
    web: str, database_cable: Cable, officer: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(officer)
    page = f"{web}/milestones/"
    assert ask(page, client=client).status == 200

    database_cable.pull()

    answer = ask(page, client=client)
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert "text/html" in answer.headers["Content-Type"]
    readyz = ask(f"{web}/readyz")
    assert readyz.status == 503
    assert json.loads(readyz.body)["checks"]["database"]["ok"] is False
    assert ask(f"{web}/healthz").status == 200

    database_cable.plug()
    eventually(lambda: ask(page, client=client).status == 200, "the page to come back without a restart")
    assert ask(f"{web}/readyz").status == 200
