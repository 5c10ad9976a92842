"""The worker and the beat schedule: `celery -A pap_portal worker`, `celery -A pap_portal beat`."""

import os
import sys
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pap_portal.settings")

app = Celery("pap_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Times are Europe/London. Nothing runs between 01:00 and 02:00, the hour that a clock change skips or repeats.
app.conf.beat_schedule = {
    # The month just ended first, so that the nightly run finds it computed.
    "roll up the month just ended": {
        "task": "board.roll_up_previous_month",
        "schedule": crontab(minute=30, hour=2, day_of_month=1),
    },
    # Every open month, every night: a night that was missed is made good by the next.
    "roll up the open months": {
        "task": "board.roll_up_open_months",
        "schedule": crontab(minute=0, hour=3),
    },
    # Uploads whose task was lost with a broker that was away or a worker that was killed.
    "start lost imports again": {
        "task": "board.resume_sheets",
        "schedule": crontab(minute="*/15", hour="2-22"),
    },
}


@worker_init.connect
@beat_init.connect
def refuse_contradictory_settings(**_: Any) -> None:
    """The web process and the management commands check theirs; Celery only runs the checks and goes on."""
    from pap_portal.checks import refuse_to_start  # noqa: PLC0415 needs Django, which is set up by now

    try:
        refuse_to_start()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
