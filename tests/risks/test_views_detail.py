import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from risks.models import MatrixChoice, Risk
from risks.services import (
    add_mitigation,
    add_risk,
    close_risk,
    correct_review,
    move_level,
    reopen_risk,
    review_risk,
    revise_risk,
    set_target,
    update_mitigation,
)
from tests.factories import (
    MilestoneFactory,
    MilestoneUpdateFactory,
    MitigationFactory,
    MitigationUpdateFactory,
    PriorityAreaFactory,
    RiskFactory,
    RiskReviewFactory,
    RiskTargetFactory,
    StateChangeFactory,
    TargetPointFactory,
    UserFactory,
)
from tests.factories.accounts import LEARNED
from tests.risks.pages import NOW, control, links, small_matrix, words

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
Queries = Callable[[Callable[[], object]], int]
R01 = reverse("risks:detail", args=["R01"])


@pytest.fixture(autouse=True)
def _end_of_january() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def risk() -> Risk:
    return RiskFactory(reference="R01", title="Staff leave", owner=UserFactory(full_name="Officer Lead"))


@pytest.fixture
def browser(board_member: User, signed_in: SignedIn) -> Client:
    return signed_in(board_member)


def page(browser: Client, query: str = "", address: str = R01) -> str:
    response = browser.get(address + query)
    assert response.status_code == 200
    return response.content.decode()


def read(browser: Client, query: str = "") -> str:
    return words(page(browser, query))


def section(html: str, heading: str) -> str:
    return words(html.partition(f'aria-labelledby="{heading}"')[2].partition("</section>")[0]).partition("> ")[2]


def at(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime(year, month, day, 10, tzinfo=dt.UTC)


# --- How it stands ----------------------------------------------------------------------------------------------------


def test_page_needs_a_sign_in(risk: Risk) -> None:
    assert Client().get(R01).status_code == 302


def test_unknown_reference_is_not_found(browser: Client) -> None:
    assert browser.get(reverse("risks:detail", args=["R99"])).status_code == 404


def test_a_new_risk_says_what_it_lacks(browser: Client, risk: Risk) -> None:
    text = read(browser)

    for expected in (
        "Operational risk, Operations Board",
        "R01 Staff leave",
        "Current 16 Extreme 4 × 4",
        "Target None set",
        "No mitigation. Every open risk must have at least one control or action.",
        "None yet. It stands at its inherent score.",
        "Controls None yet.",
        "Actions None yet.",
        "None is linked.",
        "Not decided yet",
    ):
        assert expected in text
    assert "Because" not in text


def test_page_shows_how_the_risk_stands_now(browser: Client, risk: Risk) -> None:
    Risk.objects.update(cause="Pay is low.", event="Staff leave.", consequence="Children wait.", treatment="treat")
    risk.areas.add(PriorityAreaFactory(code="PA1"))
    RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, 12, 20), likelihood=2, impact=4)
    RiskReviewFactory(risk=risk, reviewed_on=dt.date(2026, 1, 15), likelihood=3, impact=4)
    RiskTargetFactory(risk=risk)
    MitigationFactory(reference="M01", risk=risk, description="Recruit", effect="both", owner=risk.owner)
    control(risk, reference="M02", description="Agency staff", effect="likelihood")

    html = page(browser)

    text = words(html)
    for expected in (
        "Current 12 High 3 × 4",
        "Movement this month Up from 8",
        "Inherent 16 Extreme",
        "Target 6 Moderate by 30 April 2026",
        "Next review 15 February 2026",
        "Because Pay is low. This might happen Staff leave. Which would mean Children wait.",
        "Owner Officer Lead",
        "Treatment Treat",
        "Priority areas PA1",
        "Reviewed Every month",
        "Last review 15 January 2026",
    ):
        assert expected in text
    assert "M01 Recruit Officer Lead · due 28 Feb 2026 · brings down likelihood and impact To do" in section(
        html, "action-heading"
    )
    assert "M02 Agency staff Officer Lead · brings down likelihood In place" in section(html, "control-heading")
    assert "No mitigation" not in text


