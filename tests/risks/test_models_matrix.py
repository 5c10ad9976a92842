import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from risks.models import MatrixBook, MatrixChoice, RiskMatrix, Step, scores_of
from tests.factories import shipped_matrix
from tests.factories.accounts import LEARNED
from tests.risks.conftest import faults

pytestmark = pytest.mark.django_db
FIVE, THREE_BANDS = "five-by-five", "five-by-five-three-bands"
SWITCHED = dt.date(2026, 1, 1)
DAY = dt.timedelta(days=1)


def steps(number: int) -> list[dict[str, str]]:
    return [{"label": f"Step {place}", "definition": f"As likely as {place}"} for place in range(1, number + 1)]


def band(name: str, lowest: int, highest: int, **given: Any) -> dict[str, Any]:
    return {"code": name.lower(), "name": name, "lowest": lowest, "highest": highest, "colour": "green", **given}


LOW, MIDDLE, HIGH = band("Low", 1, 2), band("Middle", 3, 5), band("High", 6, 9)


def matrix(**given: Any) -> RiskMatrix:
    """A matrix of three by three that nothing is wrong with, but for what the test says."""
    content = {
        "code": "three-by-three",
        "name": "3 × 3",
        "size": 3,
        "scale": {"likelihood": steps(3), "impact": steps(3)},
        "bands": [LOW, MIDDLE, HIGH],
        **given,
    }
    return RiskMatrix(**content, created_at=LEARNED)


def choose(matrix: RiskMatrix, used_from: dt.date) -> MatrixChoice:
    return MatrixChoice.objects.create(matrix=matrix, used_from=used_from, created_at=LEARNED)


# The matrices that the portal is shipped with


@pytest.mark.parametrize(
    ("code", "bands"),
    [
        pytest.param(
            FIVE,
            [
                ("low", "Low", 1, 3, "green"),
                ("moderate", "Moderate", 4, 6, "yellow"),
                ("high", "High", 8, 12, "orange"),
                ("extreme", "Extreme", 15, 25, "red"),
            ],
            id="four bands",
        ),
        pytest.param(
            THREE_BANDS,
            [("low", "Low", 1, 8, "green"), ("medium", "Medium", 9, 14, "yellow"), ("high", "High", 15, 25, "red")],
            id="three bands",
        ),
    ],
)
def test_a_shipped_matrix_has_these_bands(code: str, bands: list[tuple[Any, ...]]) -> None:
    shipped = shipped_matrix(code)

    shipped.full_clean()
    assert [(b.code, b.name, b.lowest, b.highest, b.colour) for b in shipped.band_list] == bands
    assert all(b.meaning for b in shipped.band_list)
    assert (shipped.size, shipped.top_band) == (5, shipped.band_list[-1])


def test_the_shipped_steps_have_labels_and_definitions() -> None:
    shipped = shipped_matrix(FIVE)

    assert [step.label for step in shipped.likelihoods] == [
        "Rare",
        "Unlikely",
        "Possible",
        "Likely",
        "Almost certain",
    ]
    assert [step.label for step in shipped.impacts] == ["Negligible", "Minor", "Moderate", "Major", "Severe"]
    assert [step.value for step in shipped.impacts] == [1, 2, 3, 4, 5]
    assert len({step.definition for step in [*shipped.likelihoods, *shipped.impacts]}) == 10


def test_an_axis_is_read_from_the_least_to_the_most() -> None:
    scale = {"likelihood": steps(3), "impact": [{"label": "Slight", "definition": "Hardly noticed"}, *steps(2)]}

    assert matrix(scale=scale).steps("impact")[0] == Step(1, "Slight", "Hardly noticed")
    assert matrix(scale=scale).likelihoods[0] == Step(1, "Step 1", "As likely as 1")


def test_scores_are_the_products_of_the_steps() -> None:
    assert scores_of(3) == [1, 2, 3, 4, 6, 9]
    assert scores_of(5) == [1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 20, 25]


# The band of a score


@pytest.mark.parametrize("code", [FIVE, THREE_BANDS])
def test_each_score_is_held_by_its_band_alone(code: str) -> None:
    shipped = shipped_matrix(code)

    for score in scores_of(5):
        assert [b for b in shipped.band_list if b.holds(score)] == [shipped.band_of(score)]


