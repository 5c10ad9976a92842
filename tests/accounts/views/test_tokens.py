import datetime as dt
import re
from collections.abc import Callable

import pytest
import time_machine
from django.test import Client

from accounts import services
from accounts.models import ApiToken, User

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
NOW = dt.datetime(2026, 1, 31, 10, 0, tzinfo=dt.UTC)


def ask(token: str) -> int:
    return Client().get("/api/v1/me/", headers={"authorization": f"Token {token}"}).status_code


@pytest.fixture
def token(analyst: User) -> str:
    return services.issue_token(user=analyst, days=30, name="Power BI", by=analyst, at=NOW)


@time_machine.travel(NOW, tick=False)
def test_token_is_shown_once_and_works(analyst: User, signed_in: SignedIn) -> None:
    browser = signed_in(analyst)

    made = browser.post("/account/tokens/new/", {"name": "Power BI", "days": "90"})

    text = re.search(r">([0-9a-f]{64})<", made.content.decode())[1]
    assert "no-store" in made.headers["Cache-Control"]
    assert ask(text) == 200
    listed = browser.get("/account/tokens/").content.decode()
    assert text not in listed
    assert text[:8] in listed
    assert "Power BI" in listed
    assert "1 May 2026" in listed
    assert text not in str(dict(browser.session))


def test_token_form_asks_for_name_and_days(analyst: User, signed_in: SignedIn) -> None:
    page = signed_in(analyst).post("/account/tokens/new/", {}).content.decode()

    assert '<a href="#id_name">Enter what will use the token.</a>' in page
    assert '<a href="#id_days">Select how long the token should work.</a>' in page
    assert signed_in(analyst).post("/account/tokens/new/", {"name": "x", "days": "4000"}).status_code == 200
    assert not ApiToken.objects.exists()


def test_token_ends_with_its_days(token: str) -> None:
    with time_machine.travel(NOW + dt.timedelta(days=30, seconds=-1), tick=False):
        assert ask(token) == 200
    with time_machine.travel(NOW + dt.timedelta(days=30, seconds=1), tick=False):
        assert ask(token) == 401


@time_machine.travel(NOW, tick=False)
def test_token_ends_when_its_owner_is_deactivated(token: str, analyst: User, office: User) -> None:
    services.deactivate_person(person=analyst, by=office, at=NOW, reason="Left.")

    assert ask(token) == 401
    services.reactivate_person(person=analyst, by=office, at=NOW)
    assert ask(token) == 401


@time_machine.travel(NOW, tick=False)
def test_token_is_revoked_by_its_owner(token: str, analyst: User, signed_in: SignedIn) -> None:
    browser, address = signed_in(analyst), f"/account/tokens/{ApiToken.objects.get().reference}/revoke/"
    assert "Revoke the token “Power BI”?" in browser.get(address).content.decode()
    assert ask(token) == 200

    assert browser.post(address).url == "/account/tokens/"

    assert ask(token) == 401
    assert browser.post(address).status_code == 404


@time_machine.travel(NOW, tick=False)
def test_token_is_revoked_by_the_office(token: str, analyst: User, office: User, signed_in: SignedIn) -> None:
    browser, address = signed_in(office), f"/account/tokens/{ApiToken.objects.get().reference}/revoke/"
    assert address in browser.get(f"/people/{analyst.pk}/").content.decode()

    assert browser.post(address).url == f"/people/{analyst.pk}/"

    assert ask(token) == 401


def test_token_of_somebody_else_is_not_found(token: str, officer: User, signed_in: SignedIn) -> None:
    browser, address = signed_in(officer), f"/account/tokens/{ApiToken.objects.get().reference}/revoke/"

    assert browser.get(address).status_code == 404
    assert browser.post(address).status_code == 404
    assert ApiToken.objects.exists()


@pytest.mark.parametrize("header", ["Token", "Token nonsense", "Token a b", f"Token {'0' * 64}", "Bearer x"])
def test_api_refuses_what_is_no_token(db: None, header: str) -> None:
    assert Client().get("/api/v1/me/", headers={"authorization": header}).status_code == 401
