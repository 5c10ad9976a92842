"""Controls and actions: added to a risk, moved on, stopped; every step a dated row."""

import datetime as dt
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from core.writes import text
from risks.models import (
    FIRST_STATUS,
    STATUSES,
    TRANSITIONS,
    Mitigation,
    MitigationKind,
    MitigationStatus,
    MitigationUpdate,
    Risk,
)
from risks.services.current import date_faults, left_faults, lock_risk, refuse, refuse_changed, refuse_closed


@transaction.atomic
def add_mitigation(
    *,
    risk: Risk,
    kind: str,
    description: str,
    owner: User,
    by: User | None,
    at: dt.datetime,
    due_date: dt.date | None = None,
    effect: str = "",
    status: str = "",
    added_on: dt.date | None = None,
    reference: str = "",
    as_written: bool = False,
) -> Mitigation:
    """Adds a control (in place already) or an action (to be done). Without a reference it gets the risk's next:
    R01-M3. The same mitigation from the same person again, a second click, returns the row there is. With `as_written`
    it may be one of a risk that has been closed since, as a register's past has them."""
    refuse({} if kind in MitigationKind.values else {"kind": "Choose a control or an action."})
    lock_risk(risk)
    today = timezone.localdate(at)
    added_on = added_on or today
    _refuse_closed(risk, added_on, as_written=as_written)
    mitigation = Mitigation(
        reference=text(reference) or next_reference(risk),
        risk=risk,
        kind=kind,
        description=text(description),
        owner=owner,
        due_date=due_date,
        status=status or FIRST_STATUS[MitigationKind(kind)],
        effect=effect,
        added_on=added_on,
        created_by=by,
        created_at=at,
    )
    if not reference and (first_click := _already_added(mitigation)):
        return first_click
    refuse(
        date_faults("added_on", added_on, opened_on=risk.opened_on, today=today),
        left_faults(owner=owner),
        _status_faults(mitigation.kind, mitigation.status),
    )
    mitigation.full_clean()
    mitigation.save()
    _record(mitigation, added_on, "", by, at)
    Risk.objects.filter(pk=risk.pk).update(version=F("version") + 1)
    risk.refresh_from_db(fields=["version"])
    return mitigation


@transaction.atomic
def update_mitigation(
    *,
    mitigation: Mitigation,
    by: User | None,
    at: dt.datetime,
    status: str | None = None,
    due_date: dt.date | None = None,
    owner: User | None = None,
    description: str | None = None,
    effect: str | None = None,
    note: str = "",
    dated_on: dt.date | None = None,
    based_on_version: int | None = None,
    as_written: bool = False,
) -> Mitigation:
    """Says how a mitigation stands now; None leaves a thing as it is. To stop it, or to move an action's due date,
    needs a note. Without a change and without a note nothing is written, nor by a second click. `as_written` is that
    of `add_mitigation`."""
    # The risk first, as everybody locks them who locks both.
    lock_risk(mitigation.risk)
    own = Mitigation.objects.select_for_update(of=("self",)).select_related("risk")
    mitigation.refresh_from_db(from_queryset=own)
    today = timezone.localdate(at)
    day = dated_on or today
    _refuse_closed(mitigation.risk, day, as_written=as_written)
    was = {name: getattr(mitigation, name) for name in ("status", "due_date", "owner", "description", "effect")}
    given = {"status": status, "due_date": due_date, "owner": owner, "effect": effect}
    now = {name: value for name, value in given.items() if value is not None and value != was[name]}
    if description is not None and text(description) != was["description"]:
        now["description"] = text(description)
    latest = MitigationUpdate.objects.filter(mitigation=mitigation).first()
    if not now and (not text(note) or _said_already(latest, day, text(note), by)):
        return mitigation
    refuse_changed(mitigation, based_on_version)
    refuse(
        date_faults("dated_on", day, opened_on=mitigation.risk.opened_on, today=today) or _order_faults(day, latest),
        left_faults(owner=owner if "owner" in now else None),
        _move_faults(mitigation, now, text(note)),
    )
    for name, value in now.items():
        setattr(mitigation, name, value)
    mitigation.version += 1
    mitigation.full_clean()
    mitigation.save()
    reworded = f"Before, it read: {was['description']}" if "description" in now else ""
    _record(mitigation, day, "\n".join(filter(None, (text(note), reworded))), by, at)
    return mitigation


