"""Which milestone waits for which."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from accounts.models import User
from core.models import Authored, set_together
from milestones.models.plan import Milestone
from milestones.models.ratings import Status


class DependencyQuerySet(models.QuerySet["MilestoneDependency"]):
    def active(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def of(self, milestone: Milestone) -> Self:
        """Links to or from this milestone."""
        return self.filter(Q(blocker=milestone) | Q(dependent=milestone))

    def slipping(self) -> Self:
        """Blockers not completed whose forecast (or due date, without one) is after the dependent's due date."""
        return (
            self.active()
            .filter(kind=MilestoneDependency.Kind.BLOCKS)
            .exclude(blocker__status=Status.COMPLETED)
            .exclude(dependent__status=Status.COMPLETED)
            .annotate(expected_on=Coalesce("blocker__latest_update__forecast_date", "blocker__due_date"))
            .filter(expected_on__gt=F("dependent__due_date"))
        )


class MilestoneDependency(Authored):
    """One milestone waits for another (blocks) or is shaped by it (informs). Ended, never deleted; no cycles."""

    class Kind(models.TextChoices):
        BLOCKS = "blocks", "Blocks"
        INFORMS = "informs", "Informs"

    blocker = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="dependents")
    dependent = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="blockers")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.BLOCKS)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = DependencyQuerySet.as_manager()

    class Meta:
        ordering = ["blocker__reference", "dependent__reference"]
        verbose_name_plural = "milestone dependencies"
        constraints = [
            models.UniqueConstraint(
                fields=["blocker", "dependent"],
                condition=Q(ended_at__isnull=True),
                name="milestones_dependency_once",
                violation_error_message="These two milestones are linked already.",
            ),
            models.CheckConstraint(
                condition=~Q(blocker=F("dependent")),
                name="milestones_dependency_not_itself",
                violation_error_message="A milestone cannot depend on itself.",
            ),
            set_together("ended_at", "ended_by", app="milestones", model="dependency"),
        ]

    def __str__(self) -> str:
        return f"{self.blocker.reference} {self.get_kind_display().lower()} {self.dependent.reference}"
