"""Inside the administration frame, at /admin/criteria/."""

from django.urls import path

from scoring.criteria import views

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
]
