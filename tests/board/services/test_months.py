import datetime as dt
import itertools
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from board import services
from board.figures import figures_of, section_named
from board.models import MonthChange, ReportingMonth, RollupRun
from core.months import Month
from milestones.models import Milestone, Status
from tests.board.services.conftest import AFTER, AGREED, rolled_up, rows
from tests.factories import MilestoneUpdateFactory, ReportingMonthFactory

pytestmark = pytest.mark.django_db
SECTION = section_named("milestones")
State = ReportingMonth.State


def signed_off(month: ReportingMonth, by: User) -> ReportingMonth:
    services.close_month(month=month, by=by, at=AFTER)
    return services.sign_off_month(month=month, reason=AGREED, by=by, at=AFTER)


# --- Opening --------------------------------------------------------------------------------------------------------


def test_open_month_has_the_working_day_cut_off_and_a_history(office: User, at: dt.datetime) -> None:
    month = services.open_month(month=Month(2026, 1), by=office, at=at)

    assert (month.state, month.cut_off) == (State.OPEN, dt.date(2026, 2, 6))
    [change] = month.changes.all()
    assert (change.what, change.now, change.created_by) == (MonthChange.What.OPENED, "2026-02-06", office)


def test_open_month_leaves_one_that_is_there_as_it_is(office: User, at: dt.datetime) -> None:
    month = ReportingMonthFactory(month="2025-11", state=State.CLOSED, cut_off=dt.date(2025, 12, 9))

    assert services.open_month(month=Month(2025, 11), by=office, at=at) == month
    month.refresh_from_db()
    assert (month.state, month.cut_off, month.changes.count()) == (State.CLOSED, dt.date(2025, 12, 9), 0)


@pytest.mark.parametrize(
    ("moment", "month", "has_begun"),
    [
        # British Summer Time: midnight in London is 23:00 UTC the day before.
        pytest.param("2026-03-31T22:59:59+00:00", Month(2026, 4), False, id="the last second of March"),
        pytest.param("2026-03-31T23:00:00+00:00", Month(2026, 4), True, id="the first second of April"),
        pytest.param("2026-02-28T23:59:59+00:00", Month(2026, 3), False, id="the last second of February, in winter"),
        pytest.param("2026-03-01T00:00:00+00:00", Month(2026, 3), True, id="the first second of March, in winter"),
        pytest.param("2024-02-29T12:00:00+00:00", Month(2024, 3), False, id="the leap day is February"),
        pytest.param("2026-03-29T01:00:00+00:00", Month(2026, 3), True, id="the hour the clocks go forward"),
        pytest.param("2025-10-26T01:00:00+00:00", Month(2025, 11), False, id="the hour the clocks go back"),
        pytest.param("2025-10-31T23:30:00+00:00", Month(2025, 11), False, id="after the clocks went back"),
    ],
)
def test_open_month_refuses_one_that_has_not_begun_in_london(
    office: User, moment: str, month: Month, *, has_begun: bool
) -> None:
    at = dt.datetime.fromisoformat(moment)
    if has_begun:
        assert services.open_month(month=month, by=office, at=at).period == month
    else:
        with pytest.raises(ValidationError, match="has not begun"):
            services.open_month(month=month, by=office, at=at)


def test_ensure_months_opens_only_what_is_missing(office: User, at: dt.datetime) -> None:
    ReportingMonthFactory(month="2025-12", state=State.CLOSED)

    months = services.ensure_months(first=Month(2025, 11), last=Month(2026, 1), by=office, at=at)

    assert [(row.month, row.state) for row in months] == [
        ("2025-11", State.OPEN),
        ("2025-12", State.CLOSED),
        ("2026-01", State.OPEN),
    ]


def test_ensure_months_refuses_an_order_that_runs_backwards(office: User, at: dt.datetime) -> None:
    with pytest.raises(ValidationError, match="2026-01 is after 2025-12"):
        services.ensure_months(first=Month(2026, 1), last=Month(2025, 12), by=office, at=at)


def test_open_months_so_far_closes_the_gap_of_nights_without_a_run(at: dt.datetime) -> None:
    ReportingMonthFactory(month="2025-10")

    services.open_months_so_far(at=at)

    assert list(ReportingMonth.objects.order_by("month").values_list("month", flat=True)) == [
        "2025-10",
        "2025-11",
        "2025-12",
        "2026-01",
    ]


