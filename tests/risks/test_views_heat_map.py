import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import User
from risks.models import MatrixChoice, Risk
from tests.factories import (
    EscalationFactory,
    RiskFactory,
    RiskReviewFactory,
    StateChangeFactory,
    shipped_matrix,
)
from tests.factories.accounts import LEARNED
from tests.risks.pages import NOW, TODAY, links, listed, small_matrix, standing, varied_register, words

pytestmark = pytest.mark.django_db
MAP = reverse("risks:heat_map")
SignedIn = Callable[[User], Client]
SEPTEMBER = dt.date(2025, 9, 30)
Pair = tuple[int, int]


@pytest.fixture(autouse=True)
def _end_of_january() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def browser(board_member: User, signed_in: SignedIn) -> Client:
    return signed_in(board_member)


def page(browser: Client, query: str = "") -> str:
    response = browser.get(f"{MAP}?{query}")
    assert response.status_code == 200
    return response.content.decode()


def table(html: str) -> dict[Pair, str]:
    """The cells of the table by likelihood and impact, as they are written."""
    body = html.partition('aria-label="Heat map as a table"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    cells = {}
    for line in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL):
        likelihood = int(words(line).split()[0])
        for impact, cell in enumerate(re.findall(r"<td [^>]*>(.*?)</td>", line, re.DOTALL), start=1):
            cells[likelihood, impact] = cell
    return cells


def placed(html: str) -> dict[Pair, list[str]]:
    """The risks that the table has in its cells."""
    found = {pair: re.findall(r"<a [^>]*>([^<]+)</a>", cell) for pair, cell in table(html).items()}
    return {pair: references for pair, references in found.items() if references}


def moves(html: str, heading: str) -> list[str]:
    """What stands under one of the headings of a comparison."""
    section = html.partition(f'<h3 class="govuk-heading-s">{heading} ')[2].partition("</ul>")[0]
    return [words(line).strip() for line in re.findall(r"<li [^>]*>(.*?)</li>", section, re.DOTALL)]


def drawing(html: str, which: str = "wide") -> str:
    return html.partition(f'class="app-heat__{which}"')[2].partition("</svg>")[0]


def stood(on: dt.date) -> dict[Pair, set[str]]:
    register = Risk.objects.in_register(on).as_at(on).open().filter(size_on=5)
    found = defaultdict(set)
    for reference, *pair in register.values_list("reference", "likelihood_on", "impact_on"):
        found[tuple(pair)].add(reference)
    return found


# --- As at any month --------------------------------------------------------------------------------------------------


def test_map_needs_a_sign_in() -> None:
    assert Client().get(MAP).status_code == 302


def test_map_of_a_month_and_of_today_are_made_of_the_same_rows(browser: Client) -> None:
    moved = RiskFactory(reference="R01")
    RiskReviewFactory(risk=moved, reviewed_on=SEPTEMBER, likelihood=5, impact=3)
    RiskReviewFactory(risk=moved, reviewed_on=SEPTEMBER + dt.timedelta(days=1), likelihood=2, impact=2)
    StateChangeFactory(risk=RiskFactory(reference="R02"), changed_on=dt.date(2025, 10, 1))
    RiskFactory(reference="R03", opened_on=dt.date(2025, 10, 1))

    then, now = page(browser, "month=2025-09"), page(browser)

    assert placed(then) == {(5, 3): ["R01"], (4, 4): ["R02"]}
    assert "2 open risks as at 30 September 2025" in words(then)
    assert placed(now) == {(2, 2): ["R01"], (4, 4): ["R03"]}
    assert "2 open risks as at 31 January 2026" in words(now)


@pytest.mark.parametrize(("query", "on"), [("month=2025-09", SEPTEMBER), ("", TODAY)], ids=["September", "today"])
def test_the_table_holds_every_risk_in_its_cell(browser: Client, query: str, on: dt.date) -> None:
    varied_register()

    found = placed(page(browser, query))

    assert {pair: set(references) for pair, references in found.items()} == stood(on)
    assert len(found) > 5


def test_months_on_offer_begin_with_the_first_risk_and_end_with_this_one(browser: Client) -> None:
    RiskFactory(opened_on=dt.date(2025, 11, 20))

    html = page(browser)

    select = html.partition('id="month"')[2].partition("</select>")[0]
    assert re.findall(r'value="([\d-]+)"( selected)?', select) == [
        ("2026-01", " selected"),
        ("2025-12", ""),
        ("2025-11", ""),
    ]


def test_a_running_month_is_as_at_today(browser: Client) -> None:
    RiskReviewFactory(risk=RiskFactory(reference="R01"), reviewed_on=dt.date(2026, 1, 21), likelihood=1, impact=1)

    with time_machine.travel(dt.datetime(2026, 1, 20, 10, tzinfo=dt.UTC), tick=False):
        html = page(browser)

    assert "as at 20 January 2026" in words(html)
    assert list(placed(html)) == [(4, 4)]


