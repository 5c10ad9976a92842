import datetime as dt
from typing import Any

import pytest

from accounts.models import User
from risks.models import (
    Level,
    LevelMove,
    MatrixBook,
    Mitigation,
    MitigationStatus,
    Movement,
    Risk,
    RiskMatrix,
    State,
    day_before_month,
)
from tests.factories import (
    EscalationFactory,
    MitigationFactory,
    MitigationUpdateFactory,
    RiskFactory,
    RiskReviewFactory,
    RiskTargetFactory,
    StateChangeFactory,
    TargetPointFactory,
    shipped_matrix,
)
from tests.factories.accounts import LEARNED

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
ON, BEFORE = dt.date(2026, 1, 31), dt.date(2025, 12, 31)
OPENED = dt.date(2025, 5, 1)
AROUND = [pytest.param(-DAY, id="the day before"), pytest.param(0 * DAY, id="the day"), pytest.param(DAY, id="after")]


@pytest.fixture
def small(db: None) -> RiskMatrix:
    """A matrix of four by four, on which the same numbers mean something else."""
    shipped = shipped_matrix()
    scale = {axis: steps[:4] for axis, steps in shipped.scale.items()}
    bands = [
        {"code": "low", "name": "Low", "lowest": 1, "highest": 6, "colour": "green"},
        {"code": "high", "name": "High", "lowest": 8, "highest": 16, "colour": "red"},
    ]
    return RiskMatrix.objects.create(code="four", name="4 × 4", size=4, scale=scale, bands=bands, created_at=LEARNED)


def seen(risk: Risk, on: dt.date) -> Any:
    return Risk.objects.as_at(on).get(pk=risk.pk)


# Scores


def test_before_its_first_review_a_risk_stands_at_its_inherent_pair(risk: Risk) -> None:
    RiskReviewFactory(reviewed_on=OPENED)  # of another risk

    was = seen(risk, ON)

    assert (was.likelihood_on, was.impact_on, was.score_on, was.matrix_on) == (4, 4, 16, risk.inherent_matrix_id)
    assert (was.review_on, was.reviewed_on, was.next_review_on) == (None, None, dt.date(2025, 6, 1))


@pytest.mark.parametrize("off", AROUND)
def test_a_review_counts_from_its_day_on(risk: Risk, small: RiskMatrix, off: dt.timedelta) -> None:
    review = RiskReviewFactory(risk=risk, reviewed_on=ON, likelihood=3, impact=2, matrix=small)

    was = seen(risk, ON + off)

    pair = (was.likelihood_on, was.impact_on, was.score_on, was.matrix_on, was.size_on)
    when = (was.review_on, was.reviewed_on, was.next_review_on)
    if off < 0 * DAY:
        assert pair == (4, 4, 16, risk.inherent_matrix_id, 5)
        assert when == (None, None, risk.first_review_by)
    else:
        assert pair == (3, 2, 6, small.pk, 4)
        assert when == (review.pk, ON, review.next_review_on)


def test_the_latest_day_counts_whichever_was_written_first(risk: Risk) -> None:
    january = RiskReviewFactory(risk=risk, reviewed_on=ON)
    december = RiskReviewFactory(risk=risk, reviewed_on=BEFORE)

    assert seen(risk, ON).review_on == january.pk
    assert seen(risk, ON - DAY).review_on == december.pk


def test_of_one_day_the_row_written_last_counts(risk: Risk) -> None:
    RiskReviewFactory(risk=risk, reviewed_on=ON)
    last = RiskReviewFactory(risk=risk, reviewed_on=ON)

    assert seen(risk, ON).review_on == last.pk


def test_a_superseded_review_counts_on_no_day(risk: Risk) -> None:
    wrong = RiskReviewFactory(risk=risk, reviewed_on=BEFORE, likelihood=5)
    right = RiskReviewFactory(risk=risk, reviewed_on=ON, likelihood=1, supersedes=wrong)

    assert seen(risk, BEFORE).review_on is None
    assert seen(risk, ON).review_on == right.pk


