import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from risks.models import Escalation, Level, Risk, State, StateChange
from risks.services import close_risk, correct_review, move_level, reopen_risk, review_risk
from tests.risks.conftest import faults

pytestmark = pytest.mark.django_db
TODAY, OPENED = dt.date(2026, 1, 31), dt.date(2025, 5, 1)
DAY = dt.timedelta(days=1)
UP, DOWN = Level.SYSTEMIC, Level.OPERATIONAL

Move = Callable[..., Escalation]
Turn = Callable[..., StateChange | None]


@pytest.fixture
def move(risk: Risk, office: User, at: dt.datetime) -> Move:
    return lambda to_level=UP, **given: move_level(
        **{"risk": risk, "to_level": to_level, "reason": "Two organisations.", "by": office, "at": at, **given}
    )


@pytest.fixture
def close(risk: Risk, office: User, at: dt.datetime) -> Turn:
    return lambda **given: close_risk(
        **{"risk": risk, "reason": "It can no longer happen.", "on": TODAY, "by": office, "at": at, **given}
    )


@pytest.fixture
def reopen(risk: Risk, office: User, at: dt.datetime) -> Turn:
    return lambda **given: reopen_risk(
        **{"risk": risk, "reason": "It can happen again.", "on": TODAY, "by": office, "at": at, **given}
    )


@pytest.fixture
def review(risk: Risk, at: dt.datetime) -> Callable[..., Any]:
    return lambda **given: review_risk(
        **{"risk": risk, "likelihood": 3, "impact": 4, "reviewed_on": TODAY, "note": "So.", "by": risk.owner, "at": at}
        | given
    )


# Between the boards


@pytest.mark.parametrize("moved_on", [None, TODAY - DAY], ids=["today", "a day of its own"])
def test_a_move_becomes_the_current_level(
    move: Move, risk: Risk, office: User, at: dt.datetime, moved_on: dt.date | None
) -> None:
    made = move(reason=" Two\r\norganisations. ", moved_on=moved_on)

    kept = Risk.objects.get()
    assert (risk.level, risk.version) == (kept.level, kept.version) == (UP, 2)
    assert kept.first_level == DOWN
    assert (made.from_level, made.to_level, made.moved_on) == (DOWN, UP, moved_on or TODAY)
    assert (made.reason, made.created_by, made.created_at) == ("Two\norganisations.", office, at)


def test_a_risk_comes_back(move: Move, risk: Risk) -> None:
    move()
    back = move(DOWN, reason="It is managed.")

    assert (back.from_level, back.to_level, risk.level) == (UP, DOWN, DOWN)
    assert move(reason="It is not.").to_level == UP


@pytest.mark.parametrize("reason", ["", " \r\n "], ids=["empty", "white space"])
def test_a_move_says_why(move: Move, reason: str) -> None:
    assert faults(lambda: move(reason=reason)) == {"reason": "Say why the risk moves."}


@pytest.mark.parametrize(
    ("level", "board"), [(DOWN, "Operations Board"), (UP, "Improvement Board")], ids=["down", "up"]
)
def test_a_risk_does_not_move_to_where_it_is(move: Move, level: Level, board: str) -> None:
    Risk.objects.update(level=level)

    assert faults(lambda: move(level)) == {"__all__": f"R01 is with the {board} already."}


def test_an_unknown_level_is_refused(move: Move) -> None:
    assert set(faults(lambda: move("strategic"))) == {"to_level"}


@pytest.mark.parametrize(
    ("moved_on", "said"),
    [
        pytest.param(TODAY + DAY, "The date must be today or earlier.", id="tomorrow"),
        pytest.param(OPENED, "", id="the day it was opened"),
        pytest.param(
            OPENED - DAY, "The date must not be before the risk was opened, on 1 May 2025.", id="before it was opened"
        ),
    ],
)
def test_a_move_lies_between_the_opening_and_today(move: Move, moved_on: dt.date, said: str) -> None:
    if said:
        assert faults(lambda: move(moved_on=moved_on)) == {"moved_on": said}
    else:
        assert move(moved_on=moved_on).moved_on == moved_on


def test_moves_come_one_after_the_other(move: Move, risk: Risk) -> None:
    move(moved_on=TODAY - DAY)

    assert faults(lambda: move(DOWN, moved_on=TODAY - 2 * DAY)) == {
        "moved_on": "The last such move was on 30 January 2026. Choose that day or a later one."
    }
    move(DOWN, moved_on=TODAY - DAY)
    assert (risk.level, Risk.objects.as_at(TODAY - DAY).get().level_on) == (DOWN, DOWN)


def test_a_second_click_moves_it_once(move: Move, risk: Risk) -> None:
    first = move()

    assert move(reason="Two organisations.\r\n") == first
    assert (risk.escalations.count(), risk.version) == (1, 2)


def test_other_words_for_the_same_move_are_no_second_click(move: Move) -> None:
    move()

    assert faults(lambda: move(reason="Another.")) == {"__all__": "R01 is with the Improvement Board already."}


def test_the_same_words_after_it_came_back_are_another_move(move: Move, risk: Risk) -> None:
    move()
    move(DOWN)
    move()

    assert (risk.level, risk.escalations.count()) == (UP, 3)


