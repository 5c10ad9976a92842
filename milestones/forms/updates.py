"""Reporting on a milestone, correcting a report, confirming it."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.forms import DateField, DateInput, VersionField, field_html, reason_field, text_field
from milestones.models import Evidence, Impact, MilestoneUpdate, Status


class UpdateContentForm(forms.Form):
    """What an update says. Which fields a status asks for is shown under it; the service decides what it needs."""

    says_optional = False
    explanation = ("reason", "mitigation", "consequence", "forecast_date")
    completion: tuple[str, ...] = ("completed_on", "no_evidence_reason")
    # As they stand on the page, so that the summary of errors lists them in the same order.
    field_order = ("status", "completed_on", "evidence_file", "evidence_url", "evidence_title", "evidence_kind")
    field_order += ("no_evidence_reason", *explanation)

    status = forms.ChoiceField(
        label="Status",
        choices=Status.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Select the status of the milestone."},
    )
    progress = text_field("What has been done since the last update?", rows=5)
    impact = forms.ChoiceField(
        label="Impact: the difference made so far",
        help_text="Rated apart from delivery. A completed milestone can still have made no difference yet.",
        choices=Impact.choices,
        widget=forms.RadioSelect({"class": "govuk-radios--small"}),
        error_messages={"required": "Select the impact of the milestone."},
    )
    difference_made = text_field(
        "What difference has it made? (optional)",
        hint="What children, young people and families would notice, and how you know.",
        rows=3,
    )
    as_at = DateField(
        label="As at",
        help_text="The day this was true.",
        error_messages={"required": "Enter the date this was true."},
    )
    reason = text_field("Why is it off track or delayed?", rows=3)
    mitigation = text_field("What is being done about it?", rows=3)
    consequence = text_field("What does this mean for children, families or the plan?", rows=3)
    forecast_date = DateField(
        label="When is it now expected to be done?", help_text="For example, 27 3 2026", required=False
    )
    completed_on = DateField(label="When was it completed?", required=False)
    no_evidence_reason = text_field("If there is no evidence, say why", rows=2)

    choice_hints = {
        "status": {status.value: status.meaning for status in Status},
        "impact": {impact.value: impact.meaning for impact in Impact},
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choice_reveals = {"status": self._under_status}

    def _under_status(self) -> dict[str, SafeString]:
        """The fields under each status. Off track and Delayed share theirs: they stand under the one that is chosen
        (else under Delayed, the second of the two), and a script carries them over when the choice changes."""
        chosen = self["status"].value()
        home = chosen if chosen in Status.needing_reasons() else Status.DELAYED.value
        shared = {status.value: SafeString("") for status in Status.needing_reasons()}
        shared[home] = self._fields(self.explanation)
        explained = {
            status: format_html('<div data-shared="explanation">{}</div>', fields) for status, fields in shared.items()
        }
        return {**explained, Status.COMPLETED.value: self._fields(self.completion)}

    def _fields(self, names: tuple[str, ...]) -> SafeString:
        return format_html_join("", "{}", ((field_html(self[name]),) for name in names))

    @property
    def main_fields(self) -> list[forms.BoundField]:
        """The fields that stand on their own, in order; the rest are under a status."""
        return [self[name] for name in ("status", "progress", "impact", "difference_made", "as_at")]

    def clean(self) -> dict[str, Any]:
        """Leaves out what another status asked for: it may be left over from a change of mind."""
        status = self.cleaned_data.get("status")
        beside = () if status in Status.needing_reasons() else self.explanation
        beside += () if status == Status.COMPLETED else self.completion
        for name in beside if status else ():
            self.errors.pop(name, None)
            self.cleaned_data[name] = None if isinstance(self.fields[name], DateField) else ""
        return self.cleaned_data

    @property
    def content(self) -> dict[str, Any]:
        """What the update services take."""
        return {name: self.cleaned_data[name] for name in UpdateContentForm.base_fields}


class UpdateForm(UpdateContentForm):
    """An officer's report: its content, and evidence in the same step when the milestone is completed."""

    completion = (
        "completed_on",
        "evidence_file",
        "evidence_url",
        "evidence_title",
        "evidence_kind",
        "no_evidence_reason",
    )

    evidence_file = forms.FileField(
        label="Evidence: a file (optional)",
        required=False,
        help_text="PDF, Word, Excel, PowerPoint, image, text, CSV or OpenDocument.",
    )
    evidence_url = forms.URLField(label="Or a link to it (optional)", required=False, assume_scheme="https")
    evidence_title = forms.CharField(label="What the evidence is", required=False, max_length=200)
    evidence_kind = forms.ChoiceField(label="Kind of evidence", choices=Evidence.Kind.choices, required=False)
    based_on_version = VersionField()
    next = forms.CharField(widget=forms.HiddenInput, required=False)

    @classmethod
    def typed_names(cls) -> set[str]:
        """Names of the controls whose content a draft keeps: all but files."""
        names = set()
        for name, field in cls.base_fields.items():
            names |= {f"{name}_{part}" for part in DateInput.parts} if isinstance(field, DateField) else {name}
        return names - {"evidence_file", "based_on_version", "next"}

    def __init__(
        self, *args: Any, has_evidence: bool = False, max_mb: int = 20, as_at_hint: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["as_at"].help_text = as_at_hint or self.fields["as_at"].help_text
        hint = f"{self.fields['evidence_file'].help_text} Up to {max_mb} MB."
        if has_evidence:
            hint += " The milestone has evidence already; add more if this update brings some."
            self.fields["no_evidence_reason"].label += " (not needed: the milestone has evidence)"
        self.fields["evidence_file"].help_text = hint

    @property
    def evidence(self) -> dict[str, Any] | None:
        """What `add_evidence` takes, or None where nothing was given. Without a title, the file's name or the link."""
        file, url = self.cleaned_data.get("evidence_file"), self.cleaned_data.get("evidence_url")
        if not file and not url:
            return None
        return {
            "title": self.cleaned_data.get("evidence_title") or (file.name if file else url)[:200],
            "kind": self.cleaned_data.get("evidence_kind") or Evidence.Kind.DOCUMENT,
            "dated": self.cleaned_data["as_at"],
            "file": file,
            "url": url or "",
        }


class CorrectionForm(UpdateContentForm):
    """An earlier update put right."""

    correction_reason = reason_field(
        "What was wrong?", "Say what was wrong.", "This is kept beside the update, with what it said before."
    )

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [*super().main_fields, self["correction_reason"]]


def content_of(update: MilestoneUpdate) -> dict[str, Any]:
    """An update as initial values of a form."""
    return {name: getattr(update, name) for name in UpdateContentForm.base_fields}


def carried_over(update: MilestoneUpdate | None, as_at: dt.date) -> dict[str, Any]:
    """What a new update starts with: the impact that stands, and the explanation that was given, where it still
    applies. The status is left for the author to choose."""
    if update is None:
        return {"as_at": as_at, "impact": Impact.NOT_YET_EVIDENCED}
    kept = {name: getattr(update, name) for name in UpdateContentForm.explanation}
    return {**kept, "as_at": as_at, "impact": update.impact}


def kept_in_draft(typed: dict[str, str]) -> dict[str, Any]:
    """A draft's raw values as initial values: dates come back as the three texts that were typed."""
    return {
        name: field.widget.value_from_datadict(typed, {}, name)
        for name, field in UpdateForm.base_fields.items()
        if not isinstance(field, forms.FileField)
    }


class ConfirmForm(forms.Form):
    note = text_field("Note", hint="What you checked, or what the officer should know.", rows=3)
