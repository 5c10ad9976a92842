"""The Priority Action Plan: areas, milestones, and everything that is ever said about one, dated and kept."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts.models import Organisation, User
from core.models import AppendOnly, Authored, SupersedableQuerySet, set_together
from core.months import Month
from core.ratings import Colour

reference_validator = RegexValidator(r"^[A-Z0-9]+(-[A-Z0-9]+)*$", "Use capital letters, digits and hyphens, like PA1-03.")


class Status(models.TextChoices):
    """Delivery status. Exactly one each, so that the totals sum."""

    COMPLETED = "completed", "Completed"
    ON_TRACK = "on_track", "On track"
    OFF_TRACK = "off_track", "Off track"
    DELAYED = "delayed", "Delayed"
    NOT_STARTED = "not_started", "Not started"

    @property
    def colour(self) -> Colour:
        return {
            Status.COMPLETED: Colour.BLUE,
            Status.ON_TRACK: Colour.GREEN,
            Status.OFF_TRACK: Colour.AMBER,
            Status.DELAYED: Colour.RED,
            Status.NOT_STARTED: Colour.GREY,
        }[self]

    @property
    def meaning(self) -> str:
        return {
            Status.COMPLETED: "The deliverable is in place and there is evidence of it.",
            Status.ON_TRACK: "Work is under way and will be done by its due date.",
            Status.OFF_TRACK: "At risk of missing its due date, with a plan to bring it back.",
            Status.DELAYED: "Will miss, or has missed, its due date.",
            Status.NOT_STARTED: "No work has begun.",
        }[self]

    @classmethod
    def needing_reasons(cls) -> tuple["Status", ...]:
        """Statuses whose update says why, what is being done, what follows, and when it will be done instead."""
        return (cls.OFF_TRACK, cls.DELAYED)


# How well a status stands, for telling whether a rating got better or worse.
STATUS_RANK = {
    Status.DELAYED: 0,
    Status.OFF_TRACK: 1,
    Status.NOT_STARTED: 2,
    Status.ON_TRACK: 3,
    Status.COMPLETED: 4,
}


class Impact(models.TextChoices):
    """The difference made, rated apart from delivery: completed does not mean embedded."""

    NOT_YET_EVIDENCED = "not_yet_evidenced", "Not yet evidenced"
    NO_IMPACT = "no_impact", "No impact"
    EMERGING = "emerging", "Emerging"
    EVIDENT = "evident", "Evident"
    EMBEDDED = "embedded", "Embedded"

    @property
    def colour(self) -> Colour:
        return {
            Impact.NOT_YET_EVIDENCED: Colour.GREY,
            Impact.NO_IMPACT: Colour.RED,
            Impact.EMERGING: Colour.AMBER,
            Impact.EVIDENT: Colour.GREEN,
            Impact.EMBEDDED: Colour.BLUE,
        }[self]

    @property
    def meaning(self) -> str:
        return {
            Impact.NOT_YET_EVIDENCED: "Nothing shows a difference for children and families yet.",
            Impact.NO_IMPACT: "It was looked for, and there is no difference.",
            Impact.EMERGING: "Early signs of a difference for some.",
            Impact.EVIDENT: "Data or families’ experience show a difference.",
            Impact.EMBEDDED: "The difference has lasted and is how things are done.",
        }[self]


class Trend(models.TextChoices):
    """Where a milestone's rating went over the last six months."""

    WORSENING = "worsening", "Worsening"
    STALE = "stale", "Stale"
    STEADY = "steady", "Steady"
    IMPROVING = "improving", "Improving"

    @property
    def meaning(self) -> str:
        return {
            Trend.WORSENING: "The last change of its status in six months was for the worse.",
            Trend.STALE: "Not completed, and no update for longer than the limit on the key page.",
            Trend.STEADY: "Its status has not changed in six months.",
            Trend.IMPROVING: "The last change of its status in six months was for the better.",
        }[self]


