"""Lists that are kept while nothing in them changes: here the milestones' and the register's."""

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from milestones.models import Status
from milestones.services import record_update, revise_milestone
from risks.services import add_mitigation, move_level, review_risk
from tests.factories import MilestoneFactory, RiskFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


def shown(client: Client, address: str) -> str:
    """The page's main part: around it stand things of the person's own."""
    return client.get(address).content.decode().partition("<main")[2]


@pytest.mark.parametrize("address", ["/milestones/", "/risks/"])
def test_a_list_asked_for_again_asks_only_whether_it_has_changed(
    address: str, signed_in: SignedIn, board_member: User, count_queries: Callable[..., int]
) -> None:
    MilestoneFactory()
    RiskFactory()
    client = signed_in(board_member)
    first = shown(client, address)

    again = count_queries(lambda: shown(client, address))

    assert shown(client, address) == first
    # The session, the person, and the versions of what the list is made of.
    assert again <= 4


@pytest.mark.parametrize("change", ["update", "title", "new"])
def test_what_changes_a_milestone_shows_at_once(
    change: str, signed_in: SignedIn, board_member: User, office: User
) -> None:
    milestone = MilestoneFactory(title="As it was")
    client, now = signed_in(board_member), timezone.now()
    before = shown(client, "/milestones/")

    match change:
        case "update":
            words = {"progress": "Late.", "reason": "x", "mitigation": "y", "consequence": "z"}
            today = timezone.localdate()
            record_update(
                milestone=milestone, status=Status.DELAYED, as_at=today, forecast_date=today, by=office, at=now, **words
            )
            expected = "govuk-tag--red"
        case "title":
            revise_milestone(milestone=milestone, title="As it is now", by=office, at=now, on=timezone.localdate())
            expected = "As it is now"
        case "new":
            MilestoneFactory(title="One more")
            expected = "One more"

    assert expected not in before
    assert expected in shown(client, "/milestones/")


@pytest.mark.parametrize("change", ["review", "level", "mitigation", "new"])
def test_what_changes_a_risk_shows_at_once(change: str, signed_in: SignedIn, board_member: User, office: User) -> None:
    risk = RiskFactory(inherent_likelihood=3, inherent_impact=4)
    client, now = signed_in(board_member), timezone.now()
    before = shown(client, "/risks/")

    match change:
        case "review":
            today = timezone.localdate()
            review_risk(risk=risk, likelihood=5, impact=5, reviewed_on=today, note="Worse.", by=office, at=now)
            expected = ">25</strong> Extreme"
        case "level":
            move_level(risk=risk, to_level="systemic", reason="Both bodies.", by=office, at=now)
            expected = "govuk-tag--purple"
        case "mitigation":
            add_mitigation(risk=risk, kind="control", description="A list", owner=office, by=office, at=now)
            expected = "No mitigation"
            assert expected in before
            assert expected not in shown(client, "/risks/").partition("<table")[2]
            return
        case "new":
            RiskFactory(title="One more")
            expected = "One more"

    assert expected not in before
    assert expected in shown(client, "/risks/")


@pytest.mark.parametrize(("address", "button"), [("/milestones/", "Add a milestone"), ("/risks/", "Add a risk")])
def test_nobody_gets_a_page_that_was_kept_for_somebody_who_may_do_more(
    address: str, button: str, signed_in: SignedIn, board_member: User, office: User
) -> None:
    MilestoneFactory()
    RiskFactory()

    assert button in shown(signed_in(office), address)
    page = shown(signed_in(board_member), address)

    assert button not in page
    assert office.full_name not in page
    assert button in shown(signed_in(office), address)


def test_each_question_is_kept_by_itself(signed_in: SignedIn, board_member: User) -> None:
    RiskFactory(reference="R01", title="The feed stops", opened_on=dt.date(2025, 5, 1))
    RiskFactory(reference="R02", title="Costs rise", opened_on=dt.date(2025, 9, 1))
    client = signed_in(board_member)

    assert "Costs rise" in shown(client, "/risks/")
    assert "Costs rise" not in shown(client, "/risks/?q=feed")
    assert "Costs rise" not in shown(client, "/risks/?as_at=2025-06-30")
    assert "Costs rise" in shown(client, "/risks/?q=costs")


def test_four_minutes_later_and_past_midnight_is_another_page(signed_in: SignedIn, board_member: User) -> None:
    MilestoneFactory(baseline_due_date=dt.date(2026, 1, 31))
    client = signed_in(board_member)
    with time_machine.travel(dt.datetime(2026, 1, 31, 23, 58, tzinfo=dt.UTC), tick=False):
        client.force_login(board_member)
        assert "Due today" in shown(client, "/milestones/")

    with time_machine.travel(dt.datetime(2026, 2, 1, 0, 2, tzinfo=dt.UTC), tick=False):
        client.force_login(board_member)
        assert "Overdue by 1 day" in shown(client, "/milestones/")


def test_a_kept_list_does_not_outlive_the_cache(signed_in: SignedIn, board_member: User) -> None:
    """What it does not know of, a person's new name, shows when it is made anew."""
    milestone = MilestoneFactory()
    client = signed_in(board_member)
    shown(client, "/milestones/")
    User.objects.filter(pk=milestone.responsible_officer_id).update(full_name="Officer Renamed")

    cache.clear()

    assert "Officer Renamed" in shown(client, "/milestones/")
