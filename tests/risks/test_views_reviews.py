import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from risks.models import MatrixChoice, Risk, RiskReview, RiskTarget, TargetPoint
from risks.services import close_risk, review_risk
from tests.factories import RiskFactory, RiskReviewFactory, RiskTargetFactory, TargetPointFactory, UserFactory
from tests.factories.accounts import LEARNED
from tests.risks.pages import NOW, TODAY, day, links, small_matrix, told, words

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
DETAIL, REVIEW, TARGET = (reverse(f"risks:{name}", args=["R01"]) for name in ("detail", "review", "target"))
CHANGED = "Somebody else has changed this risk since you opened it."
TYPED = {"likelihood": "3", "impact": "4", "note": "Two posts are filled.", **day("reviewed_on", TODAY)}


@pytest.fixture(autouse=True)
def _end_of_january() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def risk() -> Risk:
    return RiskFactory(reference="R01", title="Staff leave")


@pytest.fixture
def browser(risk: Risk, signed_in: SignedIn) -> Client:
    return signed_in(risk.owner)


def save(browser: Client, address: str = REVIEW, **typed: Any) -> HttpResponse:
    given = {"based_on_version": Risk.objects.get(reference="R01").version, **typed}
    return browser.post(address, {name: value for name, value in given.items() if value is not None})


def review(browser: Client, **typed: Any) -> HttpResponse:
    return save(browser, REVIEW, **{**TYPED, **typed})


def value_of(html: str, name: str) -> str:
    """What a text box holds."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', html)
    return found[1] if found else ""


def chosen(html: str, name: str) -> list[str]:
    """Which radio is on."""
    return [
        value_of(radio, name) for radio in re.findall(rf'<input [^>]*name="{name}"[^>]*>', html) if "checked" in radio
    ]


def somebody_else_reviews(risk: Risk) -> None:
    """A colleague's review, after the form was opened."""
    given = {"likelihood": 5, "impact": 5, "reviewed_on": TODAY, "note": "It is much worse."}
    review_risk(risk=Risk.objects.get(pk=risk.pk), **given, by=UserFactory(full_name="Officer Second"), at=NOW)


# --- The form ---------------------------------------------------------------------------------------------------------


def test_form_defines_each_step_of_the_matrix_in_use(browser: Client, risk: Risk) -> None:
    html = browser.get(REVIEW).content.decode()

    text = words(html)
    assert "3 Possible 20% to 50% likely in the next twelve months." in text
    assert "5 Severe Children come to harm" in text
    assert "Extreme 15 to 25 Act now." in text
    assert html.count('type="radio"') == 10


def test_form_defines_the_steps_of_another_matrix_from_the_day_it_is_used(browser: Client, risk: Risk) -> None:
    MatrixChoice.objects.create(matrix=small_matrix(), used_from=TODAY, created_at=LEARNED)

    html = browser.get(REVIEW).content.decode()

    assert html.count('type="radio"') == 8
    assert "Severe 8 to 16" in words(html)
    # The old numbers mean something else there.
    assert (chosen(html, "likelihood"), chosen(html, "impact")) == ([], [])


def test_form_starts_at_the_current_pair_and_today(browser: Client, risk: Risk) -> None:
    review_risk(risk=risk, likelihood=2, impact=5, reviewed_on=dt.date(2026, 1, 5), note="x", by=risk.owner, at=NOW)

    html = browser.get(REVIEW).content.decode()

    assert (chosen(html, "likelihood"), chosen(html, "impact")) == (["2"], ["5"])
    today = [value_of(html, f"reviewed_on_{part}") for part in ("day", "month", "year")]
    assert today == ["31", "1", "2026"]
    assert value_of(html, "note") == ""
    assert "Leave it empty for 28 February 2026, as it is reviewed every month." in words(html)


def test_form_shows_the_last_review_beside_it(browser: Client, risk: Risk) -> None:
    RiskReviewFactory(risk=risk, likelihood=2, impact=5, note="One\ntwo <i>", reviewer=UserFactory(full_name="Ann O"))
    RiskTargetFactory(risk=risk)
    Risk.objects.update(target_likelihood=2, target_impact=3, target_date=dt.date(2026, 4, 30))

    page = browser.get(REVIEW)

    text = words(page.content)
    assert "Last review 10 High 2 × 5 15 January 2026, Ann O One two <i>" in text
    assert "two &lt;i&gt;" in page.content.decode()
    assert "Target 6 by 30 April 2026" in text


