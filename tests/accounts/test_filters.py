import datetime as dt

import pytest
from django.test import RequestFactory

from accounts.filters import PersonFilter
from accounts.models import Role, User
from tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(office: User, at: dt.datetime) -> dict[str, User]:
    health = OrganisationFactory(name="Integrated Care Board")
    return {
        "office": office,
        "lead": UserFactory(full_name="Officer Lead", job_title="Head of inclusion", last_login=at),
        "nurse": UserFactory(full_name="Officer Nurse", organisation=health, roles=[Role.OFFICER, Role.SRO]),
        "gone": UserFactory(full_name="Officer Gone", is_active=False, deactivated_at=at, deactivated_by=office),
    }


def found(people: dict[str, User], asking: str = "office", **query: object) -> set[str]:
    request = RequestFactory().get("/people/")
    request.user = people[asking]
    names = {person.pk: name for name, person in people.items()}
    return {names[person.pk] for person in PersonFilter(query, User.objects.all(), request=request).qs}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param({}, {"office", "lead", "nurse"}, id="nothing asked: those with access"),
        pytest.param({"q": "inclusion lead"}, {"lead"}, id="words in any order, in name and job title"),
        pytest.param({"role": "sro"}, {"nurse"}, id="role"),
        pytest.param({"state": "active"}, {"lead"}, id="signed in before"),
        pytest.param({"state": "not_signed_in_yet"}, {"office", "nurse"}, id="not signed in yet"),
        pytest.param({"state": "deactivated"}, {"gone"}, id="deactivated"),
        pytest.param({"state": "all"}, {"office", "lead", "nurse", "gone"}, id="everybody"),
        pytest.param({"role": "nonsense"}, {"office", "lead", "nurse"}, id="nonsense"),
    ],
)
def test_people_are_found_by(people: dict[str, User], query: dict[str, str], names: set[str]) -> None:
    assert found(people, **query) == names


def test_people_are_found_by_organisation(people: dict[str, User]) -> None:
    assert found(people, organisation=people["nurse"].organisation_id) == {"nurse"}


def test_people_are_found_by_email_by_the_office_alone(people: dict[str, User]) -> None:
    address = people["lead"].email

    assert found(people, q=address) == {"lead"}
    assert found(people, asking="nurse", q=address) == set()
