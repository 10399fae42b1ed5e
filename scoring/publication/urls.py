"""Inside the administration frame, at /admin/publication/."""

from django.urls import path, register_converter

from scoring.publication import preview_views, views
from scoring.publication.public_urls import ChartName

register_converter(ChartName, "chart_name")

RUN = "runs/<uuid:run>/preview/"
PROPOSAL = "<uuid:publication>/preview/<slug:block>/"

app_name = "publication"
urlpatterns = [
    path("", views.index, name="index"),
    path("propose/", views.propose, name="propose"),
    path(RUN, preview_views.block, name="run_preview"),
    path(f"{RUN}method/", preview_views.method, name="run_preview_method"),
    path(f"{RUN}charts/<chart_name:name>.svg", preview_views.chart, name="run_preview_chart"),
    path(f"{RUN}agencies/<slug:agency>/", preview_views.agency, name="run_preview_agency"),
    path("<uuid:publication>/", views.detail, name="detail"),
    path("<uuid:publication>/approve/", views.approve, name="approve"),
    path("<uuid:publication>/send-back/", views.send_back, name="send_back"),
    path("<uuid:publication>/take-back/", views.take_back, name="take_back"),
    path(PROPOSAL, preview_views.block, name="preview"),
    path(f"{PROPOSAL}method/", preview_views.method, name="preview_method"),
    path(f"{PROPOSAL}charts/<chart_name:name>.svg", preview_views.chart, name="preview_chart"),
    path(f"{PROPOSAL}agencies/<slug:agency>/", preview_views.agency, name="preview_agency"),
]
