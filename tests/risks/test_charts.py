import datetime as dt
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from risks.charts import HeatMap, Placed, heat_map, trajectory
from risks.models import BandColour, Risk, RiskReview, RiskTarget
from tests.factories import RiskFactory, RiskReviewFactory, RiskTargetFactory, TargetPointFactory, shipped_matrix
from tests.risks.pages import small_matrix, words

pytestmark = pytest.mark.django_db
Pair = tuple[int, int]
JANUARY = dt.date(2026, 1, 31)


# --- The heat map -----------------------------------------------------------------------------------------------------


def placed(reference: str = "R01", pair: Pair = (3, 4), before: Pair | None = None, title: str = "Title") -> Placed:
    return Placed(reference, title, "operational", pair, f"/risks/{reference}/", before)


def drawn(*risks: Placed) -> HeatMap:
    def cell_url(pair: Pair) -> str:
        return f"/risks/?likelihood={pair[0]}&impact={pair[1]}"

    return heat_map(shipped_matrix(), risks, cell_url=cell_url, name="map", description="Some <risks>.")


def chips(svg: str) -> list[tuple[str, str]]:
    """Each chip of a drawing: where it leads, and what it says."""
    return re.findall(r'<a href="([^"]+)"[^>]*>.*?class="app-heat__chip"[^>]*>([^<]+)</text></a>', svg)


def arrows(svg: str) -> list[dict[str, float]]:
    lines = re.findall(r"<line ([^>]*)/>", svg)
    return [{name: float(value) for name, value in re.findall(r'(\b[xy][12])="([\d.]+)"', line)} for line in lines]


def svg_of(drawing: str) -> ET.Element:
    """The drawing as a browser reads it: it must be sound XML."""
    return ET.fromstring(drawing[drawing.index("<svg") : drawing.index("</svg>") + 6])  # noqa: S314 our own drawing


def test_cells_come_from_the_most_likely_down_each_with_its_band_and_risks() -> None:
    found = drawn(placed("R01", (5, 1)), placed("R02", (1, 5)), placed("R03", (5, 1)))

    assert [step.value for step, _cells in found.rows] == [5, 4, 3, 2, 1]
    top_left, bottom_right = found.rows[0][1][0], found.rows[-1][1][-1]
    assert (top_left.score, top_left.band.name, [risk.reference for risk in top_left.risks]) == (
        5,
        "Moderate",
        ["R01", "R03"],
    )
    assert [risk.reference for risk in bottom_right.risks] == ["R02"]
    assert sum(len(cell.risks) for _step, cells in found.rows for cell in cells) == 3


def test_as_many_risks_as_fit_a_cell_are_named_each_with_its_link() -> None:
    found = drawn(*(placed(f"R{number:02}") for number in range(1, 7)))

    assert chips(found.wide) == [(f"/risks/R{number:02}/", f"R{number:02}") for number in range(1, 7)]


def test_of_more_risks_than_fit_a_cell_the_rest_are_counted_and_led_to() -> None:
    found = drawn(*(placed(f"R{number:02}") for number in range(1, 10)))

    named = chips(found.wide)
    assert [said for _address, said in named] == ["R01", "R02", "R03", "R04", "R05", "+4"]
    assert named[-1][0] == "/risks/?likelihood=3&amp;impact=4"
    assert "All 9 risks of this cell" in found.wide


def test_chips_stay_within_their_cell_and_never_on_each_other() -> None:
    found = drawn(*(placed(f"R{number:02}", (5, 5)) for number in range(1, 10)))

    cell = [rect for rect in svg_of(found.wide).iter("rect") if rect.get("stroke-width") == "2"][4]
    right, bottom = (float(cell.get(at)) + float(cell.get(size)) for at, size in (("x", "width"), ("y", "height")))
    boxes = [rect for rect in svg_of(found.wide).iter("rect") if rect.get("rx")]
    corners = [(float(box.get("x")), float(box.get("y"))) for box in boxes]
    assert len(set(corners)) == 6
    for box, (x, y) in zip(boxes, corners, strict=True):
        assert x >= float(cell.get("x"))
        assert y >= float(cell.get("y"))
        assert x + float(box.get("width")) <= right
        assert y + float(box.get("height")) <= bottom


