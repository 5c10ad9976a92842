"""The demo partnership: what it is told to be, the numbers that come out of it, and that a second load is harmless."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from board.management.commands.load_demo import PASSWORD, SIGN_INS
from board.models import Figure, MonthChange, ReportingMonth
from board.resources import KINDS
from board.services import digest_of
from core.months import Month
from core.sheets import Run, read_sheet
from milestones.models import (
    DueDateChange,
    Evidence,
    Milestone,
    MilestoneChange,
    MilestoneDependency,
    MilestoneUpdate,
    PriorityArea,
    Status,
    UpdateConfirmation,
)
from tests.factories import MilestoneFactory

DEMO = Path(settings.BASE_DIR) / "demo"
SHEETS = ("priority-areas", "people", "milestones", "milestone-updates", "due-date-changes")
JANUARY = dt.date(2026, 1, 31)
# The report's numbers for 31 January 2026: code, value, numerator and denominator.
REPORTED = {
    "milestones.total": (95, None, None),
    "milestones.on_track_or_completed": (Decimal("87.4"), 83, 95),
    "milestones.off_track": (10, None, None),
    "milestones.delayed": (1, None, None),
    "milestones.not_started": (1, None, None),
}


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The demo, loaded once for this module and taken out again; what the command said."""
    with django_db_blocker.unblock(), transaction.atomic():
        said = io.StringIO()
        call_command("load_demo", force=True, stdout=said)
        yield said.getvalue()
        transaction.set_rollback(True)


