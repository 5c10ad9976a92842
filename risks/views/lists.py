"""The register: where every figure's link lands."""

from typing import Any

from django.db.models import QuerySet

from core.chips import chips
from core.lists import RegisterPage
from risks.filters import RiskFilter
from risks.models import MatrixBook, Mitigation, Risk
from risks.permissions import Perm
from risks.views.downloads import ShownRisks

# Filters that stand folded away: unfolded where one of them is in use.
MORE = ("movement", "state", "above", "unmitigated", "late_action", "as_at")
# Filters that links set and the form has no field for: they go on with it.
CARRIED = ("likelihood", "impact", "size", "milestone", "planned")


class RiskList(RegisterPage):
    """Risks as at a day, the highest score first."""

    permission = Perm.VIEW
    filterset_class = RiskFilter
    body_template_name = "risks/_risk_list_body.html"
    title = "Risks"
    made_of = (Risk, Mitigation)
    manage = Perm.MANAGE
    sheet = ShownRisks
    context_object_name = "risks"
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
        context = super().get_context_data(**kwargs)
        register = Risk.objects.visible_to(self.request.user)
        return {
            **context,
            "on": self.on,
            "as_at_asked": self.filterset.form.cleaned_data.get("as_at"),
            "shown": context["paginator"].count,
            "total": register.in_register(self.on).count(),
            "chips": chips(self.filterset, self.request.GET),
            "more_open": any(self.request.GET.get(name) for name in MORE),
            "carried": [self.filterset.form[name] for name in CARRIED if self.request.GET.get(name)],
            "may_manage": self.request.user.has_perm(Perm.MANAGE),
            "book": MatrixBook.read(),
        }
