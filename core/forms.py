"""Forms as GOV.UK components: one renderer, the date field, and errors that always find their place."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.html import escape
from django.utils.safestring import SafeString

from core.components import render_component
from core.months import WRITTEN_YEARS


class GovukRenderer(TemplatesSetting):
    """`{{ form }}` renders every field as its component; see templates/core/form.html."""

    form_template_name = "core/form.html"
    field_template_name = "core/field.html"


class FilterForm(forms.Form):
    """The form over a list (`Meta.form` of its FilterSet): nothing there is required, so no label says "(optional)"."""

    says_optional = False


class DateInput(forms.MultiWidget):
    """Day, month and year in three boxes. What was typed comes back as typed, also when it is no date."""

    parts = ("day", "month", "year")

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__(dict.fromkeys(self.parts, forms.TextInput), attrs)

    def decompress(self, value: dt.date | None) -> list[Any]:
        return [value.day, value.month, value.year] if value else [None, None, None]


class DateField(forms.MultiValueField):
    """A date typed as day, month and year; month may be a number or a name."""

    widget = DateInput

    def __init__(self, **kwargs: Any) -> None:
        part = forms.CharField(required=False, max_length=9)
        super().__init__([part, part, part], require_all_fields=False, **kwargs)

    def compress(self, data_list: Sequence[str]) -> dt.date | None:
        if not any(data_list):
            return None
        day, month, year = (text.strip() for text in data_list)
        missing = [name for name, text in zip(DateInput.parts, (day, month, year), strict=True) if not text]
        if missing:
            raise ValidationError(f"The date must include a {' and a '.join(missing)}.")
        for form in ("%d %m %Y", "%d %B %Y", "%d %b %Y"):
            try:
                date = dt.datetime.strptime(f"{day} {month} {year}", form).date()  # noqa: DTZ007 a date has no zone
            except ValueError:
                continue
            if date.year not in WRITTEN_YEARS:
                raise ValidationError(f"The year must be between {WRITTEN_YEARS[0]} and {WRITTEN_YEARS[-1]}.")
            return date
        raise ValidationError(f"“{day} {month} {year}” is not a real date. Write it like 27 3 2026.")


class VersionField(forms.Field):
    """A row's version when the form was opened. A missing or garbled one counts as 0, which no row has:
    people are shown what has changed and save again, with all that they typed."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> int:
        text = str(value or "")
        # As many digits as the draft's column holds.
        return int(text) if text.isdecimal() and len(text) < 10 else 0


def text_field(label: str, *, hint: str = "", rows: int = 4, required: bool = False) -> forms.CharField:
    return forms.CharField(label=label, help_text=hint, required=required, widget=forms.Textarea({"rows": rows}))


def reason_field(label: str, missing: str, hint: str = "") -> forms.CharField:
    widget = forms.Textarea({"rows": 3})
    return forms.CharField(label=label, help_text=hint, widget=widget, error_messages={"required": missing})


def add_service_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """Puts a service's errors on the form: at their field where the form has it, else on the form as a whole.

    `form.add_error` raises for fields that the form lacks, and the message would be lost.
    """
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)


def error_summary_params(form: forms.BaseForm) -> dict[str, Any] | None:
    """Parameters of the error-summary component, or None for a form without errors."""
    if not form.is_bound or form.is_valid():
        return None
    items = [{"text": text} for text in form.non_field_errors()]
    for field in form:
        items += [{"text": text, "href": f"#{_first_id(field)}"} for text in field.errors]
    return {"titleText": "There is a problem", "errorList": items}


def _first_id(field: forms.BoundField) -> str:
    """The id of the first control of a field: what its error links to."""
    if isinstance(field.field.widget, DateInput):
        return f"{field.auto_id}-day"
    return field.auto_id


# What a widget's `attrs` say to the component and not to the browser.
NO_ATTRIBUTES = ("class", "rows", "type", "label_class")


def field_html(field: forms.BoundField) -> SafeString:
    """One bound field as its component. A widget's `attrs` may hold `class`, `rows` and `label_class`."""
    widget = field.field.widget
    if field.is_hidden:
        return field.as_widget()
    component, params = _component(field)
    if field.errors:
        params["errorMessage"] = {"text": " ".join(field.errors)}
    if field.help_text:
        params["hint"] = {"text": field.help_text}
    params["classes"] = widget.attrs.get("class")
    return render_component(component, params)


