"""The base viewset. Lists are read as plain rows; a serializer declares their fields once, for the rows, the schema
and what may be posted."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import cached_property
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from core.permissions import PermissionName


class PortalViewSet(GenericViewSet):
    """Base of every resource.

    `permissions` maps each action to the permission it needs; those in `object_permissions` are about one object.
    Serializer fields are paths (`source="area.code"`), never computed: `list` and `retrieve` read them as plain
    rows, at a fraction of the cost of building objects (see docs/adr).
    """

    permissions: ClassVar[Mapping[str, PermissionName]] = {}
    object_permissions: ClassVar[Iterable[PermissionName]] = ()

    @cached_property
    def now(self) -> dt.datetime:
        return timezone.now()

    @cached_property
    def as_at(self) -> dt.date:
        """The day of `?as_at=`, or today."""
        text = self.request.query_params.get("as_at", "")
        if not text:
            return timezone.localdate(self.now)
        day = _parse_day(text)
        if day is None:
            raise exceptions.ValidationError({"as_at": [f"“{text}” is not a date. Write it like 2026-01-31."]})
        return day

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = self.filter_queryset(self.get_queryset())
        page = self.paginate_queryset(self.rows(rows))
        return self.get_paginated_response(self.as_dicts(page or []))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        lookup = {self.lookup_field: self.kwargs[self.lookup_url_kwarg or self.lookup_field]}
        row = self.rows(self.get_queryset().filter(**lookup)).first()
        if row is None:
            raise Http404
        return Response(self.as_dicts([row])[0])

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.values_list(*(source for _name, source in self._columns))

    def as_dicts(self, rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
        names = [name for name, _source in self._columns]
        return [dict(zip(names, row, strict=True)) for row in rows]

    @cached_property
    def _columns(self) -> list[tuple[str, str]]:
        fields = self.get_serializer_class()().fields
        return [
            (name, field.source.replace(".", "__"))
            for name, field in fields.items()
            if not field.write_only and not isinstance(field, serializers.HiddenField)
        ]


def _parse_day(text: str) -> dt.date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
