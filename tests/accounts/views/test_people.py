import re
from collections.abc import Callable
from smtplib import SMTPServerDisconnected

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from accounts import services
from accounts.models import AccountChange, Role, User
from tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


class EmailServerAway(EmailBackend):
    def send_messages(self, messages: object) -> int:
        raise SMTPServerDisconnected("away")


def invitation(**changes: object) -> dict[str, object]:
    organisation = OrganisationFactory()
    given = {"email": "new@test.example", "full_name": "Officer New", "organisation": organisation.pk}
    return {**given, "roles": ["officer"], **changes}


def test_people_list_shows_names_to_everyone_and_addresses_to_nobody(officer: User, signed_in: SignedIn) -> None:
    other = UserFactory(full_name="Officer Other", job_title="Head of inclusion")

    page = signed_in(officer).get("/people/").content.decode()

    assert "Officer Other" in page
    assert "Head of inclusion" in page
    assert other.email not in page
    assert "Invite someone" not in page


def test_people_list_leaves_out_those_who_left(office: User, officer: User, at: object, signed_in: SignedIn) -> None:
    services.deactivate_person(person=officer, by=office, at=at, reason="Left.")
    browser = signed_in(office)

    assert officer.full_name not in browser.get("/people/").content.decode()
    assert officer.full_name in browser.get("/people/?state=deactivated").content.decode()
    assert officer.full_name not in signed_in(UserFactory()).get("/people/?state=deactivated").content.decode()


def test_people_list_sorts_by_what_was_asked(office: User, signed_in: SignedIn) -> None:
    UserFactory(full_name="Aa")
    UserFactory(full_name="Zz")

    people = signed_in(office).get("/people/?sort=-name").context["object_list"]

    names = [person.full_name for person in people]
    assert names == sorted(names, reverse=True)


def test_people_list_makes_as_many_queries_for_2_as_for_25(
    office: User, signed_in: SignedIn, count_queries: Callable[..., int]
) -> None:
    browser = signed_in(office)
    UserFactory()
    few = count_queries(lambda: browser.get("/people/"))
    for number in range(23):
        UserFactory(organisation=OrganisationFactory(name=f"School {number}"))

    assert count_queries(lambda: browser.get("/people/")) == few


def test_person_detail_keeps_history_and_address_to_the_office(
    office: User, officer: User, at: object, signed_in: SignedIn
) -> None:
    services.edit_person(person=officer, by=office, at=at, job_title="Head of inclusion")
    address = f"/people/{officer.pk}/"

    for_office = signed_in(office).get(address).content.decode()
    for_other = signed_in(UserFactory()).get(address).content.decode()

    assert "Job title: none → Head of inclusion" in for_office
    assert officer.email in for_office
    assert "Head of inclusion" in for_other
    assert "none →" not in for_other
    assert officer.email not in for_other


def test_person_detail_of_somebody_who_left_is_not_found(
    office: User, officer: User, board_member: User, at: object, signed_in: SignedIn
) -> None:
    services.deactivate_person(person=officer, by=office, at=at, reason="Left.")

    assert signed_in(board_member).get(f"/people/{officer.pk}/").status_code == 404
    assert "Reactivate" in signed_in(office).get(f"/people/{officer.pk}/").content.decode()


def test_person_detail_makes_as_many_queries_for_2_changes_as_for_25(
    office: User, officer: User, at: object, signed_in: SignedIn, count_queries: Callable[..., int]
) -> None:
    browser = signed_in(office)

    def change(times: int) -> None:
        for number in range(times):
            services.edit_person(person=officer, by=UserFactory(), at=at, job_title=f"Job {number} {times}")

    change(2)
    few = count_queries(lambda: browser.get(f"/people/{officer.pk}/"))
    change(23)

    assert count_queries(lambda: browser.get(f"/people/{officer.pk}/")) == few


def test_invitation_end_to_end(office: User, signed_in: SignedIn, client: Client) -> None:
    done = signed_in(office).post("/people/invite/", invitation(), follow=True)
    assert "An invitation is on its way to new@test.example." in done.content.decode()
    person = User.objects.get(email="new@test.example")
    assert [change.kind for change in person.changes.order_by("pk")] == ["invited", "invitation_sent"]

    message = mail.outbox[0]
    assert message.to == ["new@test.example"]
    assert office.full_name in message.body
    link = re.search(r"http://testserver(\S+)", message.body)[1]
    form = client.get(link, follow=True)
    assert "Choose a password" in form.content.decode()
    client.post(form.redirect_chain[-1][0], {"password1": "three random words"})
    answer = client.post("/account/sign-in/", {"login": "new@test.example", "password": "three random words"})

    assert answer.url == "/"
    assert client.get("/account/").status_code == 200


def test_invitation_shows_every_error_at_its_field_and_keeps_what_was_typed(office: User, signed_in: SignedIn) -> None:
    page = signed_in(office).post("/people/invite/", {"full_name": "Officer New", "email": "nonsense"}).content.decode()

    assert "<title>Error: Invite someone" in page
    assert 'value="Officer New"' in page
    for field, words in (
        ("email", "correct format"),
        ("organisation", "Select an organisation."),
        ("roles", "one role"),
    ):
        assert re.search(rf'<a href="#id_{field}">[^<]*{words}', page)
    assert 'type="checkbox"' in page


