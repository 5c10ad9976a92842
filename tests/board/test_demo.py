"""The demo partnership: what it is told to be, the numbers that come out of it, and that a second load is harmless."""

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from board.figures import StoredFigure, figures_of
from board.management.commands.load_demo import PASSWORD, SIGN_INS
from board.models import Figure, MonthChange, ReportingMonth
from board.resources import KINDS
from board.services import digest_of
from core.months import Month
from core.sheets import Run, read_sheet, write_sheet
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
from risks.models import (
    Escalation,
    Level,
    MatrixChoice,
    Mitigation,
    MitigationUpdate,
    Movement,
    Risk,
    RiskChange,
    RiskMatrix,
    RiskReview,
    RiskTarget,
    State,
    StateChange,
    TargetPoint,
)
from tests.board.test_resources import rows_of as cells_of
from tests.factories import MilestoneFactory

DEMO = Path(settings.BASE_DIR) / "demo"
SHEETS = ("priority-areas", "people", "milestones", "milestone-updates", "due-date-changes")
REGISTER = ("risks", "risk-reviews", "mitigations")
JANUARY, SEPTEMBER = dt.date(2026, 1, 31), dt.date(2025, 9, 30)
# The report's numbers for 31 January 2026: code, value, numerator and denominator.
REPORTED = {
    "milestones.total": (95, None, None),
    "milestones.on_track_or_completed": (Decimal("87.4"), 83, 95),
    "milestones.off_track": (10, None, None),
    "milestones.delayed": (1, None, None),
    "milestones.not_started": (1, None, None),
}


