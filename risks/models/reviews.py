"""What was judged of a risk, and when: its reviews, its targets and its moves between boards."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import F, OuterRef, Q

from accounts.models import User
from core.models import AppendOnly, AppendOnlyQuerySet, SupersedableQuerySet
from risks.models.matrix import RiskMatrix
from risks.models.ratings import Level, State


class ReviewQuerySet(SupersedableQuerySet):
    def for_outer_risk(self, on: dt.date) -> Self:
        """For a subquery under risks: the effective reviews of a day or before, the latest first."""
        return self.effective().filter(risk=OuterRef("pk"), reviewed_on__lte=on).order_by("-reviewed_on", "-pk")


def score_field(likelihood: str, impact: str) -> models.GeneratedField:
    """Likelihood × impact, computed by the database: the one place where scores are multiplied."""
    return models.GeneratedField(
        expression=F(likelihood) * F(impact), output_field=models.PositiveSmallIntegerField(), db_persist=True
    )


class RiskReview(AppendOnly):
    """One dated scoring of a risk as it stands with its mitigations. Never changed: a correction, or a second review
    of the same day, supersedes this row. At most one review of a risk and day is effective."""

    risk = models.ForeignKey("Risk", on_delete=models.PROTECT, related_name="reviews")
    reviewed_on = models.DateField("date")
    matrix = models.ForeignKey(RiskMatrix, on_delete=models.PROTECT, related_name="+")
    likelihood = models.PositiveSmallIntegerField()
    impact = models.PositiveSmallIntegerField()
    score = score_field("likelihood", "impact")
    note = models.TextField(blank=True)
    next_review_on = models.DateField("next review")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="risk_reviews")
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    correction_reason = models.TextField("reason for the correction", blank=True)

    objects = ReviewQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["-reviewed_on", "-pk"]
        indexes = [models.Index(fields=["risk", "-reviewed_on", "-id"], name="risks_review_latest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(likelihood__gte=1, impact__gte=1),
                name="risks_review_scored",
                violation_error_message="Likelihood and impact begin at 1.",
            ),
            models.CheckConstraint(
                condition=Q(next_review_on__gt=F("reviewed_on")),
                name="risks_review_next_is_later",
                violation_error_message="The next review must be after this one.",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True, correction_reason="")
                | (Q(supersedes__isnull=False) & ~Q(correction_reason="")),
                name="risks_review_correction_with_reason",
                violation_error_message="A correction says why, and only a correction does.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.risk.reference} on {self.reviewed_on}: {self.likelihood} × {self.impact}"


class TargetQuerySet(AppendOnlyQuerySet):
    def for_outer_risk(self, on: dt.date) -> Self:
        """For a subquery under risks: the targets set by a day, the latest first."""
        return self.filter(risk=OuterRef("pk"), set_on__lte=on).order_by("-set_on", "-pk")


class RiskTarget(AppendOnly):
    """What a risk is to come down to, by when, and the points on the way: the trajectory. The latest set counts; an
    earlier one stays what past days are compared with. Likelihood and impact are both empty where the target was
    taken away."""

    risk = models.ForeignKey("Risk", on_delete=models.PROTECT, related_name="targets")
    set_on = models.DateField()
    matrix = models.ForeignKey(RiskMatrix, on_delete=models.PROTECT, related_name="+")
    likelihood = models.PositiveSmallIntegerField(null=True, blank=True)
    impact = models.PositiveSmallIntegerField(null=True, blank=True)
    score = score_field("likelihood", "impact")
    due_on = models.DateField("target date", null=True, blank=True)
    reason = models.TextField(blank=True)

    objects = TargetQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["-set_on", "-pk"]
        indexes = [models.Index(fields=["risk", "-set_on", "-id"], name="risks_target_latest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(likelihood__isnull=True, impact__isnull=True, due_on__isnull=True)
                # Named, because a comparison with nothing is let through.
                | Q(likelihood__isnull=False, impact__isnull=False, likelihood__gte=1, impact__gte=1),
                name="risks_target_pair",
                violation_error_message="A target has a likelihood and an impact, and a date only with them.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.risk.reference}: target of {self.set_on}"


class TargetPoint(AppendOnly):
    """From this day on the risk is planned to score no more than this. A target with a date is its own last point."""

    target = models.ForeignKey(RiskTarget, on_delete=models.PROTECT, related_name="points")
    due_on = models.DateField("date")
    score = models.PositiveSmallIntegerField("planned score")

    class Meta:
        ordering = ["due_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["target", "due_on"],
                name="risks_targetpoint_once_a_day",
                violation_error_message="Two points have the same date. Change one.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.score} by {self.due_on}"


class Escalation(AppendOnly):
    """One move of a risk between the Operations Board and the Improvement Board, up or down, and why."""

    risk = models.ForeignKey("Risk", on_delete=models.PROTECT, related_name="escalations")
    moved_on = models.DateField("date")
    from_level = models.CharField("from", max_length=20, choices=Level)
    to_level = models.CharField("to", max_length=20, choices=Level)
    reason = models.TextField()

    class Meta:
        ordering = ["-moved_on", "-pk"]
        indexes = [models.Index(fields=["risk", "-moved_on", "-id"], name="risks_escalation_latest")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(from_level=F("to_level")),
                name="risks_escalation_moves",
                violation_error_message="The risk is at that level already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.risk.reference} to {self.get_to_level_display().lower()}"

    @property
    def goes_up(self) -> bool:
        return self.to_level == Level.SYSTEMIC

    @property
    def words(self) -> str:
        verb = "Escalated" if self.goes_up else "De-escalated"
        return f"{verb} from the {Level(self.from_level).board} to the {Level(self.to_level).board}"


class StateChange(AppendOnly):
    """A risk was closed, or opened again. A risk is open from the day it was opened on until its first row here."""

    risk = models.ForeignKey("Risk", on_delete=models.PROTECT, related_name="state_changes")
    changed_on = models.DateField("date")
    state = models.CharField(max_length=10, choices=State)
    reason = models.TextField()

    class Meta:
        ordering = ["-changed_on", "-pk"]
        indexes = [models.Index(fields=["risk", "-changed_on", "-id"], name="risks_statechange_latest")]

    def __str__(self) -> str:
        return f"{self.risk.reference} {self.get_state_display().lower()} on {self.changed_on}"


class RiskChange(AppendOnly):
    """One change to what a risk is or who owns it: words, owner, inherent score, links, frequency."""

    risk = models.ForeignKey("Risk", on_delete=models.PROTECT, related_name="changes")
    changed_on = models.DateField("date")
    field = models.CharField(max_length=40)
    was = models.TextField(blank=True)
    now = models.TextField(blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-changed_on", "-pk"]

    def __str__(self) -> str:
        return f"{self.risk.reference} {self.field}: {self.was} to {self.now}"
