"""Rehearse a change: the answers of a run, scored once more by another criteria set. Nothing is stored.

It tells, before a set is locked, how every agency's index would move. Each leaf of the new set takes its
points from the leaves it follows (criteria/links.py):

* declared inputs that the new rule accepts are scored by it anew;
* anything else (typed or imported points, a part of a split, a merged leaf) keeps its share of the maximum;
* a leaf that follows nothing is taken as the reader asks (``NewLeaves``), left out at first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Agency
from parindex.errors import Invalid
from scoring import engine
from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.models import Cycle, Participation
from scoring.criteria.links import Bridge, Tie, bridge
from scoring.criteria.models import Comparability, CriteriaSet, Method
from scoring.criteria.queries import SetNode, SetTree, tree_of
from scoring.engine.numbers import EXACT, round_points
from scoring.ranking.figures import Entrant, Total, compute
from scoring.ranking.gates import answer_gates
from scoring.ranking.models import NodeRow, RankingRow, RankingRun
from scoring.ranking.settlement import Settlement

__all__ = ["Basis", "LeafShift", "NewLeaves", "Rehearsal", "Shift", "base_runs", "rehearse"]

ZERO = Decimal(0)
Pair = tuple[Decimal, Decimal]


class NewLeaves(TextChoices):
    """What a leaf that follows nothing counts as in a rehearsal."""

    LEFT_OUT = "left_out", gettext_lazy("left out: the maximum is smaller")
    NONE = "none", gettext_lazy("no points")
    FULL = "full", gettext_lazy("full points")
    OWN = "own", gettext_lazy("the agency's own index")


class Basis(TextChoices):
    """Where a leaf's points come from in a rehearsal."""

    SCORED = "scored", gettext_lazy("declared figures scored by the new rule")
    SHARE = "share", gettext_lazy("the same share of the maximum")
    NEW = "new", gettext_lazy("new: no figures yet")
    OUTSIDE = "outside", gettext_lazy("not applicable")


@dataclass(frozen=True, slots=True)
class Standing:
    """Index (percent, as printed), rank and grade of an agency."""

    index: Decimal | None
    rank: int | None
    grade: str


@dataclass(frozen=True, slots=True)
class Shift:
    """One agency before and after."""

    agency: Agency
    ranked: bool
    before: Standing
    after: Standing

    @property
    def change(self) -> Decimal | None:
        """Index points, after less before."""
        if self.before.index is None or self.after.index is None:
            return None
        return self.after.index - self.before.index

    @property
    def places(self) -> int | None:
        """Places won; a loss is negative."""
        if self.before.rank is None or self.after.rank is None:
            return None
        return self.before.rank - self.after.rank

    @property
    def grade_changes(self) -> bool:
        return self.before.grade != self.after.grade


