"""The areas and criteria that the sets of a cycle name by code: what gates and tie-breakers may point at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from agencies.models import Block
from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.models import Cycle
from scoring.criteria.models import Criterion, Method

__all__ = ["SPECIAL", "BlockNodes", "nodes_of_cycle", "settings_faults", "titles_of"]

#: Names in a chain of tie-breakers that are no code of a node.
SPECIAL = ("survey", "bonus")


@dataclass(frozen=True, slots=True)
class BlockNodes:
    """One set of a block: titles of all its nodes by code in the order of the set, and which are areas."""

    block: Block
    titles: dict[str, str] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)
    has_survey: bool = False
    leaves: frozenset[str] = frozenset()

    @property
    def areas(self) -> list[str]:
        """Codes of the top nodes."""
        return [code for code, level in self.levels.items() if level == 1]


def nodes_of_cycle(cycle: Cycle) -> list[BlockNodes]:
    """The sets of a cycle's blocks with their nodes, a row for each block (and part of a block). Two queries."""
    blocks = list(cycle.blocks.select_related("block").order_by("block__order", "pk"))
    rows: dict[int, list[tuple[str, str, int, str]]] = {}
    nodes = Criterion.objects.filter(criteria_set__in={one.criteria_set_id for one in blocks})
    named = nodes.order_by("order").values_list("criteria_set_id", "code", "title", "level", "method")
    for key, code, title, level, method in named:
        rows.setdefault(key, []).append((code, title, level, method))
    return [
        BlockNodes(
            one.block,
            {code: title for code, title, _level, _method in rows.get(one.criteria_set_id, ())},
            {code: level for code, _title, level, _method in rows.get(one.criteria_set_id, ())},
            any(method == Method.SURVEY for *_rest, method in rows.get(one.criteria_set_id, ())),
            frozenset(code for code, *_rest, method in rows.get(one.criteria_set_id, ()) if method),
        )
        for one in blocks
    ]


def titles_of(sets: Iterable[BlockNodes]) -> dict[str, str]:
    """Titles by code over several sets; where they differ, each title once."""
    found: dict[str, list[str]] = {}
    for one in sets:
        for code, title in one.titles.items():
            if title not in found.setdefault(code, []):
                found[code].append(title)
    return {code: " / ".join(titles) for code, titles in found.items()}


def settings_faults(settings: CycleSettings, sets: Sequence[BlockNodes]) -> list[str]:
    """What gates and tie-breakers ask for that a block's set does not have, as sentences. Pure.

    An area that is missing shuts the gate for every agency of the block; a tie-breaker that is missing stops
    the ranking. Counts and facts are told by a leaf (ranking/gates.py): without it their gate is shut too.
    """
    told: list[str] = []
    for one in sets:
        ranking = settings.ranking_for(one.block.slug)
        areas = one.areas
        for grade in ranking.grades:
            for gate in grade.gates:
                if gate.area and gate.area not in areas:
                    told.append(
                        _(
                            "%(block)s: the grade “%(grade)s” needs area %(area)s, which the criteria set of this "
                            "block lacks. No agency of the block could get the grade."
                        )
                        % {"block": one.block.name, "grade": grade.label, "area": gate.area}
                    )
                if (name := gate.count or gate.fact) and name not in one.leaves:
                    told.append(
                        _(
                            "%(block)s: the grade “%(grade)s” needs criterion %(name)s, which the criteria set of "
                            "this block does not score. No agency of the block could get the grade."
                        )
                        % {"block": one.block.name, "grade": grade.label, "name": name}
                    )
        for name in ranking.tie_breakers:
            if name not in one.titles and name not in SPECIAL:
                told.append(
                    _(
                        "%(block)s: ties are broken by %(code)s, which the criteria set of this block lacks. "
                        "The ranking of the block cannot be computed."
                    )
                    % {"block": one.block.name, "code": name}
                )
            elif name == "survey" and not one.has_survey:
                told.append(
                    _(
                        "%(block)s: ties are broken by the survey, but no criterion of this block's set is "
                        "scored by a survey."
                    )
                    % {"block": one.block.name}
                )
    return list(dict.fromkeys(told))
