"""Controls and actions: added, and how they stand."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property

from core.views import KeepsVersion
from risks import services
from risks.forms import MitigationAddForm, MitigationUpdateForm
from risks.models import Mitigation
from risks.permissions import Perm
from risks.views.base import RiskFormPage


class MitigationAdd(RiskFormPage):
    permission = Perm.REVIEW
    form_class = MitigationAddForm
    title = "Add a mitigation"
    submit_label = "Add mitigation"
    success_message = "the mitigation has been added."

    def get_initial(self) -> dict[str, Any]:
        return {"owner": self.risk.owner_id, "effect": ""}

    def perform(self, form: MitigationAddForm) -> Mitigation:
        return services.add_mitigation(risk=self.risk, by=self.request.user, at=self.now, **form.cleaned_data)


class MitigationUpdatePage(KeepsVersion, RiskFormPage):
    permission = Perm.MITIGATE
    form_class = MitigationUpdateForm
    title = "Update a mitigation"
    submit_label = "Save"
    success_message = "the mitigation has been updated."

    @cached_property
    def mitigation(self) -> Mitigation:
        theirs = Mitigation.objects.filter(risk=self.risk).select_related("risk", "owner")
        return get_object_or_404(theirs, pk=self.kwargs["pk"])

    def permission_object(self) -> Mitigation:
        return self.mitigation

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "mitigation": self.mitigation}

    def get_initial(self) -> dict[str, Any]:
        each = self.mitigation
        names = ("status", "due_date", "description", "effect")
        start = {name: getattr(each, name) for name in names}
        return {**super().get_initial(), **start, "owner": each.owner_id}

    def perform(self, form: MitigationUpdateForm) -> Mitigation:
        return services.update_mitigation(
            mitigation=self.mitigation, by=self.request.user, at=self.now, **form.cleaned_data
        )

    def versioned(self) -> Mitigation:
        return self.mitigation

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kind = self.mitigation.get_kind_display().lower()
        extra = {"title": f"Update {kind} {self.mitigation.reference}", "intro": self.mitigation.description}
        return super().get_context_data(**{**extra, **kwargs})
