"""Scoring a risk, correcting a score, setting the target."""

from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.views import KeepsVersion
from risks import services
from risks.forms import ReviewCorrectionForm, ReviewForm, TargetForm
from risks.forms.reviews import review_initial, target_initial
from risks.models import Level, MatrixBook, RiskMatrix, RiskReview, RiskTarget
from risks.permissions import Perm
from risks.views.base import OffersSteps, RiskFormPage


class RiskReviewPage(KeepsVersion, OffersSteps, RiskFormPage):
    """A risk owner's main job: how likely is it now, and how bad?"""

    permission = Perm.REVIEW
    form_class = ReviewForm
    template_name = "risks/risk_review.html"
    title = "Review the score"
    submit_label = "Save review"
    day_field = "reviewed_on"

    @cached_property
    def latest(self) -> RiskReview | None:
        reviews = RiskReview.objects.effective().filter(risk=self.risk)
        return reviews.select_related("reviewer", "matrix").first()

    def get_form_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(),
            "matrix": self.matrix,
            "note_hint": "Needed where the score moves, and where the last "
            f"{settings.RISK_UNCHANGED_REVIEWS} reviews gave the same score: say why.",
            "next_hint": f"Leave it empty for {date_format(services.next_review_after(self.risk, self.today))}, "
            f"as it is reviewed {self.risk.get_frequency_display().lower()}.",
        }

    def get_initial(self) -> dict[str, Any]:
        pair = {"likelihood": self.risk.likelihood, "impact": self.risk.impact}
        # On another matrix than the last review's the old numbers mean something else.
        start = pair if self.risk.matrix_id == self.matrix.pk else {}
        return {**super().get_initial(), **start, "reviewed_on": self.today}

    def perform(self, form: ReviewForm) -> RiskReview:
        self.was_top = self._in_top_band()
        return services.review_risk(risk=self.risk, by=self.request.user, at=self.now, **form.cleaned_data)

    def _in_top_band(self) -> bool:
        matrix = self.risk.matrix
        return matrix.band_of(self.risk.score) == matrix.top_band

    def get_success_message(self) -> SafeString | str:
        risk = self.risk
        saved = f"{risk.reference} now scores {risk.score}, {risk.matrix.band_of(risk.score).name.lower()}."
        crossed = self._in_top_band() and not self.was_top and risk.level == Level.OPERATIONAL
        if not (crossed and self.request.user.has_perm(Perm.ESCALATE, risk)):
            return saved
        link = '{} <a class="govuk-notification-banner__link" href="{}">Escalate it to the Improvement Board</a>'
        return format_html(link, saved, reverse("risks:escalate", args=[risk.reference]))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"latest": self.latest, "latest_book": MatrixBook.read(), **kwargs})


class ReviewCorrect(OffersSteps, RiskFormPage):
    permission = Perm.CORRECT
    form_class = ReviewCorrectionForm
    template_name = "risks/risk_review.html"
    title = "Correct a review"
    submit_label = "Save correction"
    success_message = "the review has been corrected. What it said before is kept."
    day_field = "reviewed_on"

    @cached_property
    def review(self) -> RiskReview:
        reviews = RiskReview.objects.filter(risk=self.risk).select_related("risk", "reviewer", "matrix")
        return get_object_or_404(reviews, pk=self.kwargs["pk"])

    def permission_object(self) -> RiskReview:
        return self.review

    @cached_property
    def matrix(self) -> RiskMatrix:
        """It says what was judged then, so it stays on the matrix of then; of another day, on that day's."""
        return self.review.matrix if self.day_sent in (None, self.review.reviewed_on) else super().matrix

    def get_form_kwargs(self) -> dict[str, Any]:
        hints = {"note_hint": "The reason for the score, as corrected.", "next_hint": "When it is to be reviewed next."}
        return {**super().get_form_kwargs(), "matrix": self.matrix, **hints}

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), **review_initial(self.review)}

    def perform(self, form: ReviewCorrectionForm) -> RiskReview:
        given = {name: value for name, value in form.cleaned_data.items() if name != "based_on_version"}
        return services.correct_review(review=self.review, by=self.request.user, at=self.now, **given)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        extra = {"latest": self.review, "latest_book": MatrixBook.read()}
        return super().get_context_data(**{**extra, **kwargs})


class TargetSet(KeepsVersion, OffersSteps, RiskFormPage):
    permission = Perm.REVIEW
    form_class = TargetForm
    template_name = "risks/risk_target.html"
    title = "Target and trajectory"
    submit_label = "Save target"
    success_message = "the target has been set."

    @cached_property
    def target(self) -> RiskTarget | None:
        return RiskTarget.objects.filter(risk=self.risk).prefetch_related("points").first()

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "matrix": self.matrix, "has_target": self.target is not None}

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), **target_initial(self.target)}

    def perform(self, form: TargetForm) -> Any:
        names = ("likelihood", "impact", "due_on", "reason", "based_on_version", "on_matrix")
        given = {name: form.cleaned_data[name] for name in names}
        return services.set_target(risk=self.risk, points=form.points, by=self.request.user, at=self.now, **given)

    def get_success_message(self) -> str:
        has_target = self.result is not None and self.result.likelihood is not None
        return super().get_success_message() if has_target else f"{self.risk.reference} has no target now."
