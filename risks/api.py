"""The register as JSON: risks as at any day, their reviews, their mitigations."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import PreconditionFailed
from core.api.viewsets import AS_AT, IF_MATCH, Listed, Retrieved, etag_of, reference_in_path, version_read
from core.writes import ChangedSince
from risks import services
from risks.filters import MitigationFilter, ReviewFilter, RiskFilter
from risks.models import (
    Level,
    LevelMove,
    MatrixBook,
    Mitigation,
    MitigationStatus,
    Movement,
    Risk,
    RiskReview,
    State,
)
from risks.permissions import Perm

LINKS = ("areas", "milestones")
CHUNK = 1000


class RiskSerializer(serializers.ModelSerializer):
    """`LINKS` and `band` are no columns of the risk; the viewset adds them."""

    level = serializers.ChoiceField(source="level_on", choices=Level.choices)
    state = serializers.ChoiceField(source="state_on", choices=State.choices)
    owner = serializers.CharField(source="owner.full_name")
    owner_email = serializers.EmailField(source="owner.email")
    likelihood = serializers.IntegerField(source="likelihood_on")
    impact = serializers.IntegerField(source="impact_on")
    score = serializers.IntegerField(source="score_on")
    matrix = serializers.IntegerField(source="matrix_on", help_text="The id of the matrix it was scored on.")
    band = serializers.CharField(help_text="The band of the score, on the matrix it was given on.")
    target_score = serializers.IntegerField(source="target_score_on", allow_null=True)
    planned_score = serializers.IntegerField(
        source="planned_on", allow_null=True, help_text="What its trajectory allows on that day."
    )
    movement = serializers.ChoiceField(
        source="movement_on", choices=Movement.choices, allow_blank=True, help_text="Since the end of the month before."
    )
    level_move = serializers.ChoiceField(source="level_move_on", choices=LevelMove.choices, allow_blank=True)
    mitigated = serializers.BooleanField(source="mitigated_on", help_text="Whether any control or action stands.")
    reviewed_on = serializers.DateField(allow_null=True)
    next_review_on = serializers.DateField()
    areas = serializers.SerializerMethodField()
    milestones = serializers.SerializerMethodField()

    class Meta:
        model = Risk
        fields = (
            "reference",
            "title",
            "cause",
            "event",
            "consequence",
            "level",
            "level_move",
            "state",
            "owner",
            "owner_email",
            "treatment",
            "areas",
            "milestones",
            "inherent_likelihood",
            "inherent_impact",
            "inherent_score",
            "likelihood",
            "impact",
            "score",
            "matrix",
            "band",
            "movement",
            "target_score",
            "planned_score",
            "mitigated",
            "reviewed_on",
            "next_review_on",
            "frequency",
            "opened_on",
            "version",
            "id",
        )
        read_only_fields = fields

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_areas(self, risk: Risk) -> list[str]:
        """Codes of the priority areas it bears on."""
        raise NotImplementedError("RiskViewSet fills this in")

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_milestones(self, risk: Risk) -> list[str]:
        """References of the milestones it bears on."""
        raise NotImplementedError("RiskViewSet fills this in")


@extend_schema_view(list=extend_schema(parameters=[AS_AT]), retrieve=extend_schema(parameters=[AS_AT]))
class RiskViewSet(Listed, Retrieved):
    """Risks of the register. Score, band, movement, level, state, target and planned score are as at `as_at`; the rest
    is as it is now. The list gives open risks; `state=all` gives closed ones too."""

    permissions = {"list": Perm.VIEW, "retrieve": Perm.VIEW}
    serializer_class = RiskSerializer
    filterset_class = RiskFilter
    queryset = Risk.objects.all()
    lookup_field = "reference"
    lookup_value_regex = "[^/]+"
    takes_as_at = True
    computed = (*LINKS, "band")

    def get_queryset(self) -> QuerySet[Risk]:
        on = self.as_at
        register = Risk.objects.visible_to(self.request.user).in_register(on).as_at(on).with_movement(on)
        return register.order_by("reference")

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().retrieve(request, *args, **kwargs)
        if "as_at" not in request.query_params:
            response.headers["ETag"] = etag_of(response.data)
        return response

    def _dicts(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
        """Rows with their links and bands: a fixed number of queries for each thousand rows."""
        book = MatrixBook.read()
        source = super()._dicts(rows)
        while chunk := list(islice(source, CHUNK)):
            links = _links_of([row["id"] for row in chunk])
            for row in chunk:
                yield {
                    **row,
                    "band": book.band(row["matrix"], row["score"]).name,
                    **{name: links[row["id"], name] for name in LINKS},
                }


def _links_of(ids: list[int]) -> dict[tuple[int, str], list[str]]:
    """The codes of what risks bear on, by risk and kind of link."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    columns = {"areas": "priorityarea__code", "milestones": "milestone__reference"}
    for name, column in columns.items():
        rows = getattr(Risk, name).through.objects.filter(risk__in=ids).order_by(column)
        for risk_id, code in rows.values_list("risk", column):
            found[risk_id, name].append(code)
    return found