def test_form_of_a_risk_without_a_review_shows_its_inherent_score(browser: Client) -> None:
    text = words(browser.get(REVIEW).content)

    assert "Inherent score 16 Extreme 4 × 4 Not reviewed yet." in text


# --- Saving a review --------------------------------------------------------------------------------------------------


def test_a_review_is_saved_and_the_person_is_back_where_they_came_from(browser: Client, risk: Risk) -> None:
    response = review(browser, next="/risks/?level=operational")

    assert response.url == "/risks/?level=operational"
    made = RiskReview.objects.get()
    assert (made.likelihood, made.impact, made.note, made.reviewer) == (3, 4, "Two posts are filled.", risk.owner)
    assert (made.reviewed_on, made.next_review_on) == (TODAY, dt.date(2026, 2, 28))
    assert "R01 now scores 12, high." in words(browser.get(response.url).content)


def test_the_risks_own_page_is_the_way_back_and_never_another_site(browser: Client, risk: Risk) -> None:
    assert review(browser).url == DETAIL
    assert review(browser, likelihood="2", next="https://elsewhere.example/").url == DETAIL


def test_the_next_review_can_be_another_day(browser: Client, risk: Risk) -> None:
    assert review(browser, **day("next_review_on", dt.date(2026, 2, 7))).status_code == 302

    assert RiskReview.objects.get().next_review_on == dt.date(2026, 2, 7)


@pytest.mark.parametrize(
    ("typed", "faults"),
    [
        pytest.param({"likelihood": None}, ["Select how likely the risk is."], id="no likelihood"),
        pytest.param({"impact": "6"}, ["Select how bad it would be."], id="an impact that the matrix lacks"),
        pytest.param({"note": " "}, ["Say why the score moves from 4 × 4 to 3 × 4."], id="a move without a reason"),
        pytest.param(day("reviewed_on", dt.date(2026, 2, 1)), ["The date must be today or earlier."], id="tomorrow"),
        pytest.param({"reviewed_on_month": "13"}, ["“31 13 2026” is not a real date."], id="no such day"),
        pytest.param({"reviewed_on_day": ""}, ["The date must include a day."], id="half a date"),
        pytest.param(
            day("reviewed_on", dt.date(2025, 4, 30)),
            ["The date must not be before the risk was opened, on 1 May 2025."],
            id="before it was opened",
        ),
        pytest.param(
            day("next_review_on", TODAY), ["The next review must be after the date of this one."], id="next on the day"
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    browser: Client, typed: dict[str, Any], faults: list[str]
) -> None:
    given = {**TYPED, "likelihood": "3", **day("next_review_on", dt.date(2026, 3, 9)), **typed}

    page = review(browser, **given)

    html = page.content.decode()
    assert page.status_code == 200
    assert "<title>Error: Review the score" in html
    assert [fault for fault in faults if fault not in " ".join(told(html))] == []
    assert f">{given['note'].strip() or ' '}</textarea>" in html
    for part in ("reviewed_on_day", "reviewed_on_month", "next_review_on_day", "next_review_on_year"):
        assert value_of(html, part) == str(given[part])
    assert chosen(html, "likelihood") == ([given["likelihood"]] if given["likelihood"] else [])
    assert not RiskReview.objects.exists()


def test_each_error_links_to_a_field_that_is_there(browser: Client) -> None:
    html = review(browser, likelihood=None, reviewed_on_day="40").content.decode()

    targets = re.findall(r'<a href="#([\w-]+)">', html)
    assert {"id_likelihood", "id_reviewed_on-day"} <= set(targets)
    for target in targets:
        assert f'id="{target}"' in html


def test_the_same_score_needs_a_note_after_three_reviews_that_gave_it(browser: Client, risk: Risk) -> None:
    for month in (10, 11, 12):
        RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, month, 15), likelihood=3, impact=4)

    refused = review(browser, note="")
    saved = review(browser, note="Nobody has applied.")

    assert told(refused.content.decode()) == ["The last 3 reviews gave the same score. Say why it has not changed."]
    assert saved.status_code == 302


def test_the_same_score_needs_no_note_before(browser: Client, risk: Risk) -> None:
    for month in (11, 12):
        RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, month, 15), likelihood=3, impact=4)

    assert review(browser, note="").status_code == 302


def test_a_second_review_of_the_day_takes_the_place_of_the_first(browser: Client, risk: Risk) -> None:
    review(browser)
    review(browser, likelihood="2", note="One more.")

    first, second = RiskReview.objects.order_by("pk")
    assert second.supersedes == first
    assert Risk.objects.get().score == 8


