"""The register's pictures: a risk's score against its trajectory, and the heat map. Each with the table of its rows."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import altair as alt
from django.utils.formats import date_format

from core.charts import INK, NAVY, QUIET, Cell, Chart, Column, draw
from risks.models import BandColour, Risk, RiskMatrix, RiskReview, RiskTarget

# Drawn at the width it has on the page, so that its text is the size it says: two thirds of a desk page, and a phone.
WIDE, NARROW, HEIGHT = 640, 343, 300
# Behind lines and words: light enough for ink to be read on.
TINTS = {
    BandColour.GREEN: "#d9ebe1",
    BandColour.YELLOW: "#fdf3c0",
    BandColour.ORANGE: "#fbdcc2",
    BandColour.RED: "#f6cfca",
}

Step = tuple[dt.date, int]


def trajectory(
    risk: Risk, reviews: Sequence[RiskReview], target: RiskTarget | None, matrix: RiskMatrix, *, on: dt.date
) -> Chart | None:
    """The score as it was reviewed, in steps, against the planned scores; None before there is anything to compare.

    `reviews` are those up to the day, superseded ones too, the latest first; `risk` has the annotations of `as_at(on)`.
    Reviews on a matrix of another size are left out: their scores mean something else.
    """
    standing = [row for row in reversed(reviews) if not hasattr(row, "superseded_by")]
    scored: list[Step] = [(row.reviewed_on, row.score) for row in standing if row.matrix.size == matrix.size]
    if risk.inherent_matrix.size == matrix.size and not any(day == risk.opened_on for day, _score in scored):
        scored.insert(0, (risk.opened_on, risk.inherent_score))
    planned: list[Step] = [(point.due_on, point.score) for point in target.points.all()] if target else []
    if len(scored) < 2 and not planned:
        return None
    last = max([on, *(day for day, _score in planned)])
    title = f"{risk.reference}: score and trajectory"
    description = _description(scored, planned, on)
    spec = [_spec(scored, planned, matrix, on=on, last=last, width=width) for width in (WIDE, NARROW)]
    wide, narrow = (draw(each, title=title, description=description) for each in spec)
    columns = [Column("Date", numeric=False), Column("Score"), Column("Planned")]
    return Chart(title, description, wide, narrow, columns, _rows(scored, planned, on))


def _description(scored: Sequence[Step], planned: Sequence[Step], on: dt.date) -> str:
    words = f"Steps. The score was {scored[0][1]} on {date_format(scored[0][0])}" if scored else "Steps"
    if len(scored) > 1:
        words += f" and is {scored[-1][1]} on {date_format(on)}"
    if planned:
        words += f". It is planned to be {planned[-1][1]} by {date_format(planned[-1][0])}"
    return f"{words}. Every number is in the table that follows."


def _rows(scored: Sequence[Step], planned: Sequence[Step], on: dt.date) -> list[list[Cell]]:
    rows = []
    for day in sorted({day for day, _score in [*scored, *planned]}):
        score = str(_at(scored, day)) if day <= on and _at(scored, day) is not None else "to come"
        plan = _at(planned, day)
        rows.append([Cell(date_format(day)), Cell(score), Cell("none yet" if plan is None else str(plan))])
    return rows


def _at(steps: Sequence[Step], day: dt.date) -> int | None:
    return next((score for since, score in reversed(steps) if since <= day), None)


def _spec(
    scored: Sequence[Step], planned: Sequence[Step], matrix: RiskMatrix, *, on: dt.date, last: dt.date, width: int
) -> alt.LayerChart:
    first = scored[0][0] if scored else planned[0][0]
    x = alt.X(
        "date:T",
        scale=alt.Scale(type="utc", domain=[first.isoformat(), last.isoformat()], nice=False),
        axis=alt.Axis(title=None, format="%b %Y", tickCount=5 if width < WIDE else 8, grid=False, labelAngle=0),
    )
    high = matrix.size**2
    y = alt.Y(
        "score:Q", title=None, scale=alt.Scale(domain=[0, high], nice=False), axis=alt.Axis(tickCount=5, grid=False)
    )
    layers = [*_band_layers(matrix, first, last, x, y, high=high)]
    if planned:
        rows = [*_drawn(planned), {"date": last.isoformat(), "score": planned[-1][1]}]
        line = alt.Chart(alt.Data(values=rows))
        layers += [
            line.mark_line(interpolate="step-after", color=QUIET, strokeWidth=2, strokeDash=[5, 4]).encode(x=x, y=y),
            alt.Chart(alt.Data(values=_drawn(planned)))
            .mark_point(shape="diamond", color=QUIET, fill="#ffffff", size=60, opacity=1)
            .encode(x=x, y=y),
        ]
    if scored:
        rows = [*_drawn(scored), {"date": on.isoformat(), "score": scored[-1][1]}]
        line = alt.Chart(alt.Data(values=rows))
        last_one = alt.Chart(alt.Data(values=rows[-1:]))
        layers += [
            line.mark_line(interpolate="step-after", color=NAVY, strokeWidth=3).encode(x=x, y=y),
            alt.Chart(alt.Data(values=_drawn(scored)))
            .mark_point(color=NAVY, fill=NAVY, size=40, opacity=1)
            .encode(x=x, y=y),
            last_one.mark_text(align="right", baseline="bottom", dx=-4, dy=-6, fontWeight="bold").encode(
                x=x, y=y, text=alt.Text("score:Q")
            ),
        ]
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    return alt.layer(*layers).properties(width=width, height=HEIGHT, autosize=fit, padding=4)


def _drawn(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [{"date": day.isoformat(), "score": score} for day, score in steps]


def _band_layers(
    matrix: RiskMatrix, first: dt.date, last: dt.date, x: alt.X, y: alt.Y, *, high: int
) -> list[alt.Chart]:
    """The bands as tints from edge to edge, each named at its left."""
    edges = [0, *(band.lowest for band in matrix.band_list[1:]), high]
    rows = [
        {"date": first.isoformat(), "end": last.isoformat(), "score": low, "top": top, "name": band.name}
        for band, low, top in zip(matrix.band_list, edges, edges[1:], strict=False)
    ]
    layers = []
    for row, band in zip(rows, matrix.band_list, strict=True):
        data = alt.Chart(alt.Data(values=[row]))
        layers.append(data.mark_rect(color=TINTS[band.colour]).encode(x=x, x2=alt.X2("end:T"), y=y, y2=alt.Y2("top:Q")))
    names = alt.Chart(alt.Data(values=rows)).mark_text(
        align="left", baseline="bottom", dx=5, dy=-3, fontSize=12, color=INK
    )
    return [*layers, names.encode(x=x, y=y, text=alt.Text("name:N"))]
