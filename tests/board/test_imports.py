"""The imports pages: hand a sheet in, see what it would do, say go; twice, at once, after the data changed."""

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import User
from board.resources import KINDS
from board.tasks import check_sheet, import_sheet, resume_sheets
from core.models import SheetUpload
from core.services import confirm_sheet, receive_sheet
from milestones.models import Milestone, PriorityArea
from tests.factories import PriorityAreaFactory, UserFactory
from tests.factories.sheets import csv_file, read, xlsx
from tests.milestones.test_resources import tracker

pytestmark = pytest.mark.django_db
State = SheetUpload.State
AREAS = ["Code", "Title", "Kind"]
ONE_AREA = [AREAS, ["PA1", "Governance", "Priority action"]]


@pytest.fixture
def page(office: User, signed_in: Any) -> Client:
    return signed_in(office)


@pytest.fixture
def hand_in(page: Client, django_capture_on_commit_callbacks: Any) -> Callable[..., SheetUpload]:
    """Uploads a file through the page and returns what became of it."""

    def upload(rows: Any, kind: str = "priority-areas", name: str = "sheet.xlsx") -> SheetUpload:
        content = rows.getvalue() if hasattr(rows, "getvalue") else xlsx(rows).getvalue()
        with django_capture_on_commit_callbacks(execute=True):
            response = page.post(reverse("import_upload"), {"kind": kind, "file": SimpleUploadedFile(name, content)})
        made = SheetUpload.objects.latest("pk")
        assert response.headers["Location"] == reverse("import_detail", args=[made.pk])
        return made

    return upload


@pytest.fixture
def confirm(page: Client, django_capture_on_commit_callbacks: Any) -> Callable[[SheetUpload], SheetUpload]:
    def post(upload: SheetUpload) -> SheetUpload:
        with django_capture_on_commit_callbacks(execute=True):
            page.post(reverse("import_confirm", args=[upload.pk]))
        upload.refresh_from_db()
        return upload

    return post


def shown(page: Client, upload: SheetUpload, query: str = "") -> str:
    return page.get(reverse("import_detail", args=[upload.pk]) + query).content.decode()


def test_messy_tracker_comes_in_through_the_page_and_again_changes_nothing(
    page: Client, hand_in: Any, confirm: Any
) -> None:
    PriorityAreaFactory(code="PA1", title="Governance")
    UserFactory(email="lead@test.example", full_name="Officer Lead")
    UserFactory(email="sro@test.example", full_name="Officer Accountable")

    upload = hand_in(tracker(), "milestones", "tracker.xlsx")
    html = shown(page, upload)
    assert upload.state == State.READY
    assert not Milestone.objects.exists()
    assert "Import 95 rows" in html
    assert "New organisation: New Trust" in html
    assert "Notes for PMO" in html
    assert "Deliverable 1<" in html
    assert confirm(upload).state == State.IMPORTED
    assert Milestone.objects.count() == 95
    assert "Imported" in shown(page, upload)

    again = hand_in(tracker(), "milestones", "tracker.xlsx")
    assert again.state == State.NOTHING_NEW
    assert "There is nothing to import" in shown(page, again)


def test_faulty_tracker_lists_every_fault_and_offers_no_import(page: Client, hand_in: Any, confirm: Any) -> None:
    PriorityAreaFactory(code="PA1", title="Governance")
    UserFactory(email="lead@test.example", full_name="Officer Lead")
    UserFactory(email="sro@test.example", full_name="Officer Accountable")

    upload = hand_in(tracker(faulty=True), "milestones", "tracker.xlsx")
    html = shown(page, upload)
    assert upload.state == State.FAULTY
    assert "3 faults to fix" in html
    for words in ("31 September 2020", "Purple", "Somebody Unknown"):
        assert f"&quot;{words}&quot;" in html
    assert reverse("import_confirm", args=[upload.pk]) not in html
    assert confirm(upload).state == State.FAULTY
    assert not Milestone.objects.exists()
    faults = page.get(reverse("import_lines", args=[upload.pk, "fault"]))
    assert b'10,,Due date,,"""31 September 2020"" is not a date"' in b"".join(faults.streaming_content)