TREND_MONTHS = 6


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
            status_on=Coalesce(Subquery(latest.values("status")[:1]), Value(Status.NOT_STARTED.value)),
            impact_on=Coalesce(Subquery(latest.values("impact")[:1]), Value(Impact.NOT_YET_EVIDENCED.value)),
            updated_on=Subquery(latest.values("as_at")[:1]),
            update_on=Subquery(latest.values("pk")[:1]),
            due_on=Coalesce(
                Subquery(before.values("to_date")[:1]), Subquery(after.values("from_date")[:1]), F("due_date")
            ),
        )

    # The adjectives below read the annotations of `as_at(on)`, so they say the same of any day.

    def overdue(self, on: dt.date) -> Self:
        return self.exclude(status_on=Status.COMPLETED).filter(due_on__lt=on)

    def due_between(self, first: dt.date, last: dt.date) -> Self:
        return self.exclude(status_on=Status.COMPLETED).filter(due_on__range=(first, last))

    def stale(self, on: dt.date) -> Self:
        """Not completed, and neither added nor updated within the limit."""
        return self.exclude(status_on=Status.COMPLETED).filter(_is_stale(on))

    def without_return(self, first_day: dt.date, last_day: dt.date) -> Self:
        """Owing a return for the month of these days and without one: not completed before the month began, and
        no update that is as at a day of it."""
        updates = MilestoneUpdate.objects.effective().filter(milestone=OuterRef("pk"))
        in_month = updates.filter(as_at__range=(first_day, last_day))
        before = updates.filter(as_at__lt=first_day).order_by("-as_at", "-pk")
        return self.annotate(status_before=Subquery(before.values("status")[:1])).filter(
            ~Q(status_before=Status.COMPLETED) | Q(status_before__isnull=True), ~Exists(in_month)
        )

    def exceptions(self, on: dt.date) -> Self:
        """What the board asks about: off track, delayed, or not started and past its due date."""
        return self.filter(
            Q(status_on__in=Status.needing_reasons()) | Q(status_on=Status.NOT_STARTED, due_on__lt=on)
        )

    def with_trend(self, on: dt.date) -> Self:
        """With `trend_on` (a `Trend`), and `trend_order` that puts worsening first. Needs `as_at(on)`.

        The last change of status within six months decides; a first update counts as a change from Not started.
        """
        updates = MilestoneUpdate.objects.for_outer_milestone(on)
        differing = updates.exclude(status=OuterRef("status_on"))
        # Every update after the last differing one has today's status: the first of them made the change.
        same = updates.filter(status=OuterRef("status_on"), as_at__gte=OuterRef("differed_on")).order_by("as_at", "pk")
        return self.annotate(
            differed_on=Coalesce(Subquery(differing.values("as_at")[:1]), Value(dt.date.min)),
            rank_on=_rank("status_on"),
            rank_before=Coalesce(
                Subquery(differing.annotate(rank=_rank("status")).values("rank")[:1]),
                Value(STATUS_RANK[Status.NOT_STARTED]),
            ),
        ).annotate(
            changed_on=Subquery(same.values("as_at")[:1]),
            trend_on=Case(
                When(~Q(status_on=Status.COMPLETED) & _is_stale(on), then=Value(Trend.STALE)),
                When(changed_on__gt=_six_months_before(on), rank_on__lt=F("rank_before"), then=Value(Trend.WORSENING)),
                When(changed_on__gt=_six_months_before(on), rank_on__gt=F("rank_before"), then=Value(Trend.IMPROVING)),
                default=Value(Trend.STEADY),
                output_field=models.CharField(),
            ),
            trend_order=Case(
                *(When(trend_on=trend, then=Value(place)) for place, trend in enumerate(Trend)),
                output_field=models.SmallIntegerField(),
            ),
        )


def _rank(field: str) -> Case:
    return Case(
        *(When(**{field: status}, then=Value(rank)) for status, rank in STATUS_RANK.items()),
        output_field=models.SmallIntegerField(),
    )


def _is_stale(on: dt.date) -> Q:
    limit = on - dt.timedelta(days=settings.STALE_AFTER_DAYS)
    return Q(updated_on__lt=limit) | Q(updated_on__isnull=True, added_on__lt=limit)


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


class UpdateQuerySet(SupersedableQuerySet):
    def for_outer_milestone(self, on: dt.date) -> Self:
        """For a subquery under milestones: the effective updates as at a day or before, the latest first."""
        return self.effective().filter(milestone=OuterRef("pk"), as_at__lte=on).order_by("-as_at", "-pk")


class MilestoneUpdate(AppendOnly):
    """One submitted report on a milestone. Never changed: a correction is a new row that supersedes this one."""

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="updates")
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
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="milestone_updates")
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )

    objects = UpdateQuerySet.as_manager()

    class Meta:
        ordering = ["-as_at", "-pk"]
        indexes = [models.Index(fields=["milestone", "-as_at", "-id"], name="milestones_update_latest")]
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

    milestone = models.ForeignKey(Milestone, on_delete=models.CASCADE, related_name="drafts")
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


class DueDateChange(AppendOnly):
    """One move of a due date: from, to, why, who asked and who agreed."""

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="due_date_changes")
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

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="changes")
    changed_on = models.DateField("date")
    field = models.CharField(max_length=40)
    was = models.TextField(blank=True)
    now = models.TextField(blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-changed_on", "-pk"]

    def __str__(self) -> str:
        return f"{self.milestone.reference} {self.field}: {self.was} to {self.now}"


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

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="evidence")
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
    size = models.PositiveIntegerField(null=True, blank=True)

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


class DependencyQuerySet(models.QuerySet["MilestoneDependency"]):
    def active(self) -> Self:
        return self.filter(ended_at__isnull=True)

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
