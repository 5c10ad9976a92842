import datetime as dt
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import ApiToken, Organisation, Role, User

pytestmark = pytest.mark.django_db


def test_issue_token_prints_the_token_alone(officer: User, client: Client) -> None:
    out = StringIO()

    call_command("issue_token", officer.email.upper(), days=7, stdout=out)

    text = out.getvalue()
    assert re.fullmatch(r"[0-9a-f]{64}\n", text)
    token = ApiToken.objects.get()
    assert token.expiry - token.created == dt.timedelta(days=7)
    answer = client.get("/api/v1/me/", headers={"authorization": f"Token {text.strip()}"})
    assert answer.json()["email"] == officer.email


@pytest.mark.parametrize(
    ("email", "days", "words"),
    [
        pytest.param("nobody@test.example", 90, "There is nobody", id="unknown person"),
        pytest.param(None, 5000, "between 1 and 366", id="too long"),
    ],
)
def test_issue_token_refuses(officer: User, email: str | None, days: int, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("issue_token", email or officer.email, days=days)


def test_invite_person_lets_the_first_person_in(client: Client) -> None:
    out = StringIO()

    call_command(
        "invite_person", "first@test.example", "Programme Officer 01", organisation="County Council", stdout=out
    )

    person = User.objects.get()
    assert person.roles == [Role.PROGRAMME_OFFICE]
    assert person.organisation == Organisation.objects.get(name="County Council")
    page = client.get(out.getvalue().strip(), follow=True)
    client.post(page.redirect_chain[-1][0], {"password1": "three random words"})
    assert client.login(email="first@test.example", password="three random words")


def test_invite_person_says_what_is_wrong(officer: User) -> None:
    with pytest.raises(CommandError, match="already a person"):
        call_command("invite_person", officer.email, "Somebody", organisation="County Council")