@pytest.mark.parametrize(
    ("code", "score", "name"),
    [
        *((FIVE, score, name) for score, name in ((1, "Low"), (3, "Low"), (4, "Moderate"), (6, "Moderate"))),
        *((FIVE, score, name) for score, name in ((8, "High"), (12, "High"), (15, "Extreme"), (25, "Extreme"))),
        # Between two bands there is no pair, but there can be a planned score.
        *((FIVE, score, name) for score, name in ((7, "Moderate"), (13, "High"), (14, "High"))),
        *((THREE_BANDS, score, name) for score, name in ((8, "Low"), (9, "Medium"), (14, "Medium"), (15, "High"))),
    ],
)
def test_band_of_a_score(code: str, score: int, name: str) -> None:
    assert shipped_matrix(code).band_of(score).name == name


def test_a_band_says_its_range() -> None:
    one, several = matrix(bands=[band("Low", 1, 1), band("High", 2, 9)]).band_list

    assert (one.range_words, several.range_words) == ("1", "2 to 9")
    assert several.label == several.name == "High"


# What a matrix must be


def test_a_matrix_that_nothing_is_wrong_with_is_taken() -> None:
    matrix().full_clean()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(
            {"scale": {"likelihood": steps(3), "impact": steps(2)}},
            {"scale": "Give 3 steps of impact, from the least to the most."},
            id="a step too few",
        ),
        pytest.param(
            {"scale": {"likelihood": steps(4), "impact": steps(3)}},
            {"scale": "Give 3 steps of likelihood, from the least to the most."},
            id="a step too many",
        ),
        pytest.param(
            {"scale": {"impact": steps(3)}},
            {"scale": "Give 3 steps of likelihood, from the least to the most."},
            id="an axis missing",
        ),
        pytest.param(
            {"scale": [steps(3), steps(3)]},
            {"scale": "Give 3 steps of likelihood, from the least to the most."},
            id="no axes",
        ),
        pytest.param(
            {"scale": {"likelihood": [*steps(2), {"label": "", "definition": "Often"}], "impact": steps(3)}},
            {"scale": "Give each step of likelihood a label and a definition."},
            id="a step without a label",
        ),
        pytest.param(
            {"scale": {"likelihood": steps(3), "impact": [*steps(2), {"label": "Severe"}]}},
            {"scale": "Give each step of impact a label and a definition."},
            id="a step without a definition",
        ),
        pytest.param({"bands": [band("All", 1, 9)]}, {"bands": "Give at least two bands."}, id="one band"),
        pytest.param({"bands": {"low": LOW, "high": HIGH}}, {"bands": "Give at least two bands."}, id="no list"),
        pytest.param({"bands": [{**LOW, "name": ""}, MIDDLE, HIGH]}, {"bands": "Give each band a name."}, id="no name"),
        pytest.param({"bands": [{**LOW, "code": ""}, MIDDLE, HIGH]}, {"bands": "Give each band a name."}, id="no code"),
        pytest.param(
            {"bands": [LOW, {**MIDDLE, "code": "low"}, HIGH]},
            {"bands": "Two bands have the same name. Rename one."},
            id="two of one name",
        ),
        pytest.param(
            {"bands": [LOW, {**MIDDLE, "colour": "pink"}, HIGH]},
            {"bands": "Choose each band’s colour from the list."},
            id="a colour of its own",
        ),
        pytest.param(
            {"bands": [{key: value for key, value in LOW.items() if key != "colour"}, MIDDLE, HIGH]},
            {"bands": "Choose each band’s colour from the list."},
            id="no colour",
        ),
        pytest.param(
            {"bands": [LOW, MIDDLE, band("High", 6, 8)]},
            {"bands": "A score of 9 is in no band. Each score must be in exactly one."},
            id="the highest score left out",
        ),
        pytest.param(
            {"bands": [band("Low", 2, 2), MIDDLE, HIGH]},
            {"bands": "A score of 1 is in no band. Each score must be in exactly one."},
            id="the lowest score left out",
        ),
        pytest.param(
            {"bands": [LOW, band("Middle", 4, 5), HIGH]},
            {"bands": "A score of 3 is in no band. Each score must be in exactly one."},
            id="a gap",
        ),
        pytest.param(
            {"bands": [LOW, band("Middle", 2, 5), HIGH]},
            {"bands": "A score of 2 is in Low and Middle. Each score must be in exactly one."},
            id="an overlap",
        ),
        pytest.param(
            {"bands": [LOW, HIGH, MIDDLE]},
            {"bands": "List the bands from the lowest to the highest."},
            id="out of order",
        ),
        # Inside another band, where no pair falls: `band_of` would answer it for the scores above it.
        pytest.param(
            {"bands": [LOW, band("Middle", 3, 6), band("Odd", 5, 5), band("High", 7, 9)]},
            {"bands": "No score can be in Odd. Change its range, or take it away."},
            id="a band that holds no score",
        ),
        pytest.param(
            {"bands": [LOW, MIDDLE, band("High", 6, 9), band("Odd", 9, 8)]},
            {"bands": "No score can be in Odd. Change its range, or take it away."},
            id="a range the wrong way round",
        ),
        pytest.param(
            {"bands": [LOW, {**MIDDLE, "lowest": None}, HIGH]},
            {"bands": "Give each band its lowest and its highest score, in whole numbers."},
            id="no lowest",
        ),
        pytest.param(
            {"bands": [LOW, MIDDLE, {key: value for key, value in HIGH.items() if key != "highest"}]},
            {"bands": "Give each band its lowest and its highest score, in whole numbers."},
            id="no highest",
        ),
    ],
)
def test_a_faulty_matrix_is_refused(given: dict[str, Any], said: dict[str, str]) -> None:
    assert faults(matrix(**given).clean) == said


