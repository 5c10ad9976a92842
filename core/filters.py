"""Fields and filters that several lists have: choices, months and days as addresses hold them."""

import datetime as dt
from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from core.months import WRITTEN_YEARS, Month


class ManyField(forms.MultipleChoiceField):
    """Several choices: `?status=a&status=b`, and `?status=a,b`, as figures and scripts write it."""

    def to_python(self, value: Any) -> list[str]:
        return [part.strip() for text in super().to_python(value) for part in text.split(",") if part.strip()]


class ManyFilter(filters.MultipleChoiceFilter):
    field_class = ManyField
    always_filter = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The library's own default is DISTINCT, for relations that repeat a row. None of ours does, and to tell rows
        # apart the database would compute every column of the whole plan, twice: for the page and for the count.
        super().__init__(*args, **{"distinct": False, **kwargs})


class WholeNumberFilter(filters.NumberFilter):
    """Refuses 4.9, which a column of whole numbers would be asked for as 4."""

    field_class = forms.IntegerField


class WordsFilter(filters.CharFilter):
    """Words to look for. Each makes the question longer, and a database answers no endless one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        widget = forms.TextInput({"type": "search"})
        super().__init__(*args, **{"label": "Search", "max_length": 200, "widget": widget, **kwargs})


class MonthField(forms.CharField):
    """A month like 2026-01; `true` is the month of the day that the list is as at."""

    def to_python(self, value: Any) -> Month | str:
        text = super().to_python(value)
        if text in ("", "true"):
            return text
        try:
            return Month.parse(text)
        except ValueError as error:
            # As a parameter: the API fills in messages, and what was typed may hold a percent sign.
            raise ValidationError("%(words)s", params={"words": error}) from error


class MonthFilter(filters.Filter):
    field_class = MonthField


class DayField(forms.DateField):
    default_error_messages = {"invalid": "Write the date like 2026-01-31."}

    def to_python(self, value: Any) -> dt.date | None:
        day = super().to_python(value)
        if day and day.year not in WRITTEN_YEARS:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day


class DayFilter(filters.DateFilter):
    field_class = DayField


class DayInput(forms.DateInput):
    """The browser's own date field: it sends the date as the address holds it, 2026-01-31."""

    input_type = "date"


def many(label: str, choices: Any, **kwargs: Any) -> ManyFilter:
    widget = forms.CheckboxSelectMultiple({"class": "govuk-checkboxes--small app-checkboxes--row"})
    return ManyFilter(label=label, choices=choices, widget=widget, **kwargs)


def only(label: str, **kwargs: Any) -> filters.BooleanFilter:
    widget = forms.CheckboxInput({"class": "govuk-checkboxes--small"})
    return filters.BooleanFilter(label=label, widget=widget, **kwargs)


class AsAtFilterSet(filters.FilterSet):
    """Filters of rows as at a day: the one in `?as_at=`, else the day it is given."""

    def __init__(self, *args: Any, on: dt.date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.day = on

    @property
    def on(self) -> dt.date:
        """The day that the rows are as at. The API's filter backend gives none, so a door's clock is asked here."""
        asked = self.form.cleaned_data.get("as_at") if self.is_bound and hasattr(self.form, "cleaned_data") else None
        return asked or self.day or timezone.localdate()
