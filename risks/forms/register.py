"""Risks themselves: added, edited, moved between boards, closed and opened again."""

from typing import Any

from django import forms
from django.db.models import Q

from accounts.forms import people_field
from core.forms import DateField, VersionField, reason_field, text_field
from milestones.models import Milestone, PriorityArea
from risks.forms.reviews import matrix_field, offer_steps, step_field
from risks.models import Frequency, Level, Risk, RiskMatrix, Treatment


class RiskFields(forms.Form):
    """What a risk is."""

    title = forms.CharField(
        label="Title",
        max_length=300,
        help_text="A few words that everybody will know it by.",
        error_messages={"required": "Give the risk a title."},
    )
    cause = text_field("Cause: because of what? (optional)", rows=2)
    event = text_field("Event: what might happen? (optional)", rows=2)
    consequence = text_field("Consequence: what would that mean for children, families or the plan? (optional)", rows=2)
    owner = people_field("Owner", missing="Select who owns the risk.", hint="Who reviews it and answers for it.")
    inherent_likelihood = step_field(
        "Inherent likelihood: how likely would it be without any control?",
        "Select how likely it is before any control.",
    )
    inherent_impact = step_field(
        "Inherent impact: how bad would it be without any control?", "Select how bad it would be before any control."
    )
    treatment = forms.ChoiceField(
        label="Treatment (optional)",
        required=False,
        choices=[("", "Not decided yet"), *Treatment.choices],
        widget=forms.RadioSelect({"class": "govuk-radios--small"}),
    )
    frequency = forms.ChoiceField(
        label="How often is it reviewed?", help_text="Counts from the next review on.", choices=Frequency.choices
    )
    areas = forms.ModelMultipleChoiceField(
        label="Priority areas (optional)",
        required=False,
        queryset=PriorityArea.objects.all(),
        widget=forms.CheckboxSelectMultiple({"class": "govuk-checkboxes--small"}),
    )
    milestones = forms.ModelMultipleChoiceField(
        label="Milestones that it could hold up (optional)",
        required=False,
        queryset=Milestone.objects.filter(withdrawn_on__isnull=True).order_by("area__order", "reference"),
        widget=forms.CheckboxSelectMultiple({"class": "govuk-checkboxes--small app-scroll-box"}),
    )
    says_optional = False
    choice_hints = {"treatment": {each.value: each.meaning for each in Treatment}}

    def __init__(self, *args: Any, matrix: RiskMatrix, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_steps(self, "inherent_likelihood", matrix.likelihoods)
        offer_steps(self, "inherent_impact", matrix.impacts)


class RiskAddForm(RiskFields):
    reference = forms.CharField(
        label="Reference",
        max_length=20,
        help_text="Capital letters, digits and hyphens, like R01",
        widget=forms.TextInput({"class": "govuk-input--width-10"}),
        error_messages={"required": "Give the risk a reference."},
    )
    level = forms.ChoiceField(
        label="Level",
        choices=Level.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Select which board holds the risk."},
    )
    opened_on = DateField(
        label="Opened",
        help_text="The day it was first seen. It counts in the figures from then.",
        error_messages={"required": "Enter the date it was opened."},
    )
    on_matrix = matrix_field()
    field_order = ("reference", "title", "cause", "event", "consequence", "level", "owner")
    choice_hints = {**RiskFields.choice_hints, "level": {level.value: f"With the {level.board}." for level in Level}}


class RiskEditForm(RiskFields):
    reason = text_field(
        "Reason for the change",
        hint="Needed if the inherent score is corrected, which corrects it for the past too.",
        rows=3,
    )
    based_on_version = VersionField()

    def __init__(self, *args: Any, risk: Risk, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # One that was withdrawn since stays linked until somebody takes the link away.
        linked = Q(pk__in=risk.milestones.values("pk"))
        offered = Milestone.objects.filter(Q(withdrawn_on__isnull=True) | linked)
        self.fields["milestones"].queryset = offered.order_by("area__order", "reference")


def next_risk_reference() -> str:
    """R23 after R22: one more than the highest number there is."""
    references = Risk.objects.filter(reference__regex=r"^R[0-9]{1,6}$").values_list("reference", flat=True)
    return f"R{max((int(reference[1:]) for reference in references), default=0) + 1:02d}"


class LevelForm(forms.Form):
    reason = reason_field("Why?", "Say why the risk moves.", "Both boards read this.")


class CloseForm(forms.Form):
    on = DateField(
        label="Closed from",
        help_text="It stays in the figures of every month before this day.",
        error_messages={"required": "Enter the date it is closed from."},
    )
    reason = reason_field("Why is it closed?", "Say why it is closed.", "Say which board or group decided it.")


class ReopenForm(forms.Form):
    on = DateField(
        label="Open again from",
        help_text="The days it was closed stay closed.",
        error_messages={"required": "Enter the date it is open again from."},
    )
    reason = reason_field("Why is it opened again?", "Say why it is opened again.")
