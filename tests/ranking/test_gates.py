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
from scoring.ranking.year import read_year
from tests.factories import AgencyFactory
from tests.factories_scoring import make_block, make_set
from tests.ranking.halves import two_halves

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


def graded(done: bool, late: str, applies: bool = True, out: str = "1.1") -> str:
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
        if leaf.code == out and not applies:
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


def test_a_count_on_a_leaf_that_does_not_apply_stands_in_nobodys_way() -> None:
    assert graded(True, "8", applies=False, out="1.2") == "Xuất sắc"


def test_a_leaf_that_is_worth_nothing_answers_a_gate_by_what_was_declared() -> None:
    tree = tree_of(make_set([*LEAVES, ("1.4", "0", {"kind": "boolean", "yes": "0", "no": "0"}),
                             ("1.5", "0", {"kind": "manual"})]))  # fmt: skip
    settings = engine.RankingSettings.parse(
        {"grades": [{"label": "A", "ge": "50", "gates": [{"fact": "1.4"}, {"count": "1.5", "le": "2"}]}]}
    )
    for value, wanted in ((True, True), (False, False)):
        one = Entrant(1, True, {leaf.id: (leaf.max_points, leaf.max_points) for leaf in tree.leaves})
        one.traces[tree.by_code["1.4"].id] = json.dumps({"inputs": {"value": value}})
        answer_gates([one], tree, settings)
        assert one.facts["1.4"] is wanted
        assert "1.5" not in one.counts and "1.5" not in one.waived  # nothing is known: the gate is shut


def test_a_count_holds_in_every_part_of_the_year() -> None:
    block = make_block()
    one, two = (AgencyFactory(block=block) for _ in range(2))
    grades = [
        {"label": "Xuất sắc", "ge": "50", "gates": [{"count": "1.1.1", "ge": "40"}]},
        {"label": "Tốt", "ge": "0", "lt": "50"},
    ]
    main, _part = two_halves(
        {one: ("39", "30"), two: ("45", "30")},
        {one: ("40", "40"), two: ("40", "40")},
        block=block,
        settings={"grades": grades},
    )
    totals = {total.agency_id: total.grade for total in read_year(main, stage="final").compute().totals}
    assert totals == {one.pk: "Tốt", two.pk: "Xuất sắc"}