def test_a_stopped_mitigation_is_listed_last_and_holds_nothing_down(browser: Client, risk: Risk) -> None:
    control(risk, reference="M01", status="stopped")
    control(risk, reference="M02", status="stopped")
    MitigationUpdateFactory(mitigation=risk.mitigations.get(reference="M02"), status="in_place")

    listed = section(page(browser), "control-heading")

    assert listed.index("M02") < listed.index("M01")
    MitigationUpdateFactory(mitigation=risk.mitigations.get(reference="M02"), status="stopped")
    assert "No mitigation. Every open risk" in read(browser)


def test_an_overdue_action_and_review_are_marked(browser: Client, risk: Risk) -> None:
    MitigationFactory(risk=risk, due_date=dt.date(2026, 1, 30))
    MitigationFactory(risk=risk, due_date=dt.date(2026, 1, 30), status="done")
    RiskReviewFactory(risk=risk, next_review_on=dt.date(2026, 1, 30))

    html = page(browser)

    assert section(html, "action-heading").count("Overdue") == 1
    assert "Next review 30 January 2026 Overdue" in words(html)
    assert "Next review 30 January 2026 Overdue" not in read(browser, "?as_at=2026-01-30")


def test_a_risk_above_its_trajectory_says_so_until_it_comes_down(browser: Client, risk: Risk) -> None:
    TargetPointFactory(target=RiskTargetFactory(risk=risk), score=12)

    assert "Above trajectory. It scores 16 and was planned to score 12 by now." in read(browser)
    RiskReviewFactory(risk=risk, likelihood=3, impact=4)
    assert "Above trajectory" not in read(browser)


def test_linked_milestones_stand_as_they_do_that_day(browser: Client, risk: Risk) -> None:
    milestone = MilestoneFactory(reference="PA1-01", title="Agree the pathway")
    MilestoneUpdateFactory(milestone=milestone, status="on_track", as_at=dt.date(2025, 12, 10))
    MilestoneUpdateFactory(milestone=milestone, status="delayed", as_at=dt.date(2026, 1, 10))
    risk.milestones.add(milestone)

    now, then = page(browser), page(browser, "?as_at=2025-12-31")

    assert "PA1-01 Agree the pathway Delayed" in section(now, "milestones-heading")
    assert "PA1-01 Agree the pathway On track" in section(then, "milestones-heading")
    assert 'href="/milestones/PA1-01/?as_at=2025-12-31"' in then


# --- Escalation -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pair", "level", "suggested"),
    [
        pytest.param((3, 5), "operational", True, id="the lowest score of the top band"),
        pytest.param((3, 4), "operational", False, id="the band below"),
        pytest.param((5, 5), "systemic", False, id="with the Improvement Board already"),
    ],
)
def test_escalation_of_an_operational_risk_in_the_top_band_is_suggested_and_never_done(
    signed_in: SignedIn, pair: tuple[int, int], level: str, *, suggested: bool
) -> None:
    risk = RiskFactory(reference="R01", level=level)
    RiskReviewFactory(risk=risk, likelihood=pair[0], impact=pair[1])

    html = page(signed_in(risk.owner))

    assert ("It is in the top band, and with the Operations Board." in words(html)) == suggested
    assert ("Escalate it" in links(html)) == suggested
    risk.refresh_from_db()
    assert risk.level == level
    assert not risk.escalations.exists()


def test_who_may_not_escalate_is_told_who_can(browser: Client, risk: Risk) -> None:
    html = page(browser)

    assert "Its owner or the programme office can escalate it to the Improvement Board." in words(html)
    assert "Escalate it" not in links(html)


# --- What each person can do ------------------------------------------------------------------------------------------

OWNER = {"Review the score", "Add a mitigation", "Set target"}
OFFICE = {"Edit", "Close"}
MAY_BE_THERE = OWNER | OFFICE | {"Escalate", "De-escalate", "Open again"}


