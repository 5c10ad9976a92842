"""Addresses of the plan: the list, one milestone, and each thing that can be said about it."""

from django.urls import path

from milestones import views

app_name = "milestones"
urlpatterns = [
    path("", views.MilestoneList.as_view(), name="list"),
    path("new/", views.MilestoneAdd.as_view(), name="add"),
    path("returns/", views.ReturnsPage.as_view(), name="returns"),
    path("<str:reference>/", views.MilestoneDetail.as_view(), name="detail"),
    path("<str:reference>/update/", views.UpdatePage.as_view(), name="update"),
    path("<str:reference>/draft/discard/", views.DraftDiscard.as_view(), name="draft_discard"),
    path("<str:reference>/updates/<int:pk>/correct/", views.UpdateCorrect.as_view(), name="correct"),
    path("<str:reference>/updates/<int:pk>/confirm/", views.UpdateConfirm.as_view(), name="confirm"),
    path("<str:reference>/due-date/", views.DueDateMove.as_view(), name="due_date"),
    path("<str:reference>/evidence/new/", views.EvidenceAdd.as_view(), name="evidence_add"),
    path("<str:reference>/evidence/<int:pk>/file/", views.EvidenceFile.as_view(), name="evidence_file"),
    path("<str:reference>/evidence/<int:pk>/withdraw/", views.EvidenceWithdraw.as_view(), name="evidence_withdraw"),
    path("<str:reference>/dependencies/new/", views.DependencyAdd.as_view(), name="dependency_add"),
    path("<str:reference>/dependencies/<int:pk>/end/", views.DependencyEnd.as_view(), name="dependency_end"),
    path("<str:reference>/reassign/", views.MilestoneReassign.as_view(), name="reassign"),
    path("<str:reference>/edit/", views.MilestoneEdit.as_view(), name="edit"),
    path("<str:reference>/withdraw/", views.MilestoneWithdraw.as_view(), name="withdraw"),
]