@dataclass(frozen=True, slots=True)
class LeafShift:
    """One leaf of the new set: mean share of the maximum (percent) of the ranked agencies, before and after."""

    node: SetNode
    earlier: tuple[SetNode, ...]
    before: Decimal | None
    after: Decimal | None
    basis: dict[str, int]

    @property
    def moves(self) -> bool:
        was = sum((one.max_points for one in self.earlier), ZERO)
        return self.before != self.after or was != self.node.max_points


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a change would do to a block. Indexes in percent."""

    run: RankingRun
    shifts: list[Shift]
    leaves: list[LeafShift]
    gone: list[SetNode]
    stated: bool
    digits: int
    mean_before: Decimal | None
    mean_after: Decimal | None
    without_rule: int
    notes: list[str] = field(default_factory=list)

    @property
    def regraded(self) -> int:
        return sum(shift.grade_changes for shift in self.shifts)

    @property
    def widest(self) -> Decimal:
        """The largest change of an index, up or down (index points)."""
        return max((abs(shift.change) for shift in self.shifts if shift.change is not None), default=ZERO)


def base_runs(criteria_set: CriteriaSet) -> list[RankingRun]:
    """Runs of the set's block that a change can be rehearsed on, latest year and stage first. One query.

    The newest done run of each stage of each year up to the set's own.
    """
    newest: dict[tuple[int, str], RankingRun] = {}
    runs = (
        RankingRun.objects.filter(
            cycle_block__block=criteria_set.block_id,
            cycle_block__cycle__year__lte=criteria_set.year,
            state=RankingRun.State.DONE,
        )
        .select_related("cycle_block__cycle", "cycle_block__block", "cycle_block__criteria_set")
        .order_by("cycle_block__cycle__year", "pk")
    )
    for run in runs:
        if run.settings.get("parts"):
            continue  # a year of several sets: its figures are of no one set; each part's own runs serve
        newest[run.cycle_block_id, run.stage] = run
    found = list(newest.values())
    return sorted(
        found, key=lambda run: (run.cycle_block.cycle.year, run.stage == "final", run.pk), reverse=True
    )


def rehearse(criteria_set: CriteriaSet, run: RankingRun, *, new: str = NewLeaves.LEFT_OUT) -> Rehearsal:
    """Score a run's block by another set. ``run`` comes with its cycle block, cycle and that block's set.

    Raises Invalid where a rule of a draft cannot be read. At most eleven queries, whatever the size.
    """
    try:
        tree = tree_of(criteria_set)
    except engine.RuleErrors as error:
        raise Invalid(
            _("A rule of this set cannot be read yet: %(reason)s.") % {"reason": str(error)[:300]}
        ) from error
    if not tree.leaves:
        raise Invalid(_("The set has no leaf with a rule yet: there is nothing to score by."))
    old = tree_of(run.cycle_block.criteria_set)
    ties = _itself(tree) if tree.set_id == old.set_id else bridge(criteria_set, run.cycle_block.criteria_set)
    rows = list(RankingRow.objects.filter(run=run).select_related("agency").order_by("agency__sort_key"))
    figures = _figures(run, old)
    profiles = dict(
        Participation.objects.filter(cycle_block=run.cycle_block).values_list("agency", "profiles")
    )
    settings, clamp, notes = _settings(criteria_set, run, tree)
    maker = _Maker(tree, old, ties, new)
    entrants = [
        maker.entrant(row, figures.get(row.agency_id, {}), profiles.get(row.agency_id, [])) for row in rows
    ]
    block_wide = Settlement.of(tree)
    if block_wide is not None:
        block_wide.settle(entrants)
    answer_gates(entrants, tree, settings)
    totals = compute(
        entrants,
        tree=tree.tree,
        settings=settings,
        clamp=clamp,
        bonus_cap=criteria_set.bonus_cap,
        penalty_cap=criteria_set.penalty_cap,
        codes={code: node.id for code, node in tree.by_code.items()},
        surveys=[leaf.id for leaf in tree.leaves if leaf.method == Method.SURVEY],
    ).totals
    after = {total.agency_id: total for total in totals}
    shifts = [_shift(row, after[row.agency_id]) for row in rows]
    ranked = {row.agency_id for row in rows if row.ranked}
    return Rehearsal(
        run=run,
        shifts=shifts,
        leaves=maker.leaf_shifts([one for one in entrants if one.agency_id in ranked], figures),
        gone=[leaf for leaf in old.leaves if not ties.forward(leaf.id)],
        stated=ties.stated,
        digits=settings.digits,
        mean_before=engine.mean(row.index for row in rows if row.ranked),
        mean_after=engine.mean(total.index for total in totals if total.ranked),
        without_rule=sum(not node.is_leaf and not tree.children(node.id) for node in tree.nodes),
        notes=notes,
    )


def _itself(tree: SetTree) -> Bridge:
    """A set follows itself node by node."""
    same = Comparability.SAME
    return Bridge(tree.set_id, tree.set_id, same, tuple(Tie(node.id, node.id, same) for node in tree.nodes))


@dataclass(frozen=True, slots=True)
class _Figure:
    """A leaf of the run: what an agency had there."""

    points: Decimal
    maximum: Decimal
    trace: Mapping[str, Any]


def _figures(run: RankingRun, old: SetTree) -> dict[int, dict[int, _Figure]]:
    """The leaves' figures by agency and leaf. One query."""
    found: dict[int, dict[int, _Figure]] = {}
    rows = NodeRow.objects.filter(run=run, criterion__rule__isnull=False).values_list(
        "agency_id", "criterion_id", "points", "maximum", "trace"
    )
    for agency, leaf, points, maximum, trace in rows.iterator(chunk_size=5000):
        if leaf in old.by_id:
            found.setdefault(agency, {})[leaf] = _Figure(points, maximum, trace or {})
    return found


