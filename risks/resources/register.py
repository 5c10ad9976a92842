"""Risks as a spreadsheet: the register that partnerships keep."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.formats import date_format

from accounts.resources import PersonWidget
from core.sheets import Column, Difference, Row, SheetResource
from core.sheets.widgets import CellWidget, ChoiceWidget, CodeWidget, DateWidget, WholeNumberWidget
from core.writes import all_of
from milestones.resources.names import AreaWidget, MilestoneWidget
from risks.models import LARGEST, Level, Risk, RiskTarget, Treatment
from risks.resources.names import REFERENCE_ALSO, SeveralWidget
from risks.services import add_risk, close_risk, move_level, revise_risk, set_target, target_faults_renamed

REVISED = (
    "title_",
    "cause",
    "event",
    "consequence",
    "owner",
    "treatment",
    "areas",
    "milestones",
    "inherent_likelihood",
    "inherent_impact",
)
TARGET = ("target_likelihood", "target_impact", "target_date")


class RiskResource(SheetResource):
    """The register. A known reference is changed through the services that forms use, so its history says what changed
    and which sheet said so. Scores as they stand come with `risk-reviews`."""

    kind = "risks"
    title = "Risks"
    about = "One row for each risk: what it is, who owns it, its inherent score and its target."
    key = ("reference",)
    companions = ("risk-reviews", "mitigations")
    renamed = {"title": "title_", "to_level": "level", "moved_on": "level", "on": "closed_on", "set_on": "target_date"}

    reference = Column("Reference", CodeWidget(longest=20), attribute="reference", also=REFERENCE_ALSO)
    title_ = Column(
        "Title", CellWidget(longest=300), attribute="title", also=("Risk", "Nature of risk", "Nature of the risk")
    )
    cause = Column("Cause", attribute="cause", optional=True)
    event = Column("Event", attribute="event", optional=True)
    consequence = Column(
        "Consequence",
        attribute="consequence",
        also=("Consequences", "Consequences of the risk occurring"),
        optional=True,
    )
    level = Column(
        "Level",
        ChoiceWidget(Level),
        attribute="level",
        hint="A change is an escalation or de-escalation on the day of import",
    )
    owner = Column(
        "Owner",
        PersonWidget(),
        attribute="owner",
        path="owner__email",
        also=("Risk owner",),
        hint="Email address or full name",
    )
    treatment = Column("Treatment", ChoiceWidget(Treatment), attribute="treatment", optional=True)
    areas = Column(
        "Priority areas",
        SeveralWidget(AreaWidget(), code="code"),
        attribute="areas",
        also=("Priority area", "Areas"),
        optional=True,
        hint="Codes, separated by commas",
    )
    milestones = Column(
        "Milestones",
        SeveralWidget(MilestoneWidget(), code="reference"),
        attribute="milestones",
        optional=True,
        hint="References, separated by commas",
    )
    inherent_likelihood = Column(
        "Inherent likelihood", WholeNumberWidget(least=1, most=LARGEST), attribute="inherent_likelihood"
    )
    inherent_impact = Column("Inherent impact", WholeNumberWidget(least=1, most=LARGEST), attribute="inherent_impact")
    target_likelihood = Column(
        "Target likelihood", WholeNumberWidget(least=1, most=LARGEST), attribute="target_likelihood", optional=True
    )
    target_impact = Column(
        "Target impact", WholeNumberWidget(least=1, most=LARGEST), attribute="target_impact", optional=True
    )
    target_date = Column("Target date", DateWidget(), attribute="target_date", optional=True)
    opened_on = Column("Opened", DateWidget(), attribute="opened_on", also=("Opened on", "Date opened", "Date raised"))
    closed_on = Column(
        "Closed",
        DateWidget(),
        attribute="closed_on",
        also=("Closed on", "Date closed"),
        optional=True,
        blank_keeps=True,
    )

    def existing(self, keys: Sequence[tuple[Any, ...]]) -> Mapping[tuple[Any, ...], Risk]:
        register = Risk.objects.filter(reference__in=[reference for (reference,) in keys])
        related = register.select_related("owner").prefetch_related("areas", "milestones")
        return {(risk.reference,): risk for risk in related}

    def current(self, thing: Any, column: Column) -> Any:
        if isinstance(column.widget, SeveralWidget):
            return column.widget.ordered(getattr(thing, str(column.attribute)).all())
        return super().current(thing, column)

    def add(self, row: Row) -> None:
        given = {name: row.get(name, self.fields[name].widget.blank) for name in self.fields}
        closed_on = given.pop("closed_on")
        risk = add_risk(title=given.pop("title_"), **given, by=self.run.by, at=self.run.at)
        self._close(risk, closed_on)

    def change(self, thing: Any, row: Row, differences: Sequence[Difference]) -> None:
        now = {each.name: each.now for each in differences}
        if "opened_on" in now:
            raise ValidationError(
                {"opened_on": f"The risk was opened on {date_format(thing.opened_on)}. A sheet can’t change that."}
            )
        all_of(
            lambda: self._revise(thing, now),
            lambda: self._retarget(thing, now),
            lambda: self._move(thing, now),
            lambda: self._close(thing, now.get("closed_on")),
        )

    def _revise(self, risk: Risk, now: Mapping[str, Any]) -> None:
        changes = {str(self.fields[name].attribute): now[name] for name in REVISED if name in now}
        if changes:
            revise_risk(risk=risk, by=self.run.by, at=self.run.at, reason=self.run.reason, **changes)

    def _retarget(self, risk: Risk, now: Mapping[str, Any]) -> None:
        """A new target keeps the planned scores on the way that are still before its date."""
        if not any(name in now for name in TARGET):
            return
        likelihood, impact, due_on = (now.get(name, getattr(risk, name)) for name in TARGET)
        latest = RiskTarget.objects.filter(risk=risk).first()
        points = list(latest.points.values_list("due_on", "score")) if latest else []
        try:
            set_target(
                risk=risk,
                likelihood=likelihood,
                impact=impact,
                due_on=due_on,
                points=[point for point in points if due_on and point[0] < due_on and point[0] != latest.due_on],
                reason=self.run.reason,
                by=self.run.by,
                at=self.run.at,
            )
        except ValidationError as error:
            raise target_faults_renamed(error) from error

    def _move(self, risk: Risk, now: Mapping[str, Any]) -> None:
        if "level" in now:
            move_level(risk=risk, to_level=now["level"], reason=self.run.reason, by=self.run.by, at=self.run.at)

    def _close(self, risk: Risk, on: dt.date | None) -> None:
        if on is None:
            return
        if risk.is_closed:
            raise ValidationError({"closed_on": "The risk is closed already. A sheet can’t move the day."})
        close_risk(risk=risk, on=on, reason=self.run.reason, by=self.run.by, at=self.run.at)

    # --- Out --------------------------------------------------------------------------------------------------------

    def export_queryset(self) -> QuerySet[Risk]:
        return Risk.objects.order_by("reference")

    def export_paths(self, queryset: QuerySet[Any]) -> list[str]:
        several = ("areas", "milestones")
        return ["" if name in several else column.path for name, column in self.fields.items()]

    def export_extra(self, ids: Sequence[Any]) -> Mapping[Any, Mapping[int, Any]]:
        places = {name: place for place, name in enumerate(self.fields)}
        cells: dict[Any, dict[int, Any]] = defaultdict(dict)
        for risk in Risk.objects.filter(pk__in=ids).only("pk").prefetch_related("areas", "milestones"):
            for name in ("areas", "milestones"):
                widget = self.fields[name].widget
                cells[risk.pk][places[name]] = widget.render(widget.ordered(getattr(risk, name).all()))
        return cells
