"""Risks, and the questions asked of the register as at a day."""

import datetime as dt
from collections.abc import Sequence
from typing import Self

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts.models import User
from core.models import Authored, one_of
from core.months import Month
from milestones.models import Milestone, PriorityArea, reference_validator
from risks.models.matrix import MatrixBook, RiskMatrix
from risks.models.mitigations import Mitigation
from risks.models.ratings import Frequency, Level, LevelMove, Movement, State, Treatment
from risks.models.reviews import Escalation, RiskReview, RiskTarget, StateChange, TargetPoint, score_field


class RiskQuerySet(models.QuerySet["Risk"]):
    def visible_to(self, user: User) -> Self:
        """Everyone signed in reads the whole register."""
        return self if user.is_active else self.none()

    def in_register(self, on: dt.date) -> Self:
        """Opened by a day; closed ones too."""
        return self.filter(opened_on__lte=on)

    def as_at(self, on: dt.date) -> Self:
        """With what was true on a day: the pair and `score_on` of the review that counts (`reviewed_on`, `review_on`
        its id, `matrix_on`; before the first review the inherent pair), `next_review_on`, `level_on`, `state_on`, the
        target (`target_on` its id, `target_score_on`), `planned_on` (what the trajectory allows that day, or None)
        and `mitigated_on` (whether any control or action stands)."""
        points = TargetPoint.objects.filter(target=OuterRef("aim__pk"), due_on__lte=on).order_by("-due_on")
        standing = Mitigation.objects.filter(risk=OuterRef("pk")).as_at(on).standing()
        return self.annotate(
            standing=one_of("reviews", RiskReview.objects.for_outer_risk(on)),
            aim=one_of("targets", RiskTarget.objects.for_outer_risk(on)),
        ).annotate(
            likelihood_on=Coalesce(F("standing__likelihood"), F("inherent_likelihood")),
            impact_on=Coalesce(F("standing__impact"), F("inherent_impact")),
            score_on=Coalesce(F("standing__score"), F("inherent_score")),
            matrix_on=Coalesce(F("standing__matrix_id"), F("inherent_matrix_id")),
            size_on=Coalesce(F("standing__matrix__size"), F("inherent_matrix__size")),
            reviewed_on=F("standing__reviewed_on"),
            review_on=F("standing__pk"),
            next_review_on=Coalesce(F("standing__next_review_on"), F("first_review_by")),
            level_on=_level(on),
            state_on=_state(on),
            target_on=F("aim__pk"),
            target_score_on=F("aim__score"),
            planned_on=Case(
                When(aim__matrix__size=F("size_on"), then=Subquery(points.values("score")[:1])),
                output_field=models.PositiveSmallIntegerField(),
            ),
            mitigated_on=Exists(standing),
        )

    def with_movement(self, on: dt.date, since: dt.date | None = None) -> Self:
        """With `movement_on` (a `Movement`, or empty for what was closed already), `level_move_on` (a `LevelMove`, or
        empty), and `score_before`, since the last day of the month before, or since another day. Needs `as_at(on)`."""
        before = since or day_before_month(on)
        rows = self.annotate(
            was=one_of("reviews", RiskReview.objects.for_outer_risk(before)),
        ).annotate(
            score_before=Coalesce(F("was__score"), F("inherent_score")),
            size_before=Coalesce(F("was__matrix__size"), F("inherent_matrix__size")),
            level_before=_level(before),
            was_open=Case(
                When(opened_on__gt=before, then=Value(State.CLOSED.value)),
                default=_state(before),
                output_field=models.CharField(),
            ),
        )
        known = Q(opened_on__lte=before)
        return rows.annotate(
            movement_on=Case(
                When(Q(state_on=State.CLOSED) & Q(was_open=State.CLOSED) & known, then=Value("")),
                When(state_on=State.CLOSED, then=Value(Movement.CLOSED.value)),
                When(was_open=State.CLOSED, then=Value(Movement.NEW.value)),
                When(~Q(size_before=F("size_on")), then=Value(Movement.RESCORED.value)),
                When(score_on__gt=F("score_before"), then=Value(Movement.UP.value)),
                When(score_on__lt=F("score_before"), then=Value(Movement.DOWN.value)),
                default=Value(Movement.SAME.value),
                output_field=models.CharField(),
            ),
            level_move_on=Case(
                When(Q(level_on=F("level_before")) | ~known, then=Value("")),
                When(level_on=Level.SYSTEMIC, then=Value(LevelMove.ESCALATED.value)),
                default=Value(LevelMove.DE_ESCALATED.value),
                output_field=models.CharField(),
            ),
        )

    # The adjectives below read the annotations of `as_at(on)`, so they say the same of any day. Figures count by the
    # same conditions, further down.

    def open(self) -> Self:
        return self.filter(state_on=State.OPEN)

    def in_bands(self, codes: Sequence[str], book: MatrixBook) -> Self:
        """Those whose score is in a band of one of these names, on whichever matrix it was given."""
        held = Q(pk__in=())
        for matrix_id, band in book.bands_named(codes):
            held |= Q(matrix_on=matrix_id, score_on__range=(band.lowest, band.highest))
        return self.filter(held)

    def above_trajectory(self) -> Self:
        return self.filter(is_above_trajectory())

    def without_mitigation(self) -> Self:
        return self.filter(is_without_mitigation())

    def review_overdue(self, on: dt.date) -> Self:
        return self.filter(is_review_overdue(on))


