import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from risks.models import MatrixChoice, Risk, RiskMatrix
from tests.factories import shipped_matrix
from tests.risks.pages import NOW, TODAY, day, small_matrix, standing, told, words

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
LIST, ADD = reverse("risks:matrix_list"), reverse("risks:matrix_add")


@pytest.fixture(autouse=True)
def _end_of_january() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def browser(office: User, signed_in: SignedIn) -> Client:
    return signed_in(office)


def use(matrix: RiskMatrix) -> str:
    return reverse("risks:matrix_choose", args=[matrix.code])


def value_of(html: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', html)
    return found[1] if found else ""


def typed(size: int = 4, **changes: Any) -> dict[str, Any]:
    """A matrix of four steps with two bands."""
    given: dict[str, Any] = {"name": "Our own"}
    for axis in ("likelihood", "impact"):
        for number in range(1, size + 1):
            given[f"{axis}_{number}_label"] = f"Label {number}"
            given[f"{axis}_{number}_definition"] = f"What {axis} {number} means."
    for number in range(1, 6):
        given |= {f"band_{number}_colour": "green", f"band_{number}_name": "", f"band_{number}_lowest": ""}
    bands = {"band_1_name": "Calm", "band_1_lowest": "1", "band_2_name": "Grave", "band_2_lowest": "7"}
    return given | bands | {"band_2_colour": "red", "band_2_meaning": "Act now."} | changes


def add(browser: Client, size: int = 4, **changes: Any) -> HttpResponse:
    return browser.post(f"{ADD}?size={size}", typed(size, **changes))


# --- The list ---------------------------------------------------------------------------------------------------------


def test_everyone_reads_what_scores_mean(board_member: User, signed_in: SignedIn) -> None:
    html = signed_in(board_member).get(LIST).content.decode()

    text = words(html)
    assert "In use: 5 × 5, four bands" in text
    assert "3 Possible 20% to 50% likely" in text
    assert "Extreme, 15 to 25 Act now." in text
    assert "5 × 5, three bands" in text.partition("Other matrices")[2]
    assert "5 × 5, four bands The matrix that the portal is shipped with. From the start" in text
    assert "Use this matrix" not in text
    assert "Add a matrix" not in text


def test_each_pair_is_shown_with_its_score_and_band(browser: Client) -> None:
    html = browser.get(LIST).content.decode().partition("Other matrices")[0]

    cells = [words(cell).strip() for cell in re.findall(r"<td [^>]*>(.*?)</td>", html)]
    assert len(cells) == 25
    assert cells[:5] == ["5 Moderate", "10 High", "15 Extreme", "20 Extreme", "25 Extreme"]
    assert cells[-5:] == ["1 Low", "2 Low", "3 Low", "4 Moderate", "5 Moderate"]


def test_list_says_which_matrix_was_used_when_and_why(browser: Client, office: User) -> None:
    three = shipped_matrix("five-by-five-three-bands")
    browser.post(use(three), {**day("used_from", dt.date(2026, 1, 10)), "reason": "Board of 8 January."})

    text = words(browser.get(LIST).content)

    used = text.partition("Which was used when")[2]
    assert f"5 × 5, three bands Board of 8 January. {office.full_name} From 10 January 2026 5 × 5, four bands" in used
    assert "In use: 5 × 5, three bands" in text


# --- Adding -----------------------------------------------------------------------------------------------------------


def test_form_begins_from_a_matrix_of_its_size(browser: Client) -> None:
    small_matrix()

    four, five, six = (browser.get(f"{ADD}?size={size}").content.decode() for size in (4, 5, 6))

    assert (value_of(four, "band_2_name"), value_of(four, "band_2_lowest")) == ("Severe", "8")
    assert (value_of(five, "band_2_name"), value_of(five, "band_2_lowest")) == ("Moderate", "4")
    assert (value_of(six, "band_2_name"), value_of(six, "likelihood_6_label")) == ("", "")
    assert 'name="impact_6_label"' in six
    assert 'name="impact_6_label"' not in five


@pytest.mark.parametrize("size", ["7", "0", "x", ""])
def test_an_unknown_size_is_that_of_the_matrix_in_use(browser: Client, size: str) -> None:
    html = browser.get(f"{ADD}?size={size}").content.decode()

    assert 'name="impact_5_label"' in html
    assert 'name="impact_6_label"' not in html


def test_a_matrix_is_added_with_the_edges_of_its_bands_computed(browser: Client, office: User) -> None:
    response = add(browser, band_3_name="Dire", band_3_lowest="12")

    matrix = RiskMatrix.objects.get(name="Our own")
    edges = [(band.code, band.lowest, band.highest, band.colour) for band in matrix.band_list]
    # No pair of four steps gives 7, 10 or 11: Calm ends at 6, and Grave at 9.
    assert edges == [("calm", 1, 6, "green"), ("grave", 7, 9, "red"), ("dire", 12, 16, "green")]
    assert (matrix.code, matrix.size, matrix.created_by) == ("our-own", 4, office)
    assert matrix.likelihoods[3].definition == "What likelihood 4 means."
    assert matrix.impacts[0].label == "Label 1"
    assert response.url == LIST
    text = words(browser.get(LIST).content)
    assert "“Our own” has been added. It is not in use until you choose it." in text
    assert "In use: 5 × 5, four bands" in text


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        pytest.param({"name": ""}, "Give the matrix a name.", id="no name"),
        pytest.param({"name": "5 × 5, four bands"}, "Choose another.", id="a name that is there"),
        pytest.param({"impact_3_label": ""}, "Give impact 3 a label.", id="no label"),
        pytest.param({"likelihood_2_definition": " "}, "Say what likelihood 2 means.", id="no definition"),
        pytest.param({"band_2_name": ""}, "Give band 2 a name.", id="one band"),
        pytest.param({"band_2_lowest": ""}, "Enter the score that band 2 begins at.", id="no beginning"),
        pytest.param({"band_2_lowest": "17"}, "Band 2 must begin at a score between 1 and 16.", id="beyond the scale"),
        pytest.param(
            {"band_1_lowest": "2"}, "A score of 1 is in no band. Each score must be in exactly one.", id="gap"
        ),
        pytest.param(
            {"band_3_name": "Grave", "band_3_lowest": "12"},
            "Two bands have the same name. Rename one.",
            id="a name twice",
        ),
        pytest.param({"band_3_name": "Dire", "band_3_lowest": "3"}, "Each score must be in exactly one.", id="order"),
        pytest.param({"band_2_colour": "purple"}, "Select a valid choice.", id="a colour that there is not"),
    ],
)
def test_what_is_wrong_comes_back_on_the_form_with_everything_typed(
    browser: Client, wrong: dict[str, str], fault: str
) -> None:
    page = add(browser, **wrong)

    html = page.content.decode()
    assert page.status_code == 200
    assert "<title>Error: Add a matrix" in html
    assert fault in words(html.partition("error-summary")[2].partition("</ul>")[0])
    for name, value in typed(**wrong).items():
        if name.endswith("definition"):
            assert f'name="{name}"' in html
            assert not value.strip() or f">{value}</textarea>" in html
        elif not name.endswith("colour"):
            assert value_of(html, name) == value
    assert not RiskMatrix.objects.filter(size=4).exists()


