"""Evidence: added, downloaded, withdrawn."""

from typing import Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.views import View

from milestones import services
from milestones.forms import EvidenceForm, ReasonForm
from milestones.models import Evidence
from milestones.permissions import Perm
from milestones.views.base import MilestoneFormPage, OfMilestone


class EvidenceAdd(MilestoneFormPage):
    permission = Perm.UPDATE
    form_class = EvidenceForm
    title = "Add evidence"
    submit_label = "Add evidence"
    success_message = "the evidence has been added."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "max_mb": settings.EVIDENCE_MAX_MB}

    def perform(self, form: EvidenceForm) -> Any:
        return services.add_evidence(milestone=self.milestone, by=self.request.user, at=self.now, **form.cleaned_data)


class EvidenceFile(OfMilestone, View):
    """The file itself: only for people signed in, always as a download, never run or guessed at by the browser."""

    permission = Perm.VIEW

    def get(self, request: HttpRequest, reference: str, pk: int) -> FileResponse:
        files = Evidence.objects.standing().filter(milestone=self.milestone).exclude(file="")
        evidence = get_object_or_404(files, pk=pk)
        try:
            opened = evidence.file.open("rb")
        except FileNotFoundError as error:
            raise Http404 from error
        response = FileResponse(
            opened, as_attachment=True, filename=evidence.original_name, content_type=evidence.content_type
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        response.headers["Cache-Control"] = "private, no-store"
        return response


class EvidenceWithdraw(MilestoneFormPage):
    permission = Perm.UPDATE
    form_class = ReasonForm
    title = "Withdraw evidence"
    submit_label = "Withdraw evidence"
    success_message = "the evidence has been withdrawn."
    warning = "It stays listed as withdrawn, with your reason. A file is removed and can’t be downloaded any more."

    @cached_property
    def evidence(self) -> Evidence:
        return get_object_or_404(
            Evidence.objects.standing().filter(milestone=self.milestone).select_related("milestone"),
            pk=self.kwargs["pk"],
        )

    def perform(self, form: ReasonForm) -> Any:
        return services.withdraw_evidence(
            evidence=self.evidence, by=self.request.user, at=self.now, **form.cleaned_data
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(intro=self.evidence.title, **kwargs)
