"""Forms of the board's pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings

from accounts.models import User
from core.forms import DateField
from core.months import Month
from core.sheets import Column, ColumnMapping, SheetResource


class PersonChoice(forms.ModelChoiceField):
    """People by name, with their organisation to tell namesakes apart."""

    def label_from_instance(self, person: User) -> str:
        return f"{person.full_name}, {person.organisation}"


class LeaverForm(forms.Form):
    """Why somebody loses their access, and who takes over what they answer for, where there is anything."""

    reason = forms.CharField(
        label="Why do they no longer need access?",
        help_text="For example: left the council on 31 January. It is kept in the history.",
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Enter why this person no longer needs access."},
    )
    to = PersonChoice(
        User.objects.none(),
        label="Who takes over what they answer for?",
        help_text="Their milestones, in the same part as they had, and their open risks and mitigations.",
        empty_label="Select a person",
        error_messages={
            "required": "Select who takes over what they answer for.",
            "invalid_choice": "Select who takes over what they answer for.",
        },
    )

    def __init__(self, *args: Any, person: User, answers_for_something: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = User.objects.active().exclude(pk=person.pk).select_related("organisation")
        if not answers_for_something:
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


@dataclass(frozen=True)
class Lacking:
    """A column that no heading gives, and the fields that may fill it."""

    column: Column
    fields: Sequence[forms.BoundField]


class MatchColumnsForm(forms.Form):
    """Which of a sheet's `headings` (each with its samples) is which of the resource's columns, and what stands in
    those that the sheet lacks; `suggested` is filled in at first. Cleaned, it has a `mapping`."""

    says_optional = False
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        resource: SheetResource,
        headings: Sequence[tuple[str, Sequence[str]]],
        suggested: ColumnMapping,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.columns, self.headings = resource.fields, headings
        needed = {False: " (needed)", True: ""}
        names = [(name, f"{column.heading}{needed[column.optional]}") for name, column in self.columns.items()]
        for place, (heading, _samples) in enumerate(headings):
            widget = forms.Select({"label_class": "govuk-visually-hidden"})
            label, chosen = f"Column for “{heading}”", suggested.headings.get(heading, "")
            choices = [("", "Leave out"), *names]
            self.fields[f"heading_{place}"] = forms.ChoiceField(
                choices=choices, label=label, initial=chosen, required=False, widget=widget
            )
        for name, column in self.columns.items():
            self._add(f"same_{name}", "The same for every row", suggested.same.get(name, ""))
            if column.can_number:
                prefix = suggested.numbered.get(name, "")
                self._add(f"number_{name}", "Number the rows, starting with", prefix, "govuk-input--width-5")

    def _add(self, name: str, label: str, initial: str, width: str = "") -> None:
        widget = forms.TextInput({"label_class": "", "class": width})
        longest = 20 if width else None
        self.fields[name] = forms.CharField(
            label=label, initial=initial, required=False, widget=widget, max_length=longest
        )

    # --- For the page -----------------------------------------------------------------------------------------------

    @property
    def matching(self) -> list[tuple[str, Sequence[str], forms.BoundField]]:
        return [(*heading, self[f"heading_{place}"]) for place, heading in enumerate(self.headings)]

    @property
    def needed(self) -> list[Lacking]:
        return self._lacking(optional=False)

    @property
    def others(self) -> list[Lacking]:
        return self._lacking(optional=True)

    @property
    def others_are_used(self) -> bool:
        return any(field.value() or field.errors for lacking in self.others for field in lacking.fields)

    def _lacking(self, *, optional: bool) -> list[Lacking]:
        """Columns that no heading gives; and those where something is typed all the same, so that it is not lost."""
        given = {field.value() for _heading, _samples, field in self.matching}
        found = []
        for name, column in self.columns.items():
            fields = [self[field] for field in (f"same_{name}", f"number_{name}") if field in self.fields]
            if column.optional == optional and (name not in given or any(field.value() for field in fields)):
                found.append(Lacking(column, fields))
        return found

    # --- What it says -----------------------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        mapping = ColumnMapping(
            {heading: data.get(f"heading_{place}", "") for place, (heading, _samples) in enumerate(self.headings)},
            self._typed(data, "same_"),
            self._typed(data, "number_"),
        )
        for name, sentence in mapping.clashes(self.columns).items():
            self.add_error(self._place_of(name, mapping), sentence)
        self._refuse_missing(mapping)
        for name, text in mapping.same.items():
            self._refuse_unreadable(name, text)
        return {**data, "mapping": mapping}

    def _typed(self, data: Mapping[str, Any], prefix: str) -> dict[str, str]:
        return {name: data[prefix + name] for name in self.columns if data.get(prefix + name)}

    def _place_of(self, name: str, mapping: ColumnMapping) -> str:
        """The last field that says something about a column: the one to change."""
        if name in mapping.numbered:
            return f"number_{name}"
        if name in mapping.same:
            return f"same_{name}"
        chosen = list(mapping.headings.values())
        return f"heading_{max(place for place, column in enumerate(chosen) if column == name)}"

    def _refuse_missing(self, mapping: ColumnMapping) -> None:
        if not mapping.matched:
            self.add_error(None, "Match at least one heading to a column.")
        for name, column in self.columns.items():
            if not column.optional and name not in mapping.given and not self.has_error(f"number_{name}"):
                or_number = ", or number the rows" if column.can_number else ""
                words = f"Match a heading to {column.heading}, or enter what it is in every row{or_number}."
                self.add_error(f"same_{name}", words)

    def _refuse_unreadable(self, name: str, text: str) -> None:
        """What every row would be refused for is said here, once."""
        column = self.columns[name]
        try:
            value = column.widget.clean(text)
        except ValueError as error:
            self.add_error(f"same_{name}", f"{column.heading}: “{text}” {error}.")
            return
        if value in (None, "", []) and not column.optional:
            self.add_error(f"same_{name}", f"{column.heading}: “{text}” says nothing. Enter what it is in every row.")
