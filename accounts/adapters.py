"""How allauth signs people in here: by invitation only, in plain English, with second-step secrets encrypted."""

import base64
import hashlib
from collections.abc import Iterator
from smtplib import SMTPException
from typing import Any, ClassVar

import structlog
from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User

log = structlog.get_logger(__name__)

WRONG_CODE = "The code is wrong or out of date. Enter the newest one that your app shows."


class AccountAdapter(DefaultAccountAdapter):
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The email address or the password is wrong. Check both and try again.",
        "too_many_login_attempts": "Too many failed attempts to sign in. Wait 5 minutes, or reset your password.",
        "enter_current_password": "This is not your current password.",
        "incorrect_password": "This is not your password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up: the programme office invites people."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        names = {
            "portal_name": settings.PORTAL_NAME,
            "partnership_name": settings.PARTNERSHIP_NAME,
            "office_email": settings.OFFICE_EMAIL,
            "link_days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
        }
        super().send_mail(template_prefix, email, {**names, **context})

    def send_invitation(self, person: User, *, invited_by: User) -> None:
        """The email with the link to choose a password. The link works once, for PASSWORD_RESET_TIMEOUT."""
        context = {"person": person, "invited_by": invited_by, "link": self.choose_password_url(person)}
        self.send_mail("account/email/invitation", person.email, context)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The password is changed by now; an email server that is away does not make an error of it."""
        try:
            super().send_notification_mail(*args, **kwargs)
        except (SMTPException, OSError) as error:
            log.warning("notification_not_sent", error=str(error))

    def choose_password_url(self, person: User) -> str:
        token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(person)
        return self.get_reset_password_from_key_url(f"{user_pk_to_url_str(person)}-{token}")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")


class TwoStepAdapter(DefaultMFAAdapter):
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": WRONG_CODE,
        "rate_limited": "Too many wrong codes. Wait 5 minutes and try again.",
    }

    def encrypt(self, text: str) -> str:
        """A copy of the database alone does not give anybody's second step away."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _fernet() -> MultiFernet:
    """Encrypts with a key made from SECRET_KEY; reads what earlier keys in SECRET_KEY_FALLBACKS wrote."""
    return MultiFernet([Fernet(key) for key in _keys()])


def _keys() -> Iterator[bytes]:
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        digest = hashlib.blake2b(secret.encode(), person=b"two-step", digest_size=32).digest()
        yield base64.urlsafe_b64encode(digest)