# Targets and trajectories


@pytest.mark.parametrize("off", AROUND)
def test_a_target_counts_from_the_day_it_was_set(risk: Risk, off: dt.timedelta) -> None:
    first = RiskTargetFactory(risk=risk, set_on=OPENED)
    second = RiskTargetFactory(risk=risk, set_on=ON, likelihood=1, impact=1)

    was = seen(risk, ON + off)

    assert (was.target_on, was.target_score_on) == ((first.pk, 6) if off < 0 * DAY else (second.pk, 1))


def test_of_two_targets_of_one_day_the_later_counts(risk: Risk) -> None:
    RiskTargetFactory(risk=risk, set_on=ON)
    second = RiskTargetFactory(risk=risk, set_on=ON)

    assert seen(risk, ON).target_on == second.pk


def test_without_a_target_there_is_no_plan(risk: Risk) -> None:
    TargetPointFactory(due_on=OPENED)  # of another risk's

    was = seen(risk, ON)

    assert (was.target_on, was.target_score_on, was.planned_on) == (None, None, None)


def test_a_target_taken_away_takes_the_plan_with_it(risk: Risk) -> None:
    TargetPointFactory(target=RiskTargetFactory(risk=risk), due_on=OPENED, score=9)
    RiskTargetFactory(risk=risk, set_on=ON, likelihood=None, impact=None, due_on=None)

    assert (seen(risk, ON - DAY).target_score_on, seen(risk, ON - DAY).planned_on) == (6, 9)
    assert (seen(risk, ON).target_score_on, seen(risk, ON).planned_on) == (None, None)


@pytest.mark.parametrize(
    ("day", "planned"),
    [
        pytest.param("2025-09-29", None, id="before the first point"),
        pytest.param("2025-09-30", 12, id="the day of the first point"),
        pytest.param("2025-12-30", 12, id="the day before the second point"),
        pytest.param("2025-12-31", 9, id="the day of the second point"),
        pytest.param("2026-04-30", 6, id="the target date"),
        pytest.param("2027-01-31", 6, id="long after"),
    ],
)
def test_the_plan_of_a_day_is_the_last_point_by_then(risk: Risk, day: str, planned: int | None) -> None:
    target = RiskTargetFactory(risk=risk)
    for due_on, score in (("2025-12-31", 9), ("2026-04-30", 6), ("2025-09-30", 12)):
        TargetPointFactory(target=target, due_on=dt.date.fromisoformat(due_on), score=score)

    assert seen(risk, dt.date.fromisoformat(day)).planned_on == planned


def test_a_target_set_later_does_not_change_what_was_planned_before(risk: Risk) -> None:
    TargetPointFactory(target=RiskTargetFactory(risk=risk), due_on=BEFORE, score=9)
    TargetPointFactory(target=RiskTargetFactory(risk=risk, set_on=ON), due_on=BEFORE, score=12)

    assert [seen(risk, day).planned_on for day in (BEFORE, ON - DAY, ON)] == [9, 9, 12]


def test_a_plan_on_another_scale_is_not_compared_with(risk: Risk, small: RiskMatrix) -> None:
    TargetPointFactory(target=RiskTargetFactory(risk=risk), due_on=OPENED, score=9)
    RiskReviewFactory(risk=risk, reviewed_on=BEFORE, matrix=shipped_matrix("five-by-five-three-bands"))
    RiskReviewFactory(risk=risk, reviewed_on=ON, matrix=small)

    # The size is what makes scores comparable; the bands are not.
    assert [seen(risk, day).planned_on for day in (BEFORE, ON)] == [9, None]


