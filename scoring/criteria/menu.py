"""This room's entries in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from parindex.ui import nav
from scoring.criteria.permissions import may_see_sets


def register() -> None:
    nav.register(
        "admin",
        "criteria",
        _("Criteria sets"),
        "criteria:index",
        allowed=lambda request: may_see_sets(request.actor),  # type: ignore[attr-defined]
        order=60,
    )
