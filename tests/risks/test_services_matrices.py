import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from risks.models import MatrixChoice, Risk, RiskMatrix, RiskReview
from risks.services import add_matrix, choose_matrix, review_risk
from tests.factories import shipped_matrix
from tests.risks.conftest import faults

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 1, 31)
DAY = dt.timedelta(days=1)

Add = Callable[..., RiskMatrix]
Choose = Callable[..., MatrixChoice]


def steps(number: int) -> list[dict[str, str]]:
    return [{"label": f"Step {place}", "definition": f"As likely as {place}"} for place in range(1, number + 1)]


@pytest.fixture
def add(office: User, at: dt.datetime) -> Add:
    """Adds a matrix of three by three that nothing is wrong with, but for what the test says."""

    def call(**given: Any) -> RiskMatrix:
        bands = [
            {"name": "Fairly low", "lowest": 1, "highest": 4, "colour": "green", "meaning": "Watch."},
            {"name": "High", "lowest": 6, "highest": 9, "colour": "red", "meaning": "Act."},
        ]
        scale = {"likelihood": steps(3), "impact": steps(3)}
        content = {"name": " Ours, 3 × 3 ", "size": 3, "scale": scale, "bands": bands, **given}
        return add_matrix(**content, by=office, at=at)

    return call


@pytest.fixture
def choose(office: User, at: dt.datetime) -> Choose:
    def call(**given: Any) -> MatrixChoice:
        content = {
            "matrix": shipped_matrix("five-by-five-three-bands"),
            "used_from": TODAY,
            "reason": "Agreed.",
            **given,
        }
        return choose_matrix(**content, by=office, at=at)

    return call


def test_a_matrix_is_added_with_codes_made_of_its_names(add: Add, office: User, at: dt.datetime) -> None:
    added = add()

    kept = RiskMatrix.objects.get(pk=added.pk)
    assert (kept.name, kept.code, kept.size) == ("Ours, 3 × 3", "ours-3-3", 3)
    assert [(b.code, b.name, b.meaning) for b in kept.band_list] == [
        ("fairly-low", "Fairly low", "Watch."),
        ("high", "High", "Act."),
    ]
    assert (kept.created_by, kept.created_at) == (office, at)
    assert RiskMatrix.objects.in_use(TODAY) == shipped_matrix()


def test_a_matrix_has_a_name_of_its_own(add: Add) -> None:
    add()

    assert faults(lambda: add(name="ours 3-3")) == {"name": "There is already a matrix with this name. Choose another."}
    assert RiskMatrix.objects.count() == 3


@pytest.mark.parametrize("name", ["", "× ×"], ids=["empty", "signs only"])
def test_a_matrix_has_a_name_that_a_code_can_be_made_of(add: Add, name: str) -> None:
    assert faults(lambda: add(name=name)) == {"name": "Give the matrix a name, with letters or digits."}


def test_a_long_name_makes_a_short_code(add: Add) -> None:
    assert len(add(name="The matrix of the council and its partners, 2026").code) == 40


@pytest.mark.parametrize(
    ("given", "field"),
    [
        pytest.param({"size": 4}, "scale", id="steps"),
        pytest.param({"bands": []}, "bands", id="bands"),
        pytest.param({"size": 2}, "size", id="size"),
        pytest.param({"name": "x" * 101}, "name", id="name"),
    ],
)
def test_a_faulty_matrix_is_not_added(add: Add, given: dict[str, Any], field: str) -> None:
    assert field in faults(lambda: add(**given))
    assert RiskMatrix.objects.count() == 2


def test_a_matrix_is_in_use_from_the_day_it_is_chosen_for(choose: Choose, office: User, at: dt.datetime) -> None:
    chosen = choose(reason=" Agreed by\r\nthe board. ", used_from=TODAY - DAY)

    assert (chosen.reason, chosen.created_by, chosen.created_at) == ("Agreed by\nthe board.", office, at)
    assert RiskMatrix.objects.in_use(TODAY - DAY) == chosen.matrix
    assert RiskMatrix.objects.in_use(TODAY - 2 * DAY) == shipped_matrix()


def test_a_choice_leaves_past_scores_as_they_are(choose: Choose, risk: Risk, at: dt.datetime) -> None:
    given = {"risk": risk, "likelihood": 3, "impact": 4, "note": "Better.", "by": risk.owner, "at": at}
    review = review_risk(**given, reviewed_on=TODAY)

    chosen = choose(used_from=TODAY - 31 * DAY)

    kept = Risk.objects.get()
    assert (kept.matrix, kept.inherent_matrix, kept.score, kept.version) == (review.matrix,) * 2 + (12, 2)
    assert RiskReview.objects.get().matrix == review.matrix != chosen.matrix
    seen = Risk.objects.as_at(TODAY).with_movement(TODAY).get()
    assert (seen.matrix_on, seen.score_on, seen.movement_on) == (review.matrix_id, 12, "down")


@pytest.mark.parametrize("reason", ["", " \r\n "], ids=["empty", "white space"])
def test_a_choice_says_why(choose: Choose, reason: str) -> None:
    assert faults(lambda: choose(reason=reason)) == {"reason": "Say why the matrix changes, and who agreed it."}


def test_a_choice_is_not_for_the_future(choose: Choose) -> None:
    assert faults(lambda: choose(used_from=TODAY + DAY)) == {"used_from": "The date must be today or earlier."}


def test_what_is_in_use_is_not_chosen_again(choose: Choose) -> None:
    choose()

    assert faults(choose) == {"__all__": "5 × 5, three bands is in use already."}
    assert choose(matrix=shipped_matrix()).matrix == shipped_matrix()
    assert MatrixChoice.objects.count() == 3


def test_choices_come_one_after_the_other(choose: Choose) -> None:
    choose(used_from=TODAY - DAY)

    assert faults(lambda: choose(matrix=shipped_matrix(), used_from=TODAY - 2 * DAY)) == {
        "used_from": "The matrix was last changed on 30 January 2026. Choose that day or a later one."
    }
    choose(matrix=shipped_matrix(), used_from=TODAY - DAY)
    assert RiskMatrix.objects.in_use(TODAY - DAY) == shipped_matrix()
