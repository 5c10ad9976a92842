import csv
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.http.response import StreamingHttpResponse
from rest_framework.test import APIClient

from accounts.models import User
from milestones.models import Milestone, MilestoneUpdate, Status
from tests.factories import EvidenceFactory, MilestoneFactory, MilestoneUpdateFactory, PriorityAreaFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_february")]
Api = Callable[[User], APIClient]

OFF_TRACK = {
    "as_at": "2026-02-02",
    "status": "off_track",
    "impact": "emerging",
    "progress": "The data feed is late.",
    "reason": "Information governance is not agreed.",
    "mitigation": "The two directors meet weekly.",
    "consequence": "The board sees no health data in March.",
    "forecast_date": "2026-04-30",
}


@pytest.fixture
def _february() -> Any:
    with time_machine.travel(dt.datetime(2026, 2, 2, 9, 0, tzinfo=dt.UTC), tick=False):
        yield


def rows_of_csv(response: StreamingHttpResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(b"".join(response.streaming_content).decode().splitlines()))


def test_priority_areas_are_listed_in_their_order(api: Api, analyst: User) -> None:
    PriorityAreaFactory(code="AFI1", order=4)
    PriorityAreaFactory(code="PA1", order=1)

    answer = api(analyst).get("/api/v1/priority-areas/").json()

    assert [area["code"] for area in answer["results"]] == ["PA1", "AFI1"]
    assert set(answer) == {"count", "next", "previous", "results"}


def test_milestones_are_as_at_the_day_asked_for(api: Api, analyst: User) -> None:
    milestone = MilestoneFactory()
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2025, 12, 31), status=Status.DELAYED)
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 1, 31), status=Status.ON_TRACK)
    client = api(analyst)

    def status(query: str) -> str:
        return client.get(f"/api/v1/milestones/{query}").json()["results"][0]["status"]

    assert status("") == "on_track"
    assert status("?as_at=2026-01-30") == "delayed"
    assert status("?as_at=2025-04-30") == "not_started"
    assert client.get(f"/api/v1/milestones/{milestone.reference}/?as_at=2025-12-31").json()["status"] == "delayed"


def test_milestones_of_a_day_leave_out_what_was_not_in_the_plan(api: Api, analyst: User) -> None:
    MilestoneFactory(reference="PA1-01")
    MilestoneFactory(reference="PA1-02", added_on=dt.date(2026, 1, 15))
    MilestoneFactory(reference="PA1-03", withdrawn_on=dt.date(2026, 1, 20), withdrawn_reason="Merged with PA1-01.")
    client = api(analyst)

    def references(day: str) -> list[str]:
        answer = client.get(f"/api/v1/milestones/?as_at={day}").json()
        return [row["reference"] for row in answer["results"]]

    assert references("2026-01-14") == ["PA1-01", "PA1-03"]
    assert references("2026-01-19") == ["PA1-01", "PA1-02", "PA1-03"]
    assert references("2026-01-31") == ["PA1-01", "PA1-02"]
    assert client.get("/api/v1/milestones/PA1-03/").status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param("as_at=31/01/2026", "as_at", id="date written another way"),
        pytest.param("as_at=2026-02-30", "as_at", id="no such day"),
        pytest.param("status=fine", "status", id="unknown status"),
        pytest.param("area=PA9", "area", id="unknown area"),
        pytest.param("staus=delayed", "staus", id="misspelt parameter"),
    ],
)
def test_milestones_refuse_a_wrong_parameter_by_name(api: Api, analyst: User, query: str, field: str) -> None:
    response = api(analyst).get(f"/api/v1/milestones/?{query}")

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert list(response.json()["errors"]) == [field]


def test_milestones_csv_is_every_row_of_the_json(api: Api, analyst: User) -> None:
    MilestoneFactory.create_batch(3, title="=HYPERLINK(1)")
    client = api(analyst)

    page = client.get("/api/v1/milestones/?page_size=2").json()
    rows = rows_of_csv(client.get("/api/v1/milestones/?format=csv"))

    assert page["count"] == len(rows) == 3
    assert len(page["results"]) == 2
    assert list(rows[0]) == list(page["results"][0])
    assert {row["title"] for row in rows} == {"'=HYPERLINK(1)"}


