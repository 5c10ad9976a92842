"""The real things: a worker and a web process of the portal on the test database, and cables to pull.

Everything here is marked `services` and runs in one process (not under xdist), for all share one Redis. It empties
that Redis: give the tests a database number of their own.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import redis
from django.conf import settings
from django.db import connection

from tests.architecture import ROOT

PATIENCE = 30
"""Seconds to wait for another process before a test fails."""


@pytest.fixture(autouse=True)
def _what_migrations_bring(what_migrations_bring: None) -> None:
    """For every test here: each empties the tables after itself."""


def eventually(holds: Callable[[], Any], what: str) -> Any:
    """What `holds` returns once it is true. Waits for a state of another process, never for a time to pass."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.05)
    pytest.fail(f"waited {PATIENCE} seconds in vain: {what}")


class Cable:
    """A port that passes on to another until it is pulled."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.open: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.plugged = True
        threading.Thread(target=self._serve, daemon=True).start()

    def pull(self) -> None:
        self.plugged = False
        while self.open:
            _shut(self.open.pop())

    def plug(self) -> None:
        self.plugged = True

    def _serve(self) -> None:
        while True:
            try:
                near, _address = self.listener.accept()
            except OSError:
                return
            if not self.plugged:
                _shut(near)
                continue
            far = socket.create_connection(self.target)
            self.open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):  # pulled
        while data := one.recv(65536):
            other.sendall(data)
    _shut(one)
    _shut(other)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):  # shut already
        end.shutdown(socket.SHUT_RDWR)
    end.close()


class Process:
    """A process of the portal, in a group of its own with those it starts."""

    def __init__(self, words: list[str], log: Path, environment: dict[str, str]) -> None:
        self.log = log
        with log.open("wb") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self, words: str) -> bool:
        if self.popen.poll() is not None:
            pytest.fail(f"{self.popen.args} ended:\n{self.log.read_text()}")
        return words in self.log.read_text()

    def kill(self) -> None:
        """As a machine that loses power does."""
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def stop(self) -> None:
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()


@pytest.fixture(scope="session", autouse=True)
def _services_are_there() -> Iterator[None]:
    if not settings.DATABASES["default"]["ENGINE"].endswith("postgresql") or not settings.REDIS_URL:
        pytest.fail("DATABASE_URL must name a PostgreSQL server and REDIS_URL a Redis server.")
    client = redis.Redis.from_url(settings.REDIS_URL)
    if client.dbsize():
        pytest.fail("The tests empty the database that REDIS_URL names, and it holds something: name another.")
    yield
    client.flushdb()
    client.close()


@pytest.fixture(autouse=True)
def _empty_redis() -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()


@pytest.fixture
def database_url(transactional_db: None) -> Callable[[int | None], str]:
    """The test database's address, by another port if one is given."""

    def url(port: int | None = None) -> str:
        at = connection.settings_dict
        who = ":".join(quote(part) for part in (at["USER"], at["PASSWORD"]) if part)
        return f"postgres://{who}@{at['HOST']}:{port or at['PORT'] or 5432}/{at['NAME']}"

    return url


@pytest.fixture
def start_worker(database_url: Callable[..., str], tmp_path: Path) -> Iterator[Callable[[], Process]]:
    """Starts `celery worker` on the test database, and says when it takes tasks."""
    started: list[Process] = []

    def start() -> Process:
        name = f"worker{len(started)}"
        words = ["celery", "-A", "pap_portal", "worker", "--loglevel", "INFO", "--concurrency", "2", "-n", f"{name}@%h"]
        worker = Process(words, tmp_path / f"{name}.log", {"DATABASE_URL": database_url()})
        started.append(worker)
        eventually(lambda: worker.said(" ready."), "the worker to be ready")
        return worker

    yield start
    for worker in started:
        worker.stop()


@pytest.fixture
def database_cable() -> Iterator[Cable]:
    at = connection.settings_dict
    cable = Cable(at["HOST"], int(at["PORT"] or 5432))
    yield cable
    cable.listener.close()
    cable.pull()


@pytest.fixture
def redis_cable() -> Iterator[Cable]:
    at = urlsplit(settings.REDIS_URL)
    cable = Cable(at.hostname or "127.0.0.1", at.port or 6379)
    yield cable
    cable.listener.close()
    cable.pull()


@pytest.fixture
def web(
    database_url: Callable[..., str], database_cable: Cable, redis_cable: Cable, free_port: int, tmp_path: Path
) -> Iterator[str]:
    """The address of a production web process, whose database and Redis hang on the cables."""
    number = urlsplit(settings.REDIS_URL).path
    environment = {
        "DEBUG": "off",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "off",
        "EMAIL_URL": "memorymail://",
        "SECRET_KEY": settings.SECRET_KEY,
        "DATABASE_URL": database_url(database_cable.port),
        "REDIS_URL": f"redis://127.0.0.1:{redis_cable.port}{number}",
        "WEB_BIND": f"127.0.0.1:{free_port}",
        "WEB_CONCURRENCY": "1",
    }
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
    )
    process = Process(["gunicorn", "--config", "python:pap_portal.gunicorn"], tmp_path / "web.log", environment)
    eventually(lambda: process.said("Booting worker"), "the web process to start")
    yield f"http://127.0.0.1:{free_port}"
    process.stop()