@pytest.mark.parametrize(("score", "above"), [(11, False), (12, False), (13, True)], ids=["below", "on it", "above"])
def test_above_trajectory_begins_above_what_was_planned(risk: Risk, score: int, above: bool) -> None:
    # 11 and 13 are no products of a pair of this matrix, but of the likelihood itself.
    RiskReviewFactory(risk=risk, reviewed_on=ON, likelihood=score, impact=1)
    TargetPointFactory(target=RiskTargetFactory(risk=risk), due_on=ON, score=12)

    assert Risk.objects.as_at(ON).above_trajectory().exists() == above
    # Without a point by then nothing was planned yet.
    assert not Risk.objects.as_at(ON - DAY).above_trajectory().exists()


# The register, levels, states


@pytest.mark.parametrize("off", AROUND)
def test_a_risk_is_in_the_register_from_the_day_it_was_opened(risk: Risk, off: dt.timedelta) -> None:
    assert Risk.objects.in_register(OPENED + off).exists() == (off >= 0 * DAY)


def test_a_closed_risk_stays_in_the_register(risk: Risk) -> None:
    StateChangeFactory(risk=risk, changed_on=BEFORE)

    assert Risk.objects.in_register(ON).get() == risk


def test_the_register_is_read_by_whoever_has_an_account(risk: Risk, analyst: User) -> None:
    assert Risk.objects.visible_to(analyst).get() == risk

    analyst.is_active = False
    assert not Risk.objects.visible_to(analyst).exists()


def test_a_risk_goes_up_and_comes_back(risk: Risk) -> None:
    EscalationFactory(risk=risk, moved_on=ON, to_level=Level.OPERATIONAL)
    EscalationFactory(risk=risk, moved_on=BEFORE)
    EscalationFactory(moved_on=OPENED)  # of another risk

    levels = [seen(risk, day).level_on for day in (BEFORE - DAY, BEFORE, ON - DAY, ON)]

    assert levels == [Level.OPERATIONAL, Level.SYSTEMIC, Level.SYSTEMIC, Level.OPERATIONAL]


def test_a_risk_is_at_the_level_it_was_opened_at_until_it_moves(db: None) -> None:
    # Its column says where it is now.
    risk = RiskFactory(level=Level.OPERATIONAL, first_level=Level.SYSTEMIC)
    EscalationFactory(risk=risk, moved_on=ON, to_level=Level.OPERATIONAL)

    assert [seen(risk, day).level_on for day in (OPENED, ON)] == [Level.SYSTEMIC, Level.OPERATIONAL]


def test_of_two_moves_of_one_day_the_later_counts(risk: Risk) -> None:
    EscalationFactory(risk=risk, moved_on=ON)
    EscalationFactory(risk=risk, moved_on=ON, to_level=Level.OPERATIONAL)

    assert seen(risk, ON).level_on == Level.OPERATIONAL


def test_a_risk_is_closed_and_opened_again(risk: Risk) -> None:
    StateChangeFactory(risk=risk, changed_on=ON, state=State.OPEN)
    StateChangeFactory(risk=risk, changed_on=BEFORE, state=State.CLOSED)
    StateChangeFactory(changed_on=OPENED)  # of another risk

    days = (OPENED, BEFORE - DAY, BEFORE, ON - DAY, ON)
    mine = Risk.objects.filter(pk=risk.pk)

    assert [seen(risk, day).state_on for day in days] == ["open", "open", "closed", "closed", "open"]
    assert [mine.as_at(day).open().exists() for day in days] == [True, True, False, False, True]


def test_of_two_changes_of_one_day_the_later_counts(risk: Risk) -> None:
    StateChangeFactory(risk=risk, changed_on=ON, state=State.CLOSED)
    StateChangeFactory(risk=risk, changed_on=ON, state=State.OPEN)

    assert seen(risk, ON).state_on == State.OPEN


# Adjectives


