"""Files as people make them: three formats, odd headings, titles above them, cells that show less than they hold."""

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from core.sheets import Report
from tests.core.sheets.toy import Toy
from tests.factories.sheets import archive, csv_file, csv_text, faults, ods, parts_of, read, xlsx

pytestmark = pytest.mark.django_db
HEADINGS = ["Code", "Name", "Due date"]
JANUARY = dt.date(2026, 1, 31)


@pytest.fixture(autouse=True)
def _empty() -> None:
    Toy.kept.clear()


def due_of(report: Report, code: str = "A1") -> Any:
    assert not report.refused, report.refused
    assert not faults(report)
    return Toy.kept[code]["due"]


def workbook(*rows: list[Any], formats: dict[str, str] | None = None) -> io.BytesIO:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for cell, number_format in (formats or {}).items():
        book.active[cell].number_format = number_format
    file = io.BytesIO()
    book.save(file)
    return file


# --- Headings ---------------------------------------------------------------------------------------------------------


def test_headings_match_whatever_their_case_spacing_and_punctuation_and_by_synonyms() -> None:
    file = xlsx([["  CODE: ", "tItLe", "Dead-line*", "R.A.G."], ["a1", "First", "31/01/2026", "Green"]])

    assert read(Toy, file).new == 1
    assert Toy.kept["A1"] == {"code": "A1", "name": "First", "due": JANUARY, "rating": "on_track"}


def test_title_rows_above_the_headings_are_skipped_and_rows_keep_their_numbers() -> None:
    rows = [["SEND improvement programme"], [], ["Code", "as at January"], [], HEADINGS, [], ["A1", "First", "never"]]

    assert faults(read(Toy, xlsx(rows))) == ['row 7, Due date: "never" is not a date']


def test_blank_rows_are_skipped_whatever_white_space_they_hold() -> None:
    rows = [HEADINGS, ["A1", "First", JANUARY], [" ", "\xa0", "\n"], [None, "", None], ["A2", "Second", JANUARY]]

    assert read(Toy, xlsx(rows)).rows == 2


def test_unknown_columns_are_listed_and_left_out() -> None:
    rows = [[*HEADINGS, "Notes", "Budget\n(£)", None], ["A1", "First", JANUARY, "private", 3, None]]

    report = read(Toy, xlsx(rows))
    assert report.unknown == ["Notes", "Budget (£)"]
    assert report.new == 1


def test_every_missing_column_is_named_with_what_else_it_may_be_called() -> None:
    refused = read(Toy, xlsx([["Code", "Status"], ["A1", "G"]])).refused

    assert "no column “Name” (also read: Title), “Due date” (also read: Deadline, Target date)" in refused


def test_two_columns_that_could_be_one_are_not_guessed() -> None:
    rows = [["Code", "Name", "Due date", "Target date"], ["A1", "First", JANUARY, JANUARY]]

    assert "“Due date” (column C) and “Target date” (column D) could each be Due date" in read(Toy, xlsx(rows)).refused


def test_sheet_without_headings_says_what_is_needed() -> None:
    assert (
        "No heading row found. Toys need at least these columns: Code, Name, Due date"
        in read(Toy, xlsx([["one", "two"], [1, 2]])).refused
    )


def test_headings_without_rows_are_refused() -> None:
    assert read(Toy, xlsx([HEADINGS])).refused == "The sheet has headings and no rows below them."


def test_the_first_sheet_with_the_headings_is_read_and_the_others_are_named() -> None:
    cover = [["Programme tracker", "Version 3"], ["Owner", "PMO"]]
    file = xlsx(cover, Plan=[HEADINGS, ["A1", "First", JANUARY]], Old=[HEADINGS, ["A9", "Old", JANUARY]])

    report = read(Toy, file)
    assert (report.sheet, report.other_sheets) == ("Plan", ["Sheet", "Old"])
    assert list(Toy.kept) == ["A1"]


# --- Workbooks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number_format", ["mmm-yy", "mmmm yyyy", "[$-809]mmm\\ yyyy;@", "yyyy-mm"])
def test_date_that_the_workbook_shows_as_a_month_is_its_last_day(number_format: str) -> None:
    file = workbook(HEADINGS, ["A1", "First", dt.date(2025, 5, 1)], formats={"C2": number_format})

    assert due_of(read(Toy, file)) == dt.date(2025, 5, 31)


@pytest.mark.parametrize(
    "number_format", ["dd/mm/yyyy", "d mmm yy", "yyyy-mm-dd hh:mm", '"due" dd/mm/yy', "[Red]dd.mm.yy"]
)
def test_date_that_the_workbook_shows_with_its_day_is_that_day(number_format: str) -> None:
    file = workbook(HEADINGS, ["A1", "First", dt.date(2025, 5, 1)], formats={"C2": number_format})

    assert due_of(read(Toy, file)) == dt.date(2025, 5, 1)


def test_per_cent_cell_is_the_number_that_people_see() -> None:
    file = workbook([*HEADINGS, "Share"], ["A1", "First", JANUARY, 0.135], formats={"D2": "0.0%"})

    read(Toy, file)
    assert Toy.kept["A1"]["share"] == Decimal("13.5")


def test_number_without_a_date_format_is_not_a_date() -> None:
    assert faults(read(Toy, xlsx([HEADINGS, ["A1", "First", 46053]]))) == ['row 2, Due date: "46053" is not a date']


