"""The filters that a list is narrowed by, each as words with the way back."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.formats import date_format

from core.months import Month


@dataclass(frozen=True)
class Chip:
    """One active filter, and the address of the list without it."""

    label: str
    text: str
    address: str


def chips(filterset: Any, asked: Any) -> list[Chip]:
    """What the list is narrowed by, each with the way back. A choice of several is one chip each."""
    found = []
    for name, field in filterset.form.fields.items():
        value = filterset.form.cleaned_data.get(name)
        if not value:
            continue
        if isinstance(field, forms.MultipleChoiceField):
            words = dict(field.choices)
            found += [Chip(field.label, words[one], _without(asked, name, one, value)) for one in value]
        else:
            found.append(Chip(field.label, _words(field, value, filterset.on), _without(asked, name)))
    return found


def _words(field: forms.Field, value: Any, on: dt.date) -> str:
    if isinstance(value, dt.date):
        return date_format(value)
    if isinstance(value, Month):
        return value.label
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        return dict(field.choices)[value]
    if value == "true":
        return Month.of(on).label
    return "" if value is True else str(value)


def _without(asked: Any, name: str, one: str = "", values: Iterable[str] = ()) -> str:
    """The query without a parameter, or without one of its values."""
    params = asked.copy()
    params.pop("page", None)
    params.setlist(name, [value for value in values if value != one])
    return "?" + params.urlencode()
