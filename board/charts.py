"""The board's charts: their specifications, made from stored figures, and the tables of the same rows."""

from collections.abc import Mapping, Sequence

import altair as alt

from board.figures import StoredFigure
from core.charts import INK, NAVY, QUIET, Cell, Chart, Column, draw
from core.months import Month
from core.ratings import Colour
from milestones.models import Status

# Drawn at the width it has on the page, so that its text is the size it says: half a desk page, and a phone.
WIDE, NARROW, HEIGHT = 570, 343, 310

Series = Sequence[tuple[Month, StoredFigure | None]]


def _cell(figure: StoredFigure | None) -> Cell:
    if figure is None or figure.number is None:
        return Cell("no figures")
    return Cell(str(figure.number), figure.url)


def _number(figure: StoredFigure | None) -> int:
    return int(figure.value) if figure and figure.value is not None else 0


def _month_axis(months: Sequence[Month], *, every: int = 1) -> alt.Axis:
    """Months as `Jan`, with the year under the first and under each January. `every` thins the labels."""
    kept = [month for place, month in enumerate(reversed(months)) if place % every == 0][::-1]
    with_year = [str(month) for place, month in enumerate(kept) if place == 0 or month.number < kept[place - 1].number]
    names = "{" + ",".join(f"'{month}':'{month.short_label[:3]}'" for month in kept) + "}"
    years = "{" + ",".join(f"'{month}':1" for month in with_year) + "}"
    expression = f"({years})[datum.value] ? [({names})[datum.value], slice(datum.value, 0, 4)] : ({names})[datum.value]"
    return alt.Axis(
        title=None, labelAngle=0, labelExpr=expression, values=[str(month) for month in kept], tickSize=4, grid=False
    )


def _finish(chart: alt.LayerChart, width: int, height: int) -> alt.LayerChart:
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    return chart.properties(width=width, height=height, autosize=fit, padding=4)


# --- The trend ------------------------------------------------------------------------------------------------------


def trend(by_status: Mapping[Status, Series]) -> Chart | None:
    """How many milestones stood in each status at the end of each month; None without a month with figures."""
    months = [month for month, _ in next(iter(by_status.values()))]
    figures = {status: dict(series) for status, series in by_status.items()}
    known = [month for month in months if any(figures[status][month] for status in Status)]
    if not known:
        return None
    # A young plan's chart begins with its figures; a month that was missed later on stays a gap.
    first, last = known[0], known[-1]
    months = months[months.index(first) :]
    well = {month: sum(_number(figures[s][month]) for s in (Status.COMPLETED, Status.ON_TRACK)) for month in known}
    totals = {month: sum(_number(figures[status][month]) for status in Status) for month in known}
    description = (
        f"Stacked columns, one a month. Completed or on track: {well[first]} of {totals[first]} in {first.label}, "
        f"{well[last]} of {totals[last]} in {last.label}. Every number is in the table that follows."
    )
    title = f"Milestones by status, {months[0].label} to {months[-1].label}"
    rows = [
        {
            "month": str(month),
            "status": status.label,
            "rank": rank,
            "number": _number(figures[status][month]),
            "tone": "dark" if status.colour == Colour.AMBER else "light",
        }
        for month in known
        for rank, status in enumerate(Status)
    ]
    high = max(totals.values()) or 1
    wide, narrow = (
        draw(_trend_spec(rows, months, width=width, high=high), title=title, description=description)
        for width in (WIDE, NARROW)
    )
    columns = [Column("Month", numeric=False), *(Column(status.label) for status in Status), Column("Total")]
    table = [
        [
            Cell(month.label),
            *(_cell(figures[status][month]) for status in Status),
            Cell(str(totals[month]) if month in totals else "no figures"),
        ]
        for month in months
    ]
    return Chart(title, description, wide, narrow, columns, table)


def _trend_spec(rows: list[dict], months: Sequence[Month], *, width: int, high: int) -> alt.LayerChart:
    x = alt.X(
        "month:O",
        axis=_month_axis(months),
        scale=alt.Scale(domain=[str(month) for month in months], paddingInner=0.18, paddingOuter=0.1),
    )
    y = alt.Y("number:Q", stack="zero", title=None, scale=alt.Scale(domain=[0, high]), axis=alt.Axis(tickCount=5))
    colour = alt.Color(
        "status:N",
        legend=None,
        scale=alt.Scale(domain=[s.label for s in Status], range=[s.colour.fill for s in Status]),
    )
    base = alt.Chart(alt.Data(values=rows)).encode(x=x, y=y, order=alt.Order("rank:Q"))
    columns = base.mark_bar(stroke="#ffffff", strokeWidth=1).encode(color=colour)
    if width < WIDE:
        return _finish(alt.layer(columns), width, HEIGHT)
    # A number is printed where its segment is about as high as the text.
    labels = (
        alt.Chart(alt.Data(values=rows))
        .transform_stack(stack="number", as_=["low", "top"], groupby=["month"], sort=[alt.SortField("rank")])
        .transform_calculate(middle="(datum.low + datum.top) / 2")
        .transform_filter(f"datum.number >= {0.065 * high}")
        .mark_text(fontSize=12, baseline="middle")
        .encode(
            x=x,
            y=alt.Y("middle:Q"),
            text=alt.Text("number:Q"),
            color=alt.Color("tone:N", legend=None, scale=alt.Scale(domain=["light", "dark"], range=["#ffffff", INK])),
        )
    )
    return _finish(alt.layer(columns, labels).resolve_scale(color="independent"), width, HEIGHT)


