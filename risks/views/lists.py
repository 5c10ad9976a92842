"""The register: where every figure's link lands."""

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import cached_property

from core.chips import chips
from core.sheets import FORMATS, download
from core.views import ListPage
from risks.filters import RiskFilter
from risks.models import MatrixBook, Risk
from risks.permissions import Perm
from risks.views.downloads import ShownRisks

# Filters that stand folded away: unfolded where one of them is in use.
MORE = ("movement", "state", "above", "unmitigated", "late_action", "as_at")
# Filters that links set and the form has no field for: they go on with it.
CARRIED = ("likelihood", "impact", "milestone", "planned")


class RiskList(ListPage):
    """Risks as at a day, the highest score first."""

    permission = Perm.VIEW
    filterset_class = RiskFilter
    template_name = "risks/risk_list.html"
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

    def get_filterset_kwargs(self, filterset_class: type[RiskFilter]) -> dict[str, Any]:
        # Bound even without parameters, so that the as-at day is read in one way only.
        return {**super().get_filterset_kwargs(filterset_class), "data": self.request.GET, "on": self.today}

    @cached_property
    def on(self) -> dt.date:
        return self.filterset.on

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The page, or with `?download=csv` (xlsx, ods) the same rows in the same order, all of them."""
        page = super().get(request, *args, **kwargs)
        wanted = request.GET.get("download")
        if wanted not in FORMATS:
            return page
        return download(ShownRisks, self.object_list, wanted, f"risks-{self.on}")

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
