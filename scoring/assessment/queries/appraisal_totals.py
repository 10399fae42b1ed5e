"""Figures over whole blocks for the council and the secretary: totals side by side, gaps, progress by assessor."""

from __future__ import annotations

from collections import defaultdict

from scoring.assessment.models import CycleBlock
from scoring.assessment.queries.points import leaf_points
from scoring.criteria.models import Criterion


def open_leaves(cycle_block: CycleBlock) -> dict[int, list[str]]:
    """Participation id → codes of the leaves that lack a mark or imported points. Five queries."""
    missing: dict[int, list[int]] = defaultdict(list)
    for row in leaf_points(cycle_block, "final"):
        if row.source in ("unmarked", "missing"):
            missing[row.participation_id].append(row.criterion_id)
    if not missing:
        return {}
    wanted = {pk for leaves in missing.values() for pk in leaves}
    codes = dict(Criterion.objects.filter(pk__in=wanted).values_list("pk", "code"))
    return {participation: [codes[pk] for pk in leaves] for participation, leaves in missing.items()}
