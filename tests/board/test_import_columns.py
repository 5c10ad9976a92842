"""Matching a sheet's columns: the way out of a file with other headings, kept for the next one, done once."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from board.resources import KINDS
from board.tasks import check_sheet
from core import services
from core.models import SheetUpload
from core.services import match_columns, receive_sheet
from core.sheets import ColumnMapping
from milestones.models import PriorityArea
from tests.factories import PriorityAreaFactory, UserFactory
from tests.factories.sheets import csv_text

pytestmark = pytest.mark.django_db
State = SheetUpload.State
REGISTER = [
    ["What must be put right", "Sort of thing", "Notes"],
    ["Governance", "Priority action", "Ask the chair"],
    ["Health advice", "AFI", ""],
]
# Places of the headings above.
TITLE, SORT, NOTES = "heading_0", "heading_1", "heading_2"
MATCHED = {TITLE: "area_title", SORT: "area_kind", NOTES: "", "number_code": "PA"}


@pytest.fixture
def page(office: User, signed_in: Any) -> Client:
    return signed_in(office)


@pytest.fixture
def hand_in(office: User) -> Callable[..., SheetUpload]:
    """A checked upload."""

    def receive(rows: Any, kind: str = "priority-areas") -> SheetUpload:
        file = SimpleUploadedFile("register.csv", csv_text(rows).encode())
        upload = receive_sheet(kind=kind, file=file, by=office, at=dt.datetime.now(dt.UTC))
        check_sheet(upload.pk)
        upload.refresh_from_db()
        return upload

    return receive


@pytest.fixture
def post(page: Client, django_capture_on_commit_callbacks: Any) -> Callable[..., str]:
    """Sends the form as a page of now shows it, or as one of then (`seen`); returns the page that people land on."""

    def send(upload: SheetUpload, said: dict[str, str], seen: str = "", name: str = "import_columns") -> str:
        upload.refresh_from_db()
        with django_capture_on_commit_callbacks(execute=True):
            response = page.post(reverse(name, args=[upload.pk]), {**said, "seen": seen or upload.standing})
        upload.refresh_from_db()
        if response.status_code == 302:
            assert response.headers["Location"] == reverse("import_detail", args=[upload.pk])
            response = page.get(response.headers["Location"])
        return words(response)

    return send


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def columns(page: Client, upload: SheetUpload) -> str:
    return words(page.get(reverse("import_columns", args=[upload.pk])))


def detail(page: Client, upload: SheetUpload) -> str:
    return words(page.get(reverse("import_detail", args=[upload.pk])))


def chosen(html: str, field: str) -> str:
    """The words of a select's chosen option."""
    select = re.search(rf'<select[^>]* name="{field}".*?</select>', html)
    assert select
    found = re.search(r"<option[^>]* selected[^>]*>(.*?)</option>", select[0])
    return found[1] if found else ""


def value(html: str, field: str) -> str | None:
    found = re.search(rf'<input[^>]* name="{field}"[^>]*>', html)
    typed = re.search(r'value="([^"]*)"', found[0]) if found else None
    return None if not found else typed[1] if typed else ""


def test_register_with_other_headings_comes_in_once_its_columns_are_matched(
    page: Client, hand_in: Any, post: Any
) -> None:
    upload = hand_in(REGISTER)
    assert upload.state == State.FAULTY
    html = detail(page, upload)
    assert "Match the columns" in html
    assert reverse("import_columns", args=[upload.pk]) in html

    html = columns(page, upload)
    for text in ("What must be put right", "Governance", "Health advice", "Ask the chair"):
        assert text in html
    html = post(upload, MATCHED)
    assert upload.state == State.READY
    assert "Code: the rows’ numbers: PA01 to PA02" in html
    assert "Title: “What must be put right”" in html
    assert "Columns left out" in html
    assert not PriorityArea.objects.exists()
    post(upload, {}, name="import_confirm")
    assert upload.state == State.IMPORTED
    assert list(PriorityArea.objects.order_by("code").values_list("code", "title", "kind")) == [
        ("PA01", "Governance", "priority_action"),
        ("PA02", "Health advice", "area_for_improvement"),
    ]