def test_a_closed_risk_is_not_reviewed(browser: Client, risk: Risk, office: User) -> None:
    close_risk(risk=risk, reason="Merged.", on=TODAY, by=office, at=NOW)

    page = review(browser)

    assert "R01 is closed. Open it again before you change it." in words(page.content)
    assert ">Two posts are filled.</textarea>" in page.content.decode()


# --- Into the top band ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stood", "pair", "level", "offered"),
    [
        pytest.param((3, 4), (3, 5), "operational", True, id="crosses into the top band"),
        pytest.param((4, 4), (5, 5), "operational", False, id="was there already"),
        pytest.param((3, 4), (2, 4), "operational", False, id="goes down"),
        pytest.param((3, 4), (3, 5), "systemic", False, id="the Improvement Board has it already"),
    ],
)
def test_a_risk_that_crosses_into_the_top_band_can_be_taken_to_the_board(
    signed_in: SignedIn, stood: tuple[int, int], pair: tuple[int, int], level: str, *, offered: bool
) -> None:
    risk = RiskFactory(reference="R01", level=level, inherent_likelihood=stood[0], inherent_impact=stood[1])
    browser = signed_in(risk.owner)

    page = browser.get(review(browser, likelihood=pair[0], impact=pair[1]).url).content.decode()

    banner = page.partition("govuk-notification-banner__content")[2].partition("</div>")[0]
    assert f"R01 now scores {pair[0] * pair[1]}" in words(banner)
    found = links(banner).get("Escalate it to the Improvement Board")
    assert found == (reverse("risks:escalate", args=["R01"]) if offered else None)
    assert not risk.escalations.exists()


# --- Two clicks, two people -------------------------------------------------------------------------------------------


def test_a_double_click_is_one_review(browser: Client) -> None:
    version = Risk.objects.get().version

    first, second = (review(browser, based_on_version=version) for _ in range(2))

    assert first.status_code == second.status_code == 302
    assert RiskReview.objects.count() == 1


def test_the_second_of_two_people_is_told_and_saves_with_the_next_click(browser: Client, risk: Risk) -> None:
    opened_on = risk.version
    somebody_else_reviews(risk)

    page = review(browser, based_on_version=opened_on, note="All is well.")

    html = page.content.decode()
    assert page.status_code == 200
    assert CHANGED in words(html)
    assert "25 Extreme 5 × 5 31 January 2026, Officer Second It is much worse." in words(html)
    assert ">All is well.</textarea>" in html
    assert (chosen(html, "likelihood"), chosen(html, "impact")) == (["3"], ["4"])
    assert RiskReview.objects.count() == 1
    # They have seen it now, so saving what this page holds is taken.
    saved = review(browser, based_on_version=value_of(html, "based_on_version"), note="All is well.")
    assert saved.status_code == 302
    assert Risk.objects.get().score == 12


@pytest.mark.parametrize("version", [None, "", "x", "-1", "9" * 5000])
def test_a_version_that_is_missing_or_garbled_loses_nothing_and_is_mended(browser: Client, version: str | None) -> None:
    page = review(browser, based_on_version=version)

    assert CHANGED in words(page.content)
    mended = value_of(page.content.decode(), "based_on_version")
    assert review(browser, based_on_version=mended).status_code == 302


# --- Corrections ------------------------------------------------------------------------------------------------------


@pytest.fixture
def wrong(risk: Risk) -> RiskReview:
    return RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, 12, 10), likelihood=5, impact=5, note="So it seemed.")


def correct(browser: Client, wrong: RiskReview, **typed: Any) -> HttpResponse:
    given = {
        "likelihood": "3",
        "impact": "5",
        "note": "So it was.",
        "correction_reason": "Another risk was meant.",
        **day("reviewed_on", wrong.reviewed_on),
        **day("next_review_on", dt.date(2026, 1, 10)),
        **typed,
    }
    return save(browser, reverse("risks:correct", args=["R01", wrong.pk]), **given)


def test_correction_form_holds_what_the_review_said(browser: Client, wrong: RiskReview) -> None:
    html = browser.get(reverse("risks:correct", args=["R01", wrong.pk])).content.decode()

    assert (chosen(html, "likelihood"), chosen(html, "impact")) == (["5"], ["5"])
    assert ">So it seemed.</textarea>" in html
    assert value_of(html, "reviewed_on_month") == "12"
    assert "The review to correct 25 Extreme 5 × 5 10 December 2025" in words(html)


