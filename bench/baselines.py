"""The plainest code that does the same work: what each measurement is a ratio to."""

import csv
import datetime as dt
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from openpyxl import Workbook, load_workbook

from bench import risks
from bench.data import LAST
from milestones.models import Impact, Milestone, PriorityArea, Status
from pap_portal.urls import urlpatterns as portal

REPORTED = tuple(status.value for status in Status if status != Status.NOT_STARTED)


def bare_page(request: HttpRequest) -> HttpResponse:
    """A page with sign-in and one query."""
    return HttpResponse(f"{request.user.full_name}: {PriorityArea.objects.count()}")


COLUMNS = {
    "reference": "reference",
    "area": "area__code",
    "title": "title",
    "success_measure": "success_measure",
    "responsible_officer": "responsible_officer__full_name",
    "responsible_officer_email": "responsible_officer__email",
    "sro": "sro__full_name",
    "sro_email": "sro__email",
    "organisation": "organisation__name",
    "baseline_due_date": "baseline_due_date",
    "due_date": "due_on",
    "status": "status_on",
    "impact": "impact_on",
    "trend": "trend_on",
    "updated_on": "updated_on",
    "added_on": "added_on",
    "withdrawn_on": "withdrawn_on",
    "version": "version",
}


def bare_list(request: HttpRequest) -> JsonResponse:
    """The rows of the API's list, as they come."""
    on = LAST.last_day
    plan = Milestone.objects.counting_on(on).as_at(on).with_trend(on).filter(status_on__in=REPORTED)
    rows = plan.order_by("area__order", "reference").values(*COLUMNS.values())
    return JsonResponse({"results": list(rows[:100])})


# --- Sheets out -----------------------------------------------------------------------------------------------------

STATUSES, IMPACTS = dict(Status.choices), dict(Impact.choices)
PATHS = (
    *("milestone__reference", "as_at", "status", "impact", "progress", "difference_made"),
    *("reason", "mitigation", "consequence", "forecast_date", "author__email"),
)


def _cells(updates: QuerySet[Any]) -> Iterator[list[Any]]:
    for reference, as_at, status, impact, *rest in updates.values_list(*PATHS).iterator(chunk_size=1000):
        yield [reference, as_at, STATUSES[status], IMPACTS[impact], *rest]


class _Echo:
    def write(self, line: str) -> str:
        return line


def csv_by_hand(updates: QuerySet[Any]) -> StreamingHttpResponse:
    """As Django's documentation streams CSV."""
    writer = csv.writer(_Echo())
    return StreamingHttpResponse((writer.writerow(row) for row in _cells(updates)), content_type="text/csv")


