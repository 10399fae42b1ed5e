"""What "not applicable" does to the denominator: an agency's maximum and its self-assessed index, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.models import Answer, Scoresheet
from scoring.assessment.queries.progress import self_result
from scoring.assessment.queries.sums import Pair, roll_up
from scoring.criteria.models import CriteriaSet, Criterion
from scoring.criteria.queries import tree_of

if TYPE_CHECKING:
    from scoring.assessment.appraisal_permissions import Reach
    from scoring.assessment.queries.leaves import LeafView
    from scoring.assessment.queries.sheet import SheetView

__all__ = ["Effect", "ProfileEffect", "decision_effect", "effects_on_sheet", "profile_effect"]

ZERO = Decimal(0)
NONE: Pair = (ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Effect:
    """Before and after a leaf stops to count. Maxima in points of the whole set; indexes in percent, as printed.

    ``index`` is the self-assessment's: points of the leaves that the agency declares by their maxima. Both are None
    where the reader does not see the whole sheet.
    """

    maximum: Decimal
    maximum_after: Decimal
    index: Decimal | None = None
    index_after: Decimal | None = None
    digits: int = 2

    @property
    def shows_index(self) -> bool:
        return self.index is not None or self.index_after is not None


@dataclass(frozen=True, slots=True)
class ProfileEffect:
    """What applicability profiles do to an agency: the set's full maximum, the one that is left, the leaves out."""

    full: Decimal
    maximum: Decimal
    leaves: tuple[tuple[str, str], ...]

    @property
    def count(self) -> int:
        return len(self.leaves)


def profile_effect(criteria_set: CriteriaSet, profiles: Iterable[str]) -> ProfileEffect:
    """The maximum of an agency with these profiles, caps obeyed. One query, none where the set was read before."""
    tree = tree_of(criteria_set)
    held = tuple(profiles)
    full = {leaf.id: (ZERO, leaf.max_points) for leaf in tree.leaves}
    out = [leaf for leaf in tree.leaves if not leaf.applies_to(held)]
    left = full | {leaf.id: NONE for leaf in out}
    return ProfileEffect(
        roll_up(criteria_set, full, tree=tree).maximum,
        roll_up(criteria_set, left, tree=tree).maximum,
        tuple((leaf.code, leaf.title) for leaf in out),
    )


def effects_on_sheet(view: SheetView, leaves: Iterable[LeafView]) -> dict[int, Effect]:
    """Answer id → the effect of leaving its leaf out, for the agency's own eyes. No query beyond the set's.

    Before: the leaf as declared, 0 of its maximum where nothing was.
    """
    settings = CycleSettings.parse(view.sheet.participation.cycle_block.cycle.settings)
    return {
        leaf.answer.pk: _effect(
            view.sheet, settings, leaf.criterion, leaf.answer, view.progress.results, view.progress.others
        )
        for leaf in leaves
        if leaf.answer is not None
    }


def decision_effect(sheet: Scoresheet, answer: Answer, reach: Reach) -> Effect:
    """The effect of granting a request, for the assessor. One query for those who oversee the block, none otherwise.

    Who appraises some leaves only is not told what the others come to: he sees the maximum by the agency's profile.
    """
    tree = tree_of(sheet.criteria_set)
    profiles = sheet.participation.profiles
    left = {leaf.id: (ZERO, leaf.max_points if leaf.applies_to(profiles) else ZERO) for leaf in tree.leaves}
    if not reach.oversees:
        before = left | {answer.criterion_id: (ZERO, answer.criterion.max_points)}
        after = left | {answer.criterion_id: NONE}
        return Effect(
            roll_up(sheet.criteria_set, before, tree=tree).maximum,
            roll_up(sheet.criteria_set, after, tree=tree).maximum,
        )
    declared = {one.criterion_id: one for one in Answer.objects.filter(scoresheet=sheet).defer("trace")}
    results = {leaf.id: self_result(leaf, declared.get(leaf.id)) for leaf in tree.leaves}
    others = left | {pk: results[pk] for pk in declared}
    settings = CycleSettings.parse(sheet.participation.cycle_block.cycle.settings)
    return _effect(sheet, settings, answer.criterion, answer, results, others)


def _effect(
    sheet: Scoresheet,
    settings: CycleSettings,
    leaf: Criterion,
    answer: Answer,
    results: Mapping[int, Pair],
    others: Mapping[int, Pair],
) -> Effect:
    slug = sheet.participation.cycle_block.block.slug
    maximum = leaf.max_points if answer.applicable_max is None else answer.applicable_max
    counts = {leaf.pk: (answer.self_points or ZERO, maximum)}
    nothing = {leaf.pk: NONE}

    def index(more: Mapping[int, Pair]) -> Decimal | None:
        rolled = roll_up(sheet.criteria_set, {**results, **more})
        return settings.printed_index(slug, rolled.points, rolled.maximum)

    return Effect(
        roll_up(sheet.criteria_set, {**others, **counts}).maximum,
        roll_up(sheet.criteria_set, {**others, **nothing}).maximum,
        index(counts),
        index(nothing),
        settings.ranking_for(slug).digits,
    )
