"""The sample sets: every rule parses and every kind scores."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scoring.engine import KINDS, Node, Rule, Tree, index_of, parse_rule, plain, printed, rollup, score

from .helpers import D

SETS = Path(__file__).parent.parent / "data" / "criteria"

#: Inputs that earn all, and inputs that earn some, by kind
FULL: dict[str, dict[str, Any]] = {
    "boolean": {"value": True},
    "choice": {"option": 0},
    "checklist": {"items": [0, 1]},
    "tiers": {"value": "100"},
    "proportion": {"numerator": 12, "denominator": 12},
    "count": {"n": 9},
    "deduction": {"n": 0},
    "survey": {"counts": {"A": 9, "B": 0, "C": 0, "D": 0}},
    "external_index": {"pct": "100"},
}
SOME: dict[str, dict[str, Any]] = {
    "boolean": {"value": False},
    "choice": {"option": 1},
    "checklist": {"items": [0]},
    "tiers": {"value": "75"},
    "proportion": {"numerator": 11, "denominator": 12},
    "count": {"n": 1},
    "deduction": {"n": 1},
    "survey": {"counts": {"A": 1, "B": 1, "C": 1, "D": 1}},
    "external_index": {"pct": "87.8"},
}


def nodes_of(
    entries: list[dict[str, Any]], parent: str | None = None
) -> Iterator[tuple[Node[str], dict | None]]:
    for entry in entries:
        yield Node(entry["code"], parent, D(entry["max"]), "rule" in entry), entry.get("rule")
        yield from nodes_of(entry.get("children", []), entry["code"])


def load(name: str) -> tuple[Tree[str], dict[str, Rule], Decimal]:
    data = json.loads((SETS / name).read_text(encoding="utf-8"))
    found = list(nodes_of(data["areas"]))
    rules = {
        node.key: parse_rule(rule, max_points=node.max_points) for node, rule in found if rule is not None
    }
    return Tree.build(node for node, _ in found), rules, D(data["total"])


@pytest.mark.parametrize("name", ["sample_departments.json", "ca_mau_2013_partial.json"])
def test_a_sample_set_with_full_marks_is_exactly_100(name: str) -> None:
    tree, rules, total = load(name)
    results = {}
    for key, rule in rules.items():
        result = score(rule, rule.max_points, FULL[rule.kind])
        results[key] = (result.points, result.applicable_max)
        assert parse_rule(rule.data, max_points=rule.max_points) == rule
        assert parse_rule(json.loads(json.dumps(rule.data)), max_points=rule.max_points).data == rule.data
    got = rollup(tree, results)
    assert (got.points, got.maximum) == (total, total)
    assert index_of(got.points, got.maximum) == 100


def test_the_sample_of_departments_scored_in_part() -> None:
    tree, rules, total = load("sample_departments.json")
    assert len(rules) == 56
    kinds = {rule.kind for rule in rules.values()}
    assert kinds == {
        "boolean",
        "choice",
        "tiers",
        "proportion",
        "count",
        "deduction",
        "survey",
        "external_index",
    }
    assert kinds <= set(KINDS)
    results = {}
    for key, rule in rules.items():
        result = score(rule, rule.max_points, SOME[rule.kind])
        results[key] = (result.points, result.applicable_max)
    assert results["8.1.1"] == (D("8.78"), 10)
    assert results["1.8.1"] == (D("2.25"), 5)
    got = rollup(tree, results)
    assert got.maximum == total
    assert got.points == sum((earned for earned, _ in results.values()), D(0))


def test_ca_mau_by_hand() -> None:
    # S61: late plan 0.5; all tasks and budget 1; results defined 1; 90 % 1; a report late 0; contents 1
    tree, rules, _ = load("ca_mau_2013_partial.json")
    inputs: dict[str, dict[str, Any]] = {
        "1.1.1": {"option": 1},
        "1.1.2": {"items": [0, 1]},
        "1.1.3": {"value": True},
        "1.1.4": {"value": "90"},
        "1.2.1": {"items": [0]},
        "1.2.2": {"value": True},
    }
    results = {}
    for key, rule in rules.items():
        result = score(rule, rule.max_points, inputs[key])
        results[key] = (result.points, result.applicable_max)
    got = rollup(tree, results)
    assert (got.nodes["1.1"][0], got.nodes["1.2"][0], got.points) == (D("3.5"), D(1), D("4.5"))
    index = index_of(got.points, got.maximum)
    assert index is not None
    assert str(printed(index, 2)) == "64.29"


def test_a_national_index_is_expressed_without_code() -> None:
    # QĐ 766/QĐ-TTg: six groups of 18, 20, 12, 10, 22 and 18; one made-up agency, scored by hand
    tree, rules, total = load("qd_766.json")
    by_hand: dict[str, tuple[dict[str, Any], str, str]] = {
        "1.1": ({"numerator": 45, "denominator": 50}, "5.4", "45/50 × 6"),
        "1.2": ({"numerator": 50, "denominator": 50}, "6", "all"),
        "1.3": (
            {"numerator": 600, "denominator": 1000},
            "4.5",
            "60 % of a target of 80 %: three quarters of 6",
        ),
        "2.1": ({"numerator": 950, "denominator": 1000}, "11.4", "95 % of 12"),
        "2.2": ({"v_t": "5,5", "v_q": 5}, "7.2", "a tenth too slow: 8 − 0.8"),
        "3.1": ({"numerator": 40, "denominator": 50}, "4", "exactly the target of 80 %"),
        "3.2": ({"numerator": 350, "denominator": 1000}, "5.6", "35/50 × 8"),
        "4.1": ({"numerator": 10, "denominator": 25}, "2", "40/80 × 4"),
        "4.2": ({"numerator": 700, "denominator": 1000}, "6", "over the target of 50 %"),
        "5.1": ({"numerator": 333, "denominator": 1000}, "3.33", "33.3 % of 10"),
        "5.2": ({"numerator": 1, "denominator": 3}, "3.333333", "1/3 × 100/80 × 8 = 10/3"),
        "5.3": ({"numerator": 0, "denominator": 1000}, "0", "none"),
        "6.1": ({"numerator": 0, "denominator": 0}, "0", "none came in: 8 points leave the maximum"),
        "6.2": ({"numerator": 195, "denominator": 200}, "9.75", "97.5 % of 10"),
    }
    results = {}
    for key, rule in rules.items():
        inputs, expected, why = by_hand[key]
        result = score(rule, rule.max_points, inputs)
        assert result.points == D(expected), (key, why)
        results[key] = (result.points, result.applicable_max)
    got = rollup(tree, results)
    assert [plain(got.nodes[key][0]) for key in "123456"] == ["15.9", "18.6", "9.6", "8", "6.663333", "9.75"]
    assert (got.points, got.maximum, total) == (D("68.513333"), 92, 100)
    index = index_of(got.points, got.maximum)
    assert index is not None
    assert str(printed(index, 2)) == "74.47"
    # at most the time that the rules allow earns all, twice the time nothing
    slow = rules["2.2"]
    assert [score(slow, D(8), {"v_t": t, "v_q": 5}).points for t in (5, 1, 10, 50)] == [8, 8, 0, 0]
