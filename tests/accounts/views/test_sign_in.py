import re
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.auth.hashers import check_password, identify_hasher
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import User
from tests.factories import UserFactory
from tests.factories.accounts import PASSWORD

pytestmark = pytest.mark.django_db
SIGN_IN = "/account/sign-in/"


def sign_in(client: Client, email: str, password: str = PASSWORD, **query: str) -> object:
    return client.post(reverse("account_login", query=query), {"login": email, "password": password})


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_sign_in_takes_the_email_address_in_any_case(client: Client, officer: User) -> None:
    response = sign_in(client, f" {officer.email.upper()} ")

    assert response.url == "/"
    assert is_signed_in(client)


def test_sign_in_says_the_same_of_a_wrong_password_and_of_an_unknown_person(client: Client, officer: User) -> None:
    wrong = sign_in(client, officer.email, "not the password")
    unknown = sign_in(client, "nobody@test.example", "not the password")

    words = "The email address or the password is wrong. Check both and try again."
    pages = [page.content.decode() for page in (wrong, unknown)]
    assert all(f'<a href="#id_login">{words}</a>' in page for page in pages)
    assert all("<title>Error: Sign in" in page for page in pages)
    assert not is_signed_in(client)


def test_sign_in_asks_for_what_is_missing(client: Client) -> None:
    page = client.post(SIGN_IN, {}).content.decode()

    assert '<a href="#id_login">Enter your email address.</a>' in page
    assert '<a href="#id_password">Enter your password.</a>' in page


def test_sign_in_says_whom_to_ask_for_access(client: Client, settings: object) -> None:
    settings.OFFICE_EMAIL = "office@partnership.example"

    page = client.get(SIGN_IN).content.decode()

    assert 'href="mailto:office@partnership.example"' in page
    assert 'data-module="govuk-password-input"' in page


@pytest.mark.parametrize(
    ("asked", "reached"),
    [
        pytest.param("/people/?role=sro", "/people/?role=sro", id="a page of the portal"),
        pytest.param("https://evil.example/", "/", id="another site"),
        pytest.param("//evil.example/", "/", id="another site without a scheme"),
        pytest.param("javascript:alert(1)", "/", id="a script"),
    ],
)
def test_sign_in_goes_on_only_to_pages_of_the_portal(client: Client, officer: User, asked: str, reached: str) -> None:
    assert sign_in(client, officer.email, next=asked).url == reached


def test_pages_ask_for_sign_in_and_come_back(client: Client) -> None:
    assert client.get("/people/").url == f"{SIGN_IN}?next=/people/"


def test_sign_in_is_limited_for_one_address_even_with_the_right_password(client: Client, officer: User) -> None:
    for _attempt in range(5):
        sign_in(client, officer.email, "guess")

    page = sign_in(client, officer.email).content.decode()

    assert "Too many failed attempts to sign in." in page
    assert not is_signed_in(client)
    with time_machine.travel(time.time() + 301, tick=False):
        sign_in(client, officer.email)
        assert is_signed_in(client)


def test_sign_in_is_limited_for_one_computer_whatever_address_it_tries(client: Client) -> None:
    pages = [sign_in(client, f"guess{number}@test.example", "guess") for number in range(11)]

    assert "Too many failed attempts" not in pages[9].content.decode()
    assert "Too many failed attempts" in pages[10].content.decode()


def test_sign_in_posts_are_limited_with_a_page_that_says_so(client: Client) -> None:
    answers = [client.post(SIGN_IN, {}) for _attempt in range(31)]

    assert answers[29].status_code == 200
    assert answers[30].status_code == 429
    assert "Too many attempts" in answers[30].content.decode()


def test_passwords_are_kept_with_argon2(client: Client, officer: User) -> None:
    officer.set_password("three random words")

    assert identify_hasher(officer.password).algorithm == "argon2"


def test_signing_in_moves_an_older_hash_to_argon2(client: Client, officer: User) -> None:
    assert officer.password.startswith("pbkdf2")

    sign_in(client, officer.email)

    officer.refresh_from_db()
    assert officer.password.startswith("argon2")
    assert check_password(PASSWORD, officer.password)