@pytest.mark.parametrize(
    ("who", "level", "actions"),
    [
        ("owner", "operational", OWNER | {"Escalate"}),
        ("owner", "systemic", OWNER),
        ("office", "operational", OWNER | OFFICE | {"Escalate"}),
        ("office", "systemic", OWNER | OFFICE | {"De-escalate"}),
        ("officer", "operational", set()),
        ("board_member", "systemic", set()),
        ("analyst", "operational", set()),
    ],
)
def test_each_person_sees_what_they_can_do(
    signed_in: SignedIn, request: pytest.FixtureRequest, who: str, level: str, actions: set[str]
) -> None:
    risk = RiskFactory(reference="R01", level=level)
    person = risk.owner if who == "owner" else request.getfixturevalue(who)

    assert set(links(page(signed_in(person)))) & MAY_BE_THERE == actions


def test_a_target_that_is_there_is_changed(risk: Risk, signed_in: SignedIn) -> None:
    RiskTargetFactory(risk=risk)

    found = links(page(signed_in(risk.owner)))

    assert "Change target" in found
    assert "Set target" not in found


@pytest.mark.parametrize("query", ["?as_at=2025-12-31", ""])
def test_nothing_can_be_done_to_the_past_nor_to_a_closed_risk(
    risk: Risk, office: User, signed_in: SignedIn, query: str
) -> None:
    RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, 12, 1), likelihood=5, impact=5)
    control(risk)
    if not query:
        close_risk(risk=risk, reason="Merged.", on=dt.date(2026, 1, 20), by=office, at=NOW)

    html = page(signed_in(office), query)

    offered = set(links(html))
    assert offered & MAY_BE_THERE == (set() if query else {"Open again"})
    assert not [said for said in offered if said.startswith(("Correct", "Update", "Take it"))]
    assert ("This risk is closed." in words(html)) == (not query)


def test_only_the_office_opens_a_closed_risk_again(risk: Risk, office: User, signed_in: SignedIn) -> None:
    close_risk(risk=risk, reason="Merged.", on=dt.date(2026, 1, 20), by=office, at=NOW)

    assert set(links(page(signed_in(risk.owner)))) & MAY_BE_THERE == set()


def test_a_closed_risk_is_not_challenged(browser: Client, risk: Risk, office: User) -> None:
    TargetPointFactory(target=RiskTargetFactory(risk=risk), score=1)
    close_risk(risk=risk, reason="Merged.", on=dt.date(2026, 1, 20), by=office, at=NOW)

    text = read(browser)

    for said_of_open_ones in ("No mitigation", "Above trajectory", "Next review"):
        assert said_of_open_ones not in text
        assert said_of_open_ones in read(browser, "?as_at=2026-01-19")
    assert "It is in the top band" not in text


def test_mitigations_are_updated_by_those_who_carry_them_out(risk: Risk, signed_in: SignedIn) -> None:
    mine = MitigationFactory(risk=risk, owner=UserFactory())
    MitigationFactory(risk=risk, owner=UserFactory())

    def offered(person: User) -> list[str]:
        return [said for said in links(page(signed_in(person))) if said.startswith("Update")]

    assert offered(mine.owner) == [f"Update {mine.reference}"]
    assert len(offered(risk.owner)) == 2


# --- Its history ------------------------------------------------------------------------------------------------------


