"""Bands over other values: counts, days, failing parts, places of another index."""

from typing import Any

import pytest

from scoring.engine import Rule, clean_inputs, trace_expression

from .helpers import D, faults, points, rule, rule_faults, scored

GROUPS = ["nhóm thông tin chung", "nhóm văn bản", "nhóm thủ tục"]
# "thiếu 01 nhóm: 2,5đ; thiếu 02 nhóm: 1,0đ"
PARTS = rule(
    "3",
    "tiers",
    measure="parts",
    parts=GROUPS,
    bands=[
        {"points": "3", "lt": "1"},
        {"points": "2.5", "ge": "1", "le": "1"},
        {"points": "1", "ge": "2", "le": "2"},
        {"points": "0", "ge": "3"},
    ],
)
# early or on the day: 1; up to 5 days late: 0.5; later: 0
DAYS = rule(
    "1",
    "tiers",
    measure="days",
    **{"from": "hạn nộp", "to": "ngày nộp"},
    bands=[{"points": "1", "le": "0"}, {"points": "0.5", "ge": "1", "le": "5"}, {"points": "0", "gt": "5"}],
)
COUNT = rule(
    "1",
    "tiers",
    measure="count",
    variable="số vi phạm",
    unit="vụ",
    bands=[{"points": "1", "le": "0"}, {"points": "0", "ge": "1"}],
)
NUMBER = rule(
    "1",
    "tiers",
    measure="number",
    variable="thời gian trung bình",
    unit="ngày",
    bands=[{"points": "1", "lt": "2.5"}, {"points": "0", "ge": "2.5"}],
)
# "thuộc nhóm 10 dẫn đầu: 2,0đ; tăng từ 03 bậc: 1,0đ"
PLACE = rule(
    "2",
    "external_index",
    index="PAPI",
    by="rank",
    bands=[{"points": "2", "le": "10"}, {"points": "0", "ge": "11"}],
)
RISE = rule(
    "2",
    "external_index",
    index="PAPI",
    by="rank_change",
    bands=[{"points": "1", "ge": "3"}, {"points": "0", "lt": "3"}],
)
# "dưới 80 % nhưng đã đôn đốc bằng văn bản: 2,0đ"
LIFTED = rule(
    "4",
    "tiers",
    variable="tỷ lệ",
    bands=[{"points": "4", "ge": "80"}, {"points": "0", "lt": "80"}],
    exceptions=[
        {"fact": "đã đôn đốc bằng văn bản", "points": "2"},
        {"fact": "gần đạt", "points": "3", "ge": "75"},
    ],
)


@pytest.mark.parametrize(
    ("a_rule", "inputs", "expected", "expression"),
    [
        (PARTS, {"items": []}, "3", "0 ∈ [0; 1) → 3"),
        (PARTS, {"items": ["1"]}, "2.5", "1 ∈ [1; 1] → 2.5"),
        (PARTS, {"items": [0, 2]}, "1", "2 ∈ [2; 2] → 1"),
        (PARTS, {"items": [0, 1, 2]}, "0", "3 ∈ [3; 3] → 0"),
        (DAYS, {"from": "2025-12-15", "to": "10/12/2025"}, "1", "10/12/2025 − 15/12/2025 = -5 ∈ (−∞; 0] → 1"),
        (
            DAYS,
            {"from": "2025-12-15", "to": "2025-12-20"},
            "0.5",
            "20/12/2025 − 15/12/2025 = 5 ∈ [1; 5] → 0.5",
        ),
        (DAYS, {"from": "2025-12-31", "to": "2026-01-06"}, "0", "06/01/2026 − 31/12/2025 = 6 ∈ (5; +∞) → 0"),
        (COUNT, {"value": "0"}, "1", "0 ∈ [0; 0] → 1"),
        (COUNT, {"value": "12"}, "0", "12 ∈ [1; +∞) → 0"),
        (NUMBER, {"value": "2,49"}, "1", "2.49 ∈ [0; 2.5) → 1"),
        (PLACE, {"rank": 10}, "2", "10 ∈ [1; 10] → 2"),
        (PLACE, {"rank": "11"}, "0", "11 ∈ [11; +∞) → 0"),
        (RISE, {"rank": 12, "previous_rank": 15}, "1", "15 − 12 = 3 ∈ [3; +∞) → 1"),
        (RISE, {"rank": 12, "previous_rank": 4}, "0", "4 − 12 = -8 ∈ (−∞; 3) → 0"),
        (LIFTED, {"value": "79"}, "0", "79 ∈ [0; 80) → 0"),
        (LIFTED, {"value": "70", "exceptions": [0, 1]}, "2", "70 ∈ [0; 80) → 2"),
        (LIFTED, {"value": "79", "exceptions": ["0", "1"]}, "3", "79 ∈ [0; 80) → 3"),
        (LIFTED, {"value": "90", "exceptions": [0]}, "4", "90 ∈ [80; 100] → 4"),
    ],
)
def test_points_by_band(a_rule: Rule, inputs: dict[str, Any], expected: str, expression: str) -> None:
    result = scored(a_rule, inputs)
    assert result.points == D(expected)
    assert trace_expression(result.trace) == expression
    assert clean_inputs(a_rule, result.trace["inputs"]) == result.trace["inputs"]


