"""Sheets out: what a page downloads and what the command writes are the same rows in the same columns."""

from pathlib import Path
from typing import IO, Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from core.sheets.resources import SheetResource
from core.sheets.writing.blank import blank_sheet
from core.sheets.writing.files import CONTENT_TYPES, FORMATS, as_file, csv_pieces, write


def download(
    resource: SheetResource | type[SheetResource],
    queryset: QuerySet[Any],
    format: str,  # noqa: A002 the word for it
    filename: str,
) -> HttpResponseBase:
    """The rows of a queryset as an attachment: `format` is csv, xlsx or ods (anything else is read as csv).

    CSV leaves as a stream; nothing is held in memory however long it is. The columns are the resource's, so what a
    person downloads, edits and imports again is understood.
    """
    resource = resource() if isinstance(resource, type) else resource
    extension = format if format in FORMATS else "csv"
    name = filename if filename.endswith(f".{extension}") else f"{filename}.{extension}"
    rows = resource.export_rows(queryset)
    if extension == "csv":
        response: HttpResponseBase = StreamingHttpResponse(
            csv_pieces(resource.headings, rows), content_type=CONTENT_TYPES["csv"]
        )
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    file = as_file(extension, resource.title, resource.headings, rows)
    return FileResponse(file, as_attachment=True, filename=name, content_type=CONTENT_TYPES[extension])


def write_sheet(resource: SheetResource, path: Path) -> None:
    """Everything of a kind into a file, in the format that its extension names. Raises KeyError for any other."""
    with path.open("wb") as file:
        write_rows(resource, file, path.suffix.lower().removeprefix("."))


def write_rows(resource: SheetResource, file: IO[bytes], extension: str) -> None:
    write(file, extension, resource.title, resource.headings, resource.export_rows(resource.export_queryset()))


__all__ = ["FORMATS", "blank_sheet", "csv_pieces", "download", "write_rows", "write_sheet"]
