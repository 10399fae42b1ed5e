"""/documents/…: files, by the public id of a version."""

from django.urls import path

from evidence import views

app_name = "evidence"
urlpatterns = [path("<uuid:public_id>/", views.open_version, name="open")]
