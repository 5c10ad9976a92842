"""Linking milestones that wait for each other."""

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Form
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property

from milestones import services
from milestones.forms import DependencyForm
from milestones.models import MilestoneDependency
from milestones.permissions import Perm
from milestones.views.base import MilestoneFormPage


class DependencyAdd(MilestoneFormPage):
    permission = Perm.UPDATE
    form_class = DependencyForm
    title = "Link to another milestone"
    submit_label = "Link milestones"
    success_message = "the link has been added."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "milestone": self.milestone}

    def perform(self, form: DependencyForm) -> Any:
        try:
            return services.link_milestones(by=self.request.user, at=self.now, **form.link)
        except ValidationError as error:
            # The service speaks of blocker and dependent; the form has one field for the other milestone.
            raise ValidationError({"other": error.messages}) from error


class DependencyEnd(MilestoneFormPage):
    permission = Perm.UPDATE
    form_class = Form
    title = "End a link"
    submit_label = "End this link"
    success_message = "the link has been ended. Its history is kept."

    @cached_property
    def dependency(self) -> MilestoneDependency:
        links = MilestoneDependency.objects.active().of(self.milestone).select_related("blocker", "dependent")
        return get_object_or_404(links, pk=self.kwargs["pk"])

    def perform(self, form: Form) -> Any:
        return services.unlink_milestones(dependency=self.dependency, by=self.request.user, at=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = f"{self.dependency.blocker} {self.dependency.get_kind_display().lower()} {self.dependency.dependent}."
        return super().get_context_data(intro=words, **kwargs)
