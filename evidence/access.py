"""What evidence asks of rooms that it knows nothing of: who may open, who uses, who follows.

Rooms above register functions in their AppConfig.ready(); evidence calls them and never imports them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agencies.actors import Actor
    from evidence.models import Document, DocumentVersion

#: Whether this person may open this version for a reason that the room knows (it cites it in his work).
Rule = Callable[["Actor", "DocumentVersion"], bool]
#: Which of these documents (ids) the room still refers to. Called inside a transaction that locks them.
Uses = Callable[[Collection[int]], set[int]]
#: A newer version took the place of another: references that are still drafts follow it. Same transaction.
Follow = Callable[["DocumentVersion", "DocumentVersion"], None]

_rules: list[Rule] = []
_uses: list[Uses] = []
_follow: list[Follow] = []


def register(rule: Rule) -> None:
    """Add a rule by which people of other agencies may open a version. Registering twice is once."""
    if rule not in _rules:
        _rules.append(rule)


def register_use(uses: Uses) -> None:
    """Add a finder of documents in use: those can't be removed."""
    if uses not in _uses:
        _uses.append(uses)


def register_follow(follow: Follow) -> None:
    """Add what is to happen when a document gets a new version."""
    if follow not in _follow:
        _follow.append(follow)


def allowed_by_rule(actor: Actor, version: DocumentVersion) -> bool:
    """Whether any registered rule opens this version to this person."""
    return any(rule(actor, version) for rule in _rules)


def in_use(document: Document) -> bool:
    """Whether any room refers to any version of the document."""
    return any(document.pk in uses({document.pk}) for uses in _uses)


def follow(old: DocumentVersion, new: DocumentVersion) -> None:
    """Tell every room that ``new`` took the place of ``old``."""
    for act in _follow:
        act(old, new)