def test_a_correction_supersedes_and_the_score_follows(browser: Client, risk: Risk, wrong: RiskReview) -> None:
    response = correct(browser, wrong)

    right = RiskReview.objects.get(supersedes=wrong)
    assert (right.score, right.note, right.correction_reason) == (15, "So it was.", "Another risk was meant.")
    assert Risk.objects.get().score == 15
    text = words(browser.get(response.url).content)
    assert "R01: the review has been corrected. What it said before is kept." in text


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        pytest.param({"correction_reason": ""}, "Say what was wrong.", id="no reason"),
        pytest.param(
            {"likelihood": "5", "note": "So it seemed."},
            "Nothing has been changed. Change what was wrong, or go back.",
            id="nothing changed",
        ),
    ],
)
def test_a_correction_says_what_it_corrects(
    browser: Client, wrong: RiskReview, typed: dict[str, str], fault: str
) -> None:
    same = {"next_review_on_day": wrong.next_review_on.day, "next_review_on_month": wrong.next_review_on.month}

    page = correct(browser, wrong, **same, **typed)

    assert fault in words(page.content)
    assert RiskReview.objects.count() == 1


def test_a_review_is_corrected_once_and_only_as_one_of_its_risk(browser: Client, wrong: RiskReview) -> None:
    elsewhere = RiskReviewFactory()
    correct(browser, wrong)

    assert "This review has been corrected already." in words(correct(browser, wrong, likelihood="1").content)
    assert browser.get(reverse("risks:correct", args=["R01", elsewhere.pk])).status_code == 404


def test_a_correction_stays_on_the_matrix_of_then(browser: Client, wrong: RiskReview) -> None:
    MatrixChoice.objects.create(matrix=small_matrix(), used_from=dt.date(2026, 1, 1), created_at=LEARNED)

    html = browser.get(reverse("risks:correct", args=["R01", wrong.pk])).content.decode()
    correct(browser, wrong, likelihood="1")

    assert html.count('type="radio"') == 10
    assert RiskReview.objects.get(supersedes=wrong).matrix == wrong.matrix


# --- Target and trajectory --------------------------------------------------------------------------------------------

AIM = {"likelihood": "2", "impact": "3", **day("due_on", dt.date(2026, 6, 30))}


def point(number: int, date: dt.date, score: int | str) -> dict[str, Any]:
    return {**day(f"point_{number}_date", date), f"point_{number}_score": score}


def aim(browser: Client, **typed: Any) -> HttpResponse:
    return save(browser, TARGET, **{**AIM, **typed})


def test_a_target_is_set_with_its_trajectory(browser: Client, risk: Risk) -> None:
    # The rows in between stay empty, and they need no order.
    response = aim(browser, **point(4, dt.date(2026, 2, 28), 12), **point(2, dt.date(2026, 4, 30), 9))

    target = RiskTarget.objects.get()
    assert (target.score, target.due_on, target.set_on) == (6, dt.date(2026, 6, 30), TODAY)
    points = [(dt.date(2026, 2, 28), 12), (dt.date(2026, 4, 30), 9), (dt.date(2026, 6, 30), 6)]
    assert list(target.points.values_list("due_on", "score")) == points
    text = words(browser.get(response.url).content)
    assert "R01: the target has been set." in text
    assert "Target 6 Moderate by 30 June 2026" in text


def test_form_holds_the_target_that_stands(browser: Client, risk: Risk) -> None:
    aim(browser, **point(1, dt.date(2026, 2, 28), 12), **point(2, dt.date(2026, 4, 30), 9))

    html = browser.get(TARGET).content.decode()

    assert [value_of(html, f"point_{number}_score") for number in (1, 2, 3)] == ["12", "9", ""]
    assert value_of(html, "point_1_date_month") == "2"
    assert value_of(html, "due_on_month") == "6"
    assert re.findall(r'<option value="(\d)"\s+selected', html) == ["2", "3"]
    assert "Why does the target change?" in words(html)


def test_form_says_where_the_risk_stands_now(browser: Client) -> None:
    text = words(browser.get(TARGET).content)

    assert "It scores 16 now, 4 × 4." in text
    assert "Why this target? (optional)" in text


