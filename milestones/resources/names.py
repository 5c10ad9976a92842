"""How sheets name an area or a milestone."""

from collections.abc import Iterator
from typing import Any

from core.sheets.values import clean_text, heading_key
from core.sheets.widgets import (
    LookupWidget,
)
from milestones.models import Milestone, PriorityArea

REFERENCE_ALSO = ("Ref", "Milestone no.")


class AreaWidget(LookupWidget):
    """A priority area by its code, its title, or both (`PA1 - Governance`)."""

    def __init__(self) -> None:
        super().__init__(_areas, noun="priority area", key=heading_key)

    def words(self, value: Any) -> str:
        return value.code if value else ""


def _areas() -> Iterator[tuple[str, PriorityArea]]:
    for area in PriorityArea.objects.all():
        yield from ((name, area) for name in (area.code, area.title, f"{area.code} {area.title}"))


class MilestoneWidget(LookupWidget):
    """A milestone by its reference. Unknown is an error: an update can't say what a milestone is."""

    def __init__(self) -> None:
        super().__init__(_milestones, noun="milestone", key=lambda cell: clean_text(cell).upper())


def _milestones() -> Iterator[tuple[str, Milestone]]:
    plan = Milestone.objects.only("reference", "due_date", "withdrawn_on")
    return ((milestone.reference, milestone) for milestone in plan)