def xlsx_by_hand(updates: QuerySet[Any]) -> FileResponse:
    """As openpyxl's documentation writes a large workbook."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in _cells(updates):
        sheet.append(row)
    file = tempfile.TemporaryFile()  # noqa: SIM115 the response closes it
    book.save(file)
    file.seek(0)
    return FileResponse(file)


# --- Sheets in ------------------------------------------------------------------------------------------------------


def read_by_openpyxl(file: Path) -> int:
    """How many rows a workbook has, each read and dropped."""
    book = load_workbook(file, read_only=True, data_only=True)
    try:
        return sum(1 for _row in book.worksheets[0].iter_rows(values_only=True))
    finally:
        book.close()


# --- Figures --------------------------------------------------------------------------------------------------------

_EFFECTIVE = """
    FROM milestones_milestoneupdate u WHERE u.milestone_id = m.id
    AND NOT EXISTS (SELECT 1 FROM milestones_milestoneupdate c WHERE c.supersedes_id = u.id)"""
_LATEST = "ORDER BY u.as_at DESC, u.id DESC LIMIT 1"
_COUNTING = "m.added_on <= %(on)s AND (m.withdrawn_on IS NULL OR m.withdrawn_on > %(on)s)"
_RANK = (
    "CASE {} WHEN 'delayed' THEN 0 WHEN 'off_track' THEN 1 WHEN 'not_started' THEN 2 "
    "WHEN 'on_track' THEN 3 WHEN 'completed' THEN 4 END"
)
BY_HAND = (
    f"""
    WITH plan AS (
        SELECT m.id, m.area_id, m.added_on, s.as_at AS updated_on,
            COALESCE(s.status, 'not_started') AS status, COALESCE(s.impact, 'not_yet_evidenced') AS impact,
            COALESCE(
                (SELECT d.to_date FROM milestones_duedatechange d WHERE d.milestone_id = m.id
                    AND d.changed_on <= %(on)s ORDER BY d.changed_on DESC, d.id DESC LIMIT 1),
                (SELECT d.from_date FROM milestones_duedatechange d WHERE d.milestone_id = m.id
                    AND d.changed_on > %(on)s ORDER BY d.changed_on, d.id LIMIT 1),
                m.due_date) AS due,
            COALESCE(
                (SELECT u.status {_EFFECTIVE} AND u.as_at <= %(on)s AND u.as_at > %(half_year)s
                    AND u.status <> s.status {_LATEST}),
                (SELECT u.status {_EFFECTIVE} AND u.as_at <= %(half_year)s {_LATEST}), 'not_started') AS before,
            EXISTS (SELECT 1 {_EFFECTIVE} AND u.as_at BETWEEN %(first)s AND %(on)s) AS returned,
            (SELECT u.status {_EFFECTIVE} AND u.as_at < %(first)s {_LATEST}) AS began
        FROM milestones_milestone m LEFT JOIN milestones_milestoneupdate s
            ON s.id = (SELECT u.id {_EFFECTIVE} AND u.as_at <= %(on)s {_LATEST})
        WHERE {_COUNTING}
    ), rated AS (
        SELECT plan.*, status <> 'completed' AND COALESCE(updated_on, added_on) < %(stale)s AS stale,
            {_RANK.format("status")} - {_RANK.format("before")} AS moved FROM plan
    )
    SELECT a.code, status, impact, CASE WHEN stale THEN 'stale' WHEN moved < 0 THEN 'worsening'
            WHEN moved > 0 THEN 'improving' ELSE 'steady' END AS trend,
        COUNT(*), SUM(CASE WHEN status <> 'completed' AND due < %(on)s THEN 1 ELSE 0 END),
        SUM(CASE WHEN stale THEN 1 ELSE 0 END),
        SUM(CASE WHEN status <> 'completed' AND due BETWEEN %(next_first)s AND %(next_last)s THEN 1 ELSE 0 END),
        SUM(CASE WHEN NOT returned AND COALESCE(began, '') <> 'completed' THEN 1 ELSE 0 END),
        SUM(CASE WHEN status IN ('off_track', 'delayed') OR (status = 'not_started' AND due < %(on)s)
            THEN 1 ELSE 0 END)
    FROM rated JOIN milestones_priorityarea a ON a.id = rated.area_id GROUP BY 1, 2, 3, 4""",
    f"""
    SELECT m.area_id, m.baseline_due_date, COUNT(*) FROM milestones_milestone m
    WHERE {_COUNTING} GROUP BY 1, 2""",
    f"""
    SELECT m.area_id, COUNT(*) FROM milestones_duedatechange d JOIN milestones_milestone m ON m.id = d.milestone_id
    WHERE d.changed_on BETWEEN %(first)s AND %(on)s AND {_COUNTING} GROUP BY 1""",
)


def rollup_by_hand() -> list[list[tuple[Any, ...]]]:
    """The month's counts in three statements: by area and ratings, by baseline due date, and due dates moved; and
    the register's."""
    days = {
        "on": LAST.last_day,
        "first": LAST.first_day,
        "half_year": LAST.plus(-6).last_day,
        "stale": LAST.last_day - dt.timedelta(days=35),
        "next_first": LAST.next.first_day,
        "next_last": LAST.next.last_day,
    }
    found = []
    with connection.cursor() as cursor:
        for statement in BY_HAND:
            cursor.execute(statement, days)
            found.append(cursor.fetchall())
    found.append(risks.rollup_by_hand(LAST))
    return found


urlpatterns = [
    path("bench/page/", bare_page),
    path("bench/list/", bare_list),
    path("bench/risks/", risks.bare_list, {"month": LAST}),
    *portal,
]
