"""Lists: filtered, sorted, paged, downloaded; and those that are kept while nothing in them changes."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.cache import cache
from django.db.models import Count, Model, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe
from django_filters.views import FilterView

from core.chips import chips
from core.paging import ListPaginator
from core.permissions import PermissionName
from core.sheets import FORMATS, SheetResource, download
from core.views import Permitted

# What a kept page does not know of (a person's new name) shows after this long at the latest.
KEPT_SECONDS = 600


class ListPage(Permitted, FilterView):
    """A filtered, sorted, paged list. `sorts` maps the names in `?sort=` to the fields they order by; a leading
    minus in the query reverses. Ends every ordering in the primary key, so that pages never share a row."""

    paginate_by = 100
    paginator_class = ListPaginator
    strict = False
    sorts: ClassVar[Mapping[str, str]] = {}
    default_sort: ClassVar[tuple[str, ...]] = ()

    @property
    def sort(self) -> str:
        """The asked-for sort, if it is one we know; else empty."""
        asked = self.request.GET.get("sort", "")
        return asked if asked.removeprefix("-") in self.sorts else ""

    def sorted(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if not self.sort:
            return rows.order_by(*self.default_sort, "pk")
        field = self.sorts[self.sort.removeprefix("-")]
        return rows.order_by(f"-{field}" if self.sort.startswith("-") else field, "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.object_list = self.sorted(self.object_list)
        context = super().get_context_data(**{**kwargs, "object_list": self.object_list})
        page = context.get("page_obj")
        window = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1) if page else ()
        return {**context, "sort": self.sort, "page_window": list(window)}


class RegisterPage(ListPage):
    """A list of a register as at a day, with its download. Its body is the same for everyone who may do the same, and
    is kept under the versions of all that it is made of: to compose the question and to draw the answer take far
    longer than to learn that nothing has changed.

    Every service that changes a row of `made_of` counts its
    `version` up, so a change shows at once, whoever committed first.
    """

    template_name = "core/register_page.html"
    body_template_name: ClassVar[str]
    """Extends `core/register_body.html`."""
    title: ClassVar[str]
    noun: ClassVar[str]
    """What a row is: "risk"."""
    add_url_name: ClassVar[str]
    folded: ClassVar[tuple[str, ...]] = ("as_at",)
    """Filters that stand folded away: unfolded where one of them is in use."""
    carried: ClassVar[tuple[str, ...]] = ()
    """Filters that links set and the form shows no field for: they go on with it."""
    made_of: ClassVar[tuple[type[Model], ...]]
    """Models whose rows count their versions."""
    manage: ClassVar[PermissionName]
    """What the body shows buttons for."""
    sheet: ClassVar[type[SheetResource]]
    """What `?download=csv` (xlsx, ods) gives of the rows that are shown, all of them, in the same order."""
    filterset: Any

    def get_filterset_kwargs(self, filterset_class: type[Any]) -> dict[str, Any]:
        # Bound even without parameters, so that the as-at day is read in one way only.
        return {**super().get_filterset_kwargs(filterset_class), "data": self.request.GET, "on": self.today}

    @property
    def on(self) -> dt.date:
        """The day that the rows are as at."""
        return self.filterset.on

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        asked, form = self.request.GET, self.filterset.form
        return {
            **context,
            "title": self.title,
            "noun": self.noun,
            "on": self.on,
            "as_at_asked": form.cleaned_data.get("as_at"),
            "shown": context["paginator"].count,
            "chips": chips(self.filterset, asked),
            "more_open": any(asked.get(name) for name in self.folded),
            "carried": [form[name] for name in self.carried if asked.get(name)],
            "may_manage": self.request.user.has_perm(self.manage),
            "add_url": reverse(self.add_url_name),
            "add_label": f"Add a {self.noun}",
            "show_label": f"Show {self.title.lower()}",
        }

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        wanted = request.GET.get("download")
        if wanted in FORMATS:
            return self._download(wanted)
        # Taken before the rows are read: what is saved meanwhile makes another key.
        self.key = self._key()
        kept = cache.get(self.key)
        return self._page(kept) if kept else super().get(request, *args, **kwargs)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        page, pages = context["page_obj"].number, context["paginator"].num_pages
        title = f"{self.title} (page {page} of {pages})" if page > 1 else self.title
        kept = {"title": title, "body": render_to_string(self.body_template_name, context, self.request)}
        cache.set(self.key, kept, KEPT_SECONDS)
        return self._page(kept)

    def _page(self, kept: Mapping[str, str]) -> HttpResponse:
        body = mark_safe(kept["body"])  # noqa: S308 a rendered template
        return render(self.request, self.template_name, {"title": kept["title"], "body": body})

    def _download(self, extension: str) -> HttpResponseBase:
        self.filterset = self.get_filterset(self.get_filterset_class())
        return download(self.sheet, self.sorted(self.filterset.qs), extension, f"{self.title.lower()}-{self.on}")

    def _key(self) -> str:
        asked = sorted(self.request.GET.lists())
        may_manage = self.request.user.has_perm(self.manage)
        made_of = (self.request.path, asked, self.today, may_manage, versions_of(*self.made_of))
        return f"list:{hashlib.sha256(repr(made_of).encode()).hexdigest()}"


def versions_of(*models: type[Model]) -> list[tuple[Any, ...]]:
    """How many rows each model has and how often they were changed: another answer for every change, one query each."""
    counted = {"rows": Count("pk"), "versions": Sum("version")}
    return [tuple(model._default_manager.aggregate(**counted).values()) for model in models]
