"""What the frame of every page needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from parindex.ui import nav

THEME_COOKIE = "theme"
THEMES = ("auto", "light", "dark")
WORKSPACE_PATHS = ("/workspace/", "/documents/", "/accounts/")


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: site name, version, theme, rehearsal flag and navigation (read when used)."""
    theme = request.COOKIES.get(THEME_COOKIE, "auto")
    return {
        "portal_name": getattr(settings, "SITE_NAME", ""),
        "portal_version": getattr(settings, "PORTAL_VERSION", ""),
        "rehearsal": getattr(settings, "REHEARSAL", False),
        "theme": theme if theme in THEMES else "auto",
        "who": SimpleLazyObject(lambda: nav.identity(request)),
        "nav_main": SimpleLazyObject(lambda: nav.links(_place(request), request)),
        "nav_public": SimpleLazyObject(lambda: nav.links("public", request)),
        "nav_workspace": SimpleLazyObject(lambda: nav.links("workspace", request)),
        "nav_admin": SimpleLazyObject(lambda: nav.links("admin", request)),
    }


def _place(request: HttpRequest) -> nav.Place:
    if request.path.startswith("/admin/"):
        return "admin"
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated and request.path.startswith(WORKSPACE_PATHS):
        return "workspace"
    return "public"