def test_bands_are_found_on_whichever_matrix_a_score_was_given(risk: Risk, small: RiskMatrix) -> None:
    """Risks of score 9 on 5 × 5 (High there), 8 on 4 × 4 (High there), 6 on both, and 12 on three bands (Medium)."""
    three = shipped_matrix("five-by-five-three-bands")
    pairs = [(3, 3, risk.matrix), (4, 2, small), (3, 2, small), (3, 2, risk.matrix), (4, 3, three)]
    rows = [
        RiskReviewFactory(likelihood=likelihood, impact=impact, matrix=matrix, reviewed_on=ON).risk
        for likelihood, impact, matrix in pairs
    ]
    book = MatrixBook.read()

    def found(*codes: str) -> list[Risk]:
        return [each for each in Risk.objects.as_at(ON).in_bands(codes, book).order_by("pk") if each != risk]

    assert found("high") == [rows[0], rows[1]]
    assert found("low") == [rows[2]]
    assert found("medium", "moderate") == [rows[3], rows[4]]
    assert found("purple") == found() == []
    # The day before all stood at their inherent 16 on 5 × 5.
    assert Risk.objects.as_at(ON - DAY).in_bands(["extreme"], book).count() == 6


@pytest.mark.parametrize(
    ("likelihood", "impact", "code"),
    [(1, 3, "low"), (4, 1, "moderate"), (3, 2, "moderate"), (4, 2, "high"), (4, 3, "high"), (5, 3, "extreme")],
)
def test_a_band_holds_its_own_ends(risk: Risk, likelihood: int, impact: int, code: str) -> None:
    RiskReviewFactory(risk=risk, likelihood=likelihood, impact=impact, reviewed_on=ON)
    rows, book = Risk.objects.as_at(ON), MatrixBook.read()

    assert [b.code for b in risk.matrix.band_list if rows.in_bands([b.code], book).exists()] == [code]


@pytest.mark.parametrize("off", AROUND)
def test_a_mitigation_counts_from_the_day_it_was_added(risk: Risk, off: dt.timedelta) -> None:
    MitigationFactory(risk=risk, added_on=ON)
    MitigationFactory(added_on=OPENED)  # of another risk

    lacking = Risk.objects.filter(pk=risk.pk).as_at(ON + off).without_mitigation()

    assert lacking.exists() == (off < 0 * DAY)
    assert seen(risk, ON + off).mitigated_on == (off >= 0 * DAY)


def test_a_mitigation_counts_until_the_day_it_is_stopped_and_again_from_the_day_it_goes_on(risk: Risk) -> None:
    mitigation = MitigationFactory(risk=risk)
    for dated_on, status in ((ON, MitigationStatus.UNDER_WAY), (BEFORE, MitigationStatus.STOPPED)):
        MitigationUpdateFactory(mitigation=mitigation, dated_on=dated_on, status=status)

    days = (BEFORE - DAY, BEFORE, ON - DAY, ON)

    assert [Risk.objects.as_at(day).without_mitigation().exists() for day in days] == [False, True, True, False]


def test_an_action_that_is_done_holds_the_risk_down(risk: Risk) -> None:
    MitigationUpdateFactory(mitigation=MitigationFactory(risk=risk), dated_on=BEFORE, status=MitigationStatus.DONE)

    assert seen(risk, ON).mitigated_on


def test_one_mitigation_that_stands_is_enough(risk: Risk) -> None:
    MitigationFactory(risk=risk)
    MitigationFactory(risk=risk, status=MitigationStatus.STOPPED)

    assert seen(risk, ON).mitigated_on


@pytest.mark.parametrize("off", AROUND)
@pytest.mark.parametrize("reviewed", [False, True], ids=["first review", "next review"])
def test_a_review_is_overdue_the_day_after_it_was_due(risk: Risk, reviewed: bool, off: dt.timedelta) -> None:
    due = risk.first_review_by
    if reviewed:
        due = RiskReviewFactory(risk=risk, reviewed_on=BEFORE, next_review_on=ON).next_review_on

    assert Risk.objects.as_at(due + off).review_overdue(due + off).exists() == (off > 0 * DAY)


