import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from risks.models import MatrixChoice, Risk, RiskReview
from risks.services import ReviewRow, correct_review, record_reviews, review_risk
from tests.factories import RiskFactory, UserFactory, shipped_matrix
from tests.factories.accounts import LEARNED

pytestmark = pytest.mark.django_db
NOVEMBER, DECEMBER, JANUARY = dt.date(2025, 11, 30), dt.date(2025, 12, 31), dt.date(2026, 1, 31)
OPENED = dt.date(2025, 5, 1)
DAY = dt.timedelta(days=1)

Bring = Callable[..., int]


@pytest.fixture
def row(risk: Risk) -> ReviewRow:
    return ReviewRow(risk=risk, reviewed_on=DECEMBER, likelihood=3, impact=4, reviewer=risk.owner, note="Better.")


@pytest.fixture
def bring(office: User, at: dt.datetime) -> Bring:
    return lambda *rows: record_reviews(rows=rows, by=office, at=at)


def standing(risk: Risk) -> dict[dt.date, int]:
    """The likelihoods of the reviews that count, by day."""
    return dict(RiskReview.objects.effective().filter(risk=risk).values_list("reviewed_on", "likelihood"))


def refused(call: Callable[[], Any]) -> dict[tuple[int, str], str]:
    with pytest.raises(ValidationError) as told:
        call()
    return {(error.params["row"], error.params["field"]): error.message for error in told.value.error_list}


def test_history_becomes_rows_and_the_current_state(
    bring: Bring, row: ReviewRow, risk: Risk, office: User, at: dt.datetime
) -> None:
    reviewer = UserFactory()

    added = bring(replace(row, reviewed_on=JANUARY, likelihood=5, reviewer=reviewer, note=" Worse.\r\n"), row)

    risk.refresh_from_db()
    latest = risk.latest_review
    assert added == 2
    assert (risk.likelihood, risk.impact, risk.matrix, risk.version) == (5, 4, shipped_matrix(), 2)
    assert (latest.reviewed_on, latest.reviewer, latest.note) == (JANUARY, reviewer, "Worse.")
    assert (latest.created_by, latest.created_at, latest.supersedes) == (office, at, None)


def test_history_is_taken_without_notes_and_by_whoever_left(
    bring: Bring, row: ReviewRow, office: User, at: dt.datetime
) -> None:
    left = UserFactory(is_active=False, deactivated_at=at, deactivated_by=office)

    assert bring(replace(row, note="", reviewer=left)) == 1


@pytest.mark.parametrize(
    ("frequency", "due"),
    [("monthly", dt.date(2026, 1, 31)), ("two_monthly", dt.date(2026, 2, 28)), ("six_monthly", dt.date(2026, 6, 30))],
)
def test_the_next_review_is_due_by_the_frequency(
    bring: Bring, row: ReviewRow, risk: Risk, frequency: str, due: dt.date
) -> None:
    # In its row, not in the copy that the sheet read.
    Risk.objects.update(frequency=frequency)

    bring(row)

    assert RiskReview.objects.get().next_review_on == due


def test_each_row_is_on_the_matrix_of_its_day(bring: Bring, row: ReviewRow) -> None:
    three = shipped_matrix("five-by-five-three-bands")
    for matrix, day in ((three, DECEMBER), (shipped_matrix(), JANUARY)):
        MatrixChoice.objects.create(matrix=matrix, used_from=day, created_at=LEARNED)
    days = (DECEMBER - DAY, DECEMBER, JANUARY - DAY, JANUARY)

    bring(*(replace(row, reviewed_on=day) for day in days))

    on = dict(RiskReview.objects.values_list("reviewed_on", "matrix__code"))
    assert [on[day] for day in days] == ["five-by-five", three.code, three.code, "five-by-five"]


def test_before_any_choice_the_first_stands_in(bring: Bring, row: ReviewRow, risk: Risk) -> None:
    Risk.objects.update(opened_on=dt.date(1999, 1, 1))
    risk.refresh_from_db()
    for code in ("five-by-five", "five-by-five-three-bands"):
        MatrixChoice.objects.create(matrix=shipped_matrix(code), used_from=DECEMBER, created_at=LEARNED)

    bring(replace(row, reviewed_on=dt.date(1999, 12, 31)), row)

    # Of two choices of one day the later counts.
    on = dict(RiskReview.objects.values_list("reviewed_on", "matrix__code"))
    assert on == {dt.date(1999, 12, 31): "five-by-five", DECEMBER: "five-by-five-three-bands"}


# The same again


def test_the_same_row_twice_is_one_row(bring: Bring, row: ReviewRow, risk: Risk) -> None:
    assert bring(row, replace(row, note=" Better.\r\n")) == 1
    assert bring(row) == 0
    assert (risk.reviews.count(), Risk.objects.get().version) == (1, 2)


@pytest.mark.parametrize(
    "change",
    [{"reviewed_on": NOVEMBER}, {"likelihood": 2}, {"impact": 3}, {"note": "Worse."}],
    ids=lambda change: next(iter(change)),
)
def test_rows_that_differ_anywhere_are_two(bring: Bring, row: ReviewRow, change: dict[str, Any]) -> None:
    assert bring(row, replace(row, **change)) == 2
    assert bring(row, replace(row, **change)) == 0


def test_rows_of_two_reviewers_or_risks_are_two(bring: Bring, row: ReviewRow) -> None:
    assert bring(row, replace(row, reviewer=UserFactory()), replace(row, risk=RiskFactory())) == 3


