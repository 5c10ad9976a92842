"""Every kind of sheet goes out and comes in again unchanged; all of them together fill an empty portal alike."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Role, User
from board.resources import KINDS
from core.sheets import write_sheet
from core.sheets.reading import open_sheets
from milestones.models import PriorityArea
from milestones.resources import DueDateChangeResource, MilestoneResource, MilestoneUpdateResource
from risks.models import MatrixChoice, RiskMatrix
from risks.resources import MitigationResource, RiskResource, RiskReviewResource
from tests.factories import EvidenceFactory, MilestoneFactory, PriorityAreaFactory, UserFactory
from tests.factories.sheets import csv_file, faults, read, xlsx

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 1, 31)
MILESTONE = ["Reference", "Priority area", "Milestone", "Responsible officer", "SRO", "Due date"]
UPDATE = ["Reference", "As at", "Status", "Progress", "Author"]
MOVE = ["Reference", "Date", "From", "To", "Reason", "Approved by"]
RISK = ["Reference", "Title", "Cause", "Level", "Owner", "Priority areas", "Milestones"]
SCORES = ["Inherent likelihood", "Inherent impact", "Target likelihood", "Target impact", "Target date", "Opened"]
REVIEW = ["Reference", "Date", "Likelihood", "Impact", "Note", "Reviewer"]
MITIGATION = ["Reference", "Risk", "Kind", "Description", "Owner", "Due date", "Status", "Effect", "Added on"]
NASTY = [
    '=HYPERLINK("http://x")',
    "'+44 1772",
    "-5 is not a bullet",
    "@SUM(1)",
    "a_x0041_b",
    "#REF!x",
    "one\r\ntwo",
]


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
def full_plan(office: User, lead: User, sro: User, area: PriorityArea) -> None:
    """Everything that a sheet could lose: formulas, quotes, line ends, two updates of a day, a withdrawn one."""
    for number, words in enumerate(NASTY):
        milestone = MilestoneFactory(
            reference=f"PA1-{number:02}",
            area=area,
            title=words.replace("\r\n", " "),
            success_measure=words,
            responsible_officer=lead,
            sro=sro,
            organisation=lead.organisation if number % 2 else None,
        )
        moves = [(dt.date(2025, 9, 1), dt.date(2026, 3, 31), dt.date(2026, 4, 30))] if number == 1 else []
        rows = [[milestone.reference, *move, words, sro.email] for move in moves]
        if rows:
            read(DueDateChangeResource, csv_file([MOVE, *rows]), "moves.csv", by=office)
        history = [["2025-11-30", "Off track"], ["2025-12-31", "On track"], ["2025-12-31", "Delayed"]][: number % 4]
        rows = [[milestone.reference, day, status, f"{words} {status}", lead.email] for day, status in history]
        if rows:
            read(MilestoneUpdateResource, xlsx([UPDATE, *rows]), by=office)
    EvidenceFactory(milestone=milestone, url="https://a.example/one")
    gone = [["PA1-02", "PA1", NASTY[2], lead.email, sro.email, "31/03/2026", "10/01/2026"]]
    read(MilestoneResource, xlsx([[*MILESTONE, "Withdrawn on"], *gone]), by=office)
    read(
        MilestoneResource,
        xlsx([[*MILESTONE, "Status"], ["PA1-50", "PA1", "Rated", lead.email, sro.email, TODAY, "A"]]),
        by=office,
    )


@pytest.fixture
def full_register(full_plan: None, office: User, lead: User) -> None:
    """The same of risks: links, targets, one that is closed, reviews of a day, controls and actions in every state."""
    risks, reviews, mitigations = [], [], []
    for number, words in enumerate(NASTY):
        reference, line = f"R{number:02}", words.replace("\r\n", " ")
        target = [2, 3, "2026-09-30"] if number % 2 else ["", "", ""]
        closed = "2026-01-20" if number == 3 else ""
        level, links = ["Operational", "Systemic"][number % 2], ["PA1", "PA1-00, PA1-01"] if number % 3 else ["", ""]
        risks.append([reference, line, words, level, lead.email, *links, 4, 5, *target, "2025-05-01", closed])
        days = ["2025-11-30", "2025-12-31", "2025-12-31"][: number % 4]
        reviews += [
            [reference, day, 3 + place % 2, 4, f"{words} {place}", lead.email] for place, day in enumerate(days)
        ]
        status = ["To do", "Under way", "Done", "Stopped"][number % 4]
        action = [f"{reference}-M1", reference, "Action", words, lead.email, "2026-03-31", status, "Both", "2025-06-01"]
        control = [f"{reference}-M2", reference, "Control", words, lead.email, "", "In place", "", "2025-06-01"]
        mitigations += [action, control]
    sheets = [
        (RiskResource, [[*RISK, *SCORES, "Closed"], *risks]),
        (RiskReviewResource, [REVIEW, *reviews]),
        (MitigationResource, [MITIGATION, *mitigations]),
    ]
    for resource, rows in sheets:
        # As CSV: a workbook would read the first of the words as a formula.
        assert faults(read(resource, csv_file(rows), "register.csv", by=office)) == []


@pytest.mark.usefixtures("full_register")
@pytest.mark.parametrize("extension", ["csv", "xlsx", "ods"])
@pytest.mark.parametrize("kind", KINDS)
def test_exported_sheet_reads_back_in_unchanged(kind: str, extension: str, tmp_path: Path, office: User) -> None:
    path = tmp_path / f"{kind}.{extension}"
    write_sheet(KINDS[kind](), path)

    with path.open("rb") as file:
        report = read(KINDS[kind], file, path.name, by=office)
    assert report.refused == ""
    assert faults(report) == []
    assert (report.new, report.changed) == (0, 0)
    assert report.unchanged == report.rows > 0
    assert report.unknown == []


@pytest.mark.usefixtures("full_register")
@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_exported_sheets_fill_an_empty_portal_alike(extension: str, tmp_path: Path) -> None:
    before = exported(tmp_path / "before", extension)
    matrices, choices = list(RiskMatrix.objects.all()), list(MatrixChoice.objects.all())
    # PostgreSQL empties no table whose foreign keys wait to be checked.
    connection.check_constraints()
    call_command("flush", interactive=False, verbosity=0)
    assert not User.objects.exists()
    # What migrations bring to every portal.
    RiskMatrix.objects.bulk_create(matrices)
    MatrixChoice.objects.bulk_create(choices)

    for kind, path in before.items():
        with path.open("rb") as file:
            report = read(KINDS[kind], file, path.name)
        assert (faults(report), report.refused) == ([], "")
        assert report.new == report.rows
    after = exported(tmp_path / "after", extension)
    for kind, path in before.items():
        assert rows_of(after[kind]) == rows_of(path)


def exported(folder: Path, extension: str) -> dict[str, Path]:
    folder.mkdir()
    paths = {kind: folder / f"{kind}.{extension}" for kind in KINDS}
    for kind, path in paths.items():
        write_sheet(KINDS[kind](), path)
    return paths


def rows_of(path: Path) -> list[Any]:
    with path.open("rb") as file:
        return [cells for _number, cells in open_sheets(file, path.name, max_mb=20)[0].rows()]
