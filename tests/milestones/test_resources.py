"""The plan as spreadsheets: a messy tracker comes in, comes in again and changes nothing, and goes out unchanged."""

import datetime as dt
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from openpyxl import Workbook, load_workbook

from accounts.models import Organisation, Role, User
from core.sheets import write_sheet
from milestones.models import (
    DueDateChange,
    Evidence,
    Impact,
    Milestone,
    MilestoneChange,
    MilestoneUpdate,
    PriorityArea,
    Status,
)
from milestones.resources import (
    DueDateChangeResource,
    MilestoneResource,
    MilestoneUpdateResource,
    PriorityAreaResource,
)
from milestones.services import MilestoneRow, add_milestones
from tests.factories import (
    DueDateChangeFactory,
    MilestoneFactory,
    MilestoneUpdateFactory,
    PriorityAreaFactory,
    UserFactory,
)
from tests.factories.accounts import LEARNED
from tests.factories.sheets import faults, read, xlsx

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 1, 31)
MILESTONE = ["Reference", "Priority area", "Milestone", "Responsible officer", "SRO", "Due date"]
UPDATE = ["Reference", "As at", "Status", "Progress", "Author"]
MOVE = ["Reference", "Date", "From", "To", "Reason", "Approved by"]


@pytest.fixture
def lead(db: None) -> User:
    return UserFactory(email="lead@test.example", full_name="Officer Lead")


@pytest.fixture
def sro(db: None) -> User:
    return UserFactory(email="sro@test.example", full_name="Officer Accountable", roles=[Role.SRO])


@pytest.fixture
def area(db: None) -> PriorityArea:
    return PriorityAreaFactory(code="PA1", title="Governance")


@pytest.fixture
def plan(lead: User, sro: User, area: PriorityArea) -> Callable[..., Any]:
    """A milestones sheet with one row: `plan(Status="G")` adds a column."""

    def sheet(**more: Any) -> io.BytesIO:
        given = dict(zip(MILESTONE, ["PA1-01", "PA1", "Board meets", lead.email, sro.email, "31/03/2026"], strict=True))
        given |= {name.replace("_", " "): value for name, value in more.items()}
        return xlsx([list(given), list(given.values())])

    return sheet


# --- A tracker as councils keep it ------------------------------------------------------------------------------------


def tracker(*, faulty: bool = False) -> io.BytesIO:
    """95 rows under title rows, with headings in any case and spacing, dates in every form, colours for ratings."""
    chance = random.Random(7)  # noqa: S311 the same tracker every time
    due = dt.date(2026, 3, 31)
    dates = [due, "31/03/2026", "31.3.26", "31 March 2026", "31-Mar-26", "2026-03-31", "March 2026", "Mar 26"]
    ratings = ["G", "green", "On-Track", "ON TRACK", "Amber", "a", "Off track", "Red", "R", "B", "Completed", "", None]
    people = [
        "lead@test.example",
        "LEAD@TEST.EXAMPLE",
        "officer  lead",
        "Officer Lead",
        "Officer Lead <lead@test.example>",
    ]
    book = Workbook()
    sheet = book.active
    sheet.append(["SEND Improvement Programme – PRIORITY ACTION PLAN TRACKER"])
    sheet.append([None, "Updated by the PMO", dt.date(2026, 1, 30)])
    sheet.append([])
    headings = [" REF. ", "Area", "ACTION", "Success  criteria", "Lead Officer", "Senior Responsible Officer"]
    sheet.append([*headings, "Organisation", "DEADLINE", "R.A.G.", "Impact RAG", "Notes for PMO", "Link"])
    for number in range(1, 96):
        if number % 20 == 0:
            sheet.append([None] * 12)
        area = chance.choice(["PA1", "pa1", "Governance", "PA1 - Governance"])
        measure, who = "Families say so\nand data shows it", chance.choice(people)
        where = chance.choice(["County Council", "county council ", "New Trust"])
        rated = [chance.choice(ratings), chance.choice(["Emerging", "evident", "", None])]
        link = "https://localoffer.example/evidence" if number == 3 else None
        what = [f"pa1-{number:02}", area, f"Deliverable {number} ", measure, who, "sro@test.example", where]
        sheet.append([*what, chance.choice(dates), *rated, "chase", link])
    if faulty:
        sheet["H10"], sheet["I42"], sheet["E77"] = "31 September 2020", "Purple", "Somebody Unknown"
    file = io.BytesIO()
    book.save(file)
    return file


