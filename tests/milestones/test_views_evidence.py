import datetime as dt
from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from milestones.models import Evidence, Milestone
from milestones.services import add_evidence, withdraw_evidence
from tests.factories import EvidenceFactory, MilestoneFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
CONTENT = b"answer,number\n<script>alert(1)</script>,1\n"


@pytest.fixture
def milestone() -> Milestone:
    return MilestoneFactory(reference="PA1-01")


@pytest.fixture
def evidence(milestone: Milestone, at: dt.datetime) -> Evidence:
    return add_evidence(
        milestone=milestone,
        title="Survey",
        kind=Evidence.Kind.VOICE,
        dated=at.date(),
        by=milestone.responsible_officer,
        at=at,
        file=ContentFile(CONTENT, name="families’ survey.csv"),
    )


def file_of(evidence: Evidence) -> str:
    return reverse("milestones:evidence_file", args=["PA1-01", evidence.pk])


def test_file_is_sent_as_a_download_that_no_browser_runs(
    evidence: Evidence, board_member: User, signed_in: SignedIn
) -> None:
    response = signed_in(board_member).get(file_of(evidence))

    assert response.getvalue() == CONTENT
    assert response.headers["Content-Type"] == "text/csv"
    assert response.headers["Content-Disposition"].startswith("attachment; filename")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response.headers["Cache-Control"] == "private, no-store"


def test_file_is_only_for_people_signed_in(evidence: Evidence) -> None:
    assert Client().get(file_of(evidence)).status_code == 302


def test_file_has_no_address_outside_the_page(evidence: Evidence, board_member: User, signed_in: SignedIn) -> None:
    for prefix in ("/media/", "/"):
        assert signed_in(board_member).get(prefix + evidence.file.name).status_code == 404


def test_withdrawn_file_is_not_found(
    evidence: Evidence, milestone: Milestone, at: dt.datetime, signed_in: SignedIn
) -> None:
    withdraw_evidence(evidence=evidence, reason="Wrong file.", by=milestone.sro, at=at)

    assert signed_in(milestone.sro).get(file_of(evidence)).status_code == 404


def test_file_of_another_milestone_or_a_link_or_one_that_is_gone_is_not_found(
    evidence: Evidence, milestone: Milestone, signed_in: SignedIn
) -> None:
    browser = signed_in(milestone.sro)
    link = EvidenceFactory(milestone=milestone)
    elsewhere = MilestoneFactory(reference="PA1-02")

    assert browser.get(file_of(link)).status_code == 404
    assert browser.get(reverse("milestones:evidence_file", args=[elsewhere.reference, evidence.pk])).status_code == 404
    evidence.file.storage.delete(evidence.file.name)
    assert browser.get(file_of(evidence)).status_code == 404


# --- Adding and withdrawing -----------------------------------------------------------------------------------------

TYPED = {"title": "The plan", "kind": "document", "dated_day": "1", "dated_month": "12", "dated_year": "2025"}


def test_a_link_is_added(milestone: Milestone, signed_in: SignedIn) -> None:
    address = reverse("milestones:evidence_add", args=["PA1-01"])

    response = signed_in(milestone.sro).post(address, {**TYPED, "url": "https://localoffer.example/plan"})

    assert response.url == reverse("milestones:detail", args=["PA1-01"])
    evidence = Evidence.objects.get()
    assert (evidence.url, evidence.created_by) == ("https://localoffer.example/plan", milestone.sro)


def test_a_file_or_a_link_is_asked_for(milestone: Milestone, signed_in: SignedIn) -> None:
    page = signed_in(milestone.sro).post(reverse("milestones:evidence_add", args=["PA1-01"]), TYPED).content.decode()

    assert "Give a file or a link, not both." in page
    assert 'value="The plan"' in page


def test_evidence_is_withdrawn_with_a_reason(evidence: Evidence, milestone: Milestone, signed_in: SignedIn) -> None:
    address = reverse("milestones:evidence_withdraw", args=["PA1-01", evidence.pk])
    browser = signed_in(milestone.responsible_officer)

    assert "Say why this evidence is withdrawn." in browser.post(address).content.decode()
    assert browser.post(address, {"reason": "Wrong file."}).status_code == 302
    assert evidence.withdrawal.reason == "Wrong file."
    assert browser.get(address).status_code == 404


def test_others_neither_add_nor_withdraw(
    evidence: Evidence, officer: User, board_member: User, signed_in: SignedIn
) -> None:
    for person in (officer, board_member):
        browser = signed_in(person)
        for name, args in (("evidence_add", ["PA1-01"]), ("evidence_withdraw", ["PA1-01", evidence.pk])):
            address = reverse(f"milestones:{name}", args=args)
            assert browser.get(address).status_code == 403
            assert browser.post(address, {"reason": "x"}).status_code == 403
