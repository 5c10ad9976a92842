"""How scores, bands and movements are written on pages: each colour with its name, each arrow with its word."""

import datetime as dt
from functools import lru_cache
from typing import Any, NamedTuple

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from core.templatetags.portal import rating
from risks.models import Band, Level, LevelMove, MatrixBook, MitigationStatus, Movement, Risk

register = template.Library()

# Drawn, because arrow characters turn into emoji on some phones. The word beside it says the same.
_ARROWS = {
    Movement.UP: "M7.5 13V2M3 6.5L7.5 2 12 6.5",
    Movement.DOWN: "M7.5 2v11M3 8.5L7.5 13 12 8.5",
    Movement.SAME: "M1 7.5h12M9 3.5l4 4-4 4",
    Movement.NEW: "M7.5 2v11M2 7.5h11",
    Movement.CLOSED: "M2 8l4 4 7-9",
    Movement.RESCORED: "M3 4h9M3 11h9",
}


@register.simple_tag
def score_tag(score: int, band: Band, pair: str = "") -> SafeString:
    """A score with its band's name and colour; `pair` is its likelihood and impact in words."""
    shown = format_html(' <span class="app-score__pair">{}</span>', pair) if pair else SafeString("")
    return format_html(
        '<span class="app-score app-score--{}"><strong class="app-score__number">{}</strong> {}{}</span>',
        band.colour,
        score,
        band.name,
        shown,
    )


@register.simple_tag
def band_swatch(band: Band) -> SafeString:
    """The small square of a band's colour that stands before its name in a key."""
    return format_html('<span class="app-band-swatch app-band-swatch--{}" aria-hidden="true"></span>', band.colour)


@register.simple_tag
def score_in(book: MatrixBook, matrix: int, score: int | None) -> SafeString:
    """A score with its band, on the matrix that it was given on; a dash for none."""
    if score is None:
        return SafeString('<span class="app-quiet">–<span class="govuk-visually-hidden">none</span></span>')
    return score_tag(score, book.band(matrix, score))


@register.simple_tag
def movement_mark(value: str) -> SafeString:
    """A movement as an arrow with its word; nothing for what was closed before."""
    if not value:
        return SafeString("")
    movement = Movement(value)
    return format_html(
        '<span class="app-trend app-move--{}">'
        '<svg class="app-trend__arrow" viewBox="0 0 15 15" width="15" height="15" aria-hidden="true" focusable="false">'
        '<path d="{}" fill="none" stroke="currentColor" stroke-width="2"/></svg>{}</span>',
        movement.value,
        mark_safe(_ARROWS[movement]),  # noqa: S308 our own constant
        movement.label,
    )


@register.simple_tag
def level_tag(value: str, move: str = "") -> SafeString:
    """Which board holds a risk, and that it came there lately."""
    colour = "purple" if value == Level.SYSTEMIC else "grey"
    words = Level(value).label
    moved = format_html('<span class="app-table__words">{}</span>', LevelMove(move).label) if move else SafeString("")
    return format_html('<strong class="govuk-tag govuk-tag--{}">{}</strong>{}', colour, words, moved)


@register.simple_tag
def mitigation_tag(value: str) -> SafeString:
    return rating(MitigationStatus(value))


@register.filter
def level_board(value: str) -> str:
    """Improvement Board, Operations Board."""
    return Level(value).board


class RegisterRow(NamedTuple):
    """All that a row of the list shows of a risk."""

    reference: str
    title: str
    level_on: str
    level_move_on: str
    state_on: str
    inherent: int
    score: int
    band: Band
    target: int | None
    planned: int | None
    movement_on: str
    owner: str
    next_review_on: dt.date
    mitigated: bool

    @property
    def is_open(self) -> bool:
        return self.state_on == "open"

    @property
    def is_above(self) -> bool:
        return self.is_open and self.planned is not None and self.score > self.planned

    @property
    def lacks_mitigation(self) -> bool:
        return self.is_open and not self.mitigated


@register.simple_tag
def risk_row(risk: Risk, book: MatrixBook, *, on: dt.date, as_at: dt.date | None) -> SafeString:
    """A risk's row in the list on a day; `as_at` where its links go on with the day that was asked for.

    Takes a risk with the annotations of `as_at(on)` and `with_movement(on)`.
    """
    row = RegisterRow(
        risk.reference,
        risk.title,
        risk.level_on,
        risk.level_move_on,
        risk.state_on,
        risk.inherent_score,
        risk.score_on,
        book.band(risk.matrix_on, risk.score_on),
        risk.target_score_on,
        risk.planned_on,
        risk.movement_on,
        risk.owner.full_name,
        risk.next_review_on,
        risk.mitigated_on,
    )
    return _risk_row(row, on, as_at)


@lru_cache(maxsize=1000)
def _risk_row(risk: RegisterRow, on: dt.date, as_at: dt.date | None) -> SafeString:
    """Made once for the same words: rows are most of what the list costs, and few change between two looks at it."""
    return render_to_string("risks/_risk_row.html", {"risk": risk, "on": on, "as_at": as_at})


@register.simple_tag
def matrix_cells(matrix: Any) -> list[tuple[Any, list[tuple[int, Band]]]]:
    """A matrix's grid, the most likely row first: each step with the scores of its cells and their bands."""
    return [
        (step, [(step.value * impact.value, matrix.band_of(step.value * impact.value)) for impact in matrix.impacts])
        for step in reversed(matrix.likelihoods)
    ]