def test_open_months_so_far_begins_with_the_month_just_ended(at: dt.datetime) -> None:
    assert [row.month for row in services.open_months_so_far(at=at)] == ["2025-12", "2026-01"]
    assert {row.created_by for row in ReportingMonth.objects.all()} == {None}


# --- Cut-off, closing, reopening ------------------------------------------------------------------------------------


def test_move_cut_off_keeps_what_it_was(office: User, at: dt.datetime) -> None:
    month = services.open_month(month=Month(2026, 1), by=office, at=at)

    services.move_cut_off(month=month, to=dt.date(2026, 2, 9), reason="Half the officers are ill.", by=office, at=at)

    month.refresh_from_db()
    assert month.cut_off == dt.date(2026, 2, 9)
    change = month.changes.get(what=MonthChange.What.CUT_OFF_MOVED)
    assert (change.was, change.now, change.reason) == ("2026-02-06", "2026-02-09", "Half the officers are ill.")
    assert change.cut_off_words == "From 6 February 2026 to 9 February 2026"


@pytest.mark.parametrize(
    ("state", "to", "reason", "words"),
    [
        pytest.param(State.OPEN, dt.date(2026, 1, 31), "Why not", "Choose a date after 31 January", id="month end"),
        pytest.param(State.OPEN, dt.date(2026, 2, 6), "Why not", "is 6 February 2026 already", id="the same"),
        pytest.param(State.OPEN, dt.date(2026, 2, 9), "  ", "Say why", id="no reason"),
        pytest.param(State.CLOSED, dt.date(2026, 2, 9), "Why not", "Only an open month", id="closed"),
    ],
)
def test_move_cut_off_refuses(
    office: User, at: dt.datetime, state: State, to: dt.date, reason: str, words: str
) -> None:
    month = ReportingMonthFactory(month="2026-01", state=state)

    with pytest.raises(ValidationError, match=words):
        services.move_cut_off(month=month, to=to, reason=reason, by=office, at=at)
    month.refresh_from_db()
    assert month.cut_off == dt.date(2026, 2, 6)


def test_close_month_refuses_a_month_that_has_not_ended(office: User) -> None:
    month = ReportingMonthFactory(month="2026-03")

    # 23:30 UTC on 31 March is half past midnight on 1 April in London.
    with pytest.raises(ValidationError, match="has not ended"):
        services.close_month(month=month, by=office, at=dt.datetime(2026, 3, 31, 22, 30, tzinfo=dt.UTC))
    services.close_month(month=month, by=office, at=dt.datetime(2026, 3, 31, 23, 30, tzinfo=dt.UTC))
    month.refresh_from_db()
    assert month.state == State.CLOSED


def test_reopen_month_needs_a_reason(office: User) -> None:
    month = ReportingMonthFactory(month="2026-01", state=State.CLOSED)

    with pytest.raises(ValidationError, match="Say why"):
        services.reopen_month(month=month, reason=" ", by=office, at=AFTER)
    services.reopen_month(month=month, reason="A workstream had no access.", by=office, at=AFTER)

    month.refresh_from_db()
    assert month.state == State.OPEN
    assert month.changes.get().reason == "A workstream had no access."


@pytest.mark.parametrize(("before", "after"), list(itertools.product(State.values, State.values)))
def test_only_the_listed_steps_can_be_taken(office: User, before: str, after: str) -> None:
    month = rolled_up(ReportingMonthFactory(month="2026-01"), AFTER)
    if before != State.OPEN:
        month = services.close_month(month=month, by=office, at=AFTER)
    if before == State.SIGNED_OFF:
        month = services.sign_off_month(month=month, reason=AGREED, by=office, at=AFTER)
    steps: dict[str, Callable[[], ReportingMonth]] = {
        State.OPEN: lambda: services.reopen_month(month=month, reason="Why not", by=office, at=AFTER),
        State.CLOSED: lambda: services.close_month(month=month, by=office, at=AFTER),
        State.SIGNED_OFF: lambda: services.sign_off_month(month=month, reason=AGREED, by=office, at=AFTER),
    }

    if after in ReportingMonth.TRANSITIONS[State(before)]:
        assert steps[after]().state == after
    else:
        with pytest.raises(ValidationError, match=r"so it cannot become| already"):
            steps[after]()
    month.refresh_from_db()


# --- Signing off ----------------------------------------------------------------------------------------------------


def test_sign_off_seals_the_figures(office: User, month: ReportingMonth) -> None:
    signed = signed_off(month, office)

    assert (signed.state, signed.signed_off_at, signed.signed_off_by) == (State.SIGNED_OFF, AFTER, office)
    assert signed.digest == services.digest_of(signed)
    assert signed.changes.get(what=MonthChange.What.SIGNED_OFF).reason == AGREED


