import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from core.writes import ChangedSince
from risks.models import Frequency, MatrixChoice, Risk, RiskMatrix, RiskReview
from risks.services import close_risk, correct_review, next_review_after, reopen_risk, review_risk
from tests.factories import RiskFactory, RiskReviewFactory, UserFactory, shipped_matrix
from tests.factories.accounts import LEARNED
from tests.risks.conftest import faults

pytestmark = pytest.mark.django_db
TODAY, YESTERDAY = dt.date(2026, 1, 31), dt.date(2026, 1, 30)
BEFORE = dt.date(2025, 12, 31)
DAY = dt.timedelta(days=1)

Review = Callable[..., RiskReview]


@pytest.fixture
def review(risk: Risk, at: dt.datetime) -> Review:
    """Reviews the risk as nothing is wrong with, but for what the test says."""

    def call(**given: Any) -> RiskReview:
        content = {"likelihood": 3, "impact": 4, "reviewed_on": TODAY, "note": "The provider is back.", **given}
        return review_risk(**{"risk": risk, "by": risk.owner, "at": at, **content})

    return call


@pytest.fixture
def correct(risk: Risk, at: dt.datetime) -> Review:
    """Corrects a review to what the test says, which leaves the rest as it was."""

    def call(review: RiskReview, **given: Any) -> RiskReview:
        names = ("likelihood", "impact", "reviewed_on", "note", "next_review_on")
        content = {name: getattr(review, name) for name in names} | given
        return correct_review(
            **{"review": review, "by": risk.owner, "at": at, "correction_reason": "A slip.", **content}
        )

    return call


def choose(code: str, used_from: dt.date) -> RiskMatrix:
    matrix = shipped_matrix(code)
    MatrixChoice.objects.create(matrix=matrix, used_from=used_from, created_at=LEARNED)
    return matrix


def pairs(risk: Risk) -> set[tuple[int, int]]:
    """Where the risk stands: as the service leaves it in hand, and as it is kept."""
    return {(each.likelihood, each.impact) for each in (risk, Risk.objects.get(pk=risk.pk))}


def test_a_review_becomes_the_current_state(review: Review, risk: Risk, at: dt.datetime) -> None:
    made = review(note=" Back.\r\nFor good. ")

    assert pairs(risk) == {(3, 4)}
    assert (risk.score, risk.matrix, risk.latest_review, risk.version) == (12, shipped_matrix(), made, 2)
    assert (made.reviewer, made.created_by, made.created_at, made.note) == (
        risk.owner,
        risk.owner,
        at,
        "Back.\nFor good.",
    )
    assert (made.supersedes, made.correction_reason, made.matrix) == (None, "", shipped_matrix())


def test_a_review_can_be_typed_by_somebody_other_than_its_reviewer(review: Review, office: User) -> None:
    reviewer = UserFactory()

    made = review(reviewer=reviewer, by=office)

    assert (made.reviewer, made.created_by) == (reviewer, office)


def test_a_review_dated_before_the_latest_leaves_the_current_pair_to_the_later_one(review: Review, risk: Risk) -> None:
    latest = review()

    made = review(reviewed_on=BEFORE, likelihood=5)

    assert (pairs(risk), risk.latest_review, risk.version) == ({(3, 4)}, latest, 3)
    assert made.supersedes is None


# When it is due again


@pytest.mark.parametrize(
    ("frequency", "reviewed_on", "due"),
    [
        pytest.param(Frequency.MONTHLY, "2026-01-31", "2026-02-28", id="31 January and one month"),
        pytest.param(Frequency.MONTHLY, "2024-01-31", "2024-02-29", id="31 January and one month of a leap year"),
        pytest.param(Frequency.MONTHLY, "2024-02-29", "2024-03-29", id="the leap day and one month"),
        pytest.param(Frequency.MONTHLY, "2025-12-31", "2026-01-31", id="over the year’s end"),
        pytest.param(Frequency.MONTHLY, "2025-03-31", "2025-04-30", id="31 March and one month"),
        pytest.param(Frequency.TWO_MONTHLY, "2025-12-31", "2026-02-28", id="two months"),
        pytest.param(Frequency.QUARTERLY, "2025-11-30", "2026-02-28", id="three months"),
        pytest.param(Frequency.SIX_MONTHLY, "2025-08-31", "2026-02-28", id="six months"),
        pytest.param(Frequency.SIX_MONTHLY, "2025-03-31", "2025-09-30", id="31 March and six months"),
    ],
)
def test_the_next_review_is_due_by_the_frequency(
    review: Review, risk: Risk, frequency: Frequency, reviewed_on: str, due: str
) -> None:
    Risk.objects.update(frequency=frequency, opened_on=dt.date(2024, 1, 1))

    made = review(reviewed_on=dt.date.fromisoformat(reviewed_on))

    assert made.next_review_on == next_review_after(risk, made.reviewed_on) == dt.date.fromisoformat(due)


