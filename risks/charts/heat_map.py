"""The heat map: every open risk in its cell of the matrix, with arrows from where it stood before.

An SVG that needs no script and no style attribute, like `core.charts.bar`: the picture is for eyes and pointers, its
links are left out of the tab order, and the page gives the same as a table with links.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from core.charts import INK, NAVY, QUIET
from risks.charts.trajectory import TINTS
from risks.models import Band, BandColour, Level, RiskMatrix, Step

Pair = tuple[int, int]
"""Likelihood and impact."""


@dataclass(frozen=True)
class Placed:
    """One risk on the map: where it stands, and where it stood on the other day (None where it was not there)."""

    reference: str
    title: str
    level: str
    pair: Pair
    url: str
    before: Pair | None = None
    lacks_mitigation: bool = False

    @property
    def words(self) -> str:
        lacking = " (no mitigation)" if self.lacks_mitigation else ""
        return f"{self.reference} {self.title}{lacking}"

    @property
    def score(self) -> int:
        return self.pair[0] * self.pair[1]

    @property
    def score_before(self) -> int | None:
        return self.before[0] * self.before[1] if self.before else None

    @property
    def has_moved(self) -> bool:
        return self.before is not None and self.before != self.pair

    @property
    def is_worse(self) -> bool:
        return self.score_before is not None and self.score > self.score_before

    @property
    def is_better(self) -> bool:
        return self.score_before is not None and self.score < self.score_before


@dataclass(frozen=True)
class HeatCell:
    likelihood: Step
    impact: Step
    band: Band
    risks: Sequence[Placed]
    url: str

    @property
    def score(self) -> int:
        return self.likelihood.value * self.impact.value


@dataclass(frozen=True)
class HeatMap:
    """`rows` are the cells from the most likely down, each row with its step; `wide` and `narrow` the same drawn."""

    wide: SafeString
    narrow: SafeString
    rows: Sequence[tuple[Step, Sequence[HeatCell]]]


def heat_map(
    matrix: RiskMatrix, risks: Sequence[Placed], *, cell_url: Callable[[Pair], str], name: str, description: str
) -> HeatMap:
    """The map of risks that are scored on a matrix of this size. `name` is unique on the page."""
    by_pair: dict[Pair, list[Placed]] = defaultdict(list)
    for risk in risks:
        by_pair[risk.pair].append(risk)
    rows = [
        (
            likelihood,
            [
                HeatCell(
                    likelihood,
                    impact,
                    matrix.band_of(likelihood.value * impact.value),
                    by_pair[likelihood.value, impact.value],
                    cell_url((likelihood.value, impact.value)),
                )
                for impact in matrix.impacts
            ],
        )
        for likelihood in reversed(matrix.likelihoods)
    ]
    wide = _Drawing(rows, risks, cell=(124, 92), left=132, foot=52, name=f"{name}-wide", shows_chips=True)
    # On a phone a cell is as wide as a thumb: it shows how many, and leads to their list.
    narrow = _Drawing(rows, risks, cell=(62, 56), left=24, foot=26, name=f"{name}-narrow", shows_chips=False)
    return HeatMap(wide.svg(description), narrow.svg(description), rows)


CHIP, CHIP_HEIGHT, CHIPS_A_ROW, CHIP_ROWS = 52, 20, 2, 3
NUMBER = (22, 24)
"""Width and height that a narrow map's number takes, with two digits."""


