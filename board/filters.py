"""How figures and months are narrowed."""

import django_filters as filters
from django.db.models import QuerySet

from board.models import Figure, ReportingMonth
from core.months import MONTH_PATTERN


class MonthFilterField(filters.CharFilter):
    """A month like 2026-01; anything else is refused with a sentence."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        words = {"invalid": "Write a month like 2026-01."}
        self.extra |= {"regex": rf"^{MONTH_PATTERN}$", "error_messages": words}

    @property
    def field_class(self) -> type:
        return filters.fields.forms.RegexField


class FigureFilter(filters.FilterSet):
    """`code` takes a whole code or a prefix that ends in a dot, like `milestones.impact.`.
    `area` takes an area's code, or `all` for the whole plan."""

    month = MonthFilterField(field_name="month__month")
    from_month = MonthFilterField(field_name="month__month", lookup_expr="gte")
    to_month = MonthFilterField(field_name="month__month", lookup_expr="lte")
    section = filters.CharFilter()
    code = filters.CharFilter(method="by_code")
    area = filters.CharFilter(method="by_area")
    breakdown = filters.CharFilter()

    class Meta:
        model = Figure
        fields: tuple[str, ...] = ()

    def by_code(self, figures: QuerySet[Figure], name: str, code: str) -> QuerySet[Figure]:
        return figures.filter(code__startswith=code) if code.endswith(".") else figures.filter(code=code)

    def by_area(self, figures: QuerySet[Figure], name: str, area: str) -> QuerySet[Figure]:
        return figures.filter(area="" if area == "all" else area)


class MonthFilter(filters.FilterSet):
    class Meta:
        model = ReportingMonth
        fields = ("state",)
