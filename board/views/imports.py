"""Spreadsheets in and out for the programme office: hand one in, look at what it would do, say go."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.forms import Form
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.generic import DetailView, ListView, TemplateView, View

from board.forms import MatchColumnsForm, UploadSheetForm
from board.permissions import Perm
from board.resources import KINDS
from board.tasks import check_sheet, import_sheet
from core import services
from core.models import SheetLine, SheetUpload
from core.sheets import FORMATS, ColumnMapping, SheetResource, blank_sheet, csv_pieces, download, suggested
from core.tasks import enqueue
from core.views import Permitted, ServiceFormPage

LINES_A_PAGE = 100
REFRESH_SECONDS = 3
# Of how many sheets the matched columns are tried on another one.
EARLIER = 50
MOVED_ON = "The columns of this file were not waiting to be matched. This is how it stands now."


class ImportList(Permitted, ListView):
    """What was handed in, the latest first; and the way to a blank sheet or a full one of each kind."""

    permission = Perm.IMPORT_SHEETS
    template_name = "board/import_list.html"
    paginate_by = 25
    queryset = SheetUpload.objects.select_related("created_by", "confirmed_by")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        page = context["page_obj"]
        window = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
        rows = [(upload, KINDS[upload.kind].title, upload.State(upload.state)) for upload in page]
        return {**context, "rows": rows, "kinds": KINDS.values(), "page_window": list(window)}


class ImportUpload(ServiceFormPage):
    permission = Perm.IMPORT_SHEETS
    form_class = UploadSheetForm
    template_name = "board/import_upload.html"
    title = "Import a spreadsheet"
    submit_label = "Check the file"
    success_message = ""

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "kinds": KINDS}

    def get_initial(self) -> dict[str, Any]:
        return {"kind": self.request.GET.get("kind", "")}

    def perform(self, form: Form) -> SheetUpload:
        upload = services.receive_sheet(**form.cleaned_data, by=self.request.user, at=self.now)
        enqueue(check_sheet, upload.pk)
        return upload

    def get_success_url(self) -> str:
        return reverse("import_detail", args=[self.result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(kinds=KINDS.values(), back_url=reverse("import_list"), **kwargs)


class UploadPage(Permitted):
    """A page about one upload. The office looks after all of them, whoever handed them in."""

    permission = Perm.IMPORT_SHEETS
    kwargs: dict[str, Any]

    @cached_property
    def upload(self) -> SheetUpload:
        return get_object_or_404(SheetUpload.objects.select_related("created_by", "confirmed_by"), pk=self.kwargs["pk"])

    def permission_object(self) -> SheetUpload:
        return self.upload


class ImportDetail(UploadPage, DetailView):
    """How one upload stands: being checked, its faults, its preview, or what came in. While it is under way the page
    asks for itself again."""

    template_name = "board/import_detail.html"
    context_object_name = "upload"

    def get_object(self, queryset: Any = None) -> SheetUpload:
        return self.upload

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        if self.upload.is_under_way:
            response.headers["Refresh"] = str(REFRESH_SECONDS)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        counts = dict(self.upload.lines.order_by().values_list("what").annotate(number=Count("pk")))
        shown = self._shown(counts)
        rows = self.upload.report.get("new", 0) + self.upload.report.get("changed", 0)
        return super().get_context_data(
            confirm_label=f"Import {rows:,} row{'' if rows == 1 else 's'}",
            again_url=f"{reverse('import_upload')}?kind={self.upload.kind}",
            resource=KINDS[self.upload.kind],
            companions=[KINDS[kind] for kind in KINDS[self.upload.kind].companions],
            state=SheetUpload.State(self.upload.state),
            counts=counts,
            shown=shown,
            **self._page(shown),
            **kwargs,
        )

    def _shown(self, counts: dict[str, int]) -> str:
        """Which lines: those asked for, else the first sort there is."""
        asked = self.request.GET.get("show", "")
        there = [what.value for what in SheetLine.What if counts.get(what.value)]
        return asked if asked in there else next(iter(there), "")

    def _page(self, shown: str) -> dict[str, Any]:
        page = Paginator(self.upload.lines.filter(what=shown), LINES_A_PAGE).get_page(self.request.GET.get("page"))
        window = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
        return {"page_obj": page, "lines": page.object_list, "page_window": list(window)}


class ImportConfirm(UploadPage, View):
    """The office says go. A second click, a colleague's click and the back button find it done."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        seen = request.POST.get("seen", "")
        if services.confirm_sheet(upload=self.upload, by=request.user, at=self.now, seen=seen):
            enqueue(import_sheet, self.upload.pk)
        elif self.upload.state != SheetUpload.State.IMPORTED:
            messages.info(request, "This import was not waiting to be confirmed. This is how it stands now.")
        return redirect("import_detail", self.upload.pk)


