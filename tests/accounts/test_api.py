from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User

pytestmark = pytest.mark.django_db
Api = Callable[[User], APIClient]


def test_me_says_whose_token_it_is(api: Api, analyst: User) -> None:
    answer = api(analyst).get("/api/v1/me/").json()

    assert answer["email"] == analyst.email
    assert answer["roles"] == ["analyst"]
    assert answer["organisation"] == "County Council"
    assert "password" not in answer


def test_me_without_a_token_is_401_as_a_problem(client: Client) -> None:
    response = client.get("/api/v1/me/")

    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["WWW-Authenticate"].startswith("Token")
    assert response.json()["title"] == "Not signed in"


def test_me_with_a_deactivated_persons_token_is_401(api: Api, analyst: User) -> None:
    client = api(analyst)
    User.objects.filter(pk=analyst.pk).update(
        is_active=False, deactivated_at="2026-01-31T10:00:00Z", deactivated_by=analyst
    )

    assert client.get("/api/v1/me/").status_code == 401


def test_me_in_a_signed_in_browser(signed_in: Callable[[User], Client], analyst: User) -> None:
    assert signed_in(analyst).get("/api/v1/me/").json()["full_name"] == analyst.full_name
