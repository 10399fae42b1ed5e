"""What a sheet comes to by the marks given so far, node by node, for those who appraise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from scoring.assessment.appraisal_permissions import Reach
from scoring.assessment.models import Scoresheet
from scoring.assessment.queries.points import OPEN_SOURCES, leaf_points, leaves_in
from scoring.assessment.queries.sums import NOTHING, Adjusted, Cap, Pair, caps_of, roll_up
from scoring.criteria.models import Criterion
from scoring.criteria.queries import SetTree, tree_of

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class MarkedSums:
    """Sums over the marks and imported points that count now, in points, as a ranking would add them up.

    ``open``: leaves without any; they count 0 of their maximum.
    """

    nodes: dict[int, Pair]
    caps: dict[int, Cap]
    points: Decimal
    maximum: Decimal
    open: int


def marked_sums(sheet: Scoresheet, adjusted: Adjusted = NOTHING) -> MarkedSums:
    """The sums of one sheet (with its joins), bonus and penalty in them. Two queries at most."""
    tree = tree_of(sheet.criteria_set)
    results, still_open = _results(sheet, tree)
    rolled = roll_up(sheet.criteria_set, results, adjusted, tree=tree)
    return MarkedSums(
        rolled.nodes, caps_of(tree, rolled.nodes, results), rolled.points, rolled.maximum, still_open
    )


@dataclass(frozen=True, slots=True)
class CapAbove:
    """A cap that bears on a leaf; ``cap.parts`` is told only to those who see everything beneath it."""

    cap: Cap
    told: bool


def caps_above(sheet: Scoresheet, leaf: Criterion, reach: Reach) -> list[CapAbove]:
    """The caps of a leaf and of the nodes above it, from the leaf upwards. Two queries at most, one without caps."""
    tree = tree_of(sheet.criteria_set)
    capped = [node for node in [*tree.above(leaf.pk), tree.by_id[leaf.pk]] if node.cap is not None]
    if not capped:
        return []
    results, _open = _results(sheet, tree)
    caps = caps_of(tree, roll_up(sheet.criteria_set, results, tree=tree).nodes, results)
    duty = reach.duty.leaves_on(sheet.participation.agency_id)
    found = []
    for node in reversed(capped):
        told = reach.oversees or {one.id for one in tree.leaves_under(node.id)} <= set(duty)
        found.append(CapAbove(caps[node.id] if told else replace(caps[node.id], parts=ZERO), told))
    return found


def _results(sheet: Scoresheet, tree: SetTree) -> tuple[dict[int, Pair], int]:
    participation = sheet.participation
    results: dict[int, Pair] = {}
    still_open = 0
    for row in leaf_points(
        participation.cycle_block,
        "final",
        leaves=leaves_in(tree),
        profiles={participation.pk: participation.profiles},
        sheet=sheet,
    ):
        results[row.criterion_id] = (row.points, row.maximum)
        still_open += row.source in OPEN_SOURCES
    return results, still_open
