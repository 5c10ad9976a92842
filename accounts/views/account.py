"""A person's own account."""

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.views.generic import TemplateView

from accounts.permissions import Perm
from core.views import Permitted


class Account(Permitted, TemplateView):
    permission = Perm.OWN_ACCOUNT
    template_name = "accounts/account.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.request.user
        working = person.auth_token_set.filter(expiry__gt=self.now).count()
        extra = {"person": person, "has_two_step": is_mfa_enabled(person), "working_tokens": working}
        return super().get_context_data(**extra, **kwargs)
