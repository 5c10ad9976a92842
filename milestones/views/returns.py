"""The monthly return: which milestones have been reported on for a month, and which are still missing."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import cached_property
from django.views.generic import TemplateView

from core.months import Month, cut_off_of, month_reported_on
from core.views import Permitted
from milestones.models import Milestone, PriorityArea
from milestones.permissions import Perm


@dataclass
class Progress:
    """How many of the milestones of an area or a person have been reported on."""

    name: str
    of: Any = None
    expected: int = 0
    missing: list[Milestone] = field(default_factory=list)

    @property
    def reported(self) -> int:
        return self.expected - len(self.missing)

    def add(self, milestone: Milestone) -> None:
        self.expected += 1
        if milestone.returned_on is None:
            self.missing.append(milestone)


class ReturnsPage(Permitted, TemplateView):
    """`?month=2026-01` is the month, `?area=PA1` one area of it. A milestone that was completed before the month
    began owes nothing."""

    permission = Perm.VIEW
    template_name = "milestones/returns.html"

    @cached_property
    def month(self) -> Month:
        try:
            return Month.parse(self.request.GET.get("month", ""))
        except ValueError:
            return month_reported_on(self.today)

    @cached_property
    def areas(self) -> list[PriorityArea]:
        return list(PriorityArea.objects.all())

    @cached_property
    def area(self) -> PriorityArea | None:
        return next((area for area in self.areas if area.code == self.request.GET.get("area")), None)

    def expected(self) -> list[Milestone]:
        """The milestones that owe this month's return, each with `returned_on`."""
        first, last = self.month.first_day, self.month.last_day
        plan = Milestone.objects.visible_to(self.request.user).counting_on(last).with_return_of(first, last)
        if self.area:
            plan = plan.filter(area=self.area)
        plan = plan.select_related("area", "responsible_officer", "sro").prefetch_related("supporting_officers")
        return [row for row in plan.order_by("area__order", "reference") if row.owes_return]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        whole, areas, people = Progress("Whole plan"), {}, {}
        for milestone in self.expected():
            area, officer = milestone.area, milestone.responsible_officer
            of_area = areas.setdefault(area.pk, Progress(f"{area.code} {area.title}", area))
            of_person = people.setdefault(officer.pk, Progress(officer.full_name, officer))
            for progress in (whole, of_area, of_person):
                progress.add(milestone)
        cut_off = cut_off_of(self.month)
        user = self.request.user
        return super().get_context_data(
            month=self.month,
            area=self.area,
            area_choices=self.areas,
            whole=whole,
            areas=list(areas.values()),
            people=sorted(people.values(), key=lambda row: (-len(row.missing), row.name)),
            mine={row.pk for row in whole.missing if user.has_perm(Perm.UPDATE, row)},
            cut_off=cut_off,
            closed=self.today > cut_off,
            has_next=self.month < Month.of(self.today),
            days_left=(cut_off - self.today).days,
            **kwargs,
        )