# The register on the same day: code and breakdown, and the risks that the figure counts.
CROSS_SYSTEM = ["R01", "R02", "R03", "R04", "R05"]
OPERATIONAL = [f"R{number:02}" for number in range(6, 23) if number not in (13, 14)]
REGISTERED = {
    ("risks.open", ""): CROSS_SYSTEM + OPERATIONAL,
    ("risks.level.systemic", ""): CROSS_SYSTEM,
    ("risks.level.operational", ""): OPERATIONAL,
    ("risks.by_band", "extreme"): ["R01", "R03", "R04", "R05", "R19"],
    ("risks.by_band", "high"): ["R02", "R07", "R08", "R10", "R15", "R20", "R21", "R22"],
    ("risks.by_band", "moderate"): ["R06", "R09", "R16", "R17", "R18"],
    ("risks.by_band", "low"): ["R11", "R12"],
    ("risks.movement.up", ""): ["R04", "R19", "R20"],
    ("risks.movement.down", ""): ["R02", "R06", "R09", "R11", "R12"],
    ("risks.movement.new", ""): ["R22"],
    ("risks.movement.same", ""): ["R01", "R03", "R05", "R07", "R08", "R10", "R15", "R16", "R17", "R18", "R21"],
    ("risks.movement.closed", ""): [],
    ("risks.movement.rescored", ""): [],
    ("risks.escalated", ""): [],
    ("risks.de_escalated", ""): ["R08"],
    ("risks.with_trajectory", ""): ["R01", "R02", "R03", "R04", "R05", "R06", "R07", "R08", "R09", "R15"],
    ("risks.above_trajectory", ""): ["R01", "R04", "R15"],
    ("risks.without_mitigation", ""): ["R22"],
    ("risks.review_overdue", ""): ["R10"],
    ("risks.action_overdue", ""): ["R01", "R15", "R20"],
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


# --- The register ---------------------------------------------------------------------------------------------------


def register(on: dt.date) -> Any:
    return Risk.objects.in_register(on).as_at(on).with_movement(on)


def stored_figure(code: str, breakdown: str = "") -> StoredFigure:
    found = figures_of(Month(2026, 1)).figure(code, "", breakdown)
    assert found
    return found


@pytest.mark.parametrize(
    ("code", "breakdown"), [pytest.param(*key, id=" ".join(filter(None, key))) for key in REGISTERED]
)
def test_figure_of_the_register_is_the_same_wherever_it_is_read(browser: Client, code: str, breakdown: str) -> None:
    expected, stored = REGISTERED[code, breakdown], stored_figure(code, breakdown)
    query = {"month": "2026-01", "code": code, "area": ""}

    answered = browser.get(reverse("figure-list"), query).json()["results"]
    text = b"".join(browser.get(reverse("figure-list"), {**query, "format": "csv"})).decode("utf-8-sig")
    behind = browser.get(stored.url)
    rows = browser.get(reverse("risk-list") + "?" + stored.url.partition("?")[2]).json()

    [value] = [row["value"] for row in answered if (row["area"], row["breakdown"]) == ("", breakdown)]
    [cell] = [
        row["value"] for row in csv.DictReader(io.StringIO(text)) if (row["area"], row["breakdown"]) == ("", breakdown)
    ]
    assert stored.number == Decimal(str(value)) == Decimal(cell) == len(expected)
    assert behind.context["paginator"].count == rows["count"] == len(expected)
    assert sorted(risk.reference for risk in behind.context["object_list"]) == sorted(expected)
    assert sorted(risk["reference"] for risk in rows["results"]) == sorted(expected)


def test_mean_score_is_the_same_wherever_it_is_read(browser: Client) -> None:
    stored, query = stored_figure("risks.mean_score"), {"month": "2026-01", "code": "risks.mean_score", "area": ""}

    [row] = [r for r in browser.get(reverse("figure-list"), query).json()["results"] if r["area"] == ""]

    assert stored.number == Decimal(str(row["value"])) == Decimal("10.2")
    assert (stored.numerator, stored.denominator) == (203, 20)
    behind = browser.get(stored.url).context["paginator"].object_list
    assert sum(risk.score_on for risk in behind) == 203


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("reference", CROSS_SYSTEM)
def test_cross_system_risk_has_all_that_the_report_has_of_it(reference: str) -> None:
    """Systemic, owned, mitigated, reviewed in every month since May 2025, and on its way to a target in April."""
    risk = register(JANUARY).get(reference=reference)
    reviewed = {Month.of(day) for day in risk.reviews.values_list("reviewed_on", flat=True)}
    target = risk.targets.first()
    points = list(target.points.order_by("due_on").values_list("due_on", "score"))

    assert (risk.level_on, risk.state_on) == (Level.SYSTEMIC, State.OPEN)
    assert risk.owner.is_active
    assert reviewed == set(Month(2025, 5).until(Month(2026, 1)))
    assert risk.areas.count() >= 2
    assert risk.milestones.exists()
    assert risk.cause
    assert risk.event
    assert risk.consequence
    assert {mitigation.kind for mitigation in risk.mitigations.all()} == {"control", "action"}
    assert target.due_on == dt.date(2026, 4, 30)
    assert points[-1] == (target.due_on, target.score)
    assert len(points) >= 3
    assert [score for _day, score in points] == sorted((score for _day, score in points), reverse=True)


@pytest.mark.usefixtures("demo")
def test_every_open_risk_but_one_is_held_down_by_somebody_and_reviewed() -> None:
    for risk in register(JANUARY).open().exclude(reference="R22"):
        standing = risk.mitigations.as_at(JANUARY).standing()
        assert standing, risk
        assert all(mitigation.owner.is_active for mitigation in standing)
        assert risk.reviewed_on >= dt.date(2025, 11, 1), risk
    assert not Mitigation.objects.filter(risk__reference="R22").exists()


@pytest.mark.usefixtures("demo")
def test_plans_that_were_not_kept_were_made_again_and_both_stand() -> None:
    earlier, latest = (
        register(on).get(reference="R02").planned_on for on in (dt.date(2025, 11, 25), dt.date(2025, 12, 1))
    )

    assert (earlier, latest) == (12, 16)
    assert RiskTarget.objects.filter(risk__reference="R02").count() == 3


@pytest.mark.usefixtures("demo")
def test_risks_moved_between_the_boards_and_back() -> None:
    moves = Escalation.objects.order_by("moved_on").values_list("risk__reference", "moved_on", "to_level")

    assert list(moves) == [
        ("R05", dt.date(2025, 9, 8), Level.SYSTEMIC),
        ("R08", dt.date(2025, 11, 10), Level.SYSTEMIC),
        ("R08", dt.date(2026, 1, 28), Level.OPERATIONAL),
    ]


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("reference", "closed_on"),
    [
        pytest.param("R13", dt.date(2025, 11, 3), id="R13"),
        pytest.param("R14", dt.date(2025, 12, 18), id="R14"),
    ],
)
def test_closed_risk_stays_in_the_months_before(reference: str, closed_on: dt.date) -> None:
    month = Month.of(closed_on)

    assert Risk.objects.get(reference=reference).closed_on == closed_on
    assert StateChange.objects.get(risk__reference=reference).reason
    assert register(month.previous.last_day).get(reference=reference).state_on == State.OPEN
    assert register(month.last_day).get(reference=reference).movement_on == Movement.CLOSED
    assert figure("risks.movement.closed", month=str(month)).value == 1
    assert set(StateChange.objects.values_list("risk__reference", flat=True)) == {"R13", "R14"}


def test_heat_map_of_september_is_another_one(browser: Client) -> None:
    def cells(on: dt.date) -> Counter[tuple[int, int]]:
        return Counter(register(on).open().values_list("likelihood_on", "impact_on"))

    def linked(month: str, on: dt.date) -> Counter[tuple[int, int]]:
        """How many risks the list behind each cell of the page has."""
        address = reverse("risks:list")
        assert browser.get(reverse("risks:heat_map"), {"month": month}).status_code == 200
        found: Counter[tuple[int, int]] = Counter()
        for pair in cells(on):
            query = {"likelihood": pair[0], "impact": pair[1], "as_at": on.isoformat()}
            found[pair] = browser.get(address, query).context["paginator"].count
        return found

    september, january = cells(SEPTEMBER), cells(JANUARY)

    assert linked("2025-09", SEPTEMBER) == september
    assert linked("2026-01", JANUARY) == january
    assert (september.total(), january.total()) == (21, 20)
    assert (september[5, 5], january[5, 5], january[5, 4]) == (1, 0, 1)
    assert (september[4, 3], january[4, 3]) == (8, 2)
    assert figure("risks.mean_score", month="2025-09").value == Decimal("13.7")