@pytest.mark.parametrize(
    ("typed", "faults"),
    [
        pytest.param({"point_1_score": "9"}, ["Enter the date of planned score 1, or clear the score."], id="no date"),
        pytest.param(
            day("point_3_date", dt.date(2026, 2, 28)), ["Enter the planned score 3, or clear its date."], id="no score"
        ),
        pytest.param(
            point(1, dt.date(2026, 6, 30), 9), ["Planned scores must be before the target date."], id="on the target"
        ),
        pytest.param(
            {**point(1, dt.date(2026, 2, 28), 9), "due_on_day": "", "due_on_month": "", "due_on_year": ""},
            ["Planned scores lead to a target: enter the target date."],
            id="a way to no date",
        ),
        pytest.param(
            {**point(1, dt.date(2026, 2, 28), 9), **point(2, dt.date(2026, 2, 28), 8)},
            ["Two planned scores have the same date. Change one."],
            id="one day twice",
        ),
        pytest.param({"likelihood": ""}, ["Choose the likelihood."], id="half a pair"),
        pytest.param(
            {"likelihood": "", "impact": ""},
            ["A target date needs a target: choose its likelihood and impact."],
            id="a date alone",
        ),
        pytest.param(
            point(1, dt.date(2026, 2, 28), 26),
            ["Planned score 1 must be between 1 and 25."],
            id="beyond the scale",
        ),
        pytest.param(point(1, dt.date(2026, 2, 28), "low"), ["Write planned score 1 as a whole number."], id="a word"),
    ],
)
def test_a_faulty_target_is_refused_and_nothing_typed_is_lost(
    browser: Client, typed: dict[str, Any], faults: list[str]
) -> None:
    page = aim(browser, reason="As the board asked.", **typed)

    html = page.content.decode()
    assert page.status_code == 200
    assert [fault for fault in faults if fault not in words(html)] == []
    assert ">As the board asked.</textarea>" in html
    for name, value in typed.items():
        assert value_of(html, name) == str(value) or name in AIM
    assert not RiskTarget.objects.exists()


def test_another_target_needs_a_reason(browser: Client, risk: Risk) -> None:
    RiskTargetFactory(risk=risk)

    refused, saved = aim(browser), aim(browser, reason="The board asked for more.")

    assert told(refused.content.decode()) == ["Say why the target changes."]
    assert saved.status_code == 302
    assert RiskTarget.objects.first().reason == "The board asked for more."


def test_a_target_can_be_taken_away(browser: Client, risk: Risk) -> None:
    TargetPointFactory(target=RiskTargetFactory(risk=risk))
    nothing = dict.fromkeys(("likelihood", "impact", "due_on_day", "due_on_month", "due_on_year"), "")

    assert aim(browser, **nothing, reason="It is tolerated.").status_code == 302

    assert RiskTarget.objects.first().score is None
    assert "Target None set" in words(browser.get(DETAIL).content)


def test_a_double_click_sets_one_target(browser: Client) -> None:
    version = Risk.objects.get().version

    for _ in range(2):
        assert aim(browser, based_on_version=version, **point(1, dt.date(2026, 2, 28), 12)).status_code == 302

    assert RiskTarget.objects.count() == 1
    assert TargetPoint.objects.count() == 2


def test_the_second_of_two_people_setting_a_target_is_told_first(browser: Client, risk: Risk) -> None:
    opened_on = risk.version
    somebody_else_reviews(risk)

    page = aim(browser, based_on_version=opened_on).content.decode()

    assert CHANGED in words(page)
    assert "It scores 25 now, 5 × 5." in words(page)
    assert aim(browser, based_on_version=value_of(page, "based_on_version")).status_code == 302


# --- Who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [REVIEW, TARGET])
def test_others_neither_review_nor_set_targets(
    risk: Risk, officer: User, board_member: User, office: User, signed_in: SignedIn, address: str
) -> None:
    for person in (officer, board_member):
        assert signed_in(person).get(address).status_code == 403
        assert save(signed_in(person), address, **TYPED).status_code == 403
    for person in (risk.owner, office):
        assert signed_in(person).get(address).status_code == 200
    assert Client().get(address).status_code == 302
    assert not RiskReview.objects.exists()


def test_saving_an_empty_target_does_not_say_that_one_was_set(browser: Client, risk: Risk) -> None:
    nothing = dict.fromkeys(("likelihood", "impact", "due_on_day", "due_on_month", "due_on_year"), "")

    page = browser.post(TARGET, nothing, follow=True)

    assert "R01 has no target now." in words(page.content)
    assert not RiskTarget.objects.exists()


def test_of_several_dates_the_faulty_one_is_named(browser: Client, risk: Risk) -> None:
    page = aim(browser, point_2_date_day="45", point_2_score="9").content.decode()

    assert "Date 2: The date must include a month and a year." in words(page)
