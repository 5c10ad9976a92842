"""Forms of the board's pages."""

from typing import Any

from django import forms

from accounts.models import User


class PersonChoice(forms.ModelChoiceField):
    """People by name, with their organisation to tell namesakes apart."""

    def label_from_instance(self, person: User) -> str:
        return f"{person.full_name}, {person.organisation}"


class LeaverForm(forms.Form):
    """Why somebody loses their access, and who takes over the milestones they answer for, where there are any."""

    reason = forms.CharField(
        label="Why do they no longer need access?",
        help_text="For example: left the council on 31 January. It is kept in the history.",
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Enter why this person no longer needs access."},
    )
    to = PersonChoice(
        User.objects.none(),
        label="Who takes over their milestones?",
        help_text="As responsible officer, SRO or supporting officer, as they were.",
        empty_label="Select a person",
        error_messages={
            "required": "Select who takes over their milestones.",
            "invalid_choice": "Select who takes over their milestones.",
        },
    )

    def __init__(self, *args: Any, person: User, answers_for_milestones: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = User.objects.active().exclude(pk=person.pk).select_related("organisation")
        if not answers_for_milestones:
            del self.fields["to"]
