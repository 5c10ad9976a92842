"""What pages about one risk share."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from core.views import Permitted, ServiceFormPage, safe_next
from risks.models import Risk, RiskMatrix


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