def test_value_for_every_row_is_shown_in_the_preview_and_imported(page: Client, hand_in: Any, post: Any) -> None:
    upload = hand_in(REGISTER)

    html = post(upload, {TITLE: "area_title", "number_code": "R", "same_area_kind": "AFI"})

    assert "Kind: the same in every row: AFI" in html
    post(upload, {}, name="import_confirm")
    assert set(PriorityArea.objects.values_list("kind", flat=True)) == {"area_for_improvement"}


def test_what_the_portal_recognises_is_filled_in_and_what_the_sheet_lacks_is_asked_for(
    page: Client, hand_in: Any
) -> None:
    html = columns(page, hand_in([["Title", "Something", "Note"], ["Governance", "x", "y"]]))

    assert chosen(html, TITLE) == "Title (needed)"
    assert chosen(html, SORT) == "Leave out"
    assert value(html, "same_area_title") is None
    assert value(html, "same_code") == ""
    assert value(html, "number_code") == ""
    assert "One of: Priority action, Area for improvement" in html
    # A date or a choice cannot be a row's number, and a column that may be empty waits folded away.
    assert value(html, "number_area_kind") is None
    assert html.index("Columns you can leave empty") < html.index('name="same_order"')


def test_two_headings_that_could_be_one_column_are_left_for_people_to_say(page: Client, hand_in: Any) -> None:
    headings = ["Reference", "Area", "Milestone", "Lead", "SRO", "Deadline", "Target date"]

    upload = hand_in(
        [headings, ["PA1-01", "PA1", "Title", "a@b.example", "a@b.example", "1/1/26", "2/1/26"]], "milestones"
    )

    html = columns(page, upload)
    assert "could each be Due date" in html
    assert (chosen(html, "heading_5"), chosen(html, "heading_6")) == ("Leave out", "Leave out")


@pytest.mark.parametrize(
    ("said", "messages", "kept"),
    [
        pytest.param(
            {TITLE: "area_title"},
            [
                "Match a heading to Code, or enter what it is in every row, or number the rows.",
                "Match a heading to Kind, or enter what it is in every row.",
            ],
            {},
            id="needed columns are neither matched nor filled",
        ),
        pytest.param(
            {**MATCHED, NOTES: "area_title"},
            ["“What must be put right” and “Notes” are both matched to Title. Match only one of them."],
            {"number_code": "PA"},
            id="two headings for one column",
        ),
        pytest.param(
            {**MATCHED, "same_area_title": "A title"},
            ["Title is matched to “What must be put right” and filled in as well. Choose one of the two."],
            {"same_area_title": "A title"},
            id="a heading and a value",
        ),
        pytest.param(
            {**MATCHED, "same_code": "PA1"},
            ["Code is the same for every row and numbered as well. Choose one of the two."],
            {"same_code": "PA1", "number_code": "PA"},
            id="a value and numbers",
        ),
        pytest.param(
            {**MATCHED, SORT: "", "same_area_kind": "Purple", "same_order": "first"},
            [
                "Kind: “Purple” is not one of: Priority action, Area for improvement.",
                "Order: “first” is not a number.",
            ],
            {"same_area_kind": "Purple", "same_order": "first"},
            id="values that their columns do not read",
        ),
        pytest.param(
            {"same_area_title": "A", "same_area_kind": "AFI", "number_code": "PA"},
            ["Match at least one heading to a column."],
            {"same_area_title": "A"},
            id="no heading at all",
        ),
    ],
)
def test_what_is_wrong_comes_back_on_the_form_with_everything_typed(
    hand_in: Any, post: Any, said: dict[str, str], messages: list[str], kept: dict[str, str]
) -> None:
    upload = hand_in(REGISTER)
    before = upload.moved_at

    html = post(upload, said)

    assert "There is a problem" in html
    for message in messages:
        assert html.count(message) >= 1
    for field, text in kept.items():
        assert value(html, field) == text
    if said.get(TITLE):
        assert chosen(html, TITLE) == "Title (needed)"
    assert (upload.state, upload.moved_at, upload.mapping) == (State.FAULTY, before, {})


def test_each_error_is_linked_to_a_field_that_the_page_shows(hand_in: Any, post: Any) -> None:
    html = post(hand_in(REGISTER), {TITLE: "area_title", NOTES: "area_title", "same_order": "first"})

    links = re.findall(r'<a href="#(id_[^"]+)"', html)
    assert len(links) == 4
    for link in links:
        assert f' id="{link}"' in html
    assert re.search(r"<details[^>]* open>", html)


