"""A sheet with other headings: what they are is said, what it lacks is filled in, and nothing else is guessed."""

import datetime as dt
import json
from typing import Any

import pytest

from core.sheets import ColumnMapping, suggested
from tests.core.sheets.toy import Toy
from tests.factories.sheets import csv_file, faults, ods, read, xlsx

pytestmark = pytest.mark.django_db
JANUARY = dt.date(2026, 1, 31)
# As a real register of risks: no reference, no owner, a heading that is half a formula.
REGISTER = [
    ["Nature of the Risk", "Likelihood (1:5) (A)", "Review by", "Notes"],
    ["Staff leave", 3, "31/01/2026", "Ask HR"],
    ["The law changes", 4, "28/02/2026", None],
    ["Money runs out", 5, "31/03/2026", "Ask Finance"],
]
SAID = ColumnMapping(
    headings={"Nature of the Risk": "name", "Likelihood (1:5) (A)": "share", "Review by": "due", "Notes": ""},
    same={"owner": "one@test.example"},
    numbered={"code": "R"},
)


@pytest.fixture(autouse=True)
def _empty() -> None:
    Toy.kept.clear()


def refused(rows: Any, mapping: ColumnMapping) -> str:
    return read(Toy, xlsx(rows), mapping=mapping).refused


@pytest.mark.parametrize(
    ("file", "name"),
    [(xlsx(REGISTER), "a.xlsx"), (csv_file(REGISTER), "a.csv"), (ods(REGISTER), "a.ods")],
    ids=["xlsx", "csv", "ods"],
)
def test_register_with_none_of_our_headings_comes_in_as_it_is_matched(file: Any, name: str) -> None:
    report = read(Toy, file, name, mapping=SAID)

    assert (report.refused, faults(report), report.new, report.written) == ("", [], 3, True)
    assert list(Toy.kept) == ["R01", "R02", "R03"]
    assert Toy.kept["R02"] == {
        "code": "R02",
        "name": "The law changes",
        "due": dt.date(2026, 2, 28),
        "share": 4,
        "owner": "1",
    }
    assert report.unknown == ["Notes"]


def test_report_says_where_each_column_came_from() -> None:
    assert read(Toy, xlsx(REGISTER), mapping=SAID).summary()["origins"] == [
        ("Code", "the rows’ numbers: R01 to R03"),
        ("Name", "“Nature of the Risk”"),
        ("Due date", "“Review by”"),
        ("Share", "“Likelihood (1:5) (A)”"),
        ("Owner", "the same in every row: one@test.example"),
    ]
    assert read(Toy, xlsx([["Code", "Name", "Due date"], ["A", "B", JANUARY]])).origins == []


def test_unmatched_register_is_refused_with_its_headings_and_a_few_samples() -> None:
    rows = [["Register of risks"], [], *REGISTER, *[["Again", 5, "31/03/2026", "x" * 200]] * 30]

    report = read(Toy, xlsx(rows))

    assert report.refused == "No heading row found. Toys need at least these columns: Code, Name, Due date."
    assert report.summary()["headings"] == [
        ["Nature of the Risk", ["Staff leave", "The law changes", "Money runs out"]],
        ["Likelihood (1:5) (A)", ["3", "4", "5"]],
        ["Review by", ["31/01/2026", "28/02/2026", "31/03/2026"]],
        ["Notes", ["Ask HR", "Ask Finance", f"{'x' * 77}…"]],
    ]
    json.dumps(report.summary())


def test_heading_row_of_text_cells_counts_no_numbers_and_no_dates() -> None:
    """In CSV every cell is text: the headings have one blank more than the rows below them."""
    rows = [["Risk", "", "Score", "Review"], ["Staff leave", "4", "12", "31/01/2026"]]

    headings = read(Toy, csv_file(rows), "a.csv").headings

    assert [heading.label for heading in headings] == ["Risk", "No heading (column B)", "Score", "Review"]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(
            [["Code", "Name", "Deadline", "Target date"], ["A", "B", JANUARY, JANUARY]], id="two could be one"
        ),
        pytest.param([["Code", "Name", "When"], ["A", "B", JANUARY]], id="one is missing"),
    ],
)
def test_headings_that_leave_a_doubt_are_refused_with_what_was_found(rows: Any) -> None:
    report = read(Toy, xlsx(rows))

    assert report.refused
    assert [heading.label for heading in report.headings] == rows[0]


def test_sound_sheet_reports_its_headings_too_so_that_it_can_be_matched_otherwise() -> None:
    report = read(Toy, xlsx([["Code", "Name", "Due date", "Notes"], ["A", "B", JANUARY, "C"]]))

    assert [(heading.label, heading.samples) for heading in report.headings] == [
        ("Code", ["A"]),
        ("Name", ["B"]),
        ("Due date", ["2026-01-31"]),
        ("Notes", ["C"]),
    ]


