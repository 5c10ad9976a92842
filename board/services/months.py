"""The life of a reporting month: opened, its cut-off moved, closed, reopened, signed off. Each step leaves a row."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from board.figures import SECTIONS
from board.models import MonthChange, ReportingMonth, RollupRun
from board.services.figures import computed_text, digest_of, sealed_text
from core.months import Month, cut_off_of

State = ReportingMonth.State
What = MonthChange.What


@transaction.atomic
def open_month(*, month: Month, by: User | None, at: dt.datetime) -> ReportingMonth:
    """Opens a month for its returns; one that is there already is left as it is.

    `by` is None where the nightly run opens it. Refuses a month that has not begun.
    """
    if month.first_day > timezone.localdate(at):
        raise ValidationError({"month": f"{month.label} has not begun yet. Choose an earlier month."})
    found = ReportingMonth.objects.filter(month=str(month)).first()
    if found:
        return found
    row = ReportingMonth(month=str(month), cut_off=cut_off_of(month), created_at=at, created_by=by)
    row.full_clean()
    try:
        # Two doors may open one month at the same moment: the unique name decides, and the second takes the first's.
        with transaction.atomic():
            row.save()
    except IntegrityError:
        return ReportingMonth.objects.get(month=str(month))
    _record(row, What.OPENED, by, at, now=str(row.cut_off))
    return row


@transaction.atomic
def ensure_months(*, first: Month, last: Month, by: User | None, at: dt.datetime) -> list[ReportingMonth]:
    """The reporting months from first to last, opened where they are missing; earliest first."""
    if first > last:
        raise ValidationError({"month": f"{first} is after {last}. Put the earlier month first."})
    return [open_month(month=month, by=by, at=at) for month in first.until(last)]


@transaction.atomic
def open_months_so_far(*, at: dt.datetime) -> list[ReportingMonth]:
    """What the nightly run does first: the month just ended and the current one are open, and so is every month
    since the latest one there is, so that a time without nightly runs leaves no gap."""
    current = Month.of(timezone.localdate(at))
    latest = ReportingMonth.objects.order_by("-month").first()
    first = min(current.previous, latest.period.next) if latest else current.previous
    return ensure_months(first=first, last=current, by=None, at=at)


@transaction.atomic
def move_cut_off(*, month: ReportingMonth, to: dt.date, reason: str, by: User, at: dt.datetime) -> ReportingMonth:
    """Moves the last day for an open month's returns. Refuses a day before the month ends, and a missing reason."""
    locked = _locked(month)
    if locked.state != State.OPEN:
        raise ValidationError({"cut_off": f"{locked} is {_state(locked)}. Only an open month’s cut-off can move."})
    if to <= locked.period.last_day:
        raise ValidationError({"cut_off": f"Choose a date after {_day(locked.period.last_day)}, when the month ends."})
    if to == locked.cut_off:
        raise ValidationError({"cut_off": f"The cut-off is {_day(to)} already. Choose another date."})
    _need_reason(reason, "Say why the cut-off moves.")
    was, locked.cut_off = locked.cut_off, to
    return _save(locked, What.CUT_OFF_MOVED, by, at, was=str(was), now=str(to), reason=reason)


@transaction.atomic
def close_month(*, month: ReportingMonth, by: User, at: dt.datetime, reason: str = "") -> ReportingMonth:
    """Ends a month's returns, so that its figures can be checked and signed off. Refuses a month that has not ended."""
    locked = _locked(month)
    if timezone.localdate(at) <= locked.period.last_day:
        raise ValidationError({"month": f"{locked} has not ended yet. Close it after {_day(locked.period.last_day)}."})
    return _move(locked, State.CLOSED, What.CLOSED, by, at, reason=reason)


@transaction.atomic
def reopen_month(*, month: ReportingMonth, reason: str, by: User, at: dt.datetime) -> ReportingMonth:
    """Opens a closed month for returns again. Refuses a signed-off month, and a missing reason."""
    locked = _locked(month)
    _need_reason(reason, "Say why the month is opened again.")
    return _move(locked, State.OPEN, What.REOPENED, by, at, reason=reason)


@transaction.atomic
def sign_off_month(
    *, month: ReportingMonth, reason: str, by: User, at: dt.datetime, digest: str | None = None
) -> ReportingMonth:
    """Seals a closed month's figures with their digest; from then on they never change.

    `reason` says where it was agreed (the chair's word, recorded by the programme office). `digest` is that of the
    figures the person was looking at; other figures are refused. Figures that are missing, or that would come out
    otherwise if computed now, are refused: what is sealed is complete and true on the day.
    """
    locked = _locked(month)
    _allow(locked, State.SIGNED_OFF)
    _need_reason(reason, "Say where and when the board agreed these figures.")
    _refuse_incomplete(locked)
    sealed = digest_of(locked)
    if digest is not None and digest != sealed:
        raise ValidationError({"month": "The figures changed while this page was open. Check them again first."})
    if sealed_text(locked) != computed_text(locked):
        raise ValidationError(
            {"month": "The plan changed after these figures were computed. Recalculate the month and check it first."}
        )
    locked.digest, locked.signed_off_at, locked.signed_off_by = sealed, at, by
    return _move(locked, State.SIGNED_OFF, What.SIGNED_OFF, by, at, reason=reason)


# --- Parts ----------------------------------------------------------------------------------------------------------


def _locked(month: ReportingMonth) -> ReportingMonth:
    """The month, held until the transaction ends, so that its steps and its rollups come one after the other."""
    return ReportingMonth.objects.select_for_update(no_key=True).get(pk=month.pk)


def _allow(month: ReportingMonth, to: State) -> None:
    if month.state == to:
        raise ValidationError({"month": f"{month} is {_state(month)} already."})
    if to not in ReportingMonth.TRANSITIONS[State(month.state)]:
        raise ValidationError({"month": f"{month} is {_state(month)}, so it cannot become {State(to).label.lower()}."})


def _move(
    month: ReportingMonth, to: State, what: What, by: User, at: dt.datetime, *, reason: str = ""
) -> ReportingMonth:
    _allow(month, to)
    was, month.state = month.state, to
    return _save(month, what, by, at, was=was, now=to.value, reason=reason)


def _save(
    month: ReportingMonth, what: What, by: User, at: dt.datetime, *, was: str, now: str, reason: str
) -> ReportingMonth:
    month.full_clean()
    month.save()
    _record(month, what, by, at, was=was, now=now, reason=reason)
    return month


def _record(
    month: ReportingMonth,
    what: What,
    by: User | None,
    at: dt.datetime,
    *,
    was: str = "",
    now: str = "",
    reason: str = "",
) -> None:
    change = MonthChange(month=month, what=what, was=was, now=now, reason=reason.strip(), created_at=at, created_by=by)
    change.full_clean()
    change.save()


def _refuse_incomplete(month: ReportingMonth) -> None:
    latest = {section.name: month.runs.filter(section=section.name).first() for section in SECTIONS}
    missing = [name for name, run in latest.items() if run is None or run.state != RollupRun.State.DONE]
    if missing or month.figures_at is None:
        raise ValidationError({"month": f"{month} has no complete figures yet. Recalculate the month first."})


def _need_reason(reason: str, words: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": words})


def _state(month: ReportingMonth) -> str:
    return month.get_state_display().lower()


def _day(day: dt.date) -> str:
    return date_format(day, "j F Y")
