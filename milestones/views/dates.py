"""Moving a due date."""

from typing import Any

from milestones import services
from milestones.forms import DueDateForm
from milestones.permissions import Perm
from milestones.views.base import MilestoneFormPage


class DueDateMove(MilestoneFormPage):
    permission = Perm.CHANGE_DUE_DATE
    form_class = DueDateForm
    title = "Change due date"
    submit_label = "Change due date"
    success_message = "the due date has been changed."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "milestone": self.milestone}

    def get_initial(self) -> dict[str, Any]:
        return {"requested_by": self.request.user.pk}

    def perform(self, form: DueDateForm) -> Any:
        return services.change_due_date(
            milestone=self.milestone, by=self.request.user, at=self.now, **form.cleaned_data
        )
