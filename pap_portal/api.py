"""The API's one router: each app's viewsets, under `/api/v1/`."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

router = SimpleRouter()

urlpatterns = [path("", include(router.urls))]
