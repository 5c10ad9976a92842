"""Charts drawn on the server: an Altair specification becomes an SVG that needs no script and no style attribute.

The drawing takes about 50 ms (half a second the first time in a process), so each is kept under a digest of what it
was drawn from and drawn again only when that changes. Every chart travels with the table of its own rows.
(docs/adr/0005-server-rendered-charts.md)
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree as ET

import altair as alt
import vl_convert
from django.core.cache import cache
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from core.ratings import Colour

FONT = "Arial, Liberation Sans, sans-serif"
INK = "#0b0c0c"
QUIET = "#484949"
LINES = "#e2e4e5"
NAVY = "#0b3c5d"
# A new way of drawing asks for new drawings: part of the digest.
_DRAWING = 1
_KEPT_SECONDS = 30 * 24 * 3600
_SVG = "http://www.w3.org/2000/svg"


@dataclass(frozen=True)
class Column:
    """A heading of a chart's table; numbers are set to the right."""

    text: str
    numeric: bool = True


@dataclass(frozen=True)
class Cell:
    """A cell of a chart's table, linked to the rows behind it where there are any."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class Chart:
    """One chart as a page shows it: drawn for a desk and for a phone, with the table of the same rows.

    `wide` and `narrow` are SVGs; the style sheet shows the one that fits, so that text is never scaled below 12 px.
    """

    title: str
    description: str
    wide: SafeString
    narrow: SafeString
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def _look() -> dict[str, Any]:
    """The look of every chart: Arial, ink on white, quiet lines, nothing that does not carry a number."""
    text = {"labelFont": FONT, "titleFont": FONT, "labelColor": INK, "titleColor": QUIET}
    return {
        "aria": False,
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            **text,
            "labelFontSize": 13,
            "titleFontSize": 13,
            "titleFontWeight": "normal",
            "gridColor": LINES,
            "domainColor": "#8a8d8f",
            "tickColor": "#8a8d8f",
            "labelPadding": 6,
        },
        "legend": {
            **text,
            "labelFontSize": 13,
            "orient": "top",
            "title": None,
            "symbolType": "square",
            "symbolSize": 170,
            "symbolStrokeWidth": 0,
            "offset": 12,
        },
        "text": {"font": FONT, "fontSize": 13, "color": INK},
    }


def draw(chart: alt.TopLevelMixin, *, title: str, description: str) -> SafeString:
    """The chart as an inline `<svg role="img">` with a title and a description for people who do not see it.

    Fills in a rating's colour get that rating's pattern, so that no segment is told by its colour alone.
    """
    spec = {**chart.to_dict(validate=False), "config": _look()}
    content = json.dumps([_DRAWING, title, description, spec], sort_keys=True, default=str)
    digest = hashlib.sha256(content.encode()).hexdigest()
    drawn = cache.get(f"chart:{digest}")
    if drawn is None:
        drawn = _drawn(content, f"chart-{digest[:10]}")
        cache.set(f"chart:{digest}", drawn, _KEPT_SECONDS)
    return mark_safe(drawn)  # noqa: S308 our own drawing; every text in it was escaped by the writer


@lru_cache(maxsize=64)
def _drawn(content: str, name: str) -> str:
    """The drawing itself. A process remembers its last ones, so that a cache that is away costs no drawing either."""
    _, title, description, spec = json.loads(content)
    # No base address is allowed, so that a specification can never make the server fetch anything.
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return _finished(svg, name=name, title=title, description=description)


# Vega marks up its scene graph for its own script; in a picture it is only weight.
_NOT_NEEDED = ("class", "role", "aria-hidden", "aria-roledescription", "aria-label", "pointer-events", "xlink:href")
_DEFAULTS = {"opacity": "1", "stroke-miterlimit": "10", "stroke-width": "1", "font-weight": "normal"}
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")


def _finished(svg: str, *, name: str, title: str, description: str) -> str:
    """Vega's SVG made light and accessible: scaled by its viewBox, named, patterned, without empty marks."""
    ET.register_namespace("", _SVG)
    root = ET.fromstring(svg)  # noqa: S314 written by vl-convert from our own specification
    width, height = root.get("width", "0"), root.get("height", "0")
    root.attrib.clear()
    used = _tidy(root, name)
    body = "".join(ET.tostring(child, encoding="unicode") for child in root).replace(f' xmlns="{_SVG}"', "")
    patterns = "".join(pattern(colour, f"{name}-{colour}") for colour in Colour if colour in used)
    labels = f'aria-labelledby="{name}-title" aria-describedby="{name}-description"'
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" {labels} focusable="false">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-description">{escape(description)}</desc>'
        f"{f'<defs>{patterns}</defs>' if patterns else ''}{body}</svg>"
    )


