"""The pages that explain: key to ratings, glossary, accessibility."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from core.glossary import terms
from milestones.models import Impact, Status, Trend

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_key_explains_every_rating(board_member: User, signed_in: SignIn) -> None:
    html = page(signed_in(board_member), "/key/")

    for rating in (*Status, *Impact, *Trend):
        assert rating.label in html
        assert rating.meaning in html


def test_the_key_prints_the_rules_in_force(board_member: User, signed_in: SignIn, settings: object) -> None:
    settings.RAG_GREEN_FROM, settings.RAG_RED_BELOW, settings.RAG_RED_DELAYED_FROM = 93, 71, 12
    settings.STALE_AFTER_DAYS, settings.RETURN_CUT_OFF_WORKING_DAY = 41, 7

    html = page(signed_in(board_member), "/key/")

    assert "At least 93% are completed or on track, and none is delayed." in html
    assert "Fewer than 71% are completed or on track, or at least 12% are delayed." in html
    assert "more than 41 days" in html
    assert "working day 7 of the next month" in html


def test_the_glossary_lists_every_term_at_its_anchor(board_member: User, signed_in: SignIn) -> None:
    html = page(signed_in(board_member), "/glossary/")

    for term in terms().values():
        assert f'id="{term.anchor}"' in html


@pytest.mark.parametrize(
    ("asked", "found", "left_out"),
    [
        pytest.param("pap", "Priority Action Plan", "Area for improvement", id="an abbreviation, in any case"),
        pytest.param("psychologist educ", "Educational Psychologist", "Local Authority", id="words in any order"),
        pytest.param("zzz", "Nothing in the glossary matches “zzz”", "Priority Action Plan", id="nothing"),
        pytest.param("<b>", "matches “&lt;b&gt;”", "“<b>”", id="markup is text"),
    ],
)
def test_the_glossary_is_searched(board_member: User, signed_in: SignIn, asked: str, found: str, left_out: str) -> None:
    html = page(signed_in(board_member), f"/glossary/?q={asked}")

    assert found in html
    assert left_out not in html


def test_accessibility_is_for_everyone_and_the_others_for_those_signed_in() -> None:
    html = page(Client(), "/accessibility/")

    assert "Accessibility statement" in html
    assert "Sign out" not in html
    for address in ("/key/", "/glossary/", "/dashboard/"):
        assert Client().get(address).status_code == 302


@pytest.mark.parametrize("address", ["/key/", "/glossary/", "/accessibility/"])
def test_pages_have_no_inline_style_or_script(board_member: User, signed_in: SignIn, address: str) -> None:
    html = page(signed_in(board_member), address)

    assert "style=" not in html
    assert html.count("<script") == 1
