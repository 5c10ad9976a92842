import re
from xml.etree import ElementTree as ET

import altair as alt
import pytest

from core.charts import Segment, bar, draw, swatch
from core.ratings import Colour

SVG = "{http://www.w3.org/2000/svg}"


def columns(*numbers: int) -> alt.Chart:
    rows = [{"month": f"2026-{place:02d}", "number": number} for place, number in enumerate(numbers, 1)]
    chart = alt.Chart(alt.Data(values=rows)).mark_bar(color=Colour.AMBER.fill)
    return chart.encode(x="month:O", y="number:Q").properties(width=300, height=200)


def test_a_drawing_is_a_named_picture() -> None:
    root = ET.fromstring(draw(columns(3, 5), title="Milestones <by> month", description="3, then 5"))  # noqa: S314

    assert root.get("role") == "img"
    by_id = {element.get("id"): element for element in root}
    assert by_id[root.get("aria-labelledby")].text == "Milestones <by> month"
    assert by_id[root.get("aria-describedby")].text == "3, then 5"


def test_a_drawing_passes_a_strict_content_policy() -> None:
    svg = draw(columns(3, 5), title="Milestones", description="3, then 5")

    assert not re.search(r"style=|<style|<script|\son\w+=|http(?!://www\.w3\.org)|xlink", svg)


def test_a_drawing_scales_and_says_its_text_in_arial() -> None:
    svg = draw(columns(3, 5), title="Milestones", description="3, then 5")

    root = ET.fromstring(svg)  # noqa: S314
    assert root.get("viewBox")
    assert root.get("width") is None
    texts = [element for element in root.iter() if element.tag.endswith("text")]
    assert texts
    assert all("Arial" in element.get("font-family", "") for element in texts)
    assert all(float(element.get("font-size", "0").removesuffix("px")) >= 12 for element in texts)


def test_a_rating_is_told_by_its_pattern_too() -> None:
    svg = draw(columns(3, 5), title="Milestones", description="3, then 5")

    [(name, colour)] = set(re.findall(r'fill="url\(#(chart-\w+)-(\w+)\)"', svg))
    assert colour == "amber"
    assert f'<pattern id="{name}-amber"' in svg


def test_the_same_drawing_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = draw(columns(3, 5), title="Milestones", description="3, then 5")
    # Whatever would draw now is broken: a second drawing could not be made.
    monkeypatch.setattr("core.charts.vl_convert", None)

    assert draw(columns(3, 5), title="Milestones", description="3, then 5") == first
    with pytest.raises(AttributeError):
        draw(columns(3, 6), title="Milestones", description="3, then 6")


def test_bar_gives_each_part_its_share_and_its_rows() -> None:
    parts = [
        Segment("Completed", 3, Colour.BLUE, "/milestones/?status=completed&area=PA1"),
        Segment("On track", 0, Colour.GREEN, "/milestones/?status=on_track"),
        Segment("Delayed", 1, Colour.RED),
    ]

    drawn = bar(parts, name="bar-pa1", title="PA1 & more")

    assert re.findall(r'<rect x="([\d.]+)%" width="([\d.]+)%"', drawn) == [("0.00", "75.00"), ("75.00", "25.00")]
    assert re.findall(r"<text[^>]*>(\d+)</text>", drawn) == ["3", "1"]
    assert 'href="/milestones/?status=completed&amp;area=PA1" tabindex="-1"' in drawn
    assert "PA1 &amp; more: 3 completed, 1 delayed</span>" in drawn
    assert "style=" not in drawn


def test_bar_leaves_out_a_number_that_has_no_room() -> None:
    drawn = bar([Segment("Completed", 99, Colour.BLUE), Segment("Delayed", 1, Colour.RED)], name="bar", title="Plan")

    assert re.findall(r"<text[^>]*>(\d+)</text>", drawn) == ["99"]
    assert "99 completed, 1 delayed" in drawn


def test_bar_of_nothing_is_empty() -> None:
    assert bar([], name="bar", title="Plan") == ""
    assert bar([Segment("Completed", 0, Colour.BLUE)], name="bar", title="Plan") == ""


@pytest.mark.parametrize("colour", Colour)
def test_swatch_is_left_to_the_word_beside_it(colour: Colour) -> None:
    assert 'aria-hidden="true"' in swatch(colour)
    assert colour.fill in swatch(colour)
