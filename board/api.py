"""Months and their figures as tidy rows."""

from collections.abc import Iterable, Iterator
from typing import Any

from drf_spectacular.utils import OpenApiTypes, extend_schema_field
from rest_framework import serializers

from board.figures import StoredFigure
from board.filters import FigureFilter, MonthFilter
from board.models import Figure, ReportingMonth
from board.permissions import Perm
from core.api.viewsets import Listed, Retrieved
from core.figures import Better
from core.months import Month


class MonthSerializer(serializers.ModelSerializer):
    class Meta:
        model = ReportingMonth
        fields = ("month", "state", "cut_off", "figures_at", "signed_off_at", "digest", "commentary")
        read_only_fields = fields


class MonthViewSet(Listed, Retrieved):
    """Reporting months: open, closed or signed off; a signed-off month's figures are sealed by `digest`."""

    permissions = {"list": Perm.VIEW_FIGURES, "retrieve": Perm.VIEW_FIGURES}
    serializer_class = MonthSerializer
    filterset_class = MonthFilter
    queryset = ReportingMonth.objects.order_by("-month")
    lookup_field = "month"


class FigureSerializer(serializers.ModelSerializer):
    """The columns of a stored figure, and what its code says of it (`DEFINED`)."""

    DEFINED = ("title", "definition", "better", "rows")

    month = serializers.CharField(source="month.month")
    month_state = serializers.ChoiceField(source="month.state", choices=ReportingMonth.State.choices)
    figures_at = serializers.DateTimeField(source="month.figures_at")
    title = serializers.CharField(help_text="What the figure is called.")
    definition = serializers.CharField(help_text="What it counts, in a sentence.")
    better = serializers.ChoiceField(choices=[(way.value, way.value) for way in Better], help_text="Which way is good.")
    rows = serializers.SerializerMethodField()

    class Meta:
        model = Figure
        fields = (
            "month",
            "month_state",
            "figures_at",
            "section",
            "code",
            "area",
            "breakdown",
            "value",
            "numerator",
            "denominator",
            "unit",
            "rag",
            "title",
            "definition",
            "better",
            "rows",
        )
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.STR)
    def get_rows(self, figure: Figure) -> str:
        """The address of the page that lists the rows behind the figure; empty where there is none."""
        raise NotImplementedError("FigureViewSet fills this in from the definition")


class FigureViewSet(Listed):
    """Every monthly figure the board sees. An empty `area` is the whole plan. A percentage has its base."""

    permissions = {"list": Perm.VIEW_FIGURES}
    serializer_class = FigureSerializer
    filterset_class = FigureFilter
    queryset = Figure.objects.order_by("-month__month", "section", "code", "area", "breakdown")
    computed = FigureSerializer.DEFINED

    def _dicts(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
        for row in super()._dicts(rows):
            figure = StoredFigure(
                Month.parse(row["month"]),
                row["code"],
                row["area"],
                row["breakdown"],
                row["value"],
                row["numerator"],
                row["denominator"],
                row["rag"],
            )
            said = figure.definition
            url = self.request.build_absolute_uri(figure.url) if figure.url else ""
            yield {
                **row,
                "value": figure.number,
                "title": said.title,
                "definition": said.words,
                "better": said.better.value,
                "rows": url,
            }