@pytest.mark.parametrize("month", ["2024-01", "2031-01", "2026-13", "soon", "%3Cscript%3E"])
def test_an_unknown_month_says_so_and_shows_this_one(browser: Client, month: str) -> None:
    standing("R01")

    html = page(browser, f"month={month}")

    assert "There is no register of that month. This is January 2026." in words(html)
    assert placed(html) == {(3, 4): ["R01"]}


def test_a_month_without_a_risk_says_so(browser: Client) -> None:
    assert "No risk was open at the end of January 2026." in words(page(browser))
    standing("R01")
    assert "No risk of this level was open" in words(page(browser, "level=systemic"))


def test_level_shows_one_boards_risks(browser: Client) -> None:
    standing("R01")
    EscalationFactory(risk=standing("R02"), moved_on=dt.date(2026, 1, 5))

    assert placed(page(browser, "level=systemic")) == {(3, 4): ["R02"]}
    assert placed(page(browser, "level=operational")) == {(3, 4): ["R01"]}
    assert placed(page(browser, "level=operational&month=2025-12")) == {(4, 4): ["R01", "R02"]}
    assert placed(page(browser, "level=nonsense")) == {(3, 4): ["R01", "R02"]}


# --- Cells ------------------------------------------------------------------------------------------------------------


def test_every_cell_names_its_score_and_band_in_words(browser: Client) -> None:
    standing("R01")
    matrix = shipped_matrix()

    html = page(browser)

    cells, drawn = table(html), words(drawing(html))
    assert len(cells) == 25
    for (likelihood, impact), cell in cells.items():
        score = likelihood * impact
        said = f"{score} {matrix.band_of(score).name}"
        assert words(cell).strip().startswith(said)
        assert said in drawn
    assert {band.name for band in matrix.band_list} <= set(drawn.split())


@pytest.mark.parametrize("query", ["month=2025-12", "level=systemic", "month=2025-12&level=operational"])
def test_each_cells_link_lists_exactly_its_risks(browser: Client, query: str) -> None:
    varied_register()
    html = page(browser, query)
    cells = placed(html)

    narrow = drawing(html, "narrow")
    found = re.findall(r'<a href="([^"]+)"[^>]*><title>(\d+) risks?</title>.*?>(\d+)</text>', narrow)

    assert len(found) == len(cells)
    for address, said, number in found:
        query_of = dict(part.split("=") for part in address.partition("?")[2].split("&amp;"))
        in_cell = cells[int(query_of["likelihood"]), int(query_of["impact"])]
        assert sorted(listed(browser.get(address.replace("&amp;", "&")).content.decode())) == sorted(in_cell)
        assert said == number == str(len(in_cell))


def test_each_risk_links_to_its_page_as_at_the_day(browser: Client) -> None:
    standing("R01")

    html = page(browser, "month=2025-12")

    assert links(table(html)[4, 4]) == {"R01": "/risks/R01/?as_at=2025-12-31"}
    assert '<a href="/risks/R01/?as_at=2025-12-31" tabindex="-1">' in drawing(html)


def test_a_risk_scored_on_another_size_is_listed_apart(browser: Client) -> None:
    standing("R01", 2, 2)
    small = small_matrix()
    for matrix, used_from in ((small, dt.date(2026, 1, 10)), (shipped_matrix(), dt.date(2026, 1, 20))):
        MatrixChoice.objects.create(matrix=matrix, used_from=used_from, created_at=LEARNED)
    RiskReviewFactory(risk=standing("R02", 3, 3), reviewed_on=dt.date(2026, 1, 16), matrix=small)

    html = page(browser)

    assert placed(html) == {(2, 2): ["R01"]}
    apart = html.partition("Scored on a matrix of another size")[2].partition("</ul>")[0]
    assert re.findall(r'app-reference">(\w+)', apart) == ["R02"]
    assert "2 open risks" in words(html)
    assert "another size" not in words(page(browser, "month=2025-12"))


def test_an_earlier_month_is_drawn_on_the_matrix_of_that_month(browser: Client) -> None:
    standing("R01")
    MatrixChoice.objects.create(matrix=small_matrix(), used_from=dt.date(2026, 1, 10), created_at=LEARNED)

    assert len(table(page(browser))) == 16
    assert len(table(page(browser, "month=2025-12"))) == 25


# --- Compared with another month --------------------------------------------------------------------------------------


@pytest.fixture
def moving() -> None:
    """Since September: one up, one down, one beside, one still, one new, one closed."""
    for reference, now in (("R01", (5, 4)), ("R02", (2, 4)), ("R03", (2, 2)), ("R04", (4, 4))):
        risk = standing(reference, *now, title=f"Title of {reference}")
        before = (4, 1) if reference == "R03" else (4, 4)
        RiskReviewFactory(risk=risk, reviewed_on=SEPTEMBER, likelihood=before[0], impact=before[1])
    standing("R05", 3, 3, title="Title of R05", opened_on=dt.date(2025, 10, 1))
    StateChangeFactory(risk=RiskFactory(reference="R06", title="Title of R06"))


