"""Conditions on the answers of other leaves: rings and dead ends are refused, dependents come in order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scoring.criteria import fileformat
from scoring.criteria.dependencies import dependents, looked_at, ring_of
from scoring.criteria.queries import tree_of
from tests.factories_scoring import make_set

PLAIN = {"kind": "boolean", "yes": "2", "no": "0"}


def on(code: str, field: str = "value") -> dict[str, Any]:
    """2 points for yes; 1 point at most once the other leaf says yes."""
    return PLAIN | {
        "cases": [
            {
                "when": {"answer": code, "field": field, "is": True},
                "rule": {"kind": "boolean", "yes": "1", "no": "0"},
            }
        ]
    }


def file_of(**rules: dict[str, Any]) -> bytes:
    leaves = [
        {"code": f"1.{name}", "title": name, "max": "2", "rule": rule}
        | ({"method": "survey"} if rule["kind"] == "survey" else {})
        for name, rule in rules.items()
    ]
    whole = {
        "format": "parindex.criteria-set/1",
        "title": "Bộ thử",
        "year": 2025,
        "block": "Khối thử",
        "total": str(2 * len(leaves)),
        "areas": [{"code": "1", "title": "A", "max": str(2 * len(leaves)), "children": leaves}],
    }
    return json.dumps(whole).encode()


SURVEY = {"kind": "survey", "option_weights_pct": {"A": "100", "B": "0"}, "factor": "2"}


@pytest.mark.parametrize(
    ("rules", "code", "word"),
    [
        ({"a": on("1.b"), "b": on("1.a")}, "1.a", "1.a → 1.b → 1.a"),
        ({"a": on("1.b"), "b": on("1.c"), "c": on("1.b")}, "1.b", "1.b → 1.c → 1.b"),
        ({"a": on("1.b"), "b": SURVEY}, "1.a", "1.b"),
        ({"a": on("1.b", "typo"), "b": PLAIN}, "1.a", "typo"),
    ],
    ids=["ring", "ring further on", "not self-scored", "no such field"],
)
def test_conditions_that_can_never_be_told_are_refused(rules: Any, code: str, word: str) -> None:
    reading = fileformat.read(file_of(**rules))
    assert [(finding.code, word in finding.message) for finding in reading.errors] == [(code, True)]


def test_a_chain_is_taken() -> None:
    assert not fileformat.read(file_of(a=PLAIN, b=on("1.a"), c=on("1.b"), d=on("1.a"))).errors


def test_rings_of_any_length_are_found() -> None:
    assert ring_of({"a": ["b"], "b": ["c"], "c": []}) == []
    assert ring_of({"a": ["a"]}) == ["a", "a"]
    assert ring_of({str(n): [str((n + 1) % 500)] for n in range(500)})[0] == "0"
    assert ring_of({"x": ["y", "z"], "y": ["z"], "z": []}) == []


@pytest.mark.django_db
def test_dependents_come_after_their_sources() -> None:
    tree = tree_of(
        make_set([("1.1", "2", on("1.3")), ("1.2", "2", PLAIN), ("1.3", "2", on("1.2")), ("1.4", "2", PLAIN)])
    )
    assert [node.code for node in dependents(tree, {"1.2"})] == ["1.3", "1.1"]
    assert [node.code for node in dependents(tree, {"1.3"})] == ["1.1"]
    assert dependents(tree, {"1.1", "1.4"}) == []
    assert [node.code for node in dependents(tree)] == ["1.3", "1.1"]
    assert [node.code for node in looked_at(tree)] == ["1.2", "1.3"]
