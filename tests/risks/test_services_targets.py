import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from core.writes import ChangedSince
from risks.models import MatrixChoice, Risk, RiskTarget, TargetPoint
from risks.services import close_risk, set_target
from tests.factories import RiskFactory, shipped_matrix
from tests.factories.accounts import LEARNED
from tests.risks.conftest import faults

pytestmark = pytest.mark.django_db
TODAY, OPENED, DUE = dt.date(2026, 1, 31), dt.date(2025, 5, 1), dt.date(2026, 7, 31)
MARCH, MAY = dt.date(2026, 3, 31), dt.date(2026, 5, 31)
DAY = dt.timedelta(days=1)
NONE = {"likelihood": None, "impact": None, "due_on": None}

Aim = Callable[..., RiskTarget | None]


@pytest.fixture
def aim(risk: Risk, office: User, at: dt.datetime) -> Aim:
    """Sets a target that nothing is wrong with, but for what the test says."""
    return lambda **given: set_target(
        **{"risk": risk, "likelihood": 2, "impact": 3, "due_on": DUE, "reason": "Agreed.", "by": office, "at": at}
        | given
    )


def points(target: RiskTarget) -> list[tuple[dt.date, int]]:
    return list(target.points.values_list("due_on", "score"))


def current(risk: Risk) -> tuple[Any, ...]:
    kept = Risk.objects.get(pk=risk.pk)
    held = [(r.target_likelihood, r.target_impact, r.target_score, r.target_date, r.version) for r in (risk, kept)]
    assert held[0] == held[1]
    return held[0]


def test_a_target_becomes_the_current_one(aim: Aim, risk: Risk, office: User, at: dt.datetime) -> None:
    target = aim(reason=" Agreed by\r\nthe board. ", points=[(MAY, 8), (MARCH, 12)])

    assert current(risk) == (2, 3, 6, DUE, 2)
    assert (target.set_on, target.matrix, target.reason) == (TODAY, shipped_matrix(), "Agreed by\nthe board.")
    assert (target.created_by, target.created_at) == (office, at)
    # The target is its own last point.
    assert points(target) == [(MARCH, 12), (MAY, 8), (DUE, 6)]
    assert set(TargetPoint.objects.values_list("created_by", "created_at")) == {(office.pk, at)}


def test_a_first_target_needs_no_reason_and_no_date(aim: Aim, risk: Risk) -> None:
    target = aim(reason="", due_on=None)

    assert current(risk) == (2, 3, 6, None, 2)
    assert points(target) == []


def test_a_target_can_be_set_in_the_past(aim: Aim) -> None:
    assert aim(set_on=OPENED).set_on == OPENED
    assert Risk.objects.as_at(OPENED).get().target_score_on == 6


def test_a_target_is_on_the_matrix_of_its_day(aim: Aim) -> None:
    three = shipped_matrix("five-by-five-three-bands")
    MatrixChoice.objects.create(matrix=three, used_from=TODAY, created_at=LEARNED)

    assert aim(set_on=TODAY - DAY).matrix == shipped_matrix()
    # The same numbers on another matrix are another target.
    assert aim().matrix == three


@pytest.mark.parametrize(
    ("set_on", "said"),
    [
        pytest.param(TODAY + DAY, "The date must be today or earlier.", id="tomorrow"),
        pytest.param(
            OPENED - DAY, "The date must not be before the risk was opened, on 1 May 2025.", id="before it was opened"
        ),
    ],
)
def test_a_target_is_set_between_the_opening_and_today(aim: Aim, set_on: dt.date, said: str) -> None:
    assert faults(lambda: aim(set_on=set_on)) == {"set_on": said}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"likelihood": None}, {"likelihood": "Choose the likelihood."}, id="impact alone"),
        pytest.param({"impact": None}, {"impact": "Choose the impact."}, id="likelihood alone"),
        pytest.param({"likelihood": 0}, {"likelihood": "The likelihood must be between 1 and 5."}, id="likelihood 0"),
        pytest.param({"impact": 6}, {"impact": "The impact must be between 1 and 5."}, id="impact 6"),
        pytest.param(
            {"likelihood": None, "impact": None},
            {"due_on": "A target date needs a target: choose its likelihood and impact."},
            id="a date alone",
        ),
        pytest.param(
            {"due_on": None, "points": [(MARCH, 9)]},
            {"due_on": "Planned scores lead to a target: enter the target date."},
            id="points without a date",
        ),
        pytest.param(
            {**NONE, "points": [(MARCH, 9)]},
            {"due_on": "Planned scores lead to a target: enter the target date."},
            id="points alone",
        ),
        pytest.param(
            {"points": [(MARCH, 9), (MAY, 8), (MARCH, 9)]},
            {"points": "Two planned scores have the same date. Change one."},
            id="two points of one day",
        ),
        pytest.param(
            {"points": [(MARCH, 9), (DUE, 8)]},
            {"points": "Planned scores must be before the target date."},
            id="a point on the target date",
        ),
        pytest.param(
            {"points": [(DUE + DAY, 9), (MARCH, 8)]},
            {"points": "Planned scores must be before the target date."},
            id="a point after the target date",
        ),
        pytest.param(
            {"points": [(MARCH, 0)]}, {"points": "Planned scores must be between 1 and 25."}, id="a planned score of 0"
        ),
        pytest.param(
            {"points": [(MARCH, 9), (MAY, 26)]},
            {"points": "Planned scores must be between 1 and 25."},
            id="a planned score above the highest",
        ),
    ],
)
def test_a_faulty_target_is_refused(aim: Aim, given: dict[str, Any], said: dict[str, str]) -> None:
    assert faults(lambda: aim(**given)) == said
    assert not RiskTarget.objects.exists()
    assert Risk.objects.get().version == 1


