"""From the points of a block's leaves to the figures of a run. No database here: inputs in, figures out."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from scoring.engine import (
    ENGINE_VERSION,
    Candidate,
    RankingSettings,
    Tree,
    assign_grades,
    grade_of,
    index_of,
    printed,
    rank,
    rollup,
)

ZERO = Decimal(0)


@dataclass(slots=True)
class Entrant:
    """One agency's inputs to a run.

    ``leaves`` maps every leaf's id to (points, applicable maximum).
    ``traces`` maps it to the trace as JSON text. ``bonus`` and ``penalty`` are sums, not yet capped.
    """

    agency_id: int
    ranked: bool
    leaves: dict[int, tuple[Decimal, Decimal]]
    traces: dict[int, str | None] = field(default_factory=dict)
    bonus: Decimal = ZERO
    penalty: Decimal = ZERO
    effects: tuple[str, ...] = ()  # on the grade, from answers (settlement.py)
    counts: dict[str, Decimal] = field(default_factory=dict)  # what gates of grades ask for (gates.py)
    facts: dict[str, bool] = field(default_factory=dict)
    waived: set[str] = field(default_factory=set)  # leaves of gates that do not apply to the agency


@dataclass(frozen=True, slots=True)
class Total:
    """An agency's row of a run: points, maximum, index (exact and printed, percent), rank, grade."""

    agency_id: int
    ranked: bool
    points: Decimal
    maximum: Decimal
    bonus: Decimal
    penalty: Decimal
    index: Decimal | None
    index_exact: Decimal | None
    rank: int | None
    grade: str


@dataclass(frozen=True, slots=True)
class NodeFigure:
    """An agency's figures for one node of the set."""

    agency_id: int
    node: int
    points: Decimal
    maximum: Decimal
    index: Decimal | None
    rank: int | None
    trace: str | None


@dataclass(slots=True)
class Figures:
    """All figures of a run. ``nodes()`` yields every agency's nodes in tree order, without building a list."""

    totals: list[Total]
    _parts: list[tuple[Entrant, dict[int, tuple[Decimal, Decimal]]]]
    _indexes: dict[tuple[Decimal, Decimal], tuple[Decimal | None, Decimal | None]]
    _ranks: dict[int, dict[int, int | None]]
    _order: Sequence[int]
    _beside: frozenset[int] = frozenset()  # nodes of areas that add or take away: they have no index

    @property
    def node_count(self) -> int:
        return len(self._parts) * len(self._order)

    def sums(self) -> Sequence[tuple[Entrant, Mapping[int, tuple[Decimal, Decimal]]]]:
        """Each entrant with the points and maximum of every node, in the order of ``totals``."""
        return self._parts

    def nodes(self) -> Iterator[NodeFigure]:
        for entrant, sums in self._parts:
            agency, traces = entrant.agency_id, entrant.traces
            for node in self._order:
                pair = sums[node]
                yield NodeFigure(
                    agency,
                    node,
                    pair[0],
                    pair[1],
                    None if node in self._beside else self._indexes[pair][1],
                    self._ranks[node].get(agency),
                    traces.get(node),
                )


def inputs_sha256(
    entrants: Sequence[Entrant],
    *,
    set_id: str,
    settings: RankingSettings,
    clamp: bool,
    caps: tuple[Decimal, Decimal],
) -> str:
    """SHA-256 over everything the figures come from: inputs, set, settings, engine version.

    The order of agencies and leaves does not matter; a trace counts, since it is published with its points.
    """
    digest = hashlib.sha256()
    digest.update(
        f"{ENGINE_VERSION}\n{set_id}\n{settings.as_dict()!r}\n{clamp}\n{caps[0]} {caps[1]}\n".encode()
    )
    for entrant in sorted(entrants, key=lambda e: e.agency_id):
        digest.update(
            f"agency {entrant.agency_id} {entrant.ranked} {entrant.bonus:f} {entrant.penalty:f}\n".encode()
        )
        traces = entrant.traces
        for leaf in sorted(entrant.leaves):
            points, maximum = entrant.leaves[leaf]
            digest.update(f"{leaf} {points:f} {maximum:f} {traces.get(leaf) or ''}\n".encode())
    return digest.hexdigest()


