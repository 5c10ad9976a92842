"""The first page: each person's own work. Who only reads goes on to the dashboard."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.views.generic import TemplateView

from accounts.models import Role, User
from board.models import ReportingMonth
from board.permissions import Perm
from core.models import SheetUpload
from core.months import Month, cut_off_of, month_reported_on
from core.views import Permitted
from milestones.models import Milestone, MilestoneDependency, MilestoneDraft, MilestoneUpdate
from risks.models import STILL_TO_DO, MatrixBook, Mitigation, MitigationKind, Risk, State

# The office's lists show their beginning and link to the rest.
ROWS_SHOWN = 10
CONFIRMATIONS_SHOWN = 20
# A review is on its owner's page this long before it is due.
REVIEW_NOTICE = dt.timedelta(days=7)


class Home(Permitted, TemplateView):
    """My work for those who answer for milestones, the overview for the programme office, the API for analysts; each
    person sees the parts of all their roles."""

    permission = Perm.VIEW_FIGURES
    template_name = "board/home.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (self.reports or self.is_office or self.is_analyst or self.risk_work.is_any):
            return redirect("dashboard")
        return super().get(request, *args, **kwargs)

    @cached_property
    def is_office(self) -> bool:
        return self.request.user.has_role(Role.PROGRAMME_OFFICE)

    @cached_property
    def is_analyst(self) -> bool:
        return self.request.user.has_role(Role.ANALYST)

    @cached_property
    def reports(self) -> bool:
        """Whether this person's own milestones belong on the page: by role, or because they answer for some."""
        return self.request.user.has_role(Role.OFFICER, Role.SRO) or bool(self.mine)

    @cached_property
    def mine(self) -> Sequence[Milestone]:
        user, today = self.request.user, self.today
        rows = Milestone.objects.visible_to(user).for_person(user).counting_on(today).as_at(today).with_trend(today)
        return list(rows.with_draft_of(user).order_by("due_on", "reference"))

    @cached_property
    def risk_work(self) -> "RiskWork":
        return RiskWork(self.request.user, self.today)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(risk_work=self.risk_work, **kwargs)
        month = month_reported_on(self.today)
        cut_off = _cut_off(month)
        context |= {
            "month": month,
            "cut_off": cut_off,
            "days_left": (cut_off - self.today).days,
            "on": self.today,
            "title": self._title(),
        }
        if self.reports:
            context |= self._my_work()
        if self.is_office:
            context["office"] = Office(month=month, today=self.today)
        if self.is_analyst:
            context["is_analyst"] = True
            context["api_address"] = self.request.build_absolute_uri("/api/v1/")
            context["latest"] = ReportingMonth.objects.filter(figures_at__isnull=False).order_by("-month").first()
        return context

    def _title(self) -> str:
        if self.reports or self.risk_work.is_any:
            return "My work"
        return "Programme office" if self.is_office else "Figures and data"

    def _my_work(self) -> dict[str, Any]:
        user = self.request.user
        owing = set(Milestone.objects.for_person(user).owing(self.today).values_list("pk", flat=True))
        return {
            "reports": True,
            "owed": [row for row in self.mine if row.pk in owing],
            "others": [row for row in self.mine if row.pk not in owing],
            "to_confirm": awaiting_confirmation(user)[:CONFIRMATIONS_SHOWN],
            "drafts": MilestoneDraft.objects.filter(author=user).select_related("milestone").order_by("-saved_at"),
            "slipping": slipping_for(user),
        }


def _cut_off(month: Month) -> dt.date:
    """The day this month's return closes: the programme office's, where the month is open, else by the rule."""
    moved = ReportingMonth.objects.filter(month=str(month)).values_list("cut_off", flat=True).first()
    return moved or cut_off_of(month)


def awaiting_confirmation(user: User) -> QuerySet[MilestoneUpdate]:
    """The standing update of each milestone this person is SRO of, where nobody's word confirms it yet."""
    standing = Milestone.objects.filter(sro=user, withdrawn_on__isnull=True).values("latest_update")
    updates = MilestoneUpdate.objects.filter(pk__in=standing, confirmation__isnull=True)
    return updates.select_related("milestone", "author").order_by("-as_at", "-pk")