def test_a_closed_risk_does_not_move(move: Move, close: Turn) -> None:
    close()

    assert faults(move) == {"__all__": "R01 is closed. Open it again before you change it."}


@pytest.mark.parametrize("given", [{"reason": ""}, {"moved_on": TODAY + DAY}, {"to_level": "strategic"}])
def test_a_refused_move_leaves_no_trace(move: Move, given: dict[str, Any]) -> None:
    faults(lambda: move(**given))

    kept = Risk.objects.get()
    assert (kept.level, kept.version, Escalation.objects.count()) == (DOWN, 1, 0)


# Closed and opened again


def test_closing_keeps_the_day_and_who(close: Turn, risk: Risk, office: User, at: dt.datetime) -> None:
    change = close(reason=" Over\r\nnow. ", on=TODAY - DAY)

    kept = Risk.objects.get()
    assert (risk.state, risk.closed_on, risk.version) == (kept.state, kept.closed_on, kept.version)
    assert (kept.state, kept.closed_on, kept.version, kept.is_closed) == (State.CLOSED, TODAY - DAY, 2, True)
    assert (change.changed_on, change.state, change.reason) == (TODAY - DAY, State.CLOSED, "Over\nnow.")
    assert (change.created_by, change.created_at) == (office, at)


def test_opening_again_forgets_the_closing_date_and_no_past_day(close: Turn, reopen: Turn, risk: Risk) -> None:
    close(on=TODAY - 2 * DAY)
    change = reopen(on=TODAY)

    kept = Risk.objects.get()
    assert (kept.state, kept.closed_on, kept.version, kept.is_closed) == (State.OPEN, None, 3, False)
    assert (change.state, change.reason) == (State.OPEN, "It can happen again.")
    days = [TODAY - 3 * DAY, TODAY - 2 * DAY, TODAY - DAY, TODAY]
    assert [Risk.objects.as_at(day).get().state_on for day in days] == ["open", "closed", "closed", "open"]


@pytest.mark.parametrize("reason", ["", " \r\n "], ids=["empty", "white space"])
def test_closing_and_opening_say_why(close: Turn, reopen: Turn, reason: str) -> None:
    assert faults(lambda: close(reason=reason)) == {"reason": "Say why it is closed."}
    close()
    assert faults(lambda: reopen(reason=reason)) == {"reason": "Say why it is opened again."}


@pytest.mark.parametrize(
    ("on", "said"),
    [
        pytest.param(None, "Enter the date.", id="none"),
        pytest.param(TODAY + DAY, "The date must be today or earlier.", id="tomorrow"),
        pytest.param(OPENED, "", id="the day it was opened"),
        pytest.param(
            OPENED - DAY, "The date must not be before the risk was opened, on 1 May 2025.", id="before it was opened"
        ),
    ],
)
def test_closing_lies_between_the_opening_and_today(close: Turn, on: dt.date | None, said: str) -> None:
    if said:
        assert faults(lambda: close(on=on)) == {"on": said}
    else:
        assert close(on=on).changed_on == on


def test_closings_and_openings_come_one_after_the_other(close: Turn, reopen: Turn, risk: Risk) -> None:
    said = {"on": "The last such move was on 30 January 2026. Choose that day or a later one."}
    close(on=TODAY - DAY)

    assert faults(lambda: reopen(on=TODAY - 2 * DAY)) == said
    reopen(on=TODAY - DAY)
    assert faults(lambda: close(on=TODAY - 2 * DAY)) == said
    assert (risk.state, Risk.objects.as_at(TODAY - DAY).get().state_on) == (State.OPEN, State.OPEN)


def test_a_risk_is_not_closed_before_it_was_last_reviewed(
    close: Turn, review: Callable[..., Any], risk: Risk, at: dt.datetime
) -> None:
    wrong = review(reviewed_on=TODAY)
    review(reviewed_on=TODAY - 2 * DAY)

    assert faults(lambda: close(on=TODAY - DAY)) == {
        "on": "It was reviewed on 31 January 2026. Choose that day or a later one."
    }
    correct_review(
        review=wrong,
        likelihood=3,
        impact=4,
        reviewed_on=TODAY - DAY,
        note="So.",
        correction_reason="A day early.",
        by=risk.owner,
        at=at,
    )
    assert close(on=TODAY - DAY).changed_on == TODAY - DAY


def test_a_second_click_closes_and_opens_once(close: Turn, reopen: Turn, risk: Risk) -> None:
    closed = close()
    assert close() == close(reason="") == closed
    opened = reopen()
    assert reopen() == opened

    assert (risk.state_changes.count(), risk.version) == (2, 3)


def test_what_was_never_closed_is_not_opened_again(reopen: Turn, risk: Risk) -> None:
    assert reopen() is None
    assert (StateChange.objects.count(), Risk.objects.get().version) == (0, 1)


def test_a_stale_copy_does_not_hide_that_it_is_closed(close: Turn) -> None:
    stale = Risk.objects.get()
    closed = close()

    assert close(risk=stale) == closed


def test_a_refused_closing_leaves_no_trace(close: Turn) -> None:
    faults(lambda: close(reason=""))

    kept = Risk.objects.get()
    assert (kept.state, kept.version, StateChange.objects.count()) == (State.OPEN, 1, 0)
