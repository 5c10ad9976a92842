"""Template tags that every page may use: GOV.UK components, ratings, dates and links that keep the query."""

import re
from typing import Any

from django import template
from django.conf import settings
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.components import render_component
from core.forms import error_summary_params, field_html
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


@register.filter
def signed(number: Any) -> str:
    """A change with its sign: +3, −2, 0. The minus is a real minus sign."""
    if number is None:
        return ""
    return f"+{number}" if number > 0 else str(number).replace("-", "\N{MINUS SIGN}")


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> SafeString:
    """The service navigation: the pages this person may open, the current one marked."""
    request = context["request"]
    items = [
        {"text": text, "href": reverse(name), "active": request.path.startswith(reverse(name)) and name != "home"}
        for name, text, permission in settings.NAVIGATION
        if request.user.has_perm(permission)
    ]
    return render_component("service-navigation", {"navigation": items})
