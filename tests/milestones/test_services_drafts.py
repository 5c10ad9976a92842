import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from milestones.models import MilestoneDraft
from milestones.services import discard_draft, save_draft
from tests.factories import MilestoneFactory

pytestmark = pytest.mark.django_db


def test_a_draft_is_kept_as_typed_and_replaced_by_the_next(at: dt.datetime) -> None:
    milestone = MilestoneFactory()
    author = milestone.responsible_officer
    later = at + dt.timedelta(minutes=5)

    save_draft(
        milestone=milestone, author=author, typed={"as_at_day": "31", "progress": "So"}, based_on_version=1, at=at
    )
    save_draft(milestone=milestone, author=author, typed={"as_at_day": "thirty"}, based_on_version=2, at=later)

    draft = MilestoneDraft.objects.get()
    assert (draft.typed, draft.based_on_version) == ({"as_at_day": "thirty"}, 2)
    assert (draft.created_at, draft.saved_at, draft.created_by) == (at, later, author)


def test_a_draft_does_not_touch_the_milestone(at: dt.datetime) -> None:
    milestone = MilestoneFactory()

    save_draft(milestone=milestone, author=milestone.sro, typed={}, based_on_version=1, at=at)

    milestone.refresh_from_db()
    assert milestone.version == 1


def test_discarding_leaves_other_peoples_drafts(at: dt.datetime) -> None:
    milestone = MilestoneFactory()
    for author in (milestone.responsible_officer, milestone.sro):
        save_draft(milestone=milestone, author=author, typed={}, based_on_version=1, at=at)

    discard_draft(milestone=milestone, author=milestone.sro)

    assert MilestoneDraft.objects.get().author == milestone.responsible_officer


def test_a_withdrawn_milestone_takes_no_drafts(at: dt.datetime) -> None:
    milestone = MilestoneFactory(withdrawn_on=dt.date(2026, 1, 1), withdrawn_reason="Merged.")

    with pytest.raises(ValidationError, match="withdrawn"):
        save_draft(milestone=milestone, author=milestone.sro, typed={}, based_on_version=1, at=at)
