import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from milestones.models import Milestone, MilestoneChange
from milestones.services import hand_over, reassign
from tests.factories import MilestoneFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def left(office: User, at: dt.datetime) -> User:
    return UserFactory(is_active=False, deactivated_at=at, deactivated_by=office)


def faults(call: Callable[[], Any]) -> set[str]:
    with pytest.raises(ValidationError) as refused:
        call()
    return set(refused.value.error_dict)


def changes() -> set[tuple[str, str, str]]:
    return set(MilestoneChange.objects.values_list("field", "was", "now"))


def test_reassigning_changes_the_person_and_keeps_who_it_was(office: User, at: dt.datetime) -> None:
    milestone = MilestoneFactory()
    was, to = milestone.responsible_officer, UserFactory()

    reassign(milestone=milestone, responsible_officer=to, reason="A new post.", by=office, at=at)

    assert Milestone.objects.get().responsible_officer == to
    assert (milestone.version, milestone.sro) == (2, Milestone.objects.get().sro)
    change = MilestoneChange.objects.get()
    assert (change.field, change.was, change.now) == ("responsible_officer", str(was), str(to))
    assert (change.reason, change.changed_on, change.created_by) == ("A new post.", dt.date(2026, 1, 31), office)


def test_supporting_officers_are_replaced_whole(office: User, at: dt.datetime) -> None:
    milestone = MilestoneFactory()
    first, second = UserFactory(full_name="Officer A"), UserFactory(full_name="Officer B")
    milestone.supporting_officers.add(first)

    reassign(milestone=milestone, supporting_officers=[second, first], reason="Health joins.", by=office, at=at)
    reassign(milestone=milestone, supporting_officers=[], reason="Work is done.", by=office, at=at)

    assert not milestone.supporting_officers.exists()
    assert changes() == {
        ("supporting_officers", "Officer A", "Officer A, Officer B"),
        ("supporting_officers", "Officer A, Officer B", ""),
    }


def test_reassigning_to_who_has_it_already_writes_nothing(office: User, at: dt.datetime) -> None:
    milestone = MilestoneFactory()

    reassign(milestone=milestone, sro=milestone.sro, supporting_officers=[], reason="None.", by=office, at=at)

    assert (milestone.version, changes()) == (1, set())


def test_reassigning_needs_a_reason(office: User, at: dt.datetime) -> None:
    assert faults(lambda: reassign(milestone=MilestoneFactory(), sro=UserFactory(), reason=" ", by=office, at=at)) == {
        "reason"
    }


def test_nobody_who_left_is_given_a_milestone(office: User, left: User, at: dt.datetime) -> None:
    milestone = MilestoneFactory()
    given = {"milestone": milestone, "reason": "A new post.", "by": office, "at": at}

    assert faults(lambda: reassign(**given, responsible_officer=left, sro=left)) == {"responsible_officer", "sro"}
    assert faults(lambda: reassign(**given, supporting_officers=[left])) == {"supporting_officers"}


def test_a_withdrawn_milestone_is_not_reassigned(office: User, at: dt.datetime) -> None:
    milestone = MilestoneFactory(withdrawn_on=dt.date(2026, 1, 1), withdrawn_reason="Merged.")

    with pytest.raises(ValidationError, match="withdrawn"):
        reassign(milestone=milestone, sro=UserFactory(), reason="A new post.", by=office, at=at)


def test_a_leaver_hands_over_everything_they_answer_for(office: User, at: dt.datetime) -> None:
    person, to = UserFactory(full_name="Officer A"), UserFactory(full_name="Officer B")
    responsible, as_sro = MilestoneFactory(responsible_officer=person), MilestoneFactory(sro=person)
    supporting, both = MilestoneFactory(), MilestoneFactory()
    supporting.supporting_officers.add(person)
    both.supporting_officers.add(person, to)
    other = MilestoneFactory()
    withdrawn = MilestoneFactory(sro=person, withdrawn_on=dt.date(2026, 1, 1), withdrawn_reason="Merged.")

    assert hand_over(person=person, to=to, reason="Left.", by=office, at=at) == 4

    for milestone in (responsible, as_sro, supporting, both, other, withdrawn):
        milestone.refresh_from_db()
    assert (responsible.responsible_officer, as_sro.sro, withdrawn.sro) == (to, to, person)
    assert list(supporting.supporting_officers.all()) == list(both.supporting_officers.all()) == [to]
    assert [m.version for m in (responsible, as_sro, supporting, both, other, withdrawn)] == [2, 2, 2, 2, 1, 1]
    assert changes() == {
        ("responsible_officer", "Officer A", "Officer B"),
        ("sro", "Officer A", "Officer B"),
        ("supporting_officers", "Officer A", "Officer B"),
        ("supporting_officers", "Officer A, Officer B", "Officer B"),
    }


def test_a_hand_over_names_somebody_else_who_is_here_and_says_why(office: User, left: User, at: dt.datetime) -> None:
    person = UserFactory()
    given = {"person": person, "by": office, "at": at}

    assert faults(lambda: hand_over(**given, to=person, reason="Left.")) == {"to"}
    assert faults(lambda: hand_over(**given, to=left, reason="Left.")) == {"to"}
    assert faults(lambda: hand_over(**given, to=office, reason="")) == {"reason"}


def test_a_hand_over_takes_the_same_queries_whatever_the_number(
    office: User, at: dt.datetime, count_queries: Callable[[Callable[[], Any]], int]
) -> None:
    def leave(number: int) -> int:
        person = UserFactory()
        for milestone in MilestoneFactory.create_batch(number, responsible_officer=person):
            milestone.supporting_officers.add(person)
        return count_queries(lambda: hand_over(person=person, to=office, reason="Left.", by=office, at=at))

    assert leave(2) == leave(25)
