"""The dashboard page: its numbers are the stored figures, its links lead to as many rows, nothing on it is stale."""

import datetime as dt
import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from board import services
from board.figures import SECTIONS, figures_of
from board.models import Figure, ReportingMonth, RollupRun
from core.months import Month
from milestones.models import Milestone, MilestoneDependency, PriorityArea, Status
from tests.factories import (
    MilestoneDependencyFactory,
    MilestoneFactory,
    MilestoneUpdateFactory,
    PriorityAreaFactory,
    ReportingMonthFactory,
    RiskFactory,
    RiskReviewFactory,
)

pytestmark = pytest.mark.django_db
AFTER = dt.datetime(2026, 2, 10, 9, 0, tzinfo=dt.UTC)
DECEMBER, JANUARY = dt.date(2025, 12, 19), dt.date(2026, 1, 20)

OnCommit = Callable[..., Any]


def rolled_up(month: str = "2026-01", at: dt.datetime = AFTER) -> ReportingMonth:
    row = ReportingMonthFactory(month=month)
    for section in SECTIONS:
        services.run_section(month=row, section=section, at=at)
    return services.finish_month(month=row)


def updated(status: Status, on: dt.date = JANUARY, milestone: Milestone | None = None, **fields: Any) -> Milestone:
    milestone = milestone or MilestoneFactory()
    MilestoneUpdateFactory(milestone=milestone, as_at=on, status=status, **fields)
    return milestone


