"""What pages about one risk share."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property

from core.forms import DateField
from core.views import Permitted, ServiceFormPage, safe_next
from risks.models import Risk, RiskMatrix


class OffersSteps:
    """A form that offers the steps of the matrix in use on the day it is about: the day that was sent in `day_field`,
    else today. Whoever chose from another matrix's is told, and shown these."""

    day_field: ClassVar[str] = ""
    request: HttpRequest
    today: dt.date

    @cached_property
    def matrix(self) -> RiskMatrix:
        return RiskMatrix.objects.in_use(self.day_sent or self.today)

    @property
    def day_sent(self) -> dt.date | None:
        if not self.day_field or self.request.method != "POST":
            return None
        field = DateField(required=False)
        try:
            return field.clean(field.widget.value_from_datadict(self.request.POST, {}, self.day_field))
        except ValidationError:
            return None

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "on_matrix": self.matrix.pk}  # type: ignore[misc]

    def form_invalid(self, form: Form) -> HttpResponse:
        if any(error.code == "matrix" for error in form.non_field_errors().as_data()):
            form.data = form.data.copy()
            form.data["on_matrix"] = str(self.matrix.pk)
        return super().form_invalid(form)  # type: ignore[misc]


class OfRisk(Permitted):
    """A page about the risk in its address."""

    kwargs: dict[str, Any]

    @cached_property
    def risk(self) -> Risk:
        register = Risk.objects.visible_to(self.request.user).select_related("owner", "matrix")
        return get_object_or_404(register, reference=self.kwargs["reference"])

    def permission_object(self) -> Any:
        return self.risk

    @property
    def risk_url(self) -> str:
        return reverse("risks:detail", args=[self.risk.reference])

    @cached_property
    def matrix(self) -> RiskMatrix:
        """What is scored today is scored on this."""
        return RiskMatrix.objects.in_use(self.today)


class RiskFormPage(OfRisk, ServiceFormPage):
    """A form about one risk, headed by its name; afterwards, back to its page."""

    template_name = "risks/risk_form.html"
    warning = ""
    of_closed: ClassVar[bool] = False
    """Whether it is about closed risks; other forms are about open ones."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form, where the risk is such that it can be sent. (What is sent all the same the service refuses, on the
        form, with all that was typed.)"""
        if self.risk.is_closed != self.of_closed:
            state = "closed. Open it again before you change it" if self.risk.is_closed else "open"
            messages.info(request, f"{self.risk.reference} is {state}.")
            return redirect(self.risk_url)
        return super().get(request, *args, **kwargs)

    def versioned(self) -> Any:
        return self.risk

    @property
    def back_url(self) -> str:
        """Where the person came from, else the risk's page."""
        return safe_next(self.request) or self.risk_url

    def get_success_url(self) -> str:
        return self.back_url

    def get_success_message(self) -> str:
        return f"{self.risk.reference}: {self.success_message}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        extra = {"risk": self.risk, "back_url": self.back_url, "warning": self.warning, "matrix": self.matrix}
        return super().get_context_data(**{**extra, **kwargs})
