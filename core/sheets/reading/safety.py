"""What a file is by its content, before anything opens it; and what is never opened.

Workbooks are archives of XML. They are refused when they carry macros or a password, expand beyond reason, or declare
a document type: no spreadsheet program writes one, and entities (XXE, "billion laughs") need it.
"""

import codecs
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import BinaryIO

from core.sheets.reading.base import SheetError

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
# 20 MB of honest workbook unpack to 200 at most; a bomb to gigabytes.
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_MEMBERS = 5_000
MAX_RATIO = 200
# Small parts may be very repetitive; only what is big in memory is looked at.
RATIO_COUNTS_FROM_BYTES = 5 * 1024 * 1024
PIECE = 1024 * 1024
ALREADY_KNOWN = {
    "xlsm": "is a macro workbook (.xlsm). Save it as Excel Workbook (.xlsx), which leaves the macros out",
    "xltm": "is a macro template (.xltm). Save it as Excel Workbook (.xlsx), which leaves the macros out",
    "xlsb": "is a binary workbook (.xlsb). Save it as Excel Workbook (.xlsx)",
    "xls": "is in the old Excel format (.xls). Open it in Excel and save it as Excel Workbook (.xlsx)",
    "xltx": "is a template (.xltx). Save it as Excel Workbook (.xlsx)",
    "pdf": "is a PDF. Bring the spreadsheet that it was made from",
    "docx": "is a Word document. Copy its table into a spreadsheet and save that as .xlsx",
    "doc": "is a Word document. Copy its table into a spreadsheet and save that as .xlsx",
    "numbers": "is an Apple Numbers file. Export it as Excel (.xlsx) or CSV",
}


def check_content(file: BinaryIO, name: str, *, max_mb: int) -> str:
    """The kind of file: `xlsx`, `csv` or `ods`. Raises SheetError for everything else."""
    size = file.seek(0, 2)
    file.seek(0)
    if size > max_mb * 1024 * 1024:
        raise SheetError(f"“{name}” is larger than {max_mb} MB. Split it into several files.")
    if not size:
        raise SheetError(f"“{name}” is empty.")
    extension = PurePath(name).suffix.lower().removeprefix(".")
    if extension in ALREADY_KNOWN:
        raise SheetError(f"“{name}” {ALREADY_KNOWN[extension]}.")
    if extension not in CHECKS:
        raise SheetError(f"“{name}” is not a spreadsheet we read. Save it as .xlsx, .csv or .ods.")
    head = file.read(8)
    file.seek(0)
    if head == OLE:
        raise SheetError(f"“{name}” {_what_ole_holds(file)}.")
    CHECKS[extension](file, name)
    return extension


def _what_ole_holds(file: BinaryIO) -> str:
    """OLE containers hold old workbooks, or new ones behind a password."""
    if "EncryptedPackage".encode("utf-16-le") in file.read():
        return "is protected with a password. Save it without one (File, Info, Protect Workbook) and try again"
    return ALREADY_KNOWN["xls"]


def _check_text(file: BinaryIO, name: str) -> None:
    head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SheetError(f"“{name}” is saved as Unicode text (UTF-16). Save it as CSV UTF-8.")
    if head.startswith((b"PK\x03\x04", b"%PDF")):
        raise _not_inside(name, "csv")
    file.seek(0)
    while piece := file.read(PIECE):
        if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", piece):
            raise _not_inside(name, "csv")


def _check_xlsx(file: BinaryIO, name: str) -> None:
    with _opened(file, name, "xlsx") as archive:
        members = [member.filename.lower() for member in archive.infolist()]
        if any(re.search(r"vbaproject\.bin$|^xl/macrosheets/", member) for member in members):
            raise SheetError(f"“{name}” contains macros. Save it as Excel Workbook (.xlsx), which leaves them out.")
        if "[content_types].xml" not in members:
            raise _not_inside(name, "xlsx")
        declared = _unpacked(archive, "[Content_Types].xml", name)
        if b"macroEnabled" in declared:
            raise SheetError(f"“{name}” contains macros. Save it as Excel Workbook (.xlsx), which leaves them out.")
        if b"spreadsheetml.sheet.main+xml" not in declared:
            raise _not_inside(name, "xlsx")
        _refuse_document_types(archive, name)


