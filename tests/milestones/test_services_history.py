import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from milestones.models import Impact, Milestone, MilestoneUpdate, Status
from milestones.services import UpdateRow, correct_update, record_history, record_update
from tests.factories import MilestoneFactory, UserFactory

pytestmark = pytest.mark.django_db
NOVEMBER, DECEMBER, JANUARY = dt.date(2025, 11, 30), dt.date(2025, 12, 31), dt.date(2026, 1, 31)


@pytest.fixture
def milestone() -> Milestone:
    return MilestoneFactory()


@pytest.fixture
def row(milestone: Milestone) -> UpdateRow:
    return UpdateRow(
        milestone=milestone, as_at=DECEMBER, status=Status.ON_TRACK, author=milestone.sro, progress="Begun."
    )


@pytest.fixture
def bring(office: User, at: dt.datetime) -> Callable[..., int]:
    return lambda *rows: record_history(rows=rows, by=office, at=at)


def test_history_becomes_rows_and_the_current_state(
    bring: Callable[..., int], row: UpdateRow, milestone: Milestone, office: User, at: dt.datetime
) -> None:
    added = bring(replace(row, as_at=JANUARY, status=Status.DELAYED, impact=Impact.EMERGING), row)

    milestone.refresh_from_db()
    latest = milestone.latest_update
    assert added == 2
    assert (milestone.status, milestone.impact, milestone.version) == (Status.DELAYED, Impact.EMERGING, 2)
    assert (latest.as_at, latest.author, latest.created_by, latest.created_at) == (JANUARY, milestone.sro, office, at)


def test_history_is_taken_without_reasons_and_evidence(bring: Callable[..., int], row: UpdateRow) -> None:
    assert bring(replace(row, status=Status.OFF_TRACK), replace(row, as_at=JANUARY, status=Status.COMPLETED)) == 2
    assert MilestoneUpdate.objects.get(status=Status.COMPLETED).completed_on == JANUARY


def test_the_same_row_twice_is_one_row(bring: Callable[..., int], row: UpdateRow) -> None:
    again = replace(row, progress=" Begun.\r\n")

    assert bring(row, again) == 1
    assert bring(row) == 0
    assert bring(replace(row, progress="Nearly there.")) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"as_at": NOVEMBER},
        {"status": Status.NOT_STARTED},
        {"impact": Impact.EMERGING},
        {"difference_made": "Fewer complaints."},
        {"reason": "Late."},
        {"mitigation": "Sooner."},
        {"consequence": "None."},
        {"forecast_date": JANUARY},
    ],
    ids=lambda change: next(iter(change)),
)
def test_rows_that_differ_anywhere_are_two(bring: Callable[..., int], row: UpdateRow, change: dict[str, Any]) -> None:
    row = replace(row, impact=Impact.EVIDENT)

    assert bring(row, replace(row, **change)) == 2


def test_rows_of_two_authors_or_milestones_are_two(bring: Callable[..., int], row: UpdateRow) -> None:
    assert bring(row, replace(row, author=UserFactory()), replace(row, milestone=MilestoneFactory())) == 3


def test_a_row_that_was_corrected_since_does_not_come_back(
    bring: Callable[..., int], row: UpdateRow, milestone: Milestone, at: dt.datetime
) -> None:
    bring(row)
    correct_update(
        update=MilestoneUpdate.objects.get(), by=milestone.sro, at=at, correction_reason="A slip.", progress="Not yet."
    )

    assert bring(row) == 0


def test_what_a_form_recorded_is_not_added_again(
    bring: Callable[..., int], row: UpdateRow, milestone: Milestone, at: dt.datetime
) -> None:
    record_update(
        milestone=milestone, status=Status.ON_TRACK, as_at=DECEMBER, progress="Begun.", by=milestone.sro, at=at
    )

    assert bring(row) == 0


def test_of_one_day_the_later_row_counts(bring: Callable[..., int], row: UpdateRow, milestone: Milestone) -> None:
    bring(replace(row, status=Status.OFF_TRACK), row)

    milestone.refresh_from_db()
    assert milestone.status == Status.ON_TRACK


def test_a_blank_impact_goes_on_with_the_one_before(bring: Callable[..., int], row: UpdateRow) -> None:
    bring(replace(row, as_at=NOVEMBER, impact=Impact.EMERGING))
    rows = [
        replace(row, as_at=JANUARY),
        replace(row, as_at=DECEMBER, impact=Impact.EVIDENT),
        replace(row, as_at=dt.date(2025, 12, 1)),
        replace(row, as_at=dt.date(2025, 6, 1)),
    ]

    bring(*rows)

    rated = dict(MilestoneUpdate.objects.values_list("as_at", "impact"))
    assert rated[JANUARY] == Impact.EVIDENT
    assert rated[dt.date(2025, 12, 1)] == Impact.EMERGING
    assert rated[dt.date(2025, 6, 1)] == Impact.NOT_YET_EVIDENCED
    assert bring(*rows) == 0


