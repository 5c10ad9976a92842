import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from risks.models import Mitigation, MitigationStatus, MitigationUpdate, Risk, RiskChange, State
from risks.services import hand_over_risks
from tests.factories import MitigationFactory, RiskFactory, UserFactory
from tests.risks.conftest import faults

pytestmark = pytest.mark.django_db
TODAY, DUE = dt.date(2026, 1, 31), dt.date(2026, 4, 30)


@pytest.fixture
def person(db: None) -> User:
    return UserFactory(full_name="Officer A")


@pytest.fixture
def to(db: None) -> User:
    return UserFactory(full_name="Officer B")


@pytest.fixture
def hand_over(person: User, to: User, office: User, at: dt.datetime) -> Callable[..., int]:
    return lambda **given: hand_over_risks(
        **{"person": person, "to": to, "reason": "They left.", "by": office, "at": at} | given
    )


def closed(**given: Any) -> Risk:
    return RiskFactory(state=State.CLOSED, closed_on=TODAY, **given)


def test_everything_open_is_handed_over_and_nothing_else(hand_over: Callable[..., int], person: User, to: User) -> None:
    theirs, was_theirs, other = RiskFactory(owner=person), closed(owner=person), RiskFactory()
    owned = [
        MitigationFactory(risk=other, owner=person, status=MitigationStatus.UNDER_WAY, due_date=DUE),
        MitigationFactory(risk=theirs, owner=other.owner),
        MitigationFactory(risk=was_theirs, owner=person),
    ]

    assert hand_over() == 2

    assert [Risk.objects.get(pk=r.pk).owner for r in (theirs, was_theirs, other)] == [to, person, other.owner]
    assert [Risk.objects.get(pk=r.pk).version for r in (theirs, was_theirs, other)] == [2, 1, 1]
    assert [Mitigation.objects.get(pk=m.pk).owner for m in owned] == [to, other.owner, person]
    assert [Mitigation.objects.get(pk=m.pk).version for m in owned] == [2, 1, 1]


def test_each_of_them_keeps_whose_it_was(
    hand_over: Callable[..., int], person: User, to: User, office: User, at: dt.datetime
) -> None:
    risk = RiskFactory(owner=person)
    mitigation = MitigationFactory(risk=risk, status=MitigationStatus.UNDER_WAY, due_date=DUE)

    assert hand_over(reason=" They\r\nleft. ") == 2

    change = RiskChange.objects.get()
    assert (change.risk, change.field, change.was, change.now) == (risk, "owner", "Officer A", "Officer B")
    assert (change.changed_on, change.reason, change.created_by) == (TODAY, "They\nleft.", office)
    update = MitigationUpdate.objects.first()
    assert (update.mitigation, update.owner, update.note) == (mitigation, to, "They\nleft.")
    assert (update.status, update.due_date, update.dated_on) == (MitigationStatus.UNDER_WAY, DUE, TODAY)
    assert {(row.created_by, row.created_at) for row in (change, update)} == {(office, at)}


def test_without_anything_nothing_is_written(hand_over: Callable[..., int]) -> None:
    RiskFactory()

    assert hand_over() == 0
    assert not RiskChange.objects.exists()


def test_a_hand_over_names_somebody_else_who_is_here_and_says_why(
    hand_over: Callable[..., int], person: User, office: User, at: dt.datetime
) -> None:
    RiskFactory(owner=person)
    left = UserFactory(full_name="Officer Gone", is_active=False, deactivated_at=at, deactivated_by=office)

    assert faults(lambda: hand_over(to=person)) == {"to": "Choose somebody else."}
    assert faults(lambda: hand_over(to=left)) == {
        "to": "Officer Gone no longer has an account here. Choose somebody else."
    }
    assert faults(lambda: hand_over(reason=" \r\n ")) == {"reason": "Say why the risks are handed over."}
    assert (Risk.objects.get().owner, Risk.objects.get().version) == (person, 1)


def test_who_left_already_can_be_handed_over_from(
    hand_over: Callable[..., int], office: User, to: User, at: dt.datetime
) -> None:
    left = UserFactory(is_active=False, deactivated_at=at, deactivated_by=office)
    RiskFactory(owner=left)

    assert hand_over(person=left) == 1
    assert Risk.objects.get().owner == to


def test_a_hand_over_takes_the_same_queries_whatever_the_number(
    hand_over: Callable[..., int], count_queries: Callable[[Callable[[], Any]], int]
) -> None:
    def leave(number: int) -> int:
        person = UserFactory()
        for risk in RiskFactory.create_batch(number, owner=person):
            MitigationFactory(risk=risk)
        return count_queries(lambda: hand_over(person=person))

    assert leave(2) == leave(25)
