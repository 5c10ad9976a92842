"""GOV.UK Frontend components, rendered by the macros of the govuk-frontend-jinja package.

One environment for the process: compiling a component's template takes milliseconds, calling it microseconds
(docs/adr/0006-components-from-one-environment.md).
"""

from functools import cache
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from jinja2 import Environment, PackageLoader, PrefixLoader
from markupsafe import Markup


@cache
def _environment() -> Environment:
    loader = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    return Environment(loader=loader, autoescape=True)


@cache
def _macro(component: str) -> Any:
    module = _environment().get_template(f"govuk_frontend_jinja/components/{component}/macro.html").module
    return getattr(module, "govuk" + component.title().replace("-", ""))


def render_component(component: str, params: dict[str, Any]) -> SafeString:
    """HTML of a component (`radios`, `error-summary`…) from the parameters that the design system documents.

    `text` parameters are escaped by the macro unless Django marked them safe; `html` parameters are trusted. Unset
    (None) ones are left out.
    """
    given = {name: _marked(value) for name, value in params.items() if value is not None}
    return mark_safe(_macro(component)(given))  # noqa: S308 the macros escape what is not marked safe


def _marked(value: Any) -> Any:
    """Django's mark of safe HTML as Jinja's: the macros trim what they are given, and only Jinja's outlives that."""
    return Markup(value) if isinstance(value, SafeString) else value  # noqa: S704 it was marked safe already
