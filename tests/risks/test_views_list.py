import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import User
from board.figures import StoredFigure, rows_url
from core.figures import Unit
from core.months import Month
from risks import figures
from risks.figures import DEFINITIONS
from tests.factories import (
    EscalationFactory,
    MilestoneFactory,
    MitigationFactory,
    PriorityAreaFactory,
    RiskFactory,
    RiskReviewFactory,
    RiskTargetFactory,
    StateChangeFactory,
    TargetPointFactory,
    UserFactory,
)
from tests.risks.pages import NOW, control, listed, shown, standing, varied_register, words

pytestmark = pytest.mark.django_db
LIST = reverse("risks:list")
SignedIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _end_of_january() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def browser(board_member: User, signed_in: SignedIn) -> Client:
    return signed_in(board_member)


def page(browser: Client, query: str = "") -> str:
    response = browser.get(f"{LIST}?{query}")
    assert response.status_code == 200
    return response.content.decode()


def row(html: str, reference: str) -> str:
    """What the list says of one risk."""
    rows = html.partition("<tbody")[2].partition("</tbody>")[0].split("<tr ")[1:]
    [found] = [words(part) for part in rows if f'app-reference">{reference}<' in part]
    return found.partition(">")[2].strip()


def sheet(browser: Client, query: str) -> list[dict[str, str]]:
    response = browser.get(f"{LIST}?{query}&download=csv")
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


# --- What is shown ----------------------------------------------------------------------------------------------------


def test_list_needs_a_sign_in() -> None:
    response = Client().get(LIST)

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_list_shows_open_risks_with_the_highest_score_first(browser: Client) -> None:
    standing("R01", 2, 2)
    standing("R02", 5, 5)
    standing("R03", 2, 2)
    StateChangeFactory(risk=standing("R04", 5, 5))

    assert listed(page(browser)) == ["R02", "R01", "R03"]


def test_each_row_says_how_its_risk_stands(browser: Client) -> None:
    risk = standing("R01", 3, 5, title="Staff leave", owner=UserFactory(full_name="Officer Lead"))
    RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, 12, 1), likelihood=2, impact=5)
    RiskTargetFactory(risk=risk)
    EscalationFactory(risk=risk)

    assert row(page(browser), "R01") == (
        "R01 Staff leave Systemic Escalated 16 15 Extreme 6 Up Officer Lead 15 Feb 2026"
    )


def test_a_risk_without_a_target_says_so(browser: Client) -> None:
    standing("R01")

    assert "None" in row(page(browser), "R01")


def test_a_risk_without_mitigation_is_challenged(browser: Client) -> None:
    standing("R01")
    RiskFactory(reference="R02")
    control(RiskFactory(reference="R03"), status="stopped")
    StateChangeFactory(risk=RiskFactory(reference="R04"))

    html = page(browser, "state=all")

    challenged = {reference: "No mitigation" in row(html, reference) for reference in listed(html)}
    assert challenged == {"R01": False, "R02": True, "R03": True, "R04": False}


def test_a_risk_above_its_trajectory_is_marked_with_what_was_planned(browser: Client) -> None:
    for reference, planned in (("R01", 11), ("R02", 12)):
        risk = standing(reference, 3, 4)
        TargetPointFactory(target=RiskTargetFactory(risk=risk), score=planned)

    html = page(browser)

    assert "Above trajectory: planned 11" in row(html, "R01")
    assert "Above trajectory" not in row(html, "R02")


def test_a_review_that_is_overdue_is_marked_from_the_day_after(browser: Client) -> None:
    for reference, due in (("R01", dt.date(2026, 1, 30)), ("R02", dt.date(2026, 1, 31))):
        RiskReviewFactory(risk=RiskFactory(reference=reference), next_review_on=due)

    html = page(browser)

    assert "30 Jan 2026 Overdue" in row(html, "R01")
    assert "Overdue" not in row(html, "R02")


def test_a_closed_risk_says_so_and_is_not_due_for_review(browser: Client) -> None:
    StateChangeFactory(risk=standing("R01"))

    said = row(page(browser, "state=closed"), "R01")

    assert "Closed" in said
    assert "15 Feb 2026" not in said


def test_list_says_how_many_it_shows_of_how_many_and_when(browser: Client) -> None:
    standing("R01", 5, 5)
    standing("R02", 1, 1)
    standing("R03", opened_on=dt.date(2026, 1, 1))

    assert "Showing 1 of 3 risks as at 31 January 2026" in words(page(browser, "band=extreme"))
    assert "Showing 2 of 2 risks as at 31 December 2025" in words(page(browser, "as_at=2025-12-31"))


