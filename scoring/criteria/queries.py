"""Reads of criteria sets, each with a fixed number of queries."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock

from django.db.models import Count, F, Max, Q, QuerySet

from agencies.models import Agency
from scoring import engine
from scoring.criteria import sums
from scoring.criteria.models import CriteriaSet, Criterion, CriterionLink, Method

__all__ = [
    "Difference",
    "SetNode",
    "SetTree",
    "appraisers_of",
    "differences",
    "locked_sets",
    "next_version",
    "sets_overview",
    "stale_wordings",
    "tree_of",
    "unreached",
    "trees_of",
]


@dataclass(frozen=True, slots=True)
class SetNode:
    """One node of a set, read-only, with its rule parsed. ``rule`` is None above the leaves."""

    id: int
    public_id: uuid.UUID
    code: str
    title: str
    level: int
    order: int
    parent_id: int | None
    max_points: Decimal
    cap: Decimal | None
    role: str
    method: str
    rule: engine.Rule | None
    rule_text: str
    guidance: str
    evidence: str
    appraiser_id: int | None
    not_applicable_for: tuple[str, ...]
    na_request: bool

    @property
    def pk(self) -> int:
        return self.id

    @property
    def is_leaf(self) -> bool:
        return self.rule is not None

    @property
    def is_self_scored(self) -> bool:
        return self.method == Method.APPRAISAL

    @property
    def summand(self) -> sums.Summand[int]:
        return sums.Summand(self.id, self.parent_id, self.max_points, self.cap, self.role, self.is_leaf)

    def applies_to(self, profiles: Iterable[str]) -> bool:
        """Whether the leaf applies to an agency with these applicability profiles."""
        return not set(profiles) & set(self.not_applicable_for)


@dataclass(frozen=True, slots=True)
class SetTree:
    """A set, compiled: nodes depth first, the engine's tree over their ids, the leaves with parsed rules."""

    set_id: int
    nodes: tuple[SetNode, ...]
    tree: engine.Tree[int]
    by_id: dict[int, SetNode]
    by_code: dict[str, SetNode]

    @property
    def leaves(self) -> list[SetNode]:
        """In the order of the tree."""
        return [node for node in self.nodes if node.rule is not None]

    @property
    def self_scored(self) -> list[SetNode]:
        """The leaves that agencies answer."""
        return [node for node in self.nodes if node.rule is not None and node.is_self_scored]

    @property
    def areas(self) -> list[SetNode]:
        return [node for node in self.nodes if node.parent_id is None]

    def children(self, node_id: int | None) -> list[SetNode]:
        """The nodes below one, in order; the areas for None."""
        return [node for node in self.nodes if node.parent_id == node_id]

    def area_of(self, node_id: int) -> SetNode:
        """The area that a node lies in."""
        node = self.by_id[node_id]
        while node.parent_id is not None:
            node = self.by_id[node.parent_id]
        return node

    def above(self, node_id: int) -> list[SetNode]:
        """The nodes above one, area first."""
        found: list[SetNode] = []
        parent = self.by_id[node_id].parent_id
        while parent is not None:
            found.insert(0, self.by_id[parent])
            parent = self.by_id[parent].parent_id
        return found

    def leaves_under(self, node_id: int) -> list[SetNode]:
        """The leaves below a node, or the node itself where it is one."""
        inside = {node_id}
        found: list[SetNode] = []
        for node in self.nodes:
            if node.id in inside or node.parent_id in inside:
                inside.add(node.id)
                if node.is_leaf:
                    found.append(node)
        return found


_KEPT = 64
_cache: OrderedDict[tuple[int, uuid.UUID], SetTree] = OrderedDict()
_guard = Lock()


def tree_of(criteria_set: CriteriaSet) -> SetTree:
    """The compiled tree of a set: one query, or none when a locked set was read before by this process.

    Treat what comes back as read-only: it is shared. Raises engine.RuleErrors for a stored rule that this
    version of the engine refuses.
    """
    key = (criteria_set.pk, criteria_set.public_id)
    if criteria_set.locked_at is not None:
        with _guard:
            if (known := _cache.get(key)) is not None:
                _cache.move_to_end(key)
                return known
    tree = _compile(criteria_set.pk)
    if criteria_set.locked_at is not None:
        _keep(key, tree)
    return tree


def trees_of(criteria_sets: Iterable[CriteriaSet]) -> dict[int, SetTree]:
    """The compiled trees of several sets by id: one query for all that this process has not read before."""
    sets = {one.pk: one for one in criteria_sets}
    with _guard:
        kept = {pk: _cache.get((pk, one.public_id)) for pk, one in sets.items() if one.locked_at is not None}
    found = {pk: tree for pk, tree in kept.items() if tree is not None}
    missing = [pk for pk in sets if pk not in found]
    rows: dict[int, list[Criterion]] = {pk: [] for pk in missing}
    if missing:
        for row in Criterion.objects.filter(criteria_set__in=missing).order_by("criteria_set", "order"):
            rows[row.criteria_set_id].append(row)
    for pk in missing:
        found[pk] = _tree(pk, rows[pk])
        if sets[pk].locked_at is not None:
            _keep((pk, sets[pk].public_id), found[pk])
    return found