def test_a_next_review_of_its_own_is_kept(review: Review) -> None:
    assert review(next_review_on=TODAY + DAY).next_review_on == TODAY + DAY


@pytest.mark.parametrize("day", [TODAY, YESTERDAY], ids=["the same day", "the day before"])
def test_the_next_review_comes_after_this_one(review: Review, day: dt.date) -> None:
    assert faults(lambda: review(next_review_on=day)) == {
        "next_review_on": "The next review must be after the date of this one."
    }


# Dates and pairs


@pytest.mark.parametrize(
    ("reviewed_on", "said"),
    [
        pytest.param(None, "Enter the date.", id="none"),
        pytest.param(TODAY + DAY, "The date must be today or earlier.", id="tomorrow"),
        pytest.param(TODAY, "", id="today"),
        pytest.param(dt.date(2025, 5, 1), "", id="the day it was opened"),
        pytest.param(
            dt.date(2025, 4, 30),
            "The date must not be before the risk was opened, on 1 May 2025.",
            id="before it was opened",
        ),
    ],
)
def test_a_review_lies_between_the_opening_and_today(review: Review, reviewed_on: dt.date | None, said: str) -> None:
    if said:
        assert faults(lambda: review(reviewed_on=reviewed_on)) == {"reviewed_on": said}
    else:
        assert review(reviewed_on=reviewed_on).reviewed_on == reviewed_on


def test_today_is_the_day_in_england(review: Review) -> None:
    # Half past eleven at night in UTC in June is tomorrow by the clocks here.
    at = dt.datetime(2025, 6, 30, 23, 30, tzinfo=dt.UTC)

    assert review(reviewed_on=dt.date(2025, 7, 1), at=at).pk


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"likelihood": None}, {"likelihood": "Choose the likelihood."}, id="no likelihood"),
        pytest.param({"impact": None}, {"impact": "Choose the impact."}, id="no impact"),
        pytest.param({"likelihood": 0}, {"likelihood": "The likelihood must be between 1 and 5."}, id="likelihood 0"),
        pytest.param({"likelihood": 6}, {"likelihood": "The likelihood must be between 1 and 5."}, id="likelihood 6"),
        pytest.param({"impact": 0}, {"impact": "The impact must be between 1 and 5."}, id="impact 0"),
        pytest.param({"impact": 6}, {"impact": "The impact must be between 1 and 5."}, id="impact 6"),
    ],
)
def test_a_pair_is_on_the_matrix(review: Review, given: dict[str, Any], said: dict[str, str]) -> None:
    assert faults(lambda: review(**given)) == said


@pytest.mark.parametrize(("likelihood", "impact"), [(1, 1), (5, 5)])
def test_the_ends_of_the_matrix_are_on_it(review: Review, likelihood: int, impact: int) -> None:
    assert review(likelihood=likelihood, impact=impact).likelihood == likelihood


def test_all_that_is_wrong_is_told_at_once(review: Review) -> None:
    wrong = {"likelihood": 6, "impact": 0, "reviewed_on": TODAY + DAY, "next_review_on": TODAY}

    assert set(faults(lambda: review(**wrong))) == set(wrong)


# Notes


def test_a_first_review_that_moves_from_the_inherent_pair_says_why(review: Review) -> None:
    assert faults(lambda: review(note=" \r\n ")) == {"note": "Say why the score moves from 4 × 4 to 3 × 4."}


def test_a_first_review_at_the_inherent_pair_needs_no_note(review: Review) -> None:
    assert review(likelihood=4, impact=4, note="").note == ""