class ReviewSerializer(serializers.ModelSerializer):
    risk = serializers.CharField(source="risk.reference", read_only=True)
    matrix = serializers.CharField(source="matrix.code", read_only=True)
    reviewer = serializers.CharField(source="reviewer.full_name", read_only=True)
    superseded_by = serializers.IntegerField(source="superseded_by.pk", read_only=True, allow_null=True)
    next_review_on = serializers.DateField(required=False, help_text="Without it, by the risk's frequency.")

    class Meta:
        model = RiskReview
        fields = (
            "id",
            "risk",
            "reviewed_on",
            "likelihood",
            "impact",
            "score",
            "matrix",
            "note",
            "next_review_on",
            "reviewer",
            "created_at",
            "supersedes",
            "superseded_by",
        )
        read_only_fields = ("score", "created_at", "supersedes")
        # Each database has its own greatest number; the schema says the same on both.
        extra_kwargs = {name: {"min_value": 1, "max_value": 10} for name in ("likelihood", "impact")}
        # The model's constraints and the service's rules decide; the serializer only reads types.
        validators: list[Any] = []


class ReviewViewSet(Listed):
    """Reviews of risks, newest first; superseded rows stay and name what superseded them."""

    permissions = {"list": Perm.VIEW, "create": Perm.REVIEW}
    object_permissions = (Perm.REVIEW,)
    serializer_class = ReviewSerializer
    filterset_class = ReviewFilter
    queryset = RiskReview.objects.order_by("-reviewed_on", "-pk")

    @cached_property
    def risk(self) -> Risk | None:
        if "reference" not in self.kwargs:
            return None
        register = Risk.objects.visible_to(self.request.user)
        return get_object_or_404(register, reference=self.kwargs["reference"])

    def get_queryset(self) -> QuerySet[RiskReview]:
        rows = super().get_queryset()
        return rows.filter(risk=self.risk) if self.risk else rows

    @extend_schema(parameters=[IF_MATCH, reference_in_path("Like R01.")])
    def create(self, request: Request, reference: str) -> Response:
        """Reviews a risk: the same rules as the form."""
        self.check_object_permissions(request, self.risk)
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            review = services.review_risk(
                risk=self.risk,
                by=request.user,
                at=self.now,
                based_on_version=version_read(request),
                **serializer.validated_data,
            )
        except ChangedSince as error:
            raise PreconditionFailed(" ".join(error.messages)) from error
        row = self.rows(RiskReview.objects.filter(pk=review.pk)).get()
        return Response(self.as_dicts([row])[0], status=status.HTTP_201_CREATED)


class MitigationSerializer(serializers.ModelSerializer):
    risk = serializers.CharField(source="risk.reference")
    owner = serializers.CharField(source="owner.full_name")
    owner_email = serializers.EmailField(source="owner.email")
    status = serializers.ChoiceField(source="status_on", choices=MitigationStatus.choices)
    due_date = serializers.DateField(source="due_on", allow_null=True)

    class Meta:
        model = Mitigation
        fields = (
            "reference",
            "risk",
            "kind",
            "description",
            "owner",
            "owner_email",
            "due_date",
            "status",
            "effect",
            "added_on",
            "version",
        )
        read_only_fields = fields


@extend_schema_view(list=extend_schema(parameters=[AS_AT]), retrieve=extend_schema(parameters=[AS_AT]))
class MitigationViewSet(Listed, Retrieved):
    """Controls and actions. Status and due date are as at `as_at`; the rest is as it is now."""

    permissions = {"list": Perm.VIEW, "retrieve": Perm.VIEW}
    serializer_class = MitigationSerializer
    filterset_class = MitigationFilter
    queryset = Mitigation.objects.all()
    lookup_field = "reference"
    lookup_value_regex = "[^/]+"
    takes_as_at = True

    def get_queryset(self) -> QuerySet[Mitigation]:
        return Mitigation.objects.as_at(self.as_at).order_by("risk__reference", "reference")
