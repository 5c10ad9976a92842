"""Fields that several of the plan's forms have."""

from django import forms

from accounts.models import User


def text_field(label: str, *, hint: str = "", rows: int = 4, required: bool = False) -> forms.CharField:
    return forms.CharField(label=label, help_text=hint, required=required, widget=forms.Textarea({"rows": rows}))


def reason_field(label: str, missing: str, hint: str = "") -> forms.CharField:
    widget = forms.Textarea({"rows": 3})
    return forms.CharField(label=label, help_text=hint, widget=widget, error_messages={"required": missing})


def people_field(label: str, *, missing: str = "", hint: str = "", required: bool = True) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        label=label,
        help_text=hint,
        required=required,
        queryset=User.objects.active().order_by("full_name"),
        empty_label="Select a person",
        error_messages={"required": missing},
    )
