import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from core.writes import ChangedSince
from milestones.models import Impact, Milestone, MilestoneDraft, MilestoneUpdate, Status
from milestones.services import (
    confirm_update,
    correct_update,
    record_update,
    save_draft,
    withdraw_evidence,
    withdraw_milestone,
)
from tests.factories import EvidenceFactory, MilestoneFactory, MilestoneUpdateFactory, UserFactory

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 1, 31)
EXPLAINED = {
    "reason": "The supplier is late.",
    "mitigation": "A second supplier starts in March.",
    "consequence": "Forty families wait a term longer.",
    "forecast_date": dt.date(2026, 5, 31),
}

Record = Callable[..., MilestoneUpdate]


@pytest.fixture
def milestone() -> Milestone:
    return MilestoneFactory()


@pytest.fixture
def record(milestone: Milestone, at: dt.datetime) -> Record:
    """Records an update that nothing is wrong with, but for what the test says."""

    def call(**given: Any) -> MilestoneUpdate:
        content = {"status": Status.ON_TRACK, "as_at": TODAY, "progress": "The panel met.", **given}
        return record_update(**{"milestone": milestone, "by": milestone.responsible_officer, "at": at, **content})

    return call


def faults(call: Callable[[], Any]) -> set[str]:
    with pytest.raises(ValidationError) as refused:
        call()
    return set(refused.value.error_dict) if hasattr(refused.value, "error_dict") else {"__all__"}


def test_an_update_becomes_the_current_state(record: Record, milestone: Milestone, at: dt.datetime) -> None:
    update = record(status=Status.OFF_TRACK, impact=Impact.EMERGING, **EXPLAINED)

    kept = Milestone.objects.get()
    for state in (milestone, kept):
        assert (state.status, state.impact, state.latest_update) == (Status.OFF_TRACK, Impact.EMERGING, update)
        assert state.version == 2
    assert (update.author, update.created_by, update.created_at) == (milestone.responsible_officer,) * 2 + (at,)


def test_an_update_of_an_earlier_day_leaves_the_current_state_to_the_later_one(
    record: Record, milestone: Milestone
) -> None:
    later = record()
    record(status=Status.NOT_STARTED, as_at=dt.date(2025, 12, 31))

    assert (milestone.status, milestone.latest_update) == (Status.ON_TRACK, later)
    assert milestone.version == 3


def test_an_update_can_be_typed_by_somebody_other_than_its_author(record: Record, office: User) -> None:
    author = UserFactory()

    update = record(author=author, by=office)

    assert (update.author, update.created_by) == (author, office)


def test_without_a_rating_the_impact_that_stood_that_day_goes_on(record: Record, milestone: Milestone) -> None:
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2025, 6, 30), impact=Impact.EMERGING)
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2025, 12, 31), impact=Impact.EVIDENT)

    assert record(as_at=dt.date(2025, 9, 30)).impact == Impact.EMERGING
    assert record().impact == Impact.EVIDENT
    assert record(as_at=dt.date(2025, 5, 1)).impact == Impact.NOT_YET_EVIDENCED


@pytest.mark.parametrize("blank", ["", "  \r\n "], ids=["empty", "white space"])
def test_progress_is_asked_for(record: Record, blank: str) -> None:
    assert faults(lambda: record(progress=blank)) == {"progress"}


@pytest.mark.parametrize("missing", EXPLAINED)
@pytest.mark.parametrize("status", Status.needing_reasons())
def test_off_track_and_delayed_are_explained(record: Record, status: Status, missing: str) -> None:
    assert faults(lambda: record(status=status, **{**EXPLAINED, missing: None if "date" in missing else " "})) == {
        missing
    }
    assert record(status=status, **EXPLAINED).pk


def test_a_forecast_before_the_update_is_refused(record: Record) -> None:
    given = {**EXPLAINED, "forecast_date": TODAY - dt.timedelta(days=1)}

    assert faults(lambda: record(status=Status.DELAYED, **given)) == {"forecast_date"}


def test_what_a_status_does_not_ask_for_is_kept_all_the_same(record: Record) -> None:
    assert record(**EXPLAINED).mitigation == EXPLAINED["mitigation"]


@pytest.mark.parametrize(
    ("completed_on", "evidence", "refused"),
    [
        pytest.param(None, True, {"completed_on"}, id="no date"),
        pytest.param(TODAY + dt.timedelta(days=1), True, {"completed_on"}, id="date after the update"),
        pytest.param(TODAY, False, {"no_evidence_reason"}, id="no evidence"),
        pytest.param(TODAY, True, set(), id="date and evidence"),
    ],
)
def test_completed_needs_its_date_and_evidence(
    record: Record, milestone: Milestone, completed_on: dt.date | None, evidence: bool, refused: set[str]
) -> None:
    if evidence:
        EvidenceFactory(milestone=milestone)

    if refused:
        assert faults(lambda: record(status=Status.COMPLETED, completed_on=completed_on)) == refused
    else:
        assert record(status=Status.COMPLETED, completed_on=completed_on).completed_on == TODAY


