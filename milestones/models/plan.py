"""Priority areas and milestones, and the questions asked of the plan as at a day."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts.models import Organisation, User
from core.models import Authored, one_of
from core.months import Month, month_reported_on
from milestones.models.changes import DueDateChange
from milestones.models.ratings import STATUS_RANK, TREND_MONTHS, Impact, Status, Trend
from milestones.models.updates import MilestoneDraft, MilestoneUpdate

reference_validator = RegexValidator(
    r"^[A-Z0-9]+(-[A-Z0-9]+)*$", "Use capital letters, digits and hyphens, like PA1-03."
)


class PriorityArea(Authored):
    """One area the inspection named: PA1–PA3 (priority actions) and AFI1–AFI2 (areas for improvement)."""

    class Kind(models.TextChoices):
        PRIORITY_ACTION = "priority_action", "Priority action"
        AREA_FOR_IMPROVEMENT = "area_for_improvement", "Area for improvement"

    code = models.CharField(max_length=10, unique=True, validators=[reference_validator])
    title = models.CharField(max_length=300)
    kind = models.CharField(max_length=30, choices=Kind)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class MilestoneQuerySet(models.QuerySet["Milestone"]):
    def counting_on(self, on: dt.date) -> Self:
        """In the plan on this day: added on or before it, and not withdrawn by it."""
        return self.filter(Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gt=on), added_on__lte=on)

    def visible_to(self, user: User) -> Self:
        """Everyone signed in reads the whole plan."""
        return self if user.is_active else self.none()

    def for_person(self, user: User) -> Self:
        """The milestones a person answers for: responsible, SRO or supporting."""
        supporting = Milestone.supporting_officers.through.objects.filter(milestone=OuterRef("pk"), user=user)
        return self.filter(Q(responsible_officer=user) | Q(sro=user) | Exists(supporting))

    def as_at(self, on: dt.date) -> Self:
        """With what was true on a day: `status_on`, `impact_on`, `updated_on` (date of the update that says so, or
        None), `update_on` (its id) and `due_on`.

        The update that counts is the latest by as-at date, and of one day the row added last. The due date is the
        last change's `to`; before the first change it is that change's `from`; without changes it is the column.
        """
        latest = MilestoneUpdate.objects.for_outer_milestone(on)
        changes = DueDateChange.objects.filter(milestone=OuterRef("pk"))
        before = changes.filter(changed_on__lte=on).order_by("-changed_on", "-pk")
        after = changes.filter(changed_on__gt=on).order_by("changed_on", "pk")
        return self.annotate(
            # Joined once each, so that annotations, filters and orderings that read them repeat a column and not a
            # subquery: at a hundred times the data that is a tenth of the time.
            standing=one_of("updates", latest),
            last_move=one_of("due_date_changes", before),
            next_move=one_of("due_date_changes", after),
        ).annotate(
            status_on=Coalesce(F("standing__status"), Value(Status.NOT_STARTED.value)),
            impact_on=Coalesce(F("standing__impact"), Value(Impact.NOT_YET_EVIDENCED.value)),
            updated_on=F("standing__as_at"),
            update_on=F("standing__pk"),
            due_on=Coalesce(F("last_move__to_date"), F("next_move__from_date"), F("due_date")),
        )

    # The adjectives below read the annotations of `as_at(on)`, so they say the same of any day. Figures count by the
    # same conditions (`is_overdue(on)`…, below) in one pass.

    def overdue(self, on: dt.date) -> Self:
        return self.filter(is_overdue(on))

    def due_between(self, first: dt.date, last: dt.date) -> Self:
        return self.filter(is_due_between(first, last))

    def stale(self, on: dt.date) -> Self:
        """Not completed, and neither added nor updated within the limit."""
        return self.filter(is_stale(on))

    def with_return(self, first_day: dt.date, last_day: dt.date) -> Self:
        """With `has_returned` (an update is as at one of these days) and `status_before` (as they began, or None)."""
        updates = MilestoneUpdate.objects.effective().filter(milestone=OuterRef("pk"))
        before = updates.filter(as_at__lt=first_day).order_by("-as_at", "-pk")
        return self.annotate(
            has_returned=Exists(updates.filter(as_at__range=(first_day, last_day))),
            status_before=Subquery(before.values("status")[:1]),
        )

    def without_return(self, first_day: dt.date, last_day: dt.date) -> Self:
        """Owing a return for the month of these days and without one: not completed before the month began, and
        no update that is as at a day of it."""
        return self.with_return(first_day, last_day).filter(is_without_return())

    def with_return_of(self, first_day: dt.date, last_day: dt.date) -> Self:
        """With `owes_return` (not completed before the month of these days began, or reported in it all the same) and
        `returned_on`, the date of its latest update in the month, or None: `without_return` are those that owe one
        and have None."""
        updates = MilestoneUpdate.objects.effective().filter(milestone=OuterRef("pk")).order_by("-as_at", "-pk")
        before = updates.filter(as_at__lt=first_day)
        in_month = updates.filter(as_at__range=(first_day, last_day))
        return self.annotate(
            status_before=Coalesce(Subquery(before.values("status")[:1]), Value(Status.NOT_STARTED.value)),
            returned_on=Subquery(in_month.values("as_at")[:1]),
        ).annotate(
            owes_return=Case(
                When(status_before=Status.COMPLETED, returned_on__isnull=True, then=Value(False)),  # noqa: FBT003
                default=Value(True),  # noqa: FBT003
            )
        )

    def owing(self, on: dt.date) -> Self:
        """In the plan on a day, and without a return for the month that is being collected then."""
        month = month_reported_on(on)
        in_plan = self.counting_on(on).filter(added_on__lte=month.last_day)
        return in_plan.without_return(month.first_day, month.last_day)

    def with_draft_of(self, user: User) -> Self:
        """With `draft_saved_at`: when this person last kept a draft of an update, or None."""
        drafts = MilestoneDraft.objects.filter(milestone=OuterRef("pk"), author=user)
        return self.annotate(draft_saved_at=Subquery(drafts.values("saved_at")[:1]))

    def exceptions(self, on: dt.date) -> Self:
        """What the board asks about: off track, delayed, or not started and past its due date."""
        return self.filter(is_exception(on))

    def with_trend(self, on: dt.date) -> Self:
        """With `trend_on` (a `Trend`), and `trend_order` that puts worsening first. Needs `as_at(on)`.

        Its status now is compared with the last different one within six months, else with what it was when those
        began (Not started before its first update): the same means steady.
        """
        start = _six_months_before(on)
        differing = MilestoneUpdate.objects.for_outer_milestone(on).exclude(status=OuterRef("standing__status"))
        return (
            self.annotate(
                differing=one_of("updates", differing.filter(as_at__gt=start)),
                at_start=one_of("updates", MilestoneUpdate.objects.for_outer_milestone(start)),
            )
            .annotate(
                rank_on=_rank("status_on"),
                rank_before=Coalesce(
                    _rank("differing__status"), _rank("at_start__status"), Value(STATUS_RANK[Status.NOT_STARTED])
                ),
            )
            .annotate(
                trend_on=_trend(on, {trend: trend.value for trend in Trend}, models.CharField()),
                # Not from `trend_on`: each mention of an annotation repeats all that it is made of.
                trend_order=_trend(on, {trend: place for place, trend in enumerate(Trend)}, models.SmallIntegerField()),
            )
        )


def _trend(on: dt.date, values: Mapping[Trend, str | int], field: "models.Field[Any, Any]") -> Case:
    """The value of each trend. Reads the ranks of `with_trend`."""
    return Case(
        When(is_stale(on), then=Value(values[Trend.STALE])),
        When(rank_on__lt=F("rank_before"), then=Value(values[Trend.WORSENING])),
        When(rank_on__gt=F("rank_before"), then=Value(values[Trend.IMPROVING])),
        default=Value(values[Trend.STEADY]),
        output_field=field,
    )


def _rank(field: str) -> Case:
    return Case(
        *(When(**{field: status}, then=Value(rank)) for status, rank in STATUS_RANK.items()),
        output_field=models.SmallIntegerField(),
    )


def is_overdue(on: dt.date) -> Q:
    return ~Q(status_on=Status.COMPLETED) & Q(due_on__lt=on)


def is_due_between(first: dt.date, last: dt.date) -> Q:
    return ~Q(status_on=Status.COMPLETED) & Q(due_on__range=(first, last))


def is_stale(on: dt.date) -> Q:
    limit = on - dt.timedelta(days=settings.STALE_AFTER_DAYS)
    silent = Q(updated_on__lt=limit) | Q(updated_on__isnull=True, added_on__lt=limit)
    return ~Q(status_on=Status.COMPLETED) & silent


def is_without_return() -> Q:
    return Q(has_returned=False) & (~Q(status_before=Status.COMPLETED) | Q(status_before__isnull=True))


def is_exception(on: dt.date) -> Q:
    return Q(status_on__in=Status.needing_reasons()) | Q(status_on=Status.NOT_STARTED, due_on__lt=on)


def _six_months_before(on: dt.date) -> dt.date:
    """The last day of the month six months earlier: as at 31 January, changes since 31 July count."""
    return Month.of(on).plus(-TREND_MONTHS).last_day


class Milestone(Authored):
    """One dated deliverable of the plan, with a responsible officer and an SRO.

    Made when the plan is approved or widened. `due_date`, `status`, `impact` and `latest_update` are the current
    state, kept by the services together with the history rows that say how it came about. `version` counts every
    change, so that two people at work on one milestone are told of each other. Withdrawn, never deleted.
    """

    reference = models.CharField(max_length=20, unique=True, validators=[reference_validator])
    area = models.ForeignKey(PriorityArea, on_delete=models.PROTECT, related_name="milestones")
    title = models.CharField(max_length=300)
    success_measure = models.TextField(blank=True)
    responsible_officer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="milestones_responsible")
    sro = models.ForeignKey(
        User, verbose_name="senior responsible officer", on_delete=models.PROTECT, related_name="milestones_as_sro"
    )
    supporting_officers = models.ManyToManyField(User, blank=True, related_name="milestones_supporting")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="milestones"
    )
    baseline_due_date = models.DateField()
    due_date = models.DateField()
    added_on = models.DateField()
    withdrawn_on = models.DateField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.NOT_STARTED)
    impact = models.CharField(max_length=20, choices=Impact, default=Impact.NOT_YET_EVIDENCED)
    latest_update = models.ForeignKey(
        "MilestoneUpdate", on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        ordering = ["area__order", "reference"]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_on__isnull=True, withdrawn_reason="")
                | (Q(withdrawn_on__gte=F("added_on")) & ~Q(withdrawn_reason="")),
                name="milestones_milestone_withdrawn_with_reason",
                violation_error_message="A withdrawn milestone needs a reason, and a date not before it was added.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values),
                name="milestones_milestone_status_known",
                violation_error_message="Choose a status from the list.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_on is not None