def test_sign_off_needs_to_say_where_it_was_agreed(office: User, month: ReportingMonth) -> None:
    services.close_month(month=month, by=office, at=AFTER)

    with pytest.raises(ValidationError, match="where and when the board agreed"):
        services.sign_off_month(month=month, reason=" ", by=office, at=AFTER)


def test_sign_off_refuses_figures_that_are_missing(office: User) -> None:
    month = services.close_month(month=ReportingMonthFactory(month="2026-01"), by=office, at=AFTER)

    with pytest.raises(ValidationError, match="no complete figures"):
        services.sign_off_month(month=month, reason=AGREED, by=office, at=AFTER)


def test_sign_off_refuses_after_a_run_that_failed(office: User, month: ReportingMonth) -> None:
    services.close_month(month=month, by=office, at=AFTER)
    RollupRun.objects.create(month=month, section="milestones", started_at=AFTER, state=RollupRun.State.FAILED)

    with pytest.raises(ValidationError, match="no complete figures"):
        services.sign_off_month(month=month, reason=AGREED, by=office, at=AFTER)


def test_sign_off_refuses_figures_that_the_plan_has_left_behind(office: User, month: ReportingMonth) -> None:
    services.close_month(month=month, by=office, at=AFTER)
    MilestoneUpdateFactory(milestone=Milestone.objects.get(), as_at=dt.date(2026, 1, 25), status=Status.DELAYED)

    with pytest.raises(ValidationError, match="Recalculate the month"):
        services.sign_off_month(month=month, reason=AGREED, by=office, at=AFTER)
    rolled_up(month, AFTER)
    assert services.sign_off_month(month=month, reason=AGREED, by=office, at=AFTER).is_signed_off


def test_sign_off_passes_over_what_happened_after_the_month(office: User, month: ReportingMonth) -> None:
    services.close_month(month=month, by=office, at=AFTER)
    MilestoneUpdateFactory(milestone=Milestone.objects.get(), as_at=dt.date(2026, 2, 5), status=Status.DELAYED)

    assert services.sign_off_month(month=month, reason=AGREED, by=office, at=AFTER).is_signed_off


def test_sign_off_refuses_figures_other_than_those_that_were_looked_at(office: User, month: ReportingMonth) -> None:
    services.close_month(month=month, by=office, at=AFTER)
    seen = services.digest_of(month)
    MilestoneUpdateFactory(milestone=Milestone.objects.get(), as_at=dt.date(2026, 1, 25), status=Status.DELAYED)
    rolled_up(month, AFTER)

    with pytest.raises(ValidationError, match="while this page was open"):
        services.sign_off_month(month=month, reason=AGREED, digest=seen, by=office, at=AFTER)


def test_signed_off_month_is_never_computed_again(office: User, month: ReportingMonth) -> None:
    signed = signed_off(month, office)
    before = rows(signed)

    with pytest.raises(ValidationError, match="signed off"):
        services.run_section(month=signed, section=SECTION, at=AFTER)
    with pytest.raises(ValidationError, match="signed off"):
        services.store_section(month=signed, section=SECTION, values=[], at=AFTER)
    # Also for somebody who read the month before it was signed off.
    with pytest.raises(ValidationError, match="signed off"):
        services.store_section(month=month, section=SECTION, values=[], at=AFTER)
    assert rows(signed) == before


def test_late_update_changes_the_next_rollup_and_not_the_signed_off_month(office: User, month: ReportingMonth) -> None:
    """One update, learned in February and as at January: the sealed month keeps what the board saw, February counts
    it, and the plan as at its date shows it."""
    signed = signed_off(month, office)
    sealed = rows(signed)
    milestone = Milestone.objects.get()

    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 1, 28), status=Status.DELAYED)
    february = rolled_up(ReportingMonthFactory(month="2026-02", cut_off=dt.date(2026, 3, 6)), AFTER)

    assert rows(signed) == sealed
    assert services.digest_of(signed) == signed.digest
    assert figures_of(signed.period).number("milestones.on_track") == 1
    assert figures_of(february.period).number("milestones.delayed") == 1
    as_it_was = Milestone.objects.as_at(dt.date(2026, 1, 27)).get()
    assert as_it_was.status_on == Status.ON_TRACK
    assert Milestone.objects.as_at(dt.date(2026, 1, 28)).get().status_on == Status.DELAYED
