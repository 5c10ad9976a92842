"""How the register stands in a month: the stored figures and the highest risks, arranged for the dashboard."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse

from board.figures import MonthFigures, StoredFigure, definition
from board.views.changes import change_words
from core.months import Month
from risks.models import Band, MatrixBook, Movement, Risk, RiskMatrix

TOP_SHOWN = 8
MOVEMENTS = (Movement.NEW, Movement.UP, Movement.DOWN, Movement.SAME, Movement.CLOSED)
WATCHED = (
    "risks.above_trajectory",
    "risks.without_mitigation",
    "risks.review_overdue",
    "risks.action_overdue",
    "risks.escalated",
    "risks.de_escalated",
)


@dataclass(frozen=True)
class BandPart:
    """How many open risks are in a band, and how many more than the month before."""

    band: Band
    figure: StoredFigure | None

    @property
    def change(self) -> str:
        return change_words(self.figure)


@dataclass(frozen=True)
class WatchedFigure:
    title: str
    words: str
    figure: StoredFigure | None


class RiskPanel:
    """The register as at the end of a month. Reads only."""

    def __init__(self, month: Month, figures: MonthFigures, *, previous: Month | None) -> None:
        self.month, self.figures, self.previous = month, figures, previous
        self.on = month.last_day

    @property
    def has_figures(self) -> bool:
        """Months that were signed off before there was a register have none."""
        return self.open is not None

    @property
    def open(self) -> StoredFigure | None:
        return self.figures.figure("risks.open")

    @property
    def systemic(self) -> StoredFigure | None:
        return self.figures.figure("risks.level.systemic")

    @property
    def operational(self) -> StoredFigure | None:
        return self.figures.figure("risks.level.operational")

    @property
    def mean(self) -> StoredFigure | None:
        return self.figures.figure("risks.mean_score")

    @cached_property
    def book(self) -> MatrixBook:
        return MatrixBook.read()

    @cached_property
    def bands(self) -> list[BandPart]:
        """The bands of the matrix in use, the highest first."""
        in_use = RiskMatrix.objects.in_use(self.on)
        return [
            BandPart(band, self.figures.figure("risks.by_band", breakdown=band.code))
            for band in reversed(in_use.band_list)
        ]

    @property
    def movements(self) -> list[tuple[Movement, StoredFigure | None]]:
        return [(movement, self.figures.figure(f"risks.movement.{movement}")) for movement in MOVEMENTS]

    @property
    def watched(self) -> list[WatchedFigure]:
        return [
            WatchedFigure(definition(code).title, definition(code).words, self.figures.figure(code)) for code in WATCHED
        ]

    @cached_property
    def top(self) -> Sequence[Risk]:
        """The highest scores, and of equals what moved up."""
        register = Risk.objects.in_register(self.on).as_at(self.on).with_movement(self.on).open()
        rows = list(register.select_related("owner").order_by("-score_on", "reference")[:TOP_SHOWN])
        for risk in rows:
            risk.is_above = risk.planned_on is not None and risk.score_on > risk.planned_on
        return rows

    @property
    def heat_map_url(self) -> str:
        compared = f"&from={self.previous}" if self.previous else ""
        return f"{reverse('risks:heat_map')}?month={self.month}{compared}"
