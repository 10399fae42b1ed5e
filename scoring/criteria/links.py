"""How the nodes of one criteria set follow those of an earlier one: this year's of last year's, version of version.

Links stand beside the sets (``SetLink``, ``CriterionLink``), so that sets locked long ago can still be tied.
Where nobody stated any, ``guessed`` proposes them and says so. A comparability that nobody stated follows the two
nodes as they stand (``likely``), so that it keeps up with a draft that is being edited.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from parindex.ui.collation import fold
from scoring.criteria.models import Comparability, CriteriaSet, CriterionLink, SetLink
from scoring.criteria.queries import SetNode, SetTree, tree_of

__all__ = [
    "Bridge", "Links", "Tie", "Whole", "bridge", "bridges", "guessed", "likely", "likely_whole", "read_links",
    "wholes", "worst",
]  # fmt: skip

_ORDER = (Comparability.SAME, Comparability.RESCALED, Comparability.NOT_COMPARABLE)
Pairs = Iterable[tuple[CriteriaSet, CriteriaSet]]
#: The links of each newer set.
Links = Mapping[int, list[SetLink]]


@dataclass(frozen=True, slots=True)
class Tie:
    """One node of the newer set follows one of the earlier set."""

    newer: int
    earlier: int
    comparability: str


@dataclass(frozen=True, slots=True)
class Whole:
    """Whether the totals of two sets compare. ``linked``: a person tied the sets; ``note``: the reason given."""

    comparability: str
    linked: bool = True
    note: str = ""

    @property
    def compares(self) -> bool:
        return self.comparability != Comparability.NOT_COMPARABLE


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

    def is_split(self, node: int) -> bool:
        """Whether a node of the newer set is one of several parts of an earlier one."""
        return any(len(self.forward(tie.earlier)) > 1 for tie in self.back(node))

    def comparable(self, node: int) -> Tie | None:
        """The one earlier node whose figures may stand beside this node's; None where they may not.

        A part of a split and a merged node are never comparable.
        """
        ties = self.back(node)
        if len(ties) != 1 or ties[0].comparability == Comparability.NOT_COMPARABLE:
            return None
        return None if self.is_split(node) else ties[0]


def worst(*values: str) -> str:
    """The lesser comparability of a chain of links; ``same`` for none."""
    return max(values, key=_rank, default=Comparability.SAME)


def bridge(newer: CriteriaSet, earlier: CriteriaSet) -> Bridge:
    """The ties from one set back to an earlier one: stated, along a chain of sets, or else guessed.

    Three queries where they are linked, one where they are not, and those of ``tree_of`` for sets that are no
    longer cached. A chain (this version → the version before → last year's) takes the lesser comparability.
    """
    return bridges([(newer, earlier)])[newer.pk, earlier.pk]


def bridges(pairs: Pairs, known: Links | None = None) -> dict[tuple[int, int], Bridge]:
    """Many bridges at once, by (newer, earlier) set. The queries of one, whatever their number.

    ``known``: what ``read_links`` gave, where it was read already.
    """
    wanted = {(newer.pk, earlier.pk): (newer, earlier) for newer, earlier in pairs}
    known = read_links() if known is None else known
    paths = {key: _path(*key, known) for key in wanted}
    steps = {step.pk: step for path in paths.values() for step in path}
    ties = _ties(steps)
    found = {}
    for key, (newer, earlier) in wanted.items():
        path = paths[key]
        if not path:
            found[key] = guessed(newer, earlier)
            continue
        own = ties.get(path[0].pk, [])
        for step in path[1:]:
            own = _joined(own, ties.get(step.pk, []))
        whole = _whole(path)
        found[key] = Bridge(*key, whole.comparability, tuple(own), note=whole.note)
    return found


def wholes(pairs: Pairs, known: Links | None = None) -> dict[tuple[int, int], Whole]:
    """Whether the totals of sets compare, by (newer, earlier) set. One query, none with ``known`` links."""
    known = read_links() if known is None else known
    found = {}
    for newer, earlier in pairs:
        key = (newer.pk, earlier.pk)
        if newer.pk == earlier.pk:
            found[key] = Whole(Comparability.SAME)
        elif path := _path(*key, known):
            found[key] = _whole(path)
        else:
            found[key] = Whole(likely_whole(newer, earlier), linked=False)
    return found


def guessed(newer: CriteriaSet, earlier: CriteriaSet) -> Bridge:
    """Ties where nobody stated any: nodes with the same code and, but for case and accents, the same title."""
    new, old = tree_of(newer), tree_of(earlier)
    whole = likely_whole(newer, earlier)
    return Bridge(newer.pk, earlier.pk, whole, tuple(_matches(new, old)), stated=False)


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
    return Comparability.SAME if same and node.is_leaf == before.is_leaf else Comparability.RESCALED


def likely_whole(newer: CriteriaSet, earlier: CriteriaSet) -> str:
    """What a link between two sets most likely is: ``same`` with the same total (points)."""
    return Comparability.SAME if newer.total == earlier.total else Comparability.RESCALED


def read_links() -> Links:
    """Every link between sets by the newer one, with both sets. One query: a province has some dozens."""
    links: dict[int, list[SetLink]] = {}
    for link in SetLink.objects.select_related("newer", "earlier").order_by("pk"):
        links.setdefault(link.newer_id, []).append(link)
    return links


def _path(newer: int, earlier: int, links: Links) -> list[SetLink]:
    """The shortest chain of set links from one set back to another; empty where there is none."""
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


def _whole(path: Iterable[SetLink]) -> Whole:
    steps = list(path)
    values = [
        step.comparability
        if _said(step.comparability, step.stated)
        else likely_whole(step.newer, step.earlier)
        for step in steps
    ]
    return Whole(worst(*values), note=" ".join(step.note for step in steps if step.note))


def _ties(steps: Mapping[int, SetLink]) -> dict[int, list[Tie]]:
    """The ties of some set links, by link. One query, and the trees where a comparability was not stated."""
    if not steps:
        return {}
    rows = list(
        CriterionLink.objects.filter(set_link__in=steps).values_list(
            "set_link_id", "criterion_id", "earlier_id", "comparability", "stated"
        )
    )
    trees: dict[int, SetTree] = {}
    for link in {row[0] for row in rows if not _said(row[3], row[4])}:
        for one in (steps[link].newer, steps[link].earlier):
            if one.pk not in trees:
                trees[one.pk] = tree_of(one)
    found: dict[int, list[Tie]] = {}
    for link, node, before, comparability, stated in rows:
        if not _said(comparability, stated):
            new, old = trees[steps[link].newer_id].by_id, trees[steps[link].earlier_id].by_id
            if node in new and before in old:
                comparability = likely(new[node], old[before])
        found.setdefault(link, []).append(Tie(node, before, comparability))
    return found


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


def _said(comparability: str, stated: bool) -> bool:
    """Whether a comparability was stated: a proposal is ``same`` and follows what stands."""
    return stated or comparability != Comparability.SAME


def _rank(comparability: str) -> int:
    return _ORDER.index(Comparability(comparability))
