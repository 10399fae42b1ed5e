"""Settle what leaves do to each other before a roll-up: vetoes, points that move, maxima that rescale.

In this order: a veto zeroes every leaf under the parent; the points of a leaf where nothing arose go to
the leaves that its rule names; the remaining leaves of a parent are rescaled to its maximum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any, Generic

from .numbers import EXACT, ZERO, plain, round_points
from .scoring import Score
from .tree import K, Tree


@dataclass(frozen=True, slots=True)
class Settled(Generic[K]):
    """(points, applicable maximum) of every leaf for the roll-up, and the steps to add to traces."""

    results: dict[K, tuple[Decimal, Decimal]]
    steps: dict[K, list[dict[str, Any]]]


def settle(
    tree: Tree[K],
    scores: Mapping[K, Score],
    *,
    moves: Mapping[K, tuple[K, ...]] | None = None,
) -> Settled[K]:
    """``moves``: for each leaf whose rule has ``moves_to``, the keys of the leaves it names.

    Points that grow or shrink with their maximum are rounded half-up to 6 places; the parts of a maximum
    are too, and the last part takes what the rounding leaves, so that the parts add up exactly.
    """
    with localcontext(EXACT):
        settled = Settled({key: (one.points, one.applicable_max) for key, one in scores.items()}, {})
        for key, one in scores.items():
            parent = tree.parent[key]
            if one.zeroes == "parent" and parent is not None:
                _veto(settled, _below(tree, parent), key)
        for key, one in scores.items():
            if one.not_arising == "move":
                targets = [to for to in (moves or {}).get(key, ()) if settled.results[to][1] > 0]
                _spread(settled, targets, tree.maximum[key], equally=True)
        waiting: dict[K | None, Decimal] = {}
        for key, one in scores.items():
            if one.not_arising == "rescale":
                parent = tree.parent[key]
                waiting[parent] = waiting.get(parent, ZERO) + tree.maximum[key]
        for parent, free in waiting.items():
            targets = [leaf for leaf in _below(tree, parent) if settled.results[leaf][1] > 0]
            _spread(settled, targets, free, equally=False)
        return settled


def _below(tree: Tree[K], key: K | None) -> list[K]:
    """The leaves under a node; the leaves at the top for None."""
    if key is None:
        return [one for one in tree.children(None) if one in tree.leaf_keys]
    found: list[K] = []
    for one in tree.children(key):
        found += [one] if one in tree.leaf_keys else _below(tree, one)
    return found


def _veto(settled: Settled[K], leaves: list[K], by: K) -> None:
    for leaf in leaves:
        points, maximum = settled.results[leaf]
        settled.results[leaf] = (ZERO, maximum)
        if leaf != by:
            settled.steps.setdefault(leaf, []).append({"op": "vetoed", "from": plain(points), "points": "0"})


def _spread(settled: Settled[K], targets: list[K], free: Decimal, *, equally: bool) -> None:
    """Add ``free`` to the maxima of ``targets``, and scale their points with them."""
    whole = sum((settled.results[leaf][1] for leaf in targets), ZERO)
    left = free
    for number, leaf in enumerate(targets):
        points, maximum = settled.results[leaf]
        part = free / len(targets) if equally else free * maximum / whole
        share = left if number == len(targets) - 1 else round_points(part)
        left -= share
        larger = maximum + share
        scaled = larger if points == maximum else round_points(points * larger / maximum)
        settled.results[leaf] = (scaled, larger)
        settled.steps.setdefault(leaf, []).append(
            {
                "op": "moved_here" if equally else "rescaled",
                "from": plain(points),
                "before": plain(maximum),
                "max": plain(larger),
                "points": plain(scaled),
            }
        )
