"""Rules that the whole block decides."""

from typing import Any

import pytest

from scoring.engine import best_of_block, block_values, score, trace_expression

from .helpers import YES_NO, D, faults, points, rule, rule_faults, scored

# Tỷ lệ chuẩn hóa = ratio of the unit / highest ratio of all units (S75)
RATIO = rule(
    "10", "ratio_to_best", numerator="b", denominator="a", factor="10", denominator_zero="not_applicable"
)
VALUE = rule("4", "ratio_to_best", value="số dịch vụ", unit="dịch vụ", factor="4")
LEADER = rule("10", "target_and_leader", value="tỷ lệ", target="80", factor="10")


def test_settled_over_a_block() -> None:
    block = {"a": "20", "b": "50", "c": "0"}
    facts = {"best": best_of_block(block_values(VALUE, {"value": value}) for value in block.values())}
    assert facts == {"best": {"value": 50}}
    earned = {key: points(VALUE, {"value": value}, facts) for key, value in block.items()}
    assert earned == {"a": D("1.6"), "b": 4, "c": 0}
    result = scored(VALUE, {"value": "20"}, facts)
    assert not result.provisional
    assert trace_expression(result.trace) == "20 / 50 × 4 = 1.6"


def test_provisional_until_the_block_is_known() -> None:
    result = scored(VALUE, {"value": "20"})
    assert (result.points, result.provisional) == (4, True)
    assert scored(VALUE, {"value": "0"}).points == 0
    # nobody has anything
    nothing = scored(VALUE, {"value": "0"}, {"best": {"value": D(0)}})
    assert (nothing.points, nothing.provisional) == (0, False)


def test_the_best_is_never_below_the_own_value() -> None:
    assert points(VALUE, {"value": "20"}, {"best": {"value": "5"}}) == 4


def test_a_ratio_is_compared_with_the_best_ratio() -> None:
    assert block_values(RATIO, {"numerator": 3, "denominator": 4}) == {"value": 75}
    assert block_values(RATIO, {"numerator": 0, "denominator": 0}) == {}
    assert points(RATIO, {"numerator": 3, "denominator": 4}, {"best": {"value": "90"}}) == D("8.333333")
    empty = scored(RATIO, {"numerator": 0, "denominator": 0})
    assert (empty.points, empty.applicable_max, empty.not_arising) == (0, 0, "reduce")
    assert [one.name for one in RATIO.fields()] == ["numerator", "denominator"]
    assert [(one.name, one.type, one.unit) for one in VALUE.fields()] == [("value", "decimal", "dịch vụ")]


@pytest.mark.parametrize(
    ("value", "earned", "expression"),
    [
        ("79", "0", "79 < 80 → 0"),
        ("80", "5", "5 + 0 / 20 × 5 = 5"),
        ("90", "7.5", "5 + 10 / 20 × 5 = 7.5"),
        ("100", "10", "5 + 20 / 20 × 5 = 10"),
    ],
)
def test_half_at_the_target_the_rest_by_excess(value: str, earned: str, expression: str) -> None:
    result = scored(LEADER, {"value": value}, {"best": {"value": "100"}})
    assert result.points == D(earned)
    assert trace_expression(result.trace) == expression


def test_nobody_over_the_target() -> None:
    assert points(LEADER, {"value": "80"}, {"best": {"value": "80"}}) == 5
    own = scored(LEADER, {"value": "90"})
    assert (own.points, own.provisional) == (10, True)


def test_other_ways_below_the_target() -> None:
    soft = rule(
        "10",
        "target_and_leader",
        value="v",
        target="80",
        factor="10",
        below_target="proportional",
        target_share_pct="60",
    )
    result = scored(soft, {"value": "40"}, {"best": {"value": "100"}})
    assert (result.points, trace_expression(result.trace)) == (3, "40 / 80 × 6 = 3")
    by_ratio = rule(
        "10",
        "target_and_leader",
        numerator="b",
        denominator="a",
        target="80",
        factor="10",
        denominator_zero="full",
    )
    assert points(by_ratio, {"numerator": 0, "denominator": 0}) == 10


def test_parts_and_cases_keep_their_own_best() -> None:
    part: dict[str, Any] = {"kind": "ratio_to_best", "value": "v", "factor": "2"}
    whole = rule(
        "4",
        "sum_of",
        parts=[part, {**part, "cases": [{"when": {"fact": "f"}, "rule": {**part, "not_arising": "zero"}}]}],
    )
    inputs = {"p0_value": 1, "p1_fact_0": True, "p1_c0_value": 3}
    assert block_values(whole, inputs) == {"p0_value": 1, "p1_c0_value": 3}
    best = {"best": {"p0_value": "2", "p1_c0_value": "3"}}
    assert score(whole, D(4), inputs, facts=best).points == 3
    assert scored(whole, inputs).provisional
    assert block_values(whole, {**inputs, "p1_c0_not_arising": True}) == {"p0_value": 1}
    either = rule("2", "best_of", parts=[part, YES_NO])
    assert block_values(either, {"p1_value": True}) == {}
    assert faults(block_values, either, {}) == [("p0_value", "missing"), ("p1_value", "missing")]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"kind": "ratio_to_best", "factor": "1"}, [("value", "missing_key")]),
        ({"kind": "ratio_to_best", "value": "v", "factor": "2"}, [("factor", "exceeds_maximum")]),
        (
            {"kind": "ratio_to_best", "value": "v", "numerator": "b", "denominator": "a", "factor": "1"},
            [("numerator", "conflict")],
        ),
        (
            {
                "kind": "target_and_leader",
                "value": "v",
                "factor": "1",
                "target": "0",
                "target_share_pct": "101",
                "below_target": "x",
            },
            [
                ("target", "number_not_positive"),
                ("target_share_pct", "number_above"),
                ("below_target", "not_one_of"),
            ],
        ),
    ],
)
def test_broken_rules(data: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert rule_faults("1", data) == expected
