"""The appraisal's entries in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from agencies.models import Role
from parindex.ui import nav
from scoring.assessment.appraisal_permissions import may_enter, may_oversee


def register() -> None:
    nav.register(
        "admin",
        "appraisal",
        _("To appraise"),
        "appraisal:worklist",
        allowed=lambda request: may_enter(request.actor),  # type: ignore[attr-defined]
        order=20,
        starts=lambda request: request.actor.has(Role.ASSESSOR),  # type: ignore[attr-defined]
    )
    nav.register(
        "admin",
        "appraisal-rounds",
        _("Rounds and council"),
        "appraisal:blocks",
        allowed=lambda request: may_oversee(request.actor),  # type: ignore[attr-defined]
        order=25,
        starts=lambda request: request.actor.has(Role.COUNCIL_MEMBER),  # type: ignore[attr-defined]
    )
