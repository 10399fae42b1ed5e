"""Gates of grades that a single criterion answers: all tasks done, at most so many late."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from scoring import engine
from scoring.criteria.queries import tree_of
from scoring.ranking.figures import Entrant, compute
from scoring.ranking.gates import answer_gates, measured
from tests.factories_scoring import make_set

pytestmark = pytest.mark.django_db

LEAVES = [
    ("1.1", "2", {"kind": "boolean", "yes": "2", "no": "0"}),
    ("1.2", "4", {"kind": "deduction", "start": "4", "unit": "nhiệm vụ trễ", "each": "0.5", "floor": "0"}),
    ("1.3", "4", {"kind": "proportion", "numerator": "a", "denominator": "b", "factor": "4"}),
]
#: Xuất sắc also takes 1.1 in full, and on 1.2 at most two late tasks.
GRADES = [
    {"label": "Xuất sắc", "ge": "80", "gates": [{"fact": "1.1"}, {"count": "1.2", "le": "2"}]},
    {"label": "Tốt", "ge": "0", "lt": "80"},
]


def graded(done: bool, late: str, applies: bool = True) -> str:
    tree = tree_of(make_set(LEAVES))
    values: dict[str, dict[str, Any]] = {
        "1.1": {tree.by_code["1.1"].rule.fields()[0].name: done},  # type: ignore[union-attr]
        "1.2": {tree.by_code["1.2"].rule.fields()[0].name: late},  # type: ignore[union-attr]
        "1.3": {"numerator": "10", "denominator": "10"},
    }
    one = Entrant(1, True, {}, {})
    for leaf in tree.leaves:
        assert leaf.rule is not None
        score = engine.score(leaf.rule, leaf.max_points, values[leaf.code])
        if leaf.code == "1.1" and not applies:
            score = engine.not_applicable(leaf.max_points)
        one.leaves[leaf.id] = (score.points, score.applicable_max)
        one.traces[leaf.id] = json.dumps(score.trace)
    settings = engine.RankingSettings.parse({"grades": GRADES})
    answer_gates([one], tree, settings)
    (total,) = compute(
        [one], tree=tree.tree, settings=settings, codes={code: node.id for code, node in tree.by_code.items()}
    ).totals
    return total.grade


@pytest.mark.parametrize(
    ("done", "late", "applies", "grade"),
    [
        (True, "0", True, "Xuất sắc"),
        (True, "2", True, "Xuất sắc"),
        (True, "3", True, "Tốt"),  # 85 %, but three late
        (False, "0", True, "Tốt"),  # 80 %, but not all done
        (False, "0", False, "Xuất sắc"),  # it does not apply: it stands in nobody's way
    ],
)
def test_a_gate_asks_a_leaf(done: bool, late: str, applies: bool, grade: str) -> None:
    assert graded(done, late, applies) == grade


def test_what_a_leaf_measures() -> None:
    tree = tree_of(make_set([*LEAVES, ("1.4", "1", {"kind": "manual", "step": "0.5"})]))
    ratio, typed = tree.by_code["1.3"], tree.by_code["1.4"]
    trace = '{"inputs": {"numerator": "1", "denominator": "8"}}'
    assert measured(ratio, Decimal("0.5"), Decimal(4), trace) == Decimal("12.5")
    assert measured(ratio, Decimal(0), Decimal(0), trace) is None
    assert measured(typed, Decimal("0.5"), Decimal(1), None) == Decimal("0.5")
