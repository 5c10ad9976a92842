"""What the programme office does to the plan: add, edit, reassign and withdraw milestones."""

from typing import Any

from django.urls import reverse

from core.views import ServiceFormPage
from milestones import services
from milestones.forms import MilestoneAddForm, MilestoneEditForm, ReassignForm, WithdrawForm
from milestones.models import PriorityArea
from milestones.permissions import Perm
from milestones.views.base import MilestoneFormPage


class MilestoneAdd(ServiceFormPage):
    permission = Perm.MANAGE
    form_class = MilestoneAddForm
    template_name = "milestones/milestone_form.html"
    title = "Add a milestone"
    submit_label = "Add milestone"

    def get_initial(self) -> dict[str, Any]:
        return {"added_on": self.today}

    def perform(self, form: MilestoneAddForm) -> Any:
        return services.add_milestone(by=self.request.user, at=self.now, **form.cleaned_data)

    def get_success_url(self) -> str:
        return reverse("milestones:detail", args=[self.result.reference])

    def get_success_message(self) -> str:
        return f"{self.result.reference} has been added to the plan."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        has_areas = PriorityArea.objects.exists()
        intro = "" if has_areas else "There are no priority areas yet. Import them on the Imports page first."
        return super().get_context_data(back_url=reverse("milestones:list"), intro=intro, **kwargs)


class MilestoneEdit(MilestoneFormPage):
    permission = Perm.MANAGE
    form_class = MilestoneEditForm
    title = "Edit milestone"
    submit_label = "Save changes"
    success_message = "the changes have been saved."

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.milestone, name) for name in MilestoneEditForm.base_fields if name != "reason"}

    def perform(self, form: MilestoneEditForm) -> Any:
        return services.revise_milestone(
            milestone=self.milestone, by=self.request.user, at=self.now, on=self.today, **form.cleaned_data
        )


class MilestoneReassign(MilestoneFormPage):
    permission = Perm.MANAGE
    form_class = ReassignForm
    title = "Reassign milestone"
    submit_label = "Reassign"
    success_message = "the people who answer for it have been changed."

    def get_initial(self) -> dict[str, Any]:
        supporting = [person.pk for person in self.milestone.supporting_officers.all()]
        return {
            "responsible_officer": self.milestone.responsible_officer_id,
            "sro": self.milestone.sro_id,
            "supporting_officers": supporting,
        }

    def perform(self, form: ReassignForm) -> Any:
        return services.reassign(milestone=self.milestone, by=self.request.user, at=self.now, **form.cleaned_data)


class MilestoneWithdraw(MilestoneFormPage):
    permission = Perm.MANAGE
    form_class = WithdrawForm
    title = "Withdraw milestone"
    submit_label = "Withdraw milestone"
    success_message = "the milestone has been withdrawn from the plan."
    warning = "This can’t be undone. The milestone leaves the plan and its links to other milestones end."

    def get_initial(self) -> dict[str, Any]:
        return {"on": self.today}

    def perform(self, form: WithdrawForm) -> Any:
        return services.withdraw_milestone(
            milestone=self.milestone, by=self.request.user, at=self.now, **form.cleaned_data
        )
