"""Who may set up the year: cycles, blocks, windows, participations, extensions, opening."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agencies.actors import Actor
from agencies.models import Role
from parindex.errors import NotPermitted


def may_see_cycles(actor: Actor) -> bool:
    """The set-up and the progress of a cycle, without points: everyone with business in the administration."""
    return actor.works_in_admin


def may_manage_cycles(actor: Actor) -> bool:
    """Set up and open: the secretary (workflow.md, roles)."""
    return actor.has(Role.SECRETARY)


def require_manage(actor: Actor | None) -> None:
    """Raises NotPermitted. ``None`` is the command line."""
    if actor is not None and not may_manage_cycles(actor):
        raise NotPermitted(_("Only the secretary sets up cycles."))