def test_milestones_csv_without_rows_still_has_its_heading(api: Api, analyst: User) -> None:
    response = api(analyst).get("/api/v1/milestones/?format=csv")

    assert b"".join(response.streaming_content).decode().startswith("reference,area,title")


def test_page_size_stops_at_a_thousand(api: Api, analyst: User) -> None:
    MilestoneFactory()
    request = api(analyst).get("/api/v1/milestones/?page_size=5000")

    assert request.renderer_context["view"].paginator.get_page_size(request.renderer_context["request"]) == 1000


def test_lists_make_the_same_number_of_queries_for_2_rows_and_for_25(
    api: Api, analyst: User, count_queries: Callable[[Callable[[], Any]], int]
) -> None:
    client = api(analyst)
    addresses = ["/api/v1/milestones/", "/api/v1/updates/", "/api/v1/evidence/", "/api/v1/milestones/?format=csv"]

    def ask() -> list[int]:
        return [count_queries(lambda address=address: client.get(address).getvalue()) for address in addresses]

    for update in MilestoneUpdateFactory.create_batch(2):
        EvidenceFactory(milestone=update.milestone)
    few = ask()
    for update in MilestoneUpdateFactory.create_batch(23):
        EvidenceFactory(milestone=update.milestone)

    assert ask() == few
    assert max(few) <= 4


def test_an_unchanged_milestone_is_304(api: Api, analyst: User) -> None:
    milestone = MilestoneFactory()
    client = api(analyst)

    tag = client.get(f"/api/v1/milestones/{milestone.reference}/").headers["ETag"]

    assert client.get(f"/api/v1/milestones/{milestone.reference}/", HTTP_IF_NONE_MATCH=tag).status_code == 304


def test_post_update_by_its_officer_is_recorded_and_kept(api: Api) -> None:
    milestone = MilestoneFactory()
    officer = milestone.responsible_officer

    response = api(officer).post(f"/api/v1/milestones/{milestone.reference}/updates/", OFF_TRACK)

    assert response.status_code == 201, response.content
    assert response.json()["author"] == officer.full_name
    milestone.refresh_from_db()
    assert milestone.status == Status.OFF_TRACK
    listed = api(officer).get(f"/api/v1/milestones/{milestone.reference}/updates/").json()["results"]
    assert listed == [response.json()]


def test_post_update_asks_for_what_the_form_asks(api: Api) -> None:
    milestone = MilestoneFactory()
    typed = {"as_at": "2026-02-02", "status": "delayed", "progress": "Stopped."}

    response = api(milestone.sro).post(f"/api/v1/milestones/{milestone.reference}/updates/", typed)

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"reason", "mitigation", "consequence", "forecast_date"}
    assert not MilestoneUpdate.objects.exists()


@pytest.mark.parametrize("who", ["analyst", "board_member", "officer"])
def test_post_update_by_somebody_it_is_not_theirs_to_make_is_403(
    api: Api, who: str, request: pytest.FixtureRequest
) -> None:
    milestone = MilestoneFactory()

    response = api(request.getfixturevalue(who)).post(f"/api/v1/milestones/{milestone.reference}/updates/", OFF_TRACK)

    assert response.status_code == 403
    assert not MilestoneUpdate.objects.exists()


def test_post_update_to_a_milestone_that_is_not_there_is_404(api: Api, office: User) -> None:
    assert api(office).post("/api/v1/milestones/PA9-99/updates/", OFF_TRACK).status_code == 404


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"'])
def test_post_update_with_the_etag_of_an_older_state_is_412(api: Api, tag: str) -> None:
    milestone = MilestoneFactory()
    address = f"/api/v1/milestones/{milestone.reference}/updates/"
    mine, theirs = api(milestone.responsible_officer), api(milestone.sro)
    assert theirs.post(address, OFF_TRACK, HTTP_IF_MATCH=tag).status_code == 201

    response = mine.post(address, {**OFF_TRACK, "progress": "Another view."}, HTTP_IF_MATCH=tag)

    assert response.status_code == 412
    assert MilestoneUpdate.objects.count() == 1


