"""Forms for signing in, for people and organisations, and for API tokens."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.mfa.base import forms as allauth_mfa_forms
from allauth.mfa.totp import forms as allauth_totp_forms
from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Organisation, Role, User

EMAIL_FORMAT = "Enter an email address in the correct format, like name@example.com."
CHOOSING_HINT = "At least 12 characters. Three random words are easy to remember and hard to guess."
REQUIRED_EMAIL = {"required": "Enter an email address.", "invalid": EMAIL_FORMAT}


class EmailField(forms.EmailField):
    """An email address as the portal keeps it: in small letters."""

    def to_python(self, value: Any) -> str:
        return super().to_python(value).lower()


def email_field(**kwargs: Any) -> EmailField:
    attributes = {"spellcheck": "false", "autocomplete": kwargs.pop("autocomplete", "off")}
    return EmailField(widget=forms.EmailInput(attributes), max_length=254, **kwargs)


def password_field(label: str, *, required: str, autocomplete: str, hint: str = "") -> dict[str, Any]:
    """What an allauth password field is set to: its words, and no placeholder."""
    widget = forms.PasswordInput({"autocomplete": autocomplete})
    return {"label": label, "help_text": hint, "widget": widget, "error_messages": {"required": required}}


def set_up(field: forms.Field, *, error_messages: dict[str, str], **attributes: Any) -> None:
    field.error_messages = {**field.error_messages, **error_messages}
    for name, value in attributes.items():
        setattr(field, name, value)


class SignInForm(allauth_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {"required": "Enter your email address.", "invalid": EMAIL_FORMAT}
        self.fields["login"] = email_field(label="Email address", autocomplete="username", error_messages=words)
        words = password_field("Password", required="Enter your password.", autocomplete="current-password")
        set_up(self.fields["password"], **words)

    def clean(self) -> dict[str, Any]:
        # Which of the two is wrong is not said; the summary links to where people start again.
        try:
            super().clean()
        except ValidationError as error:
            self.add_error("login", error)
        return self.cleaned_data


class NewPasswordMixin:
    """A new password is typed once: it can be shown, so there is nothing that typing it twice would catch."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]  # type: ignore[attr-defined]
        words = password_field(
            "New password", required="Enter a new password.", autocomplete="new-password", hint=CHOOSING_HINT
        )
        set_up(self.fields["password1"], **words)  # type: ignore[attr-defined]


class ChangePasswordForm(NewPasswordMixin, allauth_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = password_field(
            "Current password", required="Enter your current password.", autocomplete="current-password"
        )
        set_up(self.fields["oldpassword"], **words)


class ResetPasswordKeyForm(NewPasswordMixin, allauth_forms.ResetPasswordKeyForm):
    pass


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    email = email_field(label="Email address", autocomplete="email", error_messages=REQUIRED_EMAIL)


class ConfirmPasswordForm(allauth_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = password_field("Password", required="Enter your password.", autocomplete="current-password")
        set_up(self.fields["password"], **words)


def code_field(hint: str) -> forms.CharField:
    """Typed, not chosen with arrows: a number pad on phones, no spinner, and codes sent to the device offered."""
    attributes = {"autocomplete": "one-time-code", "class": "govuk-input--width-10", "spellcheck": "false"}
    words = {"required": "Enter the code."}
    return forms.CharField(label="Code", help_text=hint, widget=forms.TextInput(attributes), error_messages=words)


class CodeForm(allauth_mfa_forms.AuthenticateForm):
    code = code_field("The 6 digits that your authenticator app shows, or one of your recovery codes.")


class ConfirmCodeForm(allauth_mfa_forms.ReauthenticateForm):
    code = code_field("The 6 digits that your authenticator app shows, or one of your recovery codes.")


class TurnOnTwoStepForm(allauth_totp_forms.ActivateTOTPForm):
    code = code_field("The 6 digits that the app shows now.")


ROLE_HINTS = {
    Role.BOARD_MEMBER: "Reads the dashboard and everything behind it.",
    Role.OFFICER: "Reports on the milestones they are responsible for or support.",
    Role.SRO: "Answers for milestones, and confirms what officers report on them.",
    Role.ANALYST: "Pulls figures and rows through the API.",
    Role.AUDITOR: "Carries out quality audits of plans.",
    Role.PROGRAMME_OFFICE: "Runs the portal: people, imports, months and every milestone.",
}


class PersonForm(forms.Form):
    """A person's details and roles. The same form invites and edits."""

    full_name = forms.CharField(max_length=150, error_messages={"required": "Enter the person’s name."})
    email = email_field(
        label="Email address",
        help_text="Their work address. They sign in with it, and their invitation goes to it.",
        error_messages={"required": "Enter the person’s email address.", "invalid": EMAIL_FORMAT},
    )
    job_title = forms.CharField(max_length=150, required=False)
    organisation = forms.ModelChoiceField(
        Organisation.objects.all(),
        empty_label="Select an organisation",
        error_messages={"required": "Select an organisation.", "invalid_choice": "Select an organisation."},
    )
    roles = forms.MultipleChoiceField(
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="Select all that apply. They take effect at once.",
        error_messages={"required": "Select at least one role."},
    )
    choice_hints = {"roles": {role.value: hint for role, hint in ROLE_HINTS.items()}}


class OrganisationForm(forms.Form):
    name = forms.CharField(max_length=200, error_messages={"required": "Enter the organisation’s name."})
    kind = forms.ChoiceField(
        choices=Organisation.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Select what kind of organisation this is."},
    )


class ReasonForm(forms.Form):
    """Why something is done: kept in the person's history."""

    reason = forms.CharField(widget=forms.Textarea({"rows": 3}), error_messages={"required": "Enter a reason."})


class ReactivateForm(ReasonForm):
    reason = forms.CharField(
        widget=forms.Textarea({"rows": 3}),
        required=False,
        help_text="For example: back from maternity leave. It is kept in the person’s history.",
    )


class RemoveTwoStepForm(ReasonForm):
    reason = forms.CharField(
        label="Reason, and how you know it was them who asked",
        help_text="For example: lost their phone; I rang them on the number in the staff directory.",
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Enter why, and how you made sure it was them who asked."},
    )


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=100,
        label="What will use the token?",
        help_text="For example: Power BI, or the monthly extract. It helps you tell your tokens apart.",
        error_messages={"required": "Enter what will use the token."},
    )
    days = forms.TypedChoiceField(
        label="How long should it work?",
        choices=[("30", "30 days"), ("90", "90 days"), ("365", "365 days")],
        coerce=int,
        initial="90",
        widget=forms.RadioSelect,
        error_messages={"required": "Select how long the token should work."},
    )


def initial_of(person: User) -> dict[str, Any]:
    """A person's present details, as `PersonForm` shows them."""
    return {name: getattr(person, name) for name in PersonForm.base_fields}


def people_field(label: str, *, missing: str = "", hint: str = "", required: bool = True) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        label=label,
        help_text=hint,
        required=required,
        queryset=User.objects.active().order_by("full_name"),
        empty_label="Select a person",
        error_messages={"required": missing},
    )