@pytest.fixture
def _people(lead: User, sro: User, area: PriorityArea) -> None:
    pass


@pytest.mark.usefixtures("_people")
def test_messy_tracker_of_95_rows_comes_in_and_again_changes_nothing(office: User) -> None:
    report = read(MilestoneResource, tracker(), "tracker.xlsx", by=office)

    assert faults(report) == []
    assert (report.rows, report.new, report.written) == (95, 95, True)
    assert report.unknown == ["Notes for PMO"]
    assert report.notices == ["New organisation: New Trust"]
    assert Milestone.objects.count() == 95
    assert set(Milestone.objects.values_list("due_date", flat=True)) == {dt.date(2026, 3, 31)}
    assert set(Milestone.objects.values_list("added_on", flat=True)) == {dt.date(2025, 4, 1)}
    assert Evidence.objects.count() == 1
    rated = MilestoneUpdate.objects.count()
    assert rated > 50
    assert Milestone.objects.filter(latest_update__isnull=False).count() == rated

    for day in (TODAY, dt.date(2026, 2, 27)):
        at = dt.datetime.combine(day, dt.time(12), dt.UTC)
        again = read(MilestoneResource, tracker(), "tracker.xlsx", by=office, at=at)
        assert (again.new, again.changed, again.unchanged, again.faulty) == (0, 0, 95, 0)
    assert (MilestoneUpdate.objects.count(), Evidence.objects.count(), Organisation.objects.count()) == (rated, 1, 2)
    assert not MilestoneChange.objects.exclude(field="added").exists()


@pytest.mark.usefixtures("_people")
def test_tracker_with_three_faulty_cells_reports_all_three_and_writes_nothing(office: User) -> None:
    report = read(MilestoneResource, tracker(faulty=True), "tracker.xlsx", by=office)

    assert faults(report) == [
        'row 10, Due date: "31 September 2020" is not a date',
        'row 42, Status: "Purple" is not one of: Completed, On track, Off track, Delayed, Not started',
        'row 77, Responsible officer: "Somebody Unknown" is nobody in the portal, by email address or by full name',
    ]
    assert (report.new, report.faulty, report.written) == (92, 3, False)
    assert not Milestone.objects.exists()
    assert not MilestoneUpdate.objects.exists()
    assert not Organisation.objects.filter(name="New Trust").exists()


# --- Milestones -------------------------------------------------------------------------------------------------------


def test_new_milestone_takes_its_blanks_from_the_plan(plan: Any, office: User) -> None:
    read(MilestoneResource, plan(Baseline_due_date=None, Added_on=None), by=office)

    milestone = Milestone.objects.get()
    assert (milestone.baseline_due_date, milestone.added_on) == (dt.date(2026, 3, 31), dt.date(2025, 4, 1))
    assert milestone.status == Status.NOT_STARTED
    assert milestone.latest_update is None


def test_status_makes_an_update_as_at_the_day_it_says_and_completed_takes_it_as_completion(
    plan: Any, office: User
) -> None:
    read(MilestoneResource, plan(RAG="Blue", Status_as_at="15/01/2026", Impact="Evident"), by=office)

    update = MilestoneUpdate.objects.get()
    assert (update.status, update.impact, update.as_at) == (Status.COMPLETED, Impact.EVIDENT, dt.date(2026, 1, 15))
    assert (update.completed_on, update.author) == (dt.date(2026, 1, 15), office)
    assert Milestone.objects.get().status == Status.COMPLETED


