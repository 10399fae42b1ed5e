"""Rules: what is refused, with the place and the reason of every fault."""

from decimal import Decimal
from typing import Any

import pytest

from scoring.engine import RuleErrors, parse_rule

from .helpers import CA_MAU, SHARE, YES_NO, D, rule, rule_faults


def band(points: Any, **ends: str) -> dict[str, Any]:
    return {"points": points, **ends}


def tiers(*bands: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "tiers", "variable": "v", "bands": list(bands), **more}


BAD: list[tuple[str, Any, list[tuple[str, str]]]] = [
    # the shape
    ("1", None, [("", "not_object")]),
    ("1", [], [("", "not_object")]),
    ("1", {}, [("kind", "missing_key")]),
    ("1", {"kind": "magic"}, [("kind", "unknown_kind")]),
    ("1", {"kind": ["boolean"]}, [("kind", "unknown_kind")]),
    ("1", {"kind": "boolean"}, [("yes", "missing_key"), ("no", "missing_key")]),
    ("1", {**YES_NO, "maybe": "0"}, [("maybe", "unknown_key")]),
    ("-1", YES_NO, [("", "number_negative")]),
    # numbers: texts, never floats
    ("1", {**YES_NO, "yes": 1.0}, [("yes", "not_plain_number")]),
    ("1", {**YES_NO, "yes": True}, [("yes", "not_plain_number")]),
    ("1", {**YES_NO, "yes": None}, [("yes", "not_plain_number")]),
    ("1", {**YES_NO, "yes": "0,5"}, [("yes", "not_plain_number")]),
    ("1", {**YES_NO, "yes": "1e0"}, [("yes", "not_plain_number")]),
    ("1", {**YES_NO, "yes": "NaN"}, [("yes", "not_plain_number")]),
    ("1", {**YES_NO, "yes": "٣"}, [("yes", "not_plain_number")]),
    ("1", {**YES_NO, "yes": "0" * 99}, [("yes", "number_too_long")]),
    ("1", {**YES_NO, "yes": 10**15}, [("yes", "number_too_long")]),
    ("1", {**YES_NO, "yes": "1000000000000000"}, [("yes", "number_too_long")]),
    ("1", {**YES_NO, "yes": "0.12345678901"}, [("yes", "number_too_long")]),
    ("1", {**YES_NO, "no": "-1"}, [("no", "number_negative")]),
    ("1", {**YES_NO, "yes": "1.5"}, [("yes", "exceeds_maximum")]),
    # parameters of every rule
    ("1", {**YES_NO, "round_to": "0"}, [("round_to", "number_not_positive")]),
    ("1", {**YES_NO, "round_to": "x"}, [("round_to", "not_plain_number")]),
    ("1", {**YES_NO, "not_arising": "half"}, [("not_arising", "not_one_of")]),
    ("1", {**YES_NO, "not_arising": 1}, [("not_arising", "not_one_of")]),
    # choice
    ("1", {"kind": "choice"}, [("options", "missing_key")]),
    ("1", {"kind": "choice", "options": "a"}, [("options", "not_list")]),
    ("1", {"kind": "choice", "options": []}, [("options", "list_empty")]),
    ("1", {"kind": "choice", "options": [["a", "1"]] * 201}, None),  # type: ignore[list-item]
    ("1", {"kind": "choice", "options": ["a"]}, [("options[0]", "pair_expected")]),
    ("1", {"kind": "choice", "options": [3]}, [("options[0]", "pair_expected")]),
    ("1", {"kind": "choice", "options": [["a", "1", {}, 1]]}, [("options[0]", "pair_expected")]),
    ("1", {"kind": "choice", "options": [[1, "1"]]}, [("options[0][0]", "not_text")]),
    ("1", {"kind": "choice", "options": [[" ", "1"]]}, [("options[0][0]", "text_empty")]),
    ("1", {"kind": "choice", "options": [["a\x00", "1"]]}, [("options[0][0]", "text_unprintable")]),
    ("1", {"kind": "choice", "options": [["\ud800", "1"]]}, [("options[0][0]", "text_unprintable")]),
    ("1", {"kind": "choice", "options": [["a" * 501, "1"]]}, [("options[0][0]", "text_too_long")]),
    ("1", {"kind": "choice", "options": [["a", "1"], ["A ", "0"]]}, [("options[1][0]", "duplicate")]),
    ("1", {"kind": "choice", "options": [["a", "2"]]}, [("options[0][1]", "exceeds_maximum")]),
    ("1", {"kind": "choice", "options": [["a", "x"]]}, [("options[0][1]", "not_plain_number")]),
    (
        "3",
        {"kind": "choice", "options": [["a", {"from": "2", "to": "2"}], ["b", {"from": "0", "to": "4"}]]},
        [("options[0][1].to", "range_empty"), ("options[1][1].to", "exceeds_maximum")],
    ),
    (
        "3",
        {"kind": "choice", "options": [["a", {"from": "x", "until": "2"}]]},
        [
            ("options[0][1].from", "not_plain_number"),
            ("options[0][1].to", "missing_key"),
            ("options[0][1].until", "unknown_key"),
        ],
    ),
    (
        "1",
        {"kind": "choice", "options": [["a", "1", {"zeroes": "all", "grade_effect": "up", "x": 1}]]},
        [
            ("options[0][2].zeroes", "not_one_of"),
            ("options[0][2].grade_effect", "not_one_of"),
            ("options[0][2].x", "unknown_key"),
        ],
    ),
    # checklist
    ("1", {"kind": "checklist", "items": ["a"]}, [("mode", "missing_key")]),
    ("1", {"kind": "checklist", "items": ["a"], "mode": "any"}, [("mode", "not_one_of")]),
    ("1", {"kind": "checklist", "items": ["a"], "mode": "sum"}, [("items[0]", "pair_expected")]),
    ("1", {"kind": "checklist", "items": [["a", "1"]], "mode": "all"}, [("items[0][1]", "points_unused")]),
    (
        "1",
        {"kind": "checklist", "items": [["a", "0.6"], ["b", "0.6"]], "mode": "sum"},
        [("items", "exceeds_maximum")],
    ),
    # tiers
    ("2", {**CA_MAU, "variable": ""}, [("variable", "text_empty")]),
    ("2", tiers(), [("bands", "list_empty")]),
    ("2", tiers("x"), [("bands[0]", "not_object")]),
    ("2", tiers({"ge": "0"}), [("bands[0].points", "missing_key")]),
    ("2", tiers(band("3")), [("bands[0].points", "exceeds_maximum")]),
    ("2", tiers(band("1", ge="0", gt="0")), [("bands[0].ge", "band_two_ends")]),
    ("2", tiers(band("1", le="9", lt="9")), [("bands[0].le", "band_two_ends")]),
    ("2", tiers(band("1", ge="x")), [("bands[0].ge", "not_plain_number")]),
    ("2", tiers(band("1", ge="-1")), [("bands[0].ge", "band_outside")]),
    ("2", tiers(band("1", le="101")), [("bands[0].le", "band_outside")]),
    ("2", tiers(band("1", ge="0", lt="0"), band("2", ge="0")), [("bands[0]", "band_empty")]),
    ("2", tiers(band("1", ge="9", lt="5"), band("2", ge="0")), [("bands[0]", "band_empty")]),
    ("2", tiers(band("1", lt="90"), band("2", gt="90")), [("bands", "band_gap_point")]),
    ("2", tiers(band("1", lt="80"), band("2", ge="90")), [("bands", "band_gap")]),
    ("2", tiers(band("2", ge="90")), [("bands", "band_gap_below")]),
    ("2", tiers(band("2", gt="0")), [("bands", "band_gap_point")]),
    ("2", tiers(band("2", le="90")), [("bands", "band_gap_above")]),
    ("2", tiers(band("2", lt="100")), [("bands", "band_gap_point")]),
    ("2", tiers(band("1", le="90"), band("2", ge="90")), [("bands[1]", "band_overlap")]),
    ("2", tiers(band("1", le="95"), band("2", gt="90")), [("bands[1]", "band_overlap")]),
    ("2", tiers(band("1"), band("2")), [("bands[1]", "band_overlap")]),
    ("2", tiers(band("1"), min="5", max="5"), [("min", "range_empty")]),
    ("2", tiers(band("1"), max="-5"), [("max", "range_empty")]),
    (
        "2",
        tiers(band("1", lt="50", note="x"), band("2", ge="50", until="9")),
        [("bands[1].until", "unknown_key")],
    ),
    (
        "2",
        {"kind": "tiers", "denominator": "a", "bands": [band("1")], "denominator_zero": "x"},
        [("numerator", "missing_key"), ("denominator_zero", "not_one_of")],
    ),
    # proportion
    ("2", {**SHARE, "factor": "3"}, [("factor", "exceeds_maximum")]),
    ("2", {**SHARE, "target_pct": "0"}, [("target_pct", "number_not_positive")]),
    ("2", {**SHARE, "target_pct": "120"}, [("target_pct", "number_above")]),
    ("2", {**SHARE, "zero_below_pct": "101"}, [("zero_below_pct", "number_above")]),
    ("2", {**SHARE, "allow_over": "yes"}, [("allow_over", "not_boolean")]),
    # count and deduction
    ("1", {"kind": "count", "unit": "u", "each": "0", "cap": "1"}, [("each", "number_not_positive")]),
    ("1", {"kind": "count", "unit": "u", "each": "1", "cap": "2"}, [("cap", "exceeds_maximum")]),
    ("1", {"kind": "deduction", "start": "2", "unit": "u", "each": "1"}, [("start", "exceeds_maximum")]),
    ("1", {"kind": "deduction", "start": "1"}, [("", "one_of_needed")]),
    ("1", {"kind": "deduction", "start": "1", "unit": "u"}, [("each", "missing_key")]),
    (
        "2",
        {"kind": "deduction", "start": "1", "unit": "u", "each": "1", "floor": "1.5"},
        [("floor", "number_above")],
    ),
    (
        "1",
        {"kind": "deduction", "start": "1", "unit": "u", "each": "1", "items": [{"unit": "v", "each": "1"}]},
        [("items", "conflict"), ("items", "conflict")],
    ),
    (
        "1",
        {"kind": "deduction", "start": "1", "items": [{"unit": "v", "each": "1"}, {"unit": "V"}]},
        [("items[1].unit", "duplicate"), ("items[1].each", "missing_key")],
    ),
    # survey and external index
    ("5", {"kind": "survey", "factor": "5"}, [("", "one_of_needed")]),
    ("5", {"kind": "survey", "factor": "6", "mean_pct": "m"}, [("factor", "exceeds_maximum")]),
    ("5", {"kind": "survey", "factor": "5", "mean_pct": False}, [("mean_pct", "not_text")]),
    (
        "5",
        {"kind": "survey", "factor": "5", "option_weights_pct": {}},
        [("option_weights_pct", "not_object")],
    ),
    (
        "5",
        {"kind": "survey", "factor": "5", "option_weights_pct": {"A": "101", "B": "x", "A ": "5"}},
        [
            ("option_weights_pct.A", "number_above"),
            ("option_weights_pct.B", "not_plain_number"),
            ("option_weights_pct", "duplicate"),
        ],
    ),
    (
        "5",
        {"kind": "survey", "factor": "5", "mean_pct": "m", "option_weights_pct": {"A": "100"}},
        [("mean_pct", "conflict")],
    ),
    ("5", {"kind": "external_index", "index": "DTI", "factor": "6"}, [("factor", "exceeds_maximum")]),
    ("5", {"kind": "manual", "step": "-1"}, [("step", "number_not_positive")]),
]