def compute(
    entrants: Sequence[Entrant],
    *,
    tree: Tree,
    settings: RankingSettings,
    clamp: bool = True,
    bonus_cap: Decimal = ZERO,
    penalty_cap: Decimal = ZERO,
    codes: Mapping[str, int] | None = None,
    surveys: Collection[int] = (),
) -> Figures:
    """Roll up, index and rank a block.

    Points and maxima are sums of six-place points; indexes are percent. Rank and grade use the printed index or the
    exact one, as ``settings.rank_on`` says. An agency outside the ranking, or one whose maximum is 0, has no rank; the
    same for a node whose maximum is 0, and for one in an area with a role: points that are added or taken away are
    no share of a maximum. ``codes`` names the nodes and ``surveys`` the survey's leaves, for tie-breakers
    and for the gates of grades. Source: docs/scoring.md.
    """
    parts: list[tuple[Entrant, dict[int, tuple[Decimal, Decimal]]]] = []
    sums: list[tuple[Entrant, Decimal, Decimal]] = []
    indexes: dict[tuple[Decimal, Decimal], tuple[Decimal | None, Decimal | None]] = {}
    digits, mode, chosen = settings.digits, settings.rounding, 1 if settings.rank_on == "printed" else 0

    def index_pair(pair: tuple[Decimal, Decimal]) -> tuple[Decimal | None, Decimal | None]:
        known = indexes.get(pair)
        if known is None:
            exact = index_of(pair[0], pair[1], clamp=clamp)
            known = indexes[pair] = (exact, None if exact is None else printed(exact, digits, mode))
        return known

    order = tuple(node.key for node in tree.nodes)
    beside = _beside(tree)
    by_node: dict[int, dict[int, Decimal | None]] = {node: {} for node in order}
    for entrant in entrants:
        rolled = rollup(
            tree,
            entrant.leaves,
            bonus=entrant.bonus,
            penalty=entrant.penalty,
            bonus_cap=bonus_cap,
            penalty_cap=penalty_cap,
        )
        parts.append((entrant, rolled.nodes))
        sums.append((entrant, rolled.points, rolled.maximum))
        for node, pair in rolled.nodes.items():
            value = index_pair(pair)[chosen]
            if entrant.ranked:
                by_node[node][entrant.agency_id] = None if node in beside else value
    ranks = {node: rank(by_agency, ties=settings.ties) for node, by_agency in by_node.items()}
    by_node.clear()

    total_index = {entrant.agency_id: index_pair((points, maximum)) for entrant, points, maximum in sums}
    values = {agency: pair[chosen] for agency, pair in total_index.items()}
    codes = codes or {}

    def tie_value(
        name: str, entrant: Entrant, nodes: Mapping[int, tuple[Decimal, Decimal]]
    ) -> Decimal | None:
        """What breaks a tie: the bonus, the survey's index, or a node's; None where it does not apply."""
        if name == "bonus":
            return min(entrant.bonus, bonus_cap)
        if name == "survey":
            pairs = [nodes[leaf] for leaf in surveys]
            return index_of(sum((pair[0] for pair in pairs), ZERO), sum((pair[1] for pair in pairs), ZERO))
        return index_of(*nodes[codes[name]])

    chains = {
        entrant.agency_id: tuple(tie_value(name, entrant, nodes) for name in settings.tie_breakers)
        for entrant, nodes in parts
    }
    places = rank(
        {
            entrant.agency_id: (values[entrant.agency_id], *chains[entrant.agency_id])
            for entrant, _, _ in sums
            if entrant.ranked
        },
        ties=settings.ties,
    )
    areas = {code: node for code, node in codes.items() if tree.parent[node] is None}
    graded = assign_grades(
        {
            entrant.agency_id: Candidate(
                values[entrant.agency_id],
                chains[entrant.agency_id],
                areas={code: index_pair(nodes[node])[chosen] for code, node in areas.items()},
                counts=entrant.counts,
                facts=entrant.facts,
                effects=entrant.effects,
                waived=frozenset(entrant.waived),
            )
            for entrant, nodes in parts
            if entrant.ranked
        },
        settings.grades,
    )
    totals = []
    for entrant, points, maximum in sums:
        exact, shown = total_index[entrant.agency_id]
        if entrant.ranked:
            grade = graded[entrant.agency_id].label or ""
        else:  # outside the ranking: the class that its points give, without a part in any quota
            grade = grade_of(values[entrant.agency_id], settings.grades) or ""
        totals.append(
            Total(
                entrant.agency_id,
                entrant.ranked,
                points,
                maximum,
                min(entrant.bonus, bonus_cap),
                min(entrant.penalty, penalty_cap),
                shown,
                exact,
                places.get(entrant.agency_id),
                grade,
            )
        )
    return Figures(totals, parts, indexes, ranks, order, beside)


def _beside(tree: Tree[int]) -> frozenset[int]:
    """The nodes in areas of role bonus or penalty."""
    waiting = [node.key for node in tree.nodes if node.parent is None and node.role]
    found: set[int] = set()
    while waiting:
        key = waiting.pop()
        found.add(key)
        waiting += tree.children(key)
    return frozenset(found)
