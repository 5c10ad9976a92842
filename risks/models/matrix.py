"""Risk matrices: what the numbers of likelihood and impact mean, and how their product is rated."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from core.models import AppendOnly, AppendOnlyQuerySet
from risks.models.ratings import BandColour

AXES = ("likelihood", "impact")
SMALLEST, LARGEST = 3, 10


@dataclass(frozen=True)
class Step:
    """One step of an axis: `value` (1 is the least), its label and what it means."""

    value: int
    label: str
    definition: str


@dataclass(frozen=True)
class Band:
    """A range of scores with one name. `code` is its name as addresses and figures hold it."""

    code: str
    name: str
    lowest: int
    highest: int
    colour: BandColour
    meaning: str = ""

    @property
    def label(self) -> str:
        return self.name

    def holds(self, score: int) -> bool:
        return self.lowest <= score <= self.highest

    @property
    def range_words(self) -> str:
        return str(self.lowest) if self.lowest == self.highest else f"{self.lowest} to {self.highest}"


class MatrixQuerySet(AppendOnlyQuerySet):
    def in_use(self, on: dt.date) -> "RiskMatrix":
        """The matrix that risks are scored on, on a day: the last one chosen by then, else the first chosen after."""
        chosen = MatrixChoice.objects.select_related("matrix")
        row = chosen.filter(used_from__lte=on).order_by("-used_from", "-pk").first()
        row = row or chosen.order_by("used_from", "pk").first()
        if row is None:
            raise RiskMatrix.DoesNotExist("No matrix was ever chosen. Run `migrate`, which brings the shipped ones.")
        return row.matrix


class RiskMatrix(AppendOnly):
    """One way of scoring: size, labels with definitions, bands. Data, never changed: reviews keep the matrix they were
    scored on, so to score otherwise add another matrix and choose it.

    `scale` holds for each axis a list of `{label, definition}` from the least to the most; `bands` a list of `{code,
    name, lowest, highest, colour, meaning}` from the lowest to the highest, which between them hold each score once.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    size = models.PositiveSmallIntegerField(validators=[MinValueValidator(SMALLEST), MaxValueValidator(LARGEST)])
    scale = models.JSONField()
    bands = models.JSONField()

    objects = MatrixQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "risk matrices"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if self.size not in range(SMALLEST, LARGEST + 1):
            return  # Said by the field's validators; a matrix of thousands takes too long to look through.
        faults = _scale_faults(self) | _band_faults(self)
        if faults:
            raise ValidationError(faults)

    def steps(self, axis: str) -> list[Step]:
        return [Step(place, row["label"], row["definition"]) for place, row in enumerate(self.scale[axis], start=1)]

    @cached_property
    def likelihoods(self) -> list[Step]:
        return self.steps("likelihood")

    @cached_property
    def impacts(self) -> list[Step]:
        return self.steps("impact")

    @cached_property
    def band_list(self) -> Sequence[Band]:
        return tuple(Band(**{**row, "colour": BandColour(row["colour"])}) for row in self.bands)

    def band_of(self, score: int) -> Band:
        """The band of a score of this matrix; for a number between bands, that no pair gives, the one below it."""
        return next(band for band in reversed(self.band_list) if score >= band.lowest)

    @property
    def top_band(self) -> Band:
        return self.band_list[-1]


def scores_of(size: int) -> list[int]:
    """Every score that a matrix of a size can give: likelihood × impact."""
    numbers = range(1, size + 1)
    return sorted({likelihood * impact for likelihood in numbers for impact in numbers})


def _scale_faults(matrix: RiskMatrix) -> dict[str, str]:
    for axis in AXES:
        rows: Any = matrix.scale.get(axis, []) if isinstance(matrix.scale, dict) else []
        if len(rows) != matrix.size:
            return {"scale": f"Give {matrix.size} steps of {axis}, from the least to the most."}
        if not all(row.get("label") and row.get("definition") for row in rows):
            return {"scale": f"Give each step of {axis} a label and a definition."}
    return {}


def _band_faults(matrix: RiskMatrix) -> dict[str, str]:
    rows: Any = matrix.bands
    if not isinstance(rows, list) or len(rows) < 2:
        return {"bands": "Give at least two bands."}
    if not all(row.get("name") and row.get("code") for row in rows):
        return {"bands": "Give each band a name."}
    if any(set(row) - {each.name for each in fields(Band)} for row in rows):
        return {"bands": f"A band has no more than {', '.join(each.name for each in fields(Band))}."}
    if len({row["code"] for row in rows}) != len(rows):
        return {"bands": "Two bands have the same name. Rename one."}
    if any(row.get("colour") not in set(BandColour) for row in rows):
        return {"bands": "Choose each band’s colour from the list."}
    return _range_faults(rows, matrix.size)


def _range_faults(rows: Any, size: int) -> dict[str, str]:
    if not all(isinstance(row.get(end), int) for row in rows for end in ("lowest", "highest")):
        return {"bands": "Give each band its lowest and its highest score, in whole numbers."}
    scores = scores_of(size)
    for score in scores:
        held = [row["name"] for row in rows if row["lowest"] <= score <= row["highest"]]
        if len(held) != 1:
            where = f"in {' and '.join(held)}" if held else "in no band"
            return {"bands": f"A score of {score} is {where}. Each score must be in exactly one."}
    # An empty band inside another would be found first by `band_of`.
    for row in rows:
        if not any(row["lowest"] <= score <= row["highest"] for score in scores):
            return {"bands": f"No score can be in {row['name']}. Change its range, or take it away."}
    if rows != sorted(rows, key=lambda row: row["lowest"]):
        return {"bands": "List the bands from the lowest to the highest."}
    return {}


class MatrixChoice(AppendOnly):
    """From this day on risks are scored on this matrix. Scores given before stay on theirs."""

    matrix = models.ForeignKey(RiskMatrix, on_delete=models.PROTECT, related_name="choices")
    used_from = models.DateField()
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-used_from", "-pk"]

    def __str__(self) -> str:
        return f"{self.matrix} from {self.used_from}"


class MatrixBook(dict[int, RiskMatrix]):
    """Every matrix by its id, for rating scores of many risks: one query."""

    @classmethod
    def read(cls) -> Self:
        return cls(RiskMatrix.objects.in_bulk())

    def band(self, matrix_id: int, score: int) -> Band:
        return self[matrix_id].band_of(score)

    def bands_named(self, codes: Sequence[str]) -> list[tuple[int, Band]]:
        """The bands of any matrix that have one of these codes, each with its matrix's id."""
        return [(pk, band) for pk, matrix in self.items() for band in matrix.band_list if band.code in codes]
