"""What happens to an uploaded sheet: handed in, checked, confirmed, imported; each step at most once.

`state` is the claim on a step. It moves by an UPDATE that names the state it leaves, so of two clicks, two people or
two workers one wins and the other finds nothing to do.
"""

import datetime as dt
from collections.abc import Iterable
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from core.files import safe_name
from core.models import SheetLine, SheetUpload
from core.sheets import ColumnMapping, Line, Report, Run, SheetResource, read_sheet

State = SheetUpload.State
BATCH = 1000


@transaction.atomic
def receive_sheet(*, kind: str, file: "File[bytes]", by: Any, at: dt.datetime) -> SheetUpload:
    """Keeps the file under a random name. What is in it the check says."""
    upload = SheetUpload(kind=kind, original_name=safe_name(file.name or ""), moved_at=at, created_by=by, created_at=at)
    extension = upload.original_name.rpartition(".")[2].lower()[:10]
    upload.full_clean(exclude=["file"])
    upload.file.save(f"{get_random_string(32)}.{extension}", file, save=False)
    try:
        upload.save()
    except BaseException:
        upload.file.delete(save=False)
        raise
    return upload


def check_sheet(*, upload: SheetUpload, resource: type[SheetResource], at: dt.datetime) -> SheetUpload:
    """Reads the file as an import would and keeps what it would do; writes nothing else. Done already: nothing."""
    if upload.state != State.CHECKING:
        return upload
    with upload.file.open("rb") as file:
        run = _run(upload, upload.created_by, at)
        report = read_sheet(resource, file, run, write=False, mapping=_mapping(upload))  # type: ignore[arg-type]
    with transaction.atomic():
        if _move(upload, State.CHECKING, _outcome(report), at=at, since=upload.moved_at, report=report.summary()):
            _keep_lines(upload, report)
    return upload


@transaction.atomic
def match_columns(*, upload: SheetUpload, mapping: ColumnMapping, seen: str, by: Any, at: dt.datetime) -> bool:
    """Says which column is which, and sends the file back to be checked so. `seen` is the `standing` that the page
    showed. True for the one click that did; False where the upload has moved on since, by whomever: a mapping made
    for an older preview does not replace a newer one."""
    if upload.state not in SheetUpload.MATCHABLE or upload.standing != seen:
        return False
    left = State(upload.state)
    return _move(upload, left, State.CHECKING, at=at, since=upload.moved_at, mapping=mapping.to_json())


@transaction.atomic
def confirm_sheet(*, upload: SheetUpload, by: Any, at: dt.datetime, seen: str = "") -> bool:
    """Says go. True for the one click that did; False where the import was under way or over already, or where the
    preview is not the one that was `seen` (its `standing`), because somebody matched the columns otherwise."""
    if seen and upload.standing != seen:
        return False
    since = upload.moved_at
    return _move(upload, State.READY, State.IMPORTING, at=at, since=since, confirmed_by=by, confirmed_at=at)


@transaction.atomic
def import_sheet(*, upload: SheetUpload, resource: type[SheetResource], at: dt.datetime) -> SheetUpload:
    """Imports what was confirmed, all rows or none, in one transaction with the state that says so.

    The data may have changed since the preview. Where the import would do anything else than was shown, it does
    nothing, and the new preview asks for a new confirmation. The upload's row stays locked meanwhile: a second
    worker with the same task waits and then finds it done.
    """
    upload.refresh_from_db(from_queryset=SheetUpload.objects.select_for_update())
    if upload.state != State.IMPORTING:
        return upload
    with upload.file.open("rb") as file:
        run = _run(upload, upload.confirmed_by, at)
        expected, mapping = upload.report["digest"], _mapping(upload)
        report = read_sheet(resource, file, run, write=True, expected=expected, mapping=mapping)  # type: ignore[arg-type]
    if report.written:
        _move(upload, State.IMPORTING, State.IMPORTED, at=at, report=report.summary())
        return upload
    unconfirmed = {"confirmed_by": None, "confirmed_at": None}
    _move(upload, State.IMPORTING, _outcome(report), at=at, report=report.summary() | {"moved_on": True}, **unconfirmed)
    _keep_lines(upload, report)
    return upload


@transaction.atomic
def fail_sheet(*, upload: SheetUpload, at: dt.datetime) -> None:
    """Something broke while it was read: nothing is written, and it can be checked again."""
    for state in SheetUpload.UNDER_WAY:
        _move(upload, state, State.FAILED, at=at, confirmed_by=None, confirmed_at=None)


@transaction.atomic
def check_sheet_again(*, upload: SheetUpload, by: Any, at: dt.datetime) -> bool:
    """After a failure. True for the one click that did."""
    return _move(upload, State.FAILED, State.CHECKING, at=at)


def _run(upload: SheetUpload, by: Any, at: dt.datetime) -> Run:
    return Run(by=by, at=at, on=timezone.localdate(at), source=upload.original_name)


def _mapping(upload: SheetUpload) -> ColumnMapping:
    return ColumnMapping.from_json(upload.mapping)


def _outcome(report: Report) -> State:
    if not report.is_clean:
        return State.FAULTY
    return State.READY if report.changes_anything else State.NOTHING_NEW


def _move(
    upload: SheetUpload, left: State, to: State, *, at: dt.datetime, since: dt.datetime | None = None, **changes: Any
) -> bool:
    """The one way a state changes: whoever's UPDATE finds the state it leaves has made the step. `since` says which
    time in that state, where an upload may have left it and come back: checked, matched otherwise, checked again."""
    if to not in SheetUpload.TRANSITIONS[left]:
        raise ValidationError(f"An upload that is {left.label.lower()} can’t become {to.label.lower()}.")
    there = SheetUpload.objects.filter(pk=upload.pk, state=left, **({"moved_at": since} if since else {}))
    moved = there.update(state=to, moved_at=at, **changes)
    upload.refresh_from_db()
    return bool(moved)


def _keep_lines(upload: SheetUpload, report: Report) -> None:
    upload.lines.all().delete()
    lines = (SheetLine(upload=upload, **_fitting(line)) for line in _lines(report))
    while batch := list(islice(lines, BATCH)):
        SheetLine.objects.bulk_create(batch)


def _lines(report: Report) -> Iterable[Line]:
    return report.effects if report.is_clean else report.faults


def _fitting(line: Line) -> dict[str, Any]:
    return {
        "what": line.what,
        "row": line.row,
        "column": line.column[:100],
        "key": line.key[:300],
        "was": line.was,
        "now": line.now,
    }
