"""How the nodes of one criteria set follow those of an earlier one: this year's of last year's, version of version.

Links stand beside the sets (``SetLink``, ``CriterionLink``), so that sets locked long ago can still be tied.
Where nobody stated any, ``guessed`` proposes them and says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from parindex.ui.collation import fold
from scoring.criteria.models import Comparability, CriteriaSet, CriterionLink, SetLink
from scoring.criteria.queries import SetNode, SetTree, tree_of

__all__ = ["Bridge", "Tie", "bridge", "guessed", "likely", "worst"]

_ORDER = (Comparability.SAME, Comparability.RESCALED, Comparability.NOT_COMPARABLE)


@dataclass(frozen=True, slots=True)
class Tie:
    """One node of the newer set follows one of the earlier set."""

    newer: int
    earlier: int
    comparability: str


@dataclass(frozen=True, slots=True)
class Bridge:
    """All ties between two sets, by node id. ``whole``: comparability of the totals. ``stated``: by a person."""

    newer_set: int
    earlier_set: int
    whole: str
    ties: tuple[Tie, ...]
    stated: bool = True
    note: str = ""
    _back: dict[int, tuple[Tie, ...]] = field(init=False, repr=False, compare=False)
    _forward: dict[int, tuple[Tie, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        back: dict[int, tuple[Tie, ...]] = {}
        forward: dict[int, tuple[Tie, ...]] = {}
        for tie in self.ties:
            back[tie.newer] = (*back.get(tie.newer, ()), tie)
            forward[tie.earlier] = (*forward.get(tie.earlier, ()), tie)
        object.__setattr__(self, "_back", back)
        object.__setattr__(self, "_forward", forward)

    def back(self, node: int) -> tuple[Tie, ...]:
        """What a node of the newer set follows: none (new), one, or several (merged)."""
        return self._back.get(node, ())

    def forward(self, node: int) -> tuple[Tie, ...]:
        """What follows a node of the earlier set: none (gone), one, or several (split)."""
        return self._forward.get(node, ())

    def comparable(self, node: int) -> Tie | None:
        """The one earlier node whose figures may stand beside this node's; None where they may not.

        A part of a split and a merged node are never comparable.
        """
        ties = self.back(node)
        if len(ties) != 1 or ties[0].comparability == Comparability.NOT_COMPARABLE:
            return None
        return ties[0] if len(self.forward(ties[0].earlier)) == 1 else None


def worst(*values: str) -> str:
    """The lesser comparability of a chain of links; ``same`` for none."""
    return max(values, key=lambda one: _ORDER.index(Comparability(one)), default=Comparability.SAME)


def bridge(newer: CriteriaSet, earlier: CriteriaSet) -> Bridge:
    """The ties from one set back to an earlier one: stated, along a chain of sets, or else guessed.

    Two or three queries where they are stated, and those of ``tree_of`` where they are guessed. A chain
    (this version → the version before → last year's) takes the lesser comparability of its links.
    """
    path = _path(newer.pk, earlier.pk)
    if not path:
        return guessed(newer, earlier)
    by_link: dict[int, list[Tie]] = {}
    for link, node, before, comparability in CriterionLink.objects.filter(set_link__in=path).values_list(
        "set_link_id", "criterion_id", "earlier_id", "comparability"
    ):
        by_link.setdefault(link, []).append(Tie(node, before, comparability))
    ties = by_link.get(path[0].pk, [])
    for step in path[1:]:
        ties = _joined(ties, by_link.get(step.pk, []))
    return Bridge(
        newer.pk,
        earlier.pk,
        worst(*(one.comparability for one in path)),
        tuple(ties),
        note=" ".join(one.note for one in path if one.note),
    )


def guessed(newer: CriteriaSet, earlier: CriteriaSet) -> Bridge:
    """Ties where nobody stated any: nodes with the same code and, but for case and accents, the same title.

    The same maximum and rule make a leaf ``same``, else it is ``rescaled``; the whole counts as ``same``.
    """
    new, old = tree_of(newer), tree_of(earlier)
    return Bridge(newer.pk, earlier.pk, Comparability.SAME, tuple(_matches(new, old)), stated=False)


def _matches(new: SetTree, old: SetTree) -> Iterable[Tie]:
    for node in new.nodes:
        before = old.by_code.get(node.code)
        if before is not None and before.is_leaf == node.is_leaf and fold(before.title) == fold(node.title):
            yield Tie(node.id, before.id, likely(node, before))


def likely(node: SetNode, before: SetNode) -> str:
    """What a link between two nodes most likely is: ``same`` with the same maximum (points) and rule."""
    same = node.max_points == before.max_points and node.cap == before.cap
    if node.rule is not None and before.rule is not None:
        same = same and node.rule.data == before.rule.data
    return Comparability.SAME if same else Comparability.RESCALED


def _path(newer: int, earlier: int) -> list[SetLink]:
    """The shortest chain of set links from one set back to another; empty where there is none. One query."""
    links: dict[int, list[SetLink]] = {}
    for link in SetLink.objects.order_by("pk"):
        links.setdefault(link.newer_id, []).append(link)
    waiting: deque[tuple[int, list[SetLink]]] = deque([(newer, [])])
    seen = {newer}
    while waiting:
        at, path = waiting.popleft()
        for link in links.get(at, []):
            if link.earlier_id == earlier:
                return [*path, link]
            if link.earlier_id not in seen:
                seen.add(link.earlier_id)
                waiting.append((link.earlier_id, [*path, link]))
    return []


def _joined(near: Iterable[Tie], far: Iterable[Tie]) -> list[Tie]:
    """Ties over two steps; two ways between the same nodes count once, by the better of them."""
    onward: dict[int, list[Tie]] = {}
    for tie in far:
        onward.setdefault(tie.newer, []).append(tie)
    found: dict[tuple[int, int], str] = {}
    for tie in near:
        for further in onward.get(tie.earlier, ()):
            key = (tie.newer, further.earlier)
            one = worst(tie.comparability, further.comparability)
            known = found.get(key)
            found[key] = one if known is None else min(known, one, key=_rank)
    return [Tie(new, old, comparability) for (new, old), comparability in found.items()]


def _rank(comparability: str) -> int:
    return _ORDER.index(Comparability(comparability))
