"""Each kind of file that is never read, as a real file, and what the person is told to do about it."""

import io
import zipfile

import pytest

from core.sheets import Report
from tests.core.sheets.toy import Toy
from tests.factories.sheets import archive, csv_file, ods, parts_of, read, xlsx

pytestmark = pytest.mark.django_db
ROWS = [["Code", "Name", "Due date"], ["A1", "First", "31/01/2026"]]
XXE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


def refused(file: io.BytesIO, name: str) -> str:
    Toy.kept.clear()
    report: Report = read(Toy, file, name)
    assert not report.written
    assert not Toy.kept
    return report.refused


def with_part(file: io.BytesIO, name: str, content: bytes) -> io.BytesIO:
    return archive({**parts_of(file), name: content})


def test_sound_files_are_not_refused() -> None:
    for file, name in ((xlsx(ROWS), "a.xlsx"), (csv_file(ROWS), "a.csv"), (ods(ROWS), "a.ods")):
        assert refused_or_rows(file, name) == 1


def refused_or_rows(file: io.BytesIO, name: str) -> int | str:
    report = read(Toy, file, name)
    return report.refused or report.rows


def test_macro_workbook_by_its_name() -> None:
    assert "macro workbook (.xlsm). Save it as Excel Workbook (.xlsx)" in refused(xlsx(ROWS), "tracker.xlsm")


def test_macros_inside_a_workbook_that_says_it_has_none() -> None:
    file = with_part(xlsx(ROWS), "xl/vbaProject.bin", b"Attribute VB_Name")
    assert "contains macros" in refused(file, "tracker.xlsx")


def test_macro_content_type_in_a_renamed_workbook() -> None:
    parts = parts_of(xlsx(ROWS))
    plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    macro = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(plain, macro)
    assert "contains macros" in refused(archive(parts), "tracker.xlsx")


def test_excel_4_macro_sheet() -> None:
    assert "contains macros" in refused(with_part(xlsx(ROWS), "xl/macrosheets/sheet1.xml", b"<x/>"), "tracker.xlsx")


def test_macros_in_an_open_document() -> None:
    assert "contains macros" in refused(with_part(ods(ROWS), "Basic/Standard/Module1.xml", b"<x/>"), "tracker.ods")


def test_encrypted_workbook() -> None:
    # What Excel makes of a workbook with a password: an OLE container that holds the encrypted package.
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(512)
    assert "protected with a password" in refused(io.BytesIO(ole), "tracker.xlsx")


def test_encrypted_open_document() -> None:
    manifest = b'<m:manifest xmlns:m="m"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'
    assert "protected with a password" in refused(
        with_part(ods(ROWS), "META-INF/manifest.xml", manifest), "tracker.ods"
    )


def test_old_excel_format_by_its_name_and_by_its_content() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "Workbook".encode("utf-16-le") + bytes(512)
    for name in ("tracker.xls", "tracker.xlsx"):
        assert "old Excel format (.xls). Open it in Excel and save it as" in refused(io.BytesIO(ole), name)


def test_zip_bomb() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts_of(xlsx(ROWS)).items():
            made.writestr(name, content)
        made.writestr("xl/worksheets/sheet2.xml", bytes(60 * 1024 * 1024))
    assert file.tell() < 200_000
    assert "expand to far more than its size" in refused(file, "tracker.xlsx")


def test_zip_bomb_of_many_parts_that_share_their_bytes() -> None:
    """The parts overlap in the archive, so that each is harmless by its ratio and together they are gigabytes."""
    parts = {f"xl/media/{number}.bin": bytes([number % 251]) * 50_000 for number in range(5_001)}
    assert "expand to far more" in refused(archive({**parts_of(xlsx(ROWS)), **parts}), "tracker.xlsx")


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"]
)
def test_xxe_in_a_workbook(part: str) -> None:
    file = with_part(xlsx(ROWS), part, XXE + b"<worksheet>&e;</worksheet>")
    message = refused(file, "tracker.xlsx")
    assert "instructions to load other files" in message
    assert "root:" not in message


