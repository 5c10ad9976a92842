"""The web server's own settings: `gunicorn --config python:pap_portal.gunicorn`."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pap_portal.settings")

wsgi_app = "pap_portal.wsgi"
bind = settings.WEB_BIND
workers = settings.WEB_CONCURRENCY
threads = settings.WEB_THREADS
timeout = settings.WEB_TIMEOUT
# Memory that a large spreadsheet took is given back in time; not all processes at once.
max_requests = 2000
max_requests_jitter = 400
# Heartbeats touch a file; in containers /tmp may be a slow disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# Requests are logged by the portal itself, with the person and the request's id.
accesslog = None

if settings.METRICS_TOKEN:
    # Each process counts for itself, in files of this folder; /metrics adds them up.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="portal-metrics-")


def child_exit(server: Any, worker: Any) -> None:
    if settings.METRICS_TOKEN:
        # The library looks for the folder when it is first imported, so not before it is named.
        from prometheus_client import multiprocess  # noqa: PLC0415

        multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    if settings.METRICS_TOKEN:
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
