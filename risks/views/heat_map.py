"""The heat map as at any month, with arrows from another one."""

import datetime as dt
from typing import Any

from django.db.models import Min, QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.views.generic import TemplateView

from core.months import Month
from core.views import Permitted
from risks.charts import HeatMap, Placed, heat_map
from risks.charts.heat_map import Pair
from risks.models import Level, Risk, RiskMatrix
from risks.permissions import Perm


class HeatMapPage(Permitted, TemplateView):
    """`?month=2026-01` is the month, `?from=2025-09` the one that arrows start from, `?level=systemic` one board's."""

    permission = Perm.VIEW
    template_name = "risks/heat_map.html"

    @cached_property
    def months(self) -> list[Month]:
        """From the month the first risk was opened in to this one, the latest first."""
        first = Risk.objects.aggregate(first=Min("opened_on"))["first"] or self.today
        return list(Month.of(first).until(Month.of(self.today)))[::-1]

    def _asked(self, name: str) -> Month | None:
        asked = self.request.GET.get(name, "")
        return next((month for month in self.months if str(month) == asked), None)

    @cached_property
    def month(self) -> Month:
        return self._asked("month") or self.months[0]

    @cached_property
    def earlier(self) -> Month | None:
        asked = self._asked("from")
        return asked if asked and asked < self.month else None

    @property
    def on(self) -> dt.date:
        return min(self.month.last_day, self.today)

    @cached_property
    def level(self) -> str:
        asked = self.request.GET.get("level", "")
        return asked if asked in Level.values else ""

    @cached_property
    def matrix(self) -> RiskMatrix:
        return RiskMatrix.objects.in_use(self.on)

    @cached_property
    def risks(self) -> list[Risk]:
        register = Risk.objects.visible_to(self.request.user).in_register(self.on).as_at(self.on).open()
        if self.level:
            register = register.filter(level_on=self.level)
        return list(register.order_by("-score_on", "reference"))

    @cached_property
    def earlier_rows(self) -> list[tuple[Any, ...]]:
        """The risks that were open in the earlier month, with both boards: one may have come from the other."""
        if self.earlier is None:
            return []
        day = self.earlier.last_day
        register = Risk.objects.visible_to(self.request.user).in_register(day).as_at(day).open()
        return list(register.order_by().values_list("reference", "level_on", "size_on", "likelihood_on", "impact_on"))

    @cached_property
    def before(self) -> dict[str, Pair | None]:
        """Where the risks of the earlier month stood; None on a matrix of another size."""
        return {
            reference: (tuple(pair) if size == self.matrix.size else None)
            for reference, _level, size, *pair in self.earlier_rows
        }

    @property
    def gone(self) -> QuerySet[Risk]:
        """What was on this map in the earlier month and is on it no more."""
        were = {reference for reference, level, *_rest in self.earlier_rows if self.level in ("", level)}
        return Risk.objects.filter(reference__in=were - {risk.reference for risk in self.risks}).order_by("reference")

    @cached_property
    def placed(self) -> list[Placed]:
        return [
            Placed(
                risk.reference,
                risk.title,
                risk.level_on,
                (risk.likelihood_on, risk.impact_on),
                f"{reverse('risks:detail', args=[risk.reference])}?as_at={self.on}",
                self.before.get(risk.reference),
                lacks_mitigation=not risk.mitigated_on,
            )
            for risk in self.risks
            if risk.size_on == self.matrix.size
        ]

    def cell_url(self, pair: Pair) -> str:
        # A risk that was scored on a matrix of another size is not in this cell, whatever its numbers are.
        pair_on = {"likelihood": pair[0], "impact": pair[1], "size": self.matrix.size}
        query = pair_on | {"as_at": self.on.isoformat()}
        return f"{reverse('risks:list')}?{urlencode(query | ({'level': self.level} if self.level else {}))}"

    @cached_property
    def map(self) -> HeatMap:
        description = f"{len(self.placed)} open risks as at the end of {self.month.label}, by likelihood and impact."
        if self.earlier:
            moved = sum(risk.has_moved for risk in self.placed)
            description += f" Arrows show the {moved} that moved since {self.earlier.label}."
        return heat_map(self.matrix, self.placed, cell_url=self.cell_url, name="heat-map", description=description)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        moved = [risk for risk in self.placed if risk.has_moved]
        return super().get_context_data(
            map=self.map,
            moved=moved,
            worse=[risk for risk in moved if risk.is_worse],
            better=[risk for risk in moved if risk.is_better],
            beside=[risk for risk in moved if not risk.is_worse and not risk.is_better],
            new=[risk for risk in self.placed if self.earlier and risk.reference not in self.before],
            gone=list(self.gone),
            off_scale=[risk for risk in self.risks if risk.size_on != self.matrix.size],
            levels=Level,
            lacking=any(risk.lacks_mitigation for risk in self.placed),
            problem=self._problem(),
            **kwargs,
        )

    def _problem(self) -> str:
        """Why the page is not just what was asked for."""
        if self.request.GET.get("month") and not self._asked("month"):
            return f"There is no register of that month. This is {self.month.label}."
        if self.request.GET.get("from") and not self.earlier:
            return f"Arrows start from a month before {self.month.label}. Choose an earlier one."
        return ""
