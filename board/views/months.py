"""The reporting months: which there are, how each stands, and the steps the programme office takes with one."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.views.generic import TemplateView, View

from board import services
from board.figures import SECTIONS, MonthFigures, StoredFigure, figures_of, series
from board.forms import CutOffForm, NoteForm, OpenMonthForm, ReopenForm, SignOffForm
from board.models import ReportingMonth, RollupRun
from board.permissions import Perm
from board.tasks import roll_up_month
from core.figures import Definition, Unit
from core.months import Month
from core.tasks import enqueue
from core.views import Permitted, ServiceFormPage
from milestones.models import PriorityArea

NO_RETURN = "milestones.no_return"
# A run that is this old and still not finished was stopped: no task may take longer.
RUN_TAKES = dt.timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)


class MonthList(Permitted, TemplateView):
    permission = Perm.VIEW_FIGURES
    template_name = "board/month_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        months = list(ReportingMonth.objects.select_related("signed_off_by"))
        periods = [month.period for month in months]
        missing = dict(series([NO_RETURN], periods)[NO_RETURN])
        rows = [(month, missing[month.period]) for month in months]
        current = Month.of(self.today)
        return super().get_context_data(rows=rows, current=current, is_open=current in periods, **kwargs)


@dataclass(frozen=True)
class FigureRow:
    """One figure of a month: for the whole plan, and for each area."""

    definition: Definition
    plan: StoredFigure
    areas: Sequence[StoredFigure | None]

    @property
    def unit(self) -> str:
        """What stands behind the number."""
        return "%" if self.definition.unit == Unit.PERCENT else ""

    @property
    def base(self) -> str:
        """What a share or a mean was made of."""
        joined = "÷" if self.definition.unit == Unit.MEAN else "of"
        return f"{self.plan.numerator} {joined} {self.plan.denominator}"


class MonthPage(Permitted):
    """A page about one month. One that is not there is not found."""

    kwargs: dict[str, Any]

    @cached_property
    def month(self) -> ReportingMonth:
        return get_object_or_404(ReportingMonth.objects.select_related("signed_off_by"), month=self.kwargs["month"])

    def permission_object(self) -> ReportingMonth:
        return self.month

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # The address's own `month` is among the arguments.
        return super().get_context_data(**{**kwargs, "month": self.month})  # type: ignore[misc]


class MonthDetail(MonthPage, TemplateView):
    permission = Perm.VIEW_FIGURES
    template_name = "board/month_detail.html"

    @cached_property
    def figures(self) -> MonthFigures:
        return figures_of(self.month.period, previous=self.month.period.previous)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        runs = self.month.runs.all()
        areas = list(PriorityArea.objects.values_list("code", flat=True))
        return super().get_context_data(
            areas=areas,
            rows=self._rows(areas),
            missing=self.figures.figure(NO_RETURN),
            has_ended=self.month.period.last_day < self.today,
            changes=self.month.changes.select_related("created_by"),
            is_running=runs.running_since(self.now - RUN_TAKES).exists(),
            failed=next((run for run in runs[: len(SECTIONS)] if run.state == RollupRun.State.FAILED), None),
            is_intact=services.digest_of(self.month) == self.month.digest,
            **kwargs,
        )

    def _rows(self, areas: Sequence[str]) -> list[FigureRow]:
        """The figures that have one number for the plan; those broken down by month are the dashboard's charts."""
        definitions = [definition for section in SECTIONS for definition in section.definitions]
        found = [(definition, self.figures.figure(definition.code)) for definition in definitions]
        return [
            FigureRow(definition, plan, [self.figures.figure(definition.code, area) for area in areas])
            for definition, plan in found
            if plan
        ]


