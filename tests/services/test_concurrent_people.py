"""Two people at once in the programme office: each race ends as if one had come after the other."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Role, User
from accounts.services import deactivate_person, edit_person, invite_person
from tests.factories import OrganisationFactory, UserFactory
from tests.services.test_concurrent_saves import ROUNDS, race

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_programme_officers_who_remove_each_other_leave_one(at: dt.datetime, _round: int) -> None:
    one, other = UserFactory.create_batch(2, roles=[Role.PROGRAMME_OFFICE])

    outcomes = race(
        lambda: deactivate_person(person=other, by=one, at=at, reason="Left."),
        lambda: edit_person(person=one, by=other, at=at, roles=[Role.OFFICER]),
    )

    assert {type(outcome) for outcome in outcomes} == {User, ValidationError}
    assert User.objects.active().with_role(Role.PROGRAMME_OFFICE).count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_a_second_click_on_invite_invites_nobody_twice(at: dt.datetime, _round: int) -> None:
    organisation, office = OrganisationFactory(), UserFactory(roles=[Role.PROGRAMME_OFFICE])

    def inviting(email: str) -> Callable[[], User]:
        return lambda: invite_person(
            email=email, full_name="Officer New", organisation=organisation, roles=[Role.OFFICER], by=office, at=at
        )

    outcomes = race(inviting("new@test.example"), inviting("New@Test.example"))

    assert {type(outcome) for outcome in outcomes} == {User, ValidationError}
    assert User.objects.filter(email="new@test.example").count() == 1