@pytest.fixture
def undone() -> Iterator[None]:
    """For a test that writes: the demo is afterwards as it was."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def browser(demo: str, undone: None) -> Client:
    client = Client()
    client.force_login(User.objects.get(email="board@demo.example"))
    return client


def rows_of(kind: str) -> list[dict[str, str]]:
    with (DEMO / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def figure(code: str, area: str = "", month: str = "2026-01") -> Figure:
    return Figure.objects.get(month__month=month, code=code, area=area, breakdown="")


# --- The numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("demo", "undone")
@pytest.mark.parametrize("code", REPORTED)
def test_roll_up_of_january_gives_the_reports_number(code: str) -> None:
    call_command("roll_up", month="2026-01", stdout=io.StringIO())

    there = figure(code)
    assert (there.value, there.numerator, there.denominator) == REPORTED[code]


@pytest.mark.usefixtures("demo")
def test_completed_and_on_track_are_83() -> None:
    assert figure("milestones.completed").value + figure("milestones.on_track").value == 83


@pytest.mark.usefixtures("demo")
def test_plan_has_five_areas_that_sum_to_it() -> None:
    codes = list(PriorityArea.objects.values_list("code", flat=True))

    assert codes == ["PA1", "PA2", "PA3", "AFI1", "AFI2"]
    assert sum(figure("milestones.total", area=code).value for code in codes) == 95


@pytest.mark.usefixtures("demo")
def test_every_milestone_off_track_or_delayed_says_what_is_being_done() -> None:
    rows = Milestone.objects.as_at(JANUARY).filter(status_on__in=Status.needing_reasons())
    updates = MilestoneUpdate.objects.filter(pk__in=rows.values("update_on"))

    assert len(updates) == 11
    for update in updates:
        assert update.reason
        assert update.mitigation
        assert update.consequence
        assert update.forecast_date >= update.as_at


@pytest.mark.parametrize("code", REPORTED)
def test_api_and_its_csv_give_the_stored_number(browser: Client, code: str) -> None:
    stored = figure(code)
    query = {"month": "2026-01", "code": code, "area": ""}

    [row] = [r for r in browser.get(reverse("figure-list"), query).json()["results"] if r["area"] == ""]
    text = b"".join(browser.get(reverse("figure-list"), {**query, "format": "csv"})).decode("utf-8-sig")
    [line] = [r for r in csv.DictReader(io.StringIO(text)) if r["area"] == ""]

    assert Decimal(str(row["value"])) == Decimal(line["value"]) == stored.value


@pytest.mark.parametrize("status", Status)
def test_list_behind_a_figure_has_as_many_rows(browser: Client, status: Status) -> None:
    query = {"status": status.value, "as_at": JANUARY.isoformat()}

    page = browser.get(reverse("milestones:list"), query)
    api = browser.get(reverse("milestone-list"), query)

    counted = figure(f"milestones.{status}").value
    assert page.context["paginator"].count == api.json()["count"] == counted


def test_dashboard_says_the_reports_numbers(browser: Client) -> None:
    page = " ".join(browser.get(reverse("dashboard"), {"month": "2026-01"}).content.decode().split())

    assert "83 of 95" in page
    assert "87.4%" in page


@pytest.mark.usefixtures("demo")
def test_share_completed_or_on_track_rises_from_may_to_january() -> None:
    months = [str(month) for month in Month(2025, 5).until(Month(2026, 1))]
    shares = [figure("milestones.on_track_or_completed", month=month).value for month in months]

    # It may rest for a summer; it does not collapse, and ends where the report does.
    assert 55 <= shares[0] <= 65
    assert all(later > earlier - 2 for earlier, later in pairwise(shares))
    assert shares[-1] == Decimal("87.4")


@pytest.mark.usefixtures("demo")
def test_neurodivergent_pathway_worsens_in_january() -> None:
    december, january = (
        figure("milestones.on_track_or_completed", area="PA3", month=month).value for month in ("2025-12", "2026-01")
    )

    assert january < december


# --- As if it had happened ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("model", [MilestoneUpdate, DueDateChange, Evidence, UpdateConfirmation, MilestoneChange])
def test_history_was_learned_in_its_own_time(model: Any) -> None:
    learned = model.objects.values_list("created_at", flat=True)

    assert {moment.astimezone(dt.UTC).year for moment in learned} <= {2025, 2026}
    assert max(learned) < dt.datetime(2026, 2, 7, tzinfo=dt.UTC)


@pytest.mark.usefixtures("demo")
def test_each_update_was_learned_soon_after_its_day_and_before_the_cut_off() -> None:
    cut_offs = dict(ReportingMonth.objects.values_list("month", "cut_off"))

    for as_at, learned_at in MilestoneUpdate.objects.values_list("as_at", "created_at"):
        assert as_at < timezone.localdate(learned_at) <= cut_offs[str(Month.of(as_at))]


@pytest.mark.usefixtures("demo")
def test_months_to_december_are_signed_off_and_january_is_open() -> None:
    states = dict(ReportingMonth.objects.values_list("month", "state"))

    assert states.pop("2026-01") == "open"
    assert set(states.values()) == {"signed_off"}
    assert min(states) == "2025-04"


@pytest.mark.usefixtures("demo")
def test_signed_off_months_still_have_the_digest_they_were_sealed_with() -> None:
    for month in ReportingMonth.objects.filter(state="signed_off"):
        assert digest_of(month) == month.digest


@pytest.mark.usefixtures("demo")
def test_officer_owes_some_returns_and_sro_has_updates_to_confirm() -> None:
    officer, sro = (User.objects.get(email=f"{name}@demo.example") for name in ("officer", "sro"))
    month = Month(2026, 1)
    officers = Milestone.objects.filter(responsible_officer=officer)
    waiting = MilestoneUpdate.objects.filter(
        milestone__sro=sro, as_at__range=(month.first_day, month.last_day), confirmation=None
    )

    assert len(officers) >= 6
    assert 1 <= len(officers.without_return(month.first_day, month.last_day)) < len(officers)
    assert waiting
    assert UpdateConfirmation.objects.filter(created_by=sro)


@pytest.mark.usefixtures("demo")
def test_some_blocker_slips_past_what_waits_for_it() -> None:
    assert MilestoneDependency.objects.slipping().exists()


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("name", SIGN_INS)
def test_sign_in_works_with_the_printed_password(name: str, demo: str) -> None:
    assert f"{name}@demo.example" in demo
    assert PASSWORD in demo
    assert User.objects.get(email=f"{name}@demo.example").check_password(PASSWORD)


# --- Again, and elsewhere -------------------------------------------------------------------------------------------


def everything() -> list[Any]:
    tables = (User, PriorityArea, Milestone, MilestoneUpdate, DueDateChange, Evidence, MonthChange, Figure)
    return [list(model.objects.order_by("pk").values()) for model in tables]


@pytest.mark.usefixtures("demo", "undone")
def test_second_load_changes_nothing_and_says_so() -> None:
    before, said = everything(), io.StringIO()

    call_command("load_demo", force=True, stdout=said)

    assert "nothing was changed" in said.getvalue()
    assert everything() == before


@pytest.mark.usefixtures("demo", "undone")
@pytest.mark.parametrize("kind", SHEETS)
def test_sheet_read_again_changes_nothing(kind: str) -> None:
    office, now = User.objects.get(email="office@demo.example"), timezone.now()
    run = Run(by=office, at=now, on=timezone.localdate(now), source=f"{kind}.csv")

    with (DEMO / f"{kind}.csv").open("rb") as file:
        report = read_sheet(KINDS[kind], file, run, write=True)

    assert report.written, report.refused or list(report.faults)
    assert (report.new, report.changed, report.unchanged) == (0, 0, len(rows_of(kind)))
    assert report.unknown == []


@pytest.mark.django_db
def test_live_portal_is_refused(settings: Any) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError, match="--force"):
        call_command("load_demo")

    assert not User.objects.exists()


@pytest.mark.django_db
def test_database_with_a_plan_is_refused() -> None:
    MilestoneFactory()

    with pytest.raises(CommandError, match="already holds a plan"):
        call_command("load_demo", force=True)


# --- The sheets themselves ------------------------------------------------------------------------------------------


def test_progress_is_told_in_words_of_its_own() -> None:
    told = [row["Progress"] for row in rows_of("milestone-updates")]

    assert all(told)
    assert len(set(told)) > 0.99 * len(told)


def test_people_have_names_of_roles_and_addresses_of_the_demo() -> None:
    people = rows_of("people")

    assert all(row["Email"].endswith("@demo.example") for row in people)
    beginnings = ("Officer ", "SRO ", "Board ", "Programme Office ", "Analyst ", "Auditor ")
    assert all(row["Name"].startswith(beginnings) for row in people)


def test_links_lead_nowhere_real() -> None:
    assert all(row["Link"].startswith("https://localoffer.example/") for row in rows_of("evidence"))
