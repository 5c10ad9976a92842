"""Reporting months, the figures stored for them, and the runs that computed them."""

import datetime as dt
from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format

from accounts.models import User
from core.figures import Unit
from core.models import AppendOnly, Authored, set_together
from core.months import MONTH_PATTERN, Month
from core.ratings import Colour


class ReportingMonthQuerySet(models.QuerySet["ReportingMonth"]):
    def not_signed_off(self) -> Self:
        return self.exclude(state=ReportingMonth.State.SIGNED_OFF)

    def open(self) -> Self:
        return self.filter(state=ReportingMonth.State.OPEN)


class ReportingMonth(Authored):
    """One month the board reports on: open for returns, closed by the programme office, then signed off.

    Until it is signed off its figures follow the plan, corrections included. A signed-off month's figures are sealed
    by `digest` and never change.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"
        SIGNED_OFF = "signed_off", "Signed off"

        @property
        def colour(self) -> Colour:
            return {"open": Colour.BLUE, "closed": Colour.AMBER, "signed_off": Colour.GREEN}[self.value]

    TRANSITIONS = {
        State.OPEN: {State.CLOSED},
        State.CLOSED: {State.OPEN, State.SIGNED_OFF},
        State.SIGNED_OFF: set(),
    }

    month = models.CharField(
        max_length=7, unique=True, validators=[RegexValidator(f"^{MONTH_PATTERN}$", "Write a month like 2026-01.")]
    )
    state = models.CharField(max_length=20, choices=State, default=State.OPEN)
    cut_off = models.DateField("cut-off")
    # Everything learned before this moment is in the stored figures.
    figures_at = models.DateTimeField(null=True, blank=True)
    commentary = models.TextField(blank=True)
    signed_off_at = models.DateTimeField(null=True, blank=True)
    signed_off_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    digest = models.CharField(max_length=64, blank=True)

    objects = ReportingMonthQuerySet.as_manager()

    class Meta:
        ordering = ["-month"]
        constraints = [
            set_together("signed_off_at", "signed_off_by", app="board", model="month"),
            models.CheckConstraint(
                condition=Q(state="signed_off", signed_off_at__isnull=False) & ~Q(digest="")
                | ~Q(state="signed_off") & Q(signed_off_at__isnull=True, digest=""),
                name="board_month_signed_off_is_sealed",
                violation_error_message="A signed-off month has a digest, and only a signed-off month has one.",
            ),
        ]

    def __str__(self) -> str:
        return self.period.label

    @property
    def period(self) -> Month:
        return Month.parse(self.month)

    @property
    def stands(self) -> State:
        """The state with its label and colour."""
        return self.State(self.state)

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_closed(self) -> bool:
        return self.state == self.State.CLOSED

    @property
    def is_signed_off(self) -> bool:
        return self.state == self.State.SIGNED_OFF


class MonthChange(AppendOnly):
    """One step in a month's life: opened, cut-off moved, closed, reopened, signed off; with its reason."""

    class What(models.TextChoices):
        OPENED = "opened", "Opened"
        CUT_OFF_MOVED = "cut_off_moved", "Cut-off moved"
        CLOSED = "closed", "Closed"
        REOPENED = "reopened", "Reopened"
        SIGNED_OFF = "signed_off", "Signed off"

    month = models.ForeignKey(ReportingMonth, on_delete=models.PROTECT, related_name="changes")
    what = models.CharField(max_length=40, choices=What)
    was = models.CharField(max_length=40, blank=True)
    now = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.month}: {self.get_what_display()}"

    @property
    def cut_off_words(self) -> str:
        """The cut-off that the step set, where it set one."""
        match self.what:
            case self.What.OPENED:
                return f"Cut-off {_day(self.now)}"
            case self.What.CUT_OFF_MOVED:
                return f"From {_day(self.was)} to {_day(self.now)}"
        return ""


def _day(iso: str) -> str:
    return date_format(dt.date.fromisoformat(iso), "j F Y")


class Figure(models.Model):
    """One computed monthly number (see `core.figures.Value`). Replaced whole, by month and section, until the month
    is signed off; then never."""

    month = models.ForeignKey(ReportingMonth, on_delete=models.PROTECT, related_name="figures")
    section = models.CharField(max_length=20)
    code = models.CharField(max_length=60)
    area = models.CharField(max_length=10, blank=True)
    breakdown = models.CharField(max_length=60, blank=True)
    value = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    numerator = models.BigIntegerField(null=True, blank=True)
    denominator = models.BigIntegerField(null=True, blank=True)
    unit = models.CharField(max_length=10, choices=[(unit.value, unit.value) for unit in Unit])
    rag = models.CharField(max_length=10, blank=True, choices=[(colour.value, colour.label) for colour in Colour])

    class Meta:
        ordering = ["month", "section", "code", "area", "breakdown"]
        constraints = [
            models.UniqueConstraint(fields=["month", "code", "area", "breakdown"], name="board_figure_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.area or 'all'}: {self.value}"


class RollupRunQuerySet(models.QuerySet["RollupRun"]):
    def running_since(self, at: dt.datetime) -> Self:
        """Under way, and begun at a moment or after it. Older ones were killed: no run takes that long."""
        return self.filter(state=RollupRun.State.RUNNING, started_at__gte=at)


class RollupRun(models.Model):
    """One computation of one section of one month: the record that says it ran, how long it took and how it ended.

    A run whose worker was killed stays `running`; the figures it would have replaced stand, and the next run mends.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    month = models.ForeignKey(ReportingMonth, on_delete=models.PROTECT, related_name="runs")
    section = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    figures = models.PositiveIntegerField(null=True, blank=True)
    error = models.TextField(blank=True)

    objects = RollupRunQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["month", "section", "-started_at"], name="board_run_latest")]

    def __str__(self) -> str:
        return f"{self.month} {self.section}: {self.get_state_display()}"