def _keep(key: tuple[int, uuid.UUID], tree: SetTree) -> None:
    with _guard:
        _cache[key] = tree
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)


def _compile(set_id: int) -> SetTree:
    return _tree(set_id, Criterion.objects.filter(criteria_set_id=set_id).order_by("order"))


def _tree(set_id: int, rows: Iterable[Criterion]) -> SetTree:
    nodes = tuple(_node(row) for row in rows)
    tree = engine.Tree.build(
        engine.Node(node.id, node.parent_id, node.max_points, node.is_leaf, node.cap, node.role)
        for node in nodes
    )
    return SetTree(
        set_id, nodes, tree, {node.id: node for node in nodes}, {node.code: node for node in nodes}
    )


def _node(row: Criterion) -> SetNode:
    rule = None if row.rule is None else engine.parse_rule(row.rule, max_points=row.max_points)
    return SetNode(
        id=row.pk,
        public_id=row.public_id,
        code=row.code,
        title=row.title,
        level=row.level,
        order=row.order,
        parent_id=row.parent_id,
        max_points=row.max_points,
        cap=row.cap,
        role=row.role,
        method=row.method,
        rule=rule,
        rule_text=row.rule_text,
        guidance=row.guidance,
        evidence=row.evidence,
        appraiser_id=row.appraiser_id,
        not_applicable_for=tuple(row.not_applicable_for),
        na_request=row.na_request,
    )


def appraisers_of(tree: SetTree) -> dict[int, Agency]:
    """The agencies that appraise the leaves, by id. One query."""
    return Agency.objects.in_bulk({node.appraiser_id for node in tree.nodes if node.appraiser_id})


@dataclass(frozen=True, slots=True)
class Difference:
    """A node (or the whole set, ``node`` None) whose points are not what its parts make (points).

    ``parts`` is what counts of the parts; ``uncapped`` is their plain sum, more where a cap holds it down.
    """

    node: SetNode | None
    points: Decimal
    parts: Decimal
    uncapped: Decimal


def differences(criteria_set: CriteriaSet, tree: SetTree | None = None) -> list[Difference]:
    """Where points do not add up: someone must confirm it before the set is locked. At most one query."""
    tree = tree or tree_of(criteria_set)
    return [
        Difference(None if one.key is None else tree.by_id[one.key], one.stated, one.counted, one.parts)
        for one in sums.mismatches((node.summand for node in tree.nodes), criteria_set.total)
    ]


def unreached(tree: SetTree) -> list[SetNode]:
    """Leaves whose rule can never give their maximum: mostly a maximum that was raised without its rule. No query."""
    return [
        leaf
        for leaf in tree.leaves
        if leaf.rule is not None and leaf.rule.ceiling < sums.worth(leaf.max_points, leaf.cap)
    ]


def stale_wordings(criteria_set: CriteriaSet) -> list[Criterion]:
    """Leaves whose rule changed since the set before and whose official wording still reads as there. One query.

    Agencies and the public read both, so that they would contradict each other.
    """
    links = (
        CriterionLink.objects.filter(
            set_link__newer=criteria_set,
            criterion__rule__isnull=False,
            criterion__rule_text=F("earlier__rule_text"),
        )
        .exclude(criterion__rule_text="")
        .select_related("criterion", "earlier")
        .order_by("criterion__order")
    )
    changed = {
        link.criterion_id: link.criterion for link in links if link.criterion.rule != link.earlier.rule
    }
    return list(changed.values())


def sets_overview() -> QuerySet[CriteriaSet]:
    """All sets with ``areas_count`` and ``leaves_count``, latest year first. One query."""
    return CriteriaSet.objects.select_related("block", "locked_by").annotate(
        areas_count=Count("criteria", filter=Q(criteria__level=1)),
        leaves_count=Count("criteria", filter=Q(criteria__rule__isnull=False)),
    )


def locked_sets(*, year: int, block_id: int) -> QuerySet[CriteriaSet]:
    """The sets that a block's year may use, latest version first. One query."""
    return CriteriaSet.objects.filter(year=year, block_id=block_id, locked_at__isnull=False).order_by(
        "-version"
    )


def next_version(*, year: int, block_id: int) -> int:
    """The number that the next set of this year and block gets. One query."""
    last = CriteriaSet.objects.filter(year=year, block_id=block_id).aggregate(last=Max("version"))["last"]
    return (last or 0) + 1