@pytest.fixture
def board(board_member: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(board_member)


def page(client: Client, month: str = "2026-01") -> str:
    response = client.get("/dashboard/", {"month": month})
    assert response.status_code == 200
    return response.content.decode()


def words(html: str) -> str:
    """What the page says, without its markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", "", html))).strip()


class Links(HTMLParser):
    """Linked whole numbers: what each says, and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.href = ""
        self.found: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("class") == "app-number":
            self.href = given["href"] or ""

    def handle_data(self, data: str) -> None:
        if self.href and data.strip().isdigit():
            self.found.append((int(data), self.href))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.href = ""


# --- What it says ---------------------------------------------------------------------------------------------------


def test_the_sentence_says_how_the_plan_stands_and_what_changed(board: Client) -> None:
    for status in (Status.COMPLETED, Status.ON_TRACK, Status.OFF_TRACK, Status.DELAYED):
        updated(status, on=DECEMBER)
    improved = Milestone.objects.get(updates__status=Status.OFF_TRACK)
    updated(Status.ON_TRACK, milestone=improved)
    updated(Status.OFF_TRACK, on=DECEMBER)
    rolled_up("2025-12")
    rolled_up("2026-01")

    said = words(page(board))

    assert "3 of 5 milestones (60.0%) are completed or on track, 1 more than in December." in said
    assert "1 is delayed and 1 is off track." in said
    assert "Overall rating: Red" in said
    assert "Red overall: fewer than 75% are completed or on track" in said


def test_the_sentence_of_a_plan_that_grew_compares_with_both_numbers(board: Client) -> None:
    updated(Status.ON_TRACK, on=DECEMBER)
    updated(Status.COMPLETED, milestone=MilestoneFactory(added_on=dt.date(2026, 1, 5)))
    rolled_up("2025-12")
    rolled_up("2026-01")

    assert "2 of 2 milestones (100.0%) are completed or on track, 1 of 1 in December." in words(page(board))


def test_the_first_month_compares_with_nothing(board: Client) -> None:
    updated(Status.ON_TRACK)
    rolled_up()

    said = words(page(board))

    assert "1 of 1 milestones (100.0%) are completed or on track." in said
    assert " since " not in said


def test_a_gap_of_a_month_is_not_compared_over(board: Client) -> None:
    updated(Status.ON_TRACK, on=dt.date(2025, 11, 20))
    rolled_up("2025-11")
    rolled_up("2026-01")

    assert "since " not in words(page(board)).lower()


def test_changes_are_signed_words(board: Client) -> None:
    milestone = updated(Status.OFF_TRACK, on=DECEMBER)
    updated(Status.COMPLETED, milestone=milestone)
    rolled_up("2025-12")
    rolled_up("2026-01")

    said = words(page(board))

    assert "Completed1 +1 since December" in said
    assert "Off track0 \N{MINUS SIGN}1 since December" in said
    assert "Delayed0 No change since December" in said


def test_exceptions_give_reason_mitigation_forecast_and_owner(board: Client) -> None:
    told = updated(
        Status.DELAYED,
        reason="The provider left.",
        mitigation="A new one is sought.",
        forecast_date=dt.date(2026, 6, 30),
    )
    late = MilestoneFactory(baseline_due_date=dt.date(2025, 12, 31))
    rolled_up()

    said = words(page(board).partition('id="exceptions-heading"')[2])

    assert said.index(told.reference) < said.index(late.reference)
    for expected in ("The provider left.", "A new one is sought.", "30 Jun 2026", told.responsible_officer.full_name):
        assert expected in said
    assert "No reason given" in said


def test_many_exceptions_show_the_worst_and_lead_to_the_rest(board: Client) -> None:
    for _ in range(30):
        updated(Status.OFF_TRACK)
    worst = updated(Status.DELAYED)
    rolled_up()

    html = page(board).partition('id="exceptions-heading"')[2].partition("</section>")[0]

    assert html.count("<tr>") == 1 + 25
    assert html.index(worst.reference) < html.index("</tr>", html.index("<tbody>"))
    assert "See all 31 exceptions" in words(html)


def test_what_falls_due_next_and_what_got_worse(board: Client) -> None:
    due = MilestoneFactory(baseline_due_date=dt.date(2026, 2, 20))
    fell = updated(Status.ON_TRACK, on=dt.date(2025, 9, 30))
    updated(Status.OFF_TRACK, milestone=fell)
    rolled_up()

    html = page(board)

    assert due.reference in html.partition("Due in February 2026")[2].partition("</section>")[0]
    assert "was on track" in words(html.partition("Getting worse")[2].partition("</section>")[0])


def test_a_blocker_that_slips_is_told_in_the_latest_month_only(board: Client) -> None:
    waits = MilestoneFactory(baseline_due_date=dt.date(2026, 3, 31))
    MilestoneDependencyFactory(
        blocker=MilestoneFactory(baseline_due_date=dt.date(2026, 5, 31)),
        dependent=waits,
        kind=MilestoneDependency.Kind.BLOCKS,
    )
    rolled_up("2025-12")
    rolled_up("2026-01")

    assert "Held up by another milestone" in page(board)
    assert "Held up by another milestone" not in page(board, "2025-12")


# --- Numbers and rows -----------------------------------------------------------------------------------------------


@pytest.fixture
def plan() -> None:
    """Two areas and a bit of everything, in two months."""
    areas = [PriorityAreaFactory(), PriorityAreaFactory(code="AFI1", title="Communication", order=4)]
    for place, status in enumerate([*Status, *Status, Status.ON_TRACK, Status.OFF_TRACK]):
        milestone = MilestoneFactory(
            area=areas[place % 2],
            baseline_due_date=dt.date(2025, 10 + place % 3, 15) if place % 4 else dt.date(2026, 2, 10),
        )
        if place % 3:
            updated(Status.ON_TRACK, on=DECEMBER, milestone=milestone)
        if status != Status.NOT_STARTED and place % 5:
            updated(status, milestone=milestone)
    rolled_up("2025-12")
    rolled_up("2026-01")


@pytest.mark.usefixtures("plan")
def test_every_linked_number_lands_on_as_many_rows(board: Client) -> None:
    links = Links()
    links.feed(page(board))

    assert len(links.found) > 40
    for number, href in set(links.found):
        found = board.get(href).context["paginator"].count
        assert found == number or "status=completed&status=on_track" in href, (number, href, found)
        assert "as_at=20" in href


@pytest.mark.usefixtures("plan")
def test_the_page_shows_the_stored_figures(board: Client) -> None:
    # A figure that the rows would never give: the page reads what is stored and computes nothing.
    stored = Figure.objects.filter(month__month="2026-01", code="milestones.delayed", area="")
    stored.update(value=777)

    said = words(page(board))

    assert "Delayed777" in said
    figures = figures_of(Month(2026, 1))
    for name in ("total", "completed", "on_track", "off_track", "not_started"):
        definition = figures[f"milestones.{name}", "", ""].definition
        title = "In the plan" if name == "total" else definition.title
        assert f"{title}{figures.number(f'milestones.{name}')}" in said


@pytest.mark.usefixtures("plan")
def test_each_area_has_its_bar_its_rating_and_its_table(board: Client) -> None:
    html = page(board)
    figures = figures_of(Month(2026, 1))

    areas = html.partition('class="app-areas"')[2].partition("</ul>")[0].split('<li class="app-area">')[1:]
    assert len(areas) == 2
    for area, code in zip(areas, ("PA1", "AFI1"), strict=True):
        said = words(area)
        assert figures["milestones.rag", code, ""].colour.label in said
        share = figures["milestones.on_track_or_completed", code, ""]
        assert f"{share.numerator} of {share.denominator}" in said
        assert sum(map(int, re.findall(r"<text[^>]*>(\d+)</text>", area))) == figures.number("milestones.total", code)


@pytest.mark.usefixtures("plan")
def test_every_chart_has_its_table(board: Client) -> None:
    html = page(board)

    for name in ("trend", "burn-up", "areas"):
        section = html.partition(f'aria-labelledby="{name}-heading"')[2].partition("</section>")[0]
        assert "<svg" in section, name
        assert "View as table" in section, name
        assert "<table" in section, name


@pytest.mark.usefixtures("plan")
def test_the_page_has_no_inline_style_or_script(board: Client) -> None:
    html = page(board)

    assert not re.search(r'\sstyle="|<style|\son[a-z]+="', html)
    assert re.findall(r"<script\b[^>]*>", html) == ['<script type="module" src="/static/js/portal.js">']


@pytest.mark.usefixtures("plan")
def test_ids_are_unique(board: Client) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page(board))

    assert sorted(ids) == sorted(set(ids))


