"""allauth's pages for somebody who is signed in, each with the permission that the portal asks for it.

Those that work without signing in are allauth's own, named in `accounts/urls.py`.
"""

from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator

from accounts.permissions import Perm
from core.views import Permitted


@method_decorator(login_not_required, name="dispatch")
class SignOut(account.LogoutView):
    """Works without a session too: whoever's session ended meanwhile is signed out, and told so."""


class ChangePassword(Permitted, account.PasswordChangeView):
    """For those who have a password. Who signs in with another organisation's account chooses one by email, so that
    an open browser alone is never enough."""

    permission = Perm.OWN_ACCOUNT

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_usable_password():
            return redirect("account_reset_password")
        return super().dispatch(request, *args, **kwargs)


class ConfirmPassword(Permitted, account.ReauthenticateView):
    permission = Perm.OWN_ACCOUNT


class TwoStep(Permitted, mfa.IndexView):
    permission = Perm.OWN_ACCOUNT


class ConfirmCode(Permitted, mfa.ReauthenticateView):
    permission = Perm.OWN_ACCOUNT


class TurnOnTwoStep(Permitted, totp.ActivateTOTPView):
    permission = Perm.OWN_ACCOUNT


class TurnOffTwoStep(Permitted, totp.DeactivateTOTPView):
    permission = Perm.OWN_ACCOUNT


class RecoveryCodes(Permitted, recovery_codes.ViewRecoveryCodesView):
    permission = Perm.OWN_ACCOUNT


class NewRecoveryCodes(Permitted, recovery_codes.GenerateRecoveryCodesView):
    permission = Perm.OWN_ACCOUNT


class DownloadRecoveryCodes(Permitted, recovery_codes.DownloadRecoveryCodesView):
    permission = Perm.OWN_ACCOUNT
