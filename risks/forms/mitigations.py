"""Controls and actions: added, and how they stand."""

from typing import Any

from django import forms

from accounts.forms import people_field
from core.forms import DateField, VersionField, text_field
from risks.models import TRANSITIONS, Effect, Mitigation, MitigationKind, MitigationStatus

EFFECTS = [("", "Not said"), *Effect.choices]


class MitigationFields(forms.Form):
    description = forms.CharField(
        label="What is it?",
        help_text="One control or one action, in plain words.",
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Say what the control or action is."},
    )
    owner = people_field("Owner", missing="Select who is responsible for it.")
    due_date = DateField(label="Due date, for an action", help_text="For example, 27 3 2026", required=False)
    effect = forms.ChoiceField(
        label="What does it bring down? (optional)",
        choices=EFFECTS,
        required=False,
        widget=forms.RadioSelect({"class": "govuk-radios--small"}),
    )
    says_optional = False


class MitigationAddForm(MitigationFields):
    kind = forms.ChoiceField(
        label="Control or action?",
        choices=MitigationKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Select whether it is a control or an action."},
    )
    field_order = ("kind", "description", "owner", "due_date", "effect")
    choice_hints = {"kind": {kind.value: kind.meaning for kind in MitigationKind}}

    def clean(self) -> dict[str, Any]:
        """A sheet may lack an action's date; whoever fills in a form can give it."""
        is_action = self.cleaned_data.get("kind") == MitigationKind.ACTION
        if is_action and not self.cleaned_data.get("due_date") and not self.has_error("due_date"):
            self.add_error("due_date", "Enter the date the action is due.")
        return self.cleaned_data


class MitigationUpdateForm(MitigationFields):
    """The statuses on offer are the one it has and those it can go to."""

    status = forms.ChoiceField(
        label="How does it stand?", widget=forms.RadioSelect, error_messages={"required": "Select how it stands."}
    )
    note = text_field(
        "Note", hint="Needed to stop it, or to move the due date: say why. Otherwise, anything worth knowing.", rows=3
    )
    based_on_version = VersionField()
    field_order = ("status", "note", "due_date", "owner", "description", "effect")

    def __init__(self, *args: Any, mitigation: Mitigation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = MitigationStatus(mitigation.status)
        reach = {now, *TRANSITIONS[MitigationKind(mitigation.kind)][now]}
        self.fields["status"].choices = [choice for choice in MitigationStatus.choices if choice[0] in reach]
        self.has_date = mitigation.due_date is not None
        if mitigation.kind == MitigationKind.CONTROL:
            del self.fields["due_date"]
        else:
            self.fields["due_date"].label = "Due date"

    def clean(self) -> dict[str, Any]:
        """The service takes an empty date as no change: whoever empties it is told so."""
        emptied = "due_date" in self.fields and self.has_date and self.cleaned_data.get("due_date") is None
        if emptied and not self.has_error("due_date"):
            self.add_error("due_date", "Enter the date the action is due.")
        return self.cleaned_data
