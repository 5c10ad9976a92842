"""Template tags that every page may use: GOV.UK components, ratings, dates and links that keep the query."""

import datetime as dt
import re
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.components import render_component
from core.forms import error_summary_params, field_html
from core.glossary import terms
from core.ratings import Colour

register = template.Library()


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


@register.simple_tag
def govuk(component: str, **params: Any) -> SafeString:
    """`{% govuk "button" text="Save" prevent_double_click=True %}`: snake_case parameters become the macro's."""
    return render_component(component, {_camel(name): value for name, value in params.items()})


@register.simple_tag
def govuk_field(bound_field: Any) -> SafeString:
    """One form field with its label, hint and error, as the design system's component for its widget."""
    return field_html(bound_field)


@register.simple_tag
def error_summary(form: Any) -> SafeString:
    """The summary of a form's errors, each linked to its field; nothing for a form without errors."""
    params = error_summary_params(form)
    return render_component("error-summary", params) if params else SafeString("")


@register.simple_tag
def rating(choice: Any) -> SafeString:
    """A rating as a coloured tag with its word. Takes a choice with `colour` and `label` (Status.ON_TRACK…)."""
    colour: Colour = choice.colour
    return format_html('<strong class="govuk-tag govuk-tag--{}">{}</strong>', colour.tag, choice.label)


@register.simple_tag
def colour_tag(colour: str) -> SafeString:
    """A computed RAG as a tag with the colour's name; nothing where there is no rating."""
    if not colour:
        return SafeString("")
    return format_html('<strong class="govuk-tag govuk-tag--{}">{}</strong>', Colour(colour).tag, Colour(colour).label)


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """This page's query string with some parameters changed, or taken out where None; the page number starts anew."""
    params: QueryDict = context["request"].GET.copy()
    for name, value in {"page": None, **changes}.items():
        params.pop(name, None)
        if value is not None:
            params[name] = value
    return "?" + params.urlencode()


@register.simple_tag(takes_context=True)
def sort_heading(context: template.Context, name: str, text: str) -> SafeString:
    """A column heading that sorts by `name` of the list's `sorts`; asked again, the other way round."""
    sort = context["sort"]
    rising, falling = sort == name, sort == f"-{name}"
    state = "ascending" if rising else "descending" if falling else "none"
    return format_html(
        '<th scope="col" class="govuk-table__header app-sort app-sort--{}" aria-sort="{}"><a href="{}">{}'
        '<svg viewBox="0 0 10 16" width="10" height="16" aria-hidden="true" focusable="false">'
        '<path class="app-sort__up" d="M5 1l4 6H1z"/><path class="app-sort__down" d="M5 15l4-6H1z"/></svg></a></th>',
        state,
        state,
        query(context, sort=f"-{name}" if rising else name),
        text,
    )


@register.inclusion_tag("core/pagination.html", takes_context=True)
def pagination(context: template.Context) -> dict[str, Any]:
    """The pages of a `ListPage`; nothing where there is only one."""
    page = context.get("page_obj")
    if not page or page.paginator.num_pages < 2:
        return {}

    def link(number: int) -> str:
        return query(context).rstrip("?") + ("&" if query(context) != "?" else "?") + f"page={number}"

    items = [
        {"number": number, "href": link(number), "current": number == page.number}
        if isinstance(number, int)
        else {"ellipsis": True}
        for number in context["page_window"]
    ]
    return {
        "previous": {"href": link(page.previous_page_number())} if page.has_previous() else None,
        "next": {"href": link(page.next_page_number())} if page.has_next() else None,
        "pages": items,
    }


@register.filter
def moment(at: dt.datetime | None) -> str:
    """2 February 2026 at 2:10am: Django's own formats write a.m."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return f"{date_format(local, 'j F Y')} at {date_format(local, 'g:iA').lower()}"


@register.filter
def signed(number: Any) -> str:
    """A change with its sign: +3, −2, 0. The minus is a real minus sign."""
    if number is None:
        return ""
    return f"+{number}" if number > 0 else str(number).replace("-", "\N{MINUS SIGN}")


@register.filter
def short_date(day: dt.date | None) -> str:
    """31 Jan 2026: for tables."""
    return date_format(day, "SHORT_DATE_FORMAT") if day else ""


@register.filter
def of(values: dict[Any, Any], key: Any) -> Any:
    """The value that a dictionary of the view holds for a row."""
    return values.get(key)


@register.filter
def change_value(text: str) -> str:
    """A value of a history row: dates as people write them, nothing as a dash."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    return date_format(day) if day else text or "–"


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> SafeString:
    """The service navigation: the pages this person may open, the current one marked."""
    request = context["request"]
    pages = tuple((name, text) for name, text, permission in settings.NAVIGATION if request.user.has_perm(permission))
    return _navigation(request.path, pages)


@lru_cache(maxsize=1000)
def _navigation(path: str, pages: tuple[tuple[str, str], ...]) -> SafeString:
    """The same for everyone who may open the same pages, so made once."""
    items = [_navigation_item(path, reverse(name), text) for name, text in pages]
    return render_component("service-navigation", {"navigation": items})


def _navigation_item(path: str, href: str, text: str) -> dict[str, Any]:
    """`current` is the page itself; `active` also what lies below it. Everything lies below the home page."""
    here = path == href
    return {"text": text, "href": href, "current": here, "active": here or (href != "/" and path.startswith(href))}


@register.simple_tag(takes_context=True)
def footer(context: template.Context) -> SafeString:
    """The foot of every page."""
    request = context.get("request")
    signed_in = bool(request and request.user.is_authenticated)
    return _footer(signed_in, context.get("portal_name", ""), context.get("partnership_name", ""))


@lru_cache(maxsize=8)
def _footer(signed_in: bool, portal_name: str, partnership_name: str) -> SafeString:
    """The same for everyone signed in, and for everyone who is not, so made once."""
    names = {"signed_in": signed_in, "portal_name": portal_name, "partnership_name": partnership_name}
    return render_to_string("core/footer.html", names)


@register.simple_tag
def abbr(abbreviation: str) -> SafeString:
    """An abbreviation of the glossary with its words. One that the glossary lacks is a mistake in the template."""
    try:
        words = terms()[abbreviation].words
    except KeyError as error:
        raise template.TemplateSyntaxError(f"{abbreviation} is not in core/glossary.csv. Add it there.") from error
    return format_html('<abbr title="{}">{}</abbr>', words, abbreviation)


@register.simple_tag
def programme_office() -> SafeString:
    """“the programme office”, with its email address where the settings give one: whom to ask for access."""
    address = settings.OFFICE_EMAIL
    if not address:
        return SafeString("the programme office")
    return format_html('the programme office (<a class="govuk-link" href="mailto:{0}">{0}</a>)', address)