def test_changes_are_shown_old_and_new_before_anyone_confirms(page: Client, hand_in: Any, confirm: Any) -> None:
    PriorityAreaFactory(code="PA1", title="Old title")

    upload = hand_in([AREAS, ["PA1", "New title", "Priority action"], ["PA2", "Second", "PA"]])
    html = shown(page, upload)
    assert "<del>Old title</del>" in html
    assert "<ins>New title</ins>" in html
    assert "Second" in shown(page, upload, "?show=new")
    assert PriorityArea.objects.get().title == "Old title"
    confirm(upload)
    assert list(PriorityArea.objects.order_by("code").values_list("title", flat=True)) == ["New title", "Second"]


def test_file_that_cannot_be_read_says_why_and_how_to_mend_it(page: Client, hand_in: Any) -> None:
    upload = hand_in(ONE_AREA, name="plan.xlsm")

    assert upload.state == State.FAULTY
    assert "macro workbook (.xlsm). Save it as Excel Workbook" in shown(page, upload)


def test_second_click_imports_nothing_more(page: Client, hand_in: Any, confirm: Any) -> None:
    upload = confirm(hand_in(ONE_AREA))
    confirmed_at = upload.confirmed_at

    assert confirm(upload).state == State.IMPORTED
    assert upload.confirmed_at == confirmed_at
    assert PriorityArea.objects.count() == 1


def test_of_two_people_who_confirm_one_does(hand_in: Any, office: User, at: dt.datetime) -> None:
    upload = hand_in(ONE_AREA)
    colleagues_copy = SheetUpload.objects.get(pk=upload.pk)

    assert confirm_sheet(upload=upload, by=office, at=at)
    assert not confirm_sheet(upload=colleagues_copy, by=UserFactory(), at=at)
    assert upload.confirmed_by == office
    for _worker in range(2):
        import_sheet(upload.pk)
    assert PriorityArea.objects.count() == 1


def test_import_that_would_do_something_else_than_was_shown_asks_again(
    page: Client, hand_in: Any, confirm: Any
) -> None:
    upload = hand_in(ONE_AREA)
    PriorityAreaFactory(code="PA1", title="Made meanwhile")

    assert confirm(upload).state == State.READY
    assert PriorityArea.objects.get().title == "Made meanwhile"
    html = shown(page, upload)
    assert "data changed after you looked" in html
    assert "<del>Made meanwhile</del>" in html
    assert confirm(upload).state == State.IMPORTED
    assert PriorityArea.objects.get().title == "Governance"


def test_import_whose_people_have_gone_meanwhile_says_so_and_writes_nothing(hand_in: Any, confirm: Any) -> None:
    PriorityAreaFactory(code="PA1")
    lead = UserFactory(email="lead@test.example")
    row = ["PA1-01", "PA1", "Title", "lead@test.example", "lead@test.example", "31/03/2026"]
    headings = ["Reference", "Area", "Milestone", "Lead", "SRO", "Due date"]
    upload = hand_in([headings, row], "milestones")
    User.objects.filter(pk=lead.pk).update(email="gone@test.example")

    assert confirm(upload).state == State.FAULTY
    assert not Milestone.objects.exists()
    assert upload.confirmed_by is None


def test_page_asks_for_itself_again_until_the_work_is_done(page: Client, office: User, at: dt.datetime) -> None:
    file = SimpleUploadedFile("a.csv", csv_file(ONE_AREA).getvalue())
    upload = receive_sheet(kind="priority-areas", file=file, by=office, at=at)
    address = reverse("import_detail", args=[upload.pk])

    waiting = page.get(address)
    assert waiting.headers["Refresh"] == "3"
    assert "being checked" in waiting.content.decode()
    check_sheet(upload.pk)
    assert "Refresh" not in page.get(address).headers