def test_matching_can_be_changed_from_a_preview_and_shows_what_was_chosen(
    page: Client, hand_in: Any, post: Any
) -> None:
    upload = hand_in(REGISTER)
    assert "Change how the columns are matched" in post(upload, MATCHED)

    html = columns(page, upload)
    assert (chosen(html, TITLE), value(html, "number_code")) == ("Title (needed)", "PA")
    html = post(upload, {**MATCHED, TITLE: "", NOTES: "area_title"})
    assert upload.state == State.FAULTY
    assert "Title: “Notes”" in html
    assert "Change how the columns are matched" in html
    post(upload, MATCHED)
    assert upload.state == State.READY


def test_matching_is_offered_where_nothing_is_new_and_no_longer_once_it_is_imported(
    page: Client, hand_in: Any, post: Any
) -> None:
    PriorityAreaFactory(code="PA01", title="Governance", kind=PriorityArea.Kind.PRIORITY_ACTION)
    upload = hand_in(REGISTER[:2])
    assert "Change how the columns are matched" in post(upload, MATCHED)
    assert upload.state == State.NOTHING_NEW

    post(upload, {**MATCHED, "number_code": "AFI"})
    post(upload, {}, name="import_confirm")
    assert upload.state == State.IMPORTED
    assert "Change how the columns are matched" not in detail(page, upload)
    assert "not waiting to be matched" in post(upload, MATCHED)
    response = page.get(reverse("import_columns", args=[upload.pk]))
    assert response.headers["Location"] == reverse("import_detail", args=[upload.pk])


def test_file_that_cannot_be_opened_offers_no_matching(page: Client, office: User, at: dt.datetime) -> None:
    upload = receive_sheet(kind="people", file=SimpleUploadedFile("a.xlsx", b"x"), by=office, at=at)
    check_sheet(upload.pk)

    assert "Match the columns" not in detail(page, upload)


# --- Once -------------------------------------------------------------------------------------------------------------


def test_second_click_and_stale_page_find_it_done(hand_in: Any, post: Any) -> None:
    upload = hand_in(REGISTER)
    then = upload.standing
    post(upload, MATCHED)
    kept = (upload.mapping, upload.moved_at)

    html = post(upload, {**MATCHED, "number_code": "LATE"}, seen=then)

    assert "not waiting to be matched. This is how it stands now." in html
    assert (upload.mapping, upload.moved_at) == kept


def test_of_two_people_who_match_one_does(hand_in: Any, office: User, at: dt.datetime) -> None:
    upload = hand_in(REGISTER)
    colleagues_copy = SheetUpload.objects.get(pk=upload.pk)
    first, second = ColumnMapping({"Notes": "code"}), ColumnMapping({"Notes": "area_title"})

    assert match_columns(upload=upload, mapping=first, seen=upload.standing, by=office, at=at)
    seen = colleagues_copy.standing
    assert not match_columns(upload=colleagues_copy, mapping=second, seen=seen, by=UserFactory(), at=at)
    assert SheetUpload.objects.get(pk=upload.pk).mapping == first.to_json()


def test_preview_that_a_colleague_matched_otherwise_is_not_confirmed_unseen(hand_in: Any, post: Any) -> None:
    upload = hand_in(REGISTER)
    html = post(upload, MATCHED)
    then = value(html, "seen")
    assert then == upload.standing
    post(upload, {**MATCHED, "number_code": "OTHER"})

    assert "not waiting to be confirmed" in post(upload, {}, seen=then, name="import_confirm")
    assert upload.state == State.READY
    assert not PriorityArea.objects.exists()


def test_check_begun_before_the_columns_were_matched_says_nothing_about_them(
    hand_in: Any, office: User, at: dt.datetime
) -> None:
    """A worker that was thought lost comes back with what it found in a file that is read otherwise by now."""
    upload = hand_in(REGISTER)
    SheetUpload.objects.filter(pk=upload.pk).update(state=State.CHECKING)
    slow = SheetUpload.objects.get(pk=upload.pk)
    SheetUpload.objects.filter(pk=upload.pk).update(moved_at=at, mapping={"headings": {"Notes": "code"}})

    services.check_sheet(upload=slow, resource=KINDS["priority-areas"], at=at)

    assert SheetUpload.objects.get(pk=upload.pk).state == State.CHECKING


# --- Next month -------------------------------------------------------------------------------------------------------


