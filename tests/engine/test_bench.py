"""`make bench`: scoring and rolling up a province from memory, without a database."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from scoring import engine
from tests.bench import growth, write

CRITERIA = 80
SIZES = (150, 4000, 34_000)
POOL = 40  # different answers of a leaf: made before the clock starts
D = Decimal

BANDS = [
    {"points": "1.25", "gt": "90"},
    {"points": "1", "ge": "70", "le": "90"},
    {"points": "0", "lt": "70"},
]
#: A rule, and the answer that a chance gives to it.
KINDS: list[tuple[dict[str, Any], Callable[[random.Random], dict[str, Any]]]] = [
    ({"kind": "boolean", "yes": "1.25", "no": "0"}, lambda chance: {"value": chance.random() < 0.8}),
    (
        {"kind": "choice", "options": [["a", "1.25"], ["b", "0.5"], ["c", "0"]]},
        lambda chance: {"option": chance.randrange(3)},
    ),
    (
        {"kind": "tiers", "variable": "v", "bands": BANDS},
        lambda chance: {"value": str(D(chance.randrange(5000, 10_001)) / 100)},
    ),
    (
        {"kind": "proportion", "numerator": "b", "denominator": "a", "factor": "1.25"},
        lambda chance: {"numerator": str(chance.randrange(300)), "denominator": "300"},
    ),
    (
        {"kind": "deduction", "start": "1.25", "unit": "u", "each": "0.25"},
        lambda chance: {"n": chance.randrange(6)},
    ),
]


def province() -> tuple[engine.Tree[str], list[tuple[str, engine.Rule, list[dict[str, Any]]]]]:
    """80 leaves of five kinds under 8 areas, three or four to a criterion, with a pool of answers for each."""
    chance = random.Random(80)
    nodes: dict[str, engine.Node[str]] = {}
    leaves = []
    for number in range(CRITERIA):
        area, within = str(number % 8 + 1), number // 8
        criterion = f"{area}.{within // 4 + 1}"
        code = f"{criterion}.{within % 4 + 1}"
        data, answer = KINDS[number % len(KINDS)]
        rule = engine.parse_rule(data, max_points=D("1.25"))
        leaves.append((code, rule, [engine.clean_inputs(rule, answer(chance)) for _ in range(POOL)]))
        nodes.setdefault(area, engine.Node(area, None, D(0), False))
        nodes.setdefault(criterion, engine.Node(criterion, area, D(0), False))
        nodes[code] = engine.Node(code, criterion, D("1.25"), True)
    ordered = sorted(nodes.values(), key=lambda node: [int(part) for part in node.key.split(".")])
    return engine.Tree.build(ordered), leaves


@pytest.mark.bench
def test_scoring_and_rolling_up_from_memory() -> None:
    tree, leaves = province()
    rows: list[dict[str, Any]] = []
    for size in SIZES:
        start = time.perf_counter()
        total = D(0)
        for agency in range(size):
            results = {}
            for place, (code, rule, pool) in enumerate(leaves):
                score = engine.score(rule, rule.max_points, pool[(agency * 7 + place) % POOL])
                results[code] = (score.points, score.applicable_max)
            total += engine.rollup(tree, results).points
        seconds = time.perf_counter() - start
        row = {
            "agencies": size,
            "criteria": CRITERIA,
            "seconds": round(seconds, 3),
            "microseconds_a_leaf": round(seconds / size / CRITERIA * 1e6, 1),
        }
        rows.append(row)
        print(row)
        assert 0 < total / size < 100
    growth(rows, "agencies")
    write("scoring", rows)
    assert all(row.get("growth", 1) < 1.5 for row in rows)
