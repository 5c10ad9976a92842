"""Forms of the plan: labels, hints and parsing. What is allowed is decided by the services."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import Organisation, Role, User
from core.forms import DateField, DateInput, field_html
from milestones.models import Evidence, Impact, Milestone, MilestoneUpdate, PriorityArea, Status


def text_field(label: str, *, hint: str = "", rows: int = 4, required: bool = False) -> forms.CharField:
    return forms.CharField(label=label, help_text=hint, required=required, widget=forms.Textarea({"rows": rows}))


def reason_field(label: str, missing: str, hint: str = "") -> forms.CharField:
    widget = forms.Textarea({"rows": 3})
    return forms.CharField(label=label, help_text=hint, widget=widget, error_messages={"required": missing})


def people_field(label: str, *, missing: str = "", hint: str = "", required: bool = True) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        label=label,
        help_text=hint,
        required=required,
        queryset=User.objects.active().order_by("full_name"),
        empty_label="Select a person",
        error_messages={"required": missing},
    )


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


class VersionField(forms.Field):
    """The milestone's version when the form was opened. A missing or garbled one counts as 0, which no milestone has:
    people are shown what has changed and save again, with all that they typed."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> int:
        text = str(value or "")
        # As many digits as the draft's column holds.
        return int(text) if text.isdecimal() and len(text) < 10 else 0


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
