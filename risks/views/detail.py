"""One risk: what it is, how it stands, what holds it down, and its story."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.views.generic import TemplateView

from core.views import AsAtPage
from milestones.models import Milestone, Status
from risks.charts import trajectory
from risks.models import (
    STILL_TO_DO,
    Frequency,
    Level,
    MatrixBook,
    Mitigation,
    MitigationKind,
    Risk,
    RiskTarget,
    State,
    Treatment,
)
from risks.permissions import Perm
from risks.views import history
from risks.views.base import OfRisk

RECENT_EVENTS = 10


class RiskDetail(OfRisk, AsAtPage, TemplateView):
    """`?as_at=2025-12-31` shows what was true then; `?story=all` the whole story."""

    permission = Perm.VIEW
    template_name = "risks/risk_detail.html"

    @cached_property
    def risk(self) -> Risk:
        register = Risk.objects.visible_to(self.request.user).in_register(self.on).as_at(self.on)
        register = register.with_movement(self.on).select_related("owner", "inherent_matrix")
        return get_object_or_404(register.prefetch_related("areas", "milestones"), reference=self.kwargs["reference"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        risk, on = self.risk, self.on
        reviews = history.reviews_of(risk, on)
        changes = list(risk.changes.select_related("created_by"))
        events = history.story(risk, reviews, changes, on)
        everything = self.request.GET.get("story") == "all"
        book = MatrixBook.read()
        return super().get_context_data(
            risk=risk,
            on=on,
            as_at=self.as_at,
            **self._said(history.told_as_it_was(risk, changes, on)),
            band=book.band(risk.matrix_on, risk.score_on),
            pair=f"{risk.likelihood_on} × {risk.impact_on}",
            above=risk.state_on == State.OPEN and risk.planned_on is not None and risk.score_on > risk.planned_on,
            book=book,
            target=self._target(),
            chart=trajectory(risk, reviews, self._target(), book[risk.matrix_on], on=on),
            mitigations=self._mitigations(),
            events=events if everything else events[:RECENT_EVENTS],
            events_total=len(events),
            correctable=self._correctable(reviews),
            may=self._may(),
            level=Level(risk.level_on),
            suggests_escalation=self._suggests_escalation(book),
            **kwargs,
        )

    def _said(self, said: dict[str, Any]) -> dict[str, Any]:
        """What the risk is, its choices in words, and the milestones it bears on, as they stood."""
        references = said["milestones"].split(", ")
        linked = Milestone.objects.filter(reference__in=references).as_at(self.on).order_by("reference")
        for milestone in linked:
            milestone.standing = Status(milestone.status_on)
        return {
            "said": said,
            "treatment": Treatment(said["treatment"]).label if said["treatment"] else "",
            "frequency": Frequency(said["frequency"]).label,
            "milestones": linked,
        }

    @cached_property
    def _target_row(self) -> RiskTarget | None:
        if self.risk.target_on is None:
            return None
        return RiskTarget.objects.prefetch_related("points").get(pk=self.risk.target_on)

    def _target(self) -> RiskTarget | None:
        """The target that stood on the day; None where there was none, or it was taken away."""
        target = self._target_row
        return target if target and target.score is not None else None

    def _mitigations(self) -> list[tuple[MitigationKind, list[Mitigation]]]:
        """Controls and actions as at the day, each list with its kind; stopped ones last."""
        rows = Mitigation.objects.filter(risk=self.risk).as_at(self.on)
        found = sorted(rows, key=lambda row: (row.status_on == "stopped", row.reference))
        for row in found:
            row.risk = self.risk
            row.may_update = not self._is_past and self.request.user.has_perm(Perm.MITIGATE, row)
            row.is_late = row.status_on in STILL_TO_DO and row.due_on is not None and row.due_on < self.on
        return [(kind, [row for row in found if row.kind == kind]) for kind in MitigationKind]

    @property
    def _is_past(self) -> bool:
        """Nothing can be done to a closed risk, nor to the past."""
        return bool(self.as_at) or self.risk.is_closed

    def _may(self) -> dict[str, bool]:
        user, risk = self.request.user, self.risk
        if self.as_at:
            return {}
        if risk.is_closed:
            return {"reopen": user.has_perm(Perm.MANAGE)}
        asked = (Perm.REVIEW, Perm.ESCALATE, Perm.DE_ESCALATE, Perm.MANAGE)
        return {perm.name.lower(): user.has_perm(perm, risk) for perm in asked}

    def _correctable(self, reviews: list[Any]) -> set[int]:
        if self._is_past:
            return set()
        for review in reviews:
            review.risk = self.risk
        return {
            review.pk
            for review in reviews
            if not hasattr(review, "superseded_by") and self.request.user.has_perm(Perm.CORRECT, review)
        }

    def _suggests_escalation(self, book: MatrixBook) -> bool:
        """An operational risk in the top band is one for the Improvement Board to know of. Suggested, never done."""
        risk = self.risk
        in_top_band = book.band(risk.matrix_on, risk.score_on) == book[risk.matrix_on].top_band
        return in_top_band and risk.level_on == Level.OPERATIONAL and not self._is_past