def test_nobody_signs_up(client: Client) -> None:
    page = client.get("/account/access/").content.decode()
    client.post("/account/access/", {"email": "me@test.example", "password1": "three random words"})

    assert "Access is by invitation." in page
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "address", ["/account/signup/", "/account/email/", "/account/login/code/", "/account/password/set/"]
)
def test_pages_of_allauth_that_are_not_wanted_do_not_exist(officer: User, signed_in: object, address: str) -> None:
    assert signed_in(officer).get(address).status_code == 404


def test_sign_out_is_a_post_and_works_without_a_session_too(client: Client, officer: User) -> None:
    client.force_login(officer)
    assert "Do you want to sign out?" in client.get("/account/sign-out/").content.decode()
    assert is_signed_in(client)

    page = client.post("/account/sign-out/", follow=True)

    assert not is_signed_in(client)
    assert "You are signed out." in page.content.decode()
    assert client.post("/account/sign-out/").url == SIGN_IN


def test_deactivation_ends_the_session_at_once_and_sign_in_with_it(
    client: Client, officer: User, office: User, at: object
) -> None:
    sign_in(client, officer.email)
    assert client.get("/account/").status_code == 200

    services.deactivate_person(person=officer, by=office, at=at, reason="Left.")

    assert client.get("/account/").url == f"{SIGN_IN}?next=/account/"
    sign_in(client, officer.email)
    assert not is_signed_in(client)
    # Nor does the old session come back to life.
    services.reactivate_person(person=officer, by=office, at=at)
    assert client.get("/account/").status_code == 302


def test_roles_take_effect_with_the_next_click(client: Client, officer: User, office: User, at: object) -> None:
    client.force_login(officer)
    assert client.get("/people/invite/").status_code == 403

    services.edit_person(person=officer, by=office, at=at, roles=["officer", "programme_office"])
    assert client.get("/people/invite/").status_code == 200

    services.edit_person(person=officer, by=office, at=at, roles=["officer"])
    assert client.get("/people/invite/").status_code == 403


def test_change_password_asks_for_the_present_one_and_ends_other_sessions(client: Client, officer: User) -> None:
    elsewhere = Client()
    for browser in (client, elsewhere):
        sign_in(browser, officer.email)

    wrong = client.post("/account/password/", {"oldpassword": "guess", "password1": "three random words"})
    assert "This is not your current password." in wrong.content.decode()

    done = client.post("/account/password/", {"oldpassword": PASSWORD, "password1": "three random words"}, follow=True)

    assert "Your password is changed." in done.content.decode()
    assert elsewhere.get("/account/").status_code == 302
    assert mail.outbox[-1].subject == "Your password was changed"


@pytest.mark.parametrize(
    ("password", "words"),
    [
        pytest.param("", "Enter a new password.", id="none"),
        pytest.param("short", "at least 12 characters", id="short"),
        pytest.param("password1234", "too common", id="common"),
    ],
)
def test_change_password_refuses_weak_ones(client: Client, officer: User, password: str, words: str) -> None:
    client.force_login(officer)

    page = client.post("/account/password/", {"oldpassword": PASSWORD, "password1": password}).content.decode()

    assert words in page
    assert '<a href="#id_password1">' in page


def test_change_password_sends_those_without_one_to_choose_it_by_email(client: Client, officer: User) -> None:
    # They sign in with another organisation's account.
    officer.set_unusable_password()
    officer.save()
    client.force_login(officer)

    assert "Not set" in client.get("/account/").content.decode()
    assert client.get("/account/password/").url == "/account/password/reset/"


def test_reset_password_end_to_end(client: Client, officer: User) -> None:
    done = client.post("/account/password/reset/", {"email": officer.email.upper()}, follow=True)
    assert "Check your email" in done.content.decode()

    message = mail.outbox[0]
    assert message.to == [officer.email]
    link = re.search(r"http://testserver(\S+)", message.body)[1]
    form = client.get(link, follow=True)
    # The address in the browser has no key in it, so it cannot leak to another site.
    assert form.redirect_chain[-1][0].endswith("-set-password/")
    saved = client.post(form.redirect_chain[-1][0], {"password1": "three random words"}, follow=True)
    assert "Your password is saved" in saved.content.decode()

    assert sign_in(client, officer.email, "three random words").url == "/"
    assert "This link no longer works" in Client().get(link, follow=True).content.decode()


