"""Whatever comes in: a checked result or a clear refusal, and what is saved reads again to the same."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.engine import (
    KINDS,
    EngineErrors,
    InputErrors,
    RankingSettings,
    Rule,
    RuleErrors,
    clean_inputs,
    is_answered,
    parse_rule,
    render,
    score,
    trace_expression,
    trace_sentence,
)

from .helpers import D

CONDITION = {"when": {"fact": "f"}, "rule": {"kind": "manual"}}
#: A good rule of every kind, with every parameter somewhere
EVERY: list[dict[str, Any]] = [
    {"kind": "boolean", "yes": "2", "no": "0.5", "not_arising": "full", "round_to": "0.25"},
    {
        "kind": "choice",
        "options": [
            ["a", "2"],
            ["b", {"from": "0", "to": "1", "step": "0.5"}, {"zeroes": "parent", "grade_effect": "lowest"}],
        ],
    },
    {"kind": "checklist", "mode": "all", "items": ["a", ["b", None, {"zeroes": "leaf"}]]},
    {"kind": "checklist", "mode": "sum", "items": [["a", "0.5"], ["b", "1.5", {"grade_effect": "not_top"}]]},
    {
        "kind": "tiers",
        "variable": "v",
        "bands": [
            {"points": "2", "gt": "90"},
            {"points": "1", "ge": "70", "le": "90"},
            {"points": "0", "lt": "70"},
        ],
        "exceptions": [{"fact": "g", "points": "1.5", "ge": "60"}],
    },
    {
        "kind": "tiers",
        "measure": "days",
        "from": "a",
        "to": "b",
        "bands": [{"points": "2", "le": "0"}, {"points": "0", "gt": "0"}],
    },
    {
        "kind": "tiers",
        "measure": "parts",
        "parts": ["a", "b"],
        "bands": [{"points": "2", "le": "0"}, {"points": "1", "ge": "1"}],
    },
    {"kind": "tiers", "measure": "count", "variable": "v", "unit": "u", "bands": [{"points": "2"}]},
    {
        "kind": "tiers",
        "numerator": "b",
        "denominator": "a",
        "denominator_zero": "rescale",
        "bands": [{"points": "2"}],
    },
    {
        "kind": "proportion",
        "numerator": "b",
        "denominator": "a",
        "factor": "2",
        "target_pct": "80",
        "zero_below_pct": "30",
        "denominator_zero": "not_applicable",
        "whole": False,
    },
    {"kind": "count", "unit": "u", "each": "0.3", "cap": "2", "moves_to": ["1.1"]},
    {
        "kind": "deduction",
        "start": "2",
        "floor": "0.5",
        "items": [{"unit": "u", "each": "0.3"}, {"unit": "w", "each": "1"}],
    },
    {"kind": "survey", "factor": "2", "option_weights_pct": {"A": "100", "B": "33.3"}},
    {"kind": "external_index", "index": "DTI", "factor": "2"},
    {
        "kind": "external_index",
        "index": "DTI",
        "by": "rank_change",
        "bands": [{"points": "2", "ge": "1"}, {"points": "0", "lt": "1"}],
    },
    {"kind": "manual", "step": "0.5", "cases": [CONDITION]},
    {"kind": "ratio_to_best", "value": "v", "factor": "2"},
    {
        "kind": "target_and_leader",
        "value": "v",
        "factor": "2",
        "target": "50",
        "below_target": "proportional",
    },
    {
        "kind": "sum_of",
        "cap": "2",
        "parts": [{"kind": "manual", "max": "1"}, {"kind": "count", "unit": "u", "each": "1", "label": "l"}],
    },
    {
        "kind": "best_of",
        "parts": [{"kind": "manual", "max": "1"}, {"kind": "boolean", "yes": "2", "no": "0"}],
    },
    {
        "kind": "formula",
        "variables": [{"name": "x", "label": "X", "unit": "%"}, {"name": "y", "label": "Y", "whole": True}],
        "expressions": [{"label": "1", "text": "x / y"}, {"label": "2", "text": "if(x > 5, y, min(x; 1))"}],
        "division_by_zero": "zero",
    },
]
RULES = [parse_rule(data, max_points=D(2)) for data in EVERY]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 120),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(
        ["1", "0,5", "100", "12.5", "1.234,5", "2025-01-31", "31/12/2025", "kind", "manual", "all", " "]
    ),
    st.decimals(allow_nan=True),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)


def test_every_kind_is_here() -> None:
    assert {data["kind"] for data in EVERY} == set(KINDS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_a_rule_saved_and_read_again_is_the_same(rule: Rule) -> None:
    again = parse_rule(json.loads(json.dumps(rule.data)), max_points=rule.max_points)
    assert again == rule
    assert again.fields() == rule.fields()
    names = [one.name for one in rule.fields()]
    assert len(set(names)) == len(names)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A good rule with one thing in it replaced, removed or added."""
    data = json.loads(json.dumps(draw(st.sampled_from(EVERY))))
    place: Any = data
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        if isinstance(place[key], (dict, list)) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        how = draw(st.sampled_from(["replace", "remove", "add"]))
        if how == "replace":
            place[key] = draw(anything)
        elif how == "remove":
            del place[key]
        elif isinstance(place, dict):
            place[draw(st.text(max_size=5))] = draw(anything)
        else:
            place.append(draw(anything))
        return data


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(anything, damaged()))
def test_any_data_is_a_rule_or_refused(data: Any) -> None:
    try:
        rule = parse_rule(data, max_points=D(2))
    except RuleErrors as errors:
        assert all(one.text() for one in errors.problems)
    else:
        assert parse_rule(json.loads(json.dumps(rule.data)), max_points=D(2)) == rule
        assert 0 <= rule.ceiling <= 2


