"""What is said about a milestone: submitted updates, their confirmation, and drafts."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import F, OuterRef, Q

from accounts.models import User
from core.models import AppendOnly, Authored, SupersedableQuerySet
from milestones.models.ratings import Impact, Status


class UpdateQuerySet(SupersedableQuerySet):
    def for_outer_milestone(self, on: dt.date) -> Self:
        """For a subquery under milestones: the effective updates as at a day or before, the latest first."""
        return self.effective().filter(milestone=OuterRef("pk"), as_at__lte=on).order_by("-as_at", "-pk")


class MilestoneUpdate(AppendOnly):
    """One submitted report on a milestone. Never changed: a correction is a new row that supersedes this one."""

    milestone = models.ForeignKey("Milestone", on_delete=models.PROTECT, related_name="updates")
    as_at = models.DateField("as at")
    status = models.CharField(max_length=20, choices=Status)
    impact = models.CharField(max_length=20, choices=Impact, default=Impact.NOT_YET_EVIDENCED)
    progress = models.TextField(blank=True)
    difference_made = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    mitigation = models.TextField(blank=True)
    consequence = models.TextField(blank=True)
    forecast_date = models.DateField(null=True, blank=True)
    completed_on = models.DateField("completed on", null=True, blank=True)
    no_evidence_reason = models.TextField(blank=True)
    rating_only = models.BooleanField("a tracker’s rating without a report", default=False, editable=False)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="milestone_updates")
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    correction_reason = models.TextField("reason for the correction", blank=True)

    objects = UpdateQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["-as_at", "-pk"]
        # What is asked of every milestone on every list: its latest update as at a day, and the last one that differs.
        indexes = [models.Index(fields=["milestone", "-as_at", "-id", "status"], name="milestones_update_latest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=Status.values) & Q(impact__in=Impact.values),
                name="milestones_update_ratings_known",
                violation_error_message="Choose a status and an impact from the lists.",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.COMPLETED, completed_on__isnull=False, completed_on__lte=F("as_at"))
                | (~Q(status=Status.COMPLETED) & Q(completed_on__isnull=True)),
                name="milestones_update_completed_on",
                violation_error_message="A completed milestone needs the date it was completed, not after the update’s "
                "date; other statuses have none.",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True, correction_reason="")
                | (Q(supersedes__isnull=False) & ~Q(correction_reason="")),
                name="milestones_update_correction_with_reason",
                violation_error_message="A correction says why, and only a correction does.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.milestone.reference} as at {self.as_at}: {self.get_status_display()}"


class UpdateConfirmation(AppendOnly):
    """The SRO's word that an update is right. At most one each; a correction needs a new one."""

    update = models.OneToOneField(MilestoneUpdate, on_delete=models.PROTECT, related_name="confirmation")
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.update} confirmed"


class MilestoneDraft(Authored):
    """What somebody has typed into an update form and not submitted: kept as typed, valid or not, one per person
    and milestone, and gone when it is submitted or discarded. Nobody else sees it."""

    milestone = models.ForeignKey("Milestone", on_delete=models.CASCADE, related_name="drafts")
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="milestone_drafts")
    typed = models.JSONField(default=dict)
    based_on_version = models.PositiveIntegerField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["milestone", "author"], name="milestones_draft_one_per_person"),
        ]

    def __str__(self) -> str:
        return f"Draft for {self.milestone.reference}"
