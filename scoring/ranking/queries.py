"""Reads of ranking runs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet

from scoring.assessment.models import Cycle, CycleBlock, SheetState
from scoring.assessment.queries.parts import HUNDRED
from scoring.ranking.models import NodeRow, RankingPart, RankingRow, RankingRun, RunStage


@dataclass(frozen=True, slots=True)
class BlockOverview:
    """Where one block of a cycle stands: sheets finalised of those ranked, and the newest run of each stage."""

    cycle_block: CycleBlock
    ranked: int
    finalised: int
    runs: dict[str, RankingRun]
    parts: tuple[BlockOverview, ...] = ()  # the further sets of the year

    @property
    def rows(self) -> tuple[BlockOverview, ...]:
        """All parts of the year, this one first."""
        return (self, *self.parts)

    @property
    def is_settled(self) -> bool:
        """Whether every ranked sheet of this row is finalised."""
        return self.cycle_block.opened_at is not None and self.ranked > 0 and self.finalised == self.ranked

    @property
    def ready(self) -> bool:
        """Whether the final run can be asked for: of several sets, when all are settled and their weights are whole."""
        return all(row.is_settled for row in self.rows) and (not self.parts or self.total == HUNDRED)

    @property
    def total(self) -> Decimal:
        """The sum of the weights of all parts of the year, in percent."""
        return sum((row.cycle_block.weight_pct for row in self.rows), Decimal(0))

    @property
    def final(self) -> RankingRun | None:
        return self.runs.get(RunStage.FINAL)

    @property
    def interim(self) -> list[RankingRun]:
        return [run for stage, run in self.runs.items() if stage != RunStage.FINAL]


def overview(cycle: Cycle) -> list[BlockOverview]:
    """The opened blocks of a cycle with their newest runs, each with the parts of its year. Two queries."""
    present = Q(participations__sheets__criteria_set=F("criteria_set"), participations__ranked=True)
    rows = list(
        CycleBlock.objects.filter(cycle=cycle)
        .select_related("block", "cycle", "criteria_set")
        .annotate(
            ranked_sheets=Count("participations__sheets", filter=present),
            finalised_sheets=Count(
                "participations__sheets",
                filter=present & Q(participations__sheets__state=SheetState.FINALISED),
            ),
        )
        .order_by("block__order", "pk")
    )
    newest: dict[int, dict[str, RankingRun]] = {}
    for run in RankingRun.objects.filter(cycle_block__cycle=cycle).select_related("same_as").order_by("pk"):
        newest.setdefault(run.cycle_block_id, {})[run.stage] = run
    parts: dict[int, list[BlockOverview]] = {}
    for row in rows:
        if row.part_of_id is not None:
            parts.setdefault(row.part_of_id, []).append(
                BlockOverview(row, row.ranked_sheets, row.finalised_sheets, newest.get(row.pk, {}))
            )
    return [
        BlockOverview(
            row,
            row.ranked_sheets,
            row.finalised_sheets,
            newest.get(row.pk, {}),
            tuple(parts.get(row.pk, ())),
        )
        for row in rows
        if row.part_of_id is None and row.opened_at is not None
    ]


def runs_of(cycle_block: CycleBlock) -> QuerySet[RankingRun]:
    """All runs of a block, newest first."""
    return RankingRun.objects.filter(cycle_block=cycle_block).select_related("requested_by", "same_as")


def table(run: RankingRun) -> list[RankingRow]:
    """The rows of a run in rank order, equal ranks in Vietnamese order of name, unranked agencies last."""
    return list(
        RankingRow.objects.filter(run=run)
        .select_related("agency")
        .order_by(F("rank").asc(nulls_last=True), "agency__sort_key", "agency_id")
    )


def parts_table(run: RankingRun) -> dict[int, list[RankingPart]]:
    """What each set of the year says of each agency, by agency id, in the order of the year. One query."""
    found: dict[int, list[RankingPart]] = {}
    for part in RankingPart.objects.filter(run=run).select_related("cycle_block").order_by("cycle_block"):
        found.setdefault(part.agency_id, []).append(part)
    return found


def node_table(run: RankingRun, *, by: str) -> list[NodeRow]:
    """Node rows of a run, in tree order and within a node in rank order.

    ``by`` is ``area`` (level 1) or ``criterion`` (everything below, and an area that is itself a scored leaf).
    """
    wanted = (
        Q(criterion__level=1)
        if by == "area"
        else Q(criterion__level__gt=1) | Q(criterion__rule__isnull=False)
    )
    return list(
        NodeRow.objects.filter(wanted, run=run)
        .select_related("agency", "criterion")
        .defer(
            "trace", "criterion__rule", "criterion__rule_text", "criterion__guidance", "criterion__evidence"
        )
        .order_by("criterion__order", F("rank").asc(nulls_last=True), "agency__sort_key", "agency_id")
    )