class MonthFiguresText(MonthPage, View):
    """The canonical form of the figures, as a file: anyone can take its digest and compare."""

    permission = Perm.VIEW_FIGURES

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = HttpResponse(services.sealed_text(self.month), content_type="text/plain; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="figures-{self.month.month}.txt"'
        return response


class MonthOpen(ServiceFormPage):
    permission = Perm.MANAGE_MONTHS
    form_class = OpenMonthForm
    title = "Open a month"
    submit_label = "Open month"

    def get_initial(self) -> dict[str, Any]:
        return {"month": str(Month.of(self.today))}

    def perform(self, form: Form) -> ReportingMonth:
        month = Month.parse(form.cleaned_data["month"])
        return services.open_month(month=month, by=self.request.user, at=self.now)

    def get_success_message(self) -> str:
        return f"{self.result} is open for returns."

    def get_success_url(self) -> str:
        return reverse("month_detail", args=[self.result.month])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(back_url=reverse("month_list"), **kwargs)


class MonthStep(MonthPage, ServiceFormPage):
    """One step of the office's in a month's life: a form, one service, and back to the month."""

    permission = Perm.MANAGE_MONTHS
    asks: str = ""
    """The page's heading, with a place for the month."""

    def get_success_url(self) -> str:
        return reverse("month_detail", args=[self.month.month])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = self.asks.format(self.month)
        return super().get_context_data(title=title, back_url=self.get_success_url(), **kwargs)


class MonthRecompute(MonthStep):
    template_name = "board/month_recompute.html"
    form_class = Form
    asks = "Recalculate the figures of {}?"
    submit_label = "Recalculate figures"

    def perform(self, form: Form) -> ReportingMonth:
        services.refuse_signed_off(self.month)
        enqueue(roll_up_month, self.month.month)
        return ReportingMonth.objects.get(pk=self.month.pk)

    def get_success_message(self) -> str:
        """Empty where it failed at once: the month's page says so."""
        if self.result.figures_at != self.month.figures_at:
            return f"{self.month} was recalculated."
        if self.month.runs.filter(state=RollupRun.State.FAILED, started_at__gte=self.now).exists():
            return ""
        return f"{self.month} is being recalculated. Refresh this page in a moment."


class MonthCutOff(MonthStep):
    template_name = "board/month_cut_off.html"
    form_class = CutOffForm
    asks = "Move the cut-off of {}"
    submit_label = "Move cut-off"

    def perform(self, form: Form) -> ReportingMonth:
        return services.move_cut_off(month=self.month, **form.cleaned_data, by=self.request.user, at=self.now)

    def get_success_message(self) -> str:
        return f"The cut-off of {self.month} is now {date_format(self.result.cut_off, 'j F Y')}."


class MonthClose(MonthStep):
    template_name = "board/month_close.html"
    form_class = NoteForm
    asks = "Close {}?"
    submit_label = "Close month"

    def perform(self, form: Form) -> ReportingMonth:
        return services.close_month(month=self.month, **form.cleaned_data, by=self.request.user, at=self.now)

    def get_success_message(self) -> str:
        return f"{self.month} is closed."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        missing = figures_of(self.month.period, codes=[NO_RETURN], area="").figure(NO_RETURN)
        return super().get_context_data(missing=missing, is_early=self.today <= self.month.cut_off, **kwargs)


class MonthReopen(MonthStep):
    template_name = "board/month_reopen.html"
    form_class = ReopenForm
    asks = "Reopen {}?"
    submit_label = "Reopen month"

    def perform(self, form: Form) -> ReportingMonth:
        return services.reopen_month(month=self.month, **form.cleaned_data, by=self.request.user, at=self.now)

    def get_success_message(self) -> str:
        return f"{self.month} is open again."


class MonthSignOff(MonthStep):
    permission = Perm.SIGN_OFF_MONTHS
    template_name = "board/month_sign_off.html"
    form_class = SignOffForm
    asks = "Sign off {}?"
    submit_label = "Sign off month"
    submit_classes = "govuk-button--warning"

    @cached_property
    def digest(self) -> str:
        return services.digest_of(self.month)

    def get_initial(self) -> dict[str, Any]:
        return {"digest": self.digest}

    def perform(self, form: Form) -> ReportingMonth:
        try:
            return services.sign_off_month(month=self.month, **form.cleaned_data, by=self.request.user, at=self.now)
        except ValidationError:
            # The page comes back with the figures as they are now: the next try is about those.
            form.data = form.data.copy()
            form.data["digest"] = self.digest
            raise

    def get_success_message(self) -> str:
        return f"{self.month} is signed off. Its figures are sealed."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = ("milestones.total", "milestones.on_track_or_completed", "milestones.rag", "milestones.exceptions")
        codes = (*shown, NO_RETURN)
        found = figures_of(self.month.period, codes=codes, area="")
        figures = [figure for code in codes if (figure := found.figure(code))]
        return super().get_context_data(figures=figures, digest=self.digest, **kwargs)
