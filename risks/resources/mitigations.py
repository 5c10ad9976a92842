"""Mitigations as a spreadsheet: the controls and actions of every risk."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from accounts.resources import PersonWidget
from core.sheets import Column, Difference, Row, SheetResource
from core.sheets.widgets import ChoiceWidget, CodeWidget, DateWidget
from risks.models import FIRST_STATUS, Effect, Mitigation, MitigationKind, MitigationStatus
from risks.resources.names import RiskWidget
from risks.services import add_mitigation, refuse_kind_change, update_mitigation


class MitigationResource(SheetResource):
    """A known reference is changed through the service that the form uses, as at the day of the import."""

    kind = "mitigations"
    title = "Mitigations"
    about = "One row for each control or action of a risk."
    key = ("reference",)
    renamed = {"kind": "kind_", "dated_on": "status", "note": "status"}

    reference = Column("Reference", CodeWidget(longest=30), attribute="reference", also=("Ref", "Mitigation ref"))
    risk = Column("Risk", RiskWidget(), attribute="risk", path="risk__reference", hint="Its reference")
    kind_ = Column("Kind", ChoiceWidget(MitigationKind), attribute="kind", also=("Type",))
    description = Column(
        "Description", attribute="description", also=("Mitigation", "Mitigating action", "Control", "Action")
    )
    owner = Column(
        "Owner",
        PersonWidget(),
        attribute="owner",
        path="owner__email",
        also=("Action owner",),
        hint="Email address or full name",
    )
    due_date = Column(
        "Due date",
        DateWidget(),
        attribute="due_date",
        also=("Due", "Deadline", "Target date"),
        optional=True,
        blank_keeps=True,
    )
    status = Column("Status", ChoiceWidget(MitigationStatus), attribute="status", hint="Holds from the day of import")
    effect = Column("Effect", ChoiceWidget(Effect), attribute="effect", optional=True, blank_keeps=True)
    added_on = Column(
        "Added on",
        DateWidget(),
        attribute="added_on",
        optional=True,
        blank_keeps=True,
        hint="Blank: the day of import",
    )

    def existing(self, keys: Sequence[tuple[Any, ...]]) -> Mapping[tuple[Any, ...], Mitigation]:
        there = Mitigation.objects.filter(reference__in=[reference for (reference,) in keys])
        return {(each.reference,): each for each in there.select_related("risk", "owner")}

    def add(self, row: Row) -> None:
        """One that was added in the past, and stands otherwise than such a one begins, moved on by the day of import,
        or by the day that its risk was closed; when exactly, the sheet does not say."""
        by, at = self.run.by, self.run.at
        kind, status, risk = row.values["kind_"], row.values["status"], row.values["risk"]
        added_on = row.get("added_on") or self.run.on
        on = min(self.run.on, risk.closed_on or self.run.on)
        first = FIRST_STATUS[MitigationKind(kind)]
        moved_on = added_on < on and status != first
        mitigation = add_mitigation(
            reference=row.values["reference"],
            risk=risk,
            kind=kind,
            description=row.values["description"],
            owner=row.values["owner"],
            due_date=row.get("due_date"),
            effect=row.get("effect", ""),
            status=first if moved_on else status,
            added_on=added_on,
            as_written=True,
            by=by,
            at=at,
        )
        if moved_on:
            moved = {"status": status, "note": self.run.reason, "dated_on": on, "as_written": True}
            update_mitigation(mitigation=mitigation, **moved, by=by, at=at)

    def change(self, thing: Any, row: Row, differences: Sequence[Difference]) -> None:
        refuse_kind_change(thing, row.values["kind_"], row.values["risk"])
        changes = {each.name: each.now for each in differences}
        update_mitigation(mitigation=thing, note=self.run.reason, by=self.run.by, at=self.run.at, **changes)

    def differences(self, thing: Any, row: Row) -> list[Difference]:
        """The day it was added is where its history begins, and stays."""
        return [each for each in super().differences(thing, row) if each.name != "added_on"]

    def export_queryset(self) -> QuerySet[Mitigation]:
        return Mitigation.objects.order_by("risk__reference", "reference")
