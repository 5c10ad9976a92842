"""Whether the portal is well: `/healthz`, `/readyz`, `/metrics`. Nothing secret is in their answers.

A middleware, and the first, so that a probe is answered whatever host name it uses (load balancers ask by address),
without a redirect to https, without a session, and while the database is away.
"""

import datetime as dt
import hmac
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound, JsonResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django_prometheus.exports import ExportToDjangoView

from board.models import RollupRun

# Figures are computed every night; a night and a bit without success is worth a look.
ROLLUP_LATE_AFTER = dt.timedelta(hours=26)
PROBE_SECONDS = 2


class Check(NamedTuple):
    ok: bool
    says: str


def good(says: str) -> Check:
    return Check(ok=True, says=says)


def bad(says: str) -> Check:
    return Check(ok=False, says=says)


class HealthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = probe(request)
        add_never_cache_headers(response)
        return response


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. For restarting it when it does not: asks nothing of anything else."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    """503 when pages cannot be served. Pages and saves go on without the broker and on yesterday's figures, so those
    two make the portal `degraded`, which is still 200; monitors that want 503 for that as well ask `?strict=1`."""
    checks = {"database": database(), "migrations": migrations(), "rollup": rollup(timezone.now())}
    if settings.REDIS_URL:
        checks["broker"] = broker()
    ready = checks["database"].ok and checks["migrations"].ok
    well = all(check.ok for check in checks.values())
    status = "ready" if well else "degraded" if ready else "not ready"
    passes = well if request.GET.get("strict") == "1" else ready
    body = {"status": status, "checks": {name: check._asdict() for name, check in checks.items()}}
    return JsonResponse(body, status=200 if passes else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Request counts and times for Prometheus, to the bearer of METRICS_TOKEN; there is no such page without one."""
    if not settings.METRICS_TOKEN:
        return HttpResponseNotFound()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return HttpResponse("Send Authorization: Bearer METRICS_TOKEN.", status=401, content_type="text/plain")
    return ExportToDjangoView(request)


def database() -> Check:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return bad("does not answer")
    return good("answers")


def migrations() -> Check:
    try:
        missing = _migrations_here() - set(MigrationRecorder(connection).applied_migrations())
    except DatabaseError:
        return bad("not known, the database does not answer")
    if missing:
        return bad(f"{len(missing)} not applied: run manage.py migrate")
    return good("all applied")


@cache
def _migrations_here() -> frozenset[tuple[str, str]]:
    """Those that came with this version; files do not change under a running process."""
    return frozenset(MigrationLoader(None).graph.nodes)


def rollup(now: dt.datetime) -> Check:
    """How old the figures are. A portal that never computed any is new, not ill."""
    try:
        last = RollupRun.objects.filter(state=RollupRun.State.DONE).order_by("-finished_at").first()
    except DatabaseError:
        return bad("not known, the database does not answer")
    if last is None or last.finished_at is None:
        return good("none yet")
    age = now - last.finished_at
    return Check(ok=age <= ROLLUP_LATE_AFTER, says=f"{age.total_seconds() / 3600:.1f} hours ago")


def broker() -> Check:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PROBE_SECONDS, socket_connect_timeout=PROBE_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError:
        return bad("does not answer: pages go on, jobs wait")
    finally:
        client.close()
    return good("answers")


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}
