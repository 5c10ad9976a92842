import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import User
from milestones.models import Status
from tests.factories import DueDateChangeFactory, MilestoneFactory, MilestoneUpdateFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = reverse("milestones:list")
SignedIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _end_of_january() -> Iterator[None]:
    with time_machine.travel(dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def browser(board_member: User, signed_in: SignedIn) -> Client:
    return signed_in(board_member)


def words(page: bytes) -> str:
    """What a person reads: the page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode()))


def references(browser: Client, query: str = "") -> list[str]:
    page = browser.get(f"{LIST}?{query}").content.decode()
    return re.findall(r'rowheader"[^>]*><a [^>]*><span class="app-reference">([^<]+)', page)


def test_list_needs_a_sign_in() -> None:
    response = Client().get(LIST)

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_list_puts_worsening_first_then_the_order_of_the_plan(browser: Client) -> None:
    for reference, status in [("PA1-01", Status.ON_TRACK), ("PA1-02", Status.DELAYED), ("PA1-03", Status.DELAYED)]:
        milestone = MilestoneFactory(reference=reference)
        MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 1, 10), status=Status.ON_TRACK)
        MilestoneUpdateFactory(milestone=milestone, status=status)
    MilestoneFactory(reference="PA1-00")

    assert references(browser) == ["PA1-02", "PA1-03", "PA1-00", "PA1-01"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("status", ["PA1-02", "PA1-01", "PA1-03"]),
        ("-status", ["PA1-03", "PA1-01", "PA1-02"]),
        ("due", ["PA1-03", "PA1-02", "PA1-01"]),
        ("officer", ["PA1-02", "PA1-01", "PA1-03"]),
        ("-reference", ["PA1-03", "PA1-02", "PA1-01"]),
    ],
)
def test_list_sorts(browser: Client, sort: str, expected: list[str]) -> None:
    for reference, status, due, name in [
        ("PA1-01", Status.NOT_STARTED, dt.date(2026, 5, 1), "Officer B"),
        ("PA1-02", Status.DELAYED, dt.date(2026, 4, 1), "Officer A"),
        ("PA1-03", Status.COMPLETED, dt.date(2026, 3, 1), "Officer C"),
    ]:
        officer = UserFactory(full_name=name)
        milestone = MilestoneFactory(reference=reference, baseline_due_date=due, responsible_officer=officer)
        MilestoneUpdateFactory(milestone=milestone, status=status)

    assert references(browser, f"sort={sort}") == expected


def test_list_says_which_heading_it_is_sorted_by(browser: Client) -> None:
    MilestoneFactory()

    page = browser.get(f"{LIST}?sort=-due&status=not_started").content.decode()

    assert page.count('aria-sort="descending"') == 1
    assert page.count('aria-sort="none"') == 6
    assert re.search(r'href="\?[^"]*sort=due"|href="\?sort=due&amp;[^"]*"', page)


def test_list_ignores_a_sort_that_it_does_not_know(browser: Client) -> None:
    MilestoneFactory(reference="PA1-01")

    assert references(browser, "sort=created_by__password") == ["PA1-01"]


def test_list_says_how_many_it_shows_of_how_many_and_when(browser: Client) -> None:
    MilestoneFactory.create_batch(2)
    MilestoneUpdateFactory(status=Status.DELAYED)

    assert "Showing 1 of 3 milestones as at 31 January 2026" in words(browser.get(f"{LIST}?status=delayed").content)
    # Neither day has more than it had: nothing was added after April.
    assert "Showing 0 of 3 milestones as at 30 January 2026" in words(
        browser.get(f"{LIST}?status=delayed&as_at=2026-01-30").content
    )


def test_list_shows_each_rating_in_words_with_dates_that_say_what_they_mean(browser: Client) -> None:
    milestone = MilestoneFactory(baseline_due_date=dt.date(2026, 1, 19))
    MilestoneUpdateFactory(
        milestone=milestone, status=Status.DELAYED, impact="emerging", forecast_date=dt.date(2026, 4, 30)
    )

    text = words(browser.get(LIST).content)

    for expected in ("Delayed", "Emerging", "Worsening", "19 Jan 2026 Overdue by 12 days", "Expected 30 Apr 2026"):
        assert expected in text


def test_list_as_at_shows_the_due_date_of_that_day_and_links_to_that_day(browser: Client) -> None:
    milestone = MilestoneFactory(reference="PA1-01", due_date=dt.date(2026, 3, 31))
    DueDateChangeFactory(milestone=milestone)

    page = browser.get(f"{LIST}?as_at=2025-10-31")

    assert "31 Jan 2026" in words(page.content)
    assert "/milestones/PA1-01/?as_at=2025-10-31" in page.content.decode()


def test_active_filters_are_named_and_each_can_be_taken_away(browser: Client) -> None:
    MilestoneUpdateFactory(status=Status.DELAYED)

    page = browser.get(f"{LIST}?status=delayed&status=off_track&q=deliverable&page=1").content.decode()

    assert "Status: Delayed" in page
    assert 'href="?status=off_track&amp;q=deliverable"' in page
    assert 'href="?status=delayed&amp;q=deliverable"' in page
    assert 'href="?status=delayed&amp;status=off_track"' in page


def test_a_filter_that_means_nothing_is_reported_and_the_rest_is_shown(browser: Client) -> None:
    MilestoneFactory(reference="PA1-01")

    page = browser.get(f"{LIST}?as_at=soon")

    assert "Write the date like 2026-01-31." in words(page.content)
    assert references(browser, "as_at=soon") == ["PA1-01"]


def test_list_without_a_match_says_so(browser: Client) -> None:
    MilestoneFactory()

    assert "No milestone matches this filter" in words(browser.get(f"{LIST}?q=unheard-of").content)


def test_list_without_a_plan_says_so(browser: Client, office: User, signed_in: SignedIn) -> None:
    assert "There is no plan yet." in words(browser.get(LIST).content)
    assert "Add the first milestone" not in words(browser.get(LIST).content)
    assert "Add the first milestone" in words(signed_in(office).get(LIST).content)


def test_what_people_typed_is_escaped(browser: Client) -> None:
    MilestoneFactory(title="<script>alert(1)</script>", responsible_officer=UserFactory(full_name="<b>Officer</b>"))

    page = browser.get(f"{LIST}?q=%3Cscript%3E").content.decode()

    assert "<script>alert" not in page
    assert "<b>Officer" not in page
    assert page.count("&lt;script&gt;") >= 3  # the title, the search box and the chip


def test_long_lists_come_in_pages(browser: Client) -> None:
    MilestoneFactory.create_batch(101)

    first, second = browser.get(LIST), browser.get(f"{LIST}?page=2&sort=reference")

    assert "page 1 of 2" in words(first.content)
    assert 'href="?page=2"' in first.content.decode()
    assert len(re.findall('role="rowheader"', second.content.decode())) == 1
    assert 'href="?sort=reference&amp;page=1"' in second.content.decode()


def test_download_has_what_is_shown_on_all_pages(browser: Client) -> None:
    for number in range(101):
        MilestoneUpdateFactory(milestone=MilestoneFactory(reference=f"PA1-{number:03d}"), status=Status.ON_TRACK)
    MilestoneUpdateFactory(status=Status.DELAYED)

    response = browser.get(f"{LIST}?status=on_track&sort=-reference&download=csv")
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))

    assert response.headers["Content-Disposition"] == 'attachment; filename="milestones-2026-01-31.csv"'
    assert [row["Reference"] for row in rows] == [f"PA1-{number:03d}" for number in reversed(range(101))]
    assert rows[0]["Status"] == "On track"
    assert rows[0]["Due date"] == "2026-03-31"


def test_download_as_a_workbook_is_as_at_the_day_shown(browser: Client) -> None:
    milestone = MilestoneFactory()
    MilestoneUpdateFactory(milestone=milestone, status=Status.ON_TRACK, as_at=dt.date(2025, 12, 31))
    MilestoneUpdateFactory(milestone=milestone, status=Status.DELAYED)

    response = browser.get(f"{LIST}?as_at=2025-12-31&download=xlsx")
    rows = list(load_workbook(io.BytesIO(response.getvalue())).active.iter_rows(values_only=True))

    assert rows[1][rows[0].index("Status")] == "On track"


def test_list_makes_the_same_queries_for_2_rows_and_for_25(
    browser: Client, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    MilestoneUpdateFactory.create_batch(2, status=Status.OFF_TRACK)
    few = count_queries(lambda: browser.get(LIST))
    MilestoneUpdateFactory.create_batch(23, status=Status.OFF_TRACK)

    assert count_queries(lambda: browser.get(LIST)) == few <= 10


def test_owner_choices_are_people_that_milestones_name(browser: Client) -> None:
    milestone = MilestoneFactory()
    stranger = UserFactory(full_name="Somebody Else")

    page = browser.get(LIST).content.decode()

    assert f'<option value="{milestone.sro_id}"' in page
    assert f'<option value="{stranger.pk}"' not in page


@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "2199-01-01", "9999-12-31"])
def test_a_day_beyond_reach_is_reported_like_one_that_is_none(browser: Client, day: str) -> None:
    MilestoneUpdateFactory(milestone__reference="PA1-01")

    assert "Write the date like 2026-01-31." in words(browser.get(f"{LIST}?as_at={day}").content)
    assert references(browser, f"as_at={day}") == ["PA1-01"]


@pytest.mark.parametrize("day", ["1901-01-01", "2198-12-31"])
def test_the_first_and_the_last_day_within_reach_are_shown(browser: Client, day: str) -> None:
    MilestoneUpdateFactory()

    assert browser.get(f"{LIST}?as_at={day}&no_return=true&due=three_months").status_code == 200
