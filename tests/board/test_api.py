import csv
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from board.models import Figure
from tests.factories import ReportingMonthFactory

pytestmark = pytest.mark.django_db
Api = Callable[[User], APIClient]


def figure(month: str, code: str, value: str | None, **fields: Any) -> Figure:
    fields = {"section": "milestones", "unit": "count", **fields}
    stored = None if value is None else Decimal(value)
    return Figure.objects.create(month=ReportingMonthFactory(month=month), code=code, value=stored, **fields)


def test_figures_carry_their_base_their_definition_and_the_rows_behind_them(api: Api, analyst: User) -> None:
    figure("2026-01", "milestones.on_track_or_completed", "87.4", numerator=83, denominator=95, unit="percent")

    (row,) = api(analyst).get("/api/v1/figures/").json()["results"]

    assert (row["value"], row["numerator"], row["denominator"]) == (87.4, 83, 95)
    assert row["title"]
    assert row["definition"]
    assert row["rows"].startswith("http://testserver/milestones/?")
    assert "as_at=2026-01-31" in row["rows"]


def test_a_count_is_a_whole_number_and_a_missing_value_is_null(api: Api, analyst: User) -> None:
    figure("2026-01", "milestones.total", "95")
    figure("2026-01", "milestones.on_track_or_completed", None, unit="percent", numerator=0, denominator=0)

    rows = api(analyst).get("/api/v1/figures/").json()["results"]

    assert [repr(row["value"]) for row in rows] == ["None", "95"]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        pytest.param("month=2025-12", ["milestones.total"], id="one month"),
        pytest.param(
            "from_month=2026-01", ["milestones.delayed", "milestones.impact.evident", "milestones.total"], id="since"
        ),
        pytest.param("code=milestones.impact.", ["milestones.impact.evident"], id="prefix"),
        pytest.param("code=milestones.delayed&area=PA1", ["milestones.delayed"], id="area"),
        pytest.param("area=all&to_month=2025-12", ["milestones.total"], id="whole plan"),
    ],
)
def test_figures_are_narrowed(api: Api, analyst: User, query: str, codes: list[str]) -> None:
    figure("2025-12", "milestones.total", "94")
    figure("2026-01", "milestones.total", "95")
    figure("2026-01", "milestones.delayed", "1", area="PA1")
    figure("2026-01", "milestones.impact.evident", "7", breakdown="")

    rows = api(analyst).get(f"/api/v1/figures/?{query}").json()["results"]

    assert sorted(row["code"] for row in rows) == codes


def test_figures_of_a_month_written_another_way_are_refused(api: Api, analyst: User) -> None:
    response = api(analyst).get("/api/v1/figures/?month=January")

    assert response.status_code == 400
    assert response.json()["errors"]["month"] == ["Write a month like 2026-01."]


def test_figures_csv_equals_the_json(api: Api, analyst: User) -> None:
    figure("2026-01", "milestones.on_track_or_completed", "87.4", numerator=83, denominator=95, unit="percent")
    figure("2026-01", "milestones.total", "95", area="PA1")
    client = api(analyst)

    rows = client.get("/api/v1/figures/").json()["results"]
    sheet = b"".join(client.get("/api/v1/figures/?format=csv").streaming_content).decode()

    as_text = [{name: "" if cell is None else str(cell) for name, cell in row.items()} for row in rows]
    assert list(csv.DictReader(sheet.splitlines())) == as_text


def test_months_say_their_state_and_digest(api: Api, analyst: User, office: User) -> None:
    ReportingMonthFactory(month="2026-01")
    signed = {"signed_off_at": dt.datetime(2026, 1, 9, 9, tzinfo=dt.UTC), "signed_off_by": office, "digest": "a" * 64}
    ReportingMonthFactory(month="2025-12", state="signed_off", **signed)
    client = api(analyst)

    assert [row["month"] for row in client.get("/api/v1/months/").json()["results"]] == ["2026-01", "2025-12"]
    assert client.get("/api/v1/months/2025-12/").json()["digest"] == "a" * 64
    assert [row["month"] for row in client.get("/api/v1/months/?state=open").json()["results"]] == ["2026-01"]


def test_figures_make_the_same_number_of_queries_for_2_rows_and_for_25(
    api: Api, analyst: User, count_queries: Callable[[Callable[[], Any]], int]
) -> None:
    client = api(analyst)

    def ask() -> int:
        return count_queries(lambda: client.get("/api/v1/figures/"))

    for number in range(2):
        figure("2026-01", "milestones.total", "1", area=f"PA{number}")
    few = ask()
    for number in range(2, 25):
        figure("2026-01", "milestones.total", "1", area=f"PA{number}")

    assert ask() == few <= 4


def test_the_schema_and_its_page_are_for_people_who_are_signed_in(
    client: Client, signed_in: Callable[[User], Client], analyst: User
) -> None:
    assert client.get("/api/v1/schema/").status_code == 401
    assert signed_in(analyst).get("/api/v1/schema/").status_code == 200
    page = signed_in(analyst).get("/api/v1/docs/")
    assert page.status_code == 200
    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"].split("style-src")[0]
