"""Who may ask for a ranking and who may read one before it is published."""

from __future__ import annotations

from agencies.actors import Actor
from agencies.models import Role
from scoring.assessment.appraisal_permissions import barred_houses
from scoring.ranking.models import RunStage

READERS = (Role.SECRETARY, Role.COUNCIL_MEMBER, Role.PUBLISHER, Role.APPROVER, Role.INSPECTOR)


def may_request(actor: Actor) -> bool:
    """The secretary asks for runs (workflow.md, roles)."""
    return actor.has(Role.SECRETARY)


def may_read(actor: Actor) -> bool:
    """Runs show the points of every agency of a block, published or not."""
    return actor.has(*READERS)


def hidden_houses(actor: Actor, stage: str) -> frozenset[int]:
    """The agencies left out of a run's tables for this person: the own houses, until the ranking is final.

    Before, a run would tell people of an agency its marks while their round is not closed.
    """
    if stage == RunStage.FINAL:
        return frozenset()
    return barred_houses(actor) if actor.has(Role.INSPECTOR) else actor.houses
