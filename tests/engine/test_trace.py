"""Traces: enough to recompute, a line of arithmetic, sentences to translate."""

import json
from decimal import Decimal
from typing import Any

import pytest

from scoring.engine import (
    ENGINE_VERSION,
    not_applicable,
    render,
    trace_expression,
    trace_sentence,
    typed_points,
)
from scoring.engine.trace import SENTENCES

from .helpers import CA_MAU, D, rule, scored


def told(trace: dict[str, Any], **kwargs: Any) -> list[str]:
    return [render(template, params, **kwargs) for template, params in trace_sentence(trace)]


def test_a_trace_is_json_and_holds_all_that_happened() -> None:
    a_rule = rule("1.5", "proportion", numerator="b", denominator="a", factor="1.5", zero_below_pct="70")
    trace = scored(a_rule, {"numerator": 88, "denominator": 111}).trace
    assert json.loads(json.dumps(trace)) == trace
    assert trace == {
        "engine": ENGINE_VERSION,
        "kind": "proportion",
        "inputs": {"numerator": "88", "denominator": "111"},
        "steps": [
            {"op": "percentage", "numerator": "88", "denominator": "111", "value": "79.279279"},
            {"op": "share", "factor": "1.5", "points": "1.189189"},
        ],
        "expression": "88 / 111 × 1.5",
        "sign": "=",
        "clamp": None,
        "rounding": {"places": 6, "mode": "half_up", "from": "1.189189189189", "to": "1.189189"},
        "points": "1.189189",
        "max": "1.5",
        "applicable_max": "1.5",
    }
    assert trace_expression(trace, decimal_mark=",") == "88 / 111 × 1,5 = 1,189189"
    assert told(trace) == [
        "88 out of 111 is 79.279279 %.",
        "This share of 1.5 points is 1.189189.",
        "Rounded half-up to 6 places: 1.189189 points.",
    ]


def test_sentences_take_a_translation_and_a_way_to_write_numbers() -> None:
    trace = scored(rule("2", **CA_MAU), {"value": "89.5"}).trace
    assert trace_sentence(trace)[0][1] == {"value": D("89.5"), "band": "[70; 90]", "points": D(1)}
    vietnamese = {SENTENCES["band"]: "Giá trị %(value)s thuộc %(band)s: %(points)s điểm."}
    assert told(trace, translate=vietnamese.__getitem__, number=lambda n: str(n).replace(".", ",")) == [
        "Giá trị 89,5 thuộc [70; 90]: 1 điểm."
    ]


def test_a_label_that_looks_like_a_number_stays_a_text() -> None:
    trace = scored(rule("1", "choice", options=[["2025", "1"]]), {"option": 0}).trace
    assert trace_sentence(trace)[0][1] == {"label": "2025", "points": Decimal(1)}


def test_a_clamp_is_told() -> None:
    a_rule = rule("1", "boolean", yes="1", no="0", round_to="0.6")
    assert (
        told(scored(a_rule, {"value": True}).trace)[-1] == "1.2 is more than the maximum: held at 1 points."
    )


@pytest.mark.parametrize(
    ("trace", "first"),
    [
        (not_applicable(D("1.5")).trace, "Not applicable: the maximum of 1.5 points does not count."),
        (typed_points(D(2), "0,25").trace, "0.25 points were given."),
    ],
)
def test_traces_without_a_rule(trace: dict[str, Any], first: str) -> None:
    assert told(trace) == [first]


def test_traces_of_nothing_and_of_another_engine() -> None:
    assert trace_expression({}) == ""
    assert told({}) == []
    assert told({"steps": [{"op": "of the future"}]}) == []


def test_every_sentence_fills_in() -> None:
    for op, template in SENTENCES.items():
        assert template.endswith("."), op
