"""The web process: `gunicorn --config python:pap_portal.gunicorn`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pap_portal.settings")
application = get_wsgi_application()

from pap_portal.checks import refuse_to_start  # noqa: E402 needs the settings

refuse_to_start()
