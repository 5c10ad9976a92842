"""How the plan is narrowed: one set of filters for the list, its download, the API and the links under figures."""

import datetime as dt
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from accounts.models import User
from core.filters import AsAtFilterSet, DayFilter, DayInput, ManyFilter, MonthFilter, WordsFilter, many, only
from core.forms import FilterForm
from core.months import Month
from milestones.models import (
    Evidence,
    Impact,
    Milestone,
    MilestoneQuerySet,
    MilestoneUpdate,
    PriorityArea,
    Status,
    Trend,
)

DUE = [
    ("overdue", "Overdue"),
    ("this_month", "Due this month"),
    ("next_month", "Due next month"),
    ("three_months", "Due in the next three months"),
]


def answering_officers(_request: Any) -> QuerySet[User]:
    """Everyone a milestone names: responsible, SRO or supporting."""
    # Not joined: that would pair everything somebody answers for in one way with everything in another.
    named = Q(pk__in=Milestone.objects.values("responsible_officer")) | Q(pk__in=Milestone.objects.values("sro"))
    supporting = Milestone.supporting_officers.through.objects.values("user")
    return User.objects.filter(named | Q(pk__in=supporting))


class MilestoneFilter(AsAtFilterSet):
    """Narrows the plan as at a day: `on`, or `?as_at=`, or today.

    The queryset may bring the annotations of `as_at(on)`; where it doesn't, they are added, and only milestones in
    the plan that day are kept. Values are plain in the address, so that a link under a figure gives the rows that
    the figure counted.
    """

    q = WordsFilter(method="by_words")
    area = filters.ModelChoiceFilter(
        label="Priority area", queryset=PriorityArea.objects.all(), to_field_name="code", empty_label="All areas"
    )
    status = many("Status", Status.choices, field_name="status_on")
    impact = many("Impact", Impact.choices, field_name="impact_on")
    trend = many("Trend over six months", Trend.choices, method="by_trend")
    owner = filters.ModelChoiceFilter(
        label="Officer", queryset=answering_officers, method="by_owner", empty_label="Anyone"
    )
    due = filters.ChoiceFilter(label="Due", choices=DUE, method="by_due", empty_label="Any time")
    exceptions = only("Only exceptions: off track, delayed, or not started and overdue", method="by_exceptions")
    stale = only("Only stale: not completed, and no recent update", method="by_stale")
    no_return = MonthFilter(label="No return for", method="by_no_return")
    baseline_by = MonthFilter(label="First promised by the end of", method="by_baseline")
    as_at = DayFilter(label="As at", method="by_as_at", widget=DayInput({"class": "govuk-input--width-10"}))

    class Meta:
        model = Milestone
        form = FilterForm
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: MilestoneQuerySet) -> MilestoneQuerySet:
        if "status_on" not in queryset.query.annotations:
            queryset = queryset.counting_on(self.on).as_at(self.on)
        return super().filter_queryset(queryset)

    def by_words(self, plan: MilestoneQuerySet, name: str, words: str) -> MilestoneQuerySet:
        """Every word in the reference, the title, the success measure or a named officer."""
        for word in words.split():
            plan = plan.filter(
                Q(reference__icontains=word)
                | Q(title__icontains=word)
                | Q(success_measure__icontains=word)
                | Q(responsible_officer__full_name__icontains=word)
                | Q(sro__full_name__icontains=word)
            )
        return plan

    def by_trend(self, plan: MilestoneQuerySet, name: str, trends: list[str]) -> MilestoneQuerySet:
        if not trends:
            return plan
        if "trend_on" not in plan.query.annotations:
            plan = plan.with_trend(self.on)
        return plan.filter(trend_on__in=trends)

    @extend_schema_field(OpenApiTypes.INT)
    def by_owner(self, plan: MilestoneQuerySet, name: str, owner: User) -> MilestoneQuerySet:
        return plan.for_person(owner)

    def by_due(self, plan: MilestoneQuerySet, name: str, due: str) -> MilestoneQuerySet:
        month = Month.of(self.on)
        if due == "overdue":
            return plan.overdue(self.on)
        first, last = {
            "this_month": (month.first_day, month.last_day),
            "next_month": (month.next.first_day, month.next.last_day),
            "three_months": (month.next.first_day, month.plus(3).last_day),
        }[due]
        return plan.due_between(first, last)

    def by_stale(self, plan: MilestoneQuerySet, name: str, wanted: bool) -> MilestoneQuerySet:
        return plan.stale(self.on) if wanted else plan

    def by_exceptions(self, plan: MilestoneQuerySet, name: str, wanted: bool) -> MilestoneQuerySet:
        return plan.exceptions(self.on) if wanted else plan

    @extend_schema_field(OpenApiTypes.STR)
    def by_no_return(self, plan: MilestoneQuerySet, name: str, asked: Month | str) -> MilestoneQuerySet:
        month = self._month(asked)
        return plan.without_return(month.first_day, month.last_day)

    @extend_schema_field(OpenApiTypes.STR)
    def by_baseline(self, plan: MilestoneQuerySet, name: str, asked: Month | str) -> MilestoneQuerySet:
        return plan.filter(baseline_due_date__lte=self._month(asked).last_day)

    def by_as_at(self, plan: MilestoneQuerySet, name: str, day: dt.date) -> MilestoneQuerySet:
        return plan  # `on` has read it

    def _month(self, asked: Month | str) -> Month:
        return asked if isinstance(asked, Month) else Month.of(self.on)


class UpdateFilter(filters.FilterSet):
    """`effective` leaves out what a correction superseded."""

    milestone = filters.CharFilter(field_name="milestone__reference")
    area = filters.CharFilter(field_name="milestone__area__code")
    status = ManyFilter(choices=Status.choices)
    impact = ManyFilter(choices=Impact.choices)
    as_at_from = DayFilter(field_name="as_at", lookup_expr="gte")
    as_at_to = DayFilter(field_name="as_at", lookup_expr="lte")
    effective = filters.BooleanFilter(method="by_effective")

    class Meta:
        model = MilestoneUpdate
        fields: tuple[str, ...] = ()

    def by_effective(self, updates: Any, name: str, wanted: bool) -> Any:
        return updates.effective() if wanted else updates.filter(superseded_by__isnull=False)


class EvidenceFilter(filters.FilterSet):
    milestone = filters.CharFilter(field_name="milestone__reference")
    area = filters.CharFilter(field_name="milestone__area__code")
    kind = ManyFilter(choices=Evidence.Kind.choices)
    withdrawn = filters.BooleanFilter(field_name="withdrawal", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Evidence
        fields: tuple[str, ...] = ()
