"""What only a whole block can settle: ratios to the best, vetoes over a parent, points that move, maxima that rescale.

Sets without such rules pass untouched, and their traces are never decoded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scoring.assessment.queries.facts import Facts, facts_for
from scoring.criteria.queries import SetNode, SetTree
from scoring.engine import InputErrors, Score, best_of_block, block_values, score, settle
from scoring.ranking.figures import Entrant

#: Kinds whose points depend on the best value of the block.
AGAINST_THE_BEST = frozenset({"ratio_to_best", "target_and_leader"})
#: What "nothing arose" may do to other leaves.
MOVING = frozenset({"rescale", "move"})


@dataclass(frozen=True, slots=True)
class Settlement:
    """Which leaves of a set need the block, and where points move to."""

    compared: tuple[SetNode, ...]
    moves: dict[int, tuple[int, ...]]
    tree: SetTree

    @classmethod
    def of(cls, tree: SetTree) -> Settlement | None:
        """What there is to settle in a set; None where every leaf stands by itself."""
        compared, moves, touched = [], {}, False
        for leaf in tree.leaves:
            rule = leaf.rule
            assert rule is not None
            inner = list(rule.walk())
            if any(one.kind in AGAINST_THE_BEST for one in inner):
                compared.append(leaf)
            if rule.moves_to:
                moves[leaf.id] = tuple(tree.by_code[code].id for code in rule.moves_to)
            touched |= any(one.not_arising in MOVING for one in inner) or '"zeroes"' in json.dumps(rule.data)
            touched |= "grade_effect" in json.dumps(rule.data)
        return cls(tuple(compared), moves, tree) if compared or moves or touched else None

    def settle(self, entrants: Sequence[Entrant], answers: Mapping[int, Facts] | None = None) -> None:
        """Replace the entrants' points, maxima and traces by the settled ones. Ranked agencies alone set the best.

        ``answers``: by agency what its leaves answer, where rules look at other leaves: the facts by which sheets
        and marks were scored (assessment.queries.facts). None: what the traces say.
        """
        traces = {
            id(entrant): {leaf: json.loads(text) for leaf, text in entrant.traces.items() if text}
            for entrant in entrants
        }
        told = answers if answers is not None else self._told(entrants, traces)
        best = {leaf.id: self._best(leaf, entrants, traces, told) for leaf in self.compared}
        for entrant in entrants:
            own = traces[id(entrant)]
            facts = told.get(entrant.agency_id, {})
            scores = {
                leaf.id: self._score(leaf, entrant, own.get(leaf.id), facts, best.get(leaf.id))
                for leaf in self.tree.leaves
            }
            settled = settle(self.tree.tree, scores, moves=self.moves)
            entrant.effects = tuple(effect for one in scores.values() for effect in one.grade_effects)
            for leaf, one in scores.items():
                steps = settled.steps.get(leaf)
                entrant.leaves[leaf] = settled.results[leaf]
                if steps or leaf in best:
                    trace = one.trace | ({"steps": [*one.trace.get("steps", []), *steps]} if steps else {})
                    entrant.traces[leaf] = json.dumps(trace, ensure_ascii=False)

    def _told(self, entrants: Sequence[Entrant], traces: dict[int, dict[int, Any]]) -> dict[int, Facts]:
        """What the traces say of each agency's answers."""
        return {
            entrant.agency_id: {
                node.code: traces[id(entrant)][node.id]["inputs"]
                for node in self.tree.leaves
                if _scored(node, traces[id(entrant)].get(node.id))
            }
            for entrant in entrants
        }

    def _best(
        self,
        leaf: SetNode,
        entrants: Sequence[Entrant],
        traces: dict[int, dict[int, Any]],
        told: Mapping[int, Facts],
    ) -> dict[str, Decimal]:
        values = []
        for entrant in entrants:
            trace = traces[id(entrant)].get(leaf.id)
            if entrant.ranked and leaf.rule is not None and trace is not None and _scored(leaf, trace):
                known = facts_for(leaf.rule, told.get(entrant.agency_id, {}))
                values.append(block_values(leaf.rule, trace["inputs"], facts=known))
        return best_of_block(values)

    def _score(
        self,
        leaf: SetNode,
        entrant: Entrant,
        trace: dict[str, Any] | None,
        answers: Facts,
        best: dict[str, Decimal] | None,
    ) -> Score:
        points, maximum = entrant.leaves[leaf.id]
        standing = Score(points, maximum, trace or {})
        if leaf.rule is None or trace is None or not _scored(leaf, trace):
            return standing  # typed by an assessor, not applicable, or not answered: it stands
        facts = facts_for(leaf.rule, answers) | {
            "best": {name: str(value) for name, value in (best or {}).items()}
        }
        try:
            return score(leaf.rule, leaf.max_points, trace["inputs"], facts=facts)
        except InputErrors:
            return standing


def _scored(leaf: SetNode, trace: dict[str, Any] | None) -> bool:
    """Whether the points came from the leaf's own rule, with inputs to score again."""
    return bool(trace) and leaf.rule is not None and trace is not None and trace.get("kind") == leaf.rule.kind
