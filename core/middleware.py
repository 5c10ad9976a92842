"""A page needs a sign-in; a form whose session ended while it was open is not thrown away; no request reaches the
database with what that cannot hold."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import Http404, HttpRequest, HttpResponse

from core.views import session_ended


class SignInRequired(LoginRequiredMiddleware):
    """Sends people to the sign-in page, but for somebody who has just submitted one of the portal's forms: their
    session ended meanwhile, and a redirect would lose what they typed. (The form's token shows that it is ours.)"""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponse:
        if request.method == "POST" and "csrfmiddlewaretoken" in request.POST:
            return session_ended(request)
        return super().handle_no_permission(request, view_func)


class NoNullCharacters:
    """PostgreSQL holds no text with a null character and breaks off over one, so nothing has such an address, and no
    session such a key. (Forms and the API's fields refuse the character themselves.)"""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.COOKIES = {name: text for name, text in request.COOKIES.items() if "\x00" not in text}
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        if "\x00" in request.path_info:
            raise Http404
