"""Files and links that show progress."""

from typing import Self

from django.db import models
from django.db.models import Q

from core.models import AppendOnly, AppendOnlyQuerySet
from milestones.models.updates import MilestoneUpdate


class EvidenceQuerySet(AppendOnlyQuerySet):
    def standing(self) -> Self:
        """Not withdrawn: what counts as evidence."""
        return self.filter(withdrawal__isnull=True)


class Evidence(AppendOnly):
    """A file or a link that shows progress on a milestone. Kept; one added by mistake is withdrawn with a reason."""

    class Kind(models.TextChoices):
        DOCUMENT = "document", "Strategy, policy or plan"
        MINUTES = "minutes", "Minutes or decision"
        DATA = "data", "Data or audit"
        VOICE = "voice", "Families’ or young people’s voice"
        CASE_STUDY = "case_study", "Case study"
        COMMUNICATION = "communication", "Published communication"
        OTHER = "other", "Other"

    milestone = models.ForeignKey("Milestone", on_delete=models.PROTECT, related_name="evidence")
    update = models.ForeignKey(
        MilestoneUpdate, on_delete=models.PROTECT, null=True, blank=True, related_name="evidence"
    )
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.DOCUMENT)
    title = models.CharField(max_length=200)
    dated = models.DateField("date")
    url = models.URLField("link", max_length=1000, blank=True)
    file = models.FileField(upload_to="evidence/%Y/%m/", blank=True)
    original_name = models.CharField(max_length=255, blank=True)
    content_type = models.CharField(max_length=120, blank=True)
    size = models.PositiveIntegerField("size in bytes", null=True, blank=True)
    sha256 = models.CharField("SHA-256 of the file", max_length=64, blank=True)

    objects = EvidenceQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["-dated", "-pk"]
        verbose_name_plural = "evidence"
        constraints = [
            models.CheckConstraint(
                condition=(Q(url="") & ~Q(file="")) | (~Q(url="") & Q(file="")),
                name="milestones_evidence_file_or_link",
                violation_error_message="Give a file or a link, not both.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class EvidenceWithdrawal(AppendOnly):
    """Why a piece of evidence no longer counts. Its file is removed from storage; that it was there stays known."""

    evidence = models.OneToOneField(Evidence, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.TextField()

    def __str__(self) -> str:
        return f"{self.evidence} withdrawn"
