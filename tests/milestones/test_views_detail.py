import datetime as dt
import re
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import User
from milestones.models import Milestone, MilestoneDependency, Status
from milestones.services import (
    add_evidence,
    change_due_date,
    confirm_update,
    reassign,
    revise_milestone,
    withdraw_evidence,
    withdraw_milestone,
)
from tests.factories import (
    DueDateChangeFactory,
    EvidenceFactory,
    MilestoneDependencyFactory,
    MilestoneFactory,
    MilestoneUpdateFactory,
    MitigationFactory,
    OrganisationFactory,
    RiskFactory,
    RiskReviewFactory,
    StateChangeFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
NOW = dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _end_of_january() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def milestone() -> Milestone:
    return MilestoneFactory(reference="PA1-01", title="Agree the pathway")


@pytest.fixture
def browser(board_member: User, signed_in: SignedIn) -> Client:
    return signed_in(board_member)


def words(page: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode()))


def read(browser: Client, milestone: Milestone, query: str = "") -> str:
    response = browser.get(reverse("milestones:detail", args=[milestone.reference]) + query)
    assert response.status_code == 200
    return words(response.content)


# --- What each person sees ------------------------------------------------------------------------------------------

REPORTING = {"Update rating", "Add evidence", "Change due date", "Link milestone"}
OFFICE = {"Edit", "Reassign", "Withdraw"}


@pytest.mark.parametrize(
    ("who", "actions"),
    [
        ("responsible_officer", REPORTING),
        ("supporting", REPORTING),
        ("sro", REPORTING | {"Confirm latest update"}),
        ("office", REPORTING | OFFICE),
        ("officer", set()),
        ("board_member", set()),
        ("analyst", set()),
    ],
)
def test_each_person_sees_what_they_can_do(
    milestone: Milestone,
    signed_in: SignedIn,
    request: pytest.FixtureRequest,
    who: str,
    actions: set[str],
) -> None:
    MilestoneUpdateFactory(milestone=milestone)
    supporting = UserFactory()
    milestone.supporting_officers.add(supporting)
    people = {"responsible_officer": milestone.responsible_officer, "sro": milestone.sro, "supporting": supporting}
    person = people.get(who) or request.getfixturevalue(who)

    page = signed_in(person).get(reverse("milestones:detail", args=["PA1-01"])).content.decode()

    links = {words(link.encode()).strip() for link in re.findall(r"<a [^>]*>.*?</a>", page)}
    assert links & (REPORTING | OFFICE | {"Confirm latest update"}) == actions


def test_page_needs_a_sign_in(milestone: Milestone) -> None:
    assert Client().get(reverse("milestones:detail", args=["PA1-01"])).status_code == 302


def test_unknown_reference_is_not_found(browser: Client) -> None:
    assert browser.get(reverse("milestones:detail", args=["PA9-99"])).status_code == 404


def test_a_milestone_without_history_says_so(browser: Client, milestone: Milestone) -> None:
    text = read(browser, milestone)

    for expected in (
        "Not started",
        "Nothing has been reported yet.",
        "The due date has not moved.",
        "Evidence None yet.",
    ):
        assert expected in text


# --- History --------------------------------------------------------------------------------------------------------


def test_strip_names_each_month_and_its_status(browser: Client, milestone: Milestone) -> None:
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2025, 11, 30), status=Status.OFF_TRACK)
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 1, 20), status=Status.ON_TRACK)

    text = read(browser, milestone)

    expected = "Feb 2025 Not in plan Mar 2025 Not in plan Apr 2025 Not started"
    assert expected in text
    assert "Nov 2025 Off track Dec 2025 Off track Jan 2026 On track" in text


def test_timeline_is_newest_first_and_marks_what_was_corrected(browser: Client, milestone: Milestone) -> None:
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2025, 11, 30), progress="The first thing.")
    wrong = MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2025, 12, 31), progress="The wrong thing.")
    MilestoneUpdateFactory(
        milestone=milestone,
        as_at=dt.date(2025, 12, 31),
        progress="The right thing.",
        supersedes=wrong,
        correction_reason="A slip.",
    )

    text = read(browser, milestone)

    assert text.index("The right thing.") < text.index("The wrong thing.") < text.index("The first thing.")
    assert "Corrected: On track as at 31 December 2025" in text
    assert "A slip." in text


def test_confirmation_is_shown_with_its_note(browser: Client, milestone: Milestone, signed_in: SignedIn) -> None:
    update = MilestoneUpdateFactory(milestone=milestone)
    confirm_update(update=update, by=milestone.sro, at=NOW, note="Checked with the trust.")

    assert f"Confirmed by {milestone.sro} on 31 January 2026: Checked with the trust." in read(browser, milestone)
    assert "Confirm latest update" not in read(signed_in(milestone.sro), milestone)


