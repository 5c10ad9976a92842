"""The dashboard: how the plan stands in a month, for everybody alike, and kept until anything in it changes."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.views.generic import TemplateView

from board import tasks
from board.figures import changed_since
from board.models import ReportingMonth, RollupRun
from board.permissions import Perm
from board.views.standing import Standing
from core.months import Month
from core.tasks import enqueue
from core.views import Permitted

# What a stored page does not know of (a person's new name) shows after this long at the latest.
KEPT_SECONDS = 600
# A run that is this old and still not finished was killed.
RUN_TAKES = dt.timedelta(minutes=10)
# How long one request for a recount is given before another asks again.
ASKED_SECONDS = 60


class MonthLine(NamedTuple):
    """What the dashboard has to know of every month on every request; plain, because it is read so often."""

    pk: int
    month: str
    state: str
    cut_off: dt.date
    figures_at: dt.datetime | None
    digest: str
    commentary: str

    @classmethod
    def all(cls) -> list["MonthLine"]:
        return [cls(*row) for row in ReportingMonth.objects.order_by("month").values_list(*cls._fields)]

    def __str__(self) -> str:
        return self.period.label

    @property
    def period(self) -> Month:
        return Month.parse(self.month)

    @property
    def is_signed_off(self) -> bool:
        return self.state == ReportingMonth.State.SIGNED_OFF


class Dashboard(Permitted, TemplateView):
    permission = Perm.VIEW_FIGURES
    template_name = "board/dashboard.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = MonthLine.all()
        asked = request.GET.get("month", "")
        shown = chosen(rows, asked)
        if shown is None:
            return self.render_to_response(
                {"rows": rows[::-1], "problem": _problem(asked)}, status=404 if asked else 200
            )
        outdated = to_recount(rows, shown)
        if outdated:
            recount(outdated, self.now)
            rows = MonthLine.all()
            shown = chosen(rows, str(shown.period))
        # Without a broker the recount is done by now, and the lines differ; with one, the worker is at it.
        behind = any(line in rows for line in outdated)
        body = kept_body(rows, shown) if shown.figures_at else ""
        return self.render_to_response({"shown": shown, "rows": rows[::-1], "body": body, "behind": behind})

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        manages = self.request.user.has_perm(Perm.MANAGE_MONTHS)
        return super().render_to_response({"view": self, "manages": manages, **context}, **kwargs)


def chosen(rows: Sequence[MonthLine], asked: str) -> MonthLine | None:
    """The month asked for; without one, the latest that has figures, or the latest there is."""
    if asked:
        return next((row for row in rows if row.month == asked), None)
    return next((row for row in reversed(rows) if row.figures_at), rows[-1] if rows else None)


def to_recount(rows: Sequence[MonthLine], shown: MonthLine) -> list[MonthLine]:
    """Of the month shown and the one it is compared with, those without figures or with older ones than the plan.

    A signed-off month is never recounted. One query where all is well.
    """
    wanted = (str(shown.period), str(shown.period.previous))
    unsealed = [row for row in rows if row.month in wanted and not row.is_signed_off]
    counted = [row for row in unsealed if row.figures_at]
    outdated = [row for row in unsealed if not row.figures_at]
    if counted and changed_since(min(row.figures_at for row in counted)):
        outdated += [row for row in counted if changed_since(row.figures_at)]
    return outdated


def recount(outdated: Sequence[MonthLine], now: dt.datetime) -> None:
    """Asks for new figures of these months, unless a run is under way or was asked for a moment ago."""
    started = RollupRun.objects.filter(state=RollupRun.State.RUNNING, started_at__gt=now - RUN_TAKES)
    under_way = set(started.filter(month__in=[line.pk for line in outdated]).values_list("month_id", flat=True))
    for row in outdated:
        # New figures have a new time, so what changes after them can be asked for at once.
        figures_at = row.figures_at.timestamp() if row.figures_at else 0
        if row.pk not in under_way and cache.add(f"recount:{row.month}:{figures_at}", 1, ASKED_SECONDS):
            enqueue(tasks.roll_up_month, row.month)


def kept_body(rows: Sequence[MonthLine], shown: MonthLine) -> SafeString:
    """The month's part of the page. It is the same for everyone, and kept under all that it is made of: the state
    and the time of the figures of every month, since a page shows others beside its own."""
    digest = hashlib.sha256(repr((shown.month, rows)).encode()).hexdigest()
    body = cache.get(f"dashboard:{digest}")
    if body is None:
        body = _body(rows, shown)
        cache.set(f"dashboard:{digest}", body, KEPT_SECONDS)
    return mark_safe(body)  # noqa: S308 a rendered template


def _body(rows: Sequence[MonthLine], shown: MonthLine) -> str:
    with_figures = [row for row in rows if row.figures_at]
    place = with_figures.index(shown)
    earlier = with_figures[place - 1] if place else None
    later = with_figures[place + 1] if place + 1 < len(with_figures) else None
    has_previous = earlier is not None and earlier.period == shown.period.previous
    row = ReportingMonth.objects.get(pk=shown.pk)
    standing = Standing(row, has_previous=has_previous, is_latest=later is None)
    context = {"standing": standing, "rows": with_figures[::-1], "shown": row, "earlier": earlier, "later": later}
    return render_to_string("board/_dashboard_body.html", context)


def _problem(asked: str) -> str:
    if not asked:
        return ""
    try:
        return f"There are no figures for {Month.parse(asked).label}."
    except ValueError as error:
        return str(error)
