"""This room's entries in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from agencies.models import Role
from parindex.ui import nav
from scoring.publication.permissions import may_read


def register() -> None:
    nav.register(
        "public", "rankings", _("Rankings"), "public:rankings", allowed=lambda request: True, order=10
    )
    nav.register(
        "public",
        "methods",
        _("Criteria and method"),
        "public:methods",
        allowed=lambda request: True,
        order=20,
    )
    nav.register("public", "data", _("Open data"), "public:open_data", allowed=lambda request: True, order=30)
    nav.register(
        "admin",
        "publication",
        _("Publication"),
        "publication:index",
        allowed=lambda request: may_read(request.actor),  # type: ignore[attr-defined]
        order=50,
        starts=lambda request: request.actor.has(Role.PUBLISHER, Role.APPROVER),  # type: ignore[attr-defined]
    )