@pytest.fixture
def lived(office: User) -> Risk:
    """A risk to which everything that can happen to a risk has happened."""
    owner, colleague = UserFactory(full_name="Officer Lead"), UserFactory(full_name="Officer Second")
    given = {"reference": "R01", "title": "Staff leave", "level": "operational", "owner": owner, "by": office}
    scores = {"inherent_likelihood": 4, "inherent_impact": 4}
    risk = add_risk(**given, **scores, opened_on=dt.date(2025, 9, 1), at=at(2025, 9, 1))

    def review(day: dt.datetime, likelihood: int, note: str = "") -> Any:
        pair = {"likelihood": likelihood, "impact": 4}
        return review_risk(risk=risk, **pair, reviewed_on=day.date(), note=note, by=owner, at=day)

    review(at(2025, 9, 10), 3, "Two posts are filled.")
    review(at(2025, 10, 10), 3)
    wrong = review(at(2025, 11, 10), 5, "The agency\nleft <us>.")
    corrected = {"likelihood": 4, "impact": 4, "reviewed_on": wrong.reviewed_on, "note": "It may leave."}
    correct_review(review=wrong, **corrected, correction_reason="Slip.", by=office, at=at(2025, 11, 11))
    move = {"to_level": "systemic", "reason": "It needs both leaders."}
    move_level(risk=risk, **move, by=owner, at=at(2025, 11, 20))
    target = {"likelihood": 2, "impact": 3, "due_on": dt.date(2026, 4, 30)}
    set_target(risk=risk, **target, points=[(dt.date(2026, 2, 28), 9)], by=owner, at=at(2025, 11, 21))
    set_target(risk=risk, likelihood=None, impact=None, reason="Not now.", by=owner, at=at(2025, 11, 22))
    what = {"kind": "action", "description": "Recruit", "owner": owner, "due_date": dt.date(2026, 1, 15)}
    action = add_mitigation(risk=risk, **what, by=owner, at=at(2025, 12, 1))
    moved = {"status": "under_way", "due_date": dt.date(2026, 2, 15), "owner": colleague, "note": "Few applied."}
    update_mitigation(mitigation=action, **moved, by=owner, at=at(2025, 12, 10))
    update_mitigation(mitigation=action, note="Interviews held.", by=colleague, at=at(2025, 12, 11))
    revise_risk(risk=risk, title="Therapists leave", treatment="treat", by=office, at=at(2025, 12, 20))
    close_risk(risk=risk, reason="All posts are filled.", on=dt.date(2026, 1, 10), by=office, at=at(2026, 1, 10))
    reopen_risk(risk=risk, reason="Two left again.", on=dt.date(2026, 1, 20), by=office, at=at(2026, 1, 20))
    return risk


def steps(html: str) -> list[str]:
    return [words(part) for part in re.findall(r'app-timeline__item--\w+">(.*?)</li>', html, re.DOTALL)]


@pytest.mark.usefixtures("lived")
def test_story_tells_every_step_the_latest_first_in_words(browser: Client, office: User) -> None:
    told = steps(page(browser, "?story=all"))

    by_office = office.full_name
    expected = [
        ("20 January 2026", f"Opened again Two left again. {by_office}"),
        ("10 January 2026", f"Closed All posts are filled. {by_office}"),
        ("20 December 2025", f"Treatment changed from “nothing” to “Treat” {by_office}"),
        ("20 December 2025", f"Title changed from “Staff leave” to “Therapists leave” {by_office}"),
        ("11 December 2025", "R01-M1 Recruit: a note Interviews held. Officer Second"),
        (
            "10 December 2025",
            "R01-M1 Recruit: under way, due 15 February 2026, given to Officer Second Few applied. Officer Lead",
        ),
        ("1 December 2025", "Action added: R01-M1 Recruit Officer Lead"),
        ("22 November 2025", "Target taken away Not now. Officer Lead"),
        ("21 November 2025", "Target set: 6 by 30 April 2026, on the way 9 by 28 February 2026 Officer Lead"),
        (
            "20 November 2025",
            "Escalated from the Operations Board to the Improvement Board It needs both leaders. Officer Lead",
        ),
        ("10 November 2025", f"16 Extreme 4 × 4 Reviewed: up from 12 to 16 It may leave. {by_office}"),
        (
            "10 November 2025",
            f"20 Extreme 5 × 4 Reviewed: scored 20 The agency left <us>. Officer Lead. Corrected by {by_office}: Slip.",
        ),
        ("10 October 2025", "12 High 3 × 4 Reviewed: still 12 Officer Lead"),
        ("10 September 2025", "12 High 3 × 4 Reviewed: scored 12 Two posts are filled. Officer Lead"),
        ("1 September 2025", f"Added to the register {by_office}"),
    ]
    same_day = {2, 3}  # written in one moment, so in no order
    for place, (day, said) in enumerate(expected):
        if place not in same_day:
            assert " ".join(told[place].split()) == f"{day} {said}".replace("  ", " ")
    assert {" ".join(told[place].split()) for place in same_day} == {" ".join(expected[place]) for place in same_day}
    assert len(told) == len(expected)