def test_damaged_file_offers_nothing_to_match() -> None:
    assert read(Toy, csv_file([]), "a.xlsx").headings == []


# --- What a mapping says ---------------------------------------------------------------------------------------------


def test_heading_that_is_not_mentioned_is_recognised_as_ever() -> None:
    rows = [["Ref.", "Title", "Deadline", "Share"], ["a1", "First", JANUARY, 5]]

    report = read(Toy, xlsx(rows), mapping=ColumnMapping(headings={"Ref.": "code", "Share": ""}))

    assert report.new == 1
    assert Toy.kept["A1"]["name"] == "First"
    assert "share" not in Toy.kept["A1"]
    assert report.unknown == ["Share"]


def test_what_is_said_goes_before_what_is_recognised() -> None:
    rows = [["Code", "Name", "Due date", "Agreed date", "Owner"], ["A1", "B", "no date", JANUARY, "Nobody"]]
    said = ColumnMapping(headings={"Agreed date": "due"}, same={"owner": "Officer One"})

    report = read(Toy, xlsx(rows), mapping=said)

    assert faults(report) == []
    assert (Toy.kept["A1"]["due"], Toy.kept["A1"]["owner"]) == (JANUARY, "1")
    assert report.unknown == ["Due date", "Owner"]


def test_of_two_headings_that_could_be_one_column_the_said_one_is() -> None:
    rows = [["Code", "Name", "Deadline", "Target date"], ["A1", "B", "no date", JANUARY]]

    assert read(Toy, xlsx(rows), mapping=ColumnMapping(headings={"Target date": "due"})).new == 1


def test_headings_match_whatever_their_case_and_punctuation() -> None:
    said = ColumnMapping(headings={"NATURE of the risk:": "name", " likelihood 1 5 a": "share", "Review  by": "due"})

    assert read(Toy, xlsx(REGISTER), mapping=ColumnMapping(said.headings, {}, {"code": "R"})).new == 3


def test_same_headings_are_told_apart_by_their_letters_and_a_blank_one_has_its_own() -> None:
    rows = [["Code", "Name", "Date", "Date", None], ["A1", "B", "no date", JANUARY, 7]]
    said = ColumnMapping(headings={"Date (column D)": "due", "No heading (column E)": "share"})

    report = read(Toy, xlsx(rows), mapping=said)

    assert (faults(report), Toy.kept["A1"]["due"], Toy.kept["A1"]["share"]) == ([], JANUARY, 7)
    assert [heading.label for heading in report.headings][2:] == [
        "Date (column C)",
        "Date (column D)",
        "No heading (column E)",
    ]


def test_sheet_that_has_the_said_headings_is_the_one_that_is_read() -> None:
    file = xlsx([["How to fill this in", "Write one risk a row", "And", "A", "Few", "Words"]], Risks=REGISTER)

    report = read(Toy, file, mapping=SAID)

    assert (report.sheet, report.new, report.other_sheets) == ("Risks", 3, ["Sheet"])


def test_of_sheets_with_the_matched_headings_the_one_with_the_left_out_ones_too_is_read() -> None:
    closed = [row[:3] for row in REGISTER[:2]]
    said = ColumnMapping({**SAID.headings, "Gone since": ""}, SAID.same, SAID.numbered)

    report = read(Toy, xlsx(closed, Open=REGISTER), mapping=said)

    assert (report.sheet, report.new) == ("Open", 3)


def test_faulty_value_is_a_fault_of_every_row_and_of_its_column() -> None:
    said = ColumnMapping(SAID.headings, {"owner": "Nobody"}, {"code": "TOO-LONG-"})

    assert faults(read(Toy, xlsx(REGISTER[:2]), mapping=said)) == [
        'row 2, Code: "TOO-LONG-01" is longer than 10 characters',
        'row 2, Owner: "Nobody" is not a person in the portal',
    ]


def test_value_for_a_column_is_read_like_any_cell_of_it() -> None:
    rows = [["Code", "Name"], ["A1", "B"]]

    read(Toy, xlsx(rows), mapping=ColumnMapping(same={"due": "Jan 26", "rating": "green"}))

    assert (Toy.kept["A1"]["due"], Toy.kept["A1"]["rating"]) == (JANUARY, "on_track")


@pytest.mark.parametrize(("rows", "first", "last"), [(1, "R01", "R01"), (99, "R01", "R99"), (100, "R001", "R100")])
def test_numbers_have_two_digits_or_as_many_as_the_rows_need(rows: int, first: str, last: str) -> None:
    sheet = [["Name", "Due date"], *[["B", JANUARY]] * rows]

    read(Toy, xlsx(sheet), mapping=ColumnMapping(numbered={"code": "r"}))

    assert (next(iter(Toy.kept)), list(Toy.kept)[-1], len(Toy.kept)) == (first, last, rows)


