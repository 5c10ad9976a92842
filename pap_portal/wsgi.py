"""The web process: `gunicorn pap_portal.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pap_portal.settings")
application = get_wsgi_application()
