"""Files are told by their content: each kind that is allowed, each way of being something else."""

import io
import struct
import zipfile
from collections.abc import Mapping

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from openpyxl import Workbook

from core.files import CONTENT_TYPES, CheckedFile, check_file, safe_name
from tests.factories.files import ooxml, opendocument, zipped

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 1, 1, 8, 2, 0, 0, 0)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
PDF = b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF"
GOOD: Mapping[str, bytes] = {
    "minutes.pdf": PDF,
    "chart.PNG": PNG,
    "photo.jpg": JPEG,
    "photo.jpeg": JPEG,
    "notes.txt": "Families’ words: “better”".encode(),
    "data.csv": b"area,count\r\nPA1,3\r\n",
    "strategy.docx": ooxml("docx"),
    "tracker.xlsx": ooxml("xlsx"),
    "slides.pptx": ooxml("pptx"),
    "plan.odt": opendocument("odt"),
    "figures.ods": opendocument("ods"),
}
EXECUTABLE = b"MZ\x90\x00\x03\x00\x00\x00" + b"\x00" * 60


def check(name: str, content: bytes, max_mb: int = 1) -> CheckedFile:
    return check_file(ContentFile(content, name=name), max_mb=max_mb)


@pytest.mark.parametrize("name", GOOD)
def test_a_file_that_is_what_it_says_is_let_in(name: str) -> None:
    checked = check(name, GOOD[name])

    assert checked.content_type == CONTENT_TYPES[name.rpartition(".")[2].lower()]
    assert (checked.name, checked.size, len(checked.sha256)) == (name, len(GOOD[name]), 64)


@pytest.mark.parametrize("name", GOOD)
def test_a_programme_is_refused_whatever_its_name(name: str) -> None:
    with pytest.raises(ValidationError, match="is not a"):
        check(name, EXECUTABLE)


def test_one_kind_under_the_name_of_another_is_refused() -> None:
    texts = ("txt", "csv")
    for name, content in GOOD.items():
        for extension, content_type in CONTENT_TYPES.items():
            own = name.rpartition(".")[2].lower()
            if content_type == CONTENT_TYPES[own] or (own in texts and extension in texts):
                continue
            # A short PDF can be all text; as a .txt it is harmless text.
            if own == "pdf" and extension in texts:
                continue
            with pytest.raises(ValidationError, match="is not a"):
                check(f"file.{extension}", content)


@pytest.mark.parametrize(
    "name", ["page.html", "drawing.svg", "macro.docm", "macro.xlsm", "old.doc", "archive.zip", "none"]
)
def test_kinds_that_are_not_allowed_are_refused_by_name(name: str) -> None:
    with pytest.raises(ValidationError, match="must be one of"):
        check(name, GOOD["notes.txt"])


def test_a_file_may_be_as_big_as_the_limit_and_no_bigger() -> None:
    megabyte = 1024 * 1024

    assert check("notes.txt", b"a" * megabyte).size == megabyte
    with pytest.raises(ValidationError, match="1 MB or smaller"):
        check("notes.txt", b"a" * (megabyte + 1))


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ValidationError, match="is empty"):
        check("notes.txt", b"")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.docx", ooxml("docx", main="application/vnd.ms-word.document.macroEnabled.main+xml"), id="docm"),
        pytest.param("a.xlsx", ooxml("xlsx", {"xl/vbaProject.bin": b"\x00"}), id="xlsx with a macro project"),
        pytest.param("a.ods", opendocument("ods", {"Basic/Standard/Module1.xml": b"<x/>"}), id="ods with Basic"),
        pytest.param("a.odt", opendocument("odt", {"Scripts/python/a.py": b"x"}), id="odt with a script"),
    ],
)
def test_macros_are_refused(name: str, content: bytes) -> None:
    with pytest.raises(ValidationError, match="macros"):
        check(name, content)


@pytest.mark.parametrize("name", ["a.docx", "a.ods"])
def test_an_archive_that_expands_is_refused(name: str) -> None:
    bomb = {"big.xml": b"0" * 30_000_000}
    content = ooxml("docx", bomb) if name == "a.docx" else opendocument("ods", bomb)

    with pytest.raises(ValidationError, match="expands"):
        check(name, content)


def test_an_archive_of_very_many_members_is_refused() -> None:
    with pytest.raises(ValidationError, match="expands"):
        check("a.docx", ooxml("docx", {f"{number}": b"" for number in range(20_001)}), max_mb=20)


def test_an_archive_that_lies_about_its_size_is_read_no_further_than_needed() -> None:
    # The directory announces ten bytes where there are thirty million.
    content = bytearray(zipped({"[Content_Types].xml": b"0" * 30_000_000}))
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = content.index(signature) + offset
        content[at : at + 4] = struct.pack("<I", 10)

    with pytest.raises(ValidationError, match="is not a"):
        check("a.docx", bytes(content))


def test_an_encrypted_archive_is_refused() -> None:
    content = bytearray(ooxml("xlsx"))
    at = content.index(b"PK\x01\x02") + 8
    content[at] |= 1

    with pytest.raises(ValidationError, match="password"):
        check("a.xlsx", bytes(content))


@pytest.mark.parametrize("cut", [10, 60, -30])
def test_a_damaged_archive_is_refused(cut: int) -> None:
    with pytest.raises(ValidationError, match="is not a"):
        check("a.docx", ooxml("docx")[:cut])


@pytest.mark.parametrize(
    ("content", "allowed"),
    [
        pytest.param("Ofsted’s café".encode("cp1252"), True, id="Windows-1252"),
        pytest.param("Ofsted’s café".encode("utf-16"), True, id="UTF-16 with a mark"),
        pytest.param("\ufeffOfsted’s café".encode(), True, id="UTF-8 with a mark"),
        pytest.param(b"text\x00more", False, id="a null byte"),
        pytest.param(b"\x81\x8d\x8f", False, id="bytes no text has"),
    ],
)
def test_text_is_text(content: bytes, allowed: bool) -> None:
    if allowed:
        assert check("notes.txt", content).size == len(content)
    else:
        with pytest.raises(ValidationError, match="is not a"):
            check("notes.txt", content)


def test_a_checked_file_is_rewound() -> None:
    file = ContentFile(PDF, name="a.pdf")

    check_file(file, max_mb=1)

    assert file.read() == PDF


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("minutes.pdf", "minutes.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\minutes.pdf", "minutes.pdf"),
        ('a"b\r\nX-Header: 1.pdf', "abX-Header 1.pdf"),
        ("cod\u202efdp.exe", "codfdp.exe"),
        ("Größe ŵ.pdf", "Größe ŵ.pdf"),
        ("...", "file"),
        (f"{'a' * 300}.pdf", f"{'a' * 196}.pdf"),
    ],
)
def test_a_name_is_made_safe(given: str, safe: str) -> None:
    assert safe_name(given) == safe


def test_what_office_programmes_write_is_let_in() -> None:
    """A workbook of a library that others write with, not one of our own making."""

    stream = io.BytesIO()
    Workbook().save(stream)

    assert zipfile.is_zipfile(stream)
    assert check("a.xlsx", stream.getvalue()).extension == "xlsx"