def test_completed_without_evidence_says_why(record: Record) -> None:
    reason = "The board minuted it; the minutes follow."

    assert record(status=Status.COMPLETED, completed_on=TODAY, no_evidence_reason=reason).no_evidence_reason == reason


def test_withdrawn_evidence_and_that_of_another_milestone_do_not_count(
    record: Record, milestone: Milestone, office: User, at: dt.datetime
) -> None:
    EvidenceFactory()
    withdraw_evidence(evidence=EvidenceFactory(milestone=milestone), reason="The wrong file.", by=office, at=at)

    assert faults(lambda: record(status=Status.COMPLETED, completed_on=TODAY)) == {"no_evidence_reason"}


@pytest.mark.parametrize("status", [status for status in Status if status != Status.COMPLETED])
def test_only_completed_has_a_completion_date(record: Record, status: Status) -> None:
    assert faults(lambda: record(status=status, completed_on=TODAY, **EXPLAINED)) == {"completed_on"}


@pytest.mark.parametrize(
    ("as_at", "allowed"),
    [
        pytest.param(None, False, id="none"),
        pytest.param(dt.date(2026, 2, 1), False, id="tomorrow"),
        pytest.param(TODAY, True, id="today"),
        pytest.param(dt.date(2025, 4, 1), True, id="the day it was added"),
        pytest.param(dt.date(2025, 3, 31), False, id="before it was added"),
    ],
)
def test_as_at_lies_between_the_milestone_and_today(record: Record, as_at: dt.date | None, allowed: bool) -> None:
    if allowed:
        assert record(as_at=as_at).pk
    else:
        assert faults(lambda: record(as_at=as_at)) == {"as_at"}


def test_today_is_the_day_in_england(record: Record) -> None:
    # Half past eleven at night in UTC in June is tomorrow by the clocks here.
    at = dt.datetime(2025, 6, 30, 23, 30, tzinfo=dt.UTC)

    assert record(as_at=dt.date(2025, 7, 1), at=at).pk


def test_an_unknown_status_is_refused(record: Record) -> None:
    assert faults(lambda: record(status="amber")) == {"status"}


def test_a_withdrawn_milestone_is_not_updated(
    record: Record, milestone: Milestone, office: User, at: dt.datetime
) -> None:
    withdraw_milestone(milestone=milestone, on=TODAY, reason="Merged with PA1-02.", by=office, at=at)

    with pytest.raises(ValidationError, match="withdrawn"):
        record()


def test_a_refused_update_leaves_no_trace(record: Record, milestone: Milestone) -> None:
    faults(lambda: record(progress=""))

    assert not MilestoneUpdate.objects.exists()
    assert Milestone.objects.get().version == 1


def test_an_update_based_on_an_older_version_is_told_so(record: Record, milestone: Milestone) -> None:
    record()

    with pytest.raises(ChangedSince) as told:
        record(author=milestone.sro, by=milestone.sro, progress="Typed meanwhile.", based_on_version=1)

    assert (told.value.code, told.value.version, told.value.thing) == ("changed", 2, milestone)
    assert MilestoneUpdate.objects.count() == 1


def test_an_update_based_on_the_version_there_is_goes_in(record: Record, milestone: Milestone) -> None:
    record(based_on_version=1)

    assert record(progress="More has been done.", based_on_version=milestone.version).pk
    assert milestone.version == 3


def test_a_stale_copy_of_the_milestone_does_not_hide_that_it_changed(record: Record, milestone: Milestone) -> None:
    stale = Milestone.objects.get()
    record()

    with pytest.raises(ChangedSince):
        record(milestone=stale, author=milestone.sro, by=milestone.sro, based_on_version=1)


def test_a_second_click_counts_once(record: Record, milestone: Milestone) -> None:
    first = record(based_on_version=1)

    assert record(based_on_version=1) == first
    assert record() == first
    assert MilestoneUpdate.objects.count() == 1
    assert milestone.version == 2


def test_a_second_click_counts_once_also_after_a_colleague_saved(record: Record, milestone: Milestone) -> None:
    first = record(based_on_version=1)
    record(author=milestone.sro, by=milestone.sro, status=Status.DELAYED, **EXPLAINED)

    assert record(based_on_version=1) == first
    assert (milestone.status, MilestoneUpdate.objects.count()) == (Status.DELAYED, 2)


def test_saying_the_same_again_after_reading_a_colleagues_update_is_a_new_one(
    record: Record, milestone: Milestone
) -> None:
    record()
    record(author=milestone.sro, by=milestone.sro, status=Status.DELAYED, **EXPLAINED)

    record(based_on_version=milestone.version)

    assert (milestone.status, MilestoneUpdate.objects.count()) == (Status.ON_TRACK, 3)


def test_the_same_words_from_somebody_else_are_another_update(record: Record, milestone: Milestone) -> None:
    record()
    record(author=milestone.sro, by=milestone.sro)

    assert MilestoneUpdate.objects.count() == 2


def test_submitting_deletes_the_draft_of_who_submits_and_no_other(
    record: Record, milestone: Milestone, at: dt.datetime
) -> None:
    for author in (milestone.responsible_officer, milestone.sro):
        save_draft(milestone=milestone, author=author, typed={"progress": "So f"}, based_on_version=1, at=at)

    record()

    assert MilestoneDraft.objects.get().author == milestone.sro