def test_post_update_twice_counts_once(api: Api) -> None:
    milestone = MilestoneFactory()
    client = api(milestone.responsible_officer)

    first, second = (client.post(f"/api/v1/milestones/{milestone.reference}/updates/", OFF_TRACK) for _ in range(2))

    assert first.json()["id"] == second.json()["id"]
    assert MilestoneUpdate.objects.count() == 1


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_what_is_reported_is_never_changed_through_the_api(api: Api, office: User, method: str) -> None:
    update = MilestoneUpdateFactory()

    response = getattr(api(office), method)(f"/api/v1/milestones/{update.milestone.reference}/updates/", OFF_TRACK)

    assert response.status_code == 405
    assert Milestone.objects.get().updates.get().status == Status.ON_TRACK


def test_updates_of_all_milestones_say_which_a_correction_superseded(api: Api, analyst: User) -> None:
    wrong = MilestoneUpdateFactory(status=Status.COMPLETED)
    right = MilestoneUpdateFactory(milestone=wrong.milestone, status=Status.DELAYED, supersedes=wrong)
    client = api(analyst)

    everything = client.get("/api/v1/updates/").json()["results"]
    effective = client.get("/api/v1/updates/?effective=true").json()["results"]

    assert {row["id"]: row["superseded_by"] for row in everything} == {wrong.pk: right.pk, right.pk: None}
    assert [row["id"] for row in effective] == [right.pk]


def test_evidence_of_one_milestone_is_not_that_of_another(api: Api, analyst: User) -> None:
    mine, _other = EvidenceFactory(), EvidenceFactory()

    answer = api(analyst).get(f"/api/v1/milestones/{mine.milestone.reference}/evidence/").json()

    assert [row["id"] for row in answer["results"]] == [mine.pk]


@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "2199-01-01", "9999-12-31"])
def test_a_day_beyond_reach_is_refused_with_a_sentence(api: Api, analyst: User, day: str) -> None:
    milestone = MilestoneFactory()

    for address in ("/api/v1/milestones/", f"/api/v1/milestones/{milestone.reference}/"):
        answer = api(analyst).get(address, {"as_at": day})
        assert answer.status_code == 400
        assert answer.json()["errors"]["as_at"] == [f"“{day}” is not a date. Write it like 2026-01-31."]


def test_a_month_with_a_percent_sign_is_refused_with_a_sentence(api: Api, analyst: User) -> None:
    answer = api(analyst).get("/api/v1/milestones/", {"no_return": "100%"})

    assert answer.status_code == 400
    assert answer.json()["errors"] == {"no_return": ["“100%” is not a month. Write it like 2026-01."]}


@pytest.mark.parametrize(("query", "headers", "status"), [("?format=x", {}, 404), ("", {"Accept": "text/xml"}, 406)])
def test_a_format_that_there_is_not_is_a_problem_document(
    api: Api, analyst: User, query: str, headers: dict[str, str], status: int
) -> None:
    answer = api(analyst).get(f"/api/v1/milestones/{query}", headers=headers)

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_an_etag_of_endless_digits_is_an_old_one(api: Api) -> None:
    milestone = MilestoneFactory()
    address = f"/api/v1/milestones/{milestone.reference}/updates/"

    answer = api(milestone.responsible_officer).post(address, OFF_TRACK, headers={"If-Match": "9" * 5000})

    assert answer.status_code == 412


@pytest.mark.parametrize("body", ["[" * 100_000, '{"progress":' * 100_000])
def test_a_body_nested_without_end_is_refused_with_a_sentence(api: Api, body: str) -> None:
    milestone = MilestoneFactory()
    address = f"/api/v1/milestones/{milestone.reference}/updates/"

    answer = api(milestone.responsible_officer).generic("POST", address, body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["detail"] == "JSON parse error - nested too deep"