def test_a_move_is_measured_from_the_review_before_it(review: Review) -> None:
    review(reviewed_on=BEFORE)
    review(likelihood=5)

    # On the day between, the risk stood at 3 × 4.
    assert review(reviewed_on=YESTERDAY, note="").likelihood == 3
    assert faults(lambda: review(reviewed_on=YESTERDAY, likelihood=5, note="")) == {
        "note": "Say why the score moves from 3 × 4 to 5 × 4."
    }


def test_the_same_score_by_another_pair_is_a_move(review: Review) -> None:
    review(reviewed_on=BEFORE)

    assert faults(lambda: review(likelihood=4, impact=3, note="")) == {
        "note": "Say why the score moves from 3 × 4 to 4 × 3."
    }


def test_a_second_review_of_a_day_is_measured_from_the_day_before(review: Review) -> None:
    review(reviewed_on=BEFORE)
    review(likelihood=5)

    # Back at what stood before today: nothing moves.
    assert review(note="").supersedes.likelihood == 5


def test_a_score_that_stays_says_why_after_so_many_reviews(review: Review, settings: Any) -> None:
    settings.RISK_UNCHANGED_REVIEWS = 2
    days = [TODAY - 10 * number * DAY for number in (3, 2, 1, 0)]
    for day in days[:2]:
        review(reviewed_on=day)

    assert faults(lambda: review(reviewed_on=days[2], note="")) == {
        "note": "The last 2 reviews gave the same score. Say why it has not changed."
    }
    # Said once, it is asked again the next time.
    review(reviewed_on=days[2], note="The market is what it is.")
    assert set(faults(lambda: review(reviewed_on=days[3], note=""))) == {"note"}


def test_fewer_reviews_or_a_move_among_them_need_no_note(review: Review, settings: Any) -> None:
    settings.RISK_UNCHANGED_REVIEWS = 2
    days = [TODAY - 10 * number * DAY for number in (3, 2, 1, 0)]
    review(reviewed_on=days[0])
    assert review(reviewed_on=days[1], note="").pk

    review(reviewed_on=days[2], likelihood=5)
    assert review(reviewed_on=days[3], likelihood=5, note="").pk


def test_corrected_reviews_are_not_counted_as_unchanged(review: Review, correct: Review, settings: Any) -> None:
    settings.RISK_UNCHANGED_REVIEWS = 2
    review(reviewed_on=BEFORE)
    correct(review(reviewed_on=YESTERDAY), note="Still away.")

    assert set(faults(lambda: review(note=""))) == {"note"}
    correct(RiskReview.objects.effective().get(reviewed_on=BEFORE), likelihood=5)
    assert review(note="").pk


# Matrices


def test_a_review_is_scored_on_the_matrix_of_its_day(review: Review, risk: Risk) -> None:
    three = choose("five-by-five-three-bands", TODAY)

    assert review(reviewed_on=YESTERDAY).matrix == shipped_matrix()
    assert (review().matrix, risk.matrix) == (three, three)


def test_a_review_of_the_day_the_matrix_changed_can_be_made_again_on_the_new_one(review: Review) -> None:
    first = review()
    three = choose("five-by-five-three-bands", TODAY)

    second = review()

    assert (second.supersedes, second.matrix) == (first, three)


# Several reviews of a day, clicks and colleagues


def test_a_second_review_of_a_day_supersedes_the_first(review: Review, risk: Risk) -> None:
    first = review()

    second = review(likelihood=5)

    assert (second.supersedes, second.correction_reason) == (first, "Reviewed again on the same day.")
    assert list(risk.reviews.effective()) == [second]
    assert (pairs(risk), risk.latest_review) == ({(5, 4)}, second)


def test_reviews_of_other_risks_and_days_are_not_superseded(review: Review) -> None:
    RiskReviewFactory(reviewed_on=TODAY)
    review(reviewed_on=YESTERDAY)

    assert review(likelihood=5).supersedes is None


def test_a_second_click_counts_once(review: Review, risk: Risk) -> None:
    first = review(based_on_version=1)

    assert review(based_on_version=1) == first
    assert review(note=" The provider is back.\r\n") == first
    assert (risk.reviews.count(), risk.version) == (1, 2)


