"""Drafts, corrections and confirmations of updates."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import User
from milestones.models import Milestone, MilestoneDraft, MilestoneUpdate, Status
from milestones.services import record_update
from tests.factories import MilestoneFactory, MilestoneUpdateFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
NOW = dt.datetime(2026, 1, 20, 10, tzinfo=dt.UTC)
TODAY = {"as_at_day": "20", "as_at_month": "1", "as_at_year": "2026"}
TYPED = {"status": "on_track", "impact": "emerging", "progress": "The group met.", **TODAY}


@pytest.fixture(autouse=True)
def _twentieth_of_january() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def milestone() -> Milestone:
    return MilestoneFactory(reference="PA1-01", title="Agree the pathway")


@pytest.fixture
def browser(milestone: Milestone, signed_in: SignedIn) -> Client:
    return signed_in(milestone.responsible_officer)


def words(page: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode()))


def address(milestone: Milestone, page: str = "update", *args: Any) -> str:
    return reverse(f"milestones:{page}", args=[milestone.reference, *args])


def save(browser: Client, milestone: Milestone, **typed: Any) -> Any:
    content = {"based_on_version": milestone.version, **TYPED, **typed}
    return browser.post(address(milestone), {name: text for name, text in content.items() if text is not None})


# --- Drafts ---------------------------------------------------------------------------------------------------------


def keep(browser: Client, milestone: Milestone, **typed: Any) -> Any:
    return browser.post(address(milestone), {"action": "draft", "based_on_version": milestone.version, **typed})


def test_a_draft_is_kept_as_typed_and_restored_with_its_time(browser: Client, milestone: Milestone) -> None:
    response = keep(browser, milestone, progress="Half a sen", as_at_day="99", next="/milestones/")

    assert response.url == "/milestones/"
    page = browser.get(address(milestone)).content.decode()
    assert "Your draft was saved on 20 January 2026 at 10:00am." in page
    assert ">Half a sen</textarea>" in page
    assert 'value="99"' in page
    assert not MilestoneUpdate.objects.exists()


def test_nobody_else_sees_a_draft(browser: Client, milestone: Milestone, signed_in: SignedIn) -> None:
    keep(browser, milestone, progress="Half a sen")

    assert "Half a sen" not in signed_in(milestone.sro).get(address(milestone)).content.decode()


def test_a_draft_kept_by_the_page_itself_answers_without_a_page(browser: Client, milestone: Milestone) -> None:
    typed = {"action": "draft", "based_on_version": "1", "progress": "Half a sen"}

    response = browser.post(address(milestone), typed, headers={"X-Requested-With": "fetch"})

    assert response.status_code == 204
    assert MilestoneDraft.objects.get().typed == {"progress": "Half a sen"}


def test_what_was_refused_is_kept_as_a_draft(browser: Client, milestone: Milestone) -> None:
    save(browser, milestone, status="delayed", progress="A long story.")

    assert ">A long story.</textarea>" in browser.get(address(milestone)).content.decode()


def test_a_draft_is_gone_once_submitted_or_discarded(browser: Client, milestone: Milestone) -> None:
    keep(browser, milestone, progress="Half a sen")
    save(browser, milestone)
    assert not MilestoneDraft.objects.exists()

    keep(browser, milestone, progress="Another")
    response = browser.post(address(milestone, "draft_discard"), {"next": "/milestones/"})
    assert response.url == f"{address(milestone)}?next=%2Fmilestones%2F"
    assert not MilestoneDraft.objects.exists()


def test_a_draft_begun_before_a_change_says_what_changed(browser: Client, milestone: Milestone) -> None:
    keep(browser, milestone, progress="Half a sen")
    record_update(
        milestone=Milestone.objects.get(),
        status=Status.ON_TRACK,
        as_at=NOW.date(),
        progress="Written meanwhile.",
        by=milestone.sro,
        at=NOW,
    )

    page = browser.get(address(milestone))

    assert "What changed while you were writing" in words(page.content)
    assert 'name="based_on_version" value="2"' in page.content.decode()


def test_a_draft_is_for_those_who_may_update(milestone: Milestone, officer: User, signed_in: SignedIn) -> None:
    assert keep(signed_in(officer), milestone, progress="x").status_code == 403
    assert signed_in(officer).post(address(milestone, "draft_discard")).status_code == 403
    assert signed_in(milestone.sro).get(address(milestone, "draft_discard")).status_code == 405


# --- Corrections and confirmations ----------------------------------------------------------------------------------


def test_an_update_is_corrected_by_a_row_that_supersedes_it(browser: Client, milestone: Milestone) -> None:
    wrong = MilestoneUpdateFactory(milestone=milestone, as_at=NOW.date())
    page = browser.get(address(milestone, "correct", wrong.pk)).content.decode()
    assert ">Going as planned.</textarea>" in page

    response = browser.post(
        address(milestone, "correct", wrong.pk), {**TYPED, "impact": "evident", "correction_reason": "Too low."}
    )

    assert response.url == address(milestone, "detail")
    assert wrong.superseded_by.impact == "evident"


def test_an_update_of_another_milestone_is_not_found_here(
    browser: Client, milestone: Milestone, signed_in: SignedIn
) -> None:
    elsewhere = MilestoneUpdateFactory()

    assert browser.get(address(milestone, "correct", elsewhere.pk)).status_code == 404
    assert signed_in(milestone.sro).get(address(milestone, "confirm", elsewhere.pk)).status_code == 404


def test_only_the_sro_confirms(
    milestone: Milestone, browser: Client, office: User, board_member: User, signed_in: SignedIn
) -> None:
    update = MilestoneUpdateFactory(milestone=milestone, as_at=NOW.date())
    page = address(milestone, "confirm", update.pk)

    assert [client.get(page).status_code for client in (browser, signed_in(office), signed_in(board_member))] == [
        403
    ] * 3
    response = signed_in(milestone.sro).post(page, {"note": "Checked."})

    assert response.url == address(milestone, "detail")
    assert (update.confirmation.note, update.confirmation.created_by) == ("Checked.", milestone.sro)


def test_confirming_twice_is_told(milestone: Milestone, signed_in: SignedIn) -> None:
    update = MilestoneUpdateFactory(milestone=milestone, as_at=NOW.date())
    client, page = signed_in(milestone.sro), address(milestone, "confirm", update.pk)

    client.post(page)

    assert "This update is confirmed already." in words(client.post(page).content)
