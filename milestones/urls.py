from django.urls import path

app_name = "milestones"
urlpatterns: list = []
