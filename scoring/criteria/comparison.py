"""Two criteria sets side by side: what stayed, changed, split, merged, came and went. Pure: trees and ties in.

The classes are those that people ask about when a set changes within the year
(the complaint of a department whose set was replaced in mid-year).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parindex.ui.collation import fold
from parindex.ui.formats import format_points
from scoring.criteria.links import Bridge
from scoring.criteria.models import CriterionRole, Method
from scoring.criteria.queries import SetNode, SetTree
from scoring.criteria.scale import same_but_for_scale
from scoring.criteria.wording import rule_data_in_words

__all__ = ["Change", "Detail", "Pair", "compare", "counts"]


class Change(TextChoices):
    """What became of a node. The first that holds, in this order."""

    NEW = "new", gettext_lazy("new")
    GONE = "gone", gettext_lazy("gone")
    SPLIT = "split", gettext_lazy("split")
    MERGED = "merged", gettext_lazy("merged")
    RULE = "rule", gettext_lazy("rule changed")
    MAXIMUM = "maximum", gettext_lazy("maximum changed")
    RENAMED = "renamed", gettext_lazy("renamed")
    SAME = "same", gettext_lazy("same")


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that differs, in words. ``key``: title, maximum, rule …; ``label`` in the reader's language."""

    key: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One line of the comparison. ``node`` is None for what is gone, ``earlier`` empty for what is new.

    ``moved``: the same criterion under another code or another parent. ``details``: what differs between the node
    and the one earlier node it follows, whatever the class; empty for new, gone and merged nodes.
    """

    change: str
    node: SetNode | None
    earlier: tuple[SetNode, ...]
    comparability: str = ""
    moved: bool = False
    details: tuple[Detail, ...] = ()

    @property
    def is_leaf(self) -> bool:
        return self.node.is_leaf if self.node is not None else self.earlier[0].is_leaf

    @property
    def label(self) -> str:
        """The class in words."""
        return str(Change(self.change).label)

    def detail(self, key: str) -> Detail | None:
        return next((one for one in self.details if one.key == key), None)


def compare(
    new: SetTree,
    old: SetTree,
    ties: Bridge,
    *,
    agencies: Mapping[int, str] | None = None,
    profiles: Mapping[str, str] | None = None,
) -> list[Pair]:
    """Every node of both sets: the newer set's in their order, what is gone behind its earlier neighbour.

    ``agencies`` (names by id) and ``profiles`` (meanings by key) only serve the words of ``details``.
    """
    words = _Words(agencies or {}, profiles or {})
    gone = _gone_after(new, old, ties)
    pairs = [Pair(Change.GONE, None, (one,)) for one in gone.get(None, [])]
    for node in new.nodes:
        pairs.append(_pair(node, new, old, ties, words))
        pairs += [Pair(Change.GONE, None, (one,)) for one in gone.get(node.id, [])]
    return pairs


def counts(pairs: list[Pair], *, leaves_only: bool = True) -> Iterator[tuple[str, int]]:
    """How many lines of each change there are, in the order of ``Change``; none are left out."""
    for change in Change.values:
        yield change, sum(pair.change == change and (pair.is_leaf or not leaves_only) for pair in pairs)


def _pair(node: SetNode, new: SetTree, old: SetTree, ties: Bridge, words: _Words) -> Pair:
    back = [tie for tie in ties.back(node.id) if tie.earlier in old.by_id]
    earlier = tuple(sorted((old.by_id[tie.earlier] for tie in back), key=lambda one: one.order))
    if not earlier:
        return Pair(Change.NEW, node, ())
    if len(earlier) > 1:
        return Pair(Change.MERGED, node, earlier, back[0].comparability)
    before = earlier[0]
    split = len([tie for tie in ties.forward(before.id) if tie.newer in new.by_id]) > 1
    moved = before.code != node.code or _moved(node, before, new, old, ties)
    change = Change.SPLIT if split else _change(node, before)
    return Pair(change, node, earlier, back[0].comparability, moved, tuple(words.details(node, before)))


def _change(node: SetNode, before: SetNode) -> Change:
    if node.is_leaf != before.is_leaf or node.method != before.method:
        return Change.RULE
    points = (node.max_points, node.cap, node.role) != (before.max_points, before.cap, before.role)
    if node.rule is not None and before.rule is not None and node.rule.data != before.rule.data:
        scale_alone = same_but_for_scale(node.rule.data, node.max_points, before.rule.data, before.max_points)
        return Change.MAXIMUM if points and scale_alone else Change.RULE
    if points:
        return Change.MAXIMUM
    return Change.SAME if fold(node.title) == fold(before.title) else Change.RENAMED


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


@dataclass(frozen=True, slots=True)
class _Words:
    """What differs between two nodes, told in the reader's language."""

    agencies: Mapping[int, str]
    profiles: Mapping[str, str]

    def details(self, node: SetNode, before: SetNode) -> Iterator[Detail]:
        """Every difference, the weightiest first."""
        for key, label, told in (
            ("code", _("Code"), lambda one: one.code),
            ("title", _("Title"), lambda one: one.title),
            ("maximum", _("Maximum"), lambda one: format_points(one.max_points)),
            ("cap", _("Cap"), lambda one: "" if one.cap is None else format_points(one.cap)),
            ("role", _("Role"), lambda one: str(CriterionRole(one.role).label)),
            (
                "method",
                _("How points come in"),
                lambda one: str(Method(one.method).label) if one.method else "",
            ),
        ):
            yield from self._one(key, label, told(before), told(node))
        yield from self._rule(node, before)
        for key, label, told in (
            ("rule_text", _("Official wording"), lambda one: one.rule_text),
            ("evidence", _("Evidence asked for"), lambda one: one.evidence),
            ("guidance", _("Guidance"), lambda one: one.guidance),
            ("appraiser", _("Appraised by"), self._appraiser),
            ("profiles", _("Not applicable to"), self._profiles),
            ("na_request", _("May be asked to be not applicable"), self._na_request),
        ):
            yield from self._one(key, label, told(before), told(node))

    def _rule(self, node: SetNode, before: SetNode) -> Iterator[Detail]:
        data, old = (None if one.rule is None else one.rule.data for one in (node, before))
        if data == old:
            return
        yield Detail("rule", _("Rule"), self._told(before), self._told(node))

    @staticmethod
    def _told(node: SetNode) -> str:
        return "" if node.rule is None else rule_data_in_words(node.rule.data, node.max_points)

    @staticmethod
    def _one(key: str, label: str, before: str, after: str) -> Iterator[Detail]:
        if before.split() != after.split():
            yield Detail(key, label, before, after)

    def _appraiser(self, node: SetNode) -> str:
        if node.appraiser_id is None:
            return ""
        return self.agencies.get(node.appraiser_id, f"#{node.appraiser_id}")

    def _profiles(self, node: SetNode) -> str:
        return "; ".join(self.profiles.get(key, key) for key in sorted(node.not_applicable_for))

    @staticmethod
    def _na_request(node: SetNode) -> str:
        if not node.is_leaf:
            return ""
        return _("yes") if node.na_request else _("no")
