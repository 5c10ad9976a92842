import csv
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.http.response import StreamingHttpResponse
from rest_framework.test import APIClient

from accounts.models import User
from risks.models import Risk, RiskReview
from risks.services import close_risk, review_risk
from tests.factories import (
    EscalationFactory,
    MilestoneFactory,
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
from tests.risks.pages import NOW, control, standing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_end_of_january")]
Api = Callable[[User], APIClient]
RISKS, REVIEWS, MITIGATIONS = "/api/v1/risks/", "/api/v1/reviews/", "/api/v1/mitigations/"
OF_R01 = "/api/v1/risks/R01/reviews/"
REVIEW = {"reviewed_on": "2026-01-31", "likelihood": 3, "impact": 4, "note": "Two posts are filled."}


@pytest.fixture
def _end_of_january() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def risk() -> Risk:
    return RiskFactory(reference="R01", title="Staff leave")


def rows_of_csv(response: StreamingHttpResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(b"".join(response.streaming_content).decode().splitlines()))


def references(client: APIClient, query: str = "", address: str = RISKS) -> list[str]:
    return [row["reference"] for row in client.get(f"{address}?{query}").json()["results"]]


# --- Risks ------------------------------------------------------------------------------------------------------------


def test_a_risk_is_told_whole(api: Api, analyst: User) -> None:
    owner = UserFactory(full_name="Officer Lead", email="lead@test.example")
    risk = standing("R01", 3, 5, title="Staff leave", cause="Low pay", treatment="treat", owner=owner)
    risk.areas.set([PriorityAreaFactory(code="PA2"), PriorityAreaFactory(code="PA1")])
    risk.milestones.add(MilestoneFactory(reference="PA1-01"))
    EscalationFactory(risk=risk)
    TargetPointFactory(target=RiskTargetFactory(risk=risk), score=12)

    told = api(analyst).get(f"{RISKS}R01/").json()

    assert told == {
        "reference": "R01",
        "title": "Staff leave",
        "cause": "Low pay",
        "event": "",
        "consequence": "",
        "level": "systemic",
        "level_move": "escalated",
        "state": "open",
        "owner": "Officer Lead",
        "owner_email": "lead@test.example",
        "treatment": "treat",
        "areas": ["PA1", "PA2"],
        "milestones": ["PA1-01"],
        "inherent_likelihood": 4,
        "inherent_impact": 4,
        "inherent_score": 16,
        "likelihood": 3,
        "impact": 5,
        "score": 15,
        "matrix": risk.matrix_id,
        "band": "Extreme",
        "movement": "down",
        "target_score": 6,
        "planned_score": 12,
        "mitigated": True,
        "reviewed_on": "2026-01-15",
        "next_review_on": "2026-02-15",
        "frequency": "monthly",
        "opened_on": "2025-05-01",
        "version": 1,
        "id": risk.pk,
    }
    assert api(analyst).get(RISKS).json()["results"] == [told]


def test_risks_are_as_at_the_day_asked_for(api: Api, analyst: User) -> None:
    risk = standing("R01", 1, 2)
    EscalationFactory(risk=risk, moved_on=dt.date(2026, 1, 5))
    client = api(analyst)

    for address in (RISKS, f"{RISKS}R01/"):
        then, now = (client.get(f"{address}{query}").json() for query in ("?as_at=2025-12-31", ""))
        then, now = (told["results"][0] if "results" in told else told for told in (then, now))
        assert (then["level"], then["score"], then["band"], then["movement"]) == ("operational", 16, "Extreme", "same")
        assert (now["level"], now["score"], now["band"], now["movement"]) == ("systemic", 2, "Low", "down")


def test_the_list_gives_what_was_open_that_day_and_with_state_all_the_rest(api: Api, analyst: User) -> None:
    standing("R01")
    standing("R02", opened_on=dt.date(2026, 1, 15))
    StateChangeFactory(risk=standing("R03"), changed_on=dt.date(2026, 1, 20))
    client = api(analyst)

    assert references(client) == ["R01", "R02"]
    assert references(client, "state=all") == ["R01", "R02", "R03"]
    assert references(client, "as_at=2026-01-14") == ["R01", "R03"]
    assert client.get(f"{RISKS}R03/").json()["state"] == "closed"
    assert client.get(f"{RISKS}R02/?as_at=2026-01-14").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("level=systemic", ["R02"]),
        ("band=low,moderate", ["R01"]),
        ("band=low&as_at=2025-12-31", []),
        ("movement=down", ["R01", "R02"]),
        ("unmitigated=true", ["R03"]),
        ("q=nurses", ["R02"]),
        ("review=overdue", ["R03"]),
    ],
)
def test_risks_are_narrowed_by_the_filters_of_the_list(
    api: Api, analyst: User, query: str, expected: list[str]
) -> None:
    standing("R01", 1, 1)
    standing("R02", 3, 4, level="systemic", title="Nurses leave")
    RiskFactory(reference="R03")

    assert references(api(analyst), query) == expected


