"""Updates and moves of due dates as spreadsheets: rows that are only ever added."""

from collections.abc import Sequence

from django.db.models import QuerySet

from accounts.resources import PersonWidget
from core.sheets import Column, Row, SheetResource
from core.sheets.widgets import (
    ChoiceWidget,
    DateWidget,
)
from milestones.models import DueDateChange, Impact, MilestoneUpdate, Status
from milestones.resources.names import REFERENCE_ALSO, MilestoneWidget
from milestones.services import (
    DueDateRow,
    UpdateRow,
    record_due_date_history,
    record_history,
)


class MilestoneUpdateResource(SheetResource):
    """History: only ever added, the same row twice is one row. Of two updates of a milestone on one day the later
    row counts."""

    kind = "milestone-updates"
    title = "Milestone updates"
    about = (
        "One row for each report on a milestone. Rows are only ever added; a row that is there already is passed over."
    )

    reference = Column("Reference", MilestoneWidget(), path="milestone__reference", also=REFERENCE_ALSO)
    as_at = Column("As at", DateWidget(), path="as_at", also=("Date", "Update date"))
    status = Column("Status", ChoiceWidget(Status), path="status", also=("RAG", "RAG status"))
    impact = Column("Impact", ChoiceWidget(Impact), path="impact", also=("Impact RAG",), optional=True)
    progress = Column("Progress", path="progress", also=("Progress update", "Commentary"))
    difference_made = Column("Difference made", path="difference_made", optional=True)
    reason = Column("Reason", path="reason", optional=True)
    mitigation = Column("Mitigation", path="mitigation", optional=True)
    consequence = Column("Consequence", path="consequence", optional=True)
    forecast_date = Column("Forecast date", DateWidget(), path="forecast_date", optional=True)
    author = Column("Author", PersonWidget(), path="author__email", hint="Email address or full name")

    def record(self, rows: Sequence[Row]) -> int:
        updates = []
        for row in rows:
            given = dict(row.values)
            given["milestone"], given["impact"] = given.pop("reference"), row.get("impact")
            updates.append(UpdateRow(**given))
        return record_history(rows=updates, by=self.run.by, at=self.run.at)

    def export_queryset(self) -> QuerySet[MilestoneUpdate]:
        return MilestoneUpdate.objects.effective().order_by("milestone__reference", "as_at", "pk")


class DueDateChangeResource(SheetResource):
    kind = "due-date-changes"
    title = "Due date changes"
    about = "One row for each move of a due date, as it was agreed. Rows are only ever added."

    reference = Column("Reference", MilestoneWidget(), path="milestone__reference", also=REFERENCE_ALSO)
    changed_on = Column("Date", DateWidget(), path="changed_on", hint="When the change was agreed")
    from_date = Column("From", DateWidget(), path="from_date")
    to_date = Column("To", DateWidget(), path="to_date")
    reason = Column("Reason", path="reason")
    approved_by = Column("Approved by", PersonWidget(), path="approved_by__email", hint="Email address or full name")

    def record(self, rows: Sequence[Row]) -> int:
        changes = []
        for row in rows:
            given = dict(row.values)
            given["milestone"] = given.pop("reference")
            changes.append(DueDateRow(**given))
        return record_due_date_history(rows=changes, by=self.run.by, at=self.run.at)

    def export_queryset(self) -> QuerySet[DueDateChange]:
        return DueDateChange.objects.order_by("milestone__reference", "changed_on", "pk")
