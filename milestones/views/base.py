"""What pages about one milestone share."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from core.views import Permitted, ServiceFormPage
from milestones.models import Milestone


class OfMilestone(Permitted):
    """A page about the milestone in its address."""

    @cached_property
    def milestone(self) -> Milestone:
        plan = Milestone.objects.visible_to(self.request.user)
        plan = plan.select_related("area", "responsible_officer", "sro", "organisation")
        return get_object_or_404(plan, reference=self.kwargs["reference"])

    def permission_object(self) -> Any:
        return self.milestone

    @property
    def milestone_url(self) -> str:
        return reverse("milestones:detail", args=[self.milestone.reference])


class MilestoneFormPage(OfMilestone, ServiceFormPage):
    """A form about one milestone, headed by its name; afterwards, back to its page."""

    template_name = "milestones/milestone_form.html"
    warning = ""

    def get_success_url(self) -> str:
        return self.milestone_url

    def get_success_message(self) -> str:
        return f"{self.milestone.reference}: {self.success_message}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        extra = {"milestone": self.milestone, "back_url": self.milestone_url, "warning": self.warning}
        return super().get_context_data(**{**extra, **kwargs})
