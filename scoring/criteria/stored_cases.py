"""The stored cases of a set: read, written, and run against the rules as they are. `case_check` is the pure part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scoring.criteria.case_check import Case, Failure, StoredLike, failures
from scoring.criteria.models import CriteriaSet, StoredCase
from scoring.criteria.queries import SetNode, SetTree

__all__ = ["Case", "Failure", "LeafFailure", "cases_of", "failed_cases", "failures", "write_cases"]


@dataclass(frozen=True, slots=True)
class LeafFailure:
    """A case that a leaf of a set does not pass."""

    leaf: SetNode
    failure: Failure


def cases_of(criteria_set: CriteriaSet) -> dict[int, list[StoredCase]]:
    """The cases of each leaf that has any, by the id of the leaf, in their order. One query."""
    found: dict[int, list[StoredCase]] = {}
    rows = StoredCase.objects.filter(criterion__criteria_set=criteria_set.pk).order_by("order", "pk")
    for row in rows:
        found.setdefault(row.criterion_id, []).append(row)
    return found


def failed_cases(tree: SetTree, cases: Mapping[int, Iterable[StoredLike]]) -> list[LeafFailure]:
    """Every case that its rule does not pass, in the order of the tree. No query."""
    return [
        LeafFailure(node, failure)
        for node in tree.nodes
        if node.id in cases
        for failure in failures(node, cases[node.id])
    ]


def write_cases(cases: Mapping[int, Sequence[StoredLike]]) -> None:
    """Store the cases of new leaves, by the id of the leaf. One query for every 1000; the caller asks who may."""
    StoredCase.objects.bulk_create(
        [
            StoredCase(
                criterion_id=criterion_id,
                order=number,
                inputs=case.inputs,
                points=case.points,
                applicable_max=case.applicable_max,
                note=case.note,
            )
            for criterion_id, listed in cases.items()
            for number, case in enumerate(listed, start=1)
        ],
        batch_size=1000,
    )