@pytest.mark.parametrize(
    "given",
    [
        {"likelihood": 4},
        {"impact": 3},
        {"note": "Nearly."},
        {"next_review_on": TODAY + DAY},
        {"reviewed_on": YESTERDAY},
    ],
    ids=lambda given: next(iter(given)),
)
def test_what_differs_anywhere_is_another_review(review: Review, risk: Risk, given: dict[str, Any]) -> None:
    review()
    review(**given)

    assert risk.reviews.count() == 2


def test_the_same_from_somebody_else_is_another_review(review: Review, risk: Risk) -> None:
    review()
    review(reviewer=UserFactory())

    assert (risk.reviews.count(), risk.reviews.effective().count()) == (2, 1)


def test_the_same_about_another_risk_is_another_review(review: Review, risk: Risk) -> None:
    review()

    assert review(risk=RiskFactory(owner=risk.owner), by=risk.owner).risk != risk


def test_saying_the_same_again_after_a_colleague_superseded_it_is_a_new_review(review: Review, risk: Risk) -> None:
    review()
    review(by=UserFactory(), likelihood=5)

    review(based_on_version=risk.version)

    assert (pairs(risk), risk.reviews.count()) == ({(3, 4)}, 3)


def test_a_review_based_on_an_older_version_is_told_so(review: Review, risk: Risk) -> None:
    review()

    with pytest.raises(ChangedSince) as told:
        review(by=UserFactory(), likelihood=5, based_on_version=1)

    assert (told.value.code, told.value.version, told.value.thing) == ("changed", 2, risk)
    assert (risk.reviews.count(), pairs(risk)) == (1, {(3, 4)})


def test_a_review_based_on_the_version_there_is_goes_in(review: Review, risk: Risk) -> None:
    review(based_on_version=1)

    assert review(likelihood=5, based_on_version=2).pk
    assert risk.version == 3


def test_a_stale_copy_of_the_risk_does_not_hide_that_it_changed(review: Review) -> None:
    stale = Risk.objects.get()
    review()

    with pytest.raises(ChangedSince):
        review(risk=stale, by=UserFactory(), based_on_version=1)


def test_a_closed_risk_is_not_reviewed(review: Review, risk: Risk, at: dt.datetime) -> None:
    stale = Risk.objects.get()
    close_risk(risk=risk, reason="It can no longer happen.", on=TODAY, by=risk.owner, at=at)

    said = {"__all__": "R01 is closed. Open it again before you change it."}
    assert faults(lambda: review(reviewed_on=YESTERDAY)) == faults(lambda: review(risk=stale)) == said


@pytest.mark.parametrize("given", [{"likelihood": 6}, {"note": ""}, {"reviewed_on": TODAY + DAY}])
def test_a_refused_review_leaves_no_trace(review: Review, given: dict[str, Any]) -> None:
    faults(lambda: review(**given))

    kept = Risk.objects.get()
    assert (kept.version, kept.likelihood, kept.latest_review) == (1, 4, None)
    assert not RiskReview.objects.exists()


# Corrections


def test_a_correction_supersedes(review: Review, correct: Review, risk: Risk, office: User, at: dt.datetime) -> None:
    wrong = review()

    right = correct(wrong, likelihood=2, by=office, correction_reason=" Another\r\nrisk’s. ")

    assert (right.supersedes, right.reviewer, right.created_by) == (wrong, office, office)
    assert (right.correction_reason, right.created_at) == ("Another\nrisk’s.", at)
    assert (pairs(risk), risk.latest_review, risk.version) == ({(2, 4)}, right, 3)
    assert RiskReview.objects.get(pk=wrong.pk).likelihood == 3


@pytest.mark.parametrize("reason", ["", " \r\n "], ids=["empty", "white space"])
def test_a_correction_says_what_was_wrong(review: Review, correct: Review, reason: str) -> None:
    wrong = review()

    assert faults(lambda: correct(wrong, likelihood=2, correction_reason=reason)) == {
        "correction_reason": "Say what was wrong."
    }


def test_only_the_newest_of_a_chain_is_corrected(review: Review, correct: Review, risk: Risk) -> None:
    first = review()
    second = correct(first, likelihood=2)

    assert faults(lambda: correct(first, likelihood=1)) == {
        "__all__": "This review has been corrected already. Correct the newest version of it."
    }
    third = correct(second, likelihood=1)
    assert list(risk.reviews.effective()) == [third]


