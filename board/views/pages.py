"""Pages that explain: the key to ratings, the glossary, the accessibility statement."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView

from board.figures import ALL_DEFINITIONS
from board.permissions import Perm
from core.glossary import Term, terms
from core.months import Month, cut_off_of, month_reported_on
from core.views import Permitted
from milestones.models import TREND_MONTHS, Impact, Status, Trend
from risks.models import Level, Movement, RiskMatrix


class Key(Permitted, TemplateView):
    permission = Perm.VIEW_FIGURES
    template_name = "board/key.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        month = month_reported_on(self.today)
        return {
            **super().get_context_data(**kwargs),
            "statuses": list(Status),
            "impacts": list(Impact),
            "trends": list(Trend),
            "trend_months": TREND_MONTHS,
            "rules": settings,
            "matrix": RiskMatrix.objects.in_use(self.today),
            "levels": list(Level),
            "movements": list(Movement),
            "month": month,
            "cut_off": cut_off_of(month),
            "revisit": Month.parse(settings.REVISIT_EXPECTED),
            "definitions": list(ALL_DEFINITIONS.values()),
        }


class Glossary(Permitted, TemplateView):
    """Found by abbreviation or by words, without script: a form that asks again."""

    permission = Perm.VIEW_FIGURES
    template_name = "board/glossary.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET.get("q", "").strip()
        found = [term for term in terms().values() if _matches(term, asked)]
        initials = sorted({term.initial for term in terms().values()})
        return {
            **super().get_context_data(**kwargs),
            "asked": asked,
            "terms": found,
            "total": len(terms()),
            "initials": [] if asked else initials,
        }


def _matches(term: Term, asked: str) -> bool:
    text = f"{term.abbreviation} {term.words}".casefold()
    return all(word in text for word in asked.casefold().split())


@method_decorator(login_not_required, name="dispatch")
class Accessibility(TemplateView):
    """Public: somebody who cannot sign in has to be able to read it."""

    template_name = "board/accessibility.html"
