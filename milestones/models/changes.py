"""What changed about a milestone itself: its due date, its words, who answers for it."""

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from core.models import AppendOnly


class DueDateChange(AppendOnly):
    """One move of a due date: from, to, why, who asked and who agreed."""

    milestone = models.ForeignKey("Milestone", on_delete=models.PROTECT, related_name="due_date_changes")
    changed_on = models.DateField("date")
    from_date = models.DateField("from")
    to_date = models.DateField("to")
    reason = models.TextField()
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-changed_on", "-pk"]
        indexes = [models.Index(fields=["milestone", "changed_on", "id"], name="milestones_due_date_order")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(from_date=F("to_date")),
                name="milestones_due_date_change_moves",
                violation_error_message="The new due date is the same as the old one.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.milestone.reference}: {self.from_date} to {self.to_date}"


class MilestoneChange(AppendOnly):
    """One change to what a milestone is or who answers for it (title, officers, organisation, withdrawal…)."""

    milestone = models.ForeignKey("Milestone", on_delete=models.PROTECT, related_name="changes")
    changed_on = models.DateField("date")
    field = models.CharField(max_length=40)
    was = models.TextField(blank=True)
    now = models.TextField(blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-changed_on", "-pk"]

    def __str__(self) -> str:
        return f"{self.milestone.reference} {self.field}: {self.was} to {self.now}"
