"""A risk table that a district council keeps, as it is: it comes in with nothing lost, whichever way it is handed in.

Its headings are the council's own, and it has no references, owners, levels or dates.
"""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from board.resources import KINDS
from core.models import SheetUpload
from core.sheets import ColumnMapping
from risks.models import Level, Mitigation, MitigationKind, MitigationStatus, Risk, RiskReview
from tests.factories import UserFactory
from tests.factories.sheets import csv_file, faults, read

pytestmark = pytest.mark.django_db
FILE = Path(__file__).parent / "data" / "district_register.csv"
KIND_ORDER = ("risks", "risk-reviews", "mitigations")
# Which of the file's headings is which column, what stands in every row, and what the rows' numbers are.
MATCHED = {
    "risks": {
        "Nature of the Risk": "Title",
        "Consequences of the Risk Occurring": "Consequence",
        "Likelihood before mitigation (1:5) (A)": "Inherent likelihood",
        "Severity / impact before mitigation (1:5) (B)": "Inherent impact",
    },
    "risk-reviews": {
        "Likelihood after mitigation (1:5) (C)": "Likelihood",
        "Severity / impact after mitigation (1:5) (D)": "Impact",
    },
    "mitigations": {"Mitigation": "Description"},
}
SAME = {
    "risks": {"Level": "Operational", "Owner": "owner@test.example", "Opened": "01/02/2021"},
    "risk-reviews": {"Date": "26/02/2021", "Reviewer": "owner@test.example"},
    "mitigations": {
        "Kind": "Control",
        "Owner": "owner@test.example",
        "Status": "In place",
        "Added on": "26/02/2021",
    },
}
NUMBERED = {
    "risks": {"Reference": "R"},
    "risk-reviews": {"Reference": "R"},
    "mitigations": {"Reference": "M", "Risk": "R"},
}


@pytest.fixture
def owner(db: None) -> User:
    return UserFactory(email="owner@test.example", full_name="Officer Owner")


