from django.urls import path

from board.views import dashboard, home, imports, leavers, pages

urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("dashboard/", dashboard.Dashboard.as_view(), name="dashboard"),
    path("imports/", imports.ImportList.as_view(), name="import_list"),
    path("imports/new/", imports.ImportUpload.as_view(), name="import_upload"),
    path("imports/<int:pk>/", imports.ImportDetail.as_view(), name="import_detail"),
    path("imports/<int:pk>/confirm/", imports.ImportConfirm.as_view(), name="import_confirm"),
    path("imports/<int:pk>/again/", imports.ImportAgain.as_view(), name="import_again"),
    path("imports/<int:pk>/<str:what>.csv", imports.ImportLines.as_view(), name="import_lines"),
    path("imports/formats/<slug:kind>/", imports.ImportFormat.as_view(), name="import_format"),
    path("imports/formats/<slug:kind>/blank.xlsx", imports.ImportBlank.as_view(), name="import_blank"),
    path("imports/formats/<slug:kind>/all.<str:extension>", imports.SheetDownload.as_view(), name="sheet_download"),
    path("key/", pages.Key.as_view(), name="key"),
    path("glossary/", pages.Glossary.as_view(), name="glossary"),
    path("people/<int:pk>/deactivate/", leavers.PersonDeactivate.as_view(), name="person_deactivate"),
    path("accessibility/", pages.Accessibility.as_view(), name="accessibility"),
]
