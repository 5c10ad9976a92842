"""Every address of the portal, read from the URLconf, and the methods that its view answers."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver
from django.views.generic.edit import ProcessFormView

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Address(NamedTuple):
    name: str
    """As `reverse` takes it: `milestones:detail`. An address without a name has its pattern."""
    parameters: tuple[str, ...]
    methods: tuple[str, ...]


def addresses() -> list[Address]:
    return [*_under(get_resolver(), (), ())]


def _under(resolver: URLResolver, namespaces: tuple[str, ...], parameters: tuple[str, ...]) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        here = (*parameters, *entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            yield from _under(entry, (*namespaces, *([entry.namespace] if entry.namespace else [])), here)
        elif isinstance(entry, URLPattern):
            yield Address(":".join((*namespaces, entry.name or str(entry.pattern))), here, _methods(entry.callback))


def _methods(view: Any) -> tuple[str, ...]:
    """What a view answers; one that does not say is taken to answer what a browser sends.

    Left out: the PUT of Django's form views, which is their POST by another name and stands behind the same check.
    """
    if actions := getattr(view, "actions", None):
        return tuple(method for method in METHODS if method.lower() in actions)
    if view_class := getattr(view, "view_class", None) or getattr(view, "cls", None):
        same_as_post = getattr(view_class, "put", None) is ProcessFormView.put
        return tuple(
            method
            for method in METHODS
            if hasattr(view_class, method.lower()) and not (method == "PUT" and same_as_post)
        )
    return ("GET", "POST")
