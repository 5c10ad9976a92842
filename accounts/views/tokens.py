"""API tokens: one's own to make and see, and for the programme office everybody's to revoke."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.generic import ListView

from accounts import services
from accounts.forms import TokenForm
from accounts.models import ApiToken
from accounts.permissions import Perm
from core.forms import add_service_errors
from core.views import Permitted, ServiceFormPage


class TokenList(Permitted, ListView):
    permission = Perm.OWN_ACCOUNT
    template_name = "accounts/token_list.html"

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.filter(user=self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(now=self.now, **kwargs)


@method_decorator(never_cache, name="dispatch")
class TokenAdd(ServiceFormPage):
    """Shows the new token in the answer itself, so that no session, cache or log ever holds it."""

    permission = Perm.OWN_ACCOUNT
    template_name = "accounts/token_form.html"
    form_class = TokenForm
    title = "Make an API token"
    submit_label = "Make token"

    @sensitive_variables()
    def form_valid(self, form: Form) -> HttpResponse:
        person = self.request.user
        try:
            token = services.issue_token(user=person, **form.cleaned_data, by=person, at=self.now)
        except ValidationError as error:
            add_service_errors(form, error)
            return self.form_invalid(form)
        return render(self.request, "accounts/token_made.html", {"token": token, **form.cleaned_data})


class TokenRevoke(ServiceFormPage):
    permission = Perm.REVOKE_TOKEN
    template_name = "accounts/token_confirm.html"
    form_class = Form
    submit_label = "Revoke token"
    submit_classes = "govuk-button--warning"
    success_message = "The token is revoked. Programs that use it are refused from now on."

    @cached_property
    def token(self) -> ApiToken:
        visible = ApiToken.objects.visible_to(self.request.user).select_related("user")
        return get_object_or_404(visible, reference=self.kwargs["reference"])

    def permission_object(self) -> ApiToken:
        return self.token

    def perform(self, form: Form) -> None:
        services.revoke_token(token=self.token, by=self.request.user, at=self.now)

    def get_success_url(self) -> str:
        if self.token.user_id == self.request.user.pk:
            return reverse("token_list")
        return reverse("person_detail", args=[self.token.user_id])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = f"Revoke the token “{self.token.name}”?"
        return super().get_context_data(title=title, token=self.token, back_url=self.get_success_url(), **kwargs)
