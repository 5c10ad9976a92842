from django.urls import path

from board.views import home, leavers

urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("key/", home.Home.as_view(), name="key"),
    path("glossary/", home.Home.as_view(), name="glossary"),
    path("people/<int:pk>/deactivate/", leavers.PersonDeactivate.as_view(), name="person_deactivate"),
    path("accessibility/", home.Home.as_view(), name="accessibility"),
]