def day_before_month(on: dt.date) -> dt.date:
    """The last day of the month before: what a day's movement is measured from."""
    return Month.of(on).previous.last_day


def _level(on: dt.date) -> Coalesce:
    moves = Escalation.objects.filter(risk=OuterRef("pk"), moved_on__lte=on).order_by("-moved_on", "-pk")
    return Coalesce(Subquery(moves.values("to_level")[:1]), F("first_level"))


def _state(on: dt.date) -> Coalesce:
    changes = StateChange.objects.filter(risk=OuterRef("pk"), changed_on__lte=on).order_by("-changed_on", "-pk")
    return Coalesce(Subquery(changes.values("state")[:1]), Value(State.OPEN.value))


def is_above_trajectory() -> Q:
    return Q(state_on=State.OPEN, score_on__gt=F("planned_on"))


def is_without_mitigation() -> Q:
    return Q(state_on=State.OPEN, mitigated_on=False)


def is_review_overdue(on: dt.date) -> Q:
    return Q(state_on=State.OPEN, next_review_on__lt=on)


class Risk(Authored):
    """Something that could keep the plan from making its difference: a cause, an event, a consequence, and an owner.

    Three pairs of likelihood × impact: inherent (without mitigations), current, and target. The current pair comes from
    the latest review; before the first one the risk stands at its inherent pair. Current pair, target, level and state
    are kept by the services together with the history rows that say how they came about; `version` counts every
    change. Closed, never deleted.
    """

    reference = models.CharField(max_length=20, unique=True, validators=[reference_validator])
    title = models.CharField(max_length=300)
    cause = models.TextField(blank=True)
    event = models.TextField(blank=True)
    consequence = models.TextField(blank=True)
    level = models.CharField(max_length=20, choices=Level)
    first_level = models.CharField("level when opened", max_length=20, choices=Level, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="risks")
    treatment = models.CharField(max_length=20, choices=Treatment, blank=True)
    areas = models.ManyToManyField(PriorityArea, verbose_name="priority areas", blank=True, related_name="risks")
    milestones = models.ManyToManyField(Milestone, blank=True, related_name="risks")

    inherent_matrix = models.ForeignKey(RiskMatrix, on_delete=models.PROTECT, related_name="+")
    inherent_likelihood = models.PositiveSmallIntegerField()
    inherent_impact = models.PositiveSmallIntegerField()
    inherent_score = score_field("inherent_likelihood", "inherent_impact")
    matrix = models.ForeignKey(RiskMatrix, on_delete=models.PROTECT, related_name="+", editable=False)
    likelihood = models.PositiveSmallIntegerField("current likelihood", editable=False)
    impact = models.PositiveSmallIntegerField("current impact", editable=False)
    score = score_field("likelihood", "impact")
    latest_review = models.ForeignKey(
        RiskReview, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    target_likelihood = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    target_impact = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    target_score = score_field("target_likelihood", "target_impact")
    target_date = models.DateField(null=True, blank=True, editable=False)

    frequency = models.CharField("reviewed", max_length=20, choices=Frequency, default=Frequency.MONTHLY)
    opened_on = models.DateField("opened")
    first_review_by = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN, editable=False)
    closed_on = models.DateField("closed", null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = RiskQuerySet.as_manager()

    class Meta:
        ordering = ["reference"]
        constraints = [
            models.CheckConstraint(
                condition=Q(inherent_likelihood__gte=1, inherent_impact__gte=1, likelihood__gte=1, impact__gte=1),
                name="risks_risk_scored",
                violation_error_message="Likelihood and impact begin at 1.",
            ),
            models.CheckConstraint(
                condition=Q(state=State.OPEN, closed_on__isnull=True)
                # Named, because a comparison with nothing is let through.
                | Q(state=State.CLOSED, closed_on__isnull=False, closed_on__gte=F("opened_on")),
                name="risks_risk_closed_with_date",
                violation_error_message="A closed risk has the date it was closed, not before it was opened.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def is_closed(self) -> bool:
        return self.state == State.CLOSED