@dataclass(slots=True)
class _Maker:
    """Makes the entrants of a rehearsal and remembers what each leaf stood on."""

    tree: SetTree
    old: SetTree
    ties: Bridge
    new: str
    basis: dict[int, Counter[str]] = field(default_factory=dict)
    #: What `_earlier` found, by leaf: the same for every agency.
    followed: dict[int, tuple[SetNode, ...]] = field(default_factory=dict)

    def entrant(self, row: RankingRow, figures: Mapping[int, _Figure], profiles: Sequence[str]) -> Entrant:
        own = Entrant(row.agency_id, row.ranked, {}, {}, row.bonus, row.penalty)
        inputs = {leaf.id: self._inputs(leaf, figures) for leaf in self.tree.leaves}
        answers = {leaf.code: inputs[leaf.id] for leaf in self.tree.leaves if inputs[leaf.id]}
        for leaf in self.tree.leaves:
            pair, trace, basis = self._leaf(leaf, figures, inputs[leaf.id], answers, profiles, row)
            own.leaves[leaf.id] = pair
            if trace is not None:
                own.traces[leaf.id] = trace
            self.basis.setdefault(leaf.id, Counter())[basis] += 1
        return own

    def _earlier(self, leaf: SetNode) -> tuple[SetNode, ...]:
        """The leaves of the old set that a leaf follows; a branch that became a leaf gives its own leaves."""
        if (known := self.followed.get(leaf.id)) is not None:
            return known
        found: list[SetNode] = []
        for tie in self.ties.back(leaf.id):
            if tie.earlier in self.old.by_id:
                found += self.old.leaves_under(tie.earlier)
        self.followed[leaf.id] = tuple(found)
        return self.followed[leaf.id]

    def _inputs(self, leaf: SetNode, figures: Mapping[int, _Figure]) -> Mapping[str, Any] | None:
        """What was declared for the one leaf that this leaf alone follows; None where nothing can be scored anew."""
        earlier = self._earlier(leaf)
        if len(earlier) != 1 or len(self.ties.forward(earlier[0].id)) != 1:
            return None
        before, rule = figures.get(earlier[0].id), earlier[0].rule
        if before is None or rule is None or before.trace.get("kind") != rule.kind:
            return None
        inputs = before.trace.get("inputs")
        return inputs if isinstance(inputs, Mapping) and inputs else None

    def _leaf(
        self,
        leaf: SetNode,
        figures: Mapping[int, _Figure],
        inputs: Mapping[str, Any] | None,
        answers: Mapping[str, Any],
        profiles: Sequence[str],
        row: RankingRow,
    ) -> tuple[Pair, str | None, str]:
        if not leaf.applies_to(profiles):
            return (ZERO, ZERO), None, Basis.OUTSIDE
        known = [figures[one.id] for one in self._earlier(leaf) if one.id in figures]
        if not known:
            return self._unknown(leaf, row), None, Basis.NEW
        points, maximum = sum((one.points for one in known), ZERO), sum((one.maximum for one in known), ZERO)
        if inputs is not None and leaf.rule is not None and maximum > 0:
            try:
                result = engine.score(leaf.rule, leaf.max_points, inputs, facts={"answers": answers})
            except engine.InputErrors:
                pass  # the new rule asks for something else
            else:
                trace = json.dumps(result.trace, ensure_ascii=False)
                return (result.points, result.applicable_max), trace, Basis.SCORED
        if maximum == 0:
            return (ZERO, ZERO), None, Basis.OUTSIDE
        return (_share(points, maximum, leaf.max_points), leaf.max_points), None, Basis.SHARE

    def _unknown(self, leaf: SetNode, row: RankingRow) -> Pair:
        if self.new == NewLeaves.NONE:
            return ZERO, leaf.max_points
        if self.new == NewLeaves.FULL:
            return leaf.max_points, leaf.max_points
        if self.new == NewLeaves.OWN and row.index_exact is not None:
            return _share(row.index_exact, Decimal(100), leaf.max_points), leaf.max_points
        return ZERO, ZERO

    def leaf_shifts(
        self, entrants: Sequence[Entrant], figures: Mapping[int, Mapping[int, _Figure]]
    ) -> list[LeafShift]:
        found = []
        for leaf in self.tree.leaves:
            earlier = self._earlier(leaf)
            was = [figures.get(one.agency_id, {}).get(old.id) for one in entrants for old in earlier]
            found.append(
                LeafShift(
                    leaf,
                    earlier,
                    _mean_share([(one.points, one.maximum) for one in was if one is not None]),
                    _mean_share([one.leaves[leaf.id] for one in entrants]),
                    dict(self.basis.get(leaf.id, {})),
                )
            )
        return found


def _share(points: Decimal, maximum: Decimal, of: Decimal) -> Decimal:
    """The same share of another maximum (points), rounded like the points of a leaf."""
    with localcontext(EXACT):
        return round_points(points * of / maximum)


def _mean_share(pairs: Sequence[Pair]) -> Decimal | None:
    """Σ points of Σ maxima in percent, to two places; None where nothing applies."""
    points, maximum = sum((one[0] for one in pairs), ZERO), sum((one[1] for one in pairs), ZERO)
    index = engine.index_of(points, maximum)
    return None if index is None else engine.printed(index, 2, "half_up")


def _shift(row: RankingRow, after: Total) -> Shift:
    return Shift(
        row.agency,
        row.ranked,
        Standing(row.index, row.rank, row.grade),
        Standing(after.index, after.rank, after.grade),
    )


def _settings(
    criteria_set: CriteriaSet, run: RankingRun, tree: SetTree
) -> tuple[engine.RankingSettings, bool, list[str]]:
    """The settings of the set's own year where it is there, else those of the run's year. One query."""
    cycle = Cycle.objects.filter(year=criteria_set.year).first() or run.cycle_block.cycle
    chosen = CycleSettings.parse(cycle.settings)
    ranking = chosen.ranking_for(run.cycle_block.block.slug)
    known = [name for name in ranking.tie_breakers if name in tree.by_code or name in ("survey", "bonus")]
    notes = []
    if len(known) < len(ranking.tie_breakers):
        lost = ", ".join(name for name in ranking.tie_breakers if name not in known)
        notes.append(_("The new set lacks %(codes)s, which break ties this year.") % {"codes": lost})
        ranking = replace(ranking, tie_breakers=tuple(known))
    return ranking, chosen.clamp, notes
