from django.urls import path

from parindex.ui import views

app_name = "ui"
urlpatterns = [path("theme/", views.set_theme, name="theme")]
