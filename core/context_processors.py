"""What every page's frame shows."""

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, str]:
    return {
        "portal_name": settings.PORTAL_NAME,
        "partnership_name": settings.PARTNERSHIP_NAME,
        "sign_in_with": settings.OIDC_NAME if settings.OIDC_ON else "",
    }