def test_browser_line_ends_make_no_difference(record: Record) -> None:
    assert record(progress="One.\r\nTwo.\n") == record(progress="One.\nTwo.")


# Corrections


def test_a_correction_supersedes_and_takes_over_what_it_does_not_change(
    record: Record, milestone: Milestone, at: dt.datetime
) -> None:
    wrong = record(status=Status.OFF_TRACK, **EXPLAINED)

    right = correct_update(
        update=wrong, by=milestone.sro, at=at, correction_reason="It was the other one.", status=Status.ON_TRACK
    )

    assert (right.supersedes, right.author, right.status) == (wrong, milestone.sro, Status.ON_TRACK)
    assert (right.as_at, right.progress, right.reason) == (wrong.as_at, wrong.progress, wrong.reason)
    assert (milestone.status, milestone.latest_update) == (Status.ON_TRACK, right)
    assert MilestoneUpdate.objects.get(pk=wrong.pk).status == Status.OFF_TRACK


def test_a_correction_says_why(record: Record, milestone: Milestone, at: dt.datetime) -> None:
    wrong = record()

    assert faults(lambda: correct_update(update=wrong, by=milestone.sro, at=at, progress="Not met.")) == {
        "correction_reason"
    }


def test_only_the_newest_of_a_chain_is_corrected(record: Record, milestone: Milestone, at: dt.datetime) -> None:
    first = record()
    change = {"by": milestone.sro, "at": at, "correction_reason": "A slip."}
    second = correct_update(update=first, progress="The panel did not meet.", **change)

    with pytest.raises(ValidationError, match="corrected already"):
        correct_update(update=first, progress="It met twice.", **change)
    third = correct_update(update=second, progress="It met twice.", **change)

    assert list(MilestoneUpdate.objects.effective()) == [third]


def test_a_correction_obeys_the_rules_of_an_update(record: Record, milestone: Milestone, at: dt.datetime) -> None:
    wrong = record()
    change = {"update": wrong, "by": milestone.sro, "at": at, "correction_reason": "A slip."}

    assert faults(lambda: correct_update(**change, status=Status.DELAYED)) == set(EXPLAINED)
    assert faults(lambda: correct_update(**change, as_at=dt.date(2026, 2, 1))) == {"as_at"}
    assert faults(lambda: correct_update(**change, progress=" ")) == {"progress"}


def test_a_correction_that_changes_nothing_is_refused(record: Record, milestone: Milestone, at: dt.datetime) -> None:
    wrong = record()

    with pytest.raises(ValidationError, match="Nothing has been changed"):
        correct_update(update=wrong, by=milestone.sro, at=at, correction_reason="A slip.", progress=wrong.progress)


def test_taking_back_completed_takes_back_its_date(record: Record, milestone: Milestone, at: dt.datetime) -> None:
    EvidenceFactory(milestone=milestone)
    wrong = record(status=Status.COMPLETED, completed_on=TODAY)

    right = correct_update(update=wrong, by=milestone.sro, at=at, correction_reason="Early.", status=Status.ON_TRACK)

    assert (right.completed_on, milestone.status) == (None, Status.ON_TRACK)


def test_a_correction_can_move_an_update_to_another_day(record: Record, milestone: Milestone, at: dt.datetime) -> None:
    december = record(as_at=dt.date(2025, 12, 31), status=Status.NOT_STARTED)
    wrong = record()

    correct_update(update=wrong, by=milestone.sro, at=at, correction_reason="November’s.", as_at=dt.date(2025, 11, 30))

    assert milestone.latest_update == december


def test_a_correction_knows_no_other_fields(record: Record, milestone: Milestone, at: dt.datetime) -> None:
    wrong = record()

    with pytest.raises(TypeError, match="cannot set milestone"):
        correct_update(update=wrong, by=milestone.sro, at=at, correction_reason="A slip.", milestone=MilestoneFactory())


# Confirmation


def test_the_sro_confirms_once(record: Record, milestone: Milestone, at: dt.datetime) -> None:
    update = record()

    confirmation = confirm_update(update=update, by=milestone.sro, at=at, note="Seen.")

    assert (update.confirmation, confirmation.created_by) == (confirmation, milestone.sro)
    with pytest.raises(ValidationError, match="confirmed already"):
        confirm_update(update=update, by=milestone.sro, at=at)


def test_nobody_but_the_sro_confirms(record: Record, office: User, at: dt.datetime) -> None:
    with pytest.raises(ValidationError, match="senior responsible officer"):
        confirm_update(update=record(), by=office, at=at)


def test_a_corrected_update_is_not_confirmed(record: Record, milestone: Milestone, at: dt.datetime) -> None:
    wrong = record()
    correct_update(update=wrong, by=milestone.sro, at=at, correction_reason="A slip.", progress="It did not meet.")

    with pytest.raises(ValidationError, match="corrected"):
        confirm_update(update=wrong, by=milestone.sro, at=at)
