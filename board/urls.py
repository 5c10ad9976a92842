from django.urls import path

from board import views

urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("key/", views.Home.as_view(), name="key"),
    path("glossary/", views.Home.as_view(), name="glossary"),
    path("accessibility/", views.Home.as_view(), name="accessibility"),
]
