"""Everything a run is computed from, read in a constant number of queries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from parindex.errors import Invalid, WrongState
from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.models import CycleBlock, Participation, SheetState
from scoring.assessment.permissions import SUBMITTED_STATES
from scoring.assessment.queries.facts import facts_of_block
from scoring.assessment.queries.points import Leaf, PointStage, adjustments_of, leaf_points
from scoring.criteria.models import Method
from scoring.criteria.queries import tree_of
from scoring.engine import RankingSettings, Tree
from scoring.ranking.figures import Entrant
from scoring.ranking.gates import answer_gates
from scoring.ranking.settlement import Settlement


@dataclass(frozen=True, slots=True)
class RunInputs:
    """A block at a stage: entrants with their leaves' points, the tree, the settings in force."""

    cycle_block_id: int
    entrants: list[Entrant]
    tree: Tree[int]
    codes: dict[str, int]
    surveys: tuple[int, ...]
    settings: RankingSettings
    clamp: bool
    bonus_cap: Decimal
    penalty_cap: Decimal
    set_id: str
    sheets_version: int  # raised by any change of a sheet's state or of its points under review
    flags: dict[int, bool] = field(default_factory=dict)  # agency → ranked under this set, all that take part
    unfinished: frozenset[int] = frozenset()  # agencies whose sheets were left out

    def frozen_settings(self) -> dict[str, Any]:
        """The settings as the run keeps them."""
        return self.settings.as_dict() | {"clamp": self.clamp}


def read_inputs(cycle_block: CycleBlock, *, stage: PointStage, own_tie_breakers: bool = True) -> RunInputs:
    """Read a block's inputs to a run. ``cycle_block`` comes with its cycle, block and criteria set.

    At the final stage only finalised sheets count: marks of a sheet outside the ranking that is still being
    appraised are nobody's business yet. Raises WrongState where a ranked one is not finalised. At the stages
    before it, drafts are left out: they are their agency's. ``own_tie_breakers``: raise Invalid where the set lacks
    a criterion that ties are broken by (several sets of one year are asked together).
    ``sheets_version`` is read before the points: a sheet that moves later makes the finish refuse the figures.
    Four queries, five where the set is not compiled yet; three more where leaves look at each other's answers and
    the block has something to settle.
    """
    criteria_set = cycle_block.criteria_set
    tree = tree_of(criteria_set)
    chosen = CycleSettings.parse(cycle_block.cycle.settings)
    parts = list(
        Participation.objects.filter(cycle_block=cycle_block, sheets__criteria_set=criteria_set).values_list(
            "pk", "agency_id", "ranked", "profiles", "sheets__version", "sheets__state"
        )
    )
    adjusted = adjustments_of(cycle_block)
    entrants: dict[int, Entrant] = {}
    unfinished = set()
    for pk, agency_id, ranked, _profiles, _version, state in parts:
        if state not in (SUBMITTED_STATES if stage != "final" else (SheetState.FINALISED,)):
            if ranked and stage == "final":
                raise WrongState(
                    _("Scoresheets of the block changed while the ranking was computed. Ask for it again.")
                )
            unfinished.add(agency_id)
            continue
        bonus, penalty = adjusted.get(pk, (Decimal(0), Decimal(0)))
        entrants[pk] = Entrant(agency_id, ranked, {}, {}, bonus, penalty)
    rows = leaf_points(
        cycle_block,
        stage,
        with_trace=True,
        leaves={
            leaf.id: Leaf(leaf.max_points, leaf.method, frozenset(leaf.not_applicable_for))
            for leaf in tree.leaves
        },
        profiles={pk: profiles for pk, _agency, _ranked, profiles, *_rest in parts},
    )
    for participation, criterion, points, maximum, _source, trace in rows:
        if (entrant := entrants.get(participation)) is None:
            continue
        entrant.leaves[criterion] = (points, maximum)
        if trace is not None:
            entrant.traces[criterion] = trace
    settings = chosen.ranking_for(cycle_block.block.slug)
    codes = {code: node.id for code, node in tree.by_code.items()}
    if own_tie_breakers:
        check_tie_breakers(settings, codes)
    block_wide = Settlement.of(tree)
    if block_wide is not None:
        facts = facts_of_block(cycle_block, stage)
        told = {entrants[pk].agency_id: one for pk, one in facts.items() if pk in entrants}
        block_wide.settle(list(entrants.values()), told)
    answer_gates(entrants.values(), tree, settings)
    return RunInputs(
        cycle_block_id=cycle_block.pk,
        entrants=list(entrants.values()),
        tree=tree.tree,
        codes=codes,
        surveys=tuple(leaf.id for leaf in tree.leaves if leaf.method == Method.SURVEY),
        settings=settings,
        clamp=chosen.clamp,
        bonus_cap=criteria_set.bonus_cap,
        penalty_cap=criteria_set.penalty_cap,
        set_id=f"{criteria_set.public_id} v{criteria_set.version}",
        sheets_version=sum(version for *_, version, _state in parts),
        flags={agency_id: ranked for _pk, agency_id, ranked, *_rest in parts},
        unfinished=frozenset(unfinished),
    )


def check_tie_breakers(settings: RankingSettings, codes: Collection[str]) -> None:
    """Raises Invalid where ties are broken by a criterion that is not among ``codes``."""
    if unknown := [name for name in settings.tie_breakers if name not in {*codes, "survey", "bonus"}]:
        raise Invalid(
            _("Ties are broken by %(names)s, which this criteria set lacks.") % {"names": ", ".join(unknown)}
        )
