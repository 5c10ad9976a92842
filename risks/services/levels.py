"""Which board holds a risk, and whether it is open: each move dated, with its reason and who made it."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from core.writes import text
from risks.models import Escalation, Level, Risk, RiskReview, State, StateChange
from risks.services.current import date_faults, lock_risk, refuse, refuse_closed


@transaction.atomic
def move_level(
    *,
    risk: Risk,
    to_level: str,
    reason: str,
    by: User | None,
    at: dt.datetime,
    moved_on: dt.date | None = None,
) -> Escalation:
    """Escalates a risk to the Improvement Board, or hands it back to the Operations Board. A second click returns the
    row that the first one made."""
    lock_risk(risk)
    refuse_closed(risk)
    today = timezone.localdate(at)
    moved_on = moved_on or today
    latest = Escalation.objects.filter(risk=risk).first()
    if latest and (latest.to_level, latest.moved_on, latest.reason) == (to_level, moved_on, text(reason)):
        return latest
    if risk.level == to_level:
        raise ValidationError(f"{risk.reference} is with the {Level(to_level).board} already.")
    refuse(
        {} if text(reason) else {"reason": "Say why the risk moves."},
        date_faults("moved_on", moved_on, opened_on=risk.opened_on, today=today),
        _order_faults("moved_on", moved_on, latest.moved_on if latest else None),
    )
    move = Escalation(
        risk=risk,
        moved_on=moved_on,
        from_level=risk.level,
        to_level=to_level,
        reason=text(reason),
        created_by=by,
        created_at=at,
    )
    move.full_clean()
    move.save()
    _keep(risk, level=to_level)
    return move


@transaction.atomic
def close_risk(*, risk: Risk, reason: str, on: dt.date, by: User | None, at: dt.datetime) -> StateChange | None:
    """Closes a risk from that day on; it stays in every month before. A second click finds it closed."""
    return _change_state(risk, State.CLOSED, reason=reason, on=on, by=by, at=at)


@transaction.atomic
def reopen_risk(*, risk: Risk, reason: str, on: dt.date, by: User | None, at: dt.datetime) -> StateChange | None:
    """Opens a closed risk again from that day on. The days it was closed stay closed."""
    return _change_state(risk, State.OPEN, reason=reason, on=on, by=by, at=at)


def _change_state(
    risk: Risk, state: State, *, reason: str, on: dt.date, by: User | None, at: dt.datetime
) -> StateChange | None:
    lock_risk(risk)
    latest = StateChange.objects.filter(risk=risk).first()
    if risk.state == state:
        return latest
    verb = "closed" if state == State.CLOSED else "opened again"
    refuse(
        {} if text(reason) else {"reason": f"Say why it is {verb}."},
        date_faults("on", on, opened_on=risk.opened_on, today=timezone.localdate(at)),
        _order_faults("on", on, latest.changed_on if latest else None),
        _reviewed_faults(risk, on) if state == State.CLOSED else {},
    )
    change = StateChange(risk=risk, changed_on=on, state=state, reason=text(reason), created_by=by, created_at=at)
    change.full_clean()
    change.save()
    _keep(risk, state=state, closed_on=on if state == State.CLOSED else None)
    return change


def _order_faults(name: str, day: dt.date | None, latest: dt.date | None) -> dict[str, str]:
    """Moves come one after the other: one in the past would change what stood after it."""
    if day and latest and day < latest:
        return {name: f"The last such move was on {date_format(latest)}. Choose that day or a later one."}
    return {}


def _reviewed_faults(risk: Risk, on: dt.date | None) -> dict[str, str]:
    """Nobody reviews what is closed: the rule that `record_reviews` holds for the other order."""
    later = RiskReview.objects.effective().filter(risk=risk, reviewed_on__gt=on).first() if on else None
    if later:
        return {"on": f"It was reviewed on {date_format(later.reviewed_on)}. Choose that day or a later one."}
    return {}


def _keep(risk: Risk, **state: object) -> None:
    Risk.objects.filter(pk=risk.pk).update(**state, version=F("version") + 1)
    risk.refresh_from_db()
