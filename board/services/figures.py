"""Storing a month's figures: one section in one transaction, replaced whole, never after the month is signed off."""

import datetime as dt
import hashlib
import time
from collections.abc import Iterable
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction

from board.figures import SECTIONS, definition
from board.models import Figure, ReportingMonth, RollupRun
from core.figures import Section, Value


def run_section(*, month: ReportingMonth, section: Section, at: dt.datetime) -> RollupRun:
    """Computes and stores one section of a month, and keeps a record that it ran.

    The record is there before the work begins: a worker killed half-way leaves it `running` and the old figures
    standing, and the next run says so and mends. What goes wrong is written on the record and raised again.
    Running twice changes nothing.
    """
    refuse_signed_off(month)
    run = RollupRun.objects.create(month=month, section=section.name, started_at=at)
    began = time.monotonic()
    try:
        with transaction.atomic():
            # The lock comes before the reading: of two runs at once, the one that stores last has also read last.
            _locked(month)
            _give_up_earlier(run)
            stored = store_section(month=month, section=section, values=section.compute(month.period), at=at)
    except Exception as error:
        _finish(run, RollupRun.State.FAILED, began, error=f"{type(error).__name__}: {error}")
        raise
    _finish(run, RollupRun.State.DONE, began, figures=stored)
    return run


@transaction.atomic
def store_section(*, month: ReportingMonth, section: Section, values: Iterable[Value], at: dt.datetime) -> int:
    """Replaces a section's figures of a month; returns how many there are now. Refuses a signed-off month."""
    locked = _locked(month)
    refuse_signed_off(locked)
    figures = [_figure(locked, section, value) for value in values]
    locked.figures.filter(section=section.name).delete()
    Figure.objects.bulk_create(figures, batch_size=1000)
    return len(figures)


@transaction.atomic
def finish_month(*, month: ReportingMonth) -> ReportingMonth:
    """Says as at when a month's figures are: the start of the oldest of its sections' last good runs.

    Nothing is said while a section was never computed. A section that failed leaves its old figures and their time.
    """
    locked = _locked(month)
    if locked.is_signed_off:
        return locked
    done = locked.runs.filter(state=RollupRun.State.DONE)
    last_good = [done.filter(section=section.name).values_list("started_at", flat=True).first() for section in SECTIONS]
    times = [time for time in last_good if time is not None]
    if len(times) == len(SECTIONS):
        locked.figures_at = min(times)
        locked.save(update_fields=["figures_at"])
    return locked


def refuse_signed_off(month: ReportingMonth) -> None:
    if month.is_signed_off:
        raise ValidationError({"month": f"{month} is signed off, and its figures never change."})


# --- The seal -------------------------------------------------------------------------------------------------------


def sealed_text(month: ReportingMonth) -> str:
    """The canonical form of a month's stored figures: what its digest is taken of, and what anyone can check it by.

    One line for each figure, `code|area|breakdown|value|numerator|denominator|rag`, sorted by code point, each ended
    by one line feed. Numbers are plain decimals without trailing zeros (`87.4`, `95`); what is absent is empty.
    """
    columns = ("code", "area", "breakdown", "value", "numerator", "denominator", "rag")
    return _canonical(month.figures.order_by().values_list(*columns))


def digest_of(month: ReportingMonth) -> str:
    """SHA-256 of the canonical form in UTF-8, in hexadecimal."""
    return hashlib.sha256(sealed_text(month).encode()).hexdigest()


def computed_text(month: ReportingMonth) -> str:
    """The canonical form that the figures would have if they were computed now."""
    values = (value for section in SECTIONS for value in section.compute(month.period))
    return _canonical((v.code, v.area, v.breakdown, v.value, v.numerator, v.denominator, v.rag) for v in values)


def _canonical(rows: Iterable[tuple[object, ...]]) -> str:
    return "".join(sorted("|".join(map(_plain, row)) + "\n" for row in rows))


def _plain(part: object) -> str:
    if part is None:
        return ""
    return f"{part.normalize():f}" if isinstance(part, Decimal) else str(part)


# --- Parts ----------------------------------------------------------------------------------------------------------


def _locked(month: ReportingMonth) -> ReportingMonth:
    """The month, held until the transaction ends, so that storing, signing and closing come one after the other.
    `no_key`: a run that waits for it can still be recorded as begun."""
    return ReportingMonth.objects.select_for_update(no_key=True).get(pk=month.pk)


def _figure(month: ReportingMonth, section: Section, value: Value) -> Figure:
    return Figure(
        month=month,
        section=section.name,
        code=value.code,
        area=value.area,
        breakdown=value.breakdown,
        value=value.value,
        numerator=value.numerator,
        denominator=value.denominator,
        unit=definition(value.code).unit,
        rag=value.rag or "",
    )


def _give_up_earlier(run: RollupRun) -> None:
    """Earlier runs of the section still `running` were killed. (One that only waits for the lock says `done` itself
    when it is.)"""
    RollupRun.objects.filter(month=run.month, section=run.section, state=RollupRun.State.RUNNING, pk__lt=run.pk).update(
        state=RollupRun.State.FAILED,
        finished_at=run.started_at,
        error=f"Stopped before it finished. Run {run.pk} computed the section again.",
    )


def _finish(
    run: RollupRun, state: RollupRun.State, began: float, *, figures: int | None = None, error: str = ""
) -> None:
    run.finished_at = run.started_at + dt.timedelta(seconds=time.monotonic() - began)
    run.state, run.figures, run.error = state, figures, error
    run.save(update_fields=["state", "finished_at", "figures", "error"])
