"""Whether points add up: one rule for a file, a stored set and an editor. Pure.

A node is worth its maximum, at most its cap. A node with parts adds up where its maximum is the sum of what its
parts are worth, at most its cap: six items of 10, of which at most 10 count, make a criterion of 10. The total is
the sum of the areas without a role: bonus and penalty areas count in no maximum.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

__all__ = ["Mismatch", "Summand", "counted", "mismatches", "parts_of", "useless_cap", "worth"]

K = TypeVar("K", bound=Hashable)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Summand(Generic[K]):
    """A node as the sums see it; all figures are points."""

    key: K
    parent: K | None
    max_points: Decimal
    cap: Decimal | None = None
    role: str = ""
    is_leaf: bool = False


@dataclass(frozen=True, slots=True)
class Mismatch(Generic[K]):
    """A node (``key`` None: the whole set) whose stated points are not what its parts make (points).

    ``parts`` is the plain sum of the parts, ``counted`` what the cap leaves of it.
    """

    key: K | None
    stated: Decimal
    parts: Decimal
    counted: Decimal


def worth(max_points: Decimal, cap: Decimal | None) -> Decimal:
    """What a node brings to the node above it (points)."""
    return max_points if cap is None else min(max_points, cap)


def counted(parts: Decimal, cap: Decimal | None) -> Decimal:
    """What a cap leaves of the sum of the parts (points)."""
    return parts if cap is None else min(parts, cap)


def parts_of(nodes: Iterable[Summand[K]]) -> dict[K | None, Decimal]:
    """The sum of the parts beneath each node that has any; under None the areas without a role (points)."""
    sums: dict[K | None, Decimal] = {None: ZERO}
    for node in nodes:
        if node.parent is None and node.role:
            continue
        sums[node.parent] = sums.get(node.parent, ZERO) + worth(node.max_points, node.cap)
    return sums


def mismatches(nodes: Iterable[Summand[K]], total: Decimal) -> list[Mismatch[K]]:
    """Where points do not add up: the total first, then the nodes in their order. Without parts nothing is added."""
    nodes = list(nodes)
    sums = parts_of(nodes)
    found: list[Mismatch[K]] = []
    if sums[None] != total:
        found.append(Mismatch(None, total, sums[None], sums[None]))
    for node in nodes:
        if node.key in sums and not node.is_leaf:
            parts = sums[node.key]
            held = counted(parts, node.cap)
            if held != node.max_points:
                found.append(Mismatch(node.key, node.max_points, parts, held))
    return found


def useless_cap(node: Summand[K], parts: Decimal) -> bool:
    """Whether a cap changes nothing: not below the maximum of a leaf, or above the sum of the parts.

    A cap equal to the sum of the parts says in words what holds anyway, and does no harm.
    """
    if node.cap is None:
        return False
    return node.cap >= node.max_points if node.is_leaf else node.cap > parts
