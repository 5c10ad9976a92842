import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.test import Client, RequestFactory

from accounts.models import Role, User
from core.glossary import terms
from core.templatetags.portal import moment, signed
from tests.factories import UserFactory


def rendered(source: str, **context: object) -> str:
    return Template("{% load portal %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        pytest.param(3, "+3", id="more"),
        pytest.param(-2, "\N{MINUS SIGN}2", id="fewer, with a real minus"),
        pytest.param(0, "0", id="the same"),
        pytest.param(Decimal("1.5"), "+1.5", id="points"),
        pytest.param(None, "", id="nothing to compare with"),
    ],
)
def test_signed(number: object, words: str) -> None:
    assert signed(number) == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        pytest.param(dt.datetime(2026, 2, 2, 2, 10, tzinfo=dt.UTC), "2 February 2026 at 2:10am", id="winter"),
        pytest.param(dt.datetime(2026, 7, 1, 12, 5, tzinfo=dt.UTC), "1 July 2026 at 1:05pm", id="British summer time"),
        pytest.param(None, "", id="never"),
    ],
)
def test_moment(at: dt.datetime | None, words: str) -> None:
    assert moment(at) == words


def test_abbr_gives_the_words_of_the_glossary() -> None:
    assert rendered('{% abbr "PAP" %}') == '<abbr title="Priority Action Plan">PAP</abbr>'


def test_abbr_of_an_unknown_abbreviation_is_a_mistake_that_shows() -> None:
    with pytest.raises(TemplateSyntaxError, match="glossary"):
        rendered('{% abbr "XYZ" %}')


def test_query_keeps_the_other_parameters_and_starts_at_the_first_page() -> None:
    request = RequestFactory().get("/milestones/?status=delayed&status=off_track&page=3&sort=due")

    assert rendered('{% query sort="-due" %}', request=request) == "?status=delayed&amp;status=off_track&amp;sort=-due"
    assert rendered("{% query status=None %}", request=request) == "?sort=due"


@pytest.mark.parametrize(
    ("roles", "seen", "unseen"),
    [
        pytest.param([Role.BOARD_MEMBER], ["Dashboard", "Milestones"], ["My work", "Imports"], id="board member"),
        pytest.param([Role.OFFICER], ["My work", "Dashboard", "Milestones"], ["Imports"], id="officer"),
        pytest.param([Role.PROGRAMME_OFFICE], ["My work", "Dashboard", "Imports", "People"], [], id="office"),
    ],
)
@pytest.mark.django_db
def test_navigation_shows_what_a_role_may_open(
    signed_in: Callable[[User], Client], roles: list[Role], seen: list[str], unseen: list[str]
) -> None:
    page = signed_in(UserFactory(roles=roles)).get("/key/").content.decode()

    navigation = page.partition('aria-label="Menu"')[2].partition("</nav>")[0]
    assert [words for words in seen if words not in navigation] == []
    assert [words for words in unseen if words in navigation] == []


@pytest.mark.parametrize(
    ("address", "current"),
    [
        pytest.param("/", "My work", id="home is only itself"),
        pytest.param("/dashboard/", "Dashboard", id="a page"),
        pytest.param("/milestones/returns/", "Milestones", id="a page below"),
        pytest.param("/key/", None, id="none"),
    ],
)
@pytest.mark.django_db
def test_navigation_marks_where_one_is(
    signed_in: Callable[[User], Client], officer: User, address: str, current: str | None
) -> None:
    page = signed_in(officer).get(address).content.decode()

    navigation = page.partition('aria-label="Menu"')[2].partition("</nav>")[0]
    assert navigation.count("aria-current=") == (1 if current else 0)
    if current:
        assert current in navigation.partition("aria-current=")[2].partition("</a>")[0]


def test_the_glossary_has_the_reports_abbreviations_with_its_slips_mended() -> None:
    words = {abbreviation: term.words for abbreviation, term in terms().items()}

    assert len(words) >= 85
    assert words["EYFS"] == "Early Years Foundation Stage"
    assert words["HLTA"] == "Higher Level Teaching Assistant"
    assert words["SEND"] == "Special Educational Needs and/or Disabilities"
    assert "EYF5" not in words
    assert len({term.anchor for term in terms().values()}) == len(words)