# --- Risks ------------------------------------------------------------------------------------------------------------


def risks_of(html: str) -> str:
    return words(html.partition('aria-labelledby="risks-heading"')[2].partition("top-risks-heading")[0])


def test_risks_of_a_month_without_figures_for_them_are_left_out(board: Client) -> None:
    """A month that was signed off before there was a register."""
    updated(Status.ON_TRACK)
    RiskFactory()
    rolled_up()
    assert "risks-heading" in page(board)

    Figure.objects.filter(code__startswith="risks.").delete()
    cache.clear()

    html = page(board)
    assert "risks-heading" not in html
    assert "1 of 1 milestones" in words(html)


def test_a_month_without_an_open_risk_says_so(board: Client) -> None:
    updated(Status.ON_TRACK)
    rolled_up()

    assert "No risk was open at the end of January 2026." in risks_of(page(board))


def test_a_review_after_the_figures_is_in_the_next_view(
    board: Client, django_capture_on_commit_callbacks: OnCommit
) -> None:
    updated(Status.ON_TRACK)
    risk = RiskFactory()
    rolled_up()
    assert "Mean score 16.0." in risks_of(page(board))

    later = AFTER + dt.timedelta(hours=1)
    RiskReviewFactory(risk=risk, likelihood=1, impact=2, created_at=later)
    with django_capture_on_commit_callbacks(execute=True):
        page(board)

    assert "Mean score 2.0." in risks_of(page(board))


# --- Empty and unknown ----------------------------------------------------------------------------------------------


def test_before_there_is_any_month(board: Client) -> None:
    response = board.get("/dashboard/")

    assert response.status_code == 200
    assert "There are no figures yet" in response.content.decode()


def test_a_month_without_milestones(board: Client) -> None:
    PriorityAreaFactory()
    rolled_up()

    assert "There are no milestones in the plan in January 2026." in words(page(board))


