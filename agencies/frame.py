"""What the frame of every page shows of people: the name at its head, and the ways to accounts and the record."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agencies.actors import actor_of
from agencies.models import Role
from agencies.permissions import READER_ROLES, may_manage_accounts, may_manage_structure
from parindex.audit.access import READERS
from parindex.ui import nav


def register() -> None:
    """Called once, when the app is ready."""
    nav.register_identity(identity)
    nav.register(
        "admin",
        "agencies",
        _("Agencies"),
        "admin:agencies_agency_changelist",
        allowed=lambda request: (
            may_manage_structure(actor_of(request)) or actor_of(request).has(*READER_ROLES)
        ),
        order=80,
    )
    nav.register(
        "admin",
        "accounts",
        _("Accounts"),
        "admin:agencies_user_changelist",
        allowed=lambda request: (
            may_manage_accounts(actor_of(request)) or actor_of(request).has(*READER_ROLES)
        ),
        order=85,
    )
    nav.register(
        "admin",
        "audit",
        _("Record"),
        "admin:audit_auditentry_changelist",
        allowed=lambda request: actor_of(request).has(*READERS),
        order=90,
    )


def identity(request: HttpRequest) -> nav.Identity:
    """The signed-in person with the agencies and roles in force, in words. No query beyond the actor's."""
    actor = actor_of(request)
    agencies = dict.fromkeys(grant.agency_name for grant in actor.grants if grant.agency_name)
    roles = dict.fromkeys(str(Role(grant.role).label) for grant in actor.grants)
    return nav.Identity(name=str(request.user), agency=", ".join(agencies), roles=", ".join(roles))
