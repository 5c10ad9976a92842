"""The API's one router, under `/api/v1/`: each app's viewsets, the schema and its pages."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from accounts.api import MeViewSet
from board.api import FigureViewSet, MonthViewSet
from milestones.api import EvidenceViewSet, MilestoneViewSet, PriorityAreaViewSet, UpdateViewSet
from risks.api import MitigationViewSet, ReviewViewSet, RiskViewSet

router = SimpleRouter()
router.register("priority-areas", PriorityAreaViewSet, basename="priority-area")
router.register("milestones", MilestoneViewSet, basename="milestone")
router.register(r"milestones/(?P<reference>[^/]+)/updates", UpdateViewSet, basename="milestone-update")
router.register(r"milestones/(?P<reference>[^/]+)/evidence", EvidenceViewSet, basename="milestone-evidence")
router.register("risks", RiskViewSet, basename="risk")
router.register(r"risks/(?P<reference>[^/]+)/reviews", ReviewViewSet, basename="risk-review")
router.register("mitigations", MitigationViewSet, basename="mitigation")
router.register("figures", FigureViewSet, basename="figure")
router.register("months", MonthViewSet, basename="month")

# Swagger UI sets style attributes on its own elements; nothing else may.
swagger = csp_update({"style-src": [SELF, UNSAFE_INLINE]})(SpectacularSwaggerSplitView.as_view(url_name="schema"))

urlpatterns = [
    path("me/", MeViewSet.as_view({"get": "retrieve"}), name="me"),
    path("updates/", UpdateViewSet.as_view({"get": "list"}, basename="update"), name="update-list"),
    path("evidence/", EvidenceViewSet.as_view({"get": "list"}, basename="evidence"), name="evidence-list"),
    path("reviews/", ReviewViewSet.as_view({"get": "list"}, basename="review"), name="review-list"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", swagger, name="api_docs"),
    path("", include(router.urls)),
]
