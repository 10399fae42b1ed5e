"""Reads of the rule pages: a node of a draft among its set, each with a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from scoring import engine
from scoring.criteria.models import CriteriaSet, Criterion, Method, StoredCase
from scoring.criteria.rule_forms.conditions import Answers

__all__ = ["Place", "cases_of", "parsed", "place_of"]


def parsed(node: Criterion) -> engine.Rule | None:
    """The stored rule of a node; None where there is none or the engine refuses it under its maximum."""
    if node.rule is None:
        return None
    try:
        return engine.parse_rule(node.rule, max_points=node.max_points)
    except engine.RuleErrors:
        return None


@dataclass
class Place:
    """A node among all nodes of its set, in the order of the tree."""

    criteria_set: CriteriaSet
    nodes: list[Criterion]
    node: Criterion

    @cached_property
    def parents(self) -> set[int]:
        """The nodes that have parts."""
        return {node.parent_id for node in self.nodes if node.parent_id is not None}

    @property
    def has_parts(self) -> bool:
        return self.node.pk in self.parents

    @property
    def above(self) -> list[Criterion]:
        """The nodes above this one, area first."""
        by_id = {node.pk: node for node in self.nodes}
        found: list[Criterion] = []
        parent = self.node.parent_id
        while parent is not None and len(found) < 20:
            found.insert(0, by_id[parent])
            parent = by_id[parent].parent_id
        return found

    @cached_property
    def without_rule(self) -> list[Criterion]:
        """Leaves to be: nodes without parts and without a rule."""
        return [node for node in self.nodes if node.rule is None and node.pk not in self.parents]

    @property
    def next_without(self) -> Criterion | None:
        """The next leaf without a rule, from the top again behind the last."""
        others = [node for node in self.without_rule if node.pk != self.node.pk]
        return next((node for node in others if node.order > self.node.order), others[0] if others else None)

    @property
    def previous_without(self) -> Criterion | None:
        """The leaf without a rule before this one, from the bottom again before the first."""
        others = [node for node in reversed(self.without_rule) if node.pk != self.node.pk]
        return next((node for node in others if node.order < self.node.order), others[0] if others else None)

    @cached_property
    def next_leaf(self) -> Criterion | None:
        """The leaf, with a rule or without, that follows."""
        return next(
            (n for n in self.nodes if n.order > self.node.order and n.pk not in self.parents),
            None,
        )

    @cached_property
    def previous_leaf(self) -> Criterion | None:
        """The leaf, with a rule or without, before this one."""
        return next(
            (n for n in reversed(self.nodes) if n.order < self.node.order and n.pk not in self.parents),
            None,
        )

    @property
    def with_rule(self) -> list[Criterion]:
        """The other leaves whose rule may be taken over."""
        return [node for node in self.nodes if node.rule is not None and node.pk != self.node.pk]

    @cached_property
    def answers(self) -> Answers:
        """The questions of the other self-assessed leaves, for conditions."""
        return Answers.of(
            {
                node.code: (node.title, rule)
                for node in self.with_rule
                if node.method == Method.APPRAISAL and (rule := parsed(node)) is not None
            }
        )


def place_of(set_pk: int, node_pk: int) -> Place | None:
    """A node among its set; None where there is no such set or node. Two queries."""
    criteria_set = CriteriaSet.objects.select_related("block").filter(pk=set_pk).first()
    if criteria_set is None:
        return None
    nodes = list(Criterion.objects.filter(criteria_set=criteria_set).order_by("order"))
    node = next((one for one in nodes if one.pk == node_pk), None)
    return None if node is None else Place(criteria_set, nodes, node)


def cases_of(node: Criterion) -> list[StoredCase]:
    """The stored cases of a node, in their order. One query."""
    cases: Iterable[StoredCase] = StoredCase.objects.filter(criterion=node).order_by("order", "pk")
    return list(cases)
