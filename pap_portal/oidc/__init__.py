"""Signing in with an account of another organisation's (OpenID Connect), where OIDC_* is set. For people who are
invited already: nobody gets an account by it."""

from typing import Any

APPS = ["allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]


def providers(*, server_url: str, client_id: str, secret: str, name: str, trust_email: bool) -> dict[str, Any]:
    """What allauth wants to know of the other side. Who is invited is let in by their address, if the other side says
    that it checked it or `trust_email` says so for it."""
    app = {
        "provider_id": "oidc",
        "name": name,
        "client_id": client_id,
        "secret": secret,
        "settings": {
            "server_url": server_url,
            "oauth_pkce_enabled": True,
            "email_authentication": True,
            "verified_email": trust_email,
        },
    }
    return {"openid_connect": {"APPS": [app]}}
