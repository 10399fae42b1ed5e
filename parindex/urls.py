"""The portal's addresses; each app brings its own under a namespace."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from parindex.health import healthz

urlpatterns = [
    path("healthz", login_not_required(healthz), name="healthz"),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("look/", include("parindex.ui.urls")),
    path("accounts/", include("agencies.urls")),
    path("documents/", include("evidence.urls")),
    path("workspace/", include("scoring.assessment.urls_workspace")),
    path("admin/cycles/", include("scoring.assessment.cycle_urls")),
    path("admin/criteria/", include("scoring.criteria.urls")),
    path("admin/appraisal/", include("scoring.assessment.urls_appraisal")),
    path("admin/ranking/", include("scoring.ranking.urls")),
    path("admin/publication/", include("scoring.publication.urls")),
    path("admin/", admin.site.urls),
    path("", include("scoring.publication.public_urls")),
]
