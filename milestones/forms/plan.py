"""What is around the reports: due dates, evidence, who answers, links, and the milestone itself."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.formats import date_format

from accounts.forms import people_field
from accounts.models import Organisation, Role, User
from core.forms import DateField, reason_field, text_field
from milestones.models import Evidence, Milestone, PriorityArea


class DueDateForm(forms.Form):
    to_date = DateField(
        label="New due date", help_text="For example, 27 3 2026", error_messages={"required": "Enter the new due date."}
    )
    reason = reason_field("Why does it move?", "Say why the due date moves.")
    requested_by = people_field("Who asked for it?", missing="Select who asked for the new date.")
    approved_by = people_field(
        "Who approved it?",
        missing="Select who approved the new date.",
        hint="The senior responsible officer or somebody in the programme office.",
    )

    def __init__(self, *args: Any, milestone: Milestone, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        office = User.objects.active().with_role(Role.PROGRAMME_OFFICE).values("pk")
        people = User.objects.active().order_by("full_name")
        self.fields["to_date"].help_text = f"It is due on {date_format(milestone.due_date)} now. For example, 27 3 2026"
        self.fields["approved_by"].queryset = people.filter(Q(pk=milestone.sro_id) | Q(pk__in=office))


class EvidenceForm(forms.Form):
    title = forms.CharField(
        label="What the evidence is",
        max_length=200,
        help_text="For example, Minutes that agree the terms of reference",
        error_messages={"required": "Give the evidence a title."},
    )
    kind = forms.ChoiceField(
        label="Kind of evidence",
        choices=[("", "Select a kind"), *Evidence.Kind.choices],
        error_messages={"required": "Select the kind of evidence."},
    )
    dated = DateField(
        label="Date of the evidence",
        help_text="When the document was agreed or the data collected.",
        error_messages={"required": "Enter the evidence’s date."},
    )
    file = forms.FileField(label="File", required=False)
    url = forms.URLField(label="Or a link to it", required=False, assume_scheme="https", max_length=1000)
    says_optional = False

    def __init__(self, *args: Any, max_mb: int = 20, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = (
            f"PDF, Word, Excel, PowerPoint, image, text, CSV or OpenDocument, up to {max_mb} MB. "
            "Leave out names of children and families."
        )


class ReasonForm(forms.Form):
    reason = reason_field("Why is it withdrawn?", "Say why this evidence is withdrawn.")


class ReassignForm(forms.Form):
    responsible_officer = people_field("Responsible officer", missing="Select the responsible officer.")
    sro = people_field("Senior responsible officer (SRO)", missing="Select the senior responsible officer.")
    supporting_officers = forms.ModelMultipleChoiceField(
        label="Supporting officers",
        required=False,
        queryset=User.objects.active().select_related("organisation").order_by("full_name"),
        widget=forms.CheckboxSelectMultiple({"class": "govuk-checkboxes--small app-scroll-box"}),
        help_text="People from other teams or organisations who may update it too.",
    )
    reason = reason_field("Why does this change?", "Say why it is reassigned.")


class DependencyForm(forms.Form):
    """One link, told from this milestone's side."""

    RELATIONS = [
        ("blocked_by", "is blocked by the other one"),
        ("blocks", "blocks the other one"),
        ("informed_by", "is informed by the other one"),
        ("informs", "informs the other one"),
    ]
    relation = forms.ChoiceField(
        label="This milestone",
        choices=RELATIONS,
        widget=forms.RadioSelect,
        error_messages={"required": "Select how the two milestones are linked."},
    )
    other = forms.ModelChoiceField(
        label="The other milestone",
        queryset=Milestone.objects.none(),
        empty_label="Select a milestone",
        error_messages={"required": "Select the other milestone."},
    )
    choice_hints = {
        "relation": {
            "blocked_by": "It can’t be completed until the other one is.",
            "blocks": "The other one can’t be completed until this one is.",
            "informed_by": "What the other one produces shapes this one.",
            "informs": "What this one produces shapes the other one.",
        }
    }

    def __init__(self, *args: Any, milestone: Milestone, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.milestone = milestone
        others = Milestone.objects.filter(withdrawn_on__isnull=True).exclude(pk=milestone.pk)
        self.fields["other"].queryset = others.order_by("area__order", "reference")

    @property
    def link(self) -> dict[str, Any]:
        """What `link_milestones` takes."""
        relation, other = self.cleaned_data["relation"], self.cleaned_data["other"]
        kind = "blocks" if relation in ("blocked_by", "blocks") else "informs"
        outward = relation in ("blocks", "informs")
        pair = (self.milestone, other) if outward else (other, self.milestone)
        return {"blocker": pair[0], "dependent": pair[1], "kind": kind}


class PlanFields(forms.Form):
    """What a milestone is."""

    title = forms.CharField(label="Title", max_length=300, error_messages={"required": "Give the milestone a title."})
    area = forms.ModelChoiceField(
        label="Priority area",
        queryset=PriorityArea.objects.all(),
        empty_label="Select an area",
        error_messages={"required": "Select the priority area."},
    )
    success_measure = text_field("Success measure (optional)", hint="How the board will know that it worked.", rows=3)
    organisation = forms.ModelChoiceField(
        label="Organisation (optional)",
        queryset=Organisation.objects.all(),
        required=False,
        empty_label="None in particular",
    )
    says_optional = False


class MilestoneAddForm(PlanFields):
    reference = forms.CharField(
        label="Reference",
        max_length=20,
        help_text="Capital letters, digits and hyphens, like PA1-03",
        widget=forms.TextInput({"class": "govuk-input--width-10"}),
        error_messages={"required": "Give the milestone a reference."},
    )
    responsible_officer = people_field("Responsible officer", missing="Select the responsible officer.")
    sro = people_field("Senior responsible officer (SRO)", missing="Select the senior responsible officer.")
    due_date = DateField(
        label="Due date", help_text="For example, 27 3 2026", error_messages={"required": "Enter the due date."}
    )
    added_on = DateField(
        label="Added to the plan on",
        help_text="It counts in the figures from this day.",
        error_messages={"required": "Enter the date it was added to the plan."},
    )
    field_order = ("reference", "title", "area")


class MilestoneEditForm(PlanFields):
    baseline_due_date = DateField(
        label="Baseline due date",
        help_text="What the plan first promised. To move the current due date, use “Change due date” instead.",
        error_messages={"required": "Enter the baseline due date."},
    )
    added_on = DateField(
        label="Added to the plan on", error_messages={"required": "Enter the date it was added to the plan."}
    )
    reason = text_field("Reason for the change (needed if the baseline moves)", rows=3)


class WithdrawForm(forms.Form):
    on = DateField(
        label="Withdrawn from",
        help_text="It stays in the figures of every month before this day.",
        error_messages={"required": "Enter the date it is withdrawn from."},
    )
    reason = reason_field("Why is it withdrawn?", "Say why it is withdrawn.", "Say which board or group decided it.")