def test_an_area_without_milestones(board: Client) -> None:
    updated(Status.ON_TRACK)
    PriorityAreaFactory(code="AFI2", title="Adulthood", order=5)
    rolled_up()

    assert "AFI2 Adulthood No milestones in this month" in words(page(board))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param("2031-03", "There are no figures for March 2031.", id="to come"),
        pytest.param("2026-13", "“2026-13” is not a month. Write it like 2026-01.", id="no month"),
        pytest.param("<script>", "“<script>” is not a month. Write it like 2026-01.", id="nonsense"),
    ],
)
def test_an_unknown_month_is_told_kindly(board: Client, asked: str, said: str) -> None:
    rolled_up()

    response = board.get("/dashboard/", {"month": asked})

    assert response.status_code == 404
    html = response.content.decode()
    assert said in words(html.replace("&lt;script&gt;", "<script>").replace("<script>", "&lt;script&gt;"))
    assert 'href="/dashboard/?month=2026-01"' in html
    assert "“<script>”" not in html


def test_without_a_month_the_latest_with_figures_is_shown(board: Client) -> None:
    updated(Status.ON_TRACK)
    rolled_up("2025-12")
    rolled_up("2026-01")
    ReportingMonthFactory(month="2026-02")

    assert "Dashboard: January 2026" in board.get("/dashboard/").content.decode()


# --- Fresh, and never recounted without need ------------------------------------------------------------------------


def test_an_update_after_the_figures_is_in_the_next_view(
    board: Client, django_capture_on_commit_callbacks: OnCommit
) -> None:
    milestone = updated(Status.ON_TRACK)
    rolled_up()
    assert "1 of 1 milestones" in words(page(board))

    updated(Status.DELAYED, milestone=milestone, created_at=AFTER + dt.timedelta(hours=1), reason="Staff left.")
    with django_capture_on_commit_callbacks(execute=True):
        first = page(board)
    then = page(board)

    assert "The plan changed after these figures were made." in words(first)
    assert "0 of 1 milestones (0.0%) are completed or on track" in words(then)
    assert "Staff left." in then
    assert "The plan changed after" not in then


def test_a_month_that_was_never_computed_is_computed_when_asked_for(
    board: Client, django_capture_on_commit_callbacks: OnCommit
) -> None:
    updated(Status.ON_TRACK)
    ReportingMonthFactory(month="2026-01")

    with django_capture_on_commit_callbacks(execute=True):
        first = page(board)

    assert "The figures for January 2026 are being calculated" in words(first)
    assert "1 of 1 milestones" in words(page(board))


def test_the_month_compared_with_is_mended_too(board: Client, django_capture_on_commit_callbacks: OnCommit) -> None:
    milestone = updated(Status.ON_TRACK, on=DECEMBER)
    rolled_up("2025-12")
    rolled_up("2026-01")
    updated(Status.DELAYED, on=dt.date(2025, 12, 30), milestone=milestone, created_at=AFTER + dt.timedelta(hours=1))
    updated(Status.ON_TRACK, milestone=milestone, created_at=AFTER + dt.timedelta(hours=1))

    with django_capture_on_commit_callbacks(execute=True):
        page(board)

    assert "1 of 1 milestones (100.0%) are completed or on track, 1 more than in December." in words(page(board))


def test_a_signed_off_month_is_never_recounted(
    board: Client, office: User, django_capture_on_commit_callbacks: OnCommit
) -> None:
    milestone = updated(Status.ON_TRACK)
    month = rolled_up()
    services.close_month(month=month, by=office, at=AFTER)
    month = services.sign_off_month(month=month, reason="Board of 12 February 2026.", by=office, at=AFTER)
    updated(Status.DELAYED, milestone=milestone, created_at=AFTER + dt.timedelta(days=1))

    with django_capture_on_commit_callbacks(execute=True) as started:
        html = page(board)

    assert started == []
    assert "1 of 1 milestones (100.0%)" in words(html)
    assert month.digest[:12] in html
    assert "signed off" in words(html)


