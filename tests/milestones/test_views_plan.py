"""Due dates, dependencies, and what the programme office does to the plan."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import User
from milestones.models import DueDateChange, Milestone, MilestoneDependency
from tests.factories import MilestoneDependencyFactory, MilestoneFactory, PriorityAreaFactory, UserFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _end_of_january() -> Iterator[None]:
    with time_machine.travel(dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def milestone() -> Milestone:
    return MilestoneFactory(reference="PA1-01", title="Agree the pathway")


def words(page: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode()))


def address(name: str, *args: Any) -> str:
    return reverse(f"milestones:{name}", args=["PA1-01", *args])


def day(name: str, date: dt.date) -> dict[str, int]:
    return {f"{name}_day": date.day, f"{name}_month": date.month, f"{name}_year": date.year}


# --- Due dates ------------------------------------------------------------------------------------------------------


def test_a_due_date_is_moved_with_reason_and_approver(milestone: Milestone, signed_in: SignedIn) -> None:
    officer = milestone.responsible_officer
    typed = {
        **day("to_date", dt.date(2026, 6, 30)),
        "reason": "A new contract.",
        "requested_by": officer.pk,
        "approved_by": milestone.sro_id,
    }

    response = signed_in(officer).post(address("due_date"), typed, follow=True)

    milestone.refresh_from_db()
    assert milestone.due_date == dt.date(2026, 6, 30)
    assert milestone.baseline_due_date == dt.date(2026, 3, 31)
    assert "PA1-01: the due date has been changed." in words(response.content)


def test_a_due_date_needs_all_of_it(milestone: Milestone, signed_in: SignedIn) -> None:
    text = words(signed_in(milestone.responsible_officer).post(address("due_date")).content)

    for fault in ("Enter the new due date.", "Say why the due date moves.", "Select who approved the new date."):
        assert fault in text
    assert not DueDateChange.objects.exists()


def test_only_the_sro_and_the_office_can_be_named_as_approvers(
    milestone: Milestone, office: User, officer: User, signed_in: SignedIn
) -> None:
    page = signed_in(milestone.responsible_officer).get(address("due_date")).content.decode()

    approvers = page.partition('id="id_approved_by"')[2].partition("</select>")[0]
    assert set(re.findall(r'value="(\d+)"', approvers)) == {str(milestone.sro_id), str(office.pk)}


# --- Dependencies ---------------------------------------------------------------------------------------------------


def test_milestones_are_linked_and_a_circle_is_refused(milestone: Milestone, signed_in: SignedIn) -> None:
    other = MilestoneFactory(reference="PA1-02")
    browser = signed_in(milestone.responsible_officer)

    browser.post(address("dependency_add"), {"relation": "blocked_by", "other": other.pk})
    page = browser.post(address("dependency_add"), {"relation": "blocks", "other": other.pk})

    link = MilestoneDependency.objects.get()
    assert (link.blocker, link.dependent) == (other, milestone)
    assert "in a circle" in words(page.content)


def test_a_link_is_ended_from_its_page(milestone: Milestone, signed_in: SignedIn) -> None:
    link = MilestoneDependencyFactory(dependent=milestone)
    elsewhere = MilestoneDependencyFactory()
    browser = signed_in(milestone.responsible_officer)

    assert browser.get(address("dependency_end", elsewhere.pk)).status_code == 404
    assert f"{link.blocker} blocks {milestone}." in words(browser.get(address("dependency_end", link.pk)).content)
    assert browser.post(address("dependency_end", link.pk)).status_code == 302
    assert not MilestoneDependency.objects.active().filter(pk=link.pk).exists()


# --- The office -----------------------------------------------------------------------------------------------------


def test_the_office_adds_a_milestone(office: User, signed_in: SignedIn) -> None:
    area, officer, sro = PriorityAreaFactory(), UserFactory(), UserFactory()
    typed = {
        "reference": "PA1-20",
        "title": "Open a hub",
        "area": area.pk,
        "responsible_officer": officer.pk,
        "sro": sro.pk,
        **day("due_date", dt.date(2026, 9, 30)),
        **day("added_on", dt.date(2026, 1, 31)),
    }

    response = signed_in(office).post(reverse("milestones:add"), typed, follow=True)
    again = signed_in(office).post(reverse("milestones:add"), typed)

    milestone = Milestone.objects.get()
    assert response.redirect_chain[0][0] == reverse("milestones:detail", args=["PA1-20"])
    assert "PA1-20 has been added to the plan." in words(response.content)
    assert milestone.baseline_due_date == dt.date(2026, 9, 30)
    assert "already exists" in words(again.content)


def test_the_office_edits_a_milestone(milestone: Milestone, office: User, signed_in: SignedIn) -> None:
    typed = {
        "title": "Agree a wider pathway",
        "area": milestone.area_id,
        **day("baseline_due_date", dt.date(2026, 4, 30)),
        **day("added_on", milestone.added_on),
    }

    refused = signed_in(office).post(address("edit"), typed)
    saved = signed_in(office).post(address("edit"), {**typed, "reason": "The board widened it."})

    milestone.refresh_from_db()
    assert "Say why the baseline changes" in words(refused.content)
    assert saved.status_code == 302
    assert milestone.title == "Agree a wider pathway"
    assert set(milestone.changes.values_list("field", flat=True)) == {"title", "baseline_due_date"}


def test_the_office_reassigns_a_milestone(milestone: Milestone, office: User, signed_in: SignedIn) -> None:
    officer, supporting = UserFactory(), UserFactory()
    typed = {
        "responsible_officer": officer.pk,
        "sro": milestone.sro_id,
        "supporting_officers": [supporting.pk],
        "reason": "They have left.",
    }

    assert signed_in(office).post(address("reassign"), typed).status_code == 302

    milestone.refresh_from_db()
    assert milestone.responsible_officer == officer
    assert list(milestone.supporting_officers.all()) == [supporting]


def test_the_office_withdraws_a_milestone(milestone: Milestone, office: User, signed_in: SignedIn) -> None:
    page = signed_in(office).get(address("withdraw"))
    assert "This can’t be undone." in words(page.content)

    typed = {**day("on", dt.date(2026, 1, 31)), "reason": "Merged."}
    assert signed_in(office).post(address("withdraw"), typed).status_code == 302

    milestone.refresh_from_db()
    assert milestone.withdrawn_on == dt.date(2026, 1, 31)


@pytest.mark.parametrize("name", ["edit", "reassign", "withdraw"])
def test_nobody_else_changes_the_plan(milestone: Milestone, board_member: User, signed_in: SignedIn, name: str) -> None:
    for person in (milestone.responsible_officer, milestone.sro, board_member):
        assert signed_in(person).get(address(name)).status_code == 403
        assert signed_in(person).post(address(name), {"reason": "x"}).status_code == 403
    assert Client().get(address(name)).status_code == 302


def test_nobody_else_adds_to_the_plan(officer: User, board_member: User, signed_in: SignedIn) -> None:
    for person in (officer, board_member):
        assert signed_in(person).get(reverse("milestones:add")).status_code == 403


@pytest.mark.parametrize("name", ["due_date", "dependency_add"])
def test_others_neither_move_its_due_date_nor_link_it(
    milestone: Milestone, officer: User, board_member: User, office: User, signed_in: SignedIn, name: str
) -> None:
    for person in (officer, board_member):
        assert signed_in(person).get(address(name)).status_code == 403
    for person in (milestone.responsible_officer, milestone.sro, office):
        assert signed_in(person).get(address(name)).status_code == 200