def _refuse_closed(risk: Risk, day: dt.date, *, as_written: bool) -> None:
    if not (as_written and risk.closed_on and day <= risk.closed_on):
        refuse_closed(risk)


def _said_already(latest: MitigationUpdate | None, day: dt.date, note: str, by: User | None) -> bool:
    """Whether the last word on it is this note already."""
    return latest is not None and (latest.dated_on, latest.note, latest.created_by) == (day, note, by)


def _order_faults(day: dt.date, latest: MitigationUpdate | None) -> dict[str, str]:
    """Updates come one after the other: one in the past would change what stood after it."""
    if latest and day < latest.dated_on:
        return {"dated_on": f"It was last updated on {date_format(latest.dated_on)}. Choose that day or a later one."}
    return {}


def next_reference(risk: Risk) -> str:
    """R01-M3, for a risk that has two."""
    theirs = Mitigation.objects.filter(reference__startswith=f"{risk.reference}-M")
    taken = set(theirs.values_list("reference", flat=True))
    number = len(taken) + 1
    while f"{risk.reference}-M{number}" in taken:
        number += 1
    return f"{risk.reference}-M{number}"


def _already_added(mitigation: Mitigation) -> Mitigation | None:
    same = ("kind", "description", "owner", "due_date", "effect", "added_on", "created_by")
    there = Mitigation.objects.filter(risk=mitigation.risk, **{name: getattr(mitigation, name) for name in same})
    return there.first()


def _record(mitigation: Mitigation, day: dt.date, note: str, by: User | None, at: dt.datetime) -> None:
    update = MitigationUpdate(
        mitigation=mitigation,
        dated_on=day,
        status=mitigation.status,
        due_date=mitigation.due_date,
        owner=mitigation.owner,
        note=note,
        created_by=by,
        created_at=at,
    )
    update.full_clean()
    update.save()


def _status_faults(kind: str, status: str) -> dict[str, str]:
    known = STATUSES.get(MitigationKind(kind), ())
    if status in known:
        return {}
    labels = [each.label for each in known]
    words = f"{', '.join(labels[:-1])} or {labels[-1]}"
    return {"status": f"{'A control' if kind == MitigationKind.CONTROL else 'An action'} is {words}."}


def _move_faults(mitigation: Mitigation, now: Mapping[str, object], note: str) -> dict[str, str]:
    status = now.get("status")
    if status:
        if faults := _status_faults(mitigation.kind, str(status)):
            return faults
        if status not in TRANSITIONS[MitigationKind(mitigation.kind)][MitigationStatus(mitigation.status)]:
            was, to = MitigationStatus(mitigation.status).label, MitigationStatus(str(status)).label
            return {"status": f"It is {was.lower()}, and can’t become {to.lower()} from there."}
        if status == MitigationStatus.STOPPED and not note:
            return {"note": "Say why it is stopped."}
    if "due_date" in now and mitigation.due_date and not note:
        return {"note": "Say why the due date moves."}
    return {}


def refuse_kind_change(mitigation: Mitigation, kind: str, risk: Risk) -> None:
    """A sheet's row may not make a control of an action, nor give it to another risk: that is another mitigation."""
    faults = {}
    if kind != mitigation.kind:
        faults["kind"] = f"{mitigation.reference} is {'a control' if mitigation.kind == 'control' else 'an action'}."
    if risk.pk != mitigation.risk_id:
        faults["risk"] = f"{mitigation.reference} belongs to {mitigation.risk.reference}."
    if faults:
        raise ValidationError(faults)
