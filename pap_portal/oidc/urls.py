"""allauth's addresses for signing in with another organisation's account, listed one by one."""

from allauth.socialaccount import views
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django.urls import path

urlpatterns = [
    path("cancelled/", views.login_cancelled, name="socialaccount_login_cancelled"),
    path("error/", views.login_error, name="socialaccount_login_error"),
    # Says whom to ask: `AccountAdapter.is_open_for_signup` keeps it closed.
    path("access/", views.signup, name="socialaccount_signup"),
    path("<slug:provider_id>/", openid_connect.login, name="openid_connect_login"),
    path("<slug:provider_id>/back/", openid_connect.callback, name="openid_connect_callback"),
]