def test_blank_rows_stay_blank_and_take_no_number() -> None:
    sheet = [["Name", "Due date", "Notes"], ["B", JANUARY], [None, None, "a note"], [], ["C", JANUARY]]

    report = read(Toy, xlsx(sheet), mapping=ColumnMapping(same={"share": "5"}, numbered={"code": "R"}))

    assert (report.rows, list(Toy.kept)) == (2, ["R01", "R02"])


def test_numbered_file_read_again_changes_nothing() -> None:
    read(Toy, xlsx(REGISTER), mapping=SAID)

    assert read(Toy, xlsx(REGISTER), mapping=SAID).unchanged == 3


def test_limit_on_rows_holds_whatever_is_filled_in(settings: Any) -> None:
    settings.SHEET_MAX_ROWS = 2

    assert "more than 2 rows" in refused(REGISTER, SAID)


# --- What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        pytest.param(
            ColumnMapping({"Nature of the Risk": "name", "Owner of it": "owner"}),
            "The sheet has no heading “Owner of it”. Match the columns to headings that it has.",
            id="a heading that is not there",
        ),
        pytest.param(
            ColumnMapping({"Nature of the Risk": "name", "Notes": "name"}),
            "“Nature of the Risk” and “Notes” are both matched to Name. Match only one of them.",
            id="two headings for a column",
        ),
        pytest.param(
            ColumnMapping({"Nature of the Risk": "name"}, {"name": "A risk"}),
            "Name is matched to “Nature of the Risk” and filled in as well. Choose one of the two.",
            id="a heading and a value",
        ),
        pytest.param(
            ColumnMapping({"Nature of the Risk": "name"}, {"code": "A"}, {"code": "R"}),
            "Code is the same for every row and numbered as well. Choose one of the two.",
            id="a value and numbers",
        ),
        pytest.param(
            ColumnMapping({"Nature of the Risk": "name"}, {}, {"due": "R"}),
            "Due date cannot be numbered. Match a heading, or enter what it is in every row.",
            id="numbers that are no date",
        ),
        pytest.param(
            ColumnMapping({"Nature of the Risk": "gone"}),
            "There is no column “gone” any more. Match the columns again.",
            id="a column of an older portal",
        ),
        pytest.param(
            ColumnMapping({}, {"name": "A", "due": "Jan 26"}, {"code": "R"}),
            "No heading of the sheet is matched to a column. Match at least one.",
            id="no heading at all",
        ),
        pytest.param(
            ColumnMapping({"Nature of the Risk": "name"}, {}, {"code": "R"}),
            "The sheet has no column “Due date” (also read: Deadline, Target date). Add it, or correct its heading.",
            id="a column that is missing still",
        ),
    ],
)
def test_mapping_that_does_not_fit_is_refused_with_a_sentence(said: ColumnMapping, sentence: str) -> None:
    report = read(Toy, xlsx(REGISTER), mapping=said)

    assert report.refused == sentence
    assert [heading.label for heading in report.headings] == REGISTER[0]
    assert Toy.kept == {}


def test_matched_headings_without_rows_below_them_can_be_matched_otherwise() -> None:
    report = read(Toy, xlsx(REGISTER[:1]), mapping=SAID)

    assert "no rows below" in report.refused
    assert report.headings


# --- Kept and suggested -----------------------------------------------------------------------------------------------


def test_mapping_is_the_same_after_it_was_kept_as_json() -> None:
    assert ColumnMapping.from_json(json.loads(json.dumps(SAID.to_json()))) == SAID
    assert not ColumnMapping.from_json({})


def test_what_the_portal_recognises_is_suggested_and_what_could_be_two_is_not() -> None:
    labels = ["Ref", "Title", "Deadline", "Target date", "RAG"]

    assert suggested(labels, Toy.fields) == ColumnMapping(
        {"Ref": "", "Title": "name", "Deadline": "", "Target date": "", "RAG": "rating"}
    )


def test_latest_mapping_that_fits_is_suggested_with_what_is_new_recognised() -> None:
    other = ColumnMapping({"Something else": "name"})
    older = ColumnMapping({"Nature of the Risk": "due"})

    found = suggested(["Status", "Owner", *REGISTER[0]], Toy.fields, [other, SAID, older])

    assert found == ColumnMapping({"Status": "rating", "Owner": "", **SAID.headings}, SAID.same, SAID.numbered)


def test_column_that_is_there_no_more_is_not_suggested() -> None:
    older = ColumnMapping({"Nature of the Risk": "gone", "Notes": "name"}, {"gone": "x"}, {"gone": "R"})

    assert suggested(REGISTER[0], Toy.fields, [older]) == ColumnMapping(
        {**dict.fromkeys(REGISTER[0], ""), "Notes": "name"}
    )
