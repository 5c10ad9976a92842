"""Signing in with another organisation's account: a portal of its own against a stand-in for that organisation."""

import datetime as dt
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, build_opener

import pytest

from tests.architecture import ROOT

INVITE = """
import datetime as dt
from accounts.models import Organisation, User
at = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
council = Organisation.objects.create(name="County Council", created_at=at)
User(email="officer@council.example", full_name="Officer 07", organisation=council, created_at=at).save()
"""


class Council(ThreadingHTTPServer):
    """The other organisation. `claims` is what it says about whoever signs in there."""

    daemon_threads = True
    claims: dict[str, Any]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class CouncilHandler(BaseHTTPRequestHandler):
    server: Council

    def do_GET(self) -> None:
        if self.path == "/.well-known/openid-configuration":
            ends = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
            self._say(
                {"issuer": self.server.url} | {f"{end}_endpoint": f"{self.server.url}/{at}" for end, at in ends.items()}
            )
        else:
            self._say(self.server.claims)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say({"access_token": "a-token", "token_type": "Bearer"})

    def log_message(self, *args: Any) -> None:
        """Says nothing."""

    def _say(self, words: dict[str, Any]) -> None:
        body = json.dumps(words).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Answer(NamedTuple):
    status: int
    address: str
    text: str


class Stay(HTTPRedirectHandler):
    """Does not follow: the test looks at where it would lead."""

    def redirect_request(self, *args: Any) -> None:
        return None


class Visitor:
    def __init__(self, portal: str) -> None:
        self.portal = portal
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()), Stay())

    def ask(self, path: str, form: dict[str, str] | None = None) -> Answer:
        data = None if form is None else urlencode(form).encode()
        try:
            with self.opener.open(self.portal + path, data, timeout=30) as answer:
                return Answer(answer.status, "", answer.read().decode())
        except HTTPError as answer:
            with answer:
                return Answer(answer.code, answer.headers.get("Location", ""), answer.read().decode())

    def sign_in_with_the_council(self) -> Answer:
        page = self.ask("/account/sign-in/").text
        assert "Sign in with the County Council" in page
        [token, *_] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        sent_on = self.ask("/account/with/oidc/", {"csrfmiddlewaretoken": token})
        asked = parse_qs(urlsplit(sent_on.address).query)
        assert asked["code_challenge_method"] == ["S256"]
        return self.ask(f"/account/with/oidc/back/?code=a-code&state={asked['state'][0]}")


@pytest.fixture
def council() -> Iterator[Council]:
    with Council(("127.0.0.1", 0), CouncilHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def portal(council: Council, tmp_path: Path, free_port: int) -> Iterator[str]:
    environment = os.environ | {
        "DEBUG": "on",
        "DATABASE_URL": f"sqlite:///{tmp_path}/portal.sqlite3",
        "REDIS_URL": "",
        "OIDC_SERVER_URL": council.url,
        "OIDC_CLIENT_ID": "portal",
        "OIDC_CLIENT_SECRET": "a-secret",
        "OIDC_NAME": "the County Council",
        "WEB_BIND": f"127.0.0.1:{free_port}",
        "WEB_CONCURRENCY": "1",
    }
    for words in (["migrate", "--verbosity", "0"], ["shell", "--no-imports", "--command", INVITE]):
        subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=environment, check=True)
    log = tmp_path / "web.log"
    words = [sys.executable, "-m", "gunicorn", "--config", "python:pap_portal.gunicorn"]
    with log.open("wb") as output:
        process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    yield f"http://127.0.0.1:{free_port}"
    process.terminate()
    process.wait()


def ready(visitor: Visitor) -> None:
    deadline = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60)
    while dt.datetime.now(dt.UTC) < deadline:
        try:
            visitor.ask("/healthz")
        except OSError:
            continue
        return
    pytest.fail("the portal did not start")


def test_only_invited_people_with_a_checked_address_get_in(portal: str, council: Council) -> None:
    ready(Visitor(portal))

    council.claims = {"sub": "1", "email": "officer@council.example", "email_verified": False}
    unchecked = Visitor(portal)
    assert "Access is by invitation" in unchecked.sign_in_with_the_council().text
    assert unchecked.ask("/account/").status == 302

    council.claims = {"sub": "2", "email": "stranger@council.example", "email_verified": True}
    stranger = Visitor(portal)
    assert "Access is by invitation" in stranger.sign_in_with_the_council().text
    assert stranger.ask("/account/").status == 302

    council.claims = {"sub": "1", "email": "Officer@council.example", "email_verified": True}
    officer = Visitor(portal)
    assert officer.sign_in_with_the_council().status == 302
    assert "Officer 07" in officer.ask("/account/").text