@pytest.mark.parametrize(
    ("age", "starts"),
    [
        pytest.param(dt.timedelta(minutes=2), 0, id="under way"),
        pytest.param(dt.timedelta(minutes=20), 1, id="killed long ago"),
    ],
)
def test_a_run_under_way_is_not_started_again(
    board: Client,
    django_capture_on_commit_callbacks: OnCommit,
    time_machine: Any,
    age: dt.timedelta,
    starts: int,
) -> None:
    now = AFTER + dt.timedelta(days=1)
    time_machine.move_to(now, tick=False)
    milestone = updated(Status.ON_TRACK)
    month = rolled_up()
    updated(Status.DELAYED, milestone=milestone, created_at=AFTER + dt.timedelta(hours=1))
    RollupRun.objects.create(month=month, section="milestones", started_at=now - age)

    with django_capture_on_commit_callbacks() as started:
        html = page(board)

    assert len(started) == starts
    assert "The plan changed after these figures were made." in words(html)


def test_a_recount_is_asked_for_once_and_not_by_every_reader(
    board: Client, django_capture_on_commit_callbacks: OnCommit
) -> None:
    milestone = updated(Status.ON_TRACK)
    rolled_up()
    updated(Status.DELAYED, milestone=milestone, created_at=AFTER + dt.timedelta(hours=1))

    with django_capture_on_commit_callbacks() as started:
        page(board)
        page(board)

    assert len(started) == 1


def test_closing_a_month_shows_at_once(board: Client, office: User) -> None:
    updated(Status.ON_TRACK)
    month = rolled_up()
    assert "Month: open" in words(page(board))

    services.close_month(month=month, by=office, at=AFTER)

    assert "Month: closed" in words(page(board))


def test_another_months_new_figures_show_at_once(board: Client) -> None:
    milestone = updated(Status.ON_TRACK, on=DECEMBER)
    rolled_up("2025-12")
    rolled_up("2026-01")
    assert "the same as in December" in words(page(board))

    updated(Status.DELAYED, on=dt.date(2025, 12, 30), milestone=milestone)
    updated(Status.ON_TRACK, milestone=milestone)
    rolled_up("2025-12", at=AFTER + dt.timedelta(minutes=1))
    rolled_up("2026-01", at=AFTER + dt.timedelta(minutes=1))

    assert "1 more than in December" in words(page(board))


# --- Who sees what, and what it costs -------------------------------------------------------------------------------


def test_the_kept_page_holds_nothing_of_the_person_it_was_made_for(
    board: Client, office: User, signed_in: Callable[[User], Client]
) -> None:
    updated(Status.ON_TRACK)
    rolled_up()

    assert "Manage January 2026" in page(signed_in(office))
    html = page(board)
    assert "Manage January 2026" not in html
    assert office.full_name not in html


def test_a_warm_page_asks_little_and_the_same_of_any_plan(
    board: Client, count_queries: Callable[[Callable[[], Any]], int]
) -> None:
    for _ in range(2):
        updated(Status.OFF_TRACK)
        RiskReviewFactory()
    rolled_up()
    page(board)
    few = count_queries(lambda: page(board))

    for _ in range(23):
        updated(Status.OFF_TRACK)
        RiskReviewFactory()
    rolled_up(at=AFTER + dt.timedelta(hours=1))
    page(board)
    many = count_queries(lambda: page(board))

    assert few == many
    assert many <= 8


def test_a_cold_page_asks_the_same_of_any_plan(
    board: Client, count_queries: Callable[[Callable[[], Any]], int]
) -> None:
    for _ in range(2):
        updated(Status.OFF_TRACK)
        RiskReviewFactory()
    rolled_up()
    few = count_queries(lambda: page(board))

    for _ in range(23):
        updated(Status.OFF_TRACK)
        RiskReviewFactory()
    PriorityArea.objects.create(code="PA9", title="Another", kind="priority_action", order=9, created_at=AFTER)
    rolled_up(at=AFTER + dt.timedelta(hours=1))

    assert count_queries(lambda: page(board)) == few