def test_status_without_a_day_is_as_at_the_import(plan: Any, office: User) -> None:
    read(MilestoneResource, plan(Status="G"), by=office)

    assert MilestoneUpdate.objects.get().as_at == TODAY


def test_known_milestone_changes_through_the_services_and_history_says_so(plan: Any, office: User) -> None:
    read(MilestoneResource, plan(Status="G", Success_measure="Old"), "first.xlsx", by=office)
    other = UserFactory(full_name="Officer New")

    more = {"Milestone": "Board meets monthly", "Responsible officer": other.email, "Due date": "30/04/2026"}
    report = read(MilestoneResource, plan(Status="R", Success_measure=None, **more), "second.xlsx", by=office)

    assert faults(report) == []
    assert [str(line) for line in report.effects] == [
        "row 2, PA1-01, Milestone: Board meets → Board meets monthly",
        "row 2, PA1-01, Success measure: Old → (blank)",
        "row 2, PA1-01, Responsible officer: Officer Lead → Officer New",
        "row 2, PA1-01, Due date: 31 March 2026 → 30 April 2026",
        "row 2, PA1-01, Status: On track → Delayed",
    ]
    milestone = Milestone.objects.get()
    assert (milestone.title, milestone.responsible_officer, milestone.status) == (
        "Board meets monthly",
        other,
        Status.DELAYED,
    )
    move = DueDateChange.objects.get()
    assert (move.from_date, move.to_date, move.approved_by) == (dt.date(2026, 3, 31), dt.date(2026, 4, 30), office)
    assert move.reason == "Imported from second.xlsx"
    changed = MilestoneChange.objects.exclude(field="added").values_list("field", "reason")
    assert set(changed) == {
        (field, "Imported from second.xlsx") for field in ("title", "success_measure", "responsible_officer")
    }
    assert MilestoneUpdate.objects.count() == 2


def test_status_of_the_same_day_that_is_there_already_is_nothing_new(plan: Any, office: User) -> None:
    sheet = plan(Status="G", Status_as_at="15/01/2026")
    read(MilestoneResource, sheet, by=office)
    MilestoneUpdateFactory(milestone=Milestone.objects.get(), as_at=TODAY, status=Status.DELAYED)

    assert read(MilestoneResource, sheet, by=office).unchanged == 1


def test_same_status_on_a_later_day_is_news(plan: Any, office: User) -> None:
    read(MilestoneResource, plan(Status="G", Status_as_at="15/01/2026"), by=office)

    report = read(MilestoneResource, plan(Status="G", Status_as_at="31/01/2026"), by=office)
    assert [str(line) for line in report.effects] == ["row 2, PA1-01, Status as at: 15 January 2026 → 31 January 2026"]
    assert Milestone.objects.get().latest_update.as_at == TODAY


def test_status_of_a_day_to_come_is_a_fault_of_its_cell(plan: Any, office: User) -> None:
    report = read(MilestoneResource, plan(Status="G", Status_as_at="01/02/2026"), by=office)

    assert faults(report) == ['row 2, Status as at: "1 February 2026": The date must be today or earlier.']
    assert (report.new, report.faulty) == (0, 1)
    assert not Milestone.objects.exists()


def test_evidence_link_makes_one_row_and_never_a_second(plan: Any, office: User) -> None:
    sheet = plan(Link="https://a.example/one\nhttps://a.example/two")
    for _time in range(2):
        read(MilestoneResource, sheet, by=office)

    assert list(Evidence.objects.order_by("pk").values_list("url", flat=True)) == [
        "https://a.example/one",
        "https://a.example/two",
    ]
    assert faults(read(MilestoneResource, plan(Link="see SharePoint"), by=office)) == [
        'row 2, Evidence: "see SharePoint" is not a link. Paste the address itself, which starts with https://'
    ]


