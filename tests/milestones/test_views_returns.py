import datetime as dt
import re
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import User
from milestones.models import Milestone, Status
from tests.factories import MilestoneFactory, MilestoneUpdateFactory, PriorityAreaFactory, UserFactory

pytestmark = pytest.mark.django_db
RETURNS = reverse("milestones:returns")
SignedIn = Callable[[User], Client]
DECEMBER, JANUARY = dt.date(2025, 12, 31), dt.date(2026, 1, 31)


@pytest.fixture(autouse=True)
def _third_of_february() -> Iterator[None]:
    with time_machine.travel(dt.datetime(2026, 2, 3, 10, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def browser(board_member: User, signed_in: SignedIn) -> Client:
    return signed_in(board_member)


def read(browser: Client, query: str = "") -> str:
    response = browser.get(f"{RETURNS}?{query}")
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_returns_need_a_sign_in() -> None:
    assert Client().get(RETURNS).status_code == 302


def test_page_opens_at_the_month_being_collected_and_says_how_long_is_left(browser: Client) -> None:
    MilestoneUpdateFactory(as_at=JANUARY)
    MilestoneFactory(reference="PA1-09")

    text = read(browser)

    assert "Monthly return for January 2026" in text
    assert "1 of 2 milestones reported" in text
    assert "The return closes at the end of Friday 6 February 2026: 3 days left." in text
    assert "PA1-09" in text


def test_a_return_that_has_closed_says_so(browser: Client) -> None:
    MilestoneFactory()

    text = read(browser, "month=2025-12")

    assert "The return closed at the end of Thursday 8 January 2026. 1 milestone had no update." in text


def test_a_milestone_completed_before_the_month_owes_nothing(browser: Client) -> None:
    done = MilestoneUpdateFactory(as_at=DECEMBER, status=Status.COMPLETED).milestone
    now_done = MilestoneUpdateFactory(as_at=JANUARY, status=Status.COMPLETED).milestone
    later = MilestoneFactory(added_on=dt.date(2026, 2, 1))

    text = read(browser)

    assert "1 of 1 milestone reported" in text
    assert now_done.responsible_officer.full_name in text
    assert done.responsible_officer.full_name not in text
    assert later.reference not in text


def test_what_is_missing_is_what_the_list_and_the_figure_count(browser: Client) -> None:
    MilestoneUpdateFactory(as_at=DECEMBER, status=Status.COMPLETED)
    MilestoneUpdateFactory(as_at=JANUARY)
    MilestoneFactory.create_batch(3)
    missing = Milestone.objects.counting_on(JANUARY).without_return(dt.date(2026, 1, 1), JANUARY).count()

    assert f"{4 - missing} of 4 milestones reported" in read(browser)
    listed = browser.get(reverse("milestones:list") + "?area=PA1&no_return=2026-01&as_at=2026-01-31")
    assert f"Showing {missing} of 5" in listed.content.decode()


def test_returns_of_one_area(browser: Client) -> None:
    MilestoneFactory(reference="PA1-01")
    MilestoneFactory(reference="PA2-01", area=PriorityAreaFactory(code="PA2", title="Quality", order=2))

    text = read(browser, "area=PA2")

    assert "0 of 1 milestone reported" in text
    assert "PA1-01" not in text


def test_update_links_are_for_those_who_may_update(browser: Client, office: User, signed_in: SignedIn) -> None:
    mine, other = MilestoneFactory(), MilestoneFactory()

    def links(client: Client) -> set[str]:
        return set(re.findall(r"/milestones/([\w-]+)/update/", client.get(RETURNS).content.decode()))

    assert links(browser) == set()
    assert links(signed_in(mine.sro)) == {mine.reference}
    assert links(signed_in(office)) == {mine.reference, other.reference}


@pytest.mark.parametrize("query", ["month=January", "month=2026-13", "area=PA9"])
def test_an_address_that_means_nothing_is_the_page_as_it_opens(browser: Client, query: str) -> None:
    assert "Monthly return for January 2026" in read(browser, query)


def test_a_month_without_a_plan_says_so(browser: Client) -> None:
    assert "No milestone owes a return for January 2026." in read(browser)


def test_page_makes_the_same_queries_for_2_rows_and_for_25(
    signed_in: SignedIn, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    """For an officer, each row asks whether they support its milestone."""
    person = UserFactory()
    MilestoneFactory.create_batch(2)
    browser = signed_in(person)
    few = count_queries(lambda: browser.get(RETURNS))
    for milestone in MilestoneFactory.create_batch(23):
        milestone.supporting_officers.add(person)

    assert count_queries(lambda: browser.get(RETURNS)) == few <= 8


@pytest.mark.parametrize("month", ["0001-01", "1900-01", "2199-12", "9999-12"])
def test_a_month_beyond_reach_shows_the_one_being_collected(browser: Client, month: str) -> None:
    assert "Monthly return for January 2026" in read(browser, f"month={month}")
