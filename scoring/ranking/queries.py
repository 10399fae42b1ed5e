"""Reads of ranking runs."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet

from scoring.assessment.models import Cycle, CycleBlock, SheetState
from scoring.ranking.models import NodeRow, RankingRow, RankingRun, RunStage


@dataclass(frozen=True, slots=True)
class BlockOverview:
    """Where one block of a cycle stands: sheets finalised of those ranked, and the newest run of each stage."""

    cycle_block: CycleBlock
    ranked: int
    finalised: int
    runs: dict[str, RankingRun]

    @property
    def ready(self) -> bool:
        return self.ranked > 0 and self.finalised == self.ranked

    @property
    def final(self) -> RankingRun | None:
        return self.runs.get(RunStage.FINAL)

    @property
    def interim(self) -> list[RankingRun]:
        return [run for stage, run in self.runs.items() if stage != RunStage.FINAL]


def overview(cycle: Cycle) -> list[BlockOverview]:
    """The opened blocks of a cycle with their newest runs. Two queries."""
    blocks = list(
        CycleBlock.objects.filter(cycle=cycle, opened_at__isnull=False)
        .select_related("block", "cycle")
        .annotate(
            ranked_sheets=Count("participations__sheets", filter=Q(participations__ranked=True)),
            finalised_sheets=Count(
                "participations__sheets",
                filter=Q(participations__ranked=True, participations__sheets__state=SheetState.FINALISED),
            ),
        )
        .order_by("block__order")
    )
    newest: dict[int, dict[str, RankingRun]] = {}
    for run in RankingRun.objects.filter(cycle_block__cycle=cycle).select_related("same_as").order_by("pk"):
        newest.setdefault(run.cycle_block_id, {})[run.stage] = run
    return [
        BlockOverview(block, block.ranked_sheets, block.finalised_sheets, newest.get(block.pk, {}))
        for block in blocks
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