def test_points_may_be_the_ends_of_the_scale_and_the_day_before_the_target(aim: Aim) -> None:
    given = [(MARCH, 25), (DUE - DAY, 1)]

    assert points(aim(points=given)) == [*given, (DUE, 6)]


@pytest.mark.parametrize("reason", ["", " \r\n "], ids=["empty", "white space"])
@pytest.mark.parametrize("given", [{"likelihood": 1}, NONE, {"points": [(MARCH, 9)]}], ids=["pair", "none", "points"])
def test_a_target_that_replaces_another_says_why(aim: Aim, given: dict[str, Any], reason: str) -> None:
    aim()

    assert faults(lambda: aim(**given, reason=reason)) == {"reason": "Say why the target changes."}


def test_a_target_set_again_after_it_was_taken_away_says_why(aim: Aim) -> None:
    aim()
    aim(**NONE)

    assert set(faults(lambda: aim(reason=""))) == {"reason"}


def test_a_target_can_be_taken_away(aim: Aim, risk: Risk) -> None:
    aim(points=[(MARCH, 9)])
    none = aim(**NONE)

    assert current(risk) == (None, None, None, None, 3)
    assert (none.score, points(none)) == (None, [])
    assert RiskTarget.objects.count() == 2


def test_targets_come_one_after_the_other(aim: Aim, risk: Risk) -> None:
    aim(set_on=TODAY - DAY)

    assert faults(lambda: aim(set_on=TODAY - 2 * DAY, likelihood=1)) == {
        "set_on": "The target was last set on 30 January 2026. Choose that day or a later one."
    }
    aim(set_on=TODAY - DAY, likelihood=1)
    assert Risk.objects.as_at(TODAY - DAY).get().target_score_on == risk.target_score == 3


# Second clicks and colleagues


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="without points"),
        pytest.param({"points": [(MAY, 8), (MARCH, 12)]}, id="with points in any order"),
        pytest.param({"due_on": None}, id="without a date"),
    ],
)
def test_a_second_click_sets_it_once(aim: Aim, risk: Risk, given: dict[str, Any]) -> None:
    first = aim(**given, based_on_version=1)

    assert aim(**given, based_on_version=1) == first
    assert aim(**given, reason="") == first
    assert (risk.targets.count(), risk.version) == (1, 2)


def test_a_second_click_takes_it_away_once(aim: Aim, risk: Risk) -> None:
    aim()
    none = aim(**NONE, based_on_version=2)

    assert aim(**NONE, based_on_version=2) == none
    assert (risk.targets.count(), risk.version) == (2, 3)


def test_without_a_target_none_is_no_change(aim: Aim, risk: Risk) -> None:
    assert aim(**NONE) is None
    assert (risk.targets.count(), Risk.objects.get().version) == (0, 1)


@pytest.mark.parametrize(
    "given",
    [
        {"likelihood": 1},
        {"impact": 2},
        {"due_on": MAY},
        {"points": []},
        {"points": [(MARCH, 11)]},
        {"points": [(MARCH - DAY, 12)]},
        {"points": [(MARCH, 12), (MAY, 12)]},
    ],
    ids=["likelihood", "impact", "date", "no points", "another score", "another day", "one more point"],
)
def test_what_differs_anywhere_is_another_target(aim: Aim, risk: Risk, given: dict[str, Any]) -> None:
    aim(points=[(MARCH, 12)])
    aim(**({"points": [(MARCH, 12)]} | given))

    assert (risk.targets.count(), risk.version) == (2, 3)


def test_a_target_of_another_risk_is_neither_the_same_nor_replaced(aim: Aim, risk: Risk) -> None:
    aim(risk=RiskFactory())

    assert aim(reason="").risk == risk


def test_a_target_based_on_an_older_version_is_told_so(aim: Aim, risk: Risk) -> None:
    stale = Risk.objects.get()
    aim()

    with pytest.raises(ChangedSince) as told:
        aim(risk=stale, likelihood=1, based_on_version=1)

    assert (told.value.version, told.value.thing) == (2, risk)
    assert aim(likelihood=1, based_on_version=2).pk
    assert risk.targets.count() == 2


def test_a_closed_risk_gets_no_target(aim: Aim, risk: Risk, office: User, at: dt.datetime) -> None:
    close_risk(risk=risk, reason="It can no longer happen.", on=TODAY, by=office, at=at)

    assert faults(aim) == {"__all__": "R01 is closed. Open it again before you change it."}