class _Drawing:
    """One drawing of the map at one size, in pixels of its own viewBox."""

    def __init__(
        self,
        rows: Sequence[tuple[Step, Sequence[HeatCell]]],
        risks: Sequence[Placed],
        *,
        cell: tuple[int, int],
        left: int,
        foot: int,
        name: str,
        shows_chips: bool,
    ) -> None:
        self.rows, self.risks, self.name, self.shows_chips = rows, risks, name, shows_chips
        self.cell_width, self.cell_height = cell
        self.left, self.foot, self.size = left, foot, len(rows)
        self.width = left + self.cell_width * self.size + 2
        self.height = self.cell_height * self.size + foot + 2
        self.order = {
            risk.reference: place for _step, row in rows for cell in row for place, risk in enumerate(cell.risks)
        }

    def svg(self, description: str) -> SafeString:
        cells = [cell for _step, row in self.rows for cell in row]
        grounds = "".join(self._ground(cell) for cell in cells)
        contents = "".join(self._content(cell) for cell in cells)
        # Over the cells and under what is read in them; an arrow that several share is drawn once.
        arrows = "".join(dict.fromkeys(self._arrow(risk) for risk in self.risks if risk.has_moved))
        markers = "".join(_marker(f"{self.name}-{way}", colour) for way, colour in ARROWS.items())
        return mark_safe(  # noqa: S308 numbers and our own colours; every text is escaped
            f'<svg class="app-heat" viewBox="0 0 {self.width} {self.height}" aria-hidden="true" focusable="false">'
            f"<defs>{markers}</defs>{self._labels()}{grounds}"
            f'<g pointer-events="none">{arrows}</g>{contents}</svg>'
            f'<p class="govuk-visually-hidden">{escape(description)} The table that follows has them all.</p>'
        )

    def _corner(self, pair: Pair) -> tuple[int, int]:
        likelihood, impact = pair
        return self.left + (impact - 1) * self.cell_width, (self.size - likelihood) * self.cell_height + 1

    def _centre(self, pair: Pair) -> tuple[float, float]:
        x, y = self._corner(pair)
        return x + self.cell_width / 2, y + self.cell_height / 2

    def _ground(self, cell: HeatCell) -> str:
        x, y = self._corner((cell.likelihood.value, cell.impact.value))
        return (
            f'<rect x="{x}" y="{y}" width="{self.cell_width}" height="{self.cell_height}" '
            f'fill="{TINTS[cell.band.colour]}" stroke="#fff" stroke-width="2"/>{_mark(cell.band, x, y)}'
        )

    def _content(self, cell: HeatCell) -> str:
        x, y = self._corner((cell.likelihood.value, cell.impact.value))
        words = f"{cell.score} {cell.band.name}" if self.shows_chips else str(cell.score)
        text = f'<text x="{x + 12}" y="{y + 15}" class="app-heat__band"{_halo(cell.band)}>{escape(words)}</text>'
        return text + (self._chips(cell, x, y) if self.shows_chips else self._number(cell))

    def _number(self, cell: HeatCell) -> str:
        if not cell.risks:
            return ""
        x, y = self._centre((cell.likelihood.value, cell.impact.value))
        number = len(cell.risks)
        title = f"{number} risk{'' if number == 1 else 's'}"
        drawn = f'<text x="{x}" y="{y + 12}" class="app-heat__number"{_halo(cell.band)}>{number}</text>'
        return _link(cell.url, title, drawn)

    def _chips(self, cell: HeatCell, x: int, y: int) -> str:
        """The cell's risks by reference; of more than fit, how many more, which lead to the whole list."""
        room = CHIPS_A_ROW * CHIP_ROWS
        fits = len(cell.risks) <= room
        shown = list(islice(cell.risks, room if fits else room - 1))
        drawn = []
        for place, risk in enumerate(shown):
            left, top = self._chip_corner(x, y, place)
            chip = _chip(left, top, risk.reference, risk.level) + (_warning(left, top) if risk.lacks_mitigation else "")
            drawn.append(_link(risk.url, risk.words, chip))
        if not fits:
            left, top = self._chip_corner(x, y, room - 1)
            more = f"+{len(cell.risks) - len(shown)}"
            drawn.append(_link(cell.url, f"All {len(cell.risks)} risks of this cell", _chip(left, top, more, "")))
        return "".join(drawn)

    def _chip_corner(self, x: int, y: int, place: int) -> tuple[int, int]:
        row, column = divmod(place, CHIPS_A_ROW)
        return x + 7 + column * (CHIP + 6), y + 22 + row * (CHIP_HEIGHT + 3)

    def _place(self, risk: Placed) -> tuple[float, float]:
        """The middle of a risk's chip, or of its cell's number."""
        if not self.shows_chips:
            x, y = self._centre(risk.pair)
            return x, y + 5
        place = min(self.order[risk.reference], CHIPS_A_ROW * CHIP_ROWS - 1)
        left, top = self._chip_corner(*self._corner(risk.pair), place)
        return left + CHIP / 2, top + CHIP_HEIGHT / 2

    def _arrow(self, risk: Placed) -> str:
        """From the cell it left to where it stands. Up is a solid line, down a broken one, and dotted is to a cell of
        the same score."""
        if risk.before is None:
            return ""
        from_x, from_y = self._centre(risk.before)
        to_x, to_y = self._place(risk)
        # It begins below the chips, where a cell has most room, or as far from a number as it ends.
        from_y += self.cell_height / 2 - 8 if self.shows_chips else 5
        across, down = to_x - from_x, to_y - from_y
        width, height = (CHIP, CHIP_HEIGHT) if self.shows_chips else NUMBER
        short = min((width / 2 + 3) / max(abs(across), 1), (height / 2 + 3) / max(abs(down), 1), 0.4)
        to_x, to_y = to_x - across * short, to_y - down * short
        if not self.shows_chips:
            from_x, from_y = from_x + across * short, from_y + down * short
        way = "up" if risk.is_worse else "down" if risk.is_better else "beside"
        return (
            f'<circle cx="{from_x:.1f}" cy="{from_y:.1f}" r="3" fill="{ARROWS[way]}"/>'
            f'<line x1="{from_x:.1f}" y1="{from_y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{ARROWS[way]}" '
            f'stroke-width="1.5"{DASHES[way]} marker-end="url(#{self.name}-{way})"/>'
        )

    def _labels(self) -> str:
        """Words at a desk, numbers on a phone; the table has both."""
        drawn = []
        for step, row in self.rows:
            _x, y = self._centre((step.value, 1))
            drawn.append(f'<text x="{self.left - 8}" y="{y + 4:.0f}" class="app-heat__label app-heat__label--row">')
            drawn.append(f"{escape(self._step(step))}</text>")
            if step.value == 1:
                drawn += [self._foot_label(cell.impact) for cell in row]
        middle = self.left + self.cell_width * self.size / 2
        below = self.cell_height * self.size + self.foot - 4
        drawn.append(f'<text x="{middle:.0f}" y="{below}" class="app-heat__axis">Impact</text>')
        drawn.append(f'<text x="0" y="12" class="app-heat__axis app-heat__axis--row">{self._row_axis()}</text>')
        return "".join(drawn)

    def _row_axis(self) -> str:
        return "Likelihood" if self.shows_chips else ""

    def _foot_label(self, step: Step) -> str:
        x, _y = self._centre((1, step.value))
        y = self.cell_height * self.size + 20
        label = escape(self._step(step))
        return f'<text x="{x:.0f}" y="{y}" class="app-heat__label">{label}</text>' if self.shows_chips else ""

    def _step(self, step: Step) -> str:
        return f"{step.value} {step.label}" if self.shows_chips else str(step.value)