@pytest.mark.usefixtures("lived")
def test_a_long_story_is_cut_until_asked_for(browser: Client) -> None:
    html = page(browser)

    assert len(steps(html)) == 10
    assert links(html)["Show the whole history, 15 entries"] == "?story=all#story-heading"


@pytest.mark.usefixtures("lived")
def test_a_past_day_shows_the_risk_as_it_was_then(browser: Client, office: User) -> None:
    text = read(browser, "?as_at=2025-11-10")

    for expected in (
        "This is the risk as at 10 November 2025.",
        "Operational risk, Operations Board",
        "R01 Staff leave",
        "Current 16 Extreme 4 × 4",
        "Up from 12",
        "Target None set",
        "Treatment Not decided yet",
        "No mitigation.",
    ):
        assert expected in text
    for later in ("Therapists leave", "Escalated", "R01-M1", "Closed", "Opened again"):
        assert later not in text
    assert "See it as it is now" in text
    then = read(browser, "?as_at=2025-12-05")
    assert "Systemic risk, Improvement Board" in then
    assert "Officer Lead · due 15 Jan 2026 To do" in then
    assert "This risk is closed." in read(browser, "?as_at=2026-01-19")


@pytest.mark.usefixtures("lived")
def test_a_past_day_shows_the_target_of_that_day(browser: Client) -> None:
    assert "Target 6 Moderate by 30 April 2026" in read(browser, "?as_at=2025-11-21")
    assert "Target None set" in read(browser, "?as_at=2025-11-22")
    assert "Target None set" in read(browser)


def test_a_past_day_shows_owner_areas_and_milestones_as_they_were(browser: Client, risk: Risk, office: User) -> None:
    first, second = PriorityAreaFactory(code="PA1"), PriorityAreaFactory(code="PA2", title="Health")
    old, new = MilestoneFactory(reference="PA1-01"), MilestoneFactory(reference="PA1-02")
    risk.areas.add(first)
    risk.milestones.add(old)
    changes = {"owner": UserFactory(full_name="Officer New"), "areas": [second], "milestones": [new]}
    revise_risk(risk=risk, **changes, by=office, at=NOW)

    then, now = page(browser, "?as_at=2026-01-30"), page(browser)

    for html, owner, area, milestone in ((then, "Lead", "PA1", "PA1-01"), (now, "New", "PA2", "PA1-02")):
        assert f"Owner Officer {owner} Treatment" in words(html)
        assert f"Priority areas {area} Reviewed" in words(html)
        assert re.findall(r"PA1-\d\d", section(html, "milestones-heading")) == [milestone]


@pytest.mark.parametrize("query", ["?as_at=soon", "?as_at=2026-02-30", "?as_at=2026-01-31", "?as_at=9999-12-31"])
def test_a_day_that_has_not_passed_is_the_page_as_it_is_now(browser: Client, risk: Risk, query: str) -> None:
    assert "This is the risk as at" not in read(browser, query)


def test_a_day_before_the_risk_was_opened_is_not_found(browser: Client, risk: Risk) -> None:
    assert browser.get(f"{R01}?as_at=2025-04-30").status_code == 404


