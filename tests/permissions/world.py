"""One of everything that an address can name, the people who ask, and what they are answered."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, Role, User
from accounts.services import deactivate_person, issue_token
from core.services import receive_sheet
from milestones.models import Evidence, Milestone
from milestones.services import add_evidence
from risks.models import Mitigation, Risk
from tests.factories import (
    MilestoneDependencyFactory,
    MilestoneFactory,
    MilestoneUpdateFactory,
    MitigationFactory,
    ReportingMonthFactory,
    RiskFactory,
    RiskReviewFactory,
    UserFactory,
)
from tests.permissions.addresses import Address

# Requests that were let through: answered, sent on, or told what is wrong with what they sent.
LET_THROUGH = {200, 201, 204, 302, 304, 400, 412, 415, 428}
# What stands in an address where any word does.
WORDS = {
    "month": "2026-01",
    "kind": "milestones",
    "what": "faults",
    "extension": "csv",
    "uidb36": "1",
    "key": "set-password",
}
OTHERS = {401: "in", 403: "no", 404: "--"}


@dataclass(frozen=True)
class World:
    people: dict[str, User]
    milestone: Milestone
    numbers: dict[str, int]
    token: ApiToken
    risk: Risk
    mitigation: Mitigation

    def url(self, address: Address) -> str:
        return reverse(address.name, kwargs={name: self._value(address.name, name) for name in address.parameters})

    def _value(self, address: str, parameter: str) -> Any:
        if parameter == "pk":
            # The longest beginning that fits: `person_reactivate` before `person_`.
            return self.numbers[max(filter(address.startswith, self.numbers), key=len)]
        if address == "token_revoke":
            return self.token.reference
        if address.startswith(("risks:", "risk-")):
            return {"reference": self.risk.reference, "code": "five-by-five-three-bands"}[parameter]
        if address == "mitigation-detail":
            return self.mitigation.reference
        return {"reference": self.milestone.reference, "code": self.milestone.area.code, **WORDS}[parameter]

    def ask(self, who: str, method: str, address: Address) -> str:
        """What a person is answered, in the words of the table; whatever it changed is undone."""
        url = self.url(address)
        client = Client()
        with transaction.atomic():
            if who in self.people:
                client.force_login(self.people[who])
            if url.startswith("/api/"):
                response = client.generic(method, url, b"{}", content_type="application/json")
            else:
                response = client.generic(method, url, b"", content_type="application/x-www-form-urlencoded")
            if response.streaming:
                # Read to its end, so that the file behind it is closed.
                b"".join(response)
            transaction.set_rollback(True)
        return in_words(response)


def in_words(response: HttpResponseBase) -> str:
    if response.headers.get("Location", "").startswith(f"{reverse('account_login')}?next="):
        return "in"
    if response.status_code in LET_THROUGH:
        return "ok"
    return OTHERS.get(response.status_code, str(response.status_code))


def make_world() -> World:
    now = timezone.now()
    people = {
        "board": UserFactory(roles=[Role.BOARD_MEMBER]),
        "officer": UserFactory(roles=[Role.OFFICER]),
        "owner": UserFactory(roles=[Role.OFFICER]),
        "sro": UserFactory(roles=[Role.SRO]),
        "analyst": UserFactory(roles=[Role.ANALYST]),
        "auditor": UserFactory(roles=[Role.AUDITOR]),
        "office": UserFactory(roles=[Role.PROGRAMME_OFFICE]),
    }
    owner, office = people["owner"], people["office"]
    milestone = MilestoneFactory(responsible_officer=owner, sro=people["sro"])
    minutes = ContentFile(b"Agreed.", name="minutes.txt")
    evidence = add_evidence(
        milestone=milestone,
        title="Minutes",
        kind=Evidence.Kind.MINUTES,
        dated=milestone.added_on,
        file=minutes,
        by=owner,
        at=now,
    )
    colleague, left = UserFactory(), UserFactory()
    deactivate_person(person=left, by=office, at=now, reason="Left")
    issue_token(user=owner, days=1, name=f"mine {uuid.uuid4().hex[:4]}", by=owner, at=now)
    ReportingMonthFactory(month="2026-01")
    tracker = ContentFile(b"Reference,Title\r\n", name="tracker.csv")
    upload = receive_sheet(kind="milestones", file=tracker, by=office, at=now)
    update = MilestoneUpdateFactory(milestone=milestone)
    risk = RiskFactory(owner=owner)
    review, mitigation = RiskReviewFactory(risk=risk), MitigationFactory(risk=risk)
    numbers = {
        "milestones:correct": update.pk,
        "milestones:confirm": update.pk,
        "milestones:evidence": evidence.pk,
        "milestones:dependency": MilestoneDependencyFactory(dependent=milestone).pk,
        "risks:correct": review.pk,
        "risks:mitigation_": mitigation.pk,
        "person_": colleague.pk,
        "person_reactivate": left.pk,
        "organisation_": colleague.organisation.pk,
        "import_": upload.pk,
    }
    return World(
        people=people,
        milestone=milestone,
        numbers=numbers,
        token=ApiToken.objects.get(),
        risk=risk,
        mitigation=mitigation,
    )
