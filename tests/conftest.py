"""What every test may use. Nothing here reaches beyond this machine."""

import datetime as dt
import socket
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import settings as hypothesis_settings
from pytest_socket import socket_allow_hosts
from rest_framework.test import APIClient

from accounts.models import Role, User
from accounts.services import issue_token
from pap_portal.celery import app as celery_app
from risks.models import RiskMatrix
from tests.factories import UserFactory

pytest_plugins = ["tests.left_out"]

# No test fails for being slow: a busy machine is no fault of the code.
hypothesis_settings.register_profile("portal", deadline=None)
hypothesis_settings.load_profile("portal")

LOCAL_CACHE = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def pytest_runtest_setup() -> None:
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def _in_process(request: pytest.FixtureRequest, settings: Any) -> None:
    """Without Redis, even where it is set: only tests marked `services` talk to the real one and its worker."""
    real = request.node.get_closest_marker("services") is not None
    celery_app.conf.task_always_eager = not real
    if not real and settings.REDIS_URL:
        settings.CACHES = LOCAL_CACHE


@pytest.fixture(autouse=True)
def _fresh_cache(request: pytest.FixtureRequest, _in_process: None) -> None:
    if not request.node.get_closest_marker("services"):
        cache.clear()


@pytest.fixture(autouse=True)
def _static_files_when_asked_for(settings: Any) -> None:
    """Each test client would otherwise read the whole static folder before its first request."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def _media(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def what_migrations_bring(transactional_db: None) -> None:
    """The rows that migrations bring, for a test that commits: the one before it emptied the tables after itself."""
    if not RiskMatrix.objects.exists():
        import_module("risks.migrations.0002_shipped_matrices").ship(apps, None)


@pytest.fixture
def at() -> dt.datetime:
    """A moment to hand to services: 31 January 2026, ten in the morning."""
    return dt.datetime(2026, 1, 31, 10, 0, tzinfo=dt.UTC)


@pytest.fixture
def office(db: None) -> User:
    return UserFactory(roles=[Role.PROGRAMME_OFFICE])


@pytest.fixture
def officer(db: None) -> User:
    return UserFactory(roles=[Role.OFFICER])


@pytest.fixture
def board_member(db: None) -> User:
    return UserFactory(roles=[Role.BOARD_MEMBER])


@pytest.fixture
def analyst(db: None) -> User:
    return UserFactory(roles=[Role.ANALYST])


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A browser in which this person is signed in: `signed_in(officer).get("/")`."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def api() -> Callable[[User], APIClient]:
    """An API client with this person's token: `api(analyst).get("/api/v1/me/")`."""

    def with_token(user: User) -> APIClient:
        token = issue_token(user=user, days=30, name="Tests", by=user, at=timezone.now())
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return client

    return with_token


@pytest.fixture
def count_queries() -> Callable[[Callable[[], Any]], int]:
    """How many queries a call makes; for saying that a page makes the same number for 2 rows and for 25."""

    def count(call: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as queries:
            call()
        return len(queries)

    return count


@pytest.fixture
def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
