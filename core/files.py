"""Uploaded files: let in by what they contain, never by what their name or the browser says.

Office documents are archives of XML; they are opened far enough to tell which kind they are, to refuse macros and to
refuse archives that expand beyond reason. Nothing is unpacked to disk and no XML is parsed.
"""

import hashlib
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO

import puremagic
from django.core.exceptions import ValidationError
from django.core.files import File

OOXML = "application/vnd.openxmlformats-officedocument"
ODF = "application/vnd.oasis.opendocument"
CONTENT_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "txt": "text/plain",
    "csv": "text/csv",
    "docx": f"{OOXML}.wordprocessingml.document",
    "xlsx": f"{OOXML}.spreadsheetml.sheet",
    "pptx": f"{OOXML}.presentationml.presentation",
    "odt": f"{ODF}.text",
    "ods": f"{ODF}.spreadsheet",
}
# An honest document of 20 MB unpacks to a few hundred at most; a bomb to thousands.
MAX_UNPACKED_BYTES = 500 * 1024 * 1024
MAX_RATIO = 200
MAX_MEMBERS = 20_000
HEAD_BYTES = 4096


@dataclass(frozen=True)
class CheckedFile:
    """What a file turned out to be. `name` is the uploader's, made safe to show and to send; `size` in bytes."""

    name: str
    extension: str
    content_type: str
    size: int
    sha256: str


def check_file(file: "File[bytes]", *, max_mb: int) -> CheckedFile:
    """Reads the file through and returns what it is; leaves it rewound.

    Raises ValidationError with what to do: too big, empty, of no kind that is allowed, not what its name says, or
    dangerous (macros, an archive that expands).
    """
    name = safe_name(file.name or "")
    extension = PurePath(name).suffix.lower().removeprefix(".")
    if extension not in CONTENT_TYPES:
        raise ValidationError(f"“{name}” must be one of: {', '.join(sorted(set(CONTENT_TYPES) - {'jpeg'}))}.")
    if file.size > max_mb * 1024 * 1024:
        raise ValidationError(f"“{name}” must be {max_mb} MB or smaller.")
    if not file.size:
        raise ValidationError(f"“{name}” is empty.")
    file.seek(0)
    _CHECKS[extension](file, name, extension)
    digest = hashlib.sha256()
    file.seek(0)
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return CheckedFile(name, extension, CONTENT_TYPES[extension], file.size, digest.hexdigest())


def safe_name(name: str) -> str:
    """A file name without folders, control characters or characters that file systems and headers trip over; at
    most 200 long."""
    name = PurePath(name.replace("\\", "/")).name
    name = re.sub(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069<>:\"/|?*]", "", name).strip(" .")
    stem, suffix = PurePath(name).stem, PurePath(name).suffix
    return f"{stem[: 200 - len(suffix)]}{suffix}" if name else "file"


def refuse_expanding_archive(archive: zipfile.ZipFile, name: str) -> None:
    """Refuses a zip bomb by what its directory announces; reading a member beyond that fails on its own."""
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED_BYTES or unpacked > max(packed, 10_000) * MAX_RATIO:
        raise ValidationError(
            f"“{name}” expands to far more than its size, so it was refused. Save it again and retry."
        )
    if any(member.flag_bits & 0x1 for member in members):
        raise ValidationError(f"“{name}” is protected with a password. Save it without one.")


def _check_signature(file: IO[bytes], name: str, extension: str) -> None:
    try:
        found = puremagic.from_string(file.read(HEAD_BYTES), mime=True)
    except puremagic.PureError:
        found = ""
    if found != CONTENT_TYPES[extension]:
        raise _not_what_it_says(name, extension)


def _check_text(file: IO[bytes], name: str, extension: str) -> None:
    """Text is UTF-8 or UTF-16 with a mark, or Windows-1252, without control characters that no text has."""
    content = file.read()
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    try:
        decoded = content.decode(encoding)
    except UnicodeDecodeError:
        # Every byte is a character of Windows-1252 but for five, and the control characters tell binaries apart.
        decoded = content.decode("cp1252", errors="replace")
        if "\ufffd" in decoded:
            raise _not_what_it_says(name, extension) from None
    if re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", decoded):
        raise _not_what_it_says(name, extension)


def _check_office(file: IO[bytes], name: str, extension: str) -> None:
    """Word, Excel, PowerPoint: the main part named in `[Content_Types].xml` says which, and whether with macros."""
    with _opened(file, name, extension) as archive:
        declared = _member(archive, "[Content_Types].xml", name, extension)
        members = [member.filename.lower() for member in archive.infolist()]
        if b"macroEnabled" in declared or any(member.endswith("vbaproject.bin") for member in members):
            raise ValidationError(f"“{name}” contains macros. Save it without them, as .{extension}.")
        if f"{CONTENT_TYPES[extension]}.main+xml".encode() not in declared:
            raise _not_what_it_says(name, extension)


def _check_open_document(file: IO[bytes], name: str, extension: str) -> None:
    """OpenDocument: the `mimetype` member says which; scripts live under `Basic/` and `Scripts/`."""
    with _opened(file, name, extension) as archive:
        declared = _member(archive, "mimetype", name, extension)
        if any(member.filename.startswith(("Basic/", "Scripts/")) for member in archive.infolist()):
            raise ValidationError(f"“{name}” contains macros. Save it without them, as .{extension}.")
        if declared.strip() != CONTENT_TYPES[extension].encode():
            raise _not_what_it_says(name, extension)


def _opened(file: IO[bytes], name: str, extension: str) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise _not_what_it_says(name, extension) from None
    refuse_expanding_archive(archive, name)
    return archive


def _member(archive: zipfile.ZipFile, member: str, name: str, extension: str) -> bytes:
    """The first bytes of a small member; its announced size is not believed."""
    try:
        with archive.open(member) as opened:
            return opened.read(1_000_000)
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise _not_what_it_says(name, extension) from None


def _not_what_it_says(name: str, extension: str) -> ValidationError:
    return ValidationError(
        f"“{name}” is not a .{extension} file inside. Open it, save it as .{extension} and try again."
    )


_CHECKS: dict[str, Callable[[IO[bytes], str, str], None]] = {
    **dict.fromkeys(("pdf", "png", "jpg", "jpeg"), _check_signature),
    **dict.fromkeys(("txt", "csv"), _check_text),
    **dict.fromkeys(("docx", "xlsx", "pptx"), _check_office),
    **dict.fromkeys(("odt", "ods"), _check_open_document),
}
