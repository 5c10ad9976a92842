"""Scoring a risk, and setting what it is to come down to."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms

from core.forms import DateField, VersionField, reason_field, text_field
from risks.models import RiskMatrix, RiskReview, RiskTarget, Step


def step_field(label: str, missing: str, hint: str = "") -> forms.TypedChoiceField:
    """Likelihood or impact as radios. The matrix gives the choices: see `offer_steps`."""
    return forms.TypedChoiceField(
        label=label,
        help_text=hint,
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": missing, "invalid_choice": missing},
    )


def offer_steps(form: forms.Form, name: str, steps: Sequence[Step], *, blank: str = "") -> None:
    """Makes the steps of an axis the choices of a field, each with its definition where they are radios."""
    field = form.fields[name]
    choices = [(step.value, f"{step.value} {step.label}") for step in steps]
    field.choices = [("", blank), *choices] if blank else choices
    if isinstance(field.widget, forms.RadioSelect):
        hints = getattr(form, "choice_hints", {})
        form.choice_hints = {**hints, name: {str(step.value): step.definition for step in steps}}


def matrix_field() -> forms.IntegerField:
    """The id of the matrix whose steps a form offers."""
    return forms.IntegerField(required=False, widget=forms.HiddenInput)


class ReviewForm(forms.Form):
    """A review; the definitions of the matrix in use stand beside what they define."""

    likelihood = step_field(
        "How likely is it now, with the controls that are in place?", "Select how likely the risk is."
    )
    impact = step_field("How bad would it be?", "Select how bad it would be.")
    note = text_field("Why this score?", rows=4)
    reviewed_on = DateField(
        label="Date of the review",
        help_text="The day this was judged.",
        error_messages={"required": "Enter the date of the review."},
    )
    next_review_on = DateField(label="Next review", required=False)
    based_on_version = VersionField()
    on_matrix = matrix_field()
    says_optional = False

    def __init__(self, *args: Any, matrix: RiskMatrix, note_hint: str, next_hint: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_steps(self, "likelihood", matrix.likelihoods)
        offer_steps(self, "impact", matrix.impacts)
        self.fields["note"].help_text = note_hint
        self.fields["next_review_on"].help_text = next_hint


class ReviewCorrectionForm(ReviewForm):
    """An earlier review put right."""

    correction_reason = reason_field(
        "What was wrong?", "Say what was wrong.", "This is kept beside the review, with what it said before."
    )


POINTS = 6


class TargetForm(forms.Form):
    """A target, its date, and planned scores on the way to it."""

    likelihood = forms.TypedChoiceField(label="Target likelihood", coerce=int, empty_value=None, required=False)
    impact = forms.TypedChoiceField(label="Target impact", coerce=int, empty_value=None, required=False)
    due_on = DateField(label="Target date", help_text="When it should have come down to its target.", required=False)
    reason = text_field("Why does the target change?", rows=3)
    based_on_version = VersionField()
    on_matrix = matrix_field()
    says_optional = False

    def __init__(self, *args: Any, matrix: RiskMatrix, has_target: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_steps(self, "likelihood", matrix.likelihoods, blank="No target")
        offer_steps(self, "impact", matrix.impacts, blank="No target")
        if not has_target:
            self.fields["reason"].label = "Why this target? (optional)"
        most = matrix.size**2
        for number in range(1, POINTS + 1):
            self.fields[f"point_{number}_date"] = DateField(label=f"Date {number}", required=False)
            self.fields[f"point_{number}_score"] = forms.IntegerField(
                label=f"Planned score {number}",
                required=False,
                min_value=1,
                max_value=most,
                widget=forms.TextInput({"class": "govuk-input--width-3", "inputmode": "numeric"}),
                error_messages={
                    "invalid": f"Write planned score {number} as a whole number.",
                    "min_value": f"Planned score {number} must be between 1 and {most}.",
                    "max_value": f"Planned score {number} must be between 1 and {most}.",
                },
            )

    @property
    def point_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"point_{number}_date"], self[f"point_{number}_score"]) for number in range(1, POINTS + 1)]

    def clean(self) -> dict[str, Any]:
        for number in range(1, POINTS + 1):
            if date_errors := self.errors.get(f"point_{number}_date"):
                # Of several dates on a page, which one.
                date_errors[:] = [f"Date {number}: {message}" for message in date_errors]
            day, score = (self.cleaned_data.get(f"point_{number}_{part}") for part in ("date", "score"))
            if self.has_error(f"point_{number}_date") or self.has_error(f"point_{number}_score"):
                continue
            if day and score is None:
                self.add_error(f"point_{number}_score", f"Enter the planned score {number}, or clear its date.")
            if score is not None and not day:
                self.add_error(f"point_{number}_date", f"Enter the date of planned score {number}, or clear the score.")
        return self.cleaned_data

    @property
    def points(self) -> list[tuple[dt.date, int]]:
        """What `set_target` takes."""
        rows = [
            (self.cleaned_data[f"point_{number}_date"], self.cleaned_data[f"point_{number}_score"])
            for number in range(1, POINTS + 1)
        ]
        return [(day, score) for day, score in rows if day]


def target_initial(target: RiskTarget | None) -> dict[str, Any]:
    """A target as initial values of its form. Of more points than the form has rows, the last ones."""
    if target is None:
        return {}
    points = [point for point in target.points.all() if point.due_on != target.due_on][-POINTS:]
    initial = {"likelihood": target.likelihood, "impact": target.impact, "due_on": target.due_on}
    for number, point in enumerate(points, start=1):
        initial |= {f"point_{number}_date": point.due_on, f"point_{number}_score": point.score}
    return initial


def review_initial(review: RiskReview) -> dict[str, Any]:
    """A review as initial values of its correction."""
    names = ("likelihood", "impact", "note", "reviewed_on", "next_review_on")
    return {name: getattr(review, name) for name in names}
