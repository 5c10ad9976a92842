"""Who is in the partnership: everyone reads names, the programme office looks after access."""

from smtplib import SMTPException
from typing import Any

import structlog
from allauth.account.adapter import get_adapter
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.db.models import QuerySet
from django.forms import Form
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.generic import DetailView

from accounts import services
from accounts.filters import PersonFilter
from accounts.forms import PersonForm, ReactivateForm, RemoveTwoStepForm, initial_of
from accounts.models import Organisation, User
from accounts.permissions import Perm
from core.lists import ListPage
from core.views import Permitted, ServiceFormPage

log = structlog.get_logger(__name__)


class PersonList(ListPage):
    permission = Perm.VIEW_PEOPLE
    template_name = "accounts/person_list.html"
    filterset_class = PersonFilter
    sorts = {"name": "full_name", "organisation": "organisation__name", "signed_in": "last_login"}
    default_sort = ("full_name", "email")

    def get_filterset_kwargs(self, filterset_class: type[PersonFilter]) -> dict[str, Any]:
        # Also without a query the filter applies: it leaves out those who left.
        return {**super().get_filterset_kwargs(filterset_class), "data": self.request.GET}

    def get_queryset(self) -> QuerySet[User]:
        return self.sorted(User.objects.visible_to(self.request.user).select_related("organisation"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        manages = self.request.user.has_perm(Perm.MANAGE_PEOPLE)
        waiting = User.objects.without_invitation().count() if manages else 0
        return super().get_context_data(manages=manages, waiting=waiting, **kwargs)


class PersonPage(Permitted):
    """A page about one person, found among those that whoever asks may see."""

    @cached_property
    def person(self) -> User:
        visible = User.objects.visible_to(self.request.user).select_related("organisation")
        return get_object_or_404(visible, pk=self.kwargs["pk"])

    def permission_object(self) -> User:
        return self.person

    def get_success_url(self) -> str:
        return reverse("person_detail", args=[self.person.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        extra = {"person": self.person, "back_url": self.get_success_url()}
        return super().get_context_data(**{**extra, **kwargs})  # type: ignore[misc]


class PersonDetail(PersonPage, DetailView):
    permission = Perm.VIEW_PEOPLE
    template_name = "accounts/person_detail.html"

    def get_object(self, queryset: Any = None) -> User:
        return self.person

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["manages"] = self.request.user.has_perm(Perm.MANAGE_PEOPLE)
        if context["manages"]:
            context |= {
                "changes": self.person.changes.select_related("created_by"),
                "tokens": self.person.auth_token_set.all(),
                "has_two_step": is_mfa_enabled(self.person),
                "can_get_invitation": self.person.is_active and not self.person.has_usable_password(),
                "now": self.now,
            }
        return context


class Inviting(ServiceFormPage):
    """A page that sends invitations, once what it did is saved. An email server that is away loses nothing: the
    person is there, and the invitation can be sent again from their page."""

    permission = Perm.MANAGE_PEOPLE

    def send_invitation(self, person: User) -> bool:
        try:
            get_adapter().send_invitation(person, invited_by=self.request.user)
        except (SMTPException, OSError) as error:
            log.warning("invitation_not_sent", person=person.pk, error=str(error))
            return False
        services.record_invitation_sent(person=person, by=self.request.user, at=self.now)
        return True

    def send_and_tell(self, person: User, done: str) -> None:
        if self.send_invitation(person):
            messages.success(self.request, f"{done} An invitation is on its way to {person.email}.")
        else:
            messages.warning(
                self.request,
                f"{done} The email server did not take the invitation: send it again from this page in a few minutes.",
            )

    def get_success_message(self) -> str:
        # `send_and_tell` says what happened.
        return ""


class PersonInvite(Inviting):
    template_name = "accounts/person_form.html"
    form_class = PersonForm
    title = "Invite someone"
    submit_label = "Send invitation"

    def perform(self, form: Form) -> User:
        person = services.invite_person(**form.cleaned_data, by=self.request.user, at=self.now)
        self.send_and_tell(person, f"{person} is added.")
        return person

    def get_success_url(self) -> str:
        return reverse("person_detail", args=[self.result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        has_organisations = Organisation.objects.exists()
        return super().get_context_data(back_url=reverse("people_list"), has_organisations=has_organisations, **kwargs)


class PersonEdit(PersonPage, ServiceFormPage):
    permission = Perm.MANAGE_PEOPLE
    template_name = "accounts/person_form.html"
    form_class = PersonForm
    submit_label = "Save changes"
    success_message = "The changes are saved."

    def get_initial(self) -> dict[str, Any]:
        return initial_of(self.person)

    def perform(self, form: Form) -> User:
        return services.edit_person(person=self.person, **form.cleaned_data, by=self.request.user, at=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=f"Change {self.person}’s details", has_organisations=True, **kwargs)


class PersonReactivate(PersonPage, Inviting):
    template_name = "accounts/person_reactivate.html"
    form_class = ReactivateForm
    submit_label = "Reactivate and send invitation"

    def perform(self, form: Form) -> User:
        person = services.reactivate_person(
            person=self.person, reason=form.cleaned_data["reason"], by=self.request.user, at=self.now
        )
        self.send_and_tell(person, f"{person} is active again.")
        return person

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=f"Reactivate {self.person}?", **kwargs)


class PersonSendInvitation(PersonPage, Inviting):
    template_name = "accounts/person_send_invitation.html"
    form_class = Form
    submit_label = "Send invitation"

    def perform(self, form: Form) -> User:
        if self.person.is_active and not self.person.has_usable_password():
            self.send_and_tell(self.person, "")
        return self.person

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=f"Send {self.person} an invitation?", **kwargs)


class PeopleSendInvitations(Inviting):
    """Invitations to everybody who has none yet: people who came in by spreadsheet."""

    template_name = "accounts/people_send_invitations.html"
    form_class = Form
    title = "Send invitations?"
    submit_label = "Send invitations"

    @cached_property
    def waiting(self) -> list[User]:
        return list(User.objects.without_invitation().select_related("organisation"))

    def perform(self, form: Form) -> None:
        sent = sum(self.send_invitation(person) for person in self.waiting)
        missed = len(self.waiting) - sent
        messages.success(self.request, f"Invitations sent: {sent}.")
        if missed:
            words = f"The email server did not take {missed}. Send those again in a few minutes."
            messages.warning(self.request, words)

    def get_success_url(self) -> str:
        return reverse("people_list")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(waiting=self.waiting, back_url=reverse("people_list"), **kwargs)


class PersonRemoveTwoStep(PersonPage, ServiceFormPage):
    permission = Perm.MANAGE_PEOPLE
    template_name = "accounts/person_remove_two_step.html"
    form_class = RemoveTwoStepForm
    submit_label = "Remove two-step sign-in"
    submit_classes = "govuk-button--warning"
    success_message = "Two-step sign-in is removed. They sign in with their password alone until they turn it on again."

    def perform(self, form: Form) -> User:
        return services.remove_two_step(
            person=self.person, reason=form.cleaned_data["reason"], by=self.request.user, at=self.now
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=f"Remove {self.person}’s two-step sign-in?", **kwargs)