def test_a_correction_that_changes_nothing_is_refused(review: Review, correct: Review) -> None:
    wrong = review()

    assert faults(lambda: correct(wrong, note=" The provider is back. ", next_review_on=None)) == {
        "__all__": "Nothing has been changed. Change what was wrong, or go back."
    }


def test_a_correction_obeys_the_rules_of_a_review(review: Review, correct: Review, risk: Risk) -> None:
    wrong = review()

    assert set(faults(lambda: correct(wrong, likelihood=6))) == {"likelihood"}
    assert set(faults(lambda: correct(wrong, reviewed_on=TODAY + DAY, next_review_on=None))) == {"reviewed_on"}
    assert set(faults(lambda: correct(wrong, reviewed_on=None))) == {"reviewed_on"}
    assert set(faults(lambda: correct(wrong, next_review_on=TODAY))) == {"next_review_on"}
    assert set(faults(lambda: correct(wrong, note=""))) == {"note"}
    assert (risk.reviews.count(), Risk.objects.get().version) == (1, 2)


def test_a_correction_back_to_what_stood_before_needs_no_note(review: Review, correct: Review) -> None:
    assert correct(review(), likelihood=4, impact=4, note="").pk


def test_a_correction_can_move_a_review_to_another_day(review: Review, correct: Review, risk: Risk) -> None:
    december = review(reviewed_on=BEFORE, likelihood=5)
    wrong = review()

    right = correct(wrong, reviewed_on=dt.date(2025, 11, 30), next_review_on=None)

    assert (risk.latest_review, pairs(risk)) == (december, {(5, 4)})
    assert right.next_review_on == dt.date(2025, 12, 30)


def test_a_correction_does_not_move_a_review_onto_another(review: Review, correct: Review, risk: Risk) -> None:
    review(reviewed_on=BEFORE)
    wrong = review()

    assert faults(lambda: correct(wrong, reviewed_on=BEFORE)) == {
        "reviewed_on": "There is another review of this day. Correct that one."
    }
    assert risk.reviews.effective().count() == 2


def test_a_correction_stays_on_the_matrix_of_then_unless_it_moves(review: Review, correct: Review) -> None:
    wrong = review()
    three = choose("five-by-five-three-bands", TODAY)

    right = correct(wrong, likelihood=2)
    moved = correct(right, reviewed_on=YESTERDAY)

    assert (right.matrix, moved.matrix) == (shipped_matrix(), shipped_matrix())
    assert correct(moved, reviewed_on=TODAY, likelihood=1).matrix == three


def test_a_review_of_a_closed_risk_is_not_corrected(
    review: Review, correct: Review, risk: Risk, at: dt.datetime
) -> None:
    wrong = review()
    close_risk(risk=risk, reason="It can no longer happen.", on=TODAY, by=risk.owner, at=at)

    with pytest.raises(ValidationError, match="R01 is closed"):
        correct(RiskReview.objects.get(pk=wrong.pk), likelihood=1)


def test_a_review_of_a_day_on_which_a_risk_open_again_was_closed_is_refused(
    risk: Risk, review: Review, at: dt.datetime
) -> None:
    close_risk(risk=risk, on=BEFORE, reason="It is over.", by=risk.owner, at=at)
    reopen_risk(risk=risk, on=YESTERDAY, reason="It is back.", by=risk.owner, at=at)

    assert faults(lambda: review(reviewed_on=YESTERDAY - DAY)) == {"reviewed_on": "The risk was closed on that day."}
    assert faults(lambda: review(reviewed_on=BEFORE)) == {"reviewed_on": "The risk was closed on that day."}
    assert review(reviewed_on=BEFORE - DAY).pk
    assert review(reviewed_on=YESTERDAY).pk


def test_a_partnership_can_do_without_saying_why_a_score_is_unchanged(
    risk: Risk, review: Review, settings: Any
) -> None:
    settings.RISK_UNCHANGED_REVIEWS = 0
    review(reviewed_on=BEFORE)

    assert review(note="").pk
    assert faults(lambda: review(likelihood=2, note="", reviewed_on=TODAY)) == {
        "note": "Say why the score moves from 3 × 4 to 2 × 4."
    }
