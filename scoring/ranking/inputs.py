"""Everything a run is computed from, read in a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.models import CycleBlock, Participation, Scoresheet
from scoring.assessment.queries.points import PointStage, adjustments_of, leaf_points
from scoring.criteria.queries import tree_of
from scoring.engine import RankingSettings, Tree
from scoring.ranking.figures import Entrant


@dataclass(frozen=True, slots=True)
class RunInputs:
    """A block at a stage: entrants with their leaves' points, the tree, the settings in force."""

    cycle_block_id: int
    entrants: list[Entrant]
    tree: Tree[int]
    settings: RankingSettings
    clamp: bool
    bonus_cap: Decimal
    penalty_cap: Decimal
    set_id: str
    sheets_version: int

    def frozen_settings(self) -> dict[str, Any]:
        """The settings as the run keeps them."""
        return self.settings.as_dict() | {"clamp": self.clamp}


def read_inputs(cycle_block: CycleBlock, *, stage: PointStage) -> RunInputs:
    """Read a block's inputs to a run. ``cycle_block`` comes with its cycle, block and criteria set.

    ``sheets_version`` is read first: a sheet that moves later makes the run's finish refuse its figures.
    """
    version = sheets_version(cycle_block.pk)
    criteria_set = cycle_block.criteria_set
    chosen = CycleSettings.parse(cycle_block.cycle.settings)
    adjusted = adjustments_of(cycle_block)
    entrants: dict[int, Entrant] = {}
    for pk, agency_id, ranked in Participation.objects.filter(cycle_block=cycle_block, sheets__criteria_set=criteria_set).values_list(
        "pk", "agency_id", "ranked"
    ):
        bonus, penalty = adjusted.get(pk, (Decimal(0), Decimal(0)))
        entrants[pk] = Entrant(agency_id, ranked, {}, {}, bonus, penalty)
    for participation, criterion, points, maximum, _source, trace in leaf_points(cycle_block, stage, with_trace=True):
        entrant = entrants[participation]
        entrant.leaves[criterion] = (points, maximum)
        if trace is not None:
            entrant.traces[criterion] = trace
    return RunInputs(
        cycle_block_id=cycle_block.pk,
        entrants=list(entrants.values()),
        tree=tree_of(criteria_set).tree,
        settings=chosen.ranking_for(cycle_block.block.slug),
        clamp=chosen.clamp,
        bonus_cap=criteria_set.bonus_cap,
        penalty_cap=criteria_set.penalty_cap,
        set_id=f"{criteria_set.public_id} v{criteria_set.version}",
        sheets_version=version,
    )


def sheets_version(cycle_block_id: int) -> int:
    """A number that any change of state of a sheet of the block raises."""
    total = Scoresheet.objects.filter(participation__cycle_block_id=cycle_block_id).aggregate(total=Sum("version"))
    return int(total["total"] or 0)
