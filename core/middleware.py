"""A page needs a sign-in; a form whose session ended while it was open is not thrown away."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse

from core.views import session_ended


class SignInRequired(LoginRequiredMiddleware):
    """Sends people to the sign-in page, but for somebody who has just submitted one of the portal's forms: their
    session ended meanwhile, and a redirect would lose what they typed. (The form's token shows that it is ours.)"""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponse:
        if request.method == "POST" and "csrfmiddlewaretoken" in request.POST:
            return session_ended(request)
        return super().handle_no_permission(request, view_func)
