"""The ranking's entry in the administration's navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from agencies.models import Role
from parindex.ui import nav
from scoring.ranking.permissions import may_read


def register() -> None:
    """Called once, when the app is ready."""
    nav.register(
        "admin",
        "ranking",
        _("Ranking"),
        "ranking:index",
        allowed=lambda request: may_read(request.actor),  # type: ignore[attr-defined]
        order=40,
        starts=lambda request: request.actor.has(Role.INSPECTOR),  # type: ignore[attr-defined]
    )