def slipping_for(user: User) -> QuerySet[MilestoneDependency]:
    """Dependencies that slip, of which this person answers for either side."""
    mine = Milestone.objects.for_person(user).values("pk")
    late = MilestoneDependency.objects.slipping().filter(Q(blocker__in=mine) | Q(dependent__in=mine))
    return late.select_related("blocker", "dependent").order_by("dependent__due_date", "pk")


@dataclass(frozen=True)
class RiskWork:
    """What somebody owes the register: reviews of their risks, and actions that are theirs."""

    user: User
    today: dt.date

    @cached_property
    def risks(self) -> list[Risk]:
        """Their open risks, what is owed first. With `is_owed`: its review is overdue, or due within the week."""
        register = Risk.objects.visible_to(self.user).filter(owner=self.user).as_at(self.today).open()
        rows = list(register.order_by("next_review_on", "reference"))
        for risk in rows:
            risk.is_owed = risk.next_review_on <= self.today + REVIEW_NOTICE
        return rows

    @property
    def owed(self) -> list[Risk]:
        return [risk for risk in self.risks if risk.is_owed]

    @property
    def others(self) -> list[Risk]:
        return [risk for risk in self.risks if not risk.is_owed]

    @cached_property
    def actions(self) -> list[Mitigation]:
        """Actions of open risks that they are to do, what is due first."""
        theirs = Mitigation.objects.filter(owner=self.user, risk__state=State.OPEN, kind=MitigationKind.ACTION)
        still = theirs.filter(status__in=STILL_TO_DO).select_related("risk")
        return list(still.order_by(F("due_date").asc(nulls_last=True), "reference"))

    @property
    def is_any(self) -> bool:
        return bool(self.risks or self.actions)

    @cached_property
    def book(self) -> MatrixBook:
        return MatrixBook.read()


@dataclass(frozen=True)
class Office:
    """What the programme office has to see to."""

    month: Month
    today: dt.date

    @cached_property
    def missing(self) -> QuerySet[Milestone]:
        on = self.month.last_day
        plan = Milestone.objects.counting_on(on).filter(withdrawn_on__isnull=True)
        return plan.without_return(self.month.first_day, on)

    @cached_property
    def missing_by_officer(self) -> list[dict[str, Any]]:
        """Each officer's missing returns, the most first."""
        named = self.missing.order_by().values(
            officer=F("responsible_officer"), name=F("responsible_officer__full_name")
        )
        return list(named.annotate(number=Count("pk")).order_by("-number", "name"))

    @cached_property
    def has_plan(self) -> bool:
        return Milestone.objects.exists()

    @property
    def missing_number(self) -> int:
        return sum(row["number"] for row in self.missing_by_officer)

    @property
    def missing_first(self) -> list[dict[str, Any]]:
        return self.missing_by_officer[:ROWS_SHOWN]

    @cached_property
    def to_close(self) -> list[ReportingMonth]:
        """Open months whose returns have closed."""
        return list(ReportingMonth.objects.open().filter(cut_off__lt=self.today).order_by("month"))

    @cached_property
    def to_sign_off(self) -> list[ReportingMonth]:
        return list(ReportingMonth.objects.filter(state=ReportingMonth.State.CLOSED).order_by("month"))

    @cached_property
    def imports(self) -> list[SheetUpload]:
        return list(SheetUpload.objects.select_related("created_by")[:5])

    @cached_property
    def reviews_overdue(self) -> int:
        return Risk.objects.as_at(self.today).review_overdue(self.today).count()

    @cached_property
    def unmitigated(self) -> int:
        return Risk.objects.as_at(self.today).without_mitigation().count()

    @cached_property
    def without_roles(self) -> int:
        return User.objects.active().filter(roles=[]).count()

    @cached_property
    def never_signed_in(self) -> int:
        return User.objects.active().filter(last_login__isnull=True).count()
