"""What the programme office does to the register, and a risk's way between the boards."""

from typing import Any

from django.urls import reverse

from core.views import KeepsVersion, ServiceFormPage
from risks import services
from risks.forms import CloseForm, LevelForm, ReopenForm, RiskAddForm, RiskEditForm
from risks.forms.register import next_risk_reference
from risks.models import Frequency, Level
from risks.permissions import Perm
from risks.views.base import OffersSteps, RiskFormPage


class RiskAdd(OffersSteps, ServiceFormPage):
    permission = Perm.MANAGE
    day_field = "opened_on"
    form_class = RiskAddForm
    template_name = "risks/risk_form.html"
    title = "Add a risk"
    submit_label = "Add risk"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "matrix": self.matrix}

    def get_initial(self) -> dict[str, Any]:
        start = {"opened_on": self.today, "frequency": Frequency.MONTHLY, "level": Level.OPERATIONAL, "treatment": ""}
        return {**super().get_initial(), **start, "reference": next_risk_reference()}

    def perform(self, form: RiskAddForm) -> Any:
        return services.add_risk(by=self.request.user, at=self.now, **form.cleaned_data)

    def get_success_url(self) -> str:
        return reverse("risks:detail", args=[self.result.reference])

    def get_success_message(self) -> str:
        return f"{self.result.reference} has been added. Next, add a mitigation: every open risk needs at least one."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(back_url=reverse("risks:list"), **kwargs)


class RiskEdit(KeepsVersion, RiskFormPage):
    permission = Perm.MANAGE
    form_class = RiskEditForm
    title = "Edit risk"
    submit_label = "Save changes"
    success_message = "the changes have been saved."

    def get_form_kwargs(self) -> dict[str, Any]:
        # A correction says what was judged then, on the matrix of then.
        return {**super().get_form_kwargs(), "matrix": self.risk.inherent_matrix, "risk": self.risk}

    def get_initial(self) -> dict[str, Any]:
        risk = self.risk
        names = ("title", "cause", "event", "consequence", "treatment", "frequency", "inherent_likelihood")
        links = {name: [each.pk for each in getattr(risk, name).all()] for name in ("areas", "milestones")}
        start = {name: getattr(risk, name) for name in (*names, "inherent_impact")} | {"owner": risk.owner_id}
        return {**super().get_initial(), **start, **links}

    def perform(self, form: RiskEditForm) -> Any:
        return services.revise_risk(risk=self.risk, by=self.request.user, at=self.now, **form.cleaned_data)


class LevelMovePage(RiskFormPage):
    """Up or down: a reason, and one click."""

    form_class = LevelForm
    to_level: Level

    def perform(self, form: LevelForm) -> Any:
        return services.move_level(
            risk=self.risk, to_level=self.to_level, by=self.request.user, at=self.now, **form.cleaned_data
        )

    def get_success_message(self) -> str:
        return f"{self.risk.reference} is with the {self.to_level.board} now."


class Escalate(LevelMovePage):
    permission = Perm.ESCALATE
    to_level = Level.SYSTEMIC
    title = "Escalate to the Improvement Board"
    submit_label = "Escalate"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        intro = "It becomes a systemic risk, and stands in the Improvement Board’s register from today."
        return super().get_context_data(intro=intro, **kwargs)


class DeEscalate(LevelMovePage):
    permission = Perm.DE_ESCALATE
    to_level = Level.OPERATIONAL
    title = "De-escalate to the Operations Board"
    submit_label = "De-escalate"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        intro = "It becomes an operational risk, and stands in the Operations Board’s register from today."
        return super().get_context_data(intro=intro, **kwargs)


class RiskClose(RiskFormPage):
    permission = Perm.MANAGE
    form_class = CloseForm
    title = "Close risk"
    submit_label = "Close risk"
    success_message = "the risk has been closed."

    def get_initial(self) -> dict[str, Any]:
        return {"on": self.today}

    def perform(self, form: CloseForm) -> Any:
        return services.close_risk(risk=self.risk, by=self.request.user, at=self.now, **form.cleaned_data)


class RiskReopen(RiskFormPage):
    permission = Perm.MANAGE
    form_class = ReopenForm
    of_closed = True
    title = "Open the risk again"
    submit_label = "Open again"
    success_message = "the risk is open again."

    def get_initial(self) -> dict[str, Any]:
        return {"on": self.today}

    def perform(self, form: ReopenForm) -> Any:
        return services.reopen_risk(risk=self.risk, by=self.request.user, at=self.now, **form.cleaned_data)