def test_a_row_that_was_corrected_since_does_not_come_back(
    bring: Bring, row: ReviewRow, risk: Risk, at: dt.datetime
) -> None:
    bring(row)
    correct_review(
        review=RiskReview.objects.get(),
        likelihood=1,
        impact=1,
        reviewed_on=JANUARY,
        note="Gone.",
        correction_reason="A slip.",
        by=risk.owner,
        at=at,
    )

    assert bring(row) == 0
    assert standing(risk) == {JANUARY: 1}


def test_what_a_form_recorded_is_not_added_again(bring: Bring, row: ReviewRow, risk: Risk, at: dt.datetime) -> None:
    given = {"likelihood": 3, "impact": 4, "reviewed_on": DECEMBER, "note": "Better."}
    review_risk(risk=risk, **given, by=risk.owner, at=at)

    assert bring(row) == 0


# Several rows of a day


def test_of_one_day_the_later_row_counts(bring: Bring, row: ReviewRow, risk: Risk) -> None:
    rows = [replace(row, likelihood=likelihood) for likelihood in (1, 5, 2)]

    assert bring(*rows) == 3
    assert bring(*rows) == 0

    first, second, third = RiskReview.objects.order_by("pk")
    assert (first.supersedes, second.supersedes, third.supersedes) == (None, first, second)
    assert {second.correction_reason, third.correction_reason} == {"A later row of the same day."}
    assert (first.correction_reason, standing(risk)) == ("", {DECEMBER: 2})
    assert Risk.objects.get().likelihood == 2


def test_a_later_row_supersedes_what_stands_on_its_day(
    bring: Bring, row: ReviewRow, risk: Risk, at: dt.datetime
) -> None:
    bring(replace(row, reviewed_on=NOVEMBER), replace(row, risk=RiskFactory()))
    review_risk(risk=risk, likelihood=5, impact=4, reviewed_on=DECEMBER, note="Worse.", by=risk.owner, at=at)

    assert bring(row) == 1
    assert standing(risk) == {NOVEMBER: 3, DECEMBER: 3}


def test_rows_of_several_risks_and_days_among_each_other(bring: Bring, row: ReviewRow, risk: Risk) -> None:
    other = RiskFactory()
    theirs = replace(row, risk=other)

    bring(
        row,
        replace(theirs, likelihood=1),
        replace(row, likelihood=5),
        replace(row, reviewed_on=NOVEMBER, likelihood=1),
        theirs,
        replace(row, likelihood=4),
    )

    assert standing(risk) == {NOVEMBER: 1, DECEMBER: 4}
    assert standing(other) == {DECEMBER: 3}
    assert Risk.objects.get(pk=other.pk).likelihood == 3


# Refused


def test_every_faulty_row_is_named(bring: Bring, row: ReviewRow) -> None:
    closed = RiskFactory(state="closed", closed_on=NOVEMBER)

    told = refused(
        lambda: bring(
            row,
            replace(row, reviewed_on=JANUARY + DAY, likelihood=6),
            replace(row, reviewed_on=OPENED - DAY),
            replace(row, impact=0),
            replace(row, risk=closed, reviewed_on=NOVEMBER + DAY),
        )
    )

    assert told == {
        (1, "reviewed_on"): "The date must be today or earlier.",
        (1, "likelihood"): "The likelihood must be between 1 and 5.",
        (2, "reviewed_on"): "The date must not be before the risk was opened, on 1 May 2025.",
        (3, "impact"): "The impact must be between 1 and 5.",
        (4, "reviewed_on"): "The risk was closed before this date.",
    }
    assert not RiskReview.objects.exists()
    assert set(Risk.objects.values_list("version", flat=True)) == {1}


def test_a_closed_risk_takes_history_from_before(bring: Bring, row: ReviewRow) -> None:
    closed = RiskFactory(state="closed", closed_on=NOVEMBER)

    assert bring(replace(row, risk=closed, reviewed_on=NOVEMBER), replace(row, risk=closed, reviewed_on=OPENED)) == 2


def test_a_copy_that_was_read_before_it_was_closed_does_not_hide_it(bring: Bring, row: ReviewRow, risk: Risk) -> None:
    Risk.objects.update(state="closed", closed_on=NOVEMBER)

    assert set(refused(lambda: bring(row))) == {(0, "reviewed_on")}


# Numbers


def test_nothing_is_nothing(bring: Bring) -> None:
    assert bring() == 0


def test_a_risk_without_a_new_row_keeps_its_version(bring: Bring, row: ReviewRow) -> None:
    bring(row)

    bring(row, replace(row, risk=RiskFactory()))

    assert sorted(Risk.objects.values_list("version", flat=True)) == [2, 2]


def test_a_batch_takes_the_same_queries_whatever_its_length(
    bring: Bring, row: ReviewRow, count_queries: Callable[[Callable[[], Any]], int]
) -> None:
    def batch(number: int) -> list[ReviewRow]:
        rows = [replace(row, risk=RiskFactory(owner=row.reviewer)) for _ in range(number)]
        return [*rows, *(replace(each, likelihood=2) for each in rows)]

    few, many = batch(2), batch(50)

    assert count_queries(lambda: bring(*few)) == count_queries(lambda: bring(*many))
    assert count_queries(lambda: bring(*few)) == count_queries(lambda: bring(*many))
