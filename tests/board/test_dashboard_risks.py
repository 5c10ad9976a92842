"""The register on the dashboard: its numbers are the stored figures, its links lead to as many risks."""

import datetime as dt
import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from accounts.models import User
from board.models import Figure
from milestones.models import Status
from risks.models import Risk
from tests.board.test_dashboard import Links, page, rolled_up, updated, words
from tests.factories import (
    EscalationFactory,
    MitigationFactory,
    RiskFactory,
    RiskReviewFactory,
    RiskTargetFactory,
    StateChangeFactory,
    TargetPointFactory,
    UserFactory,
)
from tests.risks.pages import shown, varied_register

pytestmark = pytest.mark.django_db
DECEMBER = dt.date(2025, 12, 10)


@pytest.fixture
def board(board_member: User, signed_in: Callable[[User], Client]) -> Client:
    updated(Status.ON_TRACK)
    return signed_in(board_member)


def panel(board: Client, month: str = "2026-01") -> str:
    return page(board, month).partition('aria-labelledby="risks-heading"')[2].partition('<section class="app-block"')[0]


@pytest.fixture
def _register() -> None:
    """In January: one up and escalated, one down and above its trajectory, one new, one closed."""
    owner = UserFactory(full_name="Officer Lead")
    up, down, gone = (
        RiskFactory(reference=reference, title=f"Title of {reference}", owner=owner)
        for reference in ("R01", "R02", "R04")
    )
    new = RiskFactory(
        reference="R03",
        title="Title of R03",
        owner=owner,
        opened_on=dt.date(2026, 1, 10),
        inherent_likelihood=1,
        inherent_impact=3,
    )
    for risk, before, now in ((up, (4, 4), (5, 5)), (down, (5, 3), (3, 4))):
        for reviewed_on, pair in ((DECEMBER, before), (dt.date(2026, 1, 20), now)):
            RiskReviewFactory(risk=risk, reviewed_on=reviewed_on, likelihood=pair[0], impact=pair[1])
        MitigationFactory(risk=risk, due_date=dt.date(2026, 6, 30))
    EscalationFactory(risk=up, moved_on=dt.date(2026, 1, 12))
    TargetPointFactory(target=RiskTargetFactory(risk=down), score=9)
    StateChangeFactory(risk=gone)
    assert new.score == 3


@pytest.mark.usefixtures("_register")
def test_the_panel_says_how_the_register_stands_and_what_changed(board: Client) -> None:
    rolled_up("2025-12")
    rolled_up("2026-01")

    said = words(panel(board))

    # 25, 12 and 3; in December 16, 15 and 16.
    assert "3 open: 1 systemic and 2 operational. Mean score 13.3, −2.4 since December 2025." in said
    for band, number, change in (
        ("Extreme", 1, "−2"),
        ("High", 1, "+1"),
        ("Moderate", 0, "No change"),
        ("Low", 1, "+1"),
    ):
        assert f"{band}{number} {change} since December" in said
    movements = said.partition("What to look at")[0]
    for word, number in (("New", 1), ("Up", 1), ("Down", 1), ("Same", 0), ("Closed", 1)):
        assert f"{word} {number}" in movements
    watched = said.partition("What to look at")[2]
    assert re.search(r"Above trajectory.*?should have reached by the last day of the month\.\s*1\s*0", watched)
    assert re.search(r"Without mitigation.*?at least one\.\s*1\s*0", watched)
    assert re.search(r"Escalated.*?end of the month before\.\s*1\s*\+1", watched)


@pytest.mark.usefixtures("_register")
def test_the_highest_risks_are_listed_as_they_stood_at_the_months_end(board: Client) -> None:
    rolled_up("2025-12")
    RiskReviewFactory(risk=Risk.objects.get(reference="R01"), reviewed_on=dt.date(2026, 2, 1), likelihood=1, impact=1)
    rolled_up("2026-01")

    html = panel(board).partition("top-risks-heading")[2].partition("</section>")[0]

    assert re.findall(r'app-reference">(\w+)', html) == ["R01", "R02", "R03"]
    said = words(html)
    assert "Title of R01Officer Lead · Improvement Board25 ExtremeUp" in said
    assert re.search(r"(?i)above trajectory\W+planned 9", said)
    assert said.count("No mitigation") == 1
    assert 'href="/risks/R01/?as_at=2026-01-31"' in html


def test_only_the_highest_are_listed(board: Client) -> None:
    for number in range(12):
        RiskFactory(reference=f"R{number:02}", inherent_likelihood=1 + number % 5, inherent_impact=5)
    rolled_up()

    html = panel(board).partition("top-risks-heading")[2].partition("</section>")[0]

    assert re.findall(r'app-reference">(\w+)', html) == ["R04", "R09", "R03", "R08", "R02", "R07", "R01", "R06"]


def test_every_linked_number_lands_on_as_many_risks(board: Client) -> None:
    varied_register()
    rolled_up("2025-12")
    rolled_up("2026-01")

    links = Links()
    links.feed(panel(board))

    assert len(links.found) > 14
    for number, href in set(links.found):
        assert shown(board, href) == number, href
        assert "as_at=2026-01-31" in href


def test_the_panel_shows_the_stored_figures(board: Client) -> None:
    # A figure that the rows would never give: the page reads what is stored and computes nothing.
    RiskFactory()
    rolled_up()
    Figure.objects.filter(code="risks.open", area="").update(value=777)

    assert "777 open" in words(panel(board))


def test_the_heat_map_is_led_to_with_the_month_before(board: Client) -> None:
    RiskFactory()
    rolled_up("2025-12")
    rolled_up("2026-01")

    [address] = re.findall(r'href="(/risks/heat-map/[^"]*)"', panel(board))
    html = board.get(unescape(address)).content.decode()

    assert "Heat map, January 2026" in html
    assert "Since December 2025" in html


def test_the_page_with_risks_is_sound(board: Client) -> None:
    RiskFactory(title="<img src=x>", owner=UserFactory(full_name="<b>Officer</b>"))
    rolled_up()

    html = page(board)

    ids = re.findall(r'\sid="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids))
    assert "<img src=x" not in html
    assert "<b>Officer" not in html
    assert not re.search(r'\sstyle="|<style|\son[a-z]+="', html)
