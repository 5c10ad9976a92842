"""People as a spreadsheet: new ones are let in without an email, known ones are edited, nobody is made by accident."""

import pytest
from django.core import mail

from accounts.models import AccountChange, Organisation, Role, User
from accounts.resources import PersonResource
from tests.factories import OrganisationFactory, UserFactory
from tests.factories.sheets import faults, read, xlsx

pytestmark = pytest.mark.django_db
HEADINGS = ["Email", "Name", "Organisation", "Job title", "Roles"]


def test_new_person_is_let_in_without_an_email(office: User) -> None:
    row = [
        "New.Officer@Test.Example",
        "Officer New",
        "county  council",
        "Manager",
        "officer; Senior responsible officer",
    ]

    report = read(PersonResource, xlsx([HEADINGS, row]), by=office)

    assert faults(report) == []
    person = User.objects.get(email="new.officer@test.example")
    assert person.roles == [Role.OFFICER, Role.SRO]
    assert person.organisation == office.organisation
    assert not person.has_usable_password()
    assert AccountChange.objects.get(user=person).created_by == office
    assert mail.outbox == []


def test_known_person_is_edited_and_the_history_says_by_whom(office: User) -> None:
    person = UserFactory(email="a@test.example", full_name="Officer Old", roles=[Role.OFFICER], job_title="Lead")
    row = ["A@TEST.EXAMPLE", "Officer Renamed", "New Trust", None, "Officer, SRO"]

    report = read(PersonResource, xlsx([HEADINGS, row]), by=office)

    assert [str(line) for line in report.effects] == [
        "row 2, a@test.example, Name: Officer Old → Officer Renamed",
        "row 2, a@test.example, Organisation: County Council → New Trust",
        "row 2, a@test.example, Job title: Lead → (blank)",
        "row 2, a@test.example, Roles: Officer → Officer, Senior responsible officer",
    ]
    person.refresh_from_db()
    assert (person.full_name, person.organisation.name, person.job_title) == ("Officer Renamed", "New Trust", "")
    assert AccountChange.objects.filter(user=person, created_by=office).count() == 1
    assert read(PersonResource, xlsx([HEADINGS, row]), by=office).unchanged == 1


def test_new_organisation_is_made_once_and_announced(office: User) -> None:
    rows = [
        [f"o{n}@test.example", f"Officer {n}x", name, None, "officer"] for n, name in enumerate(["Forum", " forum "])
    ]

    preview = read(PersonResource, xlsx([HEADINGS, *rows]), by=office, write=False)
    assert preview.notices == ["New organisation: Forum"]
    assert not Organisation.objects.filter(name="Forum").exists()
    read(PersonResource, xlsx([HEADINGS, *rows]), by=office)
    assert Organisation.objects.filter(name="Forum").count() == 1


def test_faulty_people_are_reported_cell_by_cell(office: User) -> None:
    OrganisationFactory()
    rows = [
        ["not an address", "A", "County Council", None, "officer"],
        ["b@test.example", "", "X", None, "king, officer"],
    ]

    assert faults(read(PersonResource, xlsx([HEADINGS, *rows]), by=office)) == [
        'row 2, Email: "not an address" is not an email address',
        "row 3, Name: is missing",
        f'row 3, Roles: "king, officer" is not one of: {", ".join(Role.labels)}',
    ]


def test_last_of_the_programme_office_keeps_the_role(office: User) -> None:
    row = [office.email, office.full_name, office.organisation.name, None, "officer"]

    assert "Roles" in faults(read(PersonResource, xlsx([HEADINGS, row]), by=office))[0]
    office.refresh_from_db()
    assert office.roles == [Role.PROGRAMME_OFFICE]