def test_a_closed_risk_lacks_nothing(risk: Risk) -> None:
    TargetPointFactory(target=RiskTargetFactory(risk=risk), due_on=OPENED, score=1)
    StateChangeFactory(risk=risk, changed_on=ON)

    for day, lacking in ((ON - DAY, True), (ON, False)):
        rows = Risk.objects.as_at(day)
        assert rows.above_trajectory().exists() == lacking
        assert rows.without_mitigation().exists() == lacking
        assert rows.review_overdue(day).exists() == lacking


def test_actions_are_overdue_the_day_after_they_were_due(risk: Risk) -> None:
    late = MitigationFactory(risk=risk, due_date=BEFORE)
    MitigationFactory(risk=risk, due_date=None)
    MitigationFactory(risk=risk, due_date=BEFORE, kind="control", status="in_place")
    MitigationUpdateFactory(mitigation=MitigationFactory(risk=risk, due_date=BEFORE), dated_on=BEFORE, status="done")
    MitigationUpdateFactory(mitigation=late, dated_on=ON, status="under_way", due_date=ON)

    def overdue(day: dt.date) -> list[Mitigation]:
        return list(Mitigation.objects.as_at(day).overdue(day))

    assert [overdue(day) for day in (BEFORE, BEFORE + DAY, ON - DAY, ON, ON + DAY)] == [[], [late], [late], [], [late]]


def test_of_one_day_the_later_update_of_a_mitigation_counts(risk: Risk) -> None:
    mitigation = MitigationFactory(risk=risk, added_on=ON)
    MitigationUpdateFactory(mitigation=mitigation, dated_on=ON, status=MitigationStatus.DONE, due_date=BEFORE)

    was = Mitigation.objects.as_at(ON).get()

    assert (was.status_on, was.due_on) == (MitigationStatus.DONE, BEFORE)
    assert not Mitigation.objects.as_at(ON - DAY).exists()


# Movement


def moved(risk: Risk, on: dt.date = ON, since: dt.date | None = None) -> Any:
    return Risk.objects.as_at(on).with_movement(on, since).get(pk=risk.pk)


def test_a_month_is_measured_from_the_last_day_of_the_month_before() -> None:
    days = [dt.date(2026, 1, 1), ON, dt.date(2024, 3, 31)]

    assert [day_before_month(day) for day in days] == [BEFORE, BEFORE, dt.date(2024, 2, 29)]


@pytest.mark.parametrize(
    ("before", "now", "movement"),
    [
        pytest.param(5, 4, Movement.DOWN, id="down"),
        pytest.param(4, 5, Movement.UP, id="up"),
        pytest.param(4, 4, Movement.SAME, id="same"),
        pytest.param(5, None, Movement.SAME, id="not reviewed since"),
        pytest.param(None, 5, Movement.UP, id="up from the inherent pair"),
        pytest.param(None, None, Movement.SAME, id="never reviewed"),
    ],
)
def test_movement_of_a_score(risk: Risk, before: int | None, now: int | None, movement: Movement) -> None:
    for reviewed_on, likelihood in ((BEFORE, before), (BEFORE + DAY, now)):
        if likelihood:
            RiskReviewFactory(risk=risk, reviewed_on=reviewed_on, likelihood=likelihood, impact=4)

    row = moved(risk)

    assert (row.movement_on, row.score_before) == (movement, 4 * (before or 4))


def test_a_score_that_went_there_and_back_is_the_same(risk: Risk) -> None:
    for day, likelihood in ((BEFORE + DAY, 5), (ON, 4)):
        RiskReviewFactory(risk=risk, reviewed_on=day, likelihood=likelihood, impact=4)

    assert moved(risk).movement_on == Movement.SAME
    assert moved(risk, since=BEFORE + DAY).movement_on == Movement.DOWN
    assert moved(risk, BEFORE + DAY).movement_on == Movement.UP


