"""Every address declares who may use it."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import rules
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from core.permissions import PermissionName
from tests.architecture import ROOT

# Addresses that ask for no permission, and why.
PUBLIC = {
    "account_login": "how people get in",
    "mfa_authenticate": "how people get in",
    "account_logout": "how people get out",
    "account_signup": "says whom to ask for access",
    "account_inactive": "says that an account is closed",
    "account_reset_password": "how people who forgot get in",
    "account_reset_password_done": "how people who forgot get in",
    "account_reset_password_from_key": "how people who forgot, or are new, get in",
    "account_reset_password_from_key_done": "how people who forgot, or are new, get in",
    "schema": "asks for no more than a sign-in: settings.SPECTACULAR_SETTINGS",
    "api_docs": "asks for no more than a sign-in: settings.SPECTACULAR_SETTINGS",
    "accessibility": "the law wants it readable by everyone",
}


def walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            yield prefix + str(pattern.pattern), pattern


ADDRESSES = [pytest.param(pattern, id=address or "/") for address, pattern in walk(get_resolver().url_patterns)]


def problem(pattern: URLPattern) -> str:
    """What is wrong with how an address declares its permission; empty if nothing."""
    view = pattern.callback
    actions = getattr(view, "actions", None)
    if actions is not None:
        declared = view.cls.permissions
        missing = sorted({action for action in actions.values() if not _known(declared.get(action))})
        return f"{view.cls.__name__}.permissions lacks {missing}" if missing else ""
    view_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if not _known(getattr(view_class, "permission", None)):
        return f"{view_class or view} declares no `permission`"
    if not getattr(view, "login_required", True) and not hasattr(view, "cls"):
        return f"{view_class} wants a permission, and lets people in who are not signed in"
    return ""


def _known(permission: Any) -> bool:
    return isinstance(permission, PermissionName) and rules.perm_exists(permission.value)


@pytest.mark.parametrize("pattern", ADDRESSES)
def test_address_declares_its_permission(pattern: URLPattern) -> None:
    if pattern.name not in PUBLIC:
        assert problem(pattern) == ""


def test_public_list_names_only_addresses_that_are_there() -> None:
    names = {pattern.name for _address, pattern in walk(get_resolver().url_patterns)}
    assert set(PUBLIC) - names == set()


def test_every_permission_name_is_granted_by_a_rule() -> None:
    for config in apps.get_app_configs():
        if (ROOT / config.label / "permissions.py").exists() and config.label != "core":
            perms = import_module(f"{config.label}.permissions").Perm
            assert [perm for perm in perms if not _known(perm)] == []
