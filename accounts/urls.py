"""Addresses of people and accounts. allauth's are listed one by one: what is not here does not exist."""

from allauth.account import views as allauth
from allauth.mfa.base import views as allauth_mfa
from django.urls import path, re_path

from accounts.views import account, organisations, people, sign_in, tokens

# These work without signing in.
entrance = [
    path("account/sign-in/", allauth.login, name="account_login"),
    path("account/sign-in/code/", allauth_mfa.authenticate, name="mfa_authenticate"),
    path("account/sign-out/", sign_in.SignOut.as_view(), name="account_logout"),
    # Says whom to ask: `AccountAdapter.is_open_for_signup` keeps it closed.
    path("account/access/", allauth.signup, name="account_signup"),
    path("account/inactive/", allauth.account_inactive, name="account_inactive"),
    path("account/password/reset/", allauth.password_reset, name="account_reset_password"),
    path("account/password/reset/sent/", allauth.password_reset_done, name="account_reset_password_done"),
    # The key has hyphens of its own.
    re_path(
        r"^account/password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "account/password/reset/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]

urlpatterns = [
    *entrance,
    path("account/", account.Account.as_view(), name="account"),
    path("account/password/", sign_in.ChangePassword.as_view(), name="account_change_password"),
    path("account/confirm/", sign_in.ConfirmPassword.as_view(), name="account_reauthenticate"),
    path("account/confirm/code/", sign_in.ConfirmCode.as_view(), name="mfa_reauthenticate"),
    path("account/two-step/", sign_in.TwoStep.as_view(), name="mfa_index"),
    path("account/two-step/on/", sign_in.TurnOnTwoStep.as_view(), name="mfa_activate_totp"),
    path("account/two-step/off/", sign_in.TurnOffTwoStep.as_view(), name="mfa_deactivate_totp"),
    path("account/two-step/codes/", sign_in.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("account/two-step/codes/new/", sign_in.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    path(
        "account/two-step/codes/download/", sign_in.DownloadRecoveryCodes.as_view(), name="mfa_download_recovery_codes"
    ),
    path("account/tokens/", tokens.TokenList.as_view(), name="token_list"),
    path("account/tokens/new/", tokens.TokenAdd.as_view(), name="token_add"),
    path("account/tokens/<uuid:reference>/revoke/", tokens.TokenRevoke.as_view(), name="token_revoke"),
    path("people/", people.PersonList.as_view(), name="people_list"),
    path("people/invite/", people.PersonInvite.as_view(), name="person_invite"),
    path("people/invitations/", people.PeopleSendInvitations.as_view(), name="people_send_invitations"),
    path("people/<int:pk>/", people.PersonDetail.as_view(), name="person_detail"),
    path("people/<int:pk>/edit/", people.PersonEdit.as_view(), name="person_edit"),
    path("people/<int:pk>/invitation/", people.PersonSendInvitation.as_view(), name="person_send_invitation"),
    path("people/<int:pk>/reactivate/", people.PersonReactivate.as_view(), name="person_reactivate"),
    path("people/<int:pk>/two-step/", people.PersonRemoveTwoStep.as_view(), name="person_remove_two_step"),
    path("organisations/", organisations.OrganisationList.as_view(), name="organisation_list"),
    path("organisations/new/", organisations.OrganisationAdd.as_view(), name="organisation_add"),
    path("organisations/<int:pk>/edit/", organisations.OrganisationEdit.as_view(), name="organisation_edit"),
]