def _component(field: forms.BoundField) -> tuple[str, dict[str, Any]]:
    widget = field.field.widget
    says_optional = not field.field.required and getattr(field.form, "says_optional", True)
    label = f"{field.label} (optional)" if says_optional else field.label
    value = field.value()
    label_class = widget.attrs.get("label_class", "govuk-label--s")
    labelled = {"label": {"text": label, "classes": label_class}, "name": field.html_name, "id": field.auto_id}
    legend = {"legend": {"text": label, "classes": "govuk-fieldset__legend--s"}}
    attributes = {name: str(value) for name, value in widget.attrs.items() if name not in NO_ATTRIBUTES}
    match widget:
        case DateInput():
            return "date-input", {"id": field.auto_id, "fieldset": legend, "items": _date_items(field)}
        case forms.CheckboxSelectMultiple() | forms.RadioSelect():
            # Asked this way round: Django's checkboxes are a kind of radios.
            kind = "checkboxes" if isinstance(widget, forms.CheckboxSelectMultiple) else "radios"
            items = _choice_items(field)
            return kind, {"idPrefix": field.auto_id, "name": field.html_name, "fieldset": legend, "items": items}
        case forms.CheckboxInput():
            item = {"value": "on", "text": field.label, "checked": bool(value), "id": field.auto_id}
            return "checkboxes", {"idPrefix": field.auto_id, "name": field.html_name, "items": [item]}
        case forms.Select():
            return "select", {**labelled, "items": _choice_items(field), "attributes": attributes}
        case forms.Textarea():
            rows = str(widget.attrs.get("rows", 4))
            text = _without_line_breaks(str(value or ""))
            return "textarea", {**labelled, "value": text, "rows": rows, "attributes": attributes}
        case forms.FileInput():
            return "file-upload", {**labelled, "attributes": attributes}
        case forms.PasswordInput():
            return "password-input", {
                **labelled,
                "attributes": attributes,
                "autocomplete": attributes.pop("autocomplete", None),
            }
        case _:
            kind = getattr(widget, "input_type", "text")
            return "input", {
                **labelled,
                "value": "" if value is None else str(value),
                "type": kind,
                "attributes": attributes,
            }


def _without_line_breaks(text: str) -> SafeString:
    """The text with its line breaks as `&#10;`: the macros around a field indent the lines of what they hold, and
    each save would push what was typed further to the right."""
    return SafeString(escape(text).replace("\r\n", "\n").replace("\n", "&#10;"))


def _choice_items(field: forms.BoundField) -> list[dict[str, Any]]:
    """The choices of a field. A form may give `choice_hints` ({field: {value: hint}}) and `choice_reveals`
    ({field: a function that returns {value: html}}), the fields that a choice asks for."""
    value = field.value()
    chosen = {str(item) for item in (value if isinstance(value, (list, tuple, set)) else [value])}
    hints = getattr(field.form, "choice_hints", {}).get(field.name, {})
    reveals = getattr(field.form, "choice_reveals", {}).get(field.name, dict)()
    is_select = isinstance(field.field.widget, forms.Select) and not isinstance(field.field.widget, forms.RadioSelect)
    items = []
    for position, (option, text) in enumerate(field.field.choices):
        option = "" if option is None else str(option)
        item: dict[str, Any] = {"value": option, "text": str(text)}
        item["selected" if is_select else "checked"] = option in chosen
        if not is_select:
            item["id"] = field.auto_id if position == 0 else f"{field.auto_id}-{position + 1}"
        if option in hints:
            item["hint"] = {"text": hints[option]}
        if option in reveals:
            item["conditional"] = {"html": reveals[option]}
        items.append(item)
    return items


def _date_items(field: forms.BoundField) -> list[dict[str, Any]]:
    value = field.value()
    values = value if isinstance(value, list) else field.field.widget.decompress(value)
    wrong = " govuk-input--error" if field.errors else ""
    return [
        {
            "id": f"{field.auto_id}-{part}",
            "name": f"{field.html_name}_{part}",
            "label": part.capitalize(),
            "value": "" if typed is None else str(typed),
            "classes": f"govuk-input--width-{4 if part == 'year' else 2}{wrong}",
        }
        for part, typed in zip(DateInput.parts, values, strict=True)
    ]