def test_a_score_on_another_scale_is_not_compared(risk: Risk, small: RiskMatrix) -> None:
    RiskReviewFactory(risk=risk, reviewed_on=ON, matrix=small, likelihood=1, impact=1)

    assert moved(risk).movement_on == Movement.RESCORED


def test_other_bands_of_the_same_scale_are_compared(risk: Risk) -> None:
    RiskReviewFactory(risk=risk, reviewed_on=ON, matrix=shipped_matrix("five-by-five-three-bands"))

    assert moved(risk).movement_on == Movement.DOWN


@pytest.mark.parametrize(
    ("opened_on", "changes", "movement"),
    [
        pytest.param(BEFORE, [], Movement.SAME, id="opened the day before the month"),
        pytest.param(BEFORE + DAY, [], Movement.NEW, id="opened the first of the month"),
        pytest.param(OPENED, [(BEFORE, "closed")], "", id="closed the day before the month"),
        pytest.param(OPENED, [(BEFORE + DAY, "closed")], Movement.CLOSED, id="closed the first of the month"),
        pytest.param(OPENED, [(ON, "closed")], Movement.CLOSED, id="closed on the day"),
        pytest.param(OPENED, [(ON + DAY, "closed")], Movement.SAME, id="closed the day after"),
        pytest.param(BEFORE + DAY, [(ON, "closed")], Movement.CLOSED, id="opened and closed within the month"),
        pytest.param(OPENED, [(BEFORE, "closed"), (ON, "open")], Movement.NEW, id="opened again within the month"),
        pytest.param(
            OPENED, [(BEFORE - DAY, "closed"), (BEFORE, "open")], Movement.SAME, id="opened again before the month"
        ),
        pytest.param(
            OPENED, [(BEFORE + DAY, "closed"), (ON, "open")], Movement.SAME, id="closed and opened within the month"
        ),
        pytest.param(
            OPENED, [(BEFORE, "closed"), (BEFORE + DAY, "open"), (ON, "closed")], "", id="opened again and closed"
        ),
    ],
)
def test_movement_into_and_out_of_the_register(
    risk: Risk, opened_on: dt.date, changes: list[tuple[dt.date, str]], movement: str
) -> None:
    Risk.objects.update(opened_on=opened_on)
    for changed_on, state in changes:
        StateChangeFactory(risk=risk, changed_on=changed_on, state=state)

    assert moved(risk).movement_on == movement


@pytest.mark.parametrize(
    ("opened_on", "moves", "level_move"),
    [
        pytest.param(OPENED, [], "", id="stayed"),
        pytest.param(OPENED, [BEFORE], "", id="escalated the day before the month"),
        pytest.param(OPENED, [BEFORE + DAY], LevelMove.ESCALATED, id="escalated the first of the month"),
        pytest.param(OPENED, [ON], LevelMove.ESCALATED, id="escalated on the day"),
        pytest.param(OPENED, [ON + DAY], "", id="escalated the day after"),
        pytest.param(OPENED, [BEFORE, ON], LevelMove.DE_ESCALATED, id="handed back"),
        pytest.param(OPENED, [BEFORE + DAY, ON], "", id="there and back"),
        # It came before the Improvement Board as a new risk.
        pytest.param(BEFORE + DAY, [ON], "", id="opened and escalated within the month"),
    ],
)
def test_movement_between_boards(risk: Risk, opened_on: dt.date, moves: list[dt.date], level_move: str) -> None:
    Risk.objects.update(opened_on=opened_on)
    level = Level(risk.level)
    for moved_on in moves:
        level = level.other
        EscalationFactory(risk=risk, moved_on=moved_on, to_level=level)

    assert moved(risk).level_move_on == level_move


def test_the_register_of_a_day_is_one_query(risk: Risk, django_assert_num_queries: Any) -> None:
    RiskReviewFactory.create_batch(3)

    with django_assert_num_queries(1):
        assert len(Risk.objects.in_register(ON).as_at(ON).with_movement(ON).open()) == 4