def test_a_phones_map_has_one_number_a_cell() -> None:
    found = drawn(placed("R01"), placed("R02"), placed("R03", (1, 1)))

    numbers = re.findall(r'<a href="([^"]+)"[^>]*><title>([^<]+)</title><text [^>]*>(\d+)<', found.narrow)
    assert numbers == [
        ("/risks/?likelihood=3&amp;impact=4", "2 risks", "2"),
        ("/risks/?likelihood=1&amp;impact=1", "1 risk", "1"),
    ]
    assert not chips(found.narrow)


def test_hostile_words_are_escaped_in_both_drawings() -> None:
    attack = '</title><script>alert("1")</script>&'

    found = drawn(placed("R01", title=attack), placed('"><b>', (1, 1), title=attack))

    for drawing in (found.wide, found.narrow):
        assert "<script" not in drawing
        assert "<b>" not in drawing
        assert "Some &lt;risks&gt;." in drawing
        svg_of(drawing)
    assert "&lt;/title&gt;&lt;script&gt;" in found.wide


def test_links_of_the_drawing_are_left_out_of_the_tab_order() -> None:
    found = drawn(placed("R01"), placed("R02"))

    for drawing in (found.wide, found.narrow):
        links = re.findall(r"<a [^>]*>", drawing)
        assert links
        assert all('tabindex="-1"' in link for link in links)


@pytest.mark.parametrize(
    ("before", "way", "dash"),
    [
        pytest.param((1, 1), "up", None, id="worse is solid"),
        pytest.param((5, 5), "down", "5 3", id="better is broken"),
        pytest.param((4, 3), "beside", "2 3", id="the same score is dotted"),
    ],
)
def test_an_arrow_goes_from_the_cell_it_left_towards_the_risk(before: Pair, way: str, dash: str | None) -> None:
    found = drawn(placed("R01", (3, 4), before))

    for name, drawing in (("map-wide", found.wide), ("map-narrow", found.narrow)):
        [line] = svg_of(drawing).iter("line")
        assert line.get("marker-end") == f"url(#{name}-{way})"
        assert line.get("stroke-dasharray") == dash
        assert f'<marker id="{name}-{way}"' in drawing
        [ends] = arrows(drawing)
        # Impact goes right, likelihood up; the drawing's y goes down.
        assert (ends["x2"] > ends["x1"]) == (before[1] < 4)
        assert (ends["y2"] < ends["y1"]) == (before[0] < 3)


def test_nothing_that_stayed_is_new_or_has_no_before_gets_an_arrow() -> None:
    found = drawn(placed("R01", (3, 4), (3, 4)), placed("R02", (3, 4)))

    assert not arrows(found.wide)
    assert not arrows(found.narrow)


def test_an_arrow_to_a_risk_that_is_only_counted_still_reaches_its_cell() -> None:
    found = drawn(*(placed(f"R{number:02}", (3, 4), (1, 1)) for number in range(1, 10)))

    # Five are named; the arrows of the other four end where they are counted. Of one and the same line one is drawn.
    assert len(arrows(found.wide)) == 5 + 1
    assert len(arrows(found.narrow)) == 1


@pytest.mark.parametrize(
    ("pair", "before", "said"),
    [
        ((3, 4), None, (False, False, False)),
        ((3, 4), (3, 4), (False, False, False)),
        ((3, 4), (3, 3), (True, True, False)),
        ((3, 4), (4, 4), (True, False, True)),
        ((3, 4), (4, 3), (True, False, False)),
    ],
)
def test_placed_says_which_way_it_went(pair: Pair, before: Pair | None, said: tuple[bool, bool, bool]) -> None:
    risk = placed("R01", pair, before)

    assert (risk.has_moved, risk.is_worse, risk.is_better) == said


def test_every_colour_of_a_band_has_a_mark_that_stands_out_from_white() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for colour in BandColour:
        assert 1.05 / (luminance(colour.fill) + 0.05) >= 3, colour


