"""How the points of a sheet's leaves are added up: by the engine's roll-up, caps and roles obeyed, nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from scoring import engine
from scoring.assessment.models import Adjustment
from scoring.criteria.models import CriteriaSet
from scoring.criteria.queries import SetTree, tree_of

ZERO = Decimal(0)
Pair = tuple[Decimal, Decimal]


class Adjusted(NamedTuple):
    """Sums of a sheet's bonus and penalty as given, before the caps of the set."""

    bonus: Decimal
    penalty: Decimal


NOTHING = Adjusted(ZERO, ZERO)


def adjusted_by(adjustments: Iterable[Adjustment]) -> Adjusted:
    """What these come to; those taken out of the sum are left out. Pure."""
    bonus = penalty = ZERO
    for one in adjustments:
        if one.voided_at is None:
            bonus += one.points if one.kind == Adjustment.Kind.BONUS else ZERO
            penalty += one.points if one.kind == Adjustment.Kind.PENALTY else ZERO
    return Adjusted(bonus, penalty)


def roll_up(
    criteria_set: CriteriaSet,
    results: Mapping[int, Pair],
    adjusted: Adjusted = NOTHING,
    *,
    tree: SetTree | None = None,
) -> engine.Rollup[int]:
    """(points, maximum) of every node and of the whole from those of the leaves, in points.

    A node is worth at most its cap, areas with a role add or take away, bonus and penalty are cut at the caps of
    the set: as in a ranking. One query at most, none for a locked set that was read before or with its ``tree``.
    """
    return engine.rollup(
        (tree or tree_of(criteria_set)).tree,
        results,
        bonus=adjusted.bonus,
        penalty=adjusted.penalty,
        bonus_cap=criteria_set.bonus_cap,
        penalty_cap=criteria_set.penalty_cap,
    )


def is_provisional(tree: SetTree) -> bool:
    """Whether a ranking may still move points of this set between leaves, or hold them against the block. Pure."""
    for leaf in tree.leaves:
        for rule in leaf.rule.walk() if leaf.rule is not None else ():
            if rule.kind in ("ratio_to_best", "target_and_leader") or rule.not_arising in ("rescale", "move"):
                return True
        if leaf.rule is not None and '"zeroes": "parent"' in json.dumps(leaf.rule.data):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Cap:
    """A node that is worth at most ``cap`` points. ``parts``: what its parts add up to, in points."""

    code: str
    title: str
    cap: Decimal
    parts: Decimal

    @property
    def is_reached(self) -> bool:
        """Whether points are lost to the cap, or would be with the next one."""
        return self.parts >= self.cap > ZERO

    @property
    def lost(self) -> Decimal:
        """Points above the cap: they count nowhere."""
        return max(self.parts - self.cap, ZERO)


def caps_of(tree: SetTree, nodes: Mapping[int, Pair], results: Mapping[int, Pair]) -> dict[int, Cap]:
    """The nodes with a cap, by id, with what stands below them. Pure; ``nodes`` of a roll-up over ``results``."""
    found: dict[int, Cap] = {}
    for node in tree.nodes:
        if node.cap is None:
            continue
        below = tree.children(node.id)
        parts = sum((nodes[child.id][0] for child in below), ZERO) if below else results[node.id][0]
        found[node.id] = Cap(node.code, node.title, node.cap, parts)
    return found
