"""Which division of the agency works on which leaf. The assignment nearest to the leaf counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from scoring.assessment.models import Answer, DivisionAssignment, Scoresheet
from scoring.criteria.models import Criterion


@dataclass(frozen=True, slots=True)
class LeafDivision:
    """The division that a leaf falls to; ``direct`` when the leaf itself is assigned."""

    division_id: int
    name: str
    due_on: date | None
    direct: bool


def assignments_of(sheet: Scoresheet) -> dict[int, DivisionAssignment]:
    """The assignments of a sheet by criterion id, with their divisions. One query."""
    rows = DivisionAssignment.objects.filter(scoresheet=sheet).select_related("division")
    return {row.criterion_id: row for row in rows}


def spread(
    nodes: Iterable[tuple[int, int | None]], assigned: Mapping[int, DivisionAssignment]
) -> dict[int, LeafDivision]:
    """Node id → division, for (id, parent id) in depth-first order: each node inherits from above. Pure."""
    found: dict[int, LeafDivision] = {}
    for pk, parent in nodes:
        if (row := assigned.get(pk)) is not None:
            found[pk] = LeafDivision(row.division_id, row.division.name, row.due_on, direct=True)
        elif parent is not None and (above := found.get(parent)) is not None:
            found[pk] = LeafDivision(above.division_id, above.name, above.due_on, direct=False)
    return found


def division_of(answer: Answer) -> int | None:
    """The id of the division that an answer's leaf falls to. Two queries at most."""
    assigned = assignments_of(answer.scoresheet)
    if not assigned:
        return None
    nodes = Criterion.objects.filter(criteria_set_id=answer.scoresheet.criteria_set_id).order_by("order")
    leaf = spread(nodes.values_list("pk", "parent_id"), assigned).get(answer.criterion_id)
    return leaf.division_id if leaf else None