def test_withdrawn_milestone_leaves_the_plan_with_the_sheet_as_its_reason(plan: Any, office: User) -> None:
    read(MilestoneResource, plan(Status="G"), by=office)
    read(MilestoneResource, plan(Status="G", Withdrawn_on="20/01/2026"), "tracker.xlsx", by=office)

    milestone = Milestone.objects.get()
    assert milestone.withdrawn_on == dt.date(2026, 1, 20)
    assert milestone.withdrawn_reason == "Imported from tracker.xlsx"
    assert read(MilestoneResource, plan(Status="G", Withdrawn_on=None), by=office).unchanged == 1


def test_due_date_that_nobody_can_approve_is_not_moved(plan: Any) -> None:
    read(MilestoneResource, plan())

    report = read(MilestoneResource, plan(**{"Due date": "30/04/2026"}))
    assert "A changed due date needs somebody who approves it" in faults(report)[0]


def test_unknown_area_is_never_created(plan: Any, office: User) -> None:
    report = read(MilestoneResource, plan(**{"Priority area": "PA9"}), by=office)

    assert faults(report) == ['row 2, Priority area: "PA9" is not a priority area in the portal']
    assert PriorityArea.objects.count() == 1


def test_reference_that_cannot_be_one_is_a_fault_of_its_cell(plan: Any, office: User) -> None:
    report = read(MilestoneResource, plan(Reference="Total 95"), by=office)

    assert faults(report) == [
        'row 2, Reference: "TOTAL 95": Use capital letters, digits and hyphens, like PA1-03.',
    ]


@pytest.mark.parametrize(("rows", "more"), [(2, 25)])
def test_queries_do_not_grow_with_rows_that_say_nothing_new(
    plan: Any, office: User, count_queries: Any, lead: User, sro: User, rows: int, more: int
) -> None:
    def sheet(count: int) -> io.BytesIO:
        lines = [[f"PA1-{n:02}", "PA1", f"Title {n}", lead.email, sro.email, "31/03/2026"] for n in range(count)]
        return xlsx([MILESTONE, *lines])

    read(MilestoneResource, sheet(more), by=office)
    counts = [count_queries(lambda n=n: read(MilestoneResource, sheet(n), by=office)) for n in (rows, more)]
    assert counts[0] == counts[1]


# --- Updates ----------------------------------------------------------------------------------------------------------


def test_updates_only_add_and_the_same_row_twice_is_one(lead: User, office: User) -> None:
    MilestoneFactory(reference="PA1-01")
    rows = [["PA1-01", "Jan 2026", "G", "Going well", "Officer Lead"], ["PA1-01", "Dec 25", "R", "Late", lead.email]]

    report = read(MilestoneUpdateResource, xlsx([UPDATE, *rows, rows[0]]), by=office)
    assert (report.new, report.unchanged, report.rows) == (2, 1, 3)
    assert read(MilestoneUpdateResource, xlsx([UPDATE, *rows]), by=office).unchanged == 2
    assert MilestoneUpdate.objects.count() == 2
    assert Milestone.objects.get().status == Status.ON_TRACK


def test_of_two_updates_on_one_day_the_later_row_counts(lead: User, office: User) -> None:
    MilestoneFactory(reference="PA1-01")
    rows = [["PA1-01", TODAY, "G", "Morning", lead.email], ["PA1-01", TODAY, "R", "Evening", lead.email]]

    read(MilestoneUpdateResource, xlsx([UPDATE, *rows]), by=office)
    assert Milestone.objects.get().status == Status.DELAYED


def test_faulty_updates_are_reported_at_their_rows_and_the_sound_ones_counted(lead: User, office: User) -> None:
    MilestoneFactory(reference="PA1-01")
    rows = [
        ["PA1-01", "01/02/2026", "G", "From the future", lead.email],
        ["PA1-01", TODAY, "G", "Sound", lead.email],
        ["PA9-99", TODAY, "O", None, "Somebody"],
    ]

    report = read(MilestoneUpdateResource, xlsx([UPDATE, *rows]), by=office)
    assert faults(report) == [
        'row 2, As at: "1 February 2026": The date must be today or earlier.',
        'row 4, Reference: "PA9-99" is not a milestone in the portal',
        'row 4, Status: "O" could be On track or Off track. Write the whole word',
        "row 4, Progress: is missing",
        'row 4, Author: "Somebody" is nobody in the portal, by email address or by full name',
    ]
    assert (report.new, report.faulty, report.written) == (1, 2, False)
    assert not MilestoneUpdate.objects.exists()


