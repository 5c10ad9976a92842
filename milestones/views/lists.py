"""The list of milestones: where every figure's link lands."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Case, QuerySet, SmallIntegerField, Value, When

from core.lists import RegisterPage
from milestones.filters import MilestoneFilter
from milestones.models import Impact, Milestone, MilestoneUpdate
from milestones.permissions import Perm
from milestones.views.downloads import ShownMilestones


class MilestoneList(RegisterPage):
    """Milestones in the plan as at a day. Worsening first: what needs a decision is at the top."""

    permission = Perm.VIEW
    filterset_class = MilestoneFilter
    body_template_name = "milestones/_milestone_list_body.html"
    title = "Milestones"
    noun = "milestone"
    add_url_name = "milestones:add"
    folded = ("impact", "trend", "exceptions", "stale", "as_at")
    carried = ("no_return", "baseline_by")
    made_of = (Milestone,)
    manage = Perm.MANAGE
    sheet = ShownMilestones
    sorts = {
        "reference": "reference",
        "title": "title",
        "status": "rank_on",
        "impact": "impact_order",
        "trend": "trend_order",
        "due": "due_on",
        "officer": "responsible_officer__full_name",
        "updated": "updated_on",
    }
    default_sort = ("trend_order", "area__order", "reference")

    def get_queryset(self) -> QuerySet[Milestone]:
        plan = Milestone.objects.visible_to(self.request.user)
        return plan.select_related("area", "responsible_officer", "sro")

    def sorted(self, rows: QuerySet[Milestone]) -> QuerySet[Milestone]:
        places = [When(impact_on=impact, then=Value(place)) for place, impact in enumerate(Impact)]
        ranked = rows.with_trend(self.on).annotate(impact_order=Case(*places, output_field=SmallIntegerField()))
        return super().sorted(ranked)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        total = Milestone.objects.visible_to(self.request.user).counting_on(self.on).count()
        return {**context, "total": total, "forecasts": forecasts(context["object_list"])}


def forecasts(milestones: Iterable[Milestone]) -> dict[int, dt.date]:
    """Expected dates by milestone, for those whose latest update gives one: one query for the page."""
    updates = {row.update_on: row.pk for row in milestones if row.update_on}
    dated = MilestoneUpdate.objects.filter(pk__in=updates, forecast_date__isnull=False)
    return {updates[pk]: day for pk, day in dated.values_list("pk", "forecast_date")}
