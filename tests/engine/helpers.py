"""Short ways to parse, score and list faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from scoring.engine import EngineErrors, Rule, Score, parse_rule, score


def D(text: str | int) -> Decimal:
    return Decimal(text)


def rule(maximum: str, kind: str, **params: Any) -> Rule:
    return parse_rule({"kind": kind, **params}, max_points=D(maximum))


def points(a_rule: Rule, inputs: Mapping[str, object], facts: Mapping[str, Any] | None = None) -> Decimal:
    return scored(a_rule, inputs, facts).points


def scored(a_rule: Rule, inputs: Mapping[str, object], facts: Mapping[str, Any] | None = None) -> Score:
    return score(a_rule, a_rule.max_points, inputs, facts=facts)


def faults(call: Callable[..., object], *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
    """(path, code) of every problem; each must read as a sentence."""
    with pytest.raises(EngineErrors) as caught:
        call(*args, **kwargs)
    assert caught.value.problems
    for one in caught.value.problems:
        text = one.text()
        assert text and text[-1] in ".:" and "%(" not in text
        assert str(one).endswith(text)
    return [(one.path, one.code) for one in caught.value.problems]


def rule_faults(maximum: str, data: Any) -> list[tuple[str, str]]:
    return faults(parse_rule, data, max_points=D(maximum))


YES_NO = {"kind": "boolean", "yes": "1", "no": "0"}
CA_MAU = {
    "kind": "tiers",
    "variable": "tỷ lệ % hoàn thành kế hoạch",
    "bands": [
        {"gt": "90", "points": "2"},
        {"ge": "70", "le": "90", "points": "1"},
        {"lt": "70", "points": "0"},
    ],
}
SHARE = {"kind": "proportion", "numerator": "b", "denominator": "a", "factor": "2"}
