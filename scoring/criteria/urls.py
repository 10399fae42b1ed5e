"""Inside the administration frame, at /admin/criteria/."""

from django.urls import include, path

from scoring.criteria import link_views, views
from scoring.criteria.editing import urls as editing

app_name = "criteria"
urlpatterns = [
    path("", views.index, name="index"),
    path("import/", views.import_file, name="import"),
    path("import/store/", views.store, name="store"),
    path("import/template.xlsx", views.template, name="template"),
    path("import/annotated.xlsx", views.annotated, name="annotated"),
    path("<int:pk>/", views.one_set, name="set"),
    path("<int:pk>/export.json", views.export, name="export"),
    path("<int:pk>/export.xlsx", views.export_workbook, name="export_xlsx"),
    path("<int:pk>/lock/", views.lock, name="lock"),
    path("<int:pk>/delete/", views.delete, name="delete"),
    path("<int:pk>/copy/", link_views.copy, name="copy"),
    path("<int:pk>/links/", link_views.links, name="links"),
    path("<int:pk>/links/<int:earlier>/", link_views.ties, name="ties"),
    path("<int:pk>/links/<int:earlier>/drop/", link_views.drop, name="link_drop"),
    path("<int:pk>/compare/<int:other>/", link_views.compare_sets, name="compare"),
    path("<int:pk>/compare/<int:other>/<slug:kind>/", link_views.compare_file, name="compare_file"),
    path("<int:pk>/nodes/<int:node>/", include("scoring.criteria.rule_forms.urls")),
    *editing.urlpatterns,
]