@pytest.mark.parametrize(
    ("address", "query", "field"),
    [
        pytest.param(RISKS, "as_at=31/01/2026", "as_at", id="date written another way"),
        pytest.param(RISKS, "as_at=9999-12-31", "as_at", id="a day beyond reach"),
        pytest.param(RISKS, "band=purple", "band", id="unknown band"),
        pytest.param(RISKS, "area=PA9", "area", id="unknown area"),
        pytest.param(RISKS, "levle=systemic", "levle", id="misspelt parameter"),
        pytest.param(REVIEWS, "as_at=2026-01-31", "as_at", id="reviews have no as at"),
        pytest.param(REVIEWS, "reviewed_from=soon", "reviewed_from", id="no date"),
        pytest.param(MITIGATIONS, "kind=hope", "kind", id="unknown kind"),
        pytest.param(MITIGATIONS, "statsu=done", "statsu", id="misspelt parameter of mitigations"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(api: Api, analyst: User, address: str, query: str, field: str) -> None:
    response = api(analyst).get(f"{address}?{query}")

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert list(response.json()["errors"]) == [field]


@pytest.mark.parametrize("address", [RISKS, REVIEWS, MITIGATIONS])
def test_csv_is_every_row_of_the_json(api: Api, analyst: User, address: str) -> None:
    for number in range(3):
        standing(f"R{number}", title="=HYPERLINK(1)")
    client = api(analyst)

    page = client.get(f"{address}?page_size=2").json()
    rows = rows_of_csv(client.get(f"{address}?format=csv"))

    assert page["count"] == len(rows) == 3
    assert len(page["results"]) == 2
    assert page["next"]
    assert set(rows[0]) == set(page["results"][0])
    if address == RISKS:
        assert {row["title"] for row in rows} == {"'=HYPERLINK(1)"}


def test_an_unchanged_risk_is_304_until_somebody_writes(api: Api, analyst: User, risk: Risk) -> None:
    client = api(analyst)
    tag = client.get(f"{RISKS}R01/").headers["ETag"]

    assert client.get(f"{RISKS}R01/", HTTP_IF_NONE_MATCH=tag).status_code == 304
    review_risk(risk=risk, likelihood=1, impact=1, reviewed_on=NOW.date(), note="x", by=risk.owner, at=NOW)
    assert client.get(f"{RISKS}R01/", HTTP_IF_NONE_MATCH=tag).status_code == 200


def test_a_past_day_has_an_etag_that_no_write_is_based_on(api: Api, risk: Risk) -> None:
    client = api(risk.owner)

    then = client.get(f"{RISKS}R01/?as_at=2025-12-31").headers["ETag"]

    assert then != client.get(f"{RISKS}R01/").headers["ETag"]
    assert client.post(OF_R01, REVIEW, HTTP_IF_MATCH=then).status_code == 412


def test_an_unknown_risk_is_404(api: Api, analyst: User) -> None:
    for address in (f"{RISKS}R99/", f"{RISKS}R99/reviews/", f"{MITIGATIONS}M99/"):
        assert api(analyst).get(address).status_code == 404


@pytest.mark.parametrize("address", [RISKS, REVIEWS, MITIGATIONS, OF_R01])
def test_nothing_is_told_without_a_token(risk: Risk, address: str) -> None:
    assert APIClient().get(address).status_code == 401


# --- Reviews ----------------------------------------------------------------------------------------------------------


def test_reviews_say_what_superseded_them(api: Api, analyst: User, risk: Risk) -> None:
    wrong = RiskReviewFactory(risk=risk, reviewed_on=dt.date(2026, 1, 10), likelihood=5, impact=5, note="Bad.")
    right = RiskReviewFactory(risk=risk, reviewed_on=dt.date(2026, 1, 10), supersedes=wrong)
    elsewhere = RiskReviewFactory(reviewed_on=dt.date(2026, 1, 20))
    client = api(analyst)

    everything = client.get(REVIEWS).json()["results"]

    assert [row["id"] for row in everything] == [elsewhere.pk, right.pk, wrong.pk]
    assert everything[2] == {
        "id": wrong.pk,
        "risk": "R01",
        "reviewed_on": "2026-01-10",
        "likelihood": 5,
        "impact": 5,
        "score": 25,
        "matrix": "five-by-five",
        "note": "Bad.",
        "next_review_on": "2026-02-10",
        "reviewer": risk.owner.full_name,
        "created_at": everything[2]["created_at"],
        "supersedes": None,
        "superseded_by": right.pk,
    }
    assert [row["id"] for row in client.get(OF_R01).json()["results"]] == [right.pk, wrong.pk]
    assert [row["id"] for row in client.get(f"{OF_R01}?effective=true").json()["results"]] == [right.pk]


def test_a_review_is_recorded_and_told_back(api: Api, risk: Risk) -> None:
    client = api(risk.owner)

    response = client.post(OF_R01, REVIEW)

    assert response.status_code == 201, response.content
    told = response.json()
    assert (told["score"], told["matrix"], told["reviewer"]) == (12, "five-by-five", risk.owner.full_name)
    assert told["next_review_on"] == "2026-02-28"
    assert client.get(OF_R01).json()["results"] == [told]
    risk.refresh_from_db()
    assert risk.score == 12


def test_the_office_reviews_too_and_sets_the_next_day(api: Api, office: User, risk: Risk) -> None:
    response = api(office).post(OF_R01, {**REVIEW, "next_review_on": "2026-02-07"})

    assert response.json()["next_review_on"] == "2026-02-07"
    assert RiskReview.objects.get().created_by == office


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        pytest.param({"likelihood": None}, {"likelihood"}, id="no likelihood"),
        pytest.param({"impact": 6}, {"impact"}, id="beyond the matrix"),
        pytest.param({"note": ""}, {"note"}, id="a move without a reason"),
        pytest.param({"reviewed_on": "2026-02-01", "impact": 9}, {"reviewed_on", "impact"}, id="two faults at once"),
        pytest.param({"reviewed_on": "2025-04-30"}, {"reviewed_on"}, id="before it was opened"),
        pytest.param({"next_review_on": "2026-01-31"}, {"next_review_on"}, id="next on the day"),
        pytest.param({"reviewed_on": "31/01/2026"}, {"reviewed_on"}, id="a date written another way"),
        pytest.param({"likelihood": 11}, {"likelihood"}, id="no matrix is so large"),
    ],
)
def test_a_review_is_held_to_the_rules_of_the_form(
    api: Api, risk: Risk, given: dict[str, Any], fields: set[str]
) -> None:
    response = api(risk.owner).post(OF_R01, {**REVIEW, **given}, format="json")

    assert response.status_code == 400
    assert set(response.json()["errors"]) == fields
    assert not RiskReview.objects.exists()


def test_the_same_score_needs_a_note_after_three_reviews_that_gave_it(api: Api, risk: Risk) -> None:
    for month in (10, 11, 12):
        RiskReviewFactory(risk=risk, reviewed_on=dt.date(2025, month, 15), likelihood=3, impact=4)

    response = api(risk.owner).post(OF_R01, {**REVIEW, "note": ""})

    assert response.json()["errors"] == {
        "note": ["The last 3 reviews gave the same score. Say why it has not changed."]
    }


def test_a_closed_risk_is_not_reviewed(api: Api, risk: Risk, office: User) -> None:
    close_risk(risk=risk, reason="Merged.", on=NOW.date(), by=office, at=NOW)

    response = api(office).post(OF_R01, REVIEW)

    assert response.status_code == 400
    assert response.json()["errors"] == {"non_field_errors": ["R01 is closed. Open it again before you change it."]}


@pytest.mark.parametrize("who", ["analyst", "board_member", "officer"])
def test_a_review_by_somebody_it_is_not_theirs_to_make_is_403(
    api: Api, risk: Risk, who: str, request: pytest.FixtureRequest
) -> None:
    MitigationFactory(risk=risk, owner=request.getfixturevalue(who))

    assert api(request.getfixturevalue(who)).post(OF_R01, REVIEW).status_code == 403
    assert not RiskReview.objects.exists()


def test_a_review_of_a_risk_that_is_not_there_is_404(api: Api, office: User) -> None:
    assert api(office).post("/api/v1/risks/R99/reviews/", REVIEW).status_code == 404


@pytest.mark.parametrize("weak", ["", "W/"])
def test_the_second_of_two_who_read_the_same_state_gets_412(api: Api, office: User, risk: Risk, weak: str) -> None:
    mine, theirs = api(risk.owner), api(office)
    tag = weak + mine.get(f"{RISKS}R01/").headers["ETag"].removeprefix("W/")
    assert theirs.post(OF_R01, {**REVIEW, "note": "Another view."}, HTTP_IF_MATCH=tag).status_code == 201

    response = mine.post(OF_R01, REVIEW, HTTP_IF_MATCH=tag)

    assert response.status_code == 412
    assert "Somebody else has changed this risk" in response.json()["detail"]
    assert RiskReview.objects.count() == 1
    fresh = mine.get(f"{RISKS}R01/").headers["ETag"]
    assert mine.post(OF_R01, REVIEW, HTTP_IF_MATCH=fresh).status_code == 201


def test_the_same_review_twice_counts_once(api: Api, risk: Risk) -> None:
    client = api(risk.owner)
    tag = client.get(f"{RISKS}R01/").headers["ETag"]

    first, second = (client.post(OF_R01, REVIEW, HTTP_IF_MATCH=tag) for _ in range(2))

    assert first.json() == second.json()
    assert RiskReview.objects.count() == 1


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("address", [RISKS, f"{RISKS}R01/", OF_R01, REVIEWS, MITIGATIONS])
def test_nothing_is_changed_or_deleted_through_the_api(
    api: Api, office: User, risk: Risk, address: str, method: str
) -> None:
    assert getattr(api(office), method)(address, REVIEW).status_code == 405


# --- Mitigations ------------------------------------------------------------------------------------------------------


def test_mitigations_are_as_at_the_day_asked_for(api: Api, analyst: User, risk: Risk) -> None:
    action = MitigationFactory(reference="R01-M1", risk=risk, due_date=dt.date(2026, 1, 5), effect="both")
    MitigationUpdateFactory(mitigation=action, status="under_way", due_date=dt.date(2026, 3, 1))
    control(risk, reference="R01-M2", added_on=dt.date(2026, 1, 20))
    client = api(analyst)

    now, then = (client.get(f"{MITIGATIONS}{query}").json()["results"] for query in ("", "?as_at=2026-01-09"))

    assert [row["reference"] for row in now] == ["R01-M1", "R01-M2"]
    assert now[0] == {
        "reference": "R01-M1",
        "risk": "R01",
        "kind": "action",
        "description": "Agree a recovery plan with the provider.",
        "owner": risk.owner.full_name,
        "owner_email": risk.owner.email,
        "due_date": "2026-03-01",
        "status": "under_way",
        "effect": "both",
        "added_on": "2025-05-01",
        "version": 1,
    }
    assert [(row["reference"], row["status"], row["due_date"]) for row in then] == [("R01-M1", "to_do", "2026-01-05")]
    assert references(client, "overdue=true&as_at=2026-01-09", MITIGATIONS) == ["R01-M1"]
    assert references(client, "overdue=true", MITIGATIONS) == []
    assert references(client, "kind=control&risk=R01", MITIGATIONS) == ["R01-M2"]
    assert client.get(f"{MITIGATIONS}R01-M1/?as_at=2026-01-09").json() == then[0]
    assert client.get(f"{MITIGATIONS}R01-M2/?as_at=2026-01-09").status_code == 404


# --- Queries ----------------------------------------------------------------------------------------------------------


def test_lists_make_the_same_number_of_queries_for_2_rows_and_for_25(
    api: Api, analyst: User, count_queries: Callable[[Callable[[], Any]], int]
) -> None:
    client = api(analyst)
    area, milestone = PriorityAreaFactory(), MilestoneFactory()
    addresses = [address + form for address in (RISKS, REVIEWS, MITIGATIONS) for form in ("", "?format=csv")]

    def ask() -> list[int]:
        return [count_queries(lambda address=address: client.get(address).getvalue()) for address in addresses]

    def grow(number: int) -> None:
        for place in range(number):
            risk = standing(f"R{number}-{place}")
            risk.areas.add(area)
            risk.milestones.add(milestone)
            TargetPointFactory(target=RiskTargetFactory(risk=risk))

    grow(2)
    few = ask()
    grow(23)

    assert ask() == few
    assert max(few) <= 7