def test_long_timelines_are_cut_until_asked_for(browser: Client, milestone: Milestone) -> None:
    for day in range(1, 15):
        MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 1, day), progress=f"Day {day:02d}.")

    assert "Day 02." not in read(browser, milestone)
    assert "Show all 14 updates" in read(browser, milestone)
    assert "Day 01." in read(browser, milestone, "?updates=all")


def test_due_dates_people_and_evidence_have_their_history(browser: Client, milestone: Milestone, office: User) -> None:
    change_due_date(
        milestone=milestone,
        to_date=dt.date(2026, 6, 30),
        reason="A new contract.",
        approved_by=milestone.sro,
        by=milestone.responsible_officer,
        at=NOW,
    )
    was = milestone.responsible_officer
    reassign(milestone=milestone, responsible_officer=office, by=office, at=NOW, reason="They have left.")
    evidence = add_evidence(
        milestone=milestone,
        title="Wrong draft",
        kind="document",
        dated=NOW.date(),
        url="https://localoffer.example/draft",
        by=office,
        at=NOW,
    )
    withdraw_evidence(evidence=evidence, reason="Not the final one.", by=office, at=NOW)

    text = read(browser, milestone)

    assert "31 Mar 2026 30 Jun 2026 A new contract." in text
    assert f"Responsible officer {was} {office} They have left." in text
    assert "Wrong draft Withdrawn" in text
    assert "Not the final one." in text
    assert "localoffer.example/draft" not in browser.get("/milestones/PA1-01/").content.decode()


def test_what_people_wrote_is_escaped(browser: Client) -> None:
    attack = "<img src=x onerror=alert(1)>"
    milestone = MilestoneFactory(
        reference="PA1-01",
        title=attack,
        success_measure=attack,
        organisation=OrganisationFactory(name=attack),
        responsible_officer=UserFactory(full_name=attack),
    )
    wrong = MilestoneUpdateFactory(milestone=milestone, status=Status.DELAYED, progress=attack, reason=attack)
    MilestoneUpdateFactory(milestone=milestone, supersedes=wrong, correction_reason=attack, mitigation=attack)
    EvidenceFactory(milestone=milestone, title=attack, original_name=attack)
    DueDateChangeFactory(milestone=milestone, reason=attack)

    page = browser.get("/milestones/PA1-01/").content.decode()

    assert "<img" not in page
    assert page.count("&lt;img") >= 10


# --- Dependencies ---------------------------------------------------------------------------------------------------


def test_a_slipping_blocker_warns_on_both_pages(browser: Client, milestone: Milestone) -> None:
    blocker = MilestoneFactory(reference="PA1-02", baseline_due_date=dt.date(2026, 4, 30))
    MilestoneDependencyFactory(blocker=blocker, dependent=milestone)

    assert "Blocker PA1-02 is now expected 30 April 2026, after this milestone’s due date 31 March 2026." in read(
        browser, milestone
    )
    assert (
        "PA1-01 waits for this milestone, which is now expected 30 April 2026, after that one’s due date 31 March 2026."
        in read(browser, blocker)
    )


def test_links_are_told_from_each_side_and_go_when_they_end(browser: Client, milestone: Milestone) -> None:
    other = MilestoneFactory(reference="PA1-02")
    link = MilestoneDependencyFactory(blocker=other, dependent=milestone, kind=MilestoneDependency.Kind.INFORMS)

    assert "Informed by PA1-02" in read(browser, milestone)
    assert "Informs PA1-01" in read(browser, other)
    link.ended_at, link.ended_by = NOW, milestone.sro
    link.save()
    assert "Informed by" not in read(browser, milestone)


# --- Risks ------------------------------------------------------------------------------------------------------------


def risks_on(browser: Client, query: str = "") -> str:
    page = browser.get(f"/milestones/PA1-01/{query}").content.decode()
    return page.partition('aria-labelledby="risks-heading"')[2].partition("</section>")[0]


