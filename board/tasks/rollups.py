"""Rollups: one task a section, and a chord that says as at when the month's figures are.

Every task may run twice, at once or again, and changes nothing the second time. Only a database that is away for a
moment is tried again; anything else is a fault, stands on the section's `RollupRun`, and is mended by the next night.
"""

from typing import Any

from celery import chord, shared_task
from django.db import OperationalError
from django.utils import timezone

from board import services
from board.figures import SECTIONS, section_named
from board.models import ReportingMonth
from core.months import Month

TRIED_AGAIN = {"autoretry_for": (OperationalError,), "max_retries": 3, "retry_backoff": 5, "retry_backoff_max": 60}


@shared_task(name="board.roll_up_section", acks_late=True, **TRIED_AGAIN)
def roll_up_section(month: str, section: str) -> dict[str, Any]:
    """Computes and stores one section of one month."""
    row = ReportingMonth.objects.get(month=month)
    run = services.run_section(month=row, section=section_named(section), at=timezone.now())
    return {"section": section, "figures": run.figures}


@shared_task(name="board.finish_month", acks_late=True, **TRIED_AGAIN)
def finish_month(results: list[dict[str, Any]], month: str) -> dict[str, Any]:
    """Called with its sections' results when all of them are stored."""
    row = services.finish_month(month=ReportingMonth.objects.get(month=month))
    return {"month": month, "figures": sum(result["figures"] for result in results), "at": _iso(row)}


@shared_task(name="board.roll_up_month", acks_late=True, **TRIED_AGAIN)
def roll_up_month(month: str) -> dict[str, Any]:
    """Starts a month's sections, and the task that follows them. Leaves a signed-off month alone."""
    if ReportingMonth.objects.get(month=month).is_signed_off:
        return {"month": month, "skipped": "signed off"}
    chord(roll_up_section.s(month, section.name) for section in SECTIONS)(finish_month.s(month))
    return {"month": month, "sections": len(SECTIONS)}


@shared_task(name="board.roll_up_open_months", acks_late=True, **TRIED_AGAIN)
def roll_up_open_months() -> dict[str, Any]:
    """Every month that is not signed off: a night that was missed is made good by the next."""
    services.open_months_so_far(at=timezone.now())
    months = list(ReportingMonth.objects.not_signed_off().order_by("month").values_list("month", flat=True))
    for month in months:
        roll_up_month.delay(month)
    return {"months": months}


@shared_task(name="board.roll_up_previous_month", acks_late=True, **TRIED_AGAIN)
def roll_up_previous_month() -> dict[str, Any]:
    """The month just ended, opened if nobody did; the month that begins is opened too."""
    services.open_months_so_far(at=timezone.now())
    month = str(Month.of(timezone.localdate()).previous)
    roll_up_month.delay(month)
    return {"months": [month]}


def _iso(row: ReportingMonth) -> str:
    return row.figures_at.isoformat() if row.figures_at else ""
