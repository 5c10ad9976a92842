from django.urls import path

from board.views import dashboard, home, leavers, pages

urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("dashboard/", dashboard.Dashboard.as_view(), name="dashboard"),
    path("key/", pages.Key.as_view(), name="key"),
    path("glossary/", pages.Glossary.as_view(), name="glossary"),
    path("people/<int:pk>/deactivate/", leavers.PersonDeactivate.as_view(), name="person_deactivate"),
    path("accessibility/", pages.Accessibility.as_view(), name="accessibility"),
]
