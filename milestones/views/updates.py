"""Reporting on a milestone: the update form, its draft, corrections, and the SRO's confirmation."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import urlencode
from django.views import View

from core.months import cut_off_of, month_reported_on
from core.views import safe_next
from core.writes import ChangedSince
from milestones import services
from milestones.forms import (
    ConfirmForm,
    CorrectionForm,
    UpdateForm,
    carried_over,
    content_of,
    kept_in_draft,
)
from milestones.models import Evidence, Milestone, MilestoneDraft, MilestoneUpdate, Status
from milestones.permissions import Perm
from milestones.views.base import MilestoneFormPage, OfMilestone
from milestones.views.history import changes_since


class UpdatePage(MilestoneFormPage):
    """An officer's main job. What is typed is kept: as a draft when asked or refused, on the form when somebody else
    was faster."""

    permission = Perm.UPDATE
    form_class = UpdateForm
    template_name = "milestones/milestone_update.html"
    title = "Update rating"
    submit_label = "Save update"
    conflict: ChangedSince | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and self.milestone.is_withdrawn:
            messages.info(request, f"{self.milestone.reference} was withdrawn from the plan, so it can’t be updated.")
            return redirect(self.milestone_url)
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("action") == "draft":
            return self._keep_draft()
        return super().post(request, *args, **kwargs)

    def _keep_draft(self) -> HttpResponse:
        self._save_draft()
        if self.request.headers.get("X-Requested-With") == "fetch":
            return HttpResponse(status=204)
        words = f"Your draft for {self.milestone.reference} is saved. It is not submitted yet."
        messages.success(self.request, words)
        return redirect(safe_next(self.request) or self.milestone_url)

    def _save_draft(self) -> None:
        typed = {name: text for name, text in self.request.POST.items() if name in UpdateForm.typed_names()}
        services.save_draft(
            milestone=self.milestone,
            author=self.request.user,
            typed=typed,
            based_on_version=self._version_sent,
            at=self.now,
        )

    @cached_property
    def draft(self) -> MilestoneDraft | None:
        return MilestoneDraft.objects.filter(milestone=self.milestone, author=self.request.user).first()

    @cached_property
    def latest(self) -> MilestoneUpdate | None:
        updates = MilestoneUpdate.objects.effective().filter(milestone=self.milestone)
        return updates.select_related("author", "confirmation").first()

    @cached_property
    def default_as_at(self) -> dt.date:
        """The end of the month whose return is being collected, if it is owed and has ended; else today."""
        end = month_reported_on(self.today).last_day
        owes = Milestone.objects.filter(pk=self.milestone.pk).owing(self.today).exists()
        return end if owes and end < self.today else self.today

    @property
    def as_at_hint(self) -> str:
        if self.default_as_at == self.today:
            return ""
        month = month_reported_on(self.today)
        closes = date_format(cut_off_of(month), "j F")
        return f"The day this was true. Set to the end of {month.label}, whose return closes on {closes}."

    def get_form_kwargs(self) -> dict[str, Any]:
        standing = Evidence.objects.standing().filter(milestone=self.milestone)
        extra = {
            "has_evidence": standing.exists(),
            "max_mb": settings.EVIDENCE_MAX_MB,
            "as_at_hint": self.as_at_hint,
        }
        return {**super().get_form_kwargs(), **extra}

    def get_initial(self) -> dict[str, Any]:
        kept = kept_in_draft(self.draft.typed) if self.draft else carried_over(self.latest, self.default_as_at)
        return {**kept, "based_on_version": self.milestone.version, "next": safe_next(self.request)}

    def perform(self, form: UpdateForm) -> MilestoneUpdate:
        try:
            return services.report(
                milestone=self.milestone,
                evidence=form.evidence,
                based_on_version=form.cleaned_data["based_on_version"],
                by=self.request.user,
                at=self.now,
                **form.content,
            )
        except ChangedSince as error:
            self.conflict = error
            raise

    def form_invalid(self, form: UpdateForm) -> HttpResponse:
        self._save_draft()
        file = self.request.FILES.get("evidence_file")
        if file and not form.has_error("evidence_file"):
            form.add_error("evidence_file", f"Choose “{file.name}” again: your browser does not send a file twice.")
        if self.conflict:
            # They have now been shown what changed, so the next save is based on it.
            form.data = form.data.copy()
            form.data["based_on_version"] = str(self.conflict.version)
        return super().form_invalid(form)

    def get_success_url(self) -> str:
        return safe_next(self.request) or self.milestone_url

    def get_success_message(self) -> str:
        saved = f"{self.milestone.reference} is now {Status(self.milestone.status).label}. Your update has been saved."
        owed = Milestone.objects.visible_to(self.request.user).for_person(self.request.user).owing(self.today)
        following = owed.exclude(pk=self.milestone.pk).order_by("due_date", "reference").first()
        if following is None:
            return saved
        address = reverse("milestones:update", args=[following.reference])
        if back := safe_next(self.request):
            address += "?" + urlencode({"next": back})
        link = '{} <a class="govuk-notification-banner__link" href="{}">Update {} {} next</a>'
        return format_html(link, saved, address, following.reference, following.title)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        draft_stale = self.draft and not self.request.POST and self.draft.based_on_version != self.milestone.version
        since = self._version_shown_before(draft_stale=bool(draft_stale))
        extra = {
            "latest": self.latest,
            "draft": self.draft if self.request.method == "GET" else None,
            "conflict": changes_since(self.milestone, since) if since is not None else [],
            "back_url": safe_next(self.request) or self.milestone_url,
            "may_move": self.request.user.has_perm(Perm.CHANGE_DUE_DATE, self.milestone),
        }
        return super().get_context_data(**{**extra, **kwargs})

    def _version_shown_before(self, *, draft_stale: bool) -> int | None:
        """The version that the person last saw, where the milestone has changed since; else None."""
        if draft_stale and self.draft:
            return self.draft.based_on_version
        return self._version_sent if self.conflict else None

    @property
    def _version_sent(self) -> int:
        return UpdateForm.base_fields["based_on_version"].clean(self.request.POST.get("based_on_version"))


class DraftDiscard(OfMilestone, View):
    permission = Perm.UPDATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, reference: str) -> HttpResponse:
        services.discard_draft(milestone=self.milestone, author=request.user)
        messages.success(request, f"Your draft for {self.milestone.reference} has been discarded.")
        back = safe_next(request)
        address = reverse("milestones:update", args=[reference])
        return redirect(address + ("?" + urlencode({"next": back}) if back else ""))


class OfUpdate(MilestoneFormPage):
    """A form about one update of the milestone."""

    @cached_property
    def update(self) -> MilestoneUpdate:
        updates = MilestoneUpdate.objects.filter(milestone=self.milestone)
        return get_object_or_404(updates.select_related("milestone__sro", "author"), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(update=self.update, **kwargs)


class UpdateCorrect(OfUpdate):
    permission = Perm.CORRECT
    form_class = CorrectionForm
    template_name = "milestones/update_correct.html"
    title = "Correct an update"
    submit_label = "Save correction"
    success_message = "the update has been corrected. What it said before is kept."

    def permission_object(self) -> MilestoneUpdate:
        return self.update

    def get_initial(self) -> dict[str, Any]:
        return content_of(self.update)

    def perform(self, form: CorrectionForm) -> MilestoneUpdate:
        return services.correct_update(
            update=self.update,
            by=self.request.user,
            at=self.now,
            correction_reason=form.cleaned_data["correction_reason"],
            **form.content,
        )


class UpdateConfirm(OfUpdate):
    permission = Perm.CONFIRM
    form_class = ConfirmForm
    template_name = "milestones/update_confirm.html"
    title = "Confirm an update"
    submit_label = "Confirm update"
    success_message = "you have confirmed the update."

    def perform(self, form: Form) -> Any:
        return services.confirm_update(
            update=self.update, by=self.request.user, at=self.now, note=form.cleaned_data["note"]
        )
