"""Two criteria sets side by side: what stayed, changed, split, merged, came and went. Pure: trees and ties in.

The classes are those that people ask about when a set changes within the year
(the complaint of a department whose set was replaced in mid-year).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from parindex.ui.collation import fold
from scoring.criteria.links import Bridge
from scoring.criteria.queries import SetNode, SetTree

__all__ = ["Change", "Pair", "compare", "counts"]


class Change(TextChoices):
    """What became of a node. The first that holds, in this order."""

    NEW = "new", _("new")
    GONE = "gone", _("gone")
    SPLIT = "split", _("split")
    MERGED = "merged", _("merged")
    RULE = "rule", _("rule changed")
    MAXIMUM = "maximum", _("maximum changed")
    RENAMED = "renamed", _("renamed")
    SAME = "same", _("same")


@dataclass(frozen=True, slots=True)
class Pair:
    """One line of the comparison. ``node`` is None for what is gone, ``earlier`` empty for what is new.

    ``moved``: the same criterion under another code or another parent.
    """

    change: str
    node: SetNode | None
    earlier: tuple[SetNode, ...]
    comparability: str = ""
    moved: bool = False

    @property
    def is_leaf(self) -> bool:
        return self.node.is_leaf if self.node is not None else self.earlier[0].is_leaf


def compare(new: SetTree, old: SetTree, ties: Bridge) -> list[Pair]:
    """Every node of both sets: the newer set's in their order, what is gone behind its earlier neighbour."""
    gone = _gone_after(new, old, ties)
    pairs = [Pair(Change.GONE, None, (one,)) for one in gone.get(None, [])]
    for node in new.nodes:
        pairs.append(_pair(node, new, old, ties))
        pairs += [Pair(Change.GONE, None, (one,)) for one in gone.get(node.id, [])]
    return pairs


def _pair(node: SetNode, new: SetTree, old: SetTree, ties: Bridge) -> Pair:
    back = [tie for tie in ties.back(node.id) if tie.earlier in old.by_id]
    earlier = tuple(sorted((old.by_id[tie.earlier] for tie in back), key=lambda one: one.order))
    if not earlier:
        return Pair(Change.NEW, node, ())
    before = earlier[0]
    moved = len(earlier) == 1 and (before.code != node.code or _moved(node, before, new, old, ties))
    return Pair(_change(node, earlier, ties), node, earlier, back[0].comparability, moved)


def _change(node: SetNode, earlier: tuple[SetNode, ...], ties: Bridge) -> str:
    if len(earlier) > 1:
        return Change.MERGED
    before = earlier[0]
    if len(ties.forward(before.id)) > 1:
        return Change.SPLIT
    if node.is_leaf != before.is_leaf or _rule(node) != _rule(before) or node.method != before.method:
        return Change.MAXIMUM if _only_points(node, before) else Change.RULE
    if node.max_points != before.max_points or node.cap != before.cap or node.role != before.role:
        return Change.MAXIMUM
    return Change.SAME if fold(node.title) == fold(before.title) else Change.RENAMED


def _rule(node: SetNode) -> object:
    return None if node.rule is None else node.rule.data


def _only_points(node: SetNode, before: SetNode) -> bool:
    """Whether the rule asks for the same and gives other points because the maximum is another one."""
    if node.rule is None or before.rule is None or node.method != before.method:
        return False
    if node.max_points == before.max_points or node.rule.kind != before.rule.kind:
        return False
    return [field.name for field in node.rule.fields()] == [field.name for field in before.rule.fields()]


def _moved(node: SetNode, before: SetNode, new: SetTree, old: SetTree, ties: Bridge) -> bool:
    if node.parent_id is None or before.parent_id is None:
        return (node.parent_id is None) != (before.parent_id is None)
    return before.parent_id not in {tie.earlier for tie in ties.back(node.parent_id)}


def _gone_after(new: SetTree, old: SetTree, ties: Bridge) -> dict[int | None, list[SetNode]]:
    """What is gone, by the newer node that it stands behind."""
    found: dict[int | None, list[SetNode]] = {}
    last: int | None = None
    for node in old.nodes:
        following = [tie.newer for tie in ties.forward(node.id) if tie.newer in new.by_id]
        if following:
            last = max(following, key=lambda one: new.by_id[one].order)
        else:
            found.setdefault(last, []).append(node)
    return found


def counts(pairs: list[Pair], *, leaves_only: bool = True) -> Iterator[tuple[str, int]]:
    """How many lines of each change there are, in the order of ``Change``; none are left out."""
    for change in Change.values:
        yield change, sum(pair.change == change and (pair.is_leaf or not leaves_only) for pair in pairs)
