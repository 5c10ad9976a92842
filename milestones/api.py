"""The plan as JSON: areas, milestones as at any day, what was reported on them and the evidence."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import PreconditionFailed
from core.api.viewsets import AS_AT, IF_MATCH, Listed, Retrieved, etag_of, reference_in_path, version_read
from core.writes import ChangedSince
from milestones import services
from milestones.filters import EvidenceFilter, MilestoneFilter, UpdateFilter
from milestones.models import Evidence, Impact, Milestone, MilestoneUpdate, PriorityArea, Status, Trend
from milestones.permissions import Perm

REFERENCE = reference_in_path("Like PA1-03.")


class PriorityAreaSerializer(serializers.ModelSerializer):
    class Meta:
        model = PriorityArea
        fields = ("code", "title", "kind", "order")
        # Each database has its own greatest number; the schema says the same on both.
        extra_kwargs = {"order": {"max_value": 32_767}}


class PriorityAreaViewSet(Listed, Retrieved):
    """The areas that the inspection named."""

    permissions = {"list": Perm.VIEW, "retrieve": Perm.VIEW}
    serializer_class = PriorityAreaSerializer
    queryset = PriorityArea.objects.all()
    lookup_field = "code"


class MilestoneSerializer(serializers.ModelSerializer):
    area = serializers.CharField(source="area.code")
    organisation = serializers.CharField(source="organisation.name", allow_null=True)
    responsible_officer = serializers.CharField(source="responsible_officer.full_name")
    responsible_officer_email = serializers.EmailField(source="responsible_officer.email")
    sro = serializers.CharField(source="sro.full_name")
    sro_email = serializers.EmailField(source="sro.email")
    due_date = serializers.DateField(source="due_on")
    status = serializers.ChoiceField(source="status_on", choices=Status.choices)
    impact = serializers.ChoiceField(source="impact_on", choices=Impact.choices)
    trend = serializers.ChoiceField(source="trend_on", choices=Trend.choices)
    updated_on = serializers.DateField(allow_null=True)

    class Meta:
        model = Milestone
        fields = (
            "reference",
            "area",
            "title",
            "success_measure",
            "responsible_officer",
            "responsible_officer_email",
            "sro",
            "sro_email",
            "organisation",
            "baseline_due_date",
            "due_date",
            "status",
            "impact",
            "trend",
            "updated_on",
            "added_on",
            "withdrawn_on",
            "version",
        )
        read_only_fields = fields


@extend_schema_view(list=extend_schema(parameters=[AS_AT]), retrieve=extend_schema(parameters=[AS_AT]))
class MilestoneViewSet(Listed, Retrieved):
    """Milestones of the plan. Status, impact, trend and due date are as at `as_at`; the rest is as it is now."""

    permissions = {"list": Perm.VIEW, "retrieve": Perm.VIEW}
    serializer_class = MilestoneSerializer
    filterset_class = MilestoneFilter
    queryset = Milestone.objects.all()
    lookup_field = "reference"
    lookup_value_regex = "[^/]+"
    takes_as_at = True

    def get_queryset(self) -> QuerySet[Milestone]:
        plan = Milestone.objects.visible_to(self.request.user)
        if self.action == "list":
            plan = plan.counting_on(self.as_at)
        return plan.as_at(self.as_at).with_trend(self.as_at).order_by("area__order", "reference")

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().retrieve(request, *args, **kwargs)
        if "as_at" not in request.query_params:
            response.headers["ETag"] = etag_of(response.data)
        return response


class UpdateSerializer(serializers.ModelSerializer):
    milestone = serializers.CharField(source="milestone.reference", read_only=True)
    author = serializers.CharField(source="author.full_name", read_only=True)
    confirmed_at = serializers.DateTimeField(source="confirmation.created_at", read_only=True, allow_null=True)
    superseded_by = serializers.IntegerField(source="superseded_by.pk", read_only=True, allow_null=True)

    class Meta:
        model = MilestoneUpdate
        fields = (
            "id",
            "milestone",
            "as_at",
            "status",
            "impact",
            "progress",
            "difference_made",
            "reason",
            "mitigation",
            "consequence",
            "forecast_date",
            "completed_on",
            "no_evidence_reason",
            "author",
            "created_at",
            "confirmed_at",
            "supersedes",
            "superseded_by",
        )
        read_only_fields = ("created_at", "supersedes")
        # The model's constraints and the service's rules decide; the serializer only reads types.
        validators: list[Any] = []


class OfMilestone(Listed):
    """Rows about milestones: of all of them, or of the one in the address."""

    @cached_property
    def milestone(self) -> Milestone | None:
        if "reference" not in self.kwargs:
            return None
        plan = Milestone.objects.visible_to(self.request.user).select_related("responsible_officer", "sro")
        return get_object_or_404(plan, reference=self.kwargs["reference"])

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows.filter(milestone=self.milestone) if self.milestone else rows


class UpdateViewSet(OfMilestone):
    """What was reported, newest first; corrected rows stay and name what superseded them."""

    permissions = {"list": Perm.VIEW, "create": Perm.UPDATE}
    object_permissions = (Perm.UPDATE,)
    serializer_class = UpdateSerializer
    filterset_class = UpdateFilter
    queryset = MilestoneUpdate.objects.order_by("-as_at", "-pk")

    @extend_schema(parameters=[IF_MATCH, REFERENCE])
    def create(self, request: Request, reference: str) -> Response:
        """Reports on a milestone: the same rules as the form."""
        self.check_object_permissions(request, self.milestone)
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            update = services.record_update(
                milestone=self.milestone,
                by=request.user,
                at=self.now,
                based_on_version=version_read(request),
                **serializer.validated_data,
            )
        except ChangedSince as error:
            raise PreconditionFailed(" ".join(error.messages)) from error
        row = self.rows(MilestoneUpdate.objects.filter(pk=update.pk)).get()
        return Response(self.as_dicts([row])[0], status=status.HTTP_201_CREATED)


class EvidenceSerializer(serializers.ModelSerializer):
    milestone = serializers.CharField(source="milestone.reference")
    withdrawn_at = serializers.DateTimeField(source="withdrawal.created_at", allow_null=True)

    class Meta:
        model = Evidence
        fields = (
            "id",
            "milestone",
            "update",
            "kind",
            "title",
            "dated",
            "url",
            "original_name",
            "content_type",
            "size",
            "created_at",
            "withdrawn_at",
        )
        read_only_fields = fields


class EvidenceViewSet(OfMilestone):
    """Evidence of progress: links, and the names of files (which people download on the milestone's page)."""

    permissions = {"list": Perm.VIEW}
    serializer_class = EvidenceSerializer
    filterset_class = EvidenceFilter
    queryset = Evidence.objects.order_by("-dated", "-pk")