def test_lost_task_is_started_again_and_after_a_day_given_up(office: User, at: dt.datetime) -> None:
    def stuck(hours: float, state: State = State.CHECKING) -> SheetUpload:
        file = SimpleUploadedFile("a.csv", csv_file(ONE_AREA).getvalue())
        now = dt.datetime.now(dt.UTC)
        upload = receive_sheet(kind="priority-areas", file=file, by=office, at=now - dt.timedelta(hours=hours))
        assert upload.state == state
        return upload

    fresh, lost, hopeless = stuck(0.1), stuck(1), stuck(30)
    resume_sheets()
    states = [SheetUpload.objects.get(pk=upload.pk).state for upload in (fresh, lost, hopeless)]
    assert states == [State.CHECKING, State.READY, State.FAILED]


def test_upload_that_broke_can_be_checked_again(
    page: Client, office: User, at: dt.datetime, django_capture_on_commit_callbacks: Any
) -> None:
    file = SimpleUploadedFile("a.csv", csv_file(ONE_AREA).getvalue())
    upload = receive_sheet(kind="priority-areas", file=file, by=office, at=at)
    name = upload.file.name
    SheetUpload.objects.filter(pk=upload.pk).update(file="sheets/lost.csv")
    with pytest.raises(FileNotFoundError):
        check_sheet(upload.pk)
    assert "Something went wrong" in shown(page, upload)

    SheetUpload.objects.filter(pk=upload.pk).update(file=name)
    with django_capture_on_commit_callbacks(execute=True):
        page.post(reverse("import_again", args=[upload.pk]))
    upload.refresh_from_db()
    assert upload.state == State.READY


def test_uploaded_file_has_no_address(page: Client, hand_in: Any) -> None:
    """It may hold people's names and addresses: it lies under a random name where nothing serves it."""
    upload = hand_in(ONE_AREA, name="people.xlsx")

    assert "people" not in upload.file.name
    for address in (f"/media/{upload.file.name}", f"/{upload.file.name}"):
        assert page.get(address).status_code == 404
    assert upload.file.name not in shown(page, upload)


@pytest.mark.parametrize(
    ("posted", "message"),
    [
        ({}, "Select what is in the file."),
        ({"kind": "priority-areas"}, "Select a file."),
        ({"kind": "secrets", "file": "x"}, "Select what is in the file."),
    ],
)
def test_upload_form_says_what_is_missing(page: Client, posted: dict[str, Any], message: str) -> None:
    if "file" in posted:
        posted = {**posted, "file": SimpleUploadedFile("a.csv", b"x")}
    assert message in page.post(reverse("import_upload"), posted).content.decode()


def test_only_the_programme_office_imports(officer: User, board_member: User, signed_in: Any) -> None:
    for person in (officer, board_member):
        client = signed_in(person)
        for name, args in (("import_list", []), ("import_upload", []), ("sheet_download", ["people", "csv"])):
            assert client.get(reverse(name, args=args)).status_code == 403


def test_list_makes_the_same_queries_for_two_uploads_and_for_many(
    page: Client, office: User, at: dt.datetime, count_queries: Any
) -> None:
    def hand_in_many(number: int) -> None:
        for _upload in range(number):
            receive_sheet(kind="people", file=SimpleUploadedFile("a.csv", b"x"), by=office, at=at)

    hand_in_many(2)
    few = count_queries(lambda: page.get(reverse("import_list")))
    hand_in_many(20)
    assert count_queries(lambda: page.get(reverse("import_list"))) == few


@pytest.mark.parametrize("extension", ["csv", "xlsx", "ods"])
def test_everything_can_be_downloaded_and_reads_back(page: Client, extension: str) -> None:
    PriorityAreaFactory()
    response = page.get(reverse("sheet_download", args=["priority-areas", extension]))
    assert "attachment" in response.headers["Content-Disposition"]
    report = read(KINDS["priority-areas"], io.BytesIO(b"".join(response.streaming_content)), f"a.{extension}")
    assert report.unchanged == 1


def test_blank_sheet_has_the_headings_and_reads_back_once_filled_in(page: Client) -> None:
    for kind, resource in KINDS.items():
        response = page.get(reverse("import_blank", args=[kind]))
        book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
        assert [cell.value for cell in book.worksheets[0][1]] == resource().headings
        assert page.get(reverse("import_format", args=[kind])).status_code == 200
