"""Who may ask for a ranking and who may read one before it is published."""

from __future__ import annotations

from agencies.actors import Actor
from agencies.models import Role

READERS = (Role.SECRETARY, Role.COUNCIL_MEMBER, Role.PUBLISHER, Role.APPROVER, Role.INSPECTOR)


def may_request(actor: Actor) -> bool:
    """The secretary asks for runs (workflow.md, roles)."""
    return actor.has(Role.SECRETARY)


def may_read(actor: Actor) -> bool:
    """Runs show the points of every agency of a block, published or not."""
    return actor.has(*READERS)
