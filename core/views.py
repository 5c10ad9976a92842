"""What every page is made of: a declared permission, a form that ends in a service, a list that filters and sorts."""

import datetime as dt
import sys
from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import FormView

from core.forms import add_service_errors
from core.months import WRITTEN_YEARS
from core.permissions import PermissionName


class Permitted:
    """A page that declares who may ask for it.

    `permission_object()` is what the permission is about; fetch it from `visible_to(user)`, so that what a person
    may not see is not found (404) and what they may see but not do is refused (403).
    """

    permission: ClassVar[PermissionName]
    request: HttpRequest

    def permission_object(self) -> Any:
        return None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(self.permission, self.permission_object()):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    @cached_property
    def now(self) -> dt.datetime:
        """The time of this request: what services get as `at=`."""
        return timezone.now()

    @cached_property
    def today(self) -> dt.date:
        return timezone.localdate(self.now)


class AsAtPage(Permitted):
    """A page that `?as_at=2025-12-31` shows as it was then."""

    @cached_property
    def as_at(self) -> dt.date | None:
        """The day in the past that was asked for; None for the page as it is now."""
        try:
            day = parse_date(self.request.GET.get("as_at", ""))
        except ValueError:
            return None
        return day if day and day.year in WRITTEN_YEARS and day < self.today else None

    @cached_property
    def on(self) -> dt.date:
        return self.as_at or self.today


class ServiceFormPage(Permitted, FormView):
    """A form whose save is one service call. What the service refuses comes back on the form, nothing typed lost."""

    template_name = "core/form_page.html"
    title: ClassVar[str] = ""
    submit_label: ClassVar[str] = "Save"
    submit_classes: ClassVar[str] = ""
    """`govuk-button--warning` where what is done is hard to undo."""
    success_message: ClassVar[str] = "Saved."

    def perform(self, form: Form) -> Any:
        """Calls the service with the form's cleaned data. May raise ValidationError."""
        raise NotImplementedError

    def form_valid(self, form: Form) -> HttpResponse:
        try:
            self.result = self.perform(form)
        except ValidationError as error:
            add_service_errors(form, error)
            return self.form_invalid(form)
        if message := self.get_success_message():
            messages.success(self.request, message)
        return redirect(self.get_success_url())

    def get_success_message(self) -> str:
        return self.success_message

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = {"title": self.title, "submit_label": self.submit_label}
        extra = {**words, "submit_classes": self.submit_classes}
        return super().get_context_data(**{**extra, **kwargs})


class KeepsVersion:
    """A form page whose form has a `based_on_version`, and is told of it where somebody else was faster: what was typed
    stays, and the next save is based on what the person has now been shown. `versioned()` is what the form changes."""

    versioned: Callable[[], Any]

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "based_on_version": self.versioned().version}  # type: ignore[misc]

    def form_invalid(self, form: Form) -> HttpResponse:
        if any(error.code == "changed" for error in form.non_field_errors().as_data()):
            form.data = form.data.copy()
            form.data["based_on_version"] = str(self.versioned().version)
        return super().form_invalid(form)  # type: ignore[misc]


def safe_next(request: Any) -> str:
    """Where the person came from, if that is a page of this portal; else empty."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    mine = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if mine else ""


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form's token is not this session's: it was opened before its person signed in again. Or it is forged."""
    return session_ended(request)


def session_ended(request: HttpRequest) -> HttpResponse:
    """A form was sent after its session ended. What was typed is offered to be saved again, in one click.

    Only what a page of this portal sent, which the browser vouches for, and which no other site can claim; never
    passwords; files are not sent back.
    """
    ours = request.headers.get("Sec-Fetch-Site") == "same-origin"
    secret = any("password" in name for name in request.POST)
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    typed = [pair for pair in fields if pair[0] != "csrfmiddlewaretoken"] if ours and not secret else []
    context = {"typed": typed, "address": request.get_full_path(), "files": bool(request.FILES)}
    return render(request, "core/session_ended.html", context, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 where the database is away: people then know that waiting helps. Reads nothing itself."""
    away = isinstance(sys.exc_info()[1], OperationalError)
    names = {"portal_name": settings.PORTAL_NAME, "partnership_name": settings.PARTNERSHIP_NAME}
    template, status = ("503.html", 503) if away else ("500.html", 500)
    response = render(None, template, names, status=status)  # type: ignore[arg-type]
    if away:
        response.headers["Retry-After"] = "30"
    return response
