"""The first page."""

from django.views.generic import TemplateView

from board.permissions import Perm
from core.views import Permitted


class Home(Permitted, TemplateView):
    permission = Perm.VIEW_FIGURES
    template_name = "base.html"
