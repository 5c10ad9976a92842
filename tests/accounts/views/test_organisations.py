from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Organisation, User
from tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


def test_organisation_list_counts_people_with_access(
    office: User, officer: User, at: object, signed_in: SignedIn
) -> None:
    UserFactory(is_active=False, deactivated_at=at, deactivated_by=office)

    organisations = signed_in(officer).get("/organisations/").context["object_list"]

    assert [organisation.active_people for organisation in organisations] == [2]


def test_organisation_list_makes_as_many_queries_for_2_as_for_25(
    office: User, signed_in: SignedIn, count_queries: Callable[..., int]
) -> None:
    browser = signed_in(office)
    OrganisationFactory(name="Integrated Care Board")
    few = count_queries(lambda: browser.get("/organisations/"))
    for number in range(23):
        OrganisationFactory(name=f"School {number}")

    assert count_queries(lambda: browser.get("/organisations/")) == few


def test_organisation_is_added_and_renamed(office: User, signed_in: SignedIn) -> None:
    browser = signed_in(office)
    browser.post("/organisations/new/", {"name": "Hill School", "kind": "school"})
    added = Organisation.objects.get(name="Hill School")

    page = browser.post(f"/organisations/{added.pk}/edit/", {"name": "Hill Academy", "kind": "school"}, follow=True)

    assert "Hill Academy" in page.content.decode()
    history = browser.get(f"/organisations/{added.pk}/edit/").content.decode()
    assert "Name: Hill School → Hill Academy" in history


def test_organisation_is_not_added_twice(office: User, signed_in: SignedIn) -> None:
    page = signed_in(office).post("/organisations/new/", {"name": "county council", "kind": "other"}).content.decode()

    assert '<a href="#id_name">There is already an organisation with this name.</a>' in page


def test_organisations_are_the_offices_to_change(officer: User, signed_in: SignedIn) -> None:
    browser = signed_in(officer)

    assert "Add an organisation" not in browser.get("/organisations/").content.decode()
    for address in ("/organisations/new/", f"/organisations/{officer.organisation_id}/edit/"):
        assert browser.get(address).status_code == 403
