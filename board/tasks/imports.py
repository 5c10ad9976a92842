"""Sheets handed in through the imports page. Each task claims its step by the upload's state, so it may run twice."""

import datetime as dt
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import OperationalError
from django.utils import timezone

from board.resources import KINDS
from core import services
from core.models import SheetUpload

TRIED_AGAIN = {"autoretry_for": (OperationalError,), "max_retries": 3, "retry_backoff": 5, "retry_backoff_max": 60}
GIVEN_UP_AFTER = dt.timedelta(days=1)


@shared_task(name="board.check_sheet", acks_late=True, **TRIED_AGAIN)
def check_sheet(upload_id: int) -> dict[str, Any]:
    """Reads an upload and keeps its preview. Writes nothing else."""
    return _step(upload_id, services.check_sheet)


@shared_task(name="board.import_sheet", acks_late=True, **TRIED_AGAIN)
def import_sheet(upload_id: int) -> dict[str, Any]:
    """Imports an upload that somebody confirmed: all rows or none."""
    return _step(upload_id, services.import_sheet)


@shared_task(name="board.resume_sheets", acks_late=True, **TRIED_AGAIN)
def resume_sheets() -> dict[str, Any]:
    """Uploads whose task was lost, with a broker that was away or a worker that was killed: started again for a day,
    then given up."""
    now = timezone.now()
    stuck = SheetUpload.objects.filter(
        state__in=SheetUpload.UNDER_WAY, moved_at__lt=now - dt.timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)
    )
    for upload in stuck:
        if upload.moved_at < now - GIVEN_UP_AFTER:
            services.fail_sheet(upload=upload, at=now)
        else:
            task = check_sheet if upload.state == SheetUpload.State.CHECKING else import_sheet
            task.delay(upload.pk)
    return {"uploads": len(stuck)}


def _step(upload_id: int, step: Any) -> dict[str, Any]:
    upload = SheetUpload.objects.get(pk=upload_id)
    try:
        step(upload=upload, resource=KINDS[upload.kind], at=timezone.now())
    except OperationalError:
        raise
    except Exception:  # whatever it was, the page must not wait for ever; it is raised again for the worker's log
        services.fail_sheet(upload=upload, at=timezone.now())
        raise
    return {"upload": upload_id, "state": upload.state}