def test_reset_password_does_not_say_who_has_an_account(client: Client, officer: User) -> None:
    known = client.post("/account/password/reset/", {"email": officer.email}, follow=True)
    unknown = client.post("/account/password/reset/", {"email": "nobody@test.example"}, follow=True)

    assert known.redirect_chain == unknown.redirect_chain
    assert "There is no such account" in mail.outbox[1].body


def test_reset_password_sends_no_link_to_the_deactivated(
    client: Client, officer: User, office: User, at: object
) -> None:
    services.deactivate_person(person=officer, by=office, at=at, reason="Left.")

    client.post("/account/password/reset/", {"email": officer.email})

    assert "reset/" not in mail.outbox[0].body


def test_a_link_to_choose_a_password_ends_after_its_days(client: Client, officer: User) -> None:
    client.post("/account/password/reset/", {"email": officer.email})
    link = re.search(r"http://testserver(\S+)", mail.outbox[0].body)[1]

    with time_machine.travel(time.time() + settings.PASSWORD_RESET_TIMEOUT + 60, tick=False):
        assert "This link no longer works" in client.get(link, follow=True).content.decode()


def test_inactive_page_says_whom_to_ask(client: Client) -> None:
    assert "Your account is deactivated" in client.get("/account/inactive/").content.decode()


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def turn_on_two_step(client: Client, officer: User) -> str:
    """Turns it on as a person does; returns the secret that their app then holds."""
    sign_in(client, officer.email)
    asked = client.get("/account/two-step/on/", follow=True)
    assert asked.redirect_chain[-1][0].startswith("/account/confirm/")
    client.post(asked.redirect_chain[-1][0], {"password": PASSWORD})
    page = client.get("/account/two-step/on/").content.decode()
    secret = re.search(r'class="app-key">(\w+)<', page)[1]
    done = client.post("/account/two-step/on/", {"code": code_of(secret)}, follow=True)
    assert "Your recovery codes" in done.content.decode()
    return secret


def test_two_step_sign_in_asks_for_a_code(client: Client, officer: User) -> None:
    secret = turn_on_two_step(client, officer)
    browser = Client()

    assert sign_in(browser, officer.email).url == "/account/sign-in/code/"
    assert not is_signed_in(browser)
    assert "The code is wrong" in browser.post("/account/sign-in/code/", {"code": "000000"}).content.decode()
    with time_machine.travel(time.time() + 60, tick=False):
        browser.post("/account/sign-in/code/", {"code": code_of(secret)})
    assert is_signed_in(browser)


def test_two_step_sign_in_takes_each_recovery_code_once(client: Client, officer: User) -> None:
    turn_on_two_step(client, officer)
    page = client.get("/account/two-step/codes/").content.decode()
    code = re.search(r"<li>(\d+)</li>", page)[1]

    for answer in (True, False):
        browser = Client()
        sign_in(browser, officer.email)
        browser.post("/account/sign-in/code/", {"code": code})
        assert is_signed_in(browser) is answer


def test_two_step_secrets_are_encrypted(client: Client, officer: User) -> None:
    secret = turn_on_two_step(client, officer)

    kept = Authenticator.objects.get(type=Authenticator.Type.TOTP).data
    assert secret not in str(kept)


def test_two_step_secrets_outlive_a_change_of_key(client: Client, officer: User, settings: object) -> None:
    turn_on_two_step(client, officer)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, long enough for anybody, 0123456789"

    code = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()[0]

    assert code


def test_two_step_sign_in_is_turned_off_by_its_owner(client: Client, officer: User) -> None:
    turn_on_two_step(client, officer)

    done = client.post("/account/two-step/off/", follow=True)

    assert "Two-step sign-in is off." in done.content.decode()
    assert not Authenticator.objects.exists()


def test_account_shows_what_the_portal_knows_of_a_person(signed_in: object) -> None:
    person = UserFactory(job_title="Head of inclusion")

    page = signed_in(person).get("/account/").content.decode()

    for words in (person.full_name, person.email, "Head of inclusion", "County Council", "Sign out"):
        assert words in page