def test_reviews_are_corrected_by_their_reviewer_the_owner_and_the_office(
    risk: Risk, office: User, officer: User, signed_in: SignedIn
) -> None:
    reviewer = UserFactory(roles=[Role.OFFICER])
    wrong = RiskReviewFactory(risk=risk, reviewer=reviewer)
    right = RiskReviewFactory(risk=risk, reviewer=reviewer, supersedes=wrong)

    def offered(person: User) -> list[str]:
        return re.findall(r"/risks/R01/reviews/(\d+)/correct/", page(signed_in(person)))

    # Only the newest version of it.
    assert [offered(person) for person in (reviewer, risk.owner, office)] == [[str(right.pk)]] * 3
    assert offered(officer) == []


# --- The chart --------------------------------------------------------------------------------------------------------


def test_there_is_no_chart_before_there_is_something_to_compare(browser: Client, risk: Risk) -> None:
    assert "Score and trajectory" not in read(browser)
    RiskReviewFactory(risk=risk)
    assert "Score and trajectory" in read(browser)


def test_chart_has_its_numbers_as_a_table(browser: Client, risk: Risk) -> None:
    RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, 12, 1), likelihood=3, impact=4)
    TargetPointFactory(target=RiskTargetFactory(risk=risk), due_on=dt.date(2025, 9, 30), score=14)

    html = page(browser)

    chart = html.partition('id="trajectory-heading"')[2].partition("</section>")[0]
    assert "<svg" in chart
    assert "1 May 2025 16 none yet 30 September 2025 16 14 1 December 2025 12 14" in words(chart)


def test_scores_of_another_scale_keep_their_own_band(browser: Client, risk: Risk) -> None:
    MatrixChoice.objects.create(matrix=small_matrix(), used_from=dt.date(2026, 1, 10), created_at=LEARNED)
    review_risk(
        risk=risk, likelihood=4, impact=4, reviewed_on=NOW.date(), note="On the new scale.", by=risk.owner, at=NOW
    )

    text = read(browser)

    assert "Current 16 Severe 4 × 4" in text
    assert "Movement this month New scale" in text
    assert "Inherent 16 Extreme" in text


# --- Safe, and flat ---------------------------------------------------------------------------------------------------


def test_what_people_wrote_is_escaped(browser: Client, office: User) -> None:
    attack = "<img src=x onerror=alert(1)>"
    given = dict.fromkeys(("title", "cause", "event", "consequence"), attack)
    risk = RiskFactory(reference="R01", owner=UserFactory(full_name=attack), **given)
    wrong = RiskReviewFactory(risk=risk, note=attack)
    RiskReviewFactory(risk=risk, note=attack, supersedes=wrong, correction_reason=attack)
    MitigationUpdateFactory(mitigation=MitigationFactory(risk=risk, description=attack), note=attack)
    RiskTargetFactory(risk=risk, reason=attack)
    StateChangeFactory(risk=risk, reason=attack)
    revise_risk(risk=risk, title=f"{attack}!", by=office, at=NOW)

    html = page(browser, "?story=all")

    assert "<img" not in html
    assert html.count("&lt;img") >= 12


def test_page_makes_the_same_queries_for_a_short_and_a_long_history(
    risk: Risk, signed_in: SignedIn, count_queries: Queries
) -> None:
    browser = signed_in(risk.owner)

    def grow(number: int) -> None:
        for place in range(1, number + 1):
            on = dt.date(2026, 1, place)
            RiskReviewFactory(risk=risk, reviewed_on=on, reviewer=UserFactory())
            TargetPointFactory(target=RiskTargetFactory(risk=risk, set_on=on))
            MitigationUpdateFactory(mitigation=MitigationFactory(risk=risk, owner=UserFactory()))
            StateChangeFactory(risk=risk, state="open", changed_on=on)
            risk.milestones.add(MilestoneFactory())
            risk.areas.add(PriorityAreaFactory(code=f"PA{number}-{place}", order=place))

    def ask() -> None:
        page(browser, "?story=all")

    grow(2)
    few = count_queries(ask)
    grow(25)

    assert count_queries(ask) == few <= 20
