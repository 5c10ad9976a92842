"""The base viewset. Lists are read as plain rows; a serializer declares their fields once, for the rows, the schema
and what may be posted."""

import csv
import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from core.api.renderers import csv_cell
from core.months import WRITTEN_YEARS
from core.permissions import PermissionName

AS_AT = OpenApiParameter("as_at", OpenApiTypes.DATE, description="What was true on this day; today without it.")
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag of what you read. 412 if it has changed since.",
)
PAGING_PARAMETERS = frozenset({"page", "page_size", "format"})


def reference_in_path(example: str) -> OpenApiParameter:
    return OpenApiParameter("reference", OpenApiTypes.STR, OpenApiParameter.PATH, description=example)


def etag_of(answer: Mapping[str, Any]) -> str:
    """The ETag of a row that counts its versions: its version, for If-Match, and a digest of the whole answer, for
    If-None-Match. What is computed as at a day changes without the row."""
    return f'"{answer["version"]}-{hashlib.sha256(repr(answer).encode()).hexdigest()[:12]}"'


def version_read(request: Request) -> int | None:
    """The version in If-Match; None without the header. An ETag that is no version of ours never matches."""
    given = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if given in ("", "*"):
        return None
    version = given.partition("-")[0]
    return int(version) if version.isdecimal() and len(version) < 10 else 0


class _Line:
    """A file that hands back each line instead of keeping it, so that a CSV of any length streams."""

    def write(self, line: str) -> str:
        return line


# Every JSON answer has an ETag, so that a feed that asks again gets 304 and no body.
@method_decorator([cache_control(private=True, no_cache=True), conditional_page], name="dispatch")
class PortalViewSet(GenericViewSet):
    """Base of every resource.

    `permissions` maps each action to the permission it needs; those in `object_permissions` are about one object,
    asked with it. Serializer fields are paths (`source="area.code"`): lists and details read them as plain rows, at a
    fraction of the cost of building objects. Fields that no column holds are named in `computed`, and the resource's
    `_dicts` adds them. A resource that knows a past takes `?as_at=` by setting `takes_as_at`.
    """

    permissions: ClassVar[Mapping[str, PermissionName]] = {}
    object_permissions: ClassVar[Iterable[PermissionName]] = ()
    takes_as_at: ClassVar[bool] = False
    computed: ClassVar[Iterable[str]] = ()
    filterset_class: Any = None

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

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.values_list(*(path for name, path in self._paths.items() if name not in self.computed))

    def as_dicts(self, rows: Iterable[tuple[Any, ...]]) -> Sequence[dict[str, Any]]:
        return [*self._dicts(rows)]

    def _dicts(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
        names = [name for name in self._names if name not in self.computed]
        for row in rows:
            yield dict(zip(names, row, strict=True))

    @property
    def _paths(self) -> Mapping[str, str]:
        return _paths_of(self.get_serializer_class())

    @cached_property
    def _names(self) -> Sequence[str]:
        return [*self._paths]


class Listed(PortalViewSet):
    """A resource with a list: a page of rows as JSON; all rows, streamed, as CSV."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # No docstring: the schema describes the operation with the resource's own.
        self._refuse_unknown_parameters()
        rows = self.rows(self.filter_queryset(self.get_queryset()))
        if request.accepted_renderer.format == "csv":
            return self._stream_csv(rows)
        return self.get_paginated_response(self.as_dicts(self.paginate_queryset(rows) or []))

    def _refuse_unknown_parameters(self) -> None:
        """A misspelt filter would otherwise answer with every row, and nobody would notice."""
        known = {*PAGING_PARAMETERS, *(["as_at"] if self.takes_as_at else [])}
        if self.filterset_class is not None:
            known |= set(self.filterset_class.base_filters)
        unknown = sorted(set(self.request.query_params) - known)
        if unknown:
            words = f"This list has no such parameter. It takes {', '.join(sorted(known))}."
            raise exceptions.ValidationError({name: [words] for name in unknown})

    def _stream_csv(self, rows: QuerySet[Any]) -> StreamingHttpResponse:
        writer = csv.writer(_Line())

        def lines() -> Iterator[str]:
            yield writer.writerow(self._names)
            for row in self._dicts(rows.iterator(chunk_size=2000)):
                yield writer.writerow([csv_cell(row[name]) for name in self._names])

        name = f"{self.basename}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8", headers=headers)


class Retrieved(PortalViewSet):
    """A resource whose rows have addresses of their own."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        lookup = {self.lookup_field: self.kwargs[self.lookup_url_kwarg or self.lookup_field]}
        row = self.rows(self.get_queryset().filter(**lookup)).first()
        if row is None:
            raise Http404
        return Response(next(iter(self.as_dicts([row]))))


@cache
def _paths_of(serializer: type[BaseSerializer]) -> Mapping[str, str]:
    """The look-up that each readable field is read from. Made once: a serializer copies all its fields to say it."""
    fields = serializer().fields.items()
    return {name: field.source.replace(".", "__") for name, field in fields if not field.write_only}


def _parse_day(text: str) -> dt.date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and day.year in WRITTEN_YEARS else None
