"""Inputs: forgiving of form, strict of meaning; a wrong one never becomes a silent 0."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from scoring.engine import Rule, clean_inputs, is_answered, typed_points
from scoring.engine.inputs import Cleaner

from .helpers import CA_MAU, D, faults, rule, scored

BOOLEAN = rule("1", "boolean", yes="1", no="0")
CHOICE = rule("3", "choice", options=[["a", "3"], ["b", {"from": "1", "to": "2", "step": "0.25"}]])
RANGE = rule("3", "choice", options=[["b", {"from": "1", "to": "2"}]])
LIST = rule("1", "checklist", mode="all", items=["a", "b", "c"])
TIERS = rule("2", **CA_MAU)
SHARE = rule("2", "proportion", numerator="b", denominator="a", factor="2")
SHARE_ZERO = rule("2", "proportion", numerator="b", denominator="a", factor="2", denominator_zero="full")
MONEY = rule("2", "proportion", numerator="b", denominator="a", factor="2", whole=False, allow_over=True)
COUNT = rule("1", "count", unit="u", each="0.5", cap="1")
MINUS = rule("1", "deduction", start="1", items=[{"unit": "u", "each": "0.5"}, {"unit": "v", "each": "1"}])
SURVEY = rule("5", "survey", factor="5", option_weights_pct={"A": "100", "B": "0"})
MANUAL = rule("2", "manual", step="0.25")

GOOD: list[tuple[Rule, dict[str, Any], dict[str, Any]]] = [
    (BOOLEAN, {"value": "on"}, {"value": True}),
    (BOOLEAN, {"value": " False "}, {"value": False}),
    (BOOLEAN, {"value": 0, "csrf": "x"}, {"value": False}),
    (CHOICE, {"option": "0", "points": ""}, {"option": 0}),
    (CHOICE, {"option": 1, "points": "1,25"}, {"option": 1, "points": "1.25"}),
    (RANGE, {"option": 0, "points": "1.33"}, {"option": 0, "points": "1.33"}),
    (LIST, {"items": ["2", 0]}, {"items": [0, 2]}),
    (LIST, {"items": "1"}, {"items": [1]}),
    (LIST, {"items": []}, {"items": []}),
    (TIERS, {"value": " 85,50\u00a0"}, {"value": "85.5"}),
    (TIERS, {"value": "85.125"}, {"value": "85.125"}),
    (TIERS, {"value": "90 %"}, {"value": "90"}),
    (TIERS, {"value": Decimal("1E+1")}, {"value": "10"}),
    (SHARE, {"numerator": 88, "denominator": "0111"}, {"numerator": "88", "denominator": "111"}),
    (SHARE_ZERO, {"numerator": "0", "denominator": "0"}, {"numerator": "0", "denominator": "0"}),
    (MONEY, {"numerator": "120,5", "denominator": "100"}, {"numerator": "120.5", "denominator": "100"}),
    (COUNT, {"n": "3,0"}, {"n": 3}),
    (MINUS, {"n0": "0", "n1": 2}, {"n0": 0, "n1": 2}),
    (SURVEY, {"pct": "78,2"}, {"pct": "78.2"}),
    (SURVEY, {"counts": {"A": "10", "B": 0}}, {"counts": {"A": 10, "B": 0}}),
    (SURVEY, {"counts.A": "1", "counts.B": "0"}, {"counts": {"A": 1, "B": 0}}),
    (MANUAL, {"points": "1,75"}, {"points": "1.75"}),
]


@pytest.mark.parametrize(("a_rule", "raw", "clean"), GOOD)
def test_good_inputs_get_their_canonical_form_and_keep_it(
    a_rule: Rule, raw: dict[str, Any], clean: dict[str, Any]
) -> None:
    assert clean_inputs(a_rule, raw) == clean
    assert clean_inputs(a_rule, clean) == clean
    assert is_answered(a_rule, clean)
    assert scored(a_rule, raw).trace["inputs"] == clean


BAD: list[tuple[Rule, dict[str, Any], list[tuple[str, str]]]] = [
    (BOOLEAN, {}, [("value", "missing")]),
    (BOOLEAN, {"value": ""}, [("value", "missing")]),
    (BOOLEAN, {"value": "perhaps"}, [("value", "invalid_boolean")]),
    (CHOICE, {}, [("option", "missing")]),
    (CHOICE, {"option": "2"}, [("option", "invalid_option")]),
    (CHOICE, {"option": "-1"}, [("option", "invalid_option")]),
    (CHOICE, {"option": True}, [("option", "invalid_option")]),
    (CHOICE, {"option": 1.0}, [("option", "invalid_option")]),
    (CHOICE, {"option": 1}, [("points", "missing")]),
    (CHOICE, {"option": 1, "points": "0.5"}, [("points", "below_minimum")]),
    (CHOICE, {"option": 1, "points": "2.5"}, [("points", "above_maximum")]),
    (CHOICE, {"option": 1, "points": "1.3"}, [("points", "not_step")]),
    (LIST, {}, [("items", "missing")]),
    (LIST, {"items": ""}, [("items", "missing")]),
    (LIST, {"items": [0, 0]}, [("items", "invalid_items")]),
    (LIST, {"items": [3]}, [("items", "invalid_items")]),
    (LIST, {"items": [0, 1, 2, 0]}, [("items", "invalid_items")]),
    (LIST, {"items": {"0": True}}, [("items", "invalid_items")]),
    (TIERS, {"value": None}, [("value", "missing")]),
    (TIERS, {"value": "\u00a0"}, [("value", "missing")]),
    (TIERS, {"value": 85.5}, [("value", "invalid_number")]),
    (TIERS, {"value": True}, [("value", "invalid_number")]),
    (TIERS, {"value": "abc"}, [("value", "invalid_number")]),
    (TIERS, {"value": "1e2"}, [("value", "invalid_number")]),
    (TIERS, {"value": "=1+1"}, [("value", "invalid_number")]),
    (TIERS, {"value": Decimal("NaN")}, [("value", "invalid_number")]),
    (TIERS, {"value": "1.234,5"}, [("value", "ambiguous_number")]),
    (TIERS, {"value": "1,234.5"}, [("value", "ambiguous_number")]),
    (TIERS, {"value": "1 234"}, [("value", "ambiguous_number")]),
    (TIERS, {"value": "1.2.3"}, [("value", "ambiguous_number")]),
    (TIERS, {"value": "100,01"}, [("value", "not_percent")]),
    (TIERS, {"value": "-1"}, [("value", "negative")]),
    (TIERS, {"value": "−1"}, [("value", "negative")]),
    (TIERS, {"value": "9" * 61}, [("value", "invalid_digits")]),
    (TIERS, {"value": "9" * 16}, [("value", "invalid_digits")]),
    (TIERS, {"value": 10**5000}, [("value", "invalid_digits")]),
    (TIERS, {"value": Decimal("1E+20")}, [("value", "invalid_digits")]),
    (TIERS, {"value": "1.12345678901"}, [("value", "invalid_digits")]),
    (SHARE, {}, [("numerator", "missing"), ("denominator", "missing")]),
    (SHARE, {"numerator": "5", "denominator": "4"}, [("numerator", "numerator_above_denominator")]),
    (SHARE, {"numerator": "0", "denominator": "0"}, [("denominator", "denominator_zero")]),
    (
        SHARE,
        {"numerator": "1.5", "denominator": "-4"},
        [("numerator", "not_whole"), ("denominator", "negative")],
    ),
    (SHARE, {"numerator": "1.234", "denominator": "2000"}, [("numerator", "not_whole")]),
    (SHARE_ZERO, {"numerator": "1", "denominator": "0"}, [("numerator", "numerator_above_denominator")]),
    (COUNT, {"n": "1,5"}, [("n", "not_whole")]),
    (COUNT, {"n": "-1"}, [("n", "negative")]),
    (MINUS, {"n0": "x"}, [("n0", "invalid_number"), ("n1", "missing")]),
    (SURVEY, {}, [("pct", "missing")]),
    (SURVEY, {"pct": "101"}, [("pct", "not_percent")]),
    (SURVEY, {"counts": {"A": 0, "B": 0}}, [("counts", "no_counts")]),
    (SURVEY, {"counts": {"A": 3}}, [("counts.B", "missing")]),
    (
        SURVEY,
        {"counts": {"A": "x", "B": 1, "Z": 1}},
        [("counts.Z", "unknown_answer_option"), ("counts.A", "invalid_number")],
    ),
    (SURVEY, {"counts": {"A": 1, "B": 1}, "pct": "50"}, [("pct", "conflict")]),
    (MANUAL, {"points": "2,25"}, [("points", "above_maximum")]),
    (MANUAL, {"points": "0,3"}, [("points", "not_step")]),
]


@pytest.mark.parametrize(("a_rule", "raw", "expected"), BAD)
def test_wrong_inputs_are_refused_at_their_fields(
    a_rule: Rule, raw: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert faults(clean_inputs, a_rule, raw) == expected
    assert faults(scored, a_rule, raw) == expected
    assert not is_answered(a_rule, raw)


def test_no_inputs_at_all_are_not_an_answer() -> None:
    assert not is_answered(BOOLEAN, None)
    assert not is_answered(BOOLEAN, {})


def test_below_the_minimum_of_a_range_of_values() -> None:
    narrow = rule("1", "tiers", variable="v", min="50", max="120", bands=[{"points": "1"}])
    assert faults(clean_inputs, narrow, {"value": "49"}) == [("value", "below_minimum")]
    assert faults(clean_inputs, narrow, {"value": "121"}) == [("value", "above_maximum")]
    signed = rule("1", "tiers", variable="v", min="-10", bands=[{"points": "1"}])
    assert clean_inputs(signed, {"value": "-9,5"}) == {"value": "-9.5"}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("2025-12-31", "2025-12-31"),
        ("31/12/2025", "2025-12-31"),
        (date(2025, 1, 2), "2025-01-02"),
        ("2025-12-31T10:00", "2025-12-31"),
        ("31-12-2025", None),
        ("2025-02-30", None),
        ("0001-01-01", None),
    ],
)
def test_dates(typed: object, kept: str | None) -> None:
    cleaner = Cleaner({"day": typed})
    day = cleaner.day("day")
    assert (day.isoformat() if day else None) == kept
    assert cleaner.out.get("day") == kept
    assert [one.code for one in cleaner.problems] == ([] if kept else ["invalid_date"])


def test_a_missing_date_is_missing() -> None:
    cleaner = Cleaner({}, prefix="p0_")
    assert cleaner.day("day") is None
    assert [(one.path, one.code) for one in cleaner.problems] == [("p0_day", "missing")]


def test_optional_fields_may_be_left_out() -> None:
    cleaner = Cleaner({})
    assert cleaner.boolean("a", required=False) is None
    assert cleaner.items("b", 3, required=False) is None
    assert cleaner.integer("c", required=False) is None
    assert not cleaner.problems


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (None, [("points", "missing")]),
        ("", [("points", "missing")]),
        ("  ", [("points", "missing")]),
        ("x", [("points", "invalid_number")]),
        ("-0,5", [("points", "negative")]),
        ("2,1", [("points", "above_maximum")]),
        ("0,3", [("points", "not_step")]),
    ],
)
def test_points_typed_by_an_assessor_are_checked(typed: object, expected: list[tuple[str, str]]) -> None:
    assert faults(typed_points, D(2), typed, D("0.25")) == expected


def test_points_typed_by_an_assessor() -> None:
    given = typed_points(D(2), "1,75", D("0.25"))
    assert (given.points, given.applicable_max) == (D("1.75"), 2)
    assert typed_points(D(2), D("1.3333333")).points == D("1.333333")
    assert typed_points(D(2), 0).points == 0
