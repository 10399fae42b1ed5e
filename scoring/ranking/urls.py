"""Inside the administration frame, at /admin/ranking/."""

from django.urls import path

from scoring.ranking import rehearsal_views, views

app_name = "ranking"
urlpatterns = [
    path("", views.index, name="index"),
    path("blocks/<int:cycle_block>/request/", views.request_run, name="request"),
    path("rehearse/<int:pk>/", rehearsal_views.page, name="rehearse"),
    path("rehearse/<int:pk>/shifts.csv", rehearsal_views.download, name="rehearse_csv"),
    path("<uuid:public_id>/", views.run_page, name="run"),
    path("<uuid:public_id>/progress/", views.progress, name="progress"),
    path("<uuid:public_id>/retry/", views.retry, name="retry"),
]
