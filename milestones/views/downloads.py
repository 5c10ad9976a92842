"""The list as a sheet: what is shown, as at the day that is shown. Its headings are those that imports understand."""

from core.sheets import Column, SheetResource
from core.sheets.widgets import ChoiceWidget, DateWidget
from milestones.models import Impact, Status, Trend


class ShownMilestones(SheetResource):
    kind = "milestones-shown"
    title = "Milestones"
    about = "The milestones of a list, as at its day."

    reference = Column("Reference", path="reference")
    area = Column("Priority area", path="area__code")
    title_ = Column("Milestone", path="title")
    success_measure = Column("Success measure", path="success_measure")
    responsible_officer = Column("Responsible officer", path="responsible_officer__full_name")
    sro = Column("SRO", path="sro__full_name")
    organisation = Column("Organisation", path="organisation__name")
    baseline_due_date = Column("Baseline due date", DateWidget(), path="baseline_due_date")
    due_date = Column("Due date", DateWidget(), path="due_on")
    status = Column("Status", ChoiceWidget(Status), path="status_on")
    status_as_at = Column("Status as at", DateWidget(), path="updated_on")
    impact = Column("Impact", ChoiceWidget(Impact), path="impact_on")
    trend = Column("Trend", ChoiceWidget(Trend), path="trend_on")
    added_on = Column("Added on", DateWidget(), path="added_on")
