"""Formulas: parsed to a checked, bounded tree; never evaluated as Python."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.engine import Rule, clean_inputs, is_answered, trace_expression, trace_sentence
from scoring.engine.formula import FormulaError, FormulaValueError, evaluate, parse
from scoring.engine.formula.syntax import MAX_DEPTH, MAX_NODES

from .helpers import D, faults, points, rule, rule_faults, scored

NAMES = {"x": D(6), "y": D(4), "tổng": D(10)}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) × 3", "9"),
        ("10 − 4 − 3", "3"),
        ("12 ÷ 3 : 2", "2"),
        ("2 · -3", "-6"),
        ("-x + +y", "-2"),
        ("x / tổng * 5", "3"),
        ("min(x, y)", "4"),
        ("max(x; y; 7.25)", "7.25"),
        ("min(3)", "3"),
        ("if(x > y, 1, 2)", "1"),
        ("if(x <= y; 1; 2)", "2"),
        ("if(x ≠ 6, 1, if(y >= 4, 3, 5))", "3"),
        ("if(x == 6, 1, 0) + if(y = 6, 1, 0) + if(x < y, 1, 0) + if(x != y, 1, 0)", "2"),
        ("if((x ≥ y), x / y, 1 / 0)", "1.5"),
        (" 0.1 + 0.2 ", "0.3"),
    ],
)
def test_arithmetic(text: str, value: str) -> None:
    assert evaluate(parse(text, NAMES), NAMES) == D(value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "formula_end"),
        ("1 +", "formula_end"),
        ("(1", "formula_end"),
        ("1 2", "formula_unexpected"),
        ("* 2", "formula_unexpected"),
        ("1)", "formula_unexpected"),
        ("min 1", "formula_unexpected"),
        ("min(1, 2", "formula_end"),
        ("x y", "formula_unexpected"),
        ("z + 1", "formula_unknown_name"),
        ("__import__(1)", "formula_unknown_name"),
        ("x.real", "formula_sign"),
        ("x ** 2", "formula_unexpected"),
        ("x @ 2", "formula_sign"),
        ("'a'", "formula_sign"),
        ("1  $", "formula_sign"),
        ("x > y", "formula_not_number"),
        ("(x > y) + 1", "formula_not_number"),
        ("1 + (x > y)", "formula_not_number"),
        ("x > y > 1", "formula_not_number"),
        ("if(x, 1, 2)", "formula_not_condition"),
        ("if(x + 1, 1, 2)", "formula_not_condition"),
        ("if(x > 1, 1)", "formula_arguments"),
        ("if(x > 1, y > 1, 2)", "formula_not_number"),
        ("min()", "formula_unexpected"),
        ("min(" + ", ".join("1" * 21) + ")", "formula_arguments"),
        ("1" * 16, "number_too_long"),
        ("0.12345678901", "number_too_long"),
        ("(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1), "formula_too_deep"),
        ("-" * (MAX_DEPTH + 1) + "1", "formula_too_deep"),
        ("+".join("1" * (MAX_NODES // 2 + 1)), "formula_too_big"),
        ("1 + " * 200, "text_too_long"),
    ],
)
def test_what_is_no_formula(text: str, code: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text, NAMES)
    assert caught.value.code == code


@given(st.text(alphabet="xy0123456789.+-*/()<>=,; minfa", max_size=60))
def test_any_text_is_a_formula_or_a_clear_error(text: str) -> None:
    try:
        node = parse(text, NAMES)
    except FormulaError:
        return
    try:
        assert isinstance(evaluate(node, NAMES), Decimal)
    except FormulaValueError as error:
        assert error.code in ("division_by_zero", "result_too_large")


def test_results_are_bounded() -> None:
    with pytest.raises(FormulaValueError, match="result_too_large"):
        evaluate(parse("x*x*x*x", {"x": 0}), {"x": D(10**14)})


# One unit of a country-wide set: the rate over two years, or over one (S76: the scorer chooses one)
TWO = rule(
    "5",
    "formula",
    variables=[
        {"name": "x", "label": "Năm nay", "unit": "%"},
        {"name": "y", "label": "Năm trước", "unit": "%"},
        {"name": "n", "label": "Số việc", "whole": True, "max": "1000"},
    ],
    expressions=[
        {"label": "Hai năm", "text": "(x + y) / 2 * 5 / 100 + min(n, 0.5)"},
        {"label": "Một năm", "text": "x × 5 / 100"},
    ],
)
ONE = rule(
    "2",
    "formula",
    variables=[{"name": "a", "label": "A"}, {"name": "b", "label": "B"}],
    expressions=[{"text": "a / b - 1"}],
)


def test_a_fault_of_a_picked_expression_stands_at_the_choice() -> None:
    two = rule(
        "1",
        "formula",
        variables=[{"name": "a", "label": "A"}],
        expressions=[{"label": "1", "text": "1 / a"}, {"label": "2", "text": "a"}],
    )
    assert faults(clean_inputs, two, {"expression": 0, "v_a": 0}) == [("expression", "division_by_zero")]


def test_one_expression_is_picked() -> None:
    assert [(one.name, one.type, one.required) for one in TWO.fields()] == [
        ("expression", "choice", True),
        ("v_x", "percent", True),
        ("v_y", "percent", False),
        ("v_n", "integer", False),
    ]
    result = scored(TWO, {"expression": "0", "v_x": "80,5", "v_y": 60, "v_n": 3})
    assert result.points == D("4.0125")
    assert trace_expression(result.trace) == "(80.5 + 60) / 2 * 5 / 100 + min(3; 0.5) = 4.0125"
    ops = [params for _, params in trace_sentence(result.trace, decimal_mark=",")]
    assert ops[0] == {"label": "Năm nay", "unit": "%", "value": D("80.5")}
    assert ops[-1]["text"] == "(x + y) / 2 * 5 / 100 + min(n; 0,5)"
    one = scored(TWO, {"expression": 1, "v_x": "50"})
    assert (one.points, one.trace["inputs"]) == (D("2.5"), {"expression": 1, "v_x": "50"})


def test_a_result_is_held_within_the_maximum_and_that_is_noted() -> None:
    over = scored(ONE, {"v_a": 9, "v_b": 2})
    assert (over.points, over.trace["clamp"]) == (2, {"from": "3.5", "to": "2", "bound": "maximum"})
    under = scored(ONE, {"v_a": 1, "v_b": 2})
    assert (under.points, under.trace["clamp"]) == (0, {"from": "-0.5", "to": "0", "bound": "zero"})
    in_part = rule("3", "sum_of", parts=[{**ONE.data, "max": "2"}])
    assert points(in_part, {"p0_v_a": 9, "p0_v_b": 2}) == 2


def test_a_single_expression_is_not_asked_for() -> None:
    assert [(one.name, one.type) for one in ONE.fields()] == [("v_a", "decimal"), ("v_b", "decimal")]


def test_division_by_zero_is_a_clear_error_or_a_stated_result() -> None:
    assert faults(clean_inputs, ONE, {"v_a": 1, "v_b": 0}) == [("v_a", "division_by_zero")]
    assert not is_answered(ONE, {"v_a": 1, "v_b": 0})
    stated = rule("2", **{**ONE.data, "division_by_zero": "full"})
    assert points(stated, {"v_a": 1, "v_b": 0}) == 2
    big = rule(
        "2",
        "formula",
        variables=[{"name": "a", "label": "A"}],
        expressions=[{"text": "a*a*a"}],
        division_by_zero="full",
    )
    assert faults(clean_inputs, big, {"v_a": "999999999999"}) == [("v_a", "result_too_large")]


@pytest.mark.parametrize(
    ("a_rule", "inputs", "expected"),
    [
        (TWO, {}, [("expression", "missing")]),
        (TWO, {"expression": 0}, [("v_x", "missing"), ("v_y", "missing"), ("v_n", "missing")]),
        (
            TWO,
            {"expression": 0, "v_x": 101, "v_y": "a", "v_n": "1,5"},
            [("v_x", "not_percent"), ("v_y", "invalid_number"), ("v_n", "not_whole")],
        ),
        (TWO, {"expression": 0, "v_x": 1, "v_y": 1, "v_n": 1001}, [("v_n", "above_maximum")]),
    ],
)
def test_wrong_inputs(a_rule: Rule, inputs: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults(clean_inputs, a_rule, inputs) == expected


def formula(text: str, *names: str, **more: Any) -> dict[str, Any]:
    variables = [{"name": name, "label": name} for name in names]
    return {"kind": "formula", "variables": variables, "expressions": [{"text": text}], **more}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (formula("x +", "x"), [("expressions[0].text", "formula_end")]),
        (formula("x", "x", "y"), [("variables[1].name", "variable_unused")]),
        (
            formula("min", "min"),
            [("variables[0].name", "variable_name"), ("expressions[0].text", "formula_end")],
        ),
        (formula("x", "x", "2x"), [("variables[1].name", "variable_name")]),
        (formula("x", "x", "x"), [("variables[1].name", "duplicate")]),
        (formula("x", "x", division_by_zero="?"), [("division_by_zero", "not_one_of")]),
        (
            {"kind": "formula", "variables": [{"name": "x", "label": "x", "max": "0"}], "expressions": "x"},
            [("variables[0].max", "number_not_positive"), ("expressions", "not_list")],
        ),
        (
            {
                **formula("x", "x"),
                "expressions": [{"text": "x"}, {"label": "a", "text": ""}, {"label": "A", "text": "x"}],
            },
            [
                ("expressions[0].label", "missing_key"),
                ("expressions[1].text", "text_empty"),
                ("expressions[2].label", "duplicate"),
            ],
        ),
    ],
)
def test_broken_formulas(data: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert rule_faults("1", data) == expected