def test_formula_results_are_read_and_formulas_are_not_run() -> None:
    parts = parts_of(xlsx([HEADINGS, ["A1", "First", "x"], ["A2", "Second", "x"], ["A3", "Third", "x"]]))
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    for row, inside in ((2, "<f>NOW()</f><v>46053</v>"), (3, "<f>1/0</f><v>#DIV/0!</v>"), (4, "<f>NOW()</f>")):
        start = sheet.index(f'<c r="C{row}"')
        end = sheet.index("</c>", start)
        kind = ' t="e"' if "DIV" in inside else ""
        sheet = f'{sheet[:start]}<c r="C{row}"{kind}>{inside}{sheet[end:]}'
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()

    assert faults(read(Toy, archive(parts))) == [
        'row 2, Due date: "46053" is not a date',
        'row 3, Due date: "#DIV/0!" is a formula’s error',
        "row 4, Due date: holds a formula without a result. Open the file in Excel, save it and try again",
    ]


def test_row_numbers_are_those_of_the_spreadsheet_where_rows_are_missing_from_the_file() -> None:
    parts = parts_of(xlsx([HEADINGS, ["A1", "First", "never"]]))
    sheet = parts["xl/worksheets/sheet1.xml"]
    sheet = sheet.replace(b'r="2"', b'r="1048576"').replace(b'r="A2"', b'r="A1048576"')
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b'r="B2"', b'r="B1048576"').replace(b'r="C2"', b'r="C1048576"')

    assert faults(read(Toy, archive(parts))) == ['row 1048576, Due date: "never" is not a date']


# --- CSV --------------------------------------------------------------------------------------------------------------

CSV_ROWS = [HEADINGS, ["A1", "Café – naïve", "31/01/2026"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_of_every_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    assert due_of(read(Toy, csv_file(CSV_ROWS, encoding, delimiter), "a.csv")) == JANUARY
    assert Toy.kept["A1"]["name"] == "Café – naïve"


def test_csv_with_a_title_and_commas_in_its_text_is_still_divided_by_semicolons() -> None:
    rows = [["Plan, January, 2026"], [], HEADINGS, ["A1", "One, two, three, four, five", "31/01/2026"]]

    assert due_of(read(Toy, csv_file(rows, delimiter=";"), "a.csv")) == JANUARY


def test_csv_cell_of_several_lines_is_one_row_on_the_screen() -> None:
    rows = [HEADINGS, ["A1", "one\ntwo\nthree", "31/01/2026"], ["A2", "Second", "never"]]

    assert faults(read(Toy, csv_file(rows), "a.csv")) == ['row 3, Due date: "never" is not a date']


def test_csv_hint_that_excel_writes_is_no_row() -> None:
    file = io.BytesIO(("sep=;\n" + csv_text([HEADINGS, ["A1", "First", "never"]], ";")).encode())

    assert faults(read(Toy, file, "a.csv")) == ['row 2, Due date: "never" is not a date']


def test_csv_with_old_mac_line_ends() -> None:
    assert due_of(read(Toy, io.BytesIO(csv_text(CSV_ROWS).replace("\r\n", "\r").encode()), "a.csv")) == JANUARY


# --- OpenDocument -----------------------------------------------------------------------------------------------------


def table(*rows: str) -> io.BytesIO:
    names = "office text table"
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names.split())
    body = f'<office:body><office:spreadsheet><table:table table:name="Plan">{"".join(rows)}</table:table>'
    xml = f"<office:document-content {spaces}>{body}</office:spreadsheet></office:body></office:document-content>"
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return archive({"mimetype": kind, "content.xml": xml.encode()})


def cell(shown: str, attributes: str = 'office:value-type="string"', inside: str = "") -> str:
    return f"<table:table-cell {attributes}>{inside}<text:p>{shown}</text:p></table:table-cell>"


def row(*cells: str, times: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'


ODS_HEADINGS = row(*(cell(heading) for heading in HEADINGS), cell("Share"))


def test_open_document_as_libreoffice_writes_it() -> None:
    date = cell("May 25", 'office:value-type="date" office:date-value="2025-05-01"')
    share = cell("13.5%", 'office:value-type="percentage" office:value="0.135"')
    comment = "<office:annotation><text:p>not this</text:p></office:annotation>"
    name = cell('<text:span>Two</text:span><text:s text:c="1"/>words<text:line-break/>lines', inside=comment)
    file = table(
        row(cell("Plan"), times=1), row(times=40), ODS_HEADINGS, row(cell("A1"), name, date, share), row(times=9)
    )

    assert due_of(read(Toy, file, "a.ods")) == dt.date(2025, 5, 31)
    assert Toy.kept["A1"]["name"] == "Two words\nlines"
    assert Toy.kept["A1"]["share"] == Decimal("13.5")


def test_open_document_counts_the_blank_rows_it_keeps_as_one() -> None:
    file = table(row(times=3), ODS_HEADINGS, row(times=5), row(cell("A1"), cell("First"), cell("never")))

    assert faults(read(Toy, file, "a.ods")) == ['row 10, Due date: "never" is not a date']


def test_open_document_made_by_our_own_library() -> None:
    assert due_of(read(Toy, ods([HEADINGS, ["A1", "First", JANUARY]]), "a.ods")) == JANUARY
