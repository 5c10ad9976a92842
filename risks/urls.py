"""Addresses of the register: the list, the heat map, the matrices, one risk and what can be said about it."""

from django.urls import path

from risks import views

app_name = "risks"
urlpatterns = [
    path("", views.RiskList.as_view(), name="list"),
    path("heat-map/", views.HeatMapPage.as_view(), name="heat_map"),
    path("new/", views.RiskAdd.as_view(), name="add"),
    path("matrices/", views.MatrixList.as_view(), name="matrix_list"),
    path("matrices/new/", views.MatrixAdd.as_view(), name="matrix_add"),
    path("matrices/<slug:code>/use/", views.MatrixChoose.as_view(), name="matrix_choose"),
    path("<str:reference>/", views.RiskDetail.as_view(), name="detail"),
    path("<str:reference>/review/", views.RiskReviewPage.as_view(), name="review"),
    path("<str:reference>/reviews/<int:pk>/correct/", views.ReviewCorrect.as_view(), name="correct"),
    path("<str:reference>/target/", views.TargetSet.as_view(), name="target"),
    path("<str:reference>/mitigations/new/", views.MitigationAdd.as_view(), name="mitigation_add"),
    path("<str:reference>/mitigations/<int:pk>/", views.MitigationUpdatePage.as_view(), name="mitigation_update"),
    path("<str:reference>/escalate/", views.Escalate.as_view(), name="escalate"),
    path("<str:reference>/de-escalate/", views.DeEscalate.as_view(), name="de_escalate"),
    path("<str:reference>/edit/", views.RiskEdit.as_view(), name="edit"),
    path("<str:reference>/close/", views.RiskClose.as_view(), name="close"),
    path("<str:reference>/reopen/", views.RiskReopen.as_view(), name="reopen"),
]
