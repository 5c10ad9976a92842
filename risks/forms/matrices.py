"""Another matrix to score on: its steps, its bands; and choosing one."""

from typing import Any

from django import forms
from django.utils.text import slugify

from core.forms import DateField, reason_field
from risks.models import AXES, BandColour, RiskMatrix, scores_of

BANDS = 5
SIZES = (3, 4, 5, 6)
COLOURS = [(colour.value, colour.value.capitalize()) for colour in BandColour]


class MatrixForm(forms.Form):
    """A matrix of a size. Each band is given by where it begins; it ends where the next one begins."""

    name = forms.CharField(
        label="Name",
        max_length=100,
        help_text="For example, 5 × 5, five bands",
        error_messages={"required": "Give the matrix a name."},
    )
    says_optional = False

    def __init__(self, *args: Any, size: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.size = size
        for axis in AXES:
            for value in range(1, size + 1):
                self.fields[f"{axis}_{value}_label"] = forms.CharField(
                    label=f"{axis.capitalize()} {value}: label",
                    max_length=40,
                    error_messages={"required": f"Give {axis} {value} a label."},
                )
                self.fields[f"{axis}_{value}_definition"] = forms.CharField(
                    label=f"{axis.capitalize()} {value}: what it means",
                    widget=forms.Textarea({"rows": 3}),
                    error_messages={"required": f"Say what {axis} {value} means."},
                )
        for number in range(1, BANDS + 1):
            self._add_band(number)

    def _add_band(self, number: int) -> None:
        needed = number <= 2
        self.fields[f"band_{number}_name"] = forms.CharField(
            label=f"Band {number}: name",
            max_length=30,
            required=needed,
            widget=forms.TextInput({"class": "govuk-input--width-10"}),
            error_messages={"required": f"Give band {number} a name."},
        )
        self.fields[f"band_{number}_lowest"] = forms.IntegerField(
            label=f"Band {number}: begins at score",
            min_value=1,
            max_value=self.size**2,
            required=needed,
            widget=forms.TextInput({"class": "govuk-input--width-3", "inputmode": "numeric"}),
            error_messages={
                "required": f"Enter the score that band {number} begins at.",
                "invalid": f"Write the score that band {number} begins at as a whole number.",
                "min_value": f"Band {number} must begin at a score between 1 and {self.size**2}.",
                "max_value": f"Band {number} must begin at a score between 1 and {self.size**2}.",
            },
        )
        self.fields[f"band_{number}_colour"] = forms.ChoiceField(label=f"Band {number}: colour", choices=COLOURS)
        self.fields[f"band_{number}_meaning"] = forms.CharField(
            label=f"Band {number}: what it asks for", max_length=200, required=False
        )

    def clean(self) -> dict[str, Any]:
        """A band is given whole or not at all."""
        for number in range(1, BANDS + 1):
            name, lowest = f"band_{number}_name", f"band_{number}_lowest"
            if self.has_error(name) or self.has_error(lowest):
                continue
            given = self.cleaned_data
            if given.get(name) and given.get(lowest) is None:
                self.add_error(lowest, f"Enter the score that band {number} begins at.")
            if given.get(lowest) is not None and not given.get(name):
                self.add_error(name, f"Give band {number} a name.")
        return self.cleaned_data

    def step_rows(self, axis: str) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"{axis}_{n}_label"], self[f"{axis}_{n}_definition"]) for n in range(1, self.size + 1)]

    @property
    def likelihood_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return self.step_rows("likelihood")

    @property
    def impact_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return self.step_rows("impact")

    @property
    def band_rows(self) -> list[list[forms.BoundField]]:
        parts = ("name", "lowest", "colour", "meaning")
        return [[self[f"band_{number}_{part}"] for part in parts] for number in range(1, BANDS + 1)]

    @property
    def matrix(self) -> dict[str, Any]:
        """What `add_matrix` takes."""
        given = self.cleaned_data
        scale = {
            axis: [
                {"label": given[f"{axis}_{n}_label"], "definition": given[f"{axis}_{n}_definition"]}
                for n in range(1, self.size + 1)
            ]
            for axis in AXES
        }
        return {"name": given["name"], "size": self.size, "scale": scale, "bands": self._bands()}

    def _bands(self) -> list[dict[str, Any]]:
        given = self.cleaned_data
        rows = [
            {
                "code": slugify(given[f"band_{number}_name"]),
                "name": given[f"band_{number}_name"],
                "lowest": given[f"band_{number}_lowest"],
                "colour": given[f"band_{number}_colour"],
                "meaning": given[f"band_{number}_meaning"],
            }
            for number in range(1, BANDS + 1)
            if given[f"band_{number}_name"]
        ]
        scores = scores_of(self.size)
        for row, following in zip(rows, [*rows[1:], None], strict=True):
            ends = following["lowest"] if following else self.size**2 + 1
            # The highest score that a pair can give: 12 and not 14, before a band that begins at 15.
            row["highest"] = max((score for score in scores if score < ends), default=0)
        return rows


def matrix_initial(matrix: RiskMatrix | None) -> dict[str, Any]:
    """A matrix as initial values, to begin another one from."""
    if matrix is None:
        return {}
    initial: dict[str, Any] = {}
    for axis in AXES:
        for step in matrix.steps(axis):
            initial |= {f"{axis}_{step.value}_label": step.label, f"{axis}_{step.value}_definition": step.definition}
    for number, band in enumerate(matrix.band_list[:BANDS], start=1):
        initial |= {
            f"band_{number}_name": band.name,
            f"band_{number}_lowest": band.lowest,
            f"band_{number}_colour": band.colour.value,
            f"band_{number}_meaning": band.meaning,
        }
    return initial


class MatrixChoiceForm(forms.Form):
    used_from = DateField(
        label="Used from",
        help_text="Reviews dated on or after this day are scored on it.",
        error_messages={"required": "Enter the date it is used from."},
    )
    reason = reason_field("Why does the matrix change?", "Say why the matrix changes.", "Say which board agreed it.")