def test_open_risks_that_bear_on_it_are_shown_the_highest_first(browser: Client, milestone: Milestone) -> None:
    owner = UserFactory(full_name="Officer Lead")
    for reference, likelihood in (("R01", 1), ("R02", 5)):
        risk = RiskFactory(reference=reference, title=f"Title of {reference}", owner=owner)
        RiskReviewFactory(risk=risk, likelihood=likelihood, impact=4)
        risk.milestones.add(milestone)
    MitigationFactory(risk=risk)
    closed = RiskFactory(reference="R03")
    closed.milestones.add(milestone)
    StateChangeFactory(risk=closed)
    RiskFactory(reference="R04")

    shown = risks_on(browser)

    text = words(shown.encode())
    assert re.findall(r'app-reference">(\w+)', shown) == ["R02", "R01"]
    assert "R02 Title of R02 Officer Lead · Operations Board 20 Extreme Up" in text
    assert "R01 Title of R01 Officer Lead · Operations Board No mitigation 4 Moderate Down" in text
    assert 'href="/risks/R02/"' in shown


def test_risks_are_shown_as_at_the_day_of_the_page(browser: Client, milestone: Milestone) -> None:
    risk = RiskFactory(reference="R01")
    RiskReviewFactory(risk=risk, likelihood=1, impact=1)
    risk.milestones.add(milestone)
    StateChangeFactory(risk=risk, changed_on=dt.date(2026, 1, 20))

    then = risks_on(browser, "?as_at=2026-01-14")

    assert "16 Extreme" in words(then.encode())
    assert 'href="/risks/R01/?as_at=2026-01-14"' in then
    assert "1 Low" in words(risks_on(browser, "?as_at=2026-01-19").encode())
    assert "No open risk is linked to this milestone." in risks_on(browser)


# --- As at ----------------------------------------------------------------------------------------------------------


def test_as_at_shows_what_was_true_then_with_a_banner(
    browser: Client, milestone: Milestone, office: User, signed_in: SignedIn
) -> None:
    was = milestone.responsible_officer
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2025, 11, 30), status=Status.OFF_TRACK, progress="Early.")
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 1, 20), status=Status.ON_TRACK, progress="Late.")
    revise_milestone(milestone=milestone, title="A wider pathway", by=office, at=NOW, on=NOW.date())
    reassign(milestone=milestone, responsible_officer=office, by=office, at=NOW, reason="They have left.")

    text = read(signed_in(office), milestone, "?as_at=2025-12-31")

    assert "This is the milestone as at 31 December 2025." in text
    assert "Agree the pathway" in text
    assert "A wider pathway" not in text
    assert f"Responsible officer {was}" in text
    assert "Early." in text
    assert "Late." not in text
    assert "Update rating" not in text
    now = read(signed_in(office), milestone)
    assert "This is the milestone as at" not in now
    assert "A wider pathway" in now


@pytest.mark.parametrize("query", ["?as_at=soon", "?as_at=2026-02-30", "?as_at=2026-01-31", "?as_at=2027-01-01"])
def test_a_day_that_has_not_passed_is_the_page_as_it_is_now(browser: Client, milestone: Milestone, query: str) -> None:
    assert "This is the milestone as at" not in read(browser, milestone, query)


def test_a_withdrawn_milestone_says_so_and_offers_nothing(
    milestone: Milestone, office: User, signed_in: SignedIn
) -> None:
    withdraw_milestone(milestone=milestone, on=NOW.date(), reason="Merged with PA1-02.", by=office, at=NOW)

    text = read(signed_in(office), milestone)

    assert "Withdrawn from the plan on 31 January 2026. Merged with PA1-02." in text
    assert "Update rating" not in text
    assert "Withdrawn from the plan" not in read(signed_in(office), milestone, "?as_at=2025-12-31")


# --- Queries --------------------------------------------------------------------------------------------------------


def test_page_makes_the_same_queries_for_a_short_and_a_long_history(
    milestone: Milestone, signed_in: SignedIn, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    browser = signed_in(milestone.responsible_officer)

    def grow(number: int) -> None:
        for day in range(1, number + 1):
            MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 1, day), author=UserFactory())
            DueDateChangeFactory(milestone=milestone, approved_by=UserFactory())
            EvidenceFactory(milestone=milestone)
            MilestoneDependencyFactory(dependent=milestone)
            milestone.supporting_officers.add(UserFactory())
            RiskFactory().milestones.add(milestone)

    def ask() -> None:
        assert browser.get("/milestones/PA1-01/?updates=all").status_code == 200

    grow(2)
    few = count_queries(ask)
    grow(25)

    assert count_queries(ask) == few <= 14


@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "9999-12-31"])
def test_a_day_beyond_reach_shows_the_milestone_as_it_is_now(
    milestone: Milestone, signed_in: SignedIn, office: User, day: str
) -> None:
    page = signed_in(office).get(f"/milestones/{milestone.reference}/?as_at={day}")

    assert page.status_code == 200
    assert page.context["as_at"] is None
