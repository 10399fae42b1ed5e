"""Two different people: one proposes, another approves (trust.md)."""

from __future__ import annotations

from agencies.actors import Actor
from agencies.models import Role
from scoring.publication.models import Publication

# Proposals show figures before the public may see them.
READERS = (Role.PUBLISHER, Role.APPROVER, Role.SECRETARY, Role.COUNCIL_MEMBER, Role.INSPECTOR)


def may_read(actor: Actor) -> bool:
    """Proposals show figures before the public may see them."""
    return actor.has(*READERS)


def may_propose(actor: Actor) -> bool:
    return actor.has(Role.PUBLISHER)


def may_decide_any(actor: Actor) -> bool:
    """Whether deciding is this person's business at all."""
    return actor.has(Role.APPROVER)


def may_decide(actor: Actor, publication: Publication) -> bool:
    """Approve or send back: an approver who did not propose it."""
    return may_decide_any(actor) and actor.user is not None and actor.user.pk != publication.proposed_by_id


def may_take_back(actor: Actor, publication: Publication) -> bool:
    """The proposer withdraws an own proposal."""
    return may_propose(actor) and actor.user is not None and actor.user.pk == publication.proposed_by_id
