"""What the gates of grades ask of single leaves: a fact or a count, named by the leaf's code.

"All tasks done", "at most 2 late tasks" are declared and appraised like any other criterion, so a gate
points at the leaf that holds them (docs/scoring.md, Grade).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any

from scoring.criteria.queries import SetNode, SetTree
from scoring.engine.numbers import EXACT
from scoring.engine.settings import RankingSettings
from scoring.ranking.figures import Entrant

__all__ = ["answer_gates", "measured"]

ZERO, HUNDRED = Decimal(0), Decimal(100)
_NUMBERS = frozenset({"integer", "decimal", "percent"})


def answer_gates(entrants: Iterable[Entrant], tree: SetTree, settings: RankingSettings) -> None:
    """Fill in what the gates of ``settings`` ask of the leaves of this set.

    A fact holds where its leaf earned full points, of a leaf that is worth none where it was answered with yes. A
    count is what the leaf measures (``measured``). A leaf that does not apply to an agency stands in nobody's way. A
    name that is no leaf stays unknown: its gate is shut.
    """
    gates = [gate for grade in settings.grades for gate in grade.gates]
    facts = _leaves({gate.fact for gate in gates if gate.fact}, tree)
    counts = _leaves({gate.count for gate in gates if gate.count}, tree)
    if not facts and not counts:
        return
    for entrant in entrants:
        for leaf in facts:
            points, maximum = entrant.leaves[leaf.id]
            if leaf.max_points == 0:
                entrant.facts[leaf.code] = _inputs(entrant.traces.get(leaf.id)).get("value") is True
            elif maximum != 0:
                entrant.facts[leaf.code] = points == maximum
            else:
                entrant.waived.add(leaf.code)
        for leaf in counts:
            value = measured(leaf, *entrant.leaves[leaf.id], entrant.traces.get(leaf.id))
            if value is not None:
                entrant.counts[leaf.code] = value
            elif leaf.max_points != 0:
                entrant.waived.add(leaf.code)


def measured(leaf: SetNode, points: Decimal, maximum: Decimal, trace: str | None) -> Decimal | None:
    """What a leaf measures, of the inputs that its points came from: a ratio in percent, else the sum of its numbers.

    Where no number is declared (a choice, typed points) it is the points. None where the leaf does not apply, or is
    worth nothing and has no numbers.
    """
    inputs = _inputs(trace)
    if maximum == 0 and (leaf.max_points != 0 or not inputs):
        return None
    names = (
        [field.name for field in leaf.rule.fields() if field.type in _NUMBERS]
        if leaf.rule is not None
        else []
    )
    known = _numbers(inputs, names)
    if not known:
        return points if maximum != 0 else None
    with localcontext(EXACT):
        if {"numerator", "denominator"} <= known.keys() and known["denominator"]:
            return known["numerator"] * HUNDRED / known["denominator"]
        return sum(known.values(), ZERO)


def _inputs(trace: str | None) -> Mapping[str, Any]:
    return (json.loads(trace).get("inputs") if trace else None) or {}


def _numbers(inputs: Mapping[str, Any], names: Sequence[str]) -> dict[str, Decimal]:
    return {name: Decimal(str(inputs[name])) for name in names if inputs.get(name) not in (None, "")}


def _leaves(codes: Iterable[str], tree: SetTree) -> list[SetNode]:
    found = (tree.by_code.get(code) for code in sorted(codes))
    return [one for one in found if one is not None and one.is_leaf]
