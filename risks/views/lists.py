"""The register: where every figure's link lands."""

from typing import Any

from django.db.models import QuerySet

from core.lists import RegisterPage
from risks.filters import RiskFilter
from risks.models import MatrixBook, Mitigation, Risk
from risks.permissions import Perm
from risks.views.downloads import ShownRisks


class RiskList(RegisterPage):
    """Risks as at a day, the highest score first."""

    permission = Perm.VIEW
    filterset_class = RiskFilter
    body_template_name = "risks/_risk_list_body.html"
    title = "Risks"
    noun = "risk"
    add_url_name = "risks:add"
    folded = ("movement", "state", "above", "unmitigated", "late_action", "as_at")
    carried = ("likelihood", "impact", "size", "milestone", "planned")
    made_of = (Risk, Mitigation)
    manage = Perm.MANAGE
    sheet = ShownRisks
    sorts = {
        "reference": "reference",
        "level": "level_on",
        "inherent": "inherent_score",
        "score": "score_on",
        "target": "target_score_on",
        "movement": "movement_on",
        "owner": "owner__full_name",
        "review": "next_review_on",
    }
    default_sort = ("-score_on", "reference")

    def get_queryset(self) -> QuerySet[Risk]:
        return Risk.objects.visible_to(self.request.user).select_related("owner")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        total = Risk.objects.visible_to(self.request.user).in_register(self.on).count()
        return {**super().get_context_data(**kwargs), "total": total, "book": MatrixBook.read()}