def test_a_gap_where_no_score_falls_is_allowed() -> None:
    matrix(bands=[LOW, band("Middle", 3, 4), band("High", 6, 9)]).clean()


def test_all_faults_are_told_at_once() -> None:
    assert set(faults(matrix(scale={}, bands=[]).clean)) == {"scale", "bands"}


@pytest.mark.parametrize(
    ("size", "allowed"),
    [
        pytest.param(2, False, id="smaller than the smallest"),
        pytest.param(3, True, id="smallest"),
        pytest.param(10, True, id="largest"),
        pytest.param(11, False, id="larger than the largest"),
        # Working out its scores would take this machine's memory.
        pytest.param(30_000, False, id="huge"),
        pytest.param(None, False, id="none"),
    ],
)
def test_a_matrix_has_from_three_to_ten_steps(size: int | None, allowed: bool) -> None:
    number = min(size or 0, 11)
    bands = [band("Low", 1, number), band("High", number + 1, (size or 0) ** 2)]
    drawn = matrix(size=size, scale={"likelihood": steps(number), "impact": steps(number)}, bands=bands)

    if allowed:
        drawn.full_clean()
    else:
        with pytest.raises(ValidationError) as refused:
            drawn.full_clean()
        assert set(refused.value.message_dict) == {"size"}


# Which is in use


@pytest.mark.parametrize(
    ("day", "code"),
    [
        # Nothing was chosen by then: the first one stands in.
        pytest.param(dt.date(1999, 12, 31), FIVE, id="before the first choice"),
        pytest.param(dt.date(2000, 1, 1), FIVE, id="the day of the first choice"),
        pytest.param(SWITCHED - DAY, FIVE, id="the day before the switch"),
        pytest.param(SWITCHED, THREE_BANDS, id="the day of the switch"),
        pytest.param(SWITCHED + DAY, THREE_BANDS, id="the day after the switch"),
        pytest.param(SWITCHED + 31 * DAY, FIVE, id="the day it was switched back"),
    ],
)
def test_the_matrix_in_use_on_a_day(day: dt.date, code: str) -> None:
    choose(shipped_matrix(FIVE), SWITCHED + 31 * DAY)
    choose(shipped_matrix(THREE_BANDS), SWITCHED)

    assert RiskMatrix.objects.in_use(day).code == code


def test_of_two_choices_of_one_day_the_later_counts() -> None:
    choose(shipped_matrix(THREE_BANDS), SWITCHED)
    choose(shipped_matrix(FIVE), SWITCHED)

    assert RiskMatrix.objects.in_use(SWITCHED).code == FIVE


def test_without_any_choice_what_to_do_is_said() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM risks_matrixchoice")

    with pytest.raises(RiskMatrix.DoesNotExist, match="Run `migrate`"):
        RiskMatrix.objects.in_use(SWITCHED)


# All of them at once


def test_a_book_rates_scores_on_any_matrix_with_one_query(django_assert_num_queries: Any) -> None:
    four, three = shipped_matrix(FIVE), shipped_matrix(THREE_BANDS)

    with django_assert_num_queries(1):
        book = MatrixBook.read()
        assert (book.band(four.pk, 12).name, book.band(three.pk, 12).name) == ("High", "Medium")
        assert book.keys() == {four.pk, three.pk}


def test_a_book_finds_the_bands_of_a_name_on_every_matrix() -> None:
    four, three = shipped_matrix(FIVE), shipped_matrix(THREE_BANDS)

    named = MatrixBook.read().bands_named(["high", "medium"])

    assert {(pk, b.code, b.lowest, b.highest) for pk, b in named} == {
        (four.pk, "high", 8, 12),
        (three.pk, "medium", 9, 14),
        (three.pk, "high", 15, 25),
    }
    assert MatrixBook.read().bands_named(["purple"]) == []
