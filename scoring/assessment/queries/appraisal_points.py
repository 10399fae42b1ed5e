"""What of a block's survey, external and office points is there, and the rows of a template."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from scoring.assessment.models import CycleBlock, ImportBatch, ImportedPoints, Participation
from scoring.criteria.models import Criterion, Method


@dataclass(frozen=True, slots=True)
class LeafCover:
    """For how many of the agencies to which an imported leaf applies its points are there."""

    criterion: Criterion
    there: int
    wanted: int

    @property
    def missing(self) -> int:
        return self.wanted - self.there


def coverage(cycle_block: CycleBlock) -> list[LeafCover]:
    """The imported leaves of a block, in order. Three queries."""
    leaves = _leaves(cycle_block)
    profiles = [frozenset(held) for _pk, _name, held in _participants(cycle_block)]
    there: dict[int, int] = defaultdict(int)
    current = ImportedPoints.objects.filter(
        scoresheet__participation__cycle_block=cycle_block, criterion__in=leaves, current=True
    )
    for criterion_id in current.values_list("criterion_id", flat=True):
        there[criterion_id] += 1
    return [
        LeafCover(
            leaf, there[leaf.pk], sum(1 for held in profiles if not held & set(leaf.not_applicable_for))
        )
        for leaf in leaves
    ]


def batches_of(cycle_block: CycleBlock) -> list[ImportBatch]:
    """The imports of a block, latest first. One query."""
    return list(ImportBatch.objects.filter(cycle_block=cycle_block).select_related("by").order_by("-at")[:50])


def template_rows(cycle_block: CycleBlock, method: str) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of a template: one row for each agency and leaf of the method. Two queries."""
    leaves = [leaf for leaf in _leaves(cycle_block) if leaf.method == method]
    options: list[str] = []
    for leaf in leaves:
        options += [name for name in (leaf.rule or {}).get("option_weights_pct", {}) if name not in options]
    heading = ["agency", "criterion", "title"]
    heading += ["points", "note"] if method == Method.OFFICE else (options or ["pct"])
    rows = [
        [name, leaf.code, leaf.title, *[""] * (len(heading) - 3)]
        for leaf in leaves
        for _pk, name, held in _participants(cycle_block)
        if not set(held) & set(leaf.not_applicable_for)
    ]
    return heading, rows


def _leaves(cycle_block: CycleBlock) -> list[Criterion]:
    return list(
        Criterion.objects.filter(criteria_set=cycle_block.criteria_set_id, rule__isnull=False)
        .exclude(method=Method.APPRAISAL)
        .order_by("order")
    )


def _participants(cycle_block: CycleBlock) -> list[tuple[int, str, list[str]]]:
    return list(
        Participation.objects.filter(cycle_block=cycle_block)
        .order_by("agency__sort_key")
        .values_list("pk", "agency__name", "profiles")
    )