# --- Choosing ---------------------------------------------------------------------------------------------------------


def test_scores_given_before_stay_on_their_matrix(browser: Client) -> None:
    risk = standing("R01", 3, 4)
    three = shipped_matrix("five-by-five-three-bands")

    asked = words(browser.get(use(three)).content)
    response = browser.post(use(three), {**day("used_from", TODAY), "reason": "Board of 8 January."}, follow=True)

    assert "Score risks on “5 × 5, three bands”?" in asked
    assert "Scores given before stay as they are" in asked
    assert "Risks are scored on “5 × 5, three bands” now." in words(response.content)
    assert "12 High" in words(browser.get(reverse("risks:list")).content)
    assert [review.matrix.code for review in risk.reviews.all()] == ["five-by-five"]
    # What is scored from now on is scored on the new one.
    review = browser.get(reverse("risks:review", args=["R01"])).content.decode()
    assert "Medium 9 to 14" in words(review)
    again = {"likelihood": 3, "impact": 4, "note": "On the new matrix.", **day("reviewed_on", TODAY)}
    browser.post(reverse("risks:review", args=["R01"]), {**again, "based_on_version": Risk.objects.get().version})
    assert "12 Medium" in words(browser.get(reverse("risks:list")).content)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        pytest.param({"reason": ""}, "Say why the matrix changes.", id="no reason"),
        pytest.param(day("used_from", dt.date(2026, 2, 1)), "The date must be today or earlier.", id="tomorrow"),
        pytest.param(
            {"used_from_day": "", "used_from_month": "", "used_from_year": ""},
            "Enter the date it is used from.",
            id="no day",
        ),
        pytest.param(day("used_from", dt.date(1999, 12, 31)), "Choose that day or a later one.", id="before the last"),
    ],
)
def test_a_choice_that_is_refused_keeps_what_was_typed(browser: Client, given: dict[str, Any], fault: str) -> None:
    form = {**day("used_from", TODAY), "reason": "Board of 8 January.", **given}

    html = browser.post(use(shipped_matrix("five-by-five-three-bands")), form).content.decode()

    assert fault in " ".join(told(html))
    assert f">{form['reason']}</textarea>" in html
    assert value_of(html, "used_from_year") == str(form["used_from_year"])
    assert MatrixChoice.objects.count() == 1


def test_form_of_a_choice_starts_today(browser: Client) -> None:
    html = browser.get(use(shipped_matrix("five-by-five-three-bands"))).content.decode()

    assert [value_of(html, f"used_from_{part}") for part in ("day", "month", "year")] == ["31", "1", "2026"]


def test_the_matrix_in_use_is_not_chosen_again(browser: Client) -> None:
    form = {**day("used_from", TODAY), "reason": "Board of 8 January."}

    assert "is in use already." in words(browser.post(use(shipped_matrix()), form).content)


def test_an_unknown_matrix_is_not_found(browser: Client) -> None:
    assert browser.get(reverse("risks:matrix_choose", args=["nonsense"])).status_code == 404


# --- Who may, and what it costs ---------------------------------------------------------------------------------------


def test_nobody_but_the_office_adds_or_chooses_one(officer: User, board_member: User, signed_in: SignedIn) -> None:
    for person in (officer, board_member):
        for address in (ADD, use(shipped_matrix("five-by-five-three-bands"))):
            assert signed_in(person).get(address).status_code == 403
            assert signed_in(person).post(address, typed()).status_code == 403
    assert Client().get(LIST).status_code == 302
    assert (RiskMatrix.objects.count(), MatrixChoice.objects.count()) == (2, 1)


def test_list_makes_the_same_queries_for_2_matrices_and_for_25(
    browser: Client, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    few = count_queries(lambda: browser.get(LIST))
    for number in range(23):
        add(browser, name=f"Our own {number}")
    browser.get(LIST)

    assert count_queries(lambda: browser.get(LIST)) == few
