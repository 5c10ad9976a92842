import pytest
from django.utils.safestring import mark_safe

from core.components import render_component


def test_text_is_escaped_and_html_is_trusted() -> None:
    assert "&lt;b&gt;" in render_component("tag", {"text": "<b>"})
    assert "<b>bold</b>" in render_component("tag", {"html": mark_safe("<b>bold</b>")})


def test_unset_parameters_are_left_out() -> None:
    assert "None" not in render_component("button", {"text": "Save", "classes": None, "href": None})


@pytest.mark.parametrize("component", ["button", "radios", "date-input", "error-summary", "service-navigation"])
def test_components_fit_a_strict_content_policy(component: str) -> None:
    params = {
        "text": "Save",
        "name": "status",
        "idPrefix": "status",
        "id": "status",
        "titleText": "There is a problem",
        "items": [{"value": "on_track", "text": "On track", "name": "day", "id": "day", "label": "Day"}],
        "navigation": [{"text": "Dashboard", "href": "/dashboard/"}],
    }

    html = render_component(component, params)

    assert html.strip()
    assert "style=" not in html
    assert "<script" not in html


def test_an_unknown_component_is_an_error() -> None:
    with pytest.raises(Exception, match="no-such-part"):
        render_component("no-such-part", {})