def test_invitation_of_a_known_address_is_refused_at_the_field(
    office: User, officer: User, signed_in: SignedIn
) -> None:
    data = invitation(email=officer.email.upper())

    page = signed_in(office).post("/people/invite/", data).content.decode()

    assert '<a href="#id_email">There is already a person with this email address.</a>' in page
    assert not mail.outbox


def test_second_click_on_invite_sends_no_second_invitation(office: User, signed_in: SignedIn) -> None:
    browser, data = signed_in(office), invitation()

    browser.post("/people/invite/", data)
    browser.post("/people/invite/", data)

    assert len(mail.outbox) == 1
    assert User.objects.filter(email="new@test.example").count() == 1


def test_invitation_is_not_lost_while_the_email_server_is_away(
    office: User, signed_in: SignedIn, settings: object
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.EmailServerAway"
    browser = signed_in(office)

    page = browser.post("/people/invite/", invitation(), follow=True).content.decode()

    assert "The email server did not take the invitation" in page
    person = User.objects.get(email="new@test.example")
    assert person in User.objects.without_invitation()

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    browser.post(f"/people/{person.pk}/invitation/")
    assert mail.outbox[0].to == ["new@test.example"]
    assert person not in User.objects.without_invitation()


def test_sending_again_ends_with_the_first_password(office: User, signed_in: SignedIn, client: Client) -> None:
    browser = signed_in(office)
    browser.post("/people/invite/", invitation())
    person = User.objects.get(email="new@test.example")
    browser.post(f"/people/{person.pk}/invitation/")
    links = [re.search(r"http://testserver(\S+)", message.body)[1] for message in mail.outbox]
    form = client.get(links[1], follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": "three random words"})

    assert "This link no longer works" in Client().get(links[0], follow=True).content.decode()
    # Nor does the office get to reset the password of somebody who has one.
    browser.post(f"/people/{person.pk}/invitation/")
    assert len(mail.outbox) == 2 + 1  # the two invitations, and the word that the password was set
    assert mail.outbox[-1].subject == "Your password was reset"


def test_invitations_go_to_everybody_who_has_none(office: User, at: object, signed_in: SignedIn) -> None:
    for number in range(3):
        services.invite_person(
            email=f"new{number}@test.example", full_name="New", roles=["officer"], organisation=OrganisationFactory(),
            by=office, at=at,
        )  # fmt: skip
    browser = signed_in(office)
    assert "3 people have not been sent an invitation yet." in browser.get("/people/").content.decode()

    page = browser.post("/people/invitations/", follow=True).content.decode()

    assert "Invitations sent: 3." in page
    assert sorted(message.to[0] for message in mail.outbox) == [f"new{number}@test.example" for number in range(3)]
    browser.post("/people/invitations/")
    assert len(mail.outbox) == 3


def test_edit_changes_a_person(office: User, officer: User, signed_in: SignedIn) -> None:
    browser, address = signed_in(office), f"/people/{officer.pk}/edit/"
    assert f'value="{officer.email}"' in browser.get(address).content.decode()

    data = invitation(email=officer.email, full_name="Officer Renamed", roles=["sro"])
    assert browser.post(address, data).url == f"/people/{officer.pk}/"

    officer.refresh_from_db()
    assert (officer.full_name, officer.roles) == ("Officer Renamed", [Role.SRO])


def test_edit_shows_what_the_service_refuses_at_its_field(office: User, signed_in: SignedIn) -> None:
    data = invitation(email=office.email, roles=["officer"])

    page = signed_in(office).post(f"/people/{office.pk}/edit/", data).content.decode()

    assert '<a href="#id_roles">This is the last active person in the programme office.' in page


def test_reactivate_sends_a_new_invitation(office: User, officer: User, at: object, signed_in: SignedIn) -> None:
    services.deactivate_person(person=officer, by=office, at=at, reason="Left.")
    browser = signed_in(office)

    page = browser.post(f"/people/{officer.pk}/reactivate/", {"reason": "Back from leave."}, follow=True)

    assert "is active again. An invitation is on its way" in page.content.decode()
    assert mail.outbox[0].to == [officer.email]
    assert officer.changes.filter(kind=AccountChange.Kind.REACTIVATED, note="Back from leave.").exists()


def test_two_step_is_removed_with_a_reason(office: User, officer: User, signed_in: SignedIn) -> None:
    Authenticator.objects.create(user=officer, type=Authenticator.Type.TOTP, data={})
    browser, address = signed_in(office), f"/people/{officer.pk}/two-step/"

    assert '<a href="#id_reason">' in browser.post(address, {}).content.decode()
    browser.post(address, {"reason": "Lost phone; rang back."})

    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.PROGRAMME_OFFICE])
@pytest.mark.parametrize(
    "address",
    [
        "invite/",
        "invitations/",
        "{pk}/edit/",
        "{pk}/invitation/",
        "{pk}/reactivate/",
        "{pk}/two-step/",
        "{pk}/deactivate/",
    ],
)
def test_managing_people_is_refused_to(officer: User, role: Role, address: str, signed_in: SignedIn) -> None:
    browser = signed_in(UserFactory(roles=[role]))
    address = f"/people/{address.format(pk=officer.pk)}"

    assert browser.get(address).status_code == 403
    assert browser.post(address, {}).status_code == 403
