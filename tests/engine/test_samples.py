"""The sample sets: every rule parses and every kind scores."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scoring.engine import KINDS, Node, Rule, Tree, index_of, parse_rule, printed, rollup, score

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
