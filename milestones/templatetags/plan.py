"""How milestones' ratings and dates are written on pages: each colour with its word, each date with what it means."""

import datetime as dt
from functools import lru_cache
from typing import NamedTuple

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from core.templatetags.portal import rating
from milestones.models import Impact, Milestone, Status, Trend

register = template.Library()

# Drawn, because arrow characters turn into emoji on some phones. The word beside it says the same.
_ARROWS = {
    Trend.WORSENING: "M3 3l9 9M12 5v7H5",
    Trend.IMPROVING: "M3 12l9-9M5 3h7v7",
    Trend.STEADY: "M1 7.5h12M9 3.5l4 4-4 4",
    Trend.STALE: "M7.5 1.5a6 6 0 100 12 6 6 0 000-12M7.5 4v4l2.5 1.5",
}


@register.simple_tag
def status_tag(value: str) -> SafeString:
    """A delivery status, as stored, as its coloured tag."""
    return rating(Status(value))


@register.simple_tag
def impact_tag(value: str) -> SafeString:
    """An impact rating, as stored, as its coloured tag."""
    return rating(Impact(value))


@register.simple_tag
def trend_mark(value: str) -> SafeString:
    """A trend as an arrow with its word."""
    trend = Trend(value)
    return format_html(
        '<span class="app-trend app-trend--{}">'
        '<svg class="app-trend__arrow" viewBox="0 0 15 15" width="15" height="15" aria-hidden="true" focusable="false">'
        '<path d="{}" fill="none" stroke="currentColor" stroke-width="2"/></svg>{}</span>',
        trend.value,
        mark_safe(_ARROWS[trend]),  # noqa: S308 our own constant
        trend.label,
    )


class PlanRow(NamedTuple):
    """All that a row of the list shows of a milestone."""

    reference: str
    title: str
    status_on: str
    trend_on: str
    impact_on: str
    due_on: dt.date
    expected: dt.date | None
    officer: str
    updated_on: dt.date | None


@register.simple_tag
def plan_row(milestone: Milestone, *, on: dt.date, as_at: dt.date | None, expected: dt.date | None) -> SafeString:
    """A milestone's row in the list on a day; `as_at` where its links go on with the day that was asked for.

    Takes a milestone with the annotations of `as_at(on)` and `with_trend(on)`.
    """
    m, officer = milestone, milestone.responsible_officer.full_name
    shown = (m.reference, m.title, m.status_on, m.trend_on, m.impact_on, m.due_on, expected, officer, m.updated_on)
    return _plan_row(PlanRow(*shown), on, as_at)


@lru_cache(maxsize=1000)
def _plan_row(milestone: PlanRow, on: dt.date, as_at: dt.date | None) -> SafeString:
    """Made once for the same words: rows are most of what the list costs, and few change between two looks at it."""
    return render_to_string("milestones/_plan_row.html", {"milestone": milestone, "on": on, "as_at": as_at})


@register.simple_tag
def due_note(milestone: Milestone | PlanRow, on: dt.date) -> SafeString:
    """What a due date means on a day: overdue by so many days, due today, or due soon; nothing once completed.

    Takes a milestone with the annotations of `as_at(on)`.
    """
    if milestone.status_on == Status.COMPLETED:
        return SafeString("")
    days = (milestone.due_on - on).days
    if days < 0:
        words = "1 day" if days == -1 else f"{-days} days"
        return format_html('<span class="app-overdue">Overdue by {}</span>', words)
    if days == 0:
        return format_html('<span class="app-due-soon">{}</span>', "Due today")
    if days <= 31:
        return format_html('<span class="app-due-soon">Due in {}</span>', "1 day" if days == 1 else f"{days} days")
    return SafeString("")


@register.filter
def field_name(field: str) -> str:
    """A field of a history row in the reader's words."""
    if field == "added":
        return "added to the plan"
    return str(Milestone._meta.get_field(field).verbose_name)
