import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from accounts import services
from accounts.models import AccountChange, ApiToken, OrganisationChange, Role, User
from tests.factories import OrganisationFactory, UserFactory
from tests.factories.accounts import PASSWORD

pytestmark = pytest.mark.django_db
Kind = AccountChange.Kind


@pytest.fixture
def invite(office: User, at: dt.datetime) -> Callable[..., User]:
    def call(**changes: Any) -> User:
        given = {"email": "new@test.example", "full_name": "Officer New", "roles": ["officer"]}
        given |= {"organisation": OrganisationFactory(), "by": office, "at": at, **changes}
        return services.invite_person(**given)

    return call


def kinds_of(person: User) -> list[str]:
    return list(person.changes.order_by("pk").values_list("kind", flat=True))


def test_invite_person_makes_somebody_who_has_no_password_yet(invite: Callable[..., User], office: User) -> None:
    person = invite(email="  New.Person@Test.Example ", roles=["programme_office", "officer"], job_title=" Lead ")

    assert person.email == "new.person@test.example"
    assert person.job_title == "Lead"
    assert person.roles == ["officer", "programme_office"]  # always in the order of Role
    assert not person.has_usable_password()
    assert person.created_by == office
    assert kinds_of(person) == [Kind.INVITED]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"email": "not an address"}, "email", id="email is no address"),
        pytest.param({"email": ""}, "email", id="no email"),
        pytest.param({"full_name": "  "}, "full_name", id="no name"),
        pytest.param({"roles": []}, "roles", id="no role"),
        pytest.param({"roles": ["wizard"]}, "roles", id="unknown role"),
        pytest.param({"roles": ["officer", "officer"]}, "roles", id="a role twice"),
    ],
)
def test_invite_person_refuses(invite: Callable[..., User], changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        invite(**changes)

    assert list(refusal.value.message_dict) == [field]
    assert not User.objects.filter(full_name="Officer New").exists()


def test_invite_person_refuses_a_known_address_in_other_case(invite: Callable[..., User]) -> None:
    UserFactory(email="known@test.example")

    with pytest.raises(ValidationError) as refusal:
        invite(email="KNOWN@Test.example")

    assert refusal.value.message_dict == {"email": ["There is already a person with this email address."]}


def test_invite_person_refuses_an_address_that_another_request_saved_since_it_was_checked(
    invite: Callable[..., User],
) -> None:
    """A second click on the button, or two officers at once: the constraint decides, the words are the same."""

    organisation = OrganisationFactory()
    others = iter(["new@test.example"])

    def other_request(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT") and (email := next(others, None)):
            UserFactory(email=email, organisation=organisation)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(other_request), pytest.raises(ValidationError) as refusal, transaction.atomic():
        invite(email="new@test.example")

    assert refusal.value.message_dict == {"email": ["There is already a person with this email address."]}


def test_edit_person_records_what_changed_and_from_what(officer: User, office: User, at: dt.datetime) -> None:
    board = OrganisationFactory(name="Integrated Care Board")

    services.edit_person(
        person=officer, by=office, at=at, full_name="Officer Renamed", roles=["analyst", "officer"], organisation=board
    )

    officer.refresh_from_db()
    assert (officer.full_name, officer.roles, officer.organisation) == (
        "Officer Renamed",
        ["officer", "analyst"],
        board,
    )
    change = officer.changes.get()
    assert change.kind == Kind.EDITED
    assert "Roles: Officer → Officer, Analyst" in change.note
    assert "Organisation: County Council → Integrated Care Board" in change.note


def test_edit_person_records_nothing_where_nothing_changed(officer: User, office: User, at: dt.datetime) -> None:
    services.edit_person(person=officer, by=office, at=at, full_name=officer.full_name, roles=officer.roles)

    assert not officer.changes.exists()


def test_edit_person_takes_the_old_email_address_off_sign_in(officer: User, office: User, at: dt.datetime) -> None:
    # allauth keeps addresses in a table of its own and signs people in by any of them.
    EmailAddress.objects.create(user=officer, email=officer.email)

    services.edit_person(person=officer, by=office, at=at, email="Moved@test.example")

    officer.refresh_from_db()
    assert officer.email == "moved@test.example"
    assert not EmailAddress.objects.filter(user=officer).exists()


def test_edit_person_refuses_somebody_elses_address(officer: User, office: User, at: dt.datetime) -> None:
    with pytest.raises(ValidationError) as refusal:
        services.edit_person(person=officer, by=office, at=at, email=office.email.upper())

    assert "email" in refusal.value.message_dict


def test_edit_person_keeps_a_programme_officer(office: User, at: dt.datetime) -> None:
    with pytest.raises(ValidationError) as refusal:
        services.edit_person(person=office, by=office, at=at, roles=["officer"])

    assert "last active person in the programme office" in refusal.value.message_dict["roles"][0]


def test_edit_person_lets_a_programme_officer_go_while_another_stays(office: User, at: dt.datetime) -> None:
    UserFactory(roles=[Role.PROGRAMME_OFFICE])

    assert services.edit_person(person=office, by=office, at=at, roles=["officer"]).roles == ["officer"]


def test_deactivate_person_ends_password_and_tokens(officer: User, office: User, at: dt.datetime) -> None:
    services.issue_token(user=officer, days=30, name="Extract", by=officer, at=at)

    services.deactivate_person(person=officer, by=office, at=at, reason="Left the council.")

    officer.refresh_from_db()
    assert not officer.is_active
    assert (officer.deactivated_at, officer.deactivated_by) == (at, office)
    assert not officer.check_password(PASSWORD)
    assert not ApiToken.objects.exists()
    assert officer.changes.first().note == "Left the council."


def test_deactivate_person_needs_a_reason(officer: User, office: User, at: dt.datetime) -> None:
    with pytest.raises(ValidationError) as refusal:
        services.deactivate_person(person=officer, by=office, at=at, reason=" ")

    assert "reason" in refusal.value.message_dict
    officer.refresh_from_db()
    assert officer.is_active


def test_deactivate_person_refuses_oneself(office: User, at: dt.datetime) -> None:
    UserFactory(roles=[Role.PROGRAMME_OFFICE])

    with pytest.raises(ValidationError, match="cannot deactivate yourself"):
        services.deactivate_person(person=office, by=office, at=at, reason="Tired.")


def test_deactivate_person_keeps_the_last_programme_officer(office: User, at: dt.datetime) -> None:
    # Inactive colleagues do not count.
    UserFactory(roles=[Role.PROGRAMME_OFFICE], is_active=False, deactivated_at=at, deactivated_by=office)

    with pytest.raises(ValidationError, match="last active person"):
        services.deactivate_person(person=office, by=UserFactory(), at=at, reason="Left.")


def test_deactivate_person_refuses_twice(officer: User, office: User, at: dt.datetime) -> None:
    services.deactivate_person(person=officer, by=office, at=at, reason="Left.")

    with pytest.raises(ValidationError, match="already deactivated"):
        services.deactivate_person(person=officer, by=office, at=at, reason="Left.")


def test_reactivate_person_gives_back_roles_but_no_password(officer: User, office: User, at: dt.datetime) -> None:
    services.deactivate_person(person=officer, by=office, at=at, reason="Left.")
    services.reactivate_person(person=officer, by=office, at=at, reason="Came back.")

    officer.refresh_from_db()
    assert officer.is_active
    assert officer.deactivated_at is None
    assert officer.roles == [Role.OFFICER]
    assert not officer.has_usable_password()
    assert kinds_of(officer) == [Kind.DEACTIVATED, Kind.REACTIVATED]
    with pytest.raises(ValidationError, match="already active"):
        services.reactivate_person(person=officer, by=office, at=at)


def test_without_invitation_finds_those_who_wait_for_an_email(
    invite: Callable[..., User], officer: User, office: User, at: dt.datetime
) -> None:
    waiting, sent, back = (invite(email=f"{name}@test.example") for name in ("waiting", "sent", "back"))
    for person in (sent, back):
        services.record_invitation_sent(person=person, by=office, at=at)
    services.deactivate_person(person=back, by=office, at=at, reason="Left.")
    services.reactivate_person(person=back, by=office, at=at)

    assert set(User.objects.without_invitation()) == {waiting, back}


def test_record_invitation_sent_refuses_the_deactivated(officer: User, office: User, at: dt.datetime) -> None:
    services.deactivate_person(person=officer, by=office, at=at, reason="Left.")
    officer.refresh_from_db()

    with pytest.raises(ValidationError, match="Reactivate them"):
        services.record_invitation_sent(person=officer, by=office, at=at)


def test_remove_two_step_needs_a_reason_and_something_to_remove(officer: User, office: User, at: dt.datetime) -> None:
    with pytest.raises(ValidationError, match="does not use"):
        services.remove_two_step(person=officer, by=office, at=at, reason="Lost phone.")
    Authenticator.objects.create(user=officer, type=Authenticator.Type.TOTP, data={})
    with pytest.raises(ValidationError) as refusal:
        services.remove_two_step(person=officer, by=office, at=at, reason="")
    assert "reason" in refusal.value.message_dict

    services.remove_two_step(person=officer, by=office, at=at, reason="Lost phone; rang back.")

    assert not Authenticator.objects.exists()
    assert kinds_of(officer) == [Kind.TWO_STEP_REMOVED]


def test_add_organisation_tidies_its_name_and_refuses_it_twice(office: User, at: dt.datetime) -> None:
    added = services.add_organisation(name=" Hill  School ", kind="school", by=office, at=at)
    assert added.name == "Hill School"
    assert OrganisationChange.objects.get().created_by == office

    with pytest.raises(ValidationError) as refusal:
        services.add_organisation(name="HILL SCHOOL", kind="school", by=office, at=at)
    assert refusal.value.message_dict == {"name": ["There is already an organisation with this name."]}


def test_edit_organisation_records_what_changed(office: User, at: dt.datetime) -> None:
    organisation = OrganisationFactory(name="Hill School", kind="other")

    services.edit_organisation(organisation=organisation, by=office, at=at, name="Hill School", kind="school")
    services.edit_organisation(organisation=organisation, by=office, at=at, name="Hill School", kind="school")

    assert [change.note for change in organisation.changes.all()] == ["Kind: Other → School or setting"]


def test_issue_token_keeps_only_a_digest(officer: User, at: dt.datetime) -> None:
    text = services.issue_token(user=officer, days=90, name="Power BI", by=officer, at=at)

    token = ApiToken.objects.get()
    assert len(text) == 64
    assert token.expiry == at + dt.timedelta(days=90)
    assert token.digest != text
    assert text.startswith(token.token_key)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_apitoken")
        assert text not in str(cursor.fetchall())
    change = officer.changes.get()
    assert change.kind == Kind.TOKEN_ISSUED
    assert text not in change.note


@pytest.mark.parametrize("days", [0, -1, 367])
def test_issue_token_refuses_a_length_of(officer: User, at: dt.datetime, days: int) -> None:
    with pytest.raises(ValidationError) as refusal:
        services.issue_token(user=officer, days=days, name="Extract", by=officer, at=at)

    assert "days" in refusal.value.message_dict


def test_issue_token_refuses_the_deactivated(officer: User, office: User, at: dt.datetime) -> None:
    officer = services.deactivate_person(person=officer, by=office, at=at, reason="Left.")

    with pytest.raises(ValidationError, match="deactivated"):
        services.issue_token(user=officer, days=30, name="Extract", by=office, at=at)


def test_revoke_token_ends_it_once(officer: User, office: User, at: dt.datetime) -> None:
    services.issue_token(user=officer, days=30, name="Extract", by=officer, at=at)
    token = ApiToken.objects.get()

    services.revoke_token(token=token, by=office, at=at)
    services.revoke_token(token=token, by=office, at=at)

    assert not ApiToken.objects.exists()
    assert kinds_of(officer) == [Kind.TOKEN_ISSUED, Kind.TOKEN_REVOKED]
    assert officer.changes.first().created_by == office


def test_edit_person_refuses_fields_that_are_not_for_editing(officer: User, office: User, at: dt.datetime) -> None:
    with pytest.raises(TypeError, match="is_active"):
        services.edit_person(person=officer, by=office, at=at, is_active=False)