def test_list_of_a_past_day_shows_that_day_and_links_to_it(browser: Client) -> None:
    risk = standing("R01", 1, 2)
    EscalationFactory(risk=risk, moved_on=dt.date(2026, 1, 5))

    html = page(browser, "as_at=2025-12-31")

    assert "Operational 16 16 Extreme" in row(html, "R01")
    assert 'href="/risks/R01/?as_at=2025-12-31"' in html
    assert 'href="/risks/R01/"' in page(browser)


@pytest.mark.parametrize("asked", ["soon", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_a_day_that_means_nothing_is_reported_and_today_is_shown(browser: Client, asked: str) -> None:
    standing("R01", opened_on=dt.date(2026, 1, 1))

    html = page(browser, f"as_at={asked}")

    assert "Write the date like 2026-01-31." in words(html)
    assert listed(html) == ["R01"]


def test_the_same_words_of_another_day_are_not_shown_again(browser: Client) -> None:
    """Rows are kept once they are made: a row of one day must not stand for another."""
    RiskReviewFactory(risk=RiskFactory(reference="R01"), next_review_on=dt.date(2026, 1, 20))

    assert "Overdue" not in row(page(browser, "as_at=2026-01-20"), "R01")
    assert "Overdue" in row(page(browser, "as_at=2026-01-21"), "R01")


def test_an_empty_register_says_what_to_do(browser: Client, office: User, signed_in: SignedIn) -> None:
    assert "There are no risks yet." in words(page(browser))
    assert "Add the first risk" not in words(page(browser))
    assert "Add the first risk" in words(page(signed_in(office)))


def test_a_register_whose_risks_are_all_closed_is_not_empty(browser: Client) -> None:
    StateChangeFactory(risk=RiskFactory())

    said = words(page(browser))

    assert "There are no risks yet." not in said
    assert "Showing 0 of 1 risk" in said


def test_list_without_a_match_says_so_and_gives_nothing_to_download(browser: Client) -> None:
    standing("R01")

    said = words(page(browser, "q=unheard-of"))

    assert "No risk matches this filter as at 31 January 2026." in said
    assert "Download" not in said
    assert "these filters together" in words(page(browser, "q=unheard-of&band=low"))


def test_only_the_office_is_offered_to_add_a_risk(browser: Client, office: User, signed_in: SignedIn) -> None:
    standing("R01")

    assert 'href="/risks/new/"' in page(signed_in(office))
    assert 'href="/risks/new/"' not in page(browser)


def test_what_people_typed_is_escaped(browser: Client) -> None:
    standing("R01", title="<script>alert(1)</script>", owner=UserFactory(full_name="<b>Officer</b>"))

    html = page(browser, "q=%3Cscript%3E")

    assert "<script>alert" not in html
    assert "<b>Officer" not in html
    assert html.count("&lt;script&gt;") >= 3  # the title, the search box and the chip


def test_long_lists_come_in_pages(browser: Client) -> None:
    RiskFactory.create_batch(101)

    assert "page 1 of 2" in words(page(browser))
    assert len(listed(page(browser, "page=2&sort=reference"))) == 1


# --- Filters and sorts ------------------------------------------------------------------------------------------------


@pytest.fixture
def register() -> None:
    """Six risks that each filter tells apart."""
    first = standing(
        "R01", 5, 4, title="Autism waits grow", level="systemic", owner=UserFactory(pk=7001, full_name="Officer Ann")
    )
    first.areas.add(PriorityAreaFactory(code="PA1", title="Governance"))
    first.milestones.add(MilestoneFactory(reference="PA1-01"))
    second = RiskFactory(reference="R02", inherent_likelihood=1, inherent_impact=3, cause="Budget cuts")
    RiskReviewFactory(risk=second, likelihood=1, impact=3, next_review_on=dt.date(2026, 1, 30))
    third = standing("R03", 3, 3, inherent_likelihood=3, inherent_impact=3)
    TargetPointFactory(target=RiskTargetFactory(risk=third), score=6)
    late = RiskFactory(reference="R04", inherent_likelihood=2, inherent_impact=2, first_review_by=dt.date(2026, 3, 1))
    MitigationFactory(risk=late, due_date=dt.date(2026, 1, 30), description="Recruit therapists")
    fresh = RiskFactory(reference="R05", opened_on=dt.date(2026, 1, 10), first_review_by=dt.date(2026, 1, 31))
    control(fresh, added_on=dt.date(2026, 1, 10))
    StateChangeFactory(risk=standing("R06", title="Closed in January"))


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize(
    ("query", "expected", "chip"),
    [
        pytest.param("q=autism", "R01", "Search: autism", id="search the title"),
        pytest.param("q=BUDGET", "R02", "Search: BUDGET", id="search the cause"),
        pytest.param("q=therapists", "R04", "Search: therapists", id="search its mitigations"),
        pytest.param("q=ann+waits", "R01", "Search: ann waits", id="search words of owner and title together"),
        pytest.param("q=r05", "R05", "Search: r05", id="search the reference"),
        pytest.param("area=PA1", "R01", "Priority area: PA1 Governance", id="area"),
        pytest.param("owner=7001", "R01", "Owner: Officer Ann", id="owner"),
        pytest.param("level=systemic", "R01", "Level: Systemic", id="level"),
        pytest.param("band=low", "R02", "Band: Low", id="band"),
        pytest.param("band=low&band=high", "R03 R02", "Band: High", id="two bands"),
        pytest.param("movement=up", "R01", "Movement since the month before: Up", id="up"),
        pytest.param("movement=new", "R05", "Movement since the month before: New", id="new"),
        pytest.param("movement=closed", "R06", "Movement since the month before: Closed", id="closed in the month"),
        pytest.param("review=overdue", "R02", "Next review: Overdue", id="review overdue"),
        pytest.param("review=this_month", "R05 R02", "Next review: Due by the end of this month", id="review due"),
        pytest.param("state=closed", "R06", "Open or closed: Closed", id="closed"),
        pytest.param("state=all&q=closed", "R06", "Open or closed: Open and closed", id="open and closed"),
        pytest.param("above=true", "R03", "Only above trajectory", id="above trajectory"),
        pytest.param("unmitigated=true", "R02", "Only without mitigation", id="without mitigation"),
        pytest.param("late_action=true", "R04", "Only with an overdue action", id="overdue action"),
        pytest.param("planned=true", "R03", "Only with a planned score", id="planned"),
        pytest.param("likelihood=3&impact=3", "R03", "Likelihood: 3", id="a cell of the heat map"),
        pytest.param("milestone=pa1-01", "R01", "Milestone: pa1-01", id="milestone"),
        pytest.param("level=operational&band=high", "R03", "Level: Operational", id="filters narrow together"),
    ],
)
def test_list_is_narrowed_and_says_by_what(browser: Client, query: str, expected: str, chip: str) -> None:
    html = page(browser, query)

    assert listed(html) == expected.split()
    assert f"Remove filter: {chip}" in words(html)


@pytest.mark.usefixtures("register")
def test_active_filters_can_be_taken_away_one_by_one(browser: Client) -> None:
    html = page(browser, "band=low&band=high&q=r&page=1")

    assert 'href="?band=high&amp;q=r"' in html
    assert 'href="?band=low&amp;q=r"' in html
    assert 'href="?band=low&amp;band=high"' in html


@pytest.mark.usefixtures("register")
def test_filters_without_a_field_go_on_with_the_form(browser: Client) -> None:
    """Else a search within a heat map's cell, or under a figure, would leave it."""
    html = page(browser, "likelihood=3&impact=3&milestone=PA1-01&planned=true&sort=owner")

    for name, value in (("likelihood", 3), ("impact", 3), ("milestone", "PA1-01"), ("sort", "owner")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in html
    assert re.search(r'<input type="hidden" name="planned" value="(true|True|on)">', html)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("reference", "R01 R02 R03"),
        ("level", "R01 R03 R02"),
        ("inherent", "R03 R01 R02"),
        ("score", "R02 R03 R01"),
        ("target", "R03 R02 R01"),
        ("movement", "R02 R01 R03"),
        ("owner", "R03 R02 R01"),
        ("review", "R01 R03 R02"),
    ],
)
def test_list_sorts_both_ways(browser: Client, sort: str, expected: str) -> None:
    for reference, inherent, pair, target, level, name, due in (
        ("R01", (3, 5), (3, 5), (2, 3), "operational", "Officer C", 5),
        ("R02", (5, 5), (5, 2), (2, 2), "systemic", "Officer B", 25),
        ("R03", (2, 3), (3, 4), (1, 1), "operational", "Officer A", 15),
    ):
        risk = RiskFactory(
            reference=reference,
            inherent_likelihood=inherent[0],
            inherent_impact=inherent[1],
            level=level,
            owner=UserFactory(full_name=name),
        )
        next_review_on = dt.date(2026, 2, due)
        RiskReviewFactory(risk=risk, likelihood=pair[0], impact=pair[1], next_review_on=next_review_on)
        RiskTargetFactory(risk=risk, likelihood=target[0], impact=target[1])

    rising, falling = listed(page(browser, f"sort={sort}")), listed(page(browser, f"sort=-{sort}"))

    assert rising == expected.split()
    if sort != "level":  # two of them have the same
        assert falling == rising[::-1]
    assert 'aria-sort="ascending"' in page(browser, f"sort={sort}")


def test_list_ignores_a_sort_that_it_does_not_know(browser: Client) -> None:
    standing("R01")

    assert listed(page(browser, "sort=owner__password")) == ["R01"]


def test_owner_choices_are_people_who_own_a_risk(browser: Client) -> None:
    risk, stranger = standing("R01"), UserFactory(full_name="Somebody Else")

    html = page(browser)

    assert f'<option value="{risk.owner_id}"' in html
    assert f'<option value="{stranger.pk}"' not in html


# --- Downloads --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["as_at=2026-01-31", "as_at=2025-12-31&state=all", "band=extreme&sort=-owner"])
def test_download_equals_what_is_shown(browser: Client, query: str) -> None:
    varied_register()

    html, rows = page(browser, query), sheet(browser, query)

    assert [line["Reference"] for line in rows] == listed(html)
    assert [line["Score"] for line in rows] == re.findall(r'app-score__number">(\d+)', html)
    for line in rows:
        said = row(html, line["Reference"])
        for heading in ("Title", "Level", "Owner", "Inherent score", "Target score"):
            assert line[heading] in said


def test_download_has_the_rows_of_all_pages(browser: Client) -> None:
    RiskFactory.create_batch(101)

    assert len(sheet(browser, "sort=reference")) == 101


def test_download_as_a_workbook_is_as_at_the_day_shown(browser: Client) -> None:
    risk = standing("R01", 1, 1, closed_on=dt.date(2026, 1, 20), state="closed")
    StateChangeFactory(risk=risk)
    RiskTargetFactory(risk=risk)
    RiskTargetFactory(risk=risk, set_on=dt.date(2026, 1, 10), likelihood=1, impact=1, due_on=dt.date(2026, 9, 30))
    EscalationFactory(risk=risk, moved_on=dt.date(2026, 1, 5))

    response = browser.get(f"{LIST}?as_at=2025-12-31&download=xlsx")
    headings, line = load_workbook(io.BytesIO(response.getvalue())).active.iter_rows(values_only=True)
    cells: dict[str, Any] = dict(zip(headings, line, strict=True))

    assert response.headers["Content-Disposition"] == 'attachment; filename="risks-2025-12-31.xlsx"'
    assert (cells["Level"], cells["Score"], cells["Target score"], cells["State"]) == ("Operational", 16, 6, "Open")
    assert (cells["Target likelihood"], cells["Target impact"]) == (2, 3)
    assert cells["Target date"] == dt.datetime(2026, 4, 30)  # noqa: DTZ001 a workbook's dates have no zone


# --- Numbers and rows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("month", [Month(2025, 12), Month(2026, 1)], ids=str)
def test_the_list_under_each_figure_has_as_many_rows(browser: Client, month: Month) -> None:
    varied_register()
    values = figures.compute(month)

    for value in values:
        address = rows_url(StoredFigure(month, value.code, value.area, value.breakdown, value.value, None, None, ""))
        count = shown(browser, address)
        if value.code == "risks.mean_score":
            # One risk was last scored on another scale, and has no place in the mean.
            off_scale = month == Month(2026, 1) and value.area in ("", "PA1", "PA2")
            assert count - off_scale == value.denominator
        else:
            assert Decimal(count) == value.value, address
    assert {value.code for value in values} == {each.code for each in DEFINITIONS if each.page}


def test_the_register_that_figures_are_compared_on_leaves_none_of_them_out() -> None:
    varied_register()
    counts = {value.code: value.value for value in figures.compute(Month(2026, 1)) if not value.area}

    for each in DEFINITIONS:
        if each.unit == Unit.COUNT and not each.breakdown:
            assert 0 < counts[each.code] < 40, each.code


# --- Queries ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("download", ["", "csv"])
def test_list_makes_the_same_queries_for_2_risks_and_for_25(
    browser: Client, count_queries: Callable[[Callable[[], object]], int], download: str
) -> None:
    area = PriorityAreaFactory()

    def grow(number: int) -> None:
        for place in range(number):
            risk = standing(f"R{number}-{place}")
            risk.areas.add(area)
            RiskTargetFactory(risk=risk)
            MitigationFactory(risk=risk)

    def ask() -> None:
        b"".join(browser.get(LIST, {"download": download} if download else {}))

    grow(2)
    few = count_queries(ask)
    grow(23)

    assert count_queries(ask) == few <= 11


def test_addresses_that_figures_and_chips_make_are_the_lists_own(browser: Client) -> None:
    standing("R01", title="50% & more")

    assert listed(page(browser, f"q={quote('50% &')}")) == ["R01"]
