"""Priority areas as a spreadsheet."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from core.sheets import Column, Difference, Row, SheetResource
from core.sheets.widgets import (
    CellWidget,
    ChoiceWidget,
    CodeWidget,
    WholeNumberWidget,
)
from milestones.models import PriorityArea
from milestones.services import (
    add_priority_area,
    revise_priority_area,
)


class PriorityAreaResource(SheetResource):
    kind = "priority-areas"
    title = "Priority areas"
    about = "One row for each area that the inspection named."
    key = ("code",)

    code = Column("Code", CodeWidget(longest=10), attribute="code")
    area_title = Column("Title", CellWidget(longest=300), attribute="title")
    area_kind = Column(
        "Kind", ChoiceWidget(PriorityArea.Kind), attribute="kind", hint="Priority action or Area for improvement"
    )
    order = Column("Order", WholeNumberWidget(), attribute="order", optional=True, blank_keeps=True)

    renamed = {"title": "area_title", "kind": "area_kind"}

    def existing(self, keys: Sequence[tuple[Any, ...]]) -> Mapping[tuple[Any, ...], PriorityArea]:
        areas = PriorityArea.objects.filter(code__in=[code for (code,) in keys])
        return {(area.code,): area for area in areas}

    def add(self, row: Row) -> None:
        add_priority_area(
            code=row.values["code"],
            title=row.values["area_title"],
            kind=row.values["area_kind"],
            order=row.get("order"),
            by=self.run.by,
            at=self.run.at,
        )

    def change(self, thing: Any, row: Row, differences: Sequence[Difference]) -> None:
        changes = {str(self.fields[each.name].attribute): each.now for each in differences}
        revise_priority_area(area=thing, by=self.run.by, at=self.run.at, **changes)

    def export_queryset(self) -> QuerySet[PriorityArea]:
        return PriorityArea.objects.order_by("order", "code")