def test_xxe_hidden_behind_a_long_comment_or_another_encoding() -> None:
    late = b'<?xml version="1.0"?><!--' + b"x" * 2_000_000 + b"-->" + XXE[21:] + b"<x>&e;</x>"
    wide = XXE.decode().encode("utf-16") + b"<\x00x\x00/\x00>\x00"
    declared = XXE.replace(b"?>", b' encoding="cp037"?>', 1) + b"<x/>"
    for content in (late, wide, declared):
        assert "instructions to load other files" in refused(
            with_part(xlsx(ROWS), "xl/sharedStrings.xml", content), "tracker.xlsx"
        )


def test_billion_laughs_in_an_open_document() -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    assert "instructions to load other files" in refused(with_part(ods(ROWS), "content.xml", laughs), "tracker.ods")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        pytest.param(b"%PDF-1.7 ...", "tracker.xlsx", id="PDF named xlsx"),
        pytest.param(b"Code,Name\nA,B\n", "tracker.xlsx", id="CSV named xlsx"),
        pytest.param(b"<html><table></table></html>", "tracker.xlsx", id="web page named xlsx"),
        pytest.param(b"PK\x03\x04 nothing", "tracker.xlsx", id="broken archive"),
        pytest.param(b"PK\x03\x04 workbook", "tracker.csv", id="xlsx named csv"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00", "tracker.csv", id="picture named csv"),
        pytest.param(b"MZ\x90\x00\x03", "tracker.ods", id="program named ods"),
    ],
)
def test_wrong_type_by_content(content: bytes, name: str) -> None:
    assert "but holds something else" in refused(io.BytesIO(content), name)


def test_word_document_named_as_a_workbook() -> None:
    parts = {"[Content_Types].xml": b"<Types>wordprocessingml.document.main+xml</Types>", "word/document.xml": b"<x/>"}
    assert "holds something else" in refused(archive(parts), "tracker.xlsx")


@pytest.mark.parametrize("name", ["plan.docx", "plan.pdf", "plan.numbers", "plan.xlsb", "plan.txt", "plan", "plan.exe"])
def test_other_kinds_of_file_are_named(name: str) -> None:
    assert name in refused(xlsx(ROWS), name)


def test_empty_file() -> None:
    assert refused(io.BytesIO(b""), "tracker.csv") == "“tracker.csv” is empty."


def test_file_over_the_limit(settings: object) -> None:
    settings.SHEET_MAX_MB = 0
    assert "larger than 0 MB. Split it" in refused(xlsx(ROWS), "tracker.xlsx")


def test_unicode_text_that_excel_saves() -> None:
    assert "Save it as CSV UTF-8" in refused(io.BytesIO("Code,Name".encode("utf-16")), "tracker.csv")


def test_damaged_workbook() -> None:
    broken = with_part(xlsx(ROWS), "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row r='1'>")
    assert "is damaged" in refused(broken, "tracker.xlsx")
    assert "is damaged" in refused(with_part(xlsx(ROWS), "xl/workbook.xml", b"<nothing/>"), "tracker.xlsx")


def test_quotation_mark_that_is_never_closed() -> None:
    text = b'Code,Name,Due date\nA1,First,31/01/2026\nA2,"Second,' + b"x" * 140_000
    assert "quotation mark" in refused(io.BytesIO(text), "tracker.csv")


def test_one_row_over_the_limit_is_refused_before_any_work(settings: object) -> None:
    # More than one chunk, so that rows would have been applied by the time the reader comes to the last.
    settings.SHEET_MAX_ROWS = 1200
    rows = [["Code", "Name", "Due date"], *[[f"A{n}", "Name", "31/01/2026"] for n in range(1201)]]
    for file, name in ((xlsx(rows), "a.xlsx"), (csv_file(rows), "a.csv"), (ods(rows), "a.ods")):
        assert refused(file, name) == "The sheet has more than 1,200 rows. Split it into several files."
    assert refused_or_rows(xlsx(rows[:-1]), "a.xlsx") == 1200


def test_rows_that_only_repeat_count_too(settings: object) -> None:
    """One element of an open document can stand for a million rows."""
    settings.SHEET_MAX_ROWS = 50
    parts = parts_of(ods([*ROWS, ["A2", "Again", "31/01/2026"]]))
    row = b"<table:table-row"
    before, after = parts["content.xml"].rsplit(row, 1)
    parts["content.xml"] = before + row + b' table:number-rows-repeated="1000000"' + after
    assert "more than 50 rows" in refused(archive(parts), "a.ods")