def test_updates_make_the_same_queries_for_two_rows_and_for_many(lead: User, office: User, count_queries: Any) -> None:
    for number in range(25):
        MilestoneFactory(reference=f"PA1-{number:02}")

    def sheet(count: int, words: str) -> io.BytesIO:
        return xlsx([UPDATE, *[[f"PA1-{n:02}", TODAY, "G", words, lead.email] for n in range(count)]])

    files = [sheet(2, "few"), sheet(25, "many")]
    counts = [count_queries(lambda file=file: read(MilestoneUpdateResource, file, by=office)) for file in files]
    assert counts[0] == counts[1]


# --- Due dates --------------------------------------------------------------------------------------------------------


def test_due_date_changes_come_in_any_order_once(lead: User, sro: User, office: User) -> None:
    MilestoneFactory(reference="PA1-01", sro=sro, baseline_due_date=dt.date(2025, 9, 30), due_date=dt.date(2026, 3, 31))
    rows = [
        ["PA1-01", "01/12/2025", "31/12/2025", "31/03/2026", "The provider asked", "Officer Accountable"],
        ["PA1-01", "01/09/2025", "30/09/2025", "31/12/2025", "Recruitment", sro.email],
    ]

    assert read(DueDateChangeResource, xlsx([MOVE, *rows]), by=office).new == 2
    assert read(DueDateChangeResource, xlsx([MOVE, *rows]), by=office).unchanged == 2
    assert Milestone.objects.get().due_date == dt.date(2026, 3, 31)


def test_due_date_change_that_starts_somewhere_else_is_a_fault(sro: User, office: User) -> None:
    milestone = MilestoneFactory(reference="PA1-01", sro=sro)
    DueDateChangeFactory(milestone=milestone, to_date=dt.date(2026, 3, 31))
    row = ["PA1-01", "01/12/2025", "30/11/2025", "30/04/2026", "Slipped", sro.email]

    report = read(DueDateChangeResource, xlsx([MOVE, row]), by=office)
    assert faults(report)[0].startswith('row 2, From: "30 November 2025": The change before this one led to')


# --- Areas ------------------------------------------------------------------------------------------------------------


def test_priority_areas_are_added_and_changed(office: User) -> None:
    headings = ["Code", "Title", "Kind", "Order"]
    read(PriorityAreaResource, xlsx([headings, ["PA1", "Governance", "priority action", 1]]), by=office)

    report = read(PriorityAreaResource, xlsx([headings, ["pa1", "Oversight", "PA", None]]), by=office)
    assert [str(line) for line in report.effects] == ["row 2, PA1, Title: Governance → Oversight"]
    area = PriorityArea.objects.get()
    assert (area.title, area.kind, area.order) == ("Oversight", PriorityArea.Kind.PRIORITY_ACTION, 1)


def test_formula_in_an_exported_cell_is_text_in_excel(area: PriorityArea, tmp_path: Path) -> None:
    PriorityArea.objects.filter(pk=area.pk).update(title='=cmd|"/c calc"!A1')
    write_sheet(PriorityAreaResource(), tmp_path / "a.xlsx")
    write_sheet(PriorityAreaResource(), tmp_path / "a.csv")

    cell = load_workbook(tmp_path / "a.xlsx").active["B2"]
    assert (cell.data_type, cell.value) == ("s", '=cmd|"/c calc"!A1')
    assert "'=cmd" in (tmp_path / "a.csv").read_text(encoding="utf-8-sig")


