"""Who may do what to criteria sets. Published (locked) sets are also read by the public pages' own rules."""

from __future__ import annotations

from agencies.actors import Actor
from agencies.models import Role

MANAGERS = frozenset({Role.SECRETARY})


def may_see_sets(actor: Actor) -> bool:
    """Drafts and locked sets, in the administration frame."""
    return actor.works_in_admin


def may_manage_sets(actor: Actor) -> bool:
    """Import, confirm a difference, lock, delete an unused draft."""
    return actor.has(*MANAGERS)
