"""The bodies that people work for."""

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.forms import Form
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.utils.functional import cached_property
from django.views.generic import ListView

from accounts import services
from accounts.forms import OrganisationForm
from accounts.models import Organisation
from accounts.permissions import Perm
from core.views import Permitted, ServiceFormPage


class OrganisationList(Permitted, ListView):
    permission = Perm.VIEW_PEOPLE
    template_name = "accounts/organisation_list.html"

    def get_queryset(self) -> QuerySet[Organisation]:
        return Organisation.objects.annotate(active_people=Count("people", filter=Q(people__is_active=True)))


class OrganisationAdd(ServiceFormPage):
    permission = Perm.MANAGE_PEOPLE
    template_name = "accounts/organisation_form.html"
    form_class = OrganisationForm
    title = "Add an organisation"
    submit_label = "Add organisation"
    success_url = reverse_lazy("organisation_list")

    def perform(self, form: Form) -> Organisation:
        return services.add_organisation(**form.cleaned_data, by=self.request.user, at=self.now)

    def get_success_message(self) -> str:
        return f"{self.result} is added."


class OrganisationEdit(ServiceFormPage):
    permission = Perm.MANAGE_PEOPLE
    template_name = "accounts/organisation_form.html"
    form_class = OrganisationForm
    title = "Change an organisation"
    submit_label = "Save changes"
    success_url = reverse_lazy("organisation_list")

    @cached_property
    def organisation(self) -> Organisation:
        return get_object_or_404(Organisation, pk=self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.organisation.name, "kind": self.organisation.kind}

    def perform(self, form: Form) -> Organisation:
        return services.edit_organisation(
            organisation=self.organisation, **form.cleaned_data, by=self.request.user, at=self.now
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        changes = self.organisation.changes.select_related("created_by")
        return super().get_context_data(changes=changes, **kwargs)
