"""How the register is narrowed: one set of filters for the list, its download, the API and the links under figures."""

import datetime as dt
from typing import Any

import django_filters as filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field

from accounts.models import User
from core.filters import AsAtFilterSet, DayFilter, DayInput, ManyFilter, WholeNumberFilter, WordsFilter, many, only
from core.forms import FilterForm
from core.months import Month
from milestones.models import PriorityArea
from risks.models import (
    Effect,
    Level,
    LevelMove,
    MatrixBook,
    MatrixChoice,
    Mitigation,
    MitigationKind,
    MitigationStatus,
    Movement,
    Risk,
    RiskMatrix,
    RiskQuerySet,
    RiskReview,
    State,
)

MOVEMENTS = [*Movement.choices, *LevelMove.choices]
REVIEW = [("overdue", "Overdue"), ("this_month", "Due by the end of this month")]
STATES = [*State.choices, ("all", "Open and closed")]


def band_choices() -> list[tuple[str, str]]:
    """The bands of every matrix that was ever in use, each name once."""
    used = RiskMatrix.objects.filter(pk__in=MatrixChoice.objects.values("matrix"))
    bands = {band.code: band.name for matrix in used for band in matrix.band_list}
    return list(bands.items())


def owners(_request: Any) -> QuerySet[User]:
    return User.objects.filter(pk__in=Risk.objects.values("owner"))


class RiskFilter(AsAtFilterSet):
    """Narrows the register as at a day: `on`, or `?as_at=`, or today. Without `state` it gives what is open, and for
    the movement Closed what was closed.

    The queryset may bring the annotations of `as_at(on)` and `with_movement(on)`; where it doesn't, they are added, and
    only risks opened by then are kept.
    """

    q = WordsFilter(method="by_words")
    area = filters.ModelChoiceFilter(
        label="Priority area",
        field_name="areas",
        queryset=PriorityArea.objects.all(),
        to_field_name="code",
        empty_label="All areas",
    )
    owner = filters.ModelChoiceFilter(label="Owner", queryset=owners, empty_label="Anyone")
    level = many("Level", Level.choices, field_name="level_on")
    band = many("Band", band_choices, method="by_band")
    movement = many("Movement since the month before", MOVEMENTS, method="by_movement")
    review = filters.ChoiceFilter(label="Next review", choices=REVIEW, method="by_review", empty_label="Any time")
    state = filters.ChoiceFilter(label="Open or closed", choices=STATES, method="by_state", empty_label="Open")
    above = only("Only above trajectory", method="by_above")
    unmitigated = only("Only without mitigation", method="by_unmitigated")
    late_action = only("Only with an overdue action", method="by_late_action")
    planned = only("Only with a planned score", method="by_planned")
    likelihood = WholeNumberFilter(label="Likelihood", field_name="likelihood_on")
    impact = WholeNumberFilter(label="Impact", field_name="impact_on")
    size = WholeNumberFilter(label="Size of the matrix", field_name="size_on")
    milestone = filters.CharFilter(label="Milestone", field_name="milestones__reference", lookup_expr="iexact")
    as_at = DayFilter(label="As at", method="by_as_at", widget=DayInput({"class": "govuk-input--width-10"}))

    class Meta:
        model = Risk
        form = FilterForm
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: RiskQuerySet) -> RiskQuerySet:
        if "movement_on" not in queryset.query.annotations:
            queryset = queryset.in_register(self.on).as_at(self.on).with_movement(self.on)
        asked = self.form.cleaned_data
        if not asked.get("state") and Movement.CLOSED not in (asked.get("movement") or ()):
            queryset = queryset.open()
        return super().filter_queryset(queryset)

    def by_words(self, register: RiskQuerySet, name: str, words: str) -> RiskQuerySet:
        """Every word in the reference, the title, cause, event, consequence, a mitigation or the owner's name."""
        for word in words.split():
            mitigated = Mitigation.objects.filter(risk=OuterRef("pk"), description__icontains=word)
            register = register.filter(
                Q(reference__icontains=word)
                | Q(title__icontains=word)
                | Q(cause__icontains=word)
                | Q(event__icontains=word)
                | Q(consequence__icontains=word)
                | Q(owner__full_name__icontains=word)
                | Exists(mitigated)
            )
        return register

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def by_band(self, register: RiskQuerySet, name: str, codes: list[str]) -> RiskQuerySet:
        return register.in_bands(codes, MatrixBook.read()) if codes else register

    def by_movement(self, register: RiskQuerySet, name: str, asked: list[str]) -> RiskQuerySet:
        return register.filter(Q(movement_on__in=asked) | Q(level_move_on__in=asked)) if asked else register

    def by_review(self, register: RiskQuerySet, name: str, due: str) -> RiskQuerySet:
        if due == "overdue":
            return register.review_overdue(self.on)
        return register.open().filter(next_review_on__lte=Month.of(self.on).last_day)

    def by_state(self, register: RiskQuerySet, name: str, state: str) -> RiskQuerySet:
        return register if state == "all" else register.filter(state_on=state)

    def by_above(self, register: RiskQuerySet, name: str, wanted: bool) -> RiskQuerySet:
        return register.above_trajectory() if wanted else register

    def by_unmitigated(self, register: RiskQuerySet, name: str, wanted: bool) -> RiskQuerySet:
        return register.without_mitigation() if wanted else register

    def by_late_action(self, register: RiskQuerySet, name: str, wanted: bool) -> RiskQuerySet:
        late = Mitigation.objects.filter(risk=OuterRef("pk")).as_at(self.on).overdue(self.on)
        return register.open().filter(Exists(late)) if wanted else register

    def by_planned(self, register: RiskQuerySet, name: str, wanted: bool) -> RiskQuerySet:
        return register.open().filter(planned_on__isnull=False) if wanted else register

    def by_as_at(self, register: RiskQuerySet, name: str, day: dt.date) -> RiskQuerySet:
        return register  # `on` has read it


class ReviewFilter(filters.FilterSet):
    """`effective` leaves out what a correction, or a second review of the same day, superseded."""

    risk = filters.CharFilter(field_name="risk__reference")
    level = ManyFilter(choices=Level.choices, field_name="risk__level")
    reviewed_from = DayFilter(field_name="reviewed_on", lookup_expr="gte")
    reviewed_to = DayFilter(field_name="reviewed_on", lookup_expr="lte")
    effective = filters.BooleanFilter(method="by_effective")

    class Meta:
        model = RiskReview
        fields: tuple[str, ...] = ()

    def by_effective(self, reviews: Any, name: str, wanted: bool) -> Any:
        return reviews.effective() if wanted else reviews.filter(superseded_by__isnull=False)


class MitigationFilter(filters.FilterSet):
    """Mitigations as at a day. `overdue` gives actions past their due date and still to be done."""

    risk = filters.CharFilter(field_name="risk__reference")
    kind = ManyFilter(choices=MitigationKind.choices)
    status = ManyFilter(choices=MitigationStatus.choices, field_name="status_on")
    effect = ManyFilter(choices=Effect.choices)
    overdue = filters.BooleanFilter(method="by_overdue")
    as_at = DayFilter(method="by_as_at")

    class Meta:
        model = Mitigation
        fields: tuple[str, ...] = ()

    def by_overdue(self, mitigations: Any, name: str, wanted: bool) -> Any:
        on = self.form.cleaned_data.get("as_at") or timezone.localdate()
        late = mitigations.overdue(on)
        return late if wanted else mitigations.exclude(pk__in=late.values("pk"))

    def by_as_at(self, mitigations: Any, name: str, day: dt.date) -> Any:
        return mitigations  # the viewset has read it
