"""The agency's entries in the navigation."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from parindex.ui import nav
from scoring.assessment.permissions import AGENCY_READERS


def register() -> None:
    """Called once when the app is ready."""
    nav.register(
        "workspace",
        "sheets",
        _("Scoresheets"),
        "workspace:home",
        allowed=_does_agency_work,
        order=10,
        under="/workspace/",
    )
    nav.register(
        "workspace",
        "library",
        _("Documents"),
        "workspace:library",
        allowed=_does_agency_work,
        order=20,
    )


def _does_agency_work(request: HttpRequest) -> bool:
    return bool(request.actor.has(*AGENCY_READERS))  # type: ignore[attr-defined]
