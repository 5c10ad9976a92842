"""What scores mean: the matrices, which one is in use, another one added."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.generic import TemplateView

from core.views import Permitted, ServiceFormPage
from risks import services
from risks.forms import MatrixChoiceForm, MatrixForm
from risks.forms.matrices import SIZES, matrix_initial
from risks.models import MatrixChoice, RiskMatrix
from risks.permissions import Perm


class MatrixList(Permitted, TemplateView):
    permission = Perm.VIEW
    template_name = "risks/matrix_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        in_use = RiskMatrix.objects.in_use(self.today)
        others = [matrix for matrix in RiskMatrix.objects.all() if matrix.pk != in_use.pk]
        return super().get_context_data(
            in_use=in_use,
            others=others,
            choices=MatrixChoice.objects.select_related("matrix", "created_by"),
            sizes=SIZES,
            may_manage=self.request.user.has_perm(Perm.MANAGE),
            **kwargs,
        )


class MatrixAdd(ServiceFormPage):
    """`?size=4` is how many steps each axis has; one of the same size is there to begin from."""

    permission = Perm.MANAGE
    form_class = MatrixForm
    template_name = "risks/matrix_form.html"
    title = "Add a matrix"
    submit_label = "Add matrix"

    @cached_property
    def size(self) -> int:
        asked = self.request.GET.get("size", "")
        return int(asked) if asked in map(str, SIZES) else RiskMatrix.objects.in_use(self.today).size

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "size": self.size}

    def get_initial(self) -> dict[str, Any]:
        in_use = RiskMatrix.objects.in_use(self.today)
        return matrix_initial(in_use if in_use.size == self.size else RiskMatrix.objects.filter(size=self.size).last())

    def perform(self, form: MatrixForm) -> RiskMatrix:
        return services.add_matrix(**form.matrix, by=self.request.user, at=self.now)

    def get_success_url(self) -> str:
        return reverse("risks:matrix_list")

    def get_success_message(self) -> str:
        return f"“{self.result}” has been added. It is not in use until you choose it."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(back_url=reverse("risks:matrix_list"), size=self.size, **kwargs)


class MatrixChoose(ServiceFormPage):
    permission = Perm.MANAGE
    form_class = MatrixChoiceForm
    template_name = "risks/matrix_choose.html"
    submit_label = "Use this matrix"

    @cached_property
    def matrix(self) -> RiskMatrix:
        return get_object_or_404(RiskMatrix, code=self.kwargs["code"])

    def get_initial(self) -> dict[str, Any]:
        return {"used_from": self.today}

    def perform(self, form: MatrixChoiceForm) -> MatrixChoice:
        return services.choose_matrix(matrix=self.matrix, by=self.request.user, at=self.now, **form.cleaned_data)

    def get_success_url(self) -> str:
        return reverse("risks:matrix_list")

    def get_success_message(self) -> str:
        return f"Risks are scored on “{self.matrix}” now."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = f"Score risks on “{self.matrix}”?"
        return super().get_context_data(
            title=title, matrix=self.matrix, back_url=reverse("risks:matrix_list"), **kwargs
        )
