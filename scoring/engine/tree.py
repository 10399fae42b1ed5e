"""Roll points up a tree of any depth."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Generic, TypeVar

from .numbers import EXACT, ZERO

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Node(Generic[K]):
    """One node. ``cap``: it is worth no more than this, whatever its children add up to.

    ``role`` of a top node: ``bonus`` adds its points and ``penalty`` takes them away, and neither counts
    in the maximum.
    """

    key: K
    parent: K | None
    max_points: Decimal
    is_leaf: bool
    cap: Decimal | None = None
    role: str = ""


class TreeError(ValueError):
    """Nodes that make no tree: a repeated key, an orphan, a ring, a leaf with children."""


@dataclass(frozen=True, slots=True)
class Rollup(Generic[K]):
    """(points, maximum) of every node, and of the whole with bonus and penalty."""

    nodes: dict[K, tuple[Decimal, Decimal]]
    points: Decimal
    maximum: Decimal


class Tree(Generic[K]):
    """Nodes in an order fixed once, so that a roll-up is one pass."""

    def __init__(self, nodes: tuple[Node[K], ...], order: list[int], parents: list[int]) -> None:
        self.nodes = nodes
        self.leaves: tuple[K, ...] = tuple(node.key for node in nodes if node.is_leaf)
        self.leaf_keys: frozenset[K] = frozenset(self.leaves)
        self.parent: dict[K, K | None] = {node.key: node.parent for node in nodes}
        self.maximum: dict[K, Decimal] = {node.key: node.max_points for node in nodes}
        below: dict[K | None, list[K]] = {}
        for node in nodes:
            below.setdefault(node.parent, []).append(node.key)
        self._below = {key: tuple(keys) for key, keys in below.items()}
        self._order = order
        #: (position, key, position of the parent or -1, leaf, cap), children before parents
        self._plan = [(at, nodes[at].key, parents[at], nodes[at].is_leaf, nodes[at].cap) for at in order]
        self._tops = [(at, nodes[at].role) for at in range(len(nodes)) if parents[at] < 0]

    @classmethod
    def build(cls, nodes: Iterable[Node[K]]) -> Tree[K]:
        """Check that the nodes are a forest and fix their order. Raises TreeError."""
        kept = tuple(nodes)
        position: dict[K, int] = {}
        for at, node in enumerate(kept):
            if node.key in position:
                raise TreeError(f"repeated key: {node.key!r}")
            position[node.key] = at
        parents: list[int] = []
        for node in kept:
            if node.parent is None:
                parents.append(-1)
                continue
            above = position.get(node.parent)
            if above is None:
                raise TreeError(f"orphan: {node.key!r} under {node.parent!r}")
            if kept[above].is_leaf:
                raise TreeError(f"leaf with children: {node.parent!r}")
            parents.append(above)
        waiting = [0] * len(kept)
        for above in parents:
            if above >= 0:
                waiting[above] += 1
        order = [at for at, number in enumerate(waiting) if number == 0]
        for at in order:
            above = parents[at]
            if above >= 0:
                waiting[above] -= 1
                if waiting[above] == 0:
                    order.append(above)
        if len(order) < len(kept):
            ring = next(kept[at].key for at, number in enumerate(waiting) if number)
            raise TreeError(f"ring at {ring!r}")
        return cls(kept, order, parents)

    def children(self, key: K | None) -> tuple[K, ...]:
        """The keys below a node, in the order given; the top nodes for None."""
        return self._below.get(key, ())


def rollup(
    tree: Tree[K],
    results: Mapping[K, tuple[Decimal, Decimal]],
    *,
    bonus: Decimal = ZERO,
    penalty: Decimal = ZERO,
    bonus_cap: Decimal = ZERO,
    penalty_cap: Decimal = ZERO,
) -> Rollup[K]:
    """Exact sums of (points, applicable maximum) of the leaves at every node above them.

    points = Σ leaves + bonus − penalty, each capped; maximum = Σ applicable maxima.
    Every leaf needs a result: a missing one raises KeyError, it never counts as 0.
    """
    with localcontext(EXACT):
        size = len(tree.nodes)
        points: list[Decimal] = [ZERO] * size
        maxima: list[Decimal] = [ZERO] * size
        nodes: dict[K, tuple[Decimal, Decimal]] = {}
        for at, key, above, leaf, cap in tree._plan:
            if leaf:
                pair = results[key]
                earned, maximum = pair
            else:
                earned, maximum = pair = points[at], maxima[at]
            if cap is not None:
                earned, maximum = pair = min(earned, cap), min(maximum, cap)
            nodes[key] = pair
            if above >= 0:
                points[above] += earned
                maxima[above] += maximum
        total, whole = ZERO, ZERO
        for at, role in tree._tops:
            earned, maximum = nodes[tree.nodes[at].key]
            if role == "penalty":
                total -= earned
            else:
                total += earned
                if not role:
                    whole += maximum
        total += min(max(bonus, ZERO), bonus_cap) - min(max(penalty, ZERO), penalty_cap)
        return Rollup(nodes, total, whole)