# --- As if it had happened ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    "model",
    [
        MilestoneUpdate,
        DueDateChange,
        Evidence,
        UpdateConfirmation,
        MilestoneChange,
        RiskReview,
        RiskTarget,
        TargetPoint,
        Escalation,
        StateChange,
        RiskChange,
        Mitigation,
        MitigationUpdate,
    ],
)
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
@pytest.mark.parametrize(
    ("model", "day"),
    [
        pytest.param(Risk, "opened_on", id="risks"),
        pytest.param(RiskReview, "reviewed_on", id="reviews"),
        pytest.param(Escalation, "moved_on", id="moves"),
        pytest.param(StateChange, "changed_on", id="closings"),
        pytest.param(Mitigation, "added_on", id="mitigations"),
        pytest.param(MitigationUpdate, "dated_on", id="steps of mitigations"),
    ],
)
def test_register_was_kept_as_it_happened(model: Any, day: str) -> None:
    for happened_on, learned_at in model.objects.values_list(day, "created_at"):
        assert timezone.localdate(learned_at) == happened_on


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
    tables += (Risk, RiskReview, RiskTarget, TargetPoint, Escalation, StateChange, Mitigation, MitigationUpdate)
    return [list(model.objects.order_by("pk").values()) for model in tables]


@pytest.mark.usefixtures("demo", "undone")
def test_second_load_changes_nothing_and_says_so() -> None:
    before, said = everything(), io.StringIO()

    call_command("load_demo", force=True, stdout=said)

    assert "nothing was changed" in said.getvalue()
    assert everything() == before


@pytest.mark.usefixtures("demo", "undone")
@pytest.mark.parametrize("kind", [*SHEETS, "risk-reviews"])
def test_sheet_read_again_changes_nothing(kind: str) -> None:
    office, now = User.objects.get(email="office@demo.example"), timezone.now()
    run = Run(by=office, at=now, on=timezone.localdate(now), source=f"{kind}.csv")

    with (DEMO / f"{kind}.csv").open("rb") as file:
        report = read_sheet(KINDS[kind], file, run, write=True)

    assert report.written, report.refused or list(report.faults)
    assert (report.new, report.changed, report.unchanged) == (0, 0, len(rows_of(kind)))
    assert report.unknown == []


@pytest.mark.usefixtures("demo", "undone")
def test_register_as_it_stands_reads_back_in_unchanged(tmp_path: Path) -> None:
    """The demo's own sheets say how risks and mitigations began; what became of them since is in what is exported."""
    office, now = User.objects.get(email="office@demo.example"), timezone.now()
    for kind in REGISTER:
        path = tmp_path / f"{kind}.xlsx"
        write_sheet(KINDS[kind](), path)
        with path.open("rb") as file:
            run = Run(by=office, at=now, on=timezone.localdate(now), source=path.name)
            report = read_sheet(KINDS[kind], file, run, write=True)

        assert report.written, report.refused or list(report.faults)
        assert (report.new, report.changed) == (0, 0)
        assert report.unchanged == len(rows_of(kind))


@pytest.mark.usefixtures("demo", "undone")
def test_exported_demo_fills_an_empty_portal_alike(tmp_path: Path) -> None:
    """Closed risks too, with the reviews and mitigations that they had."""
    before, now = exported(tmp_path / "before"), timezone.now()
    matrices, choices = list(RiskMatrix.objects.all()), list(MatrixChoice.objects.all())
    # PostgreSQL empties no table whose foreign keys wait to be checked.
    connection.check_constraints()
    call_command("flush", interactive=False, verbosity=0)
    # What migrations bring to every portal.
    RiskMatrix.objects.bulk_create(matrices)
    MatrixChoice.objects.bulk_create(choices)

    for kind, path in before.items():
        with path.open("rb") as file:
            run = Run(by=None, at=now, on=timezone.localdate(now), source=path.name)
            report = read_sheet(KINDS[kind], file, run, write=True)
        assert report.written, report.refused or list(report.faults)
        assert report.new == report.rows > 0

    after = exported(tmp_path / "after")
    for kind, path in before.items():
        assert cells_of(after[kind]) == cells_of(path)
    assert Risk.objects.get(reference="R13").mitigations.count() == 2


def exported(folder: Path) -> dict[str, Path]:
    folder.mkdir()
    paths = {kind: folder / f"{kind}.csv" for kind in KINDS}
    for kind, path in paths.items():
        write_sheet(KINDS[kind](), path)
    return paths


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
