"""Small files of the kinds that may be uploaded."""

import io
import zipfile
from collections.abc import Mapping

from core.files import CONTENT_TYPES

MAIN_PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}


def zipped(members: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def ooxml(extension: str, extra: Mapping[str, bytes] | None = None, main: str = "") -> bytes:
    """A document of Word, Excel or PowerPoint as far as its kind can be told; `main` is its main part's type."""
    part = MAIN_PARTS[extension]
    main = main or f"{CONTENT_TYPES[extension]}.main+xml"
    types = f'<Types><Override PartName="/{part}" ContentType="{main}"/></Types>'
    return zipped({"[Content_Types].xml": types.encode(), part: b"<x/>", **(extra or {})})


def opendocument(extension: str, extra: Mapping[str, bytes] | None = None) -> bytes:
    return zipped({"mimetype": CONTENT_TYPES[extension].encode(), "content.xml": b"<x/>", **(extra or {})})