def rows() -> list[dict[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- Three ways in ----------------------------------------------------------------------------------------------------


def name_of(kind: str, heading: str) -> str:
    return next(name for name, column in KINDS[kind].fields.items() if column.heading == heading)


def by_mapping(kind: str, office: User) -> tuple[int, int, int]:
    """The step on the page: the file itself, and what the office said of its columns."""
    mapping = ColumnMapping(
        {theirs: name_of(kind, ours) for theirs, ours in MATCHED[kind].items()},
        {name_of(kind, ours): text for ours, text in SAME[kind].items()},
        {name_of(kind, ours): prefix for ours, prefix in NUMBERED[kind].items()},
    )
    with FILE.open("rb") as file:
        report = read(KINDS[kind], file, FILE.name, by=office, mapping=mapping)
    assert (faults(report), report.refused) == ([], "")
    return report.new, report.changed, report.unchanged


def by_command(kind: str, office: User) -> tuple[int, int, int]:
    options = [
        *(f"--match={theirs}={ours}" for theirs, ours in MATCHED[kind].items()),
        *(f"--same={ours}={text}" for ours, text in SAME[kind].items()),
        *(f"--number={ours}={prefix}" for ours, prefix in NUMBERED[kind].items()),
    ]
    said = io.StringIO()
    call_command("import_sheet", kind, str(FILE), *options, "--by", office.email, stdout=said)
    counts = re.search(r"Imported 5 rows: (\d+) new, (\d+) changed, (\d+) unchanged", said.getvalue())
    assert counts
    return int(counts[1]), int(counts[2]), int(counts[3])


def by_renamed_headings(kind: str, office: User) -> tuple[int, int, int]:
    """As people do it in their spreadsheet: headings written over, and columns put beside them."""
    lines = []
    for number, row in enumerate(rows(), start=1):
        numbers = {ours: f"{prefix}{number:02}" for ours, prefix in NUMBERED[kind].items()}
        lines.append({**numbers, **SAME[kind], **{MATCHED[kind].get(name, name): cell for name, cell in row.items()}})
    report = read(KINDS[kind], csv_file([list(lines[0]), *(list(line.values()) for line in lines)]), "r.csv", by=office)
    assert (faults(report), report.refused) == ([], "")
    return report.new, report.changed, report.unchanged


@pytest.mark.parametrize(
    "hand_in",
    [
        pytest.param(by_mapping, id="columns matched"),
        pytest.param(by_command, id="columns matched by command"),
        pytest.param(by_renamed_headings, id="headings renamed"),
    ],
)
def test_real_register_comes_in_with_nothing_lost_and_again_changes_nothing(
    hand_in: Callable[[str, User], tuple[int, int, int]], office: User, owner: User
) -> None:
    assert [hand_in(kind, office) for kind in KIND_ORDER] == [(5, 0, 0)] * 3

    assert_nothing_is_lost(owner)
    assert [hand_in(kind, office) for kind in KIND_ORDER] == [(0, 0, 5)] * 3
    assert_nothing_is_lost(owner)


def assert_nothing_is_lost(owner: User) -> None:
    """Every cell of the file is in the portal, to the letter, and both of its scores come out as it says."""
    there = list(Risk.objects.order_by("reference"))
    assert [risk.reference for risk in there] == ["R01", "R02", "R03", "R04", "R05"]
    assert Mitigation.objects.count() == RiskReview.objects.count() == 5
    for risk, row in zip(there, rows(), strict=True):
        review, mitigation = risk.reviews.get(), risk.mitigations.get()
        assert list(row.values()) == [
            risk.title,
            risk.consequence,
            str(risk.inherent_likelihood),
            str(risk.inherent_impact),
            str(risk.inherent_score),
            mitigation.description,
            str(review.likelihood),
            str(review.impact),
            str(review.score),
        ]
        assert (risk.level, risk.owner, risk.score) == (Level.OPERATIONAL, owner, review.score)
        assert (mitigation.kind, mitigation.status) == (MitigationKind.CONTROL, MitigationStatus.IN_PLACE)
        assert mitigation.reference == risk.reference.replace("R", "M")


def test_headings_that_the_portal_knows_need_no_matching(office: User, owner: User) -> None:
    """Title and consequence are read by what registers call them; what is left is asked for by name."""
    with FILE.open("rb") as file:
        report = read(KINDS["risks"], file, FILE.name, by=office)

    assert report.refused
    for heading in ("Reference", "Level", "Owner", "Inherent likelihood", "Inherent impact", "Opened"):
        assert heading in report.refused
    assert "Title" not in report.refused
    assert not Risk.objects.exists()


def test_scores_beyond_the_matrix_are_refused_not_cut_off(office: User, owner: User) -> None:
    """The same table scored to six would mean other things by its numbers."""
    beyond = FILE.read_text(encoding="utf-8").replace(",5,4,20,", ",6,4,24,")
    mapping = ColumnMapping(
        {theirs: name_of("risks", ours) for theirs, ours in MATCHED["risks"].items()},
        {name_of("risks", ours): text for ours, text in SAME["risks"].items()},
        {"reference": "R"},
    )

    report = read(KINDS["risks"], io.BytesIO(beyond.encode()), FILE.name, by=office, mapping=mapping)

    assert faults(report) == ['row 5, Inherent likelihood: "6": The likelihood must be between 1 and 5.']


# --- The pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(office: User, signed_in: Any) -> Client:
    return signed_in(office)


@pytest.fixture
def post(page: Client, django_capture_on_commit_callbacks: Any) -> Callable[..., SheetUpload]:
    """Sends a form and gives the upload as it stands when its task is through."""

    def send(name: str, upload: SheetUpload | None, said: dict[str, Any]) -> SheetUpload:
        seen = {"seen": upload.standing} if upload else {}
        with django_capture_on_commit_callbacks(execute=True):
            response = page.post(reverse(name, args=[upload.pk] if upload else []), {**said, **seen})
        upload = SheetUpload.objects.latest("pk")
        assert response.headers["Location"] == reverse("import_detail", args=[upload.pk])
        return upload

    return send


def typed(page: Client, upload: SheetUpload, kind: str) -> dict[str, str]:
    """What the office fills in, by the fields that the page shows: a choice beside each of the file's headings."""
    html = page.get(reverse("import_columns", args=[upload.pk])).content.decode()
    said = {f"heading_{place}": "" for place in range(len(rows()[0]))}
    for place, theirs in enumerate(rows()[0]):
        assert f'name="heading_{place}"' in html
        if theirs in MATCHED[kind]:
            said[f"heading_{place}"] = name_of(kind, MATCHED[kind][theirs])
    said |= {f"same_{name_of(kind, ours)}": text for ours, text in SAME[kind].items()}
    said |= {f"number_{name_of(kind, ours)}": prefix for ours, prefix in NUMBERED[kind].items()}
    assert all(f'name="{field}"' in html for field in said)
    return said


def test_real_register_comes_in_through_the_pages(page: Client, post: Any, owner: User) -> None:
    for kind in KIND_ORDER:
        file = SimpleUploadedFile(FILE.name, FILE.read_bytes())
        upload = post("import_upload", None, {"kind": kind, "file": file})
        assert upload.state == SheetUpload.State.FAULTY
        upload = post("import_columns", upload, typed(page, upload, kind))
        assert upload.state == SheetUpload.State.READY
        assert "Import 5 rows" in page.get(reverse("import_detail", args=[upload.pk])).content.decode()
        assert post("import_confirm", upload, {}).state == SheetUpload.State.IMPORTED

    assert_nothing_is_lost(owner)


def test_next_quarters_register_is_matched_as_the_last_one_was(page: Client, post: Any, owner: User) -> None:
    upload = post("import_upload", None, {"kind": "risks", "file": SimpleUploadedFile(FILE.name, FILE.read_bytes())})
    post("import_confirm", post("import_columns", upload, typed(page, upload, "risks")), {})

    again = post("import_upload", None, {"kind": "risks", "file": SimpleUploadedFile(FILE.name, FILE.read_bytes())})
    html = page.get(reverse("import_columns", args=[again.pk])).content.decode()

    for field, text in {
        "same_owner": "owner@test.example",
        "same_opened_on": "01/02/2021",
        "number_reference": "R",
    }.items():
        [tag] = re.findall(rf'<input[^>]* name="{field}"[^>]*>', html)
        assert f'value="{text}"' in tag
    assert post("import_columns", again, typed(page, again, "risks")).state == SheetUpload.State.NOTHING_NEW


def test_what_was_left_out_of_the_risks_is_said_to_be_of_other_kinds(page: Client, post: Any, owner: User) -> None:
    """The mitigations stand in the same table; without them each risk would be challenged for having none."""
    upload = post("import_upload", None, {"kind": "risks", "file": SimpleUploadedFile(FILE.name, FILE.read_bytes())})
    upload = post("import_columns", upload, typed(page, upload, "risks"))
    address = reverse("import_detail", args=[upload.pk])
    assert "import the same file again" not in page.get(address).content.decode()

    post("import_confirm", upload, {})

    html = page.get(address).content.decode()
    assert "import the same file again" in html
    for kind in ("risk-reviews", "mitigations"):
        assert f'href="{reverse("import_upload")}?kind={kind}"' in html
