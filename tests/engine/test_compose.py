"""Composed rules: sums, the best of alternatives, cases."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.engine import clean_inputs, is_answered, parse_rule, score, trace_expression, trace_sentence
from scoring.engine import render as filled

from .helpers import YES_NO, D, faults, points, rule, rule_faults, scored

RATE = {"kind": "proportion", "numerator": "b", "denominator": "a", "factor": "45", "label": "Kết nối"}
APPS = {"kind": "count", "unit": "ứng dụng", "each": "1", "cap": "5", "label": "Ứng dụng"}
# ĐiểmKNWAN (rate × 45) + ĐiểmƯD (≤ 5) (S75)
SUM = rule("50", "sum_of", parts=[{**RATE, "denominator_zero": "not_applicable"}, APPS])
BEST = rule("3", "best_of", parts=[{"kind": "count", "unit": "giải", "each": "1"}, {**YES_NO, "yes": "2"}])


def test_a_sum_of_parts() -> None:
    result = scored(SUM, {"p0_numerator": 2, "p0_denominator": 3, "p1_n": 7})
    assert (result.points, result.applicable_max) == (35, 50)
    assert trace_expression(result.trace) == "(2 / 3 × 45) + (min(7 × 1; 5)) = 35"
    told = [filled(template, params) for template, params in trace_sentence(result.trace)]
    assert told[0] == "Part “Kết nối”."
    assert told[-1] == "Together: 35 points."
    assert [(one.name, one.group) for one in SUM.fields()] == [
        ("p0_numerator", "Kết nối"),
        ("p0_denominator", "Kết nối"),
        ("p1_n", "Ứng dụng"),
    ]


def test_a_part_that_does_not_apply_lowers_the_maximum_by_what_it_is_worth() -> None:
    result = scored(SUM, {"p0_numerator": 0, "p0_denominator": 0, "p1_n": 4})
    assert (result.points, result.applicable_max) == (4, 5)
    nothing = rule(
        "2", "sum_of", parts=[{**YES_NO, "not_arising": "rescale"}, {**YES_NO, "not_arising": "reduce"}]
    )
    result = scored(nothing, {"p0_not_arising": True, "p1_not_arising": True})
    assert (result.points, result.applicable_max, result.not_arising) == (0, 0, "rescale")


def test_a_cap_on_the_sum() -> None:
    capped = rule("2", "sum_of", cap="2", parts=[{**YES_NO, "yes": "1.5", "not_arising": "reduce"}] * 2)
    assert capped.ceiling == 2
    assert trace_expression(scored(capped, {"p0_value": 1, "p1_value": 1}).trace) == "min(1.5 + 1.5; 2) = 2"
    assert points(capped, {"p0_value": 1, "p1_value": 0}) == D("1.5")
    lesser = scored(capped, {"p0_value": 1, "p1_not_arising": 1})
    assert (lesser.points, lesser.applicable_max) == (D("1.5"), D("1.5"))


def test_each_part_is_held_within_its_own_maximum_and_only_the_leaf_is_rounded() -> None:
    parts = [{**YES_NO, "max": "1", "round_to": "0.6"}, {"kind": "manual", "max": "2", "step": "0.5"}]
    a_rule = rule("3", "sum_of", parts=parts)
    result = scored(a_rule, {"p0_value": True, "p1_points": "1,5"})
    assert result.points == D("2.5")
    assert {"op": "part_held", "from": "1.2", "points": "1"} in result.trace["steps"]
    assert faults(clean_inputs, a_rule, {"p0_value": True, "p1_points": "2,5"}) == [
        ("p1_points", "above_maximum")
    ]
    third = {"kind": "proportion", "numerator": "b", "denominator": "a", "factor": "1"}
    thirds = rule("3", "sum_of", parts=[third] * 3)
    assert (
        points(thirds, {f"p{n}_{k}": v for n in range(3) for k, v in (("numerator", 1), ("denominator", 3))})
        == 1
    )


def test_the_best_of_alternatives_needs_one_answer() -> None:
    # "tính cho trường hợp có điểm cao nhất" (S75)
    both = scored(BEST, {"p0_n": 1, "p1_value": True})
    assert (both.points, trace_expression(both.trace)) == (2, "max((1 × 1); 2) = 2")
    assert points(BEST, {"p0_n": 3, "p1_value": ""}) == 3
    assert trace_expression(scored(BEST, {"p1_value": False}).trace) == "0"
    assert faults(clean_inputs, BEST, {}) == [("p0_n", "missing"), ("p1_value", "missing")]
    assert faults(clean_inputs, BEST, {"p0_n": "x"}) == [("p0_n", "invalid_number")]
    assert all(not one.required for one in BEST.fields())


def test_the_best_of_what_applies() -> None:
    a_rule = rule(
        "1", "best_of", parts=[{**YES_NO, "not_arising": "reduce"}, {**YES_NO, "not_arising": "reduce"}]
    )
    result = scored(a_rule, {"p0_not_arising": True, "p1_value": True})
    assert (result.points, result.applicable_max) == (1, 1)
    result = scored(a_rule, {"p0_not_arising": True})
    assert (result.points, result.applicable_max, result.not_arising) == (0, 0, "reduce")


def test_side_effects_of_parts_reach_the_leaf() -> None:
    veto = {
        "kind": "choice",
        "options": [
            ["đủ", "1"],
            ["vi phạm", "0", {"zeroes": "leaf"}],
            ["nặng", "0", {"zeroes": "parent", "grade_effect": "lowest"}],
        ],
    }
    a_rule = rule("2", "sum_of", parts=[YES_NO, veto])
    assert scored(a_rule, {"p0_value": True, "p1_option": 0}).zeroes == ""
    result = scored(a_rule, {"p0_value": True, "p1_option": 1})
    assert (result.points, result.zeroes, trace_expression(result.trace)) == (0, "leaf", "0")
    result = scored(a_rule, {"p0_value": True, "p1_option": 2})
    assert (result.points, result.zeroes, result.grade_effects) == (0, "parent", ("lowest",))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"kind": "sum_of"}, [("parts", "missing_key")]),
        ({"kind": "best_of", "parts": ["x"]}, [("parts[0]", "not_object")]),
        ({"kind": "sum_of", "parts": [{"kind": "x"}]}, [("parts[0].kind", "unknown_kind")]),
        ({"kind": "sum_of", "parts": [{**YES_NO, "yes": "2"}]}, [("parts[0].yes", "exceeds_maximum")]),
        ({"kind": "sum_of", "parts": [{**YES_NO, "max": "0.5"}]}, [("parts[0].yes", "exceeds_maximum")]),
        (
            {"kind": "sum_of", "parts": [{**YES_NO, "max": "2"}]},
            [
                ("parts[0].max", "exceeds_maximum"),
            ],
        ),
        ({"kind": "sum_of", "parts": [YES_NO, YES_NO]}, [("parts", "exceeds_maximum")]),
        ({"kind": "sum_of", "parts": [YES_NO], "cap": "2"}, [("cap", "exceeds_maximum")]),
        ({**YES_NO, "cases": [{}]}, [("cases[0].when", "missing_key"), ("cases[0].rule", "missing_key")]),
        (
            {**YES_NO, "cases": [{"when": {}, "rule": {"kind": "x"}}]},
            [("cases[0].when.fact", "missing_key"), ("cases[0].rule.kind", "unknown_kind")],
        ),
        (
            {**YES_NO, "cases": [{"when": {"answer": "1", "fact": "f", "is": None}, "rule": YES_NO, "x": 1}]},
            [
                ("cases[0].when.fact", "conflict"),
                ("cases[0].when.field", "missing_key"),
                ("cases[0].when.is", "not_text"),
                ("cases[0].x", "unknown_key"),
            ],
        ),
        (
            {
                **YES_NO,
                "cases": [{"when": {"answer": "1", "field": "n", "is": 1, "ge": "1"}, "rule": YES_NO}],
            },
            [("cases[0].when.ge", "conflict")],
        ),
        (
            {**YES_NO, "cases": [{"when": {"answer": "1", "field": "n"}, "rule": YES_NO}]},
            [("cases[0].when.is", "missing_key")],
        ),
        (
            {**YES_NO, "moves_to": ["1.1", "1.1", 3]},
            [("moves_to[1]", "duplicate"), ("moves_to[2]", "not_text")],
        ),
        ({**YES_NO, "moves_to": ["1.1"], "not_arising": "full"}, [("moves_to", "conflict")]),
    ],
)
def test_broken_compositions(data: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert rule_faults("1", data) == expected


def test_nesting_is_bounded() -> None:
    data: dict[str, Any] = YES_NO
    for _ in range(20):
        data = {"kind": "sum_of", "parts": [data]}
    found = rule_faults("1", data)
    assert [code for _, code in found] == ["too_deep"]


NO_PLAN = "nhóm đơn vị không xây dựng Kế hoạch"
CASED = rule(
    "2",
    "tiers",
    variable="tỷ lệ",
    bands=[{"points": "2", "ge": "90"}, {"points": "0", "lt": "90"}],
    not_arising="full",
    cases=[
        {"when": {"fact": NO_PLAN}, "rule": {**YES_NO, "yes": "2"}},
        {
            "when": {"fact": "đơn vị mới", "is": False},
            "rule": {"kind": "count", "unit": "việc", "each": "0.5"},
        },
    ],
)


def test_a_case_by_a_fact_known_from_outside() -> None:
    facts = {"facts": {NO_PLAN: True}}
    assert [one.name for one in CASED.fields(facts)] == ["c0_value", "not_arising"]
    result = scored(CASED, {"c0_value": True}, facts)
    assert (result.points, result.trace["steps"][0]) == (2, {"op": "case", "text": NO_PLAN})
    facts = {"facts": {NO_PLAN: False, "đơn vị mới": False}}
    assert [one.name for one in CASED.fields(facts)] == ["c1_n", "not_arising"]
    assert points(CASED, {"c1_n": 3}, facts) == D("1.5")
    facts = {"facts": {NO_PLAN: False, "đơn vị mới": True}}
    assert [(one.name, one.required) for one in CASED.fields(facts)] == [
        ("value", True),
        ("not_arising", False),
    ]
    assert points(CASED, {"value": "95"}, facts) == 2
    assert not is_answered(CASED, {"value": "95"})
    assert is_answered(CASED, {"value": "95"}, facts=facts)


def test_a_case_by_a_fact_that_is_declared() -> None:
    names = [(one.name, one.required) for one in CASED.fields()]
    assert names == [
        ("fact_0", False),
        ("fact_1", False),
        ("value", False),
        ("c0_value", False),
        ("c1_n", False),
        ("not_arising", False),
    ]
    assert points(CASED, {"fact_0": "yes", "c0_value": "yes"}) == 2
    assert points(CASED, {"fact_0": "no", "fact_1": "no", "c1_n": 1}) == D("0.5")
    assert clean_inputs(CASED, {"fact_0": 0, "fact_1": 1, "value": "95"}) == {
        "fact_0": False,
        "fact_1": True,
        "value": "95",
    }
    assert faults(clean_inputs, CASED, {}) == [("fact_0", "missing")]
    assert faults(clean_inputs, CASED, {"fact_0": 1}) == [("c0_value", "missing")]
    assert points(CASED, {"not_arising": True}) == 2
    # known in part: the first case is out, the second is asked for
    half = CASED.fields({"facts": {NO_PLAN: False}})
    assert [one.name for one in half] == ["fact_1", "value", "c1_n", "not_arising"]
    later = CASED.fields({"facts": {"đơn vị mới": False}})
    assert [one.name for one in later] == ["fact_0", "value", "c0_value", "c1_n", "not_arising"]


def answered(**when: Any) -> Any:
    return rule(
        "1", "boolean", yes="0.5", no="0", cases=[{"when": {"answer": "1.1", **when}, "rule": YES_NO}]
    )


@pytest.mark.parametrize(
    ("when", "inputs", "holds"),
    [
        ({"field": "value", "is": True}, {"value": True}, True),
        ({"field": "value", "is": True}, {"value": False}, False),
        ({"field": "value", "is": True}, {"value": "5"}, False),
        ({"field": "value", "is": True}, {}, False),
        ({"field": "option", "is": 1}, {"option": 1}, True),
        ({"field": "option", "is": "1"}, {"option": True}, False),
        ({"field": "items", "is": 2}, {"items": [0, 2]}, True),
        ({"field": "items", "is": 2}, {"items": []}, False),
        ({"field": "value", "is": "cao"}, {"value": "cao"}, True),
        ({"field": "value", "ge": "80"}, {"value": "80"}, True),
        ({"field": "value", "gt": "80", "le": "90"}, {"value": "80"}, False),
        ({"field": "value", "ge": "80"}, {"value": "x"}, False),
        ({"field": "value", "ge": "0"}, {"value": True}, False),
    ],
)
def test_a_case_by_another_answer(when: dict[str, Any], inputs: dict[str, Any], holds: bool) -> None:
    a_rule = answered(**when)
    facts = {"answers": {"1.1": inputs}}
    field = "c0_value" if holds else "value"
    assert points(a_rule, {field: True}, facts) == (1 if holds else D("0.5"))
    assert parse_rule(a_rule.data, max_points=D(1)) == a_rule
    assert a_rule.depends_on() == ("1.1",)


def test_a_case_waits_for_the_other_answer() -> None:
    a_rule = answered(field="value", ge="80")
    assert faults(clean_inputs, a_rule, {"value": True}) == [("answer", "depends_on_answer")]
    assert [(one.name, one.group) for one in a_rule.fields()] == [
        ("value", ""),
        ("c0_value", "1.1 (value) ∈ [80; +∞)"),
    ]
    assert rule("1", **YES_NO, moves_to=["2.1", "2.2"]).depends_on() == ("2.1", "2.2")
    part = {**YES_NO, "cases": [{"when": {"answer": "3.1", "field": "value", "is": True}, "rule": YES_NO}]}
    assert rule("2", "sum_of", parts=[YES_NO, part]).depends_on() == ("3.1",)
    told = answered(field="value", **{"is": True}).fields()[1].group
    assert told == "1.1 (value) = ✓"
    assert answered(field="option", **{"is": 1}).fields()[1].group == "1.1 (option) = 1"


shares = st.tuples(st.integers(0, 50), st.integers(1, 50)).map(sorted)


@given(st.lists(shares, min_size=1, max_size=6))
def test_a_composed_rule_equals_its_parts(pairs: list[list[int]]) -> None:
    part = {"kind": "proportion", "numerator": "b", "denominator": "a", "factor": "2"}
    whole = parse_rule({"kind": "sum_of", "parts": [part] * len(pairs)}, max_points=Decimal(2 * len(pairs)))
    best = parse_rule({"kind": "best_of", "parts": [part] * len(pairs)}, max_points=D(2))
    inputs: dict[str, object] = {}
    single: list[Decimal] = []
    for n, (b, a) in enumerate(pairs):
        inputs |= {f"p{n}_numerator": b, f"p{n}_denominator": a}
        single.append(
            score(parse_rule(part, max_points=D(2)), D(2), {"numerator": b, "denominator": a}).points
        )
    total = score(whole, whole.max_points, inputs)
    # the leaf is rounded once, its parts never
    assert abs(total.points - sum(single)) <= len(pairs) * Decimal("0.0000005")
    assert score(best, D(2), inputs).points == max(single)
    one = parse_rule({"kind": "sum_of", "parts": [part]}, max_points=D(2))
    assert score(one, D(2), {k: v for k, v in inputs.items() if k.startswith("p0_")}).points == single[0]
