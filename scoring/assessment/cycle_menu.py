"""The entry of the year's set-up in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from agencies.models import Role
from parindex.ui import nav
from scoring.assessment.cycle_permissions import may_see_cycles


def register() -> None:
    nav.register(
        "admin",
        "cycles",
        _("Cycles"),
        "cycles:index",
        allowed=lambda request: may_see_cycles(request.actor),  # type: ignore[attr-defined]
        order=10,
        starts=lambda request: request.actor.has(Role.SECRETARY),  # type: ignore[attr-defined]
    )
