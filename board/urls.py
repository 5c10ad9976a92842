from django.urls import path

from board.views import home

urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("key/", home.Home.as_view(), name="key"),
    path("glossary/", home.Home.as_view(), name="glossary"),
    path("accessibility/", home.Home.as_view(), name="accessibility"),
]
