"""Where a person leaves: their access ends, and somebody takes over what they answer for, in one step.

Here, because `accounts` knows neither milestones nor risks.
"""

from typing import Any

from django.db import transaction
from django.forms import Form
from django.urls import reverse
from django.utils.functional import cached_property

from accounts.models import User
from accounts.permissions import Perm
from accounts.services import deactivate_person
from accounts.views.people import PersonPage
from board.forms import LeaverForm
from core.views import ServiceFormPage
from milestones.models import Milestone
from milestones.services import hand_over
from risks.models import Mitigation, Risk, State
from risks.services import hand_over_risks


class PersonDeactivate(PersonPage, ServiceFormPage):
    permission = Perm.MANAGE_PEOPLE
    template_name = "board/person_deactivate.html"
    form_class = LeaverForm
    submit_label = "Deactivate"
    submit_classes = "govuk-button--warning"

    @cached_property
    def milestones(self) -> int:
        """How many milestones of the plan they answer for."""
        return Milestone.objects.filter(withdrawn_on__isnull=True).for_person(self.person).count()

    @cached_property
    def risks(self) -> int:
        """How many open risks they own."""
        return Risk.objects.filter(owner=self.person, state=State.OPEN).count()

    @cached_property
    def mitigations(self) -> int:
        """How many mitigations of open risks are theirs."""
        return Mitigation.objects.filter(owner=self.person, risk__state=State.OPEN).count()

    def get_form_kwargs(self) -> dict[str, Any]:
        answers = bool(self.milestones or self.risks or self.mitigations)
        return {**super().get_form_kwargs(), "person": self.person, "answers_for_something": answers}

    @transaction.atomic
    def perform(self, form: Form) -> User:
        by, at, reason = self.request.user, self.now, form.cleaned_data["reason"]
        self.successor: User | None = form.cleaned_data.get("to")
        if self.successor:
            hand_over(person=self.person, to=self.successor, reason=reason, by=by, at=at)
            hand_over_risks(person=self.person, to=self.successor, reason=reason, by=by, at=at)
        return deactivate_person(person=self.person, reason=reason, by=by, at=at)

    def get_success_message(self) -> str:
        words = f"{self.person} is deactivated and can no longer sign in."
        return f"{words} {self.successor} now answers for what was theirs." if self.successor else words

    def get_success_url(self) -> str:
        return reverse("person_detail", args=[self.person.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = f"Deactivate {self.person}?"
        theirs = {"milestones": self.milestones, "risks": self.risks, "mitigations": self.mitigations}
        return super().get_context_data(title=title, **theirs, **kwargs)