# --- The burn-up ----------------------------------------------------------------------------------------------------


def burn_up(*, completed: Series, baseline: Mapping[Month, StoredFigure], revisit: Month, now: Month) -> Chart | None:
    """Completions against the dates the plan first promised, to the month the inspectors are expected back.

    `completed` has the months up to `now`; `baseline` is cumulative. None without either.
    """
    done = {month: figure for month, figure in completed if figure is not None}
    months = list(min([*baseline, *done, now]).until(max(revisit, now)))
    if not baseline and not done:
        return None
    promised, finished = _number(baseline.get(now)), _number(done.get(now))
    description = f"Two lines. {_against_baseline(promised, finished, now)}"
    if revisit in baseline:
        by_then = _number(baseline[revisit])
        description += f" By {revisit.label}, when the inspection revisit is expected, {by_then} are due."
    title = f"Completed milestones against the plan’s first due dates, to {months[-1].label}"
    rows = [{"month": str(m), "number": _number(f), "line": "Due by the baseline"} for m, f in baseline.items()]
    rows += [{"month": str(m), "number": _number(f), "line": "Completed"} for m, f in done.items()]
    wide, narrow = (
        draw(_burn_up_spec(rows, months, now, revisit, width=width), title=title, description=description)
        for width in (WIDE, NARROW)
    )
    columns = [Column("By the end of", numeric=False), Column("Due by the baseline"), Column("Completed")]
    table = []
    for month in months:
        planned = Cell(str(_number(baseline[month]))) if month in baseline else Cell("none yet")
        reached = _cell(done.get(month)) if month <= now else Cell("to come")
        table.append([Cell(month.label), planned, reached])
    return Chart(title, description, wide, narrow, columns, table)


def _against_baseline(promised: int, finished: int, now: Month) -> str:
    gap = promised - finished
    were = "was" if promised == 1 else "were"
    stands = f"By the end of {now.label}, {promised} {were} due by the baseline and {finished} completed"
    if gap == 0:
        return f"{stands}: level."
    return f"{stands}: {abs(gap)} {'behind' if gap > 0 else 'ahead'}."


def _burn_up_spec(
    rows: list[dict], months: Sequence[Month], now: Month, revisit: Month, *, width: int
) -> alt.LayerChart:
    every = 1 if len(months) <= (18 if width == WIDE else 9) else -(-len(months) // (14 if width == WIDE else 7))
    x = alt.X(
        "month:O",
        axis=_month_axis(months, every=every),
        scale=alt.Scale(type="point", domain=[str(month) for month in months], padding=0.4),
    )
    high = max((row["number"] for row in rows), default=0) or 1
    y = alt.Y("number:Q", title=None, scale=alt.Scale(domain=[0, high * 1.16], nice=False), axis=alt.Axis(tickCount=5))
    data = alt.Chart(alt.Data(values=rows))
    planned = data.transform_filter("datum.line != 'Completed'")
    reached = data.transform_filter("datum.line == 'Completed'")
    numbers = [_end_number(planned, x, y, month, above=True) for month in sorted({str(now), str(months[-1])})]
    numbers.append(_end_number(reached, x, y, str(now), above=False))
    marks = [
        planned.mark_line(color=QUIET, strokeWidth=2, strokeDash=[5, 4]).encode(x=x, y=y),
        reached.mark_line(color=Colour.BLUE.fill, strokeWidth=3).encode(x=x, y=y),
        reached.mark_point(color=Colour.BLUE.fill, fill=Colour.BLUE.fill, size=40, opacity=1).encode(x=x, y=y),
    ]
    return _finish(alt.layer(*_month_marks(months, now, revisit, x), *marks, *numbers), width, HEIGHT)


def _end_number(line: alt.Chart, x: alt.X, y: alt.Y, month: str, *, above: bool) -> alt.Chart:
    """The number of a line at one month, printed beside its point."""
    side = {"align": "right", "baseline": "bottom", "dx": -6, "dy": -2}
    if not above:
        side = {"align": "left", "baseline": "top", "dx": 6, "dy": 2}
    text = line.transform_filter(f"datum.month == '{month}'").mark_text(fontWeight="bold", **side)
    return text.encode(x=x, y=y, text=alt.Text("number:Q"))


def _month_marks(months: Sequence[Month], now: Month, revisit: Month, x: alt.X) -> list[alt.Chart]:
    """Upright lines at the month shown and at the expected revisit, each with its words at the top."""
    marks = [{"month": str(now), "words": now.short_label}]
    if revisit != now and revisit in months:
        marks.append({"month": str(revisit), "words": "Revisit expected"})
    else:
        marks[0]["words"] += ", revisit expected" if revisit == now else ""
    drawn = []
    for mark in marks:
        early = mark["month"] < str(months[len(months) // 4])
        data = alt.Chart(alt.Data(values=[mark]))
        drawn += [
            data.mark_rule(color=NAVY, strokeWidth=1, strokeDash=[2, 3]).encode(x=x),
            data.mark_text(
                align="left" if early else "right", baseline="top", dx=5 if early else -5, color=NAVY, fontSize=12
            ).encode(x=x, y=alt.value(0), text=alt.Text("words:N")),
        ]
    return drawn