@pytest.mark.usefixtures("moving")
def test_a_comparison_names_what_moved_and_counts_it(browser: Client) -> None:
    html = page(browser, "from=2025-09")

    assert moves(html, "Worse") == ["R01 Title of R01 16 → 20"]
    assert moves(html, "Better") == ["R02 Title of R02 16 → 8"]
    assert moves(html, "Moved, with the same score") == ["R03 Title of R03 4 → 4"]
    assert moves(html, "New") == ["R05 Title of R05 9"]
    assert moves(html, "Closed") == ["R06 Title of R06"]
    assert "Since September 2025 Worse 1 Better 1 New 1 Closed 1" in words(html)
    assert "Arrows show the 3 that moved since September 2025." in words(html)


@pytest.mark.usefixtures("moving")
def test_arrows_are_drawn_for_what_moved_only(browser: Client) -> None:
    html = page(browser, "from=2025-09")

    for which in ("wide", "narrow"):
        lines = re.findall(r"<line [^>]*/>", drawing(html, which))
        ways = sorted(re.findall(r"url\(#heat-map-\w+-(\w+)\)", " ".join(lines)))
        assert ways == ["beside", "down", "up"]
        # Told apart without colour: solid is worse, broken is better, dotted the same.
        assert sorted(re.findall(r'stroke-dasharray="([\d ]+)"', " ".join(lines))) == ["2 3", "5 3"]
    assert "<line" not in drawing(page(browser))
    for said in ("Worse than in September 2025", "Better", "Moved, with the same score"):
        assert said in words(html.partition("app-heat__key")[2].partition("</ul>")[0])


def test_a_comparison_in_which_nothing_moved_says_so(browser: Client) -> None:
    standing("R01", 4, 4)

    assert "Nothing has moved." in words(page(browser, "from=2025-12"))


@pytest.mark.parametrize("earlier", ["2026-01", "2026-02", "2024-01", "soon"])
def test_a_comparison_with_no_earlier_month_says_so(browser: Client, earlier: str) -> None:
    standing("R01")

    html = page(browser, f"from={earlier}")

    assert "Arrows start from a month before January 2026. Choose an earlier one." in words(html)
    assert "Highest scores" in words(html)


def test_a_risk_that_was_scored_on_another_size_then_is_not_new(browser: Client) -> None:
    """It was there, and the two places can't be compared."""
    small = small_matrix()
    MatrixChoice.objects.create(matrix=small, used_from=dt.date(2025, 6, 1), created_at=LEARNED)
    MatrixChoice.objects.create(matrix=shipped_matrix(), used_from=dt.date(2026, 1, 1), created_at=LEARNED)
    RiskReviewFactory(risk=standing("R01"), reviewed_on=SEPTEMBER, matrix=small)

    html = page(browser, "from=2025-09")

    assert placed(html) == {(3, 4): ["R01"]}
    assert moves(html, "New") == []
    assert "<line" not in drawing(html)


def test_a_risk_that_went_to_the_other_board_has_left_this_ones_map(browser: Client) -> None:
    EscalationFactory(risk=standing("R01", title="Staff leave"), moved_on=dt.date(2026, 1, 5))
    standing("R02")

    html = page(browser, "from=2025-12&level=operational")

    assert moves(html, "Closed, or with the other board") == ["R01 Staff leave"]


# --- Safe, and flat ---------------------------------------------------------------------------------------------------


def test_what_people_typed_is_escaped(browser: Client) -> None:
    attack = '"><img src=x onerror=alert(1)>'
    RiskReviewFactory(risk=standing("R01", title=attack), reviewed_on=SEPTEMBER, likelihood=1, impact=1)

    html = page(browser, "from=2025-09")

    assert "<img" not in html
    assert html.count("&lt;img") >= 3


def test_the_map_needs_no_inline_style_or_script(browser: Client) -> None:
    standing("R01")

    html = page(browser)

    assert not re.search(r'\sstyle="|<style|\son[a-z]+="', html)


def test_ids_are_unique(browser: Client) -> None:
    standing("R01")

    ids = re.findall(r'\sid="([^"]+)"', page(browser, "from=2025-12"))

    assert sorted(ids) == sorted(set(ids))


def test_map_makes_the_same_queries_for_2_risks_and_for_25(
    browser: Client, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    def grow(number: int) -> None:
        for place in range(number):
            risk = standing(f"R{number}-{place}", 1 + place % 5, 3)
            RiskReviewFactory(risk=risk, reviewed_on=SEPTEMBER, likelihood=4, impact=1 + place % 4)
            StateChangeFactory(risk=RiskFactory())

    grow(2)
    few = count_queries(lambda: page(browser, "from=2025-09"))
    grow(23)

    assert count_queries(lambda: page(browser, "from=2025-09")) == few <= 12


def test_a_risk_without_mitigation_is_challenged_on_the_map_and_in_its_table(browser: Client) -> None:
    RiskFactory(reference="R01")
    standing("R02")

    html = page(browser)

    assert drawing(html).count(">!</text>") == 1
    assert re.search(r"<title>R01 [^<]+ \(no mitigation\)</title>", drawing(html))
    cells = " ".join(words(cell) for cell in table(html).values())
    assert "R01 (no mitigation)" in cells
    assert "R02 (no mitigation)" not in cells
