import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Role, User
from core.models import AppendOnlyError
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_with_role_finds_any_of_the_roles() -> None:
    both = UserFactory(roles=[Role.OFFICER, Role.SRO])
    officer = UserFactory(roles=[Role.OFFICER])
    UserFactory(roles=[Role.ANALYST])

    assert set(User.objects.with_role(Role.OFFICER)) == {both, officer}
    assert set(User.objects.with_role(Role.SRO)) == {both}


def test_visible_to_leaves_those_who_left_to_the_office(office: User, officer: User, at: dt.datetime) -> None:
    gone = UserFactory(is_active=False, deactivated_at=at, deactivated_by=office)

    assert set(User.objects.visible_to(office)) == {office, officer, gone}
    assert set(User.objects.visible_to(officer)) == {office, officer}
    assert not User.objects.visible_to(gone).exists()


def test_state_says_whether_a_person_can_use_the_portal(office: User, at: dt.datetime) -> None:
    gone = UserFactory(is_active=False, deactivated_at=at, deactivated_by=office)

    assert UserFactory().state == User.State.NOT_SIGNED_IN_YET
    assert UserFactory(last_login=at).state == User.State.ACTIVE
    assert gone.state == User.State.DEACTIVATED


def test_a_person_is_either_active_or_deactivated_at_some_time(at: dt.datetime) -> None:
    person = UserFactory()
    person.is_active = False

    with pytest.raises(ValidationError, match="either active or has a date"):
        person.full_clean()


def test_history_is_never_changed(office: User, at: dt.datetime) -> None:
    change = office.changes.create(kind="edited", created_at=at)

    for attempt in (change.save, change.delete, office.changes.all().delete):
        with pytest.raises(AppendOnlyError):
            attempt()
