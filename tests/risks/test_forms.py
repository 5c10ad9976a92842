import datetime as dt

import pytest

from risks.forms import MitigationAddForm, MitigationUpdateForm, TargetForm
from risks.forms.matrices import BANDS, MatrixForm, matrix_initial
from risks.forms.reviews import POINTS, target_initial
from risks.models import MatrixChoice, MitigationKind, MitigationStatus, RiskMatrix, scores_of
from tests.factories import MitigationFactory, RiskTargetFactory, TargetPointFactory, shipped_matrix
from tests.risks.pages import day

pytestmark = pytest.mark.django_db


# --- The target -------------------------------------------------------------------------------------------------------


def test_a_target_of_more_points_than_rows_shows_the_last_ones() -> None:
    target = RiskTargetFactory(due_on=dt.date(2026, 12, 31))
    for month in range(1, POINTS + 3):
        TargetPointFactory(target=target, due_on=dt.date(2026, month, 28), score=20 - month)
    # The target is its own last point.
    TargetPointFactory(target=target, due_on=target.due_on, score=6)

    initial = target_initial(target)

    assert initial["point_1_date"] == dt.date(2026, 3, 28)
    assert (initial[f"point_{POINTS}_date"], initial[f"point_{POINTS}_score"]) == (dt.date(2026, 8, 28), 12)
    assert f"point_{POINTS + 1}_date" not in initial


def test_a_risk_without_a_target_starts_with_nothing() -> None:
    assert target_initial(None) == {}


def test_a_target_form_gives_points_in_the_order_of_its_rows() -> None:
    typed = {"likelihood": "2", "impact": "", **day("point_2_date", dt.date(2026, 2, 28)), "point_2_score": "9"}

    form = TargetForm(typed, matrix=shipped_matrix(), has_target=False)

    assert form.is_valid(), form.errors
    assert form.points == [(dt.date(2026, 2, 28), 9)]
    # What a service takes for none: not an empty string.
    assert (form.cleaned_data["likelihood"], form.cleaned_data["impact"], form.cleaned_data["due_on"]) == (
        2,
        None,
        None,
    )


# --- Mitigations ------------------------------------------------------------------------------------------------------


def test_an_action_whose_date_is_garbled_is_told_that_alone() -> None:
    owner = MitigationFactory().owner
    typed = {"kind": "action", "description": "Recruit", "owner": owner.pk, "due_date_day": "40", "due_date_month": "1"}

    form = MitigationAddForm({**typed, "due_date_year": "2026"})

    assert form.errors == {"due_date": ["“40 1 2026” is not a real date. Write it like 27 3 2026."]}


@pytest.mark.parametrize(
    ("kind", "status", "offered"),
    [
        (MitigationKind.CONTROL, MitigationStatus.STOPPED, ["in_place", "stopped"]),
        (MitigationKind.ACTION, MitigationStatus.UNDER_WAY, ["to_do", "under_way", "done", "stopped"]),
        (MitigationKind.ACTION, MitigationStatus.DONE, ["under_way", "done"]),
        (MitigationKind.ACTION, MitigationStatus.STOPPED, ["to_do", "under_way", "stopped"]),
    ],
)
def test_statuses_on_offer_are_those_within_reach(
    kind: MitigationKind, status: MitigationStatus, offered: list[str]
) -> None:
    form = MitigationUpdateForm(mitigation=MitigationFactory.build(kind=kind, status=status, risk=None, owner=None))

    assert [value for value, _label in form.fields["status"].choices] == offered


# --- Matrices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["five-by-five", "five-by-five-three-bands"])
def test_a_matrix_begun_from_another_is_the_same_but_for_its_name(code: str) -> None:
    matrix = shipped_matrix(code)
    initial = {f"band_{number}_colour": "green" for number in range(1, BANDS + 1)} | matrix_initial(matrix)

    form = MatrixForm({"name": "Another", **initial}, size=matrix.size)

    assert form.is_valid(), form.errors
    assert form.matrix["scale"] == matrix.scale
    another = RiskMatrix(bands=form.matrix["bands"])
    for score in scores_of(matrix.size):
        was, now = matrix.band_of(score), another.band_of(score)
        assert (now.code, now.name, now.lowest, now.colour, now.meaning) == (
            was.code,
            was.name,
            was.lowest,
            was.colour,
            was.meaning,
        )
        assert now.holds(score)


@pytest.mark.parametrize("size", [3, 4, 5, 6])
def test_bands_hold_every_score_once_wherever_they_begin(size: int) -> None:
    scores = scores_of(size)
    steps = {
        f"{axis}_{number}_{part}": "x"
        for axis in ("likelihood", "impact")
        for number in range(1, size + 1)
        for part in ("label", "definition")
    }
    colours = {f"band_{number}_colour": "red" for number in range(1, BANDS + 1)}
    for edge in range(2, size**2 + 1):
        lowest = {"band_1_name": "Low", "band_1_lowest": 1, "band_2_name": "High", "band_2_lowest": edge}
        form = MatrixForm({"name": "Ours", **steps, **colours, **lowest}, size=size)

        assert form.is_valid(), form.errors
        low, high = ((band["lowest"], band["highest"]) for band in form.matrix["bands"])
        assert [sum(first <= score <= last for first, last in (low, high)) for score in scores] == [1] * len(scores)
        assert {low[1], high[1]} <= set(scores)


def test_a_matrix_of_a_size_that_there_is_none_of_starts_empty() -> None:
    assert matrix_initial(RiskMatrix.objects.filter(size=6).last()) == {}
    assert MatrixChoice.objects.count() == 1
