"""Who reads how much of the record.

The inspector and the secretary read all of it, except what the rooms above take away (`register_limit`); an
administrator, who has no business with scores, reads what concerns accounts and agencies alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from parindex.audit.models import AuditEntry

if TYPE_CHECKING:
    from agencies.actors import Actor

READERS_OF_ALL = frozenset({"inspector", "secretary"})
READERS_OF_ACCOUNTS = frozenset({"administrator"})
READERS = READERS_OF_ALL | READERS_OF_ACCOUNTS

Limit = Callable[["Actor", QuerySet[AuditEntry]], QuerySet[AuditEntry]]
_limits: list[Limit] = []


def register_limit(limit: Limit) -> None:
    """Add a rule that takes entries away: a room knows which of its objects an actor must not see."""
    if limit not in _limits:
        _limits.append(limit)


def visible_entries(actor: Actor) -> QuerySet[AuditEntry]:
    """The entries that this person may read."""
    entries = AuditEntry.objects.all()
    if not actor.has(*READERS):
        return entries.none()
    if not actor.has(*READERS_OF_ALL):
        entries = entries.filter(Q(object_type__startswith="agencies.") | Q(action__startswith="agencies."))
    for limit in _limits:
        entries = limit(actor, entries)
    return entries