class ImportColumns(UploadPage, ServiceFormPage):
    """Which heading of a sheet is which column, where the portal cannot tell or told it wrongly. Saved, the file is
    checked anew; a page that is older than that finds it done."""

    form_class = MatchColumnsForm
    template_name = "board/import_columns.html"
    title = "Match the columns"
    submit_label = "Save and check the file"
    success_message = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().get(request, *args, **kwargs) if self.upload.can_be_matched else self._moved_on()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().post(request, *args, **kwargs) if self.upload.can_be_matched else self._moved_on()

    def _moved_on(self) -> HttpResponse:
        messages.info(self.request, MOVED_ON)
        return redirect("import_detail", self.upload.pk)

    def get_initial(self) -> dict[str, Any]:
        return {"seen": self.upload.standing}

    def get_form_kwargs(self) -> dict[str, Any]:
        resource, headings = KINDS[self.upload.kind](), self.upload.report["headings"]
        earlier = SheetUpload.objects.matched(self.upload.kind).values_list("mapping", flat=True)[:EARLIER]
        mappings = [ColumnMapping.from_json(data) for data in (self.upload.mapping, *earlier)]
        first = suggested([heading for heading, _samples in headings], resource.fields, mappings)
        return {**super().get_form_kwargs(), "resource": resource, "headings": headings, "suggested": first}

    def perform(self, form: Form) -> bool:
        said = {"mapping": form.cleaned_data["mapping"], "seen": form.cleaned_data["seen"]}
        if matched := services.match_columns(upload=self.upload, **said, by=self.request.user, at=self.now):
            enqueue(check_sheet, self.upload.pk)
        else:
            messages.info(self.request, MOVED_ON)
        return matched

    def get_success_url(self) -> str:
        return reverse("import_detail", args=[self.upload.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = reverse("import_detail", args=[self.upload.pk])
        kind = KINDS[self.upload.kind].title
        return super().get_context_data(upload=self.upload, kind_title=kind, back_url=back, **kwargs)


class ImportAgain(UploadPage, View):
    """After a failure: the same file is checked once more."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if services.check_sheet_again(upload=self.upload, by=request.user, at=self.now):
            enqueue(check_sheet, self.upload.pk)
        return redirect("import_detail", self.upload.pk)


class ImportLines(UploadPage, View):
    """The faults, or what changes, as a file to go through beside the spreadsheet."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        lines = self.upload.lines.filter(what=kwargs["what"])
        pieces = csv_pieces(["Row", "Reference", "Column", "Now", "Will be or what is wrong"], self._rows(lines))
        response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
        name = f"import-{self.upload.pk}-{kwargs['what']}.csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _rows(self, lines: Any) -> Iterator[list[Any]]:
        for line in lines.iterator(chunk_size=2000):
            yield [line.row, line.key, line.column, line.was, line.now]


class KindPage(Permitted):
    permission = Perm.IMPORT_SHEETS
    kwargs: dict[str, Any]

    @property
    def resource(self) -> type[SheetResource]:
        try:
            return KINDS[self.kwargs["kind"]]
        except KeyError:
            raise Http404 from None


class ImportFormat(KindPage, TemplateView):
    """What a kind's columns are and how each is filled in."""

    template_name = "board/import_format.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(resource=self.resource, columns=self.resource.fields.values(), **kwargs)


class ImportBlank(KindPage, View):
    """A workbook with a kind's headings and nothing below them."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> FileResponse:
        return blank_sheet(self.resource)


class SheetDownload(KindPage, View):
    """Everything of a kind, to edit and bring back."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if kwargs["extension"] not in FORMATS:
            raise Http404
        resource = self.resource()
        name = f"{resource.kind}-{self.today.isoformat()}"
        return download(resource, resource.export_queryset(), kwargs["extension"], name)