# --- The command ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_people")
def test_command_takes_a_tracker_in(tmp_path: Path, office: User, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tracker.xlsx"
    path.write_bytes(tracker().getvalue())

    call_command("import_sheet", "milestones", str(path), "--dry-run", "--by", office.email)
    assert not Milestone.objects.exists()
    call_command("import_sheet", "milestones", str(path), "--by", office.email)
    assert "Imported 95 rows: 95 new, 0 changed, 0 unchanged." in capsys.readouterr().out
    assert Milestone.objects.count() == 95
    call_command("import_sheet", "milestones", str(path), "--by", office.email)
    assert "0 new, 0 changed, 95 unchanged" in capsys.readouterr().out


@pytest.mark.usefixtures("_people")
def test_command_rejects_with_every_fault_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tracker.xlsx"
    path.write_bytes(tracker(faulty=True).getvalue())

    with pytest.raises(CommandError, match=r"Rejected: 3 faults in 3 of 95 rows\. Nothing was written\.") as rejected:
        call_command("import_sheet", "milestones", str(path))
    assert rejected.value.returncode == 1
    assert capsys.readouterr().err.splitlines()[0] == 'row 10, Due date: "31 September 2020" is not a date'
    assert not Milestone.objects.exists()


def test_command_exports_by_extension(tmp_path: Path, area: PriorityArea) -> None:
    for extension in ("csv", "xlsx", "ods"):
        path = tmp_path / f"areas.{extension}"
        call_command("export_sheet", "priority-areas", str(path))
        with path.open("rb") as file:
            assert read(PriorityAreaResource, file, path.name).unchanged == 1
    with pytest.raises(CommandError, match=r"must end in \.xlsx, \.csv or \.ods"):
        call_command("export_sheet", "priority-areas", str(tmp_path / "areas.pdf"))


# --- As at a day, and whole batches -----------------------------------------------------------------------------------


def test_download_of_a_list_as_at_a_day_says_what_was_true_then(area: PriorityArea) -> None:
    milestone = MilestoneFactory(area=area, baseline_due_date=dt.date(2025, 9, 30), due_date=dt.date(2026, 3, 31))
    DueDateChangeFactory(
        milestone=milestone,
        changed_on=dt.date(2025, 12, 1),
        from_date=dt.date(2025, 9, 30),
        to_date=dt.date(2026, 3, 31),
    )
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2025, 11, 20), status=Status.OFF_TRACK)
    MilestoneUpdateFactory(milestone=milestone, as_at=dt.date(2026, 1, 20), status=Status.ON_TRACK)
    day = dt.date(2025, 11, 30)

    resource = MilestoneResource()
    row = dict(zip(resource.headings, next(resource.export_rows(Milestone.objects.as_at(day))), strict=True))
    assert (row["Status"], row["Status as at"], row["Due date"]) == (
        "Off track",
        dt.date(2025, 11, 20),
        dt.date(2025, 9, 30),
    )


def test_batch_of_new_milestones_is_held_to_the_rules_of_one(office: User, lead: User, area: PriorityArea) -> None:
    gone = UserFactory(full_name="Officer Gone", is_active=False, deactivated_at=LEARNED, deactivated_by=office)
    MilestoneFactory(reference="PA1-01", area=area)

    def row(reference: str, **changes: Any) -> MilestoneRow:
        given = {"area": area, "title": "Title", "responsible_officer": lead, "sro": lead, "due_date": TODAY}
        return MilestoneRow(reference=reference, added_on=TODAY, **(given | changes))

    rows = [row("PA1-01"), row("lower"), row("PA1-02"), row("PA1-02"), row("PA1-03", sro=gone), row("PA1-04", title="")]
    at = dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)
    with pytest.raises(ValidationError) as refused:
        add_milestones(rows=rows, by=office, at=at)
    found = {(error.params["row"], error.params["field"]) for error in refused.value.error_list}
    assert found == {(0, "reference"), (1, "reference"), (3, "reference"), (4, "sro"), (5, "title")}
    assert Milestone.objects.count() == 1
    (milestone,) = add_milestones(rows=[row("PA1-02")], by=office, at=at)
    assert (milestone.baseline_due_date, milestone.created_by) == (TODAY, office)
    assert MilestoneChange.objects.get(field="added").milestone == milestone
