import socket
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from tests.factories.accounts import PASSWORD


@pytest.fixture(autouse=True)
def _redis_away(settings: object) -> Iterator[None]:
    """A Redis that answers nobody: a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    configured = {"BACKEND": "core.cache.RedisOrLocalCache", "LOCATION": f"redis://127.0.0.1:{port}/0"}
    settings.CACHES = {"default": configured}
    yield
    cache._local.clear()


def test_values_are_kept_by_the_process_while_redis_is_away() -> None:
    assert cache.add("key", 1, timeout=60)
    assert not cache.add("key", 2, timeout=60)
    assert cache.get("key") == 1
    cache.set("key", 3, 60)
    assert cache.get("key") == 3
    assert cache.delete("key")
    assert cache.get("key", "nothing") == "nothing"


@pytest.mark.django_db
def test_people_sign_in_while_redis_is_away(client: Client, officer: User) -> None:
    answer = client.post("/account/sign-in/", {"login": officer.email, "password": PASSWORD})

    assert (answer.status_code, answer.headers.get("Location")) == (302, "/")


@pytest.mark.django_db
def test_sign_in_stays_limited_while_redis_is_away(client: Client, officer: User) -> None:
    for _attempt in range(5):
        client.post("/account/sign-in/", {"login": officer.email, "password": "guess"})

    page = client.post("/account/sign-in/", {"login": officer.email, "password": PASSWORD}).content.decode()

    assert "Too many failed attempts" in page
