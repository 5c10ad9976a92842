"""A session that ends while a form is open loses nothing that was typed."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from milestones.models import Milestone, MilestoneUpdate
from tests.factories import MilestoneFactory

pytestmark = pytest.mark.django_db
TYPED = {
    "status": "on_track",
    "impact": "emerging",
    "progress": 'Line "one"\r\n<b>two</b>',
    "as_at_day": "31",
    "as_at_month": "1",
    "as_at_year": "2026",
    "based_on_version": "1",
}
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def milestone() -> Milestone:
    return MilestoneFactory(reference="PA1-01")


@pytest.fixture
def browser() -> Client:
    """A browser that holds a form whose session has ended."""
    client = Client(enforce_csrf_checks=True)
    client.get(reverse("account_login"))
    return client


def send(browser: Client, headers: dict[str, str], **more: str) -> tuple[int, str]:
    token = browser.cookies["csrftoken"].value
    typed = {**TYPED, **more, "csrfmiddlewaretoken": token}
    response = browser.post("/milestones/PA1-01/update/", typed, headers=headers)
    return response.status_code, response.content.decode()


def test_a_form_sent_without_a_session_is_kept_on_the_page(browser: Client, milestone: Milestone) -> None:
    status, page = send(browser, OURS)

    assert status == 403
    assert "Your session ended before this was saved" in page
    assert 'name="progress">\nLine &quot;one&quot;\r\n&lt;b&gt;two&lt;/b&gt;</textarea>' in page
    assert 'action="/milestones/PA1-01/update/"' in page
    assert page.count('name="csrfmiddlewaretoken"') == 1


def test_a_form_opened_before_signing_in_again_is_saved_with_one_more_click(
    browser: Client, milestone: Milestone
) -> None:
    before = browser.cookies["csrftoken"].value
    browser.force_login(milestone.responsible_officer)
    browser.cookies["csrftoken"] = "x" * 32  # signing in has turned the token round

    response = browser.post("/milestones/PA1-01/update/", {**TYPED, "csrfmiddlewaretoken": before}, headers=OURS)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', response.content.decode())
    assert response.status_code == 403
    assert token is not None
    again = browser.post("/milestones/PA1-01/update/", {**TYPED, "csrfmiddlewaretoken": token[1]}, headers=OURS)

    assert again.status_code == 302
    assert MilestoneUpdate.objects.count() == 1


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
def test_what_another_site_sent_is_never_offered_to_be_saved(
    browser: Client, milestone: Milestone, headers: dict[str, str]
) -> None:
    status, page = send(browser, headers)

    assert status == 403
    assert "Save what I typed" not in page
    assert "&lt;b&gt;two" not in page


def test_passwords_are_never_sent_back(browser: Client, milestone: Milestone) -> None:
    _status, page = send(browser, OURS, old_password="a-long-secret-word")

    assert "a-long-secret-word" not in page


def test_reading_still_leads_to_the_sign_in_page(milestone: Milestone) -> None:
    assert Client().get("/milestones/PA1-01/").url == "/account/sign-in/?next=/milestones/PA1-01/"


def test_people_who_are_signed_in_never_see_it(milestone: Milestone, signed_in: Callable[[User], Client]) -> None:
    response = signed_in(milestone.sro).post("/milestones/PA1-01/update/", {**TYPED, "csrfmiddlewaretoken": "x"})

    assert response.status_code == 302


@pytest.mark.parametrize(
    "address",
    [
        "/milestones/%00/",
        "/milestones/PA1-01%00/update/",
        "/months/2026-01%00/",
        "/api/v1/milestones/PA1%00/",
        "/api/v1/months/%00/",
    ],
)
def test_an_address_with_a_null_character_is_not_found(
    address: str, office: User, signed_in: Callable[[User], Client]
) -> None:
    assert signed_in(office).get(address).status_code == 404


def test_a_session_cookie_with_a_null_character_is_no_session(browser: Client) -> None:
    browser.cookies["sessionid"] = "\x00" * 32

    assert browser.get("/milestones/").url == "/account/sign-in/?next=/milestones/"
