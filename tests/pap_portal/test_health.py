import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from board.models import RollupRun
from pap_portal.health import ROLLUP_LATE_AFTER
from tests.factories import ReportingMonthFactory

TOKEN = "a-token-long-enough-for-metrics"


def ran(*, ago: dt.timedelta, state: str = RollupRun.State.DONE) -> None:
    at = timezone.now() - ago
    RollupRun.objects.create(
        month=ReportingMonthFactory(), section="milestones", state=state, started_at=at, finished_at=at
    )


def test_healthz_asks_nothing_of_the_database(client: Client) -> None:
    # No `db` fixture: a query would fail this test.
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "alive"}
    assert "no-cache" in response["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probe_answers_any_host_without_redirect(path: str, client: Client, settings: Any, db: None) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["portal.example.org"]
    assert client.get(path, headers={"host": "10.0.0.7"}).status_code == 200


def test_probe_takes_no_post(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


def test_readyz_names_each_check(client: Client, db: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["status"] == "ready"
    assert {"database", "migrations", "rollup"} <= set(response.json()["checks"])


def test_readyz_with_a_migration_missing_is_503(client: Client, db: None) -> None:
    MigrationRecorder(connection).record_unapplied("milestones", "0001_initial")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["status"] == "not ready"
    assert response.json()["checks"]["migrations"] == {"ok": False, "says": "1 not applied: run manage.py migrate"}


@pytest.mark.parametrize(
    ("run", "status", "strict"),
    [
        pytest.param({"ago": dt.timedelta(hours=3)}, "ready", 200, id="last-night"),
        pytest.param({"ago": ROLLUP_LATE_AFTER + dt.timedelta(minutes=1)}, "degraded", 503, id="missed-a-night"),
        pytest.param(
            {"ago": dt.timedelta(days=9), "state": RollupRun.State.FAILED}, "ready", 200, id="never-succeeded"
        ),
    ],
)
def test_readyz_tells_the_age_of_the_figures(
    run: dict[str, Any], status: str, strict: int, client: Client, db: None
) -> None:
    ran(**run)
    response = client.get("/readyz")
    # Pages go on with old figures, so a load balancer keeps the portal in.
    assert response.status_code == 200
    assert response.json()["status"] == status
    assert client.get("/readyz?strict=1").status_code == strict


def test_readyz_with_the_broker_away_is_degraded(client: Client, db: None, settings: Any, free_port: int) -> None:
    settings.REDIS_URL = f"redis://:not-to-be-shown@127.0.0.1:{free_port}/0"
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["checks"]["broker"]["ok"] is False
    assert "not-to-be-shown" not in response.text


@pytest.mark.parametrize(
    ("token", "header", "status"),
    [
        pytest.param("", "", 404, id="off"),
        pytest.param("", "Bearer ", 404, id="off-with-an-empty-token"),
        pytest.param(TOKEN, "", 401, id="without"),
        pytest.param(TOKEN, "Bearer é", 401, id="wrong"),
        pytest.param(TOKEN, f"Bearer {TOKEN}", 200, id="right"),
    ],
)
def test_metrics_need_their_token(token: str, header: str, status: int, client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = token
    assert client.get("/metrics", headers={"authorization": header}).status_code == status


def test_other_addresses_are_not_probes(client: Client, db: None, signed_in: Callable[..., Client]) -> None:
    assert client.get("/healthz/x").status_code in (302, 404)
