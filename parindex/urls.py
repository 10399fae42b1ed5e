"""The portal's addresses; each app brings its own under a namespace."""

from django.contrib import admin
from django.urls import include, path

from parindex.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("look/", include("parindex.ui.urls")),
    path("admin/", admin.site.urls),
]