def test_next_months_file_is_filled_in_as_the_last_one_was_matched_by_anyone(
    page: Client, hand_in: Any, post: Any
) -> None:
    hand_in(REGISTER)
    post(SheetUpload.objects.get(), MATCHED)
    SheetUpload.objects.update(created_by=UserFactory())
    another = hand_in([["Quite another", "Sheet"], ["a", "b"]])
    post(another, {"heading_0": "area_title", "same_area_kind": "AFI", "number_code": "X"})

    html = columns(page, hand_in([[*REGISTER[0], "Order"], ["Money", "AFI", "", "3"]]))

    assert [chosen(html, field) for field in (TITLE, SORT, NOTES, "heading_3")] == [
        "Title (needed)",
        "Kind (needed)",
        "Leave out",
        "Order",
    ]
    assert value(html, "number_code") == "PA"


def test_sheet_of_another_kind_is_not_filled_in_from_it(page: Client, hand_in: Any, post: Any) -> None:
    post(hand_in(REGISTER), MATCHED)

    upload = hand_in(REGISTER, "people")
    SheetUpload.objects.exclude(pk=upload.pk).update(mapping={"headings": {"Notes": "full_name"}})

    assert chosen(columns(page, upload), NOTES) == "Leave out"


def test_page_makes_the_same_queries_for_two_headings_and_for_many(
    page: Client, hand_in: Any, post: Any, count_queries: Any
) -> None:
    def queries(headings: int) -> int:
        upload = hand_in([[f"Heading {number}" for number in range(headings)], ["x"] * headings])
        return count_queries(lambda: columns(page, upload))

    few = queries(2)
    for _upload in range(3):
        post(hand_in(REGISTER), MATCHED)
    assert queries(25) == few


# --- By command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def register(tmp_path: Path) -> str:
    path = tmp_path / "register.csv"
    path.write_text(csv_text(REGISTER), encoding="utf-8")
    return str(path)


def test_command_takes_a_register_with_other_headings(register: str, capsys: pytest.CaptureFixture[str]) -> None:
    matched = ["--match", "What must be put right=Title", "--match", "Notes="]

    call_command("import_sheet", "priority-areas", register, *matched, "--same", "kind=AFI", "--number", "Code=PA")

    said = capsys.readouterr().out
    assert "Code: the rows’ numbers: PA01 to PA02\n" in said
    assert "Title: “What must be put right”\n" in said
    assert "Kind: the same in every row: AFI\n" in said
    assert "Columns left out: Sort of thing, Notes\n" in said
    assert list(PriorityArea.objects.values_list("code", "order")) == [("PA01", 1), ("PA02", 2)]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param(
            ["--match", "Notes=Ttle"], "“Ttle” is not a column here. There are: Code, Title, Kind, Order.", id="theirs"
        ),
        pytest.param(["--same", "Owner=x"], "“Owner” is not a column here.", id="same"),
        pytest.param(["--number", "Owner=R"], "“Owner” is not a column here.", id="number"),
        pytest.param(["--match", "Note=Title"], "The sheet has no heading “Note”.", id="not in the sheet"),
        pytest.param(["--match", "Notes"], '--match takes two sides of a =, like --match "Nature of', id="no ="),
        pytest.param(["--number", "Code="], "--number takes two sides of a =", id="nothing to begin with"),
        pytest.param(["--match", "Notes=Code", "--match", "notes=Title"], "names “notes” twice", id="a heading twice"),
        pytest.param(["--same", "Kind=AFI", "--same", "kind=PA"], "names “kind” twice", id="a column twice"),
        pytest.param(["--match", "Notes=Code", "--number", "Code=R"], "filled in as well", id="matched and numbered"),
        pytest.param(["--number", "Kind=K"], "Kind cannot be numbered.", id="cannot be numbered"),
    ],
)
def test_command_refuses_what_it_cannot_do_with_a_sentence(register: str, options: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=re.escape(sentence)):
        call_command("import_sheet", "priority-areas", register, *options)
    assert not PriorityArea.objects.exists()


def test_heading_with_a_sign_of_equality_is_matched(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_text(csv_text([["Title (a=b)", "Kind"], ["Governance", "PA"]]), encoding="utf-8")

    call_command("import_sheet", "priority-areas", str(path), "--match", "Title (a=b)=Title", "--number", "Code=PA")

    assert PriorityArea.objects.get().title == "Governance"