@given(anything)
def test_any_data_are_settings_or_refused(data: Any) -> None:
    try:
        parsed = RankingSettings.parse(data)
    except EngineErrors as errors:
        assert all(one.text() for one in errors.problems)
    else:
        assert RankingSettings.parse(parsed.as_dict()) == parsed


@st.composite
def attempts(draw: st.DrawFn) -> tuple[Rule, dict[str, object]]:
    """A rule, and something in each of its fields."""
    rule = draw(st.sampled_from(RULES))
    inputs: dict[str, object] = {}
    for one in rule.fields():
        likely: dict[str, st.SearchStrategy[object]] = {
            "boolean": st.booleans(),
            "choice": st.integers(0, 1),
            "items": st.lists(st.integers(0, 1), unique=True, max_size=2),
            "date": st.dates().map(str),
        }
        number = (
            st.decimals(0, 100, places=2).map(str)
            if one.type in ("decimal", "percent")
            else st.integers(0, 9)
        )
        inputs[one.name] = draw(
            st.one_of(likely.get(one.type, number), likely.get(one.type, number), anything)
        )
        if draw(st.integers(0, 4)) == 0:
            del inputs[one.name]
    return rule, inputs


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(attempts())
def test_any_inputs_score_within_bounds_or_are_refused(attempt: tuple[Rule, dict[str, object]]) -> None:
    rule, inputs = attempt
    try:
        clean = clean_inputs(rule, inputs)
    except InputErrors as errors:
        assert all(one.text() for one in errors.problems)
        assert not is_answered(rule, inputs)
        with pytest.raises(InputErrors):
            score(rule, D(2), inputs)
        return
    # saved and loaded, the same comes out
    again = json.loads(json.dumps(clean))
    assert clean_inputs(rule, again) == clean
    first, second = score(rule, D(2), inputs), score(rule, D(2), again)
    assert first == second
    assert 0 <= first.points <= first.applicable_max <= 2
    exponent = first.points.as_tuple().exponent
    assert isinstance(exponent, int) and exponent >= -6
    trace = json.loads(json.dumps(first.trace))
    assert Decimal(trace["points"]) == first.points
    assert trace_expression(trace, decimal_mark=",")
    assert all(render(template, params) for template, params in trace_sentence(trace))
