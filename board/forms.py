"""Forms of the board's pages."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings

from accounts.models import User
from core.forms import DateField
from core.months import Month
from core.sheets import SheetResource


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


class CutOffForm(forms.Form):
    """When an open month's returns are due instead, and why."""

    to = DateField(
        label="New cut-off",
        help_text="The last day for this month’s returns. For example, 9 2 2026.",
        error_messages={"required": "Enter the new cut-off."},
    )
    reason = forms.CharField(
        label="Why does the cut-off move?",
        help_text="Kept in the month’s history.",
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Enter why the cut-off moves."},
    )


class NoteForm(forms.Form):
    """A note to keep with a step in a month's life, where somebody wants to leave one."""

    reason = forms.CharField(
        label="Note",
        help_text="Kept in the month’s history.",
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )


class ReopenForm(forms.Form):
    reason = forms.CharField(
        label="Why is the month opened again?",
        help_text="Kept in the month’s history.",
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Enter why the month is opened again."},
    )


class SignOffForm(forms.Form):
    """Where the board agreed the figures, and the digest of those the person is looking at."""

    digest = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Where and when did the board agree these figures?",
        help_text="For example: Improvement Board of 12 February 2026, chair’s approval. Kept in the month’s history.",
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Enter where and when the board agreed these figures."},
    )


class OpenMonthForm(forms.Form):
    month = forms.CharField(
        label="Month",
        help_text="Write it like 2026-01.",
        widget=forms.TextInput({"class": "govuk-input--width-5", "inputmode": "text"}),
        error_messages={"required": "Enter a month."},
    )

    def clean_month(self) -> str:
        try:
            return str(Month.parse(self.cleaned_data["month"]))
        except ValueError:
            raise forms.ValidationError("Write the month like 2026-01.") from None


class UploadSheetForm(forms.Form):
    """One file of one kind (`kinds`: resources by kind). What is in it the check says."""

    kind = forms.ChoiceField(
        label="What is in it?",
        widget=forms.RadioSelect,
        error_messages={"required": "Select what is in the file.", "invalid_choice": "Select what is in the file."},
    )
    file = forms.FileField(
        label="File",
        help_text=f"Excel (.xlsx), CSV or OpenDocument (.ods), up to {settings.SHEET_MAX_MB} MB and "
        f"{settings.SHEET_MAX_ROWS:,} rows.",
        widget=forms.FileInput({"accept": ".xlsx,.csv,.ods"}),
        max_length=255,
        error_messages={
            "required": "Select a file.",
            "empty": "The file is empty. Select one with rows in it.",
            "max_length": "The file’s name is too long. Rename it and try again.",
        },
    )

    def __init__(self, *args: Any, kinds: Mapping[str, type[SheetResource]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind, resource.title) for kind, resource in kinds.items()]
        self.choice_hints = {"kind": {kind: resource.about for kind, resource in kinds.items()}}

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.SHEET_MAX_MB * 1024 * 1024:
            raise forms.ValidationError(f"The file must be {settings.SHEET_MAX_MB} MB or smaller.")
        return file