@pytest.mark.parametrize(
    ("a_rule", "inputs", "expected"),
    [
        (DAYS, {"from": "x"}, [("from", "invalid_date"), ("to", "missing")]),
        (COUNT, {"value": "1,5"}, [("value", "not_whole")]),
        (NUMBER, {"value": "-1"}, [("value", "negative")]),
        (PLACE, {"rank": "0"}, [("rank", "below_minimum")]),
        (RISE, {"rank": "3"}, [("previous_rank", "missing")]),
        (LIFTED, {"exceptions": [9]}, [("exceptions", "invalid_items"), ("value", "missing")]),
    ],
)
def test_wrong_inputs(a_rule: Rule, inputs: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults(clean_inputs, a_rule, inputs) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"measure": "weight", "variable": "v", "bands": [{"points": "1"}]}, [("measure", "not_one_of")]),
        ({"measure": "days", "bands": [{"points": "1"}]}, [("from", "missing_key"), ("to", "missing_key")]),
        ({"measure": "parts", "parts": ["a", "A"], "bands": [{"points": "1"}]}, [("parts[1]", "duplicate")]),
        (
            {
                "measure": "count",
                "variable": "v",
                "bands": [{"points": "1", "le": "1"}, {"points": "0", "ge": "3"}],
            },
            [("bands", "band_gap")],
        ),
        (
            {"measure": "count", "numerator": "b", "denominator": "a", "bands": [{"points": "1"}]},
            [("numerator", "conflict")],
        ),
        (
            {
                "variable": "v",
                "bands": [{"points": "1"}],
                "exceptions": [{"fact": "f", "points": "2"}, {"fact": "F", "points": "x", "ge": "200"}],
            },
            [
                ("exceptions[0].points", "exceeds_maximum"),
                ("exceptions[1].points", "not_plain_number"),
                ("exceptions[1].fact", "duplicate"),
                ("exceptions[1].ge", "band_outside"),
            ],
        ),
    ],
)
def test_wrong_measures(data: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert rule_faults("1", {"kind": "tiers", **data}) == expected


def test_wrong_bands_of_places() -> None:
    data = {"kind": "external_index", "index": "X", "by": "rank", "bands": [{"points": "1", "ge": "0"}]}
    assert rule_faults("1", data) == [("bands[0].ge", "band_outside")]
    assert rule_faults("1", {**data, "by": "size"})[0] == ("by", "not_one_of")


def test_fields() -> None:
    def told(a_rule: Rule) -> list[tuple[str, str]]:
        return [(one.name, one.type) for one in a_rule.fields()]

    assert told(PARTS) == [("items", "items")]
    assert told(DAYS) == [("from", "date"), ("to", "date")]
    assert told(COUNT) == [("value", "integer")]
    assert told(NUMBER) == [("value", "decimal")]
    assert told(PLACE) == [("rank", "integer")]
    assert told(RISE) == [("rank", "integer"), ("previous_rank", "integer")]
    assert told(LIFTED) == [("value", "percent"), ("exceptions", "items")]
    assert not LIFTED.fields()[1].required


def test_a_value_beyond_the_range_counts_as_its_end() -> None:
    over = rule(
        "1",
        "tiers",
        numerator="b",
        denominator="a",
        allow_over=True,
        min="10",
        max="120",
        bands=[{"points": "0", "lt": "50"}, {"points": "1", "ge": "50"}],
    )
    assert points(over, {"numerator": 500, "denominator": 100}) == 1
    assert points(over, {"numerator": 1, "denominator": 100}) == 0