# --- The trajectory ---------------------------------------------------------------------------------------------------


@pytest.fixture
def risk() -> Risk:
    return RiskFactory(reference="R01")


def chart_of(risk: Risk, on: dt.date = JANUARY, target: RiskTarget | None = None) -> Any:
    as_at = Risk.objects.as_at(on).select_related("inherent_matrix").get(pk=risk.pk)
    reviews = list(RiskReview.objects.filter(risk=risk, reviewed_on__lte=on).select_related("matrix", "superseded_by"))
    return trajectory(as_at, reviews, target, shipped_matrix(), on=on)


def rows_of(chart: Any) -> list[list[str]]:
    return [[cell.text for cell in row] for row in chart.rows]


def test_a_risk_without_review_and_plan_has_no_chart(risk: Risk) -> None:
    assert chart_of(risk) is None


def test_a_target_without_a_date_and_a_way_to_it_gives_no_chart(risk: Risk) -> None:
    assert chart_of(risk, target=RiskTargetFactory(risk=risk, due_on=None)) is None


def test_a_plan_alone_is_drawn(risk: Risk) -> None:
    target = RiskTargetFactory(risk=risk)
    TargetPointFactory(target=target, due_on=dt.date(2026, 4, 30), score=6)

    chart = chart_of(risk, target=target)

    assert rows_of(chart) == [["1 May 2025", "16", "none yet"], ["30 April 2026", "to come", "6"]]


def test_table_has_each_day_on_which_score_or_plan_changed(risk: Risk) -> None:
    RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, 9, 30), likelihood=3, impact=4)
    wrong = RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, 12, 1), likelihood=5, impact=5)
    RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, 12, 2), likelihood=2, impact=4, supersedes=wrong)
    target = RiskTargetFactory(risk=risk)
    TargetPointFactory(target=target, due_on=dt.date(2025, 9, 30), score=14)
    TargetPointFactory(target=target, due_on=dt.date(2026, 4, 30), score=6)

    chart = chart_of(risk, target=target)

    assert rows_of(chart) == [
        ["1 May 2025", "16", "none yet"],
        ["30 September 2025", "12", "14"],
        ["2 December 2025", "8", "14"],
        ["30 April 2026", "to come", "6"],
    ]
    assert [column.text for column in chart.columns] == ["Date", "Score", "Planned"]
    for said in ("The score was 16 on 1 May 2025", "is 8 on 31 January 2026", "planned to be 6 by 30 April 2026"):
        assert said in chart.description


def test_a_past_day_knows_no_later_score(risk: Risk) -> None:
    RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, 9, 30), likelihood=3, impact=4)
    RiskReviewFactory(risk=risk, reviewed_on=JANUARY, likelihood=1, impact=1)

    assert rows_of(chart_of(risk, on=dt.date(2026, 1, 30))) == [
        ["1 May 2025", "16", "none yet"],
        ["30 September 2025", "12", "none yet"],
    ]


def test_a_review_on_the_first_day_takes_the_place_of_the_inherent_score(risk: Risk) -> None:
    RiskReviewFactory(risk=risk, reviewed_on=risk.opened_on, likelihood=3, impact=4)
    RiskReviewFactory(risk=risk, reviewed_on=JANUARY, likelihood=1, impact=1)

    assert [row[:2] for row in rows_of(chart_of(risk))] == [["1 May 2025", "12"], ["31 January 2026", "1"]]


def test_scores_of_another_size_are_left_out(risk: Risk) -> None:
    RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, 9, 30), likelihood=3, impact=3, matrix=small_matrix())
    RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, 10, 1), likelihood=3, impact=4)

    assert [row[0] for row in rows_of(chart_of(risk))] == ["1 May 2025", "1 October 2025"]


def test_both_drawings_name_the_bands(risk: Risk) -> None:
    RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, 9, 30), likelihood=3, impact=4)

    chart = chart_of(risk)

    for drawing in (chart.wide, chart.narrow):
        said = words(drawing)
        assert [name for name in ("Low", "Moderate", "High", "Extreme") if name not in said] == []