def _tidy(element: ET.Element, name: str) -> set[Colour]:
    """Takes out what nothing needs, below `element` and in place; says which patterned colours are used."""
    used = set()
    for child in list(element):
        used |= _tidy(child, name)
        if _is_empty(child):
            element.remove(child)
            continue
        attributes = child.attrib
        for attribute in _NOT_NEEDED:
            attributes.pop(attribute, None)
        for attribute, value in list(attributes.items()):
            if _DEFAULTS.get(attribute) == value:
                del attributes[attribute]
            else:
                attributes[attribute] = _LONG_NUMBER.sub(lambda match: f"{float(match[0]):.1f}", value)
        colour = _PATTERNED.get(attributes.get("fill", ""))
        if colour:
            attributes["fill"] = f"url(#{name}-{colour})"
            used.add(colour)
    return used


def _is_empty(element: ET.Element) -> bool:
    tag = element.tag.removeprefix(f"{{{_SVG}}}")
    if tag == "g":
        return len(element) == 0
    if tag == "path":
        return element.get("display") == "none" or not element.get("d") or element.get("d", "").startswith("M0,0h0v0")
    return tag == "text" and not (element.text or len(element))


# What is drawn over a rating's colour. Blue and green, the ratings that are well, stay plain.
_MARKS: Mapping[Colour, str] = {
    Colour.AMBER: '<path d="M-2,2l4,-4M0,8l8,-8M6,10l4,-4" stroke="#fff" stroke-opacity=".45" stroke-width="1.6"/>',
    Colour.RED: '<path d="M0,0l8,8M8,0l-8,8" stroke="#7d1407" stroke-width="1.2"/>',
    Colour.GREY: '<path d="M2,2h1.6v1.6h-1.6zM6,6h1.6v1.6h-1.6z" fill="#fff" fill-opacity=".55"/>',
}
_PATTERNED = {colour.fill: colour for colour in _MARKS}


def pattern(colour: Colour, element_id: str) -> str:
    """An SVG pattern of a rating: its colour with its hatching."""
    return (
        f'<pattern id="{element_id}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{colour.fill}"/>{_MARKS.get(colour, "")}</pattern>'
    )


@dataclass(frozen=True)
class Segment:
    """A part of a bar: how many, of what, in which rating's colour, and the rows behind it."""

    label: str
    number: int
    colour: Colour
    href: str = ""


def bar(segments: Sequence[Segment], *, name: str, title: str) -> SafeString:
    """One stacked bar as an inline SVG, as wide as its place; a number is printed where its segment has the room.

    Positions are percentages and text keeps its size, so the same drawing serves a desk, a phone and paper. The
    picture is for eyes and pointers: its numbers stand beside it in words, and a page gives them as a table, so its
    links are left out of the tab order. `name` must be unique on the page. Empty for a bar of nothing.
    """
    total = sum(segment.number for segment in segments)
    if not total:
        return SafeString("")
    shown = [segment for segment in segments if segment.number]
    parts, x = [], 0.0
    for segment in shown:
        width = 100 * segment.number / total
        parts.append(_segment(segment, name, x, width))
        x += width
    patterns = "".join(pattern(s.colour, f"{name}-{s.colour}") for s in shown if s.colour in _MARKS)
    words = ", ".join(f"{segment.number} {segment.label.lower()}" for segment in shown)
    return mark_safe(  # noqa: S308 numbers and our own colours; the words are escaped
        f'<svg class="app-bar" aria-hidden="true" focusable="false">'
        f"{f'<defs>{patterns}</defs>' if patterns else ''}{''.join(parts)}</svg>"
        f'<span class="govuk-visually-hidden">{escape(f"{title}: {words}")}</span>'
    )


def _segment(segment: Segment, name: str, x: float, width: float) -> str:
    fill = f"url(#{name}-{segment.colour})" if segment.colour in _MARKS else segment.colour.fill
    drawn = f'<rect x="{x:.2f}%" width="{width:.2f}%" height="100%" fill="{fill}"/>'
    if x:
        drawn += f'<rect x="{x:.2f}%" width="2" height="100%" fill="#fff"/>'
    # On a phone one per cent is about 3 px, and a digit about 8.
    if width >= 1.5 + 2 * len(str(segment.number)):
        tone = "dark" if segment.colour == Colour.AMBER else "light"
        text = f'<text x="{x + width / 2:.2f}%" y="50%" class="app-bar__number app-bar__number--{tone}">'
        drawn += f"{text}{segment.number}</text>"
    if not segment.href:
        return drawn
    words = escape(f"{segment.number} {segment.label.lower()}")
    return f'<a href="{escape(segment.href)}" tabindex="-1"><title>{words}</title>{drawn}</a>'


def swatch(colour: Colour) -> SafeString:
    """The small square of a rating's colour and pattern that stands before its word in a key."""
    marks = _MARKS.get(colour, "")
    return mark_safe(  # noqa: S308 constants of this module
        f'<svg class="app-swatch" viewBox="0 0 8 8" aria-hidden="true" focusable="false">'
        f'<rect width="8" height="8" fill="{colour.fill}"/>{marks}</svg>'
    )
