from django.urls import path

from board.views import dashboard, home, imports, leavers, months, pages

urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("dashboard/", dashboard.Dashboard.as_view(), name="dashboard"),
    path("months/", months.MonthList.as_view(), name="month_list"),
    path("months/new/", months.MonthOpen.as_view(), name="month_open"),
    path("months/<str:month>/", months.MonthDetail.as_view(), name="month_detail"),
    path("months/<str:month>/figures.txt", months.MonthFiguresText.as_view(), name="month_figures"),
    path("months/<str:month>/recompute/", months.MonthRecompute.as_view(), name="month_recompute"),
    path("months/<str:month>/cut-off/", months.MonthCutOff.as_view(), name="month_cut_off"),
    path("months/<str:month>/close/", months.MonthClose.as_view(), name="month_close"),
    path("months/<str:month>/reopen/", months.MonthReopen.as_view(), name="month_reopen"),
    path("months/<str:month>/sign-off/", months.MonthSignOff.as_view(), name="month_sign_off"),
    path("imports/", imports.ImportList.as_view(), name="import_list"),
    path("imports/new/", imports.ImportUpload.as_view(), name="import_upload"),
    path("imports/<int:pk>/", imports.ImportDetail.as_view(), name="import_detail"),
    path("imports/<int:pk>/confirm/", imports.ImportConfirm.as_view(), name="import_confirm"),
    path("imports/<int:pk>/columns/", imports.ImportColumns.as_view(), name="import_columns"),
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