ARROWS = {"up": BandColour.RED.fill, "down": BandColour.GREEN.fill, "beside": QUIET}
DASHES = {"up": "", "down": ' stroke-dasharray="5 3"', "beside": ' stroke-dasharray="2 3"'}


def _marker(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="5" markerHeight="5" orient="auto">'
        f'<path d="M0,0L8,4L0,8z" fill="{colour}"/></marker>'
    )


def _halo(band: Band) -> str:
    """The cell's own ground around a text, so that an arrow that passes behind it leaves it readable."""
    return f' stroke="{TINTS[band.colour]}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'


def _mark(band: Band, x: int, y: int) -> str:
    """A strip of the band's strong colour at the cell's left edge."""
    return f'<rect x="{x + 1}" y="{y + 1}" width="5" height="20" fill="{band.colour.fill}"/>'


def _chip(left: int, top: int, words: str, level: str) -> str:
    """A reference: filled for the Improvement Board's risks, outlined for the Operations Board's."""
    filled = level == Level.SYSTEMIC
    colour, ink = (NAVY, "#fff") if filled else ("#fff", INK)
    line = QUIET if not filled else NAVY
    return (
        f'<rect x="{left}" y="{top}" width="{CHIP}" height="{CHIP_HEIGHT}" rx="3" fill="{colour}" stroke="{line}"/>'
        f'<text x="{left + CHIP / 2:.0f}" y="{top + 14}" class="app-heat__chip" fill="{ink}">{escape(words)}</text>'
    )


def _warning(left: int, top: int) -> str:
    """An exclamation mark on a chip's corner: an open risk without any mitigation."""
    x, y = left + 2, top + 3
    return (
        f'<circle cx="{x}" cy="{y}" r="7" fill="{BandColour.RED.fill}"/>'
        f'<text x="{x}" y="{y + 4}" class="app-heat__chip" fill="#fff">!</text>'
    )


def _link(url: str, title: str, drawn: str) -> str:
    return f'<a href="{escape(url)}" tabindex="-1"><title>{escape(title)}</title>{drawn}</a>'
