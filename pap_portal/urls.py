"""Every address of the portal. Each app brings its own; the API is one router in `pap_portal/api.py`."""

from django.conf import settings
from django.urls import include, path

handler500 = "core.views.server_error"

urlpatterns = [
    path("", include("board.urls")),
    path("milestones/", include("milestones.urls")),
    path("risks/", include("risks.urls")),
    path("", include("accounts.urls")),
    path("api/v1/", include("pap_portal.api")),
]
if settings.OIDC_ON:
    urlpatterns.append(path("account/with/", include("pap_portal.oidc.urls")))