def test_every_faulty_row_is_named(bring: Callable[..., int], row: UpdateRow) -> None:
    withdrawn = MilestoneFactory(withdrawn_on=NOVEMBER, withdrawn_reason="Merged.")

    with pytest.raises(ValidationError) as refused:
        bring(
            row,
            replace(row, as_at=dt.date(2026, 2, 1), status="green"),
            replace(row, impact="some"),
            replace(row, milestone=withdrawn),
        )

    named = {(error.params["row"], error.params["field"]) for error in refused.value.error_list}
    assert named == {(1, "as_at"), (1, "status"), (2, "impact"), (3, "as_at")}
    assert not MilestoneUpdate.objects.exists()


def test_a_withdrawn_milestone_takes_history_from_before(bring: Callable[..., int], row: UpdateRow) -> None:
    withdrawn = MilestoneFactory(withdrawn_on=NOVEMBER, withdrawn_reason="Merged.")

    assert bring(replace(row, milestone=withdrawn, as_at=NOVEMBER)) == 1


def test_nothing_is_nothing(bring: Callable[..., int]) -> None:
    assert bring() == 0


def test_a_batch_takes_the_same_queries_whatever_its_length(
    bring: Callable[..., int], row: UpdateRow, count_queries: Callable[[Callable[[], Any]], int]
) -> None:
    many = [replace(row, milestone=MilestoneFactory(sro=row.author)) for _ in range(25)]

    assert count_queries(lambda: bring(*many)) == count_queries(lambda: bring(row))


class TestCurrentState(TestCase):
    """However history came in, the columns of the milestone say what `as_at` says of today."""

    @given(
        st.lists(
            st.tuples(
                st.integers(0, 5),
                st.sampled_from(Status.values),
                st.sampled_from([None, *Impact.values]),
                st.integers(0, 3),
            ),
            max_size=8,
        )
    )
    def test_columns_agree_with_history(self, batches: list[tuple[int, str, str | None, int]]) -> None:
        milestone = MilestoneFactory()
        at = dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)
        for day, status, impact, words in batches:
            row = UpdateRow(
                milestone=milestone,
                as_at=DECEMBER + dt.timedelta(days=day),
                status=status,
                impact=impact,
                author=milestone.sro,
                progress="x" * words,
            )
            record_history(rows=[row], by=milestone.sro, at=at)

        seen = Milestone.objects.as_at(JANUARY).get(pk=milestone.pk)
        assert (seen.status, seen.impact, seen.latest_update_id) == (seen.status_on, seen.impact_on, seen.update_on)


# --- A tracker's rating, and the report behind it ---------------------------------------------------------------------


def test_a_report_supersedes_the_trackers_rating_that_it_is_behind(bring: Callable[..., int], row: UpdateRow) -> None:
    bring(replace(row, progress="Imported from tracker.xlsx", rating_only=True))

    bring(row)

    [standing] = MilestoneUpdate.objects.effective()
    assert (standing.progress, standing.rating_only, standing.supersedes.rating_only) == ("Begun.", False, True)


@pytest.mark.parametrize(
    "other",
    [{"as_at": NOVEMBER}, {"status": Status.DELAYED}, {"impact": Impact.EVIDENT}],
    ids=lambda change: next(iter(change)),
)
def test_a_report_of_another_day_or_rating_leaves_the_trackers_rating(
    bring: Callable[..., int], row: UpdateRow, other: dict[str, Any]
) -> None:
    bring(replace(row, rating_only=True))

    bring(replace(row, progress="Another matter.", **other))

    assert MilestoneUpdate.objects.effective().count() == 2


def test_a_report_is_not_taken_for_a_trackers_rating_by_how_its_words_begin(
    bring: Callable[..., int], row: UpdateRow
) -> None:
    bring(replace(row, progress="Imported from the old portal: the chair has been appointed."))

    bring(replace(row, progress="Begun."))

    assert MilestoneUpdate.objects.effective().count() == 2


def test_a_second_trackers_rating_does_not_supersede_the_first(bring: Callable[..., int], row: UpdateRow) -> None:
    bring(replace(row, progress="Imported from a.xlsx", rating_only=True))

    bring(replace(row, progress="Imported from b.xlsx", rating_only=True))

    assert not MilestoneUpdate.objects.filter(supersedes__isnull=False).exists()