@pytest.mark.parametrize(("maximum", "data", "expected"), BAD)
def test_a_broken_rule_is_refused_with_the_place_of_every_fault(
    maximum: str, data: Any, expected: list[tuple[str, str]] | None
) -> None:
    found = rule_faults(maximum, data)
    if expected is None:
        assert ("options", "list_too_long") in found
    else:
        assert found == expected


def test_faults_are_collected_not_only_the_first() -> None:
    data = tiers(band("3", gt="90"), band(1.0, ge="70", le="91"), band("0", lt="70", x=1))  # type: ignore[arg-type]
    assert rule_faults("2", data) == [
        ("bands[0].points", "exceeds_maximum"),
        ("bands[1].points", "not_plain_number"),
        ("bands[2].x", "unknown_key"),
    ]


def test_the_text_of_the_error_names_each_place() -> None:
    with pytest.raises(RuleErrors, match=r"yes: The rule can give 2 points, more than its maximum of 1\."):
        rule("1", "boolean", yes="2", no="0")


def test_canonical_data_is_plain_and_reads_again_to_the_same() -> None:
    parsed = rule("2.0", "tiers", variable=" v ", bands=[band(2, ge="50.0"), band("0.50", lt=50)], note="n")
    assert parsed.data == {
        "kind": "tiers",
        "variable": "v",
        "bands": [{"points": "2", "ge": "50"}, {"points": "0.5", "lt": "50"}],
    }
    assert parse_rule(parsed.data, max_points=D("2")) == parsed


def test_notes_and_provenance_are_ignored() -> None:
    assert rule("1", "boolean", yes="1", no="0", provenance="x").data == YES_NO


def test_points_may_be_null_only_where_the_maximum_is_0() -> None:
    shown_only = rule("0", "boolean", yes=None, no=None)
    assert shown_only.data["yes"] is None
    assert rule("0", "count", unit="u", each=None).data["each"] is None
    assert rule("0", "choice", options=[["a", None]]).data == {"kind": "choice", "options": [["a", None]]}
    assert rule_faults("1", {"kind": "choice", "options": [["a", None]]}) == [
        ("options[0][1]", "not_plain_number")
    ]


def test_a_maximum_that_is_no_number_is_refused() -> None:
    assert rule_faults("NaN", YES_NO) == [("", "number_negative")]
    assert Decimal("Infinity") > 0
    assert rule_faults("Infinity", YES_NO) == [("", "number_negative")]


def test_nobody_can_pass_a_rule_a_maximum_of_another_type() -> None:
    with pytest.raises(RuleErrors):
        parse_rule(YES_NO, max_points=1)  # type: ignore[arg-type]
