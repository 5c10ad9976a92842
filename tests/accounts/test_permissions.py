import pytest

from accounts import services
from accounts.models import ApiToken, Role, User
from accounts.permissions import Perm
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", list(Role))
def test_managing_people_is_for_the_programme_office_alone(role: Role) -> None:
    assert UserFactory(roles=[role]).has_perm(Perm.MANAGE_PEOPLE) is (role == Role.PROGRAMME_OFFICE)


@pytest.mark.parametrize("role", list(Role))
def test_everyone_reads_names_and_has_an_account(role: Role) -> None:
    person = UserFactory(roles=[role])

    assert person.has_perm(Perm.VIEW_PEOPLE)
    assert person.has_perm(Perm.OWN_ACCOUNT)


def test_the_deactivated_have_no_permission_at_all(office: User) -> None:
    office.is_active = False

    assert not any(office.has_perm(permission) for permission in Perm)


def test_an_unknown_permission_is_refused(office: User) -> None:
    assert not office.has_perm("accounts.fly")


def test_a_token_is_revoked_by_its_owner_or_the_office(officer: User, analyst: User, office: User, at: object) -> None:
    services.issue_token(user=analyst, days=30, name="Extract", by=analyst, at=at)
    token = ApiToken.objects.get()

    assert analyst.has_perm(Perm.REVOKE_TOKEN, token)
    assert office.has_perm(Perm.REVOKE_TOKEN, token)
    assert not officer.has_perm(Perm.REVOKE_TOKEN, token)