def _check_ods(file: BinaryIO, name: str) -> None:
    with _opened(file, name, "ods") as archive:
        members = archive.namelist()
        if any(member.startswith(("Basic/", "Scripts/")) for member in members):
            raise SheetError(f"“{name}” contains macros. Save it without them, as .ods or .xlsx.")
        if "mimetype" not in members or _unpacked(archive, "mimetype", name).strip() != ODS_TYPE:
            raise _not_inside(name, "ods")
        if "META-INF/manifest.xml" in members and b"encryption-data" in _unpacked(
            archive, "META-INF/manifest.xml", name
        ):
            raise SheetError(f"“{name}” is protected with a password. Save it without one and try again.")
        _refuse_document_types(archive, name)


def _opened(file: BinaryIO, name: str, extension: str) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise _not_inside(name, extension) from None
    members = archive.infolist()
    # What a member announces is what can be unpacked of it: reading on past that fails by itself.
    unpacked = sum(member.file_size for member in members)
    too_tight = any(
        member.file_size > max(RATIO_COUNTS_FROM_BYTES, member.compress_size * MAX_RATIO) for member in members
    )
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED_BYTES or too_tight:
        raise SheetError(
            f"“{name}” would expand to far more than its size, as harmful archives do, so it was not opened. "
            "Copy its rows into a new workbook and save that."
        )
    if any(member.flag_bits & 0x1 for member in members):
        raise SheetError(f"“{name}” is protected with a password. Save it without one and try again.")
    return archive


def _refuse_document_types(archive: zipfile.ZipFile, name: str) -> None:
    """Every XML part is UTF-8 and declares no document type, wherever in it that would stand."""
    for member in archive.namelist():
        if not member.lower().endswith((".xml", ".rels")):
            continue
        overlap = b""
        for piece in _pieces(archive, member, name):
            first = not overlap
            text = overlap + piece
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text or (first and not _is_plain_xml(text)):
                raise SheetError(
                    f"“{name}” contains instructions to load other files (an XML document type in {member}), which no "
                    "spreadsheet needs. Copy its rows into a new workbook and save that."
                )
            overlap = text[-16:]


def _is_plain_xml(start: bytes) -> bool:
    """UTF-8, declared or not: in another encoding a document type would look different."""
    start = start.removeprefix(codecs.BOM_UTF8).lstrip()[:200]
    encoding = re.match(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)", start)
    return not start or (
        start.startswith(b"<")
        and b"\x00" not in start
        and (not encoding or encoding[1].lower() in (b"utf-8", b"utf8", b"us-ascii", b"ascii"))
    )


def _pieces(archive: zipfile.ZipFile, member: str, name: str) -> Iterator[bytes]:
    try:
        with archive.open(member) as opened:
            while piece := opened.read(PIECE):
                yield piece
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        raise _damaged(name) from None


def _unpacked(archive: zipfile.ZipFile, member: str, name: str) -> bytes:
    return b"".join(_pieces(archive, member, name))


def _damaged(name: str) -> SheetError:
    return SheetError(f"“{name}” is damaged and cannot be read. Open it in your spreadsheet program and save it again.")


def _not_inside(name: str, extension: str) -> SheetError:
    return SheetError(
        f"“{name}” is named .{extension} but holds something else. Open it in your spreadsheet program and save it as "
        f".{extension}."
    )


CHECKS: dict[str, Callable[[BinaryIO, str], None]] = {"xlsx": _check_xlsx, "csv": _check_text, "ods": _check_ods}
