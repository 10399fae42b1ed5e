"""Points of each kind, from published rules and figures (numbers of sources in comments)."""

from typing import Any

import pytest

from scoring.engine import Rule, not_applicable, trace_expression, unanswered

from .helpers import CA_MAU, D, points, rule, scored

ISSUED = [["kịp thời", "1"], ["không kịp thời", "0.5"], ["không ban hành", "0"]]
DONE = {"numerator": "số nhiệm vụ hoàn thành đúng hạn", "denominator": "số nhiệm vụ được giao đến hạn"}
SCALE = {"A": "100", "B": "60", "C": "20", "D": "0"}

CASES: list[tuple[Rule, dict[str, Any], str, str]] = [
    # Cà Mau 2013 (S61): 1.1.1, 1.1.2, 1.1.3, 1.1.4, 1.2.1
    (rule("1", "choice", options=ISSUED), {"option": 0}, "1", "1"),
    (rule("1", "choice", options=ISSUED), {"option": 1}, "0.5", "0.5"),
    (rule("1", "choice", options=ISSUED), {"option": 2}, "0", "0"),
    (rule("1", "checklist", mode="all", items=["nhiệm vụ", "kinh phí"]), {"items": [0, 1]}, "1", "2 / 2 → 1"),
    (rule("1", "checklist", mode="all", items=["nhiệm vụ", "kinh phí"]), {"items": [1]}, "0", "1 / 2 → 0"),
    (rule("1", "checklist", mode="all", items=["nhiệm vụ", "kinh phí"]), {"items": []}, "0", "0 / 2 → 0"),
    (rule("1", "boolean", yes="1", no="0"), {"value": True}, "1", "1"),
    (rule("1", "boolean", yes="1", no="0"), {"value": False}, "0", "0"),
    (rule("2", **CA_MAU), {"value": "90.000001"}, "2", "90.000001 ∈ (90; 100] → 2"),
    (rule("2", **CA_MAU), {"value": "90"}, "1", "90 ∈ [70; 90] → 1"),
    (rule("2", **CA_MAU), {"value": "70"}, "1", "70 ∈ [70; 90] → 1"),
    (rule("2", **CA_MAU), {"value": "69.99"}, "0", "69.99 ∈ [0; 70) → 0"),
    # a checklist that adds up
    (
        rule("1", "checklist", mode="sum", items=[["a", "0.5"], ["b", "0.25"], ["c", "0.25"]]),
        {"items": [0, 2]},
        "0.75",
        "0.5 + 0.25 = 0.75",
    ),
    (rule("1", "checklist", mode="sum", items=[["a", "0.5"]]), {"items": []}, "0", "0"),
    # Điểm = tỷ lệ % × điểm tối đa (S74, S75); 88 of 111 tasks (SEED2)
    (
        rule("1.5", "proportion", **DONE, factor="1.5"),
        {"numerator": 88, "denominator": 111},
        "1.189189",
        "88 / 111 × 1.5 = 1.189189",
    ),
    (
        rule("1.5", "proportion", **DONE, factor="1.5", zero_below_pct="80"),
        {"numerator": 88, "denominator": 111},
        "0",
        "88 / 111 < 80 / 100 → 0",
    ),
    (
        rule("1", "proportion", **DONE, factor="1", zero_below_pct="70"),
        {"numerator": 7, "denominator": 10},
        "0.7",
        "7 / 10 × 1 = 0.7",
    ),
    # a target of 80 %: 60 % earns 75 % of the points
    (
        rule("2", "proportion", **DONE, factor="2", target_pct="80"),
        {"numerator": 60, "denominator": 100},
        "1.5",
        "60 / 100 × 100 / 80 × 2 = 1.5",
    ),
    (
        rule("2", "proportion", **DONE, factor="2", target_pct="80"),
        {"numerator": 80, "denominator": 100},
        "2",
        "min(80 / 100 × 100 / 80; 1) × 2 = 2",
    ),
    (
        rule("2", "proportion", **DONE, factor="2", target_pct="80"),
        {"numerator": 100, "denominator": 100},
        "2",
        "min(100 / 100 × 100 / 80; 1) × 2 = 2",
    ),
    # a jump: 60 % earns 60/85 × 10 = 7.06, 59 % earns 0
    (
        rule("10", "proportion", **DONE, factor="10", target_pct="85", zero_below_pct="60"),
        {"numerator": 60, "denominator": 100},
        "7.058824",
        "60 / 100 × 100 / 85 × 10 = 7.058824",
    ),
    (
        rule("10", "proportion", **DONE, factor="10", target_pct="85", zero_below_pct="60"),
        {"numerator": 59, "denominator": 100},
        "0",
        "59 / 100 < 60 / 100 → 0",
    ),
    (
        rule("2", "proportion", **DONE, factor="2", allow_over=True),
        {"numerator": 12, "denominator": 10},
        "2",
        "min(12 / 10; 1) × 2 = 2",
    ),
    # each valid regulation 0.5, at most 2 (S77); each application 1, not over 5 (S75)
    (rule("2", "count", unit="quy định", each="0.5", cap="2"), {"n": 3}, "1.5", "3 × 0.5 = 1.5"),
    (rule("2", "count", unit="quy định", each="0.5", cap="2"), {"n": 4}, "2", "4 × 0.5 = 2"),
    (rule("5", "count", unit="ứng dụng", each="1"), {"n": 7}, "5", "min(7 × 1; 5) = 5"),
    (rule("2", "count", unit="quy định", each="0.5", cap="2"), {"n": 0}, "0", "0 × 0.5 = 0"),
    # deductions down to a floor (S77)
    (
        rule("1", "deduction", start="1", unit="báo cáo", each="0.25", floor="0"),
        {"n": 1},
        "0.75",
        "1 − 1 × 0.25 = 0.75",
    ),
    (
        rule("1", "deduction", start="1", unit="báo cáo", each="0.25", floor="0"),
        {"n": 9},
        "0",
        "max(1 − 9 × 0.25; 0) = 0",
    ),
    (
        rule(
            "2",
            "deduction",
            start="2",
            floor="0.5",
            items=[{"unit": "muộn", "each": "0.25"}, {"unit": "thiếu", "each": "0.5"}],
        ),
        {"n0": 2, "n1": 3},
        "0.5",
        "max(2 − 2 × 0.25 − 3 × 0.5; 0.5) = 0.5",
    ),
    # A/B/C/D weigh 100/60/20/0 % (S79)
    (
        rule("5", "survey", factor="5", option_weights_pct=SCALE),
        {"counts": {"A": 50, "B": 30, "C": 15, "D": 5}},
        "3.55",
        "(50 × 100 + 30 × 60 + 15 × 20 + 5 × 0) / 100 × 5 / 100 = 3.55",
    ),
    (
        rule("5", "survey", factor="5", option_weights_pct=SCALE),
        {"pct": "78.2"},
        "3.91",
        "78.2 × 5 / 100 = 3.91",
    ),
    (rule("35", "survey", factor="35", mean_pct=True), {"pct": "93.8"}, "32.83", "93.8 × 35 / 100 = 32.83"),
    # SIPAS 87.8 % of 12 = 10.536 (S59); 91.17 % of 10 = 9.117 (S91)
    (
        rule("12", "external_index", index="SIPAS", factor="12"),
        {"pct": "87.8"},
        "10.536",
        "87.8 × 12 / 100 = 10.536",
    ),
    (
        rule("10", "external_index", index="SIPAS", factor="10"),
        {"pct": "91.17"},
        "9.117",
        "91.17 × 10 / 100 = 9.117",
    ),
    (rule("65", "manual"), {"points": "51.75"}, "51.75", "51.75"),
    # computed percentages fall on closed and open ends exactly
    (
        rule("2", **{k: v for k, v in CA_MAU.items() if k != "variable"}, numerator="b", denominator="a"),
        {"numerator": 9, "denominator": 10},
        "1",
        "9 / 10 × 100 = 90 ∈ [70; 90] → 1",
    ),
    (
        rule(
            "2",
            **{k: v for k, v in CA_MAU.items() if k != "variable"},
            numerator="b",
            denominator="a",
            allow_over=True,
        ),
        {"numerator": 12, "denominator": 10},
        "2",
        "12 / 10 × 100 = 120 ∈ (90; 100] → 2",
    ),
    # rounding to a step: "× 6,0 (làm tròn đến 0,25đ)"
    (
        rule("6", "proportion", **DONE, factor="6", round_to="0.25"),
        {"numerator": 2, "denominator": 3},
        "4",
        "2 / 3 × 6 = 4",
    ),
    (
        rule("6", "proportion", **DONE, factor="6", round_to="0.25"),
        {"numerator": 88, "denominator": 111},
        "4.75",
        "88 / 111 × 6 = 4.756757 ≈ 4.75",
    ),
    (
        rule("1", "proportion", **DONE, factor="1", round_to="0.3"),
        {"numerator": 1, "denominator": 1},
        "0.9",
        "1 / 1 × 1 = 1 ≈ 0.9",
    ),
    (
        rule("1", **{**CA_MAU, "bands": [{"points": "0.6"}]}, round_to="0.5"),
        {"value": "5"},
        "0.5",
        "5 ∈ [0; 100] → 0.5",
    ),
]


@pytest.mark.parametrize(("a_rule", "inputs", "expected", "expression"), CASES)
def test_points_and_their_arithmetic(
    a_rule: Rule, inputs: dict[str, Any], expected: str, expression: str
) -> None:
    result = scored(a_rule, inputs)
    assert result.points == D(expected)
    assert result.applicable_max == a_rule.max_points
    assert trace_expression(result.trace) == expression


def test_the_maximum_holds_a_rounding_step_that_overshoots() -> None:
    over = rule("1", "proportion", **DONE, factor="1", round_to="0.6")
    result = scored(over, {"numerator": 1, "denominator": 1})
    assert result.points == 1
    assert result.trace["clamp"] == {"from": "1.2", "to": "1", "bound": "maximum"}


@pytest.mark.parametrize(
    ("effect", "earned", "out_of", "flag"),
    [
        ("full", "2", "2", ""),
        ("zero", "0", "2", ""),
        ("not_applicable", "0", "0", "reduce"),
        ("reduce", "0", "0", "reduce"),
        ("rescale", "0", "0", "rescale"),
    ],
)
def test_a_ratio_with_nothing_below(effect: str, earned: str, out_of: str, flag: str) -> None:
    nothing = {"numerator": 0, "denominator": 0}
    for a_rule in (
        rule("2", "proportion", **DONE, factor="2", denominator_zero=effect),
        rule("2", "tiers", numerator="b", denominator="a", bands=[{"points": "2"}], denominator_zero=effect),
    ):
        result = scored(a_rule, nothing)
        assert (result.points, result.applicable_max, result.not_arising) == (D(earned), D(out_of), flag)


@pytest.mark.parametrize(
    ("effect", "earned", "out_of", "flag"),
    [
        ("full", "2", "2", ""),
        ("zero", "0", "2", ""),
        ("reduce", "0", "0", "reduce"),
        ("rescale", "0", "0", "rescale"),
    ],
)
def test_nothing_arose(effect: str, earned: str, out_of: str, flag: str) -> None:
    a_rule = rule("2", **CA_MAU, not_arising=effect)
    assert a_rule.fields()[-1].name == "not_arising"
    result = scored(a_rule, {"not_arising": "on"})
    assert (result.points, result.applicable_max, result.not_arising) == (D(earned), D(out_of), flag)
    assert result.trace["inputs"] == {"not_arising": True}
    assert points(a_rule, {"not_arising": False, "value": "95"}) == 2
    assert scored(a_rule, {"not_arising": "", "value": "95"}).trace["inputs"] == {"value": "95"}


def test_an_option_may_be_a_range() -> None:
    # "tối đa 3 điểm", "trừ 2–5đ"
    a_rule = rule("5", "choice", options=[["tốt", {"from": "2", "to": "5", "step": "0.5"}], ["không", "0"]])
    assert points(a_rule, {"option": 0, "points": "3,5"}) == D("3.5")
    assert points(a_rule, {"option": 1}) == 0
    names = [(one.name, one.minimum, one.maximum, one.step) for one in a_rule.fields()]
    assert names == [("option", None, None, None), ("points", 2, 5, D("0.5"))]
    two = rule(
        "5", "choice", options=[["a", {"from": "2", "to": "5", "step": "1"}], ["b", {"from": "0", "to": "1"}]]
    )
    assert two.fields()[1].step is None


@pytest.mark.parametrize(("how", "kept"), [("leaf", "leaf"), ("parent", "parent")])
def test_a_veto_sets_the_points_to_zero(how: str, kept: str) -> None:
    # "0đ toàn tiêu chí"
    a_rule = rule("2", "checklist", mode="sum", items=[["làm tốt", "2"], ["vi phạm", "0", {"zeroes": how}]])
    assert points(a_rule, {"items": [0]}) == 2
    result = scored(a_rule, {"items": [0, 1]})
    assert (result.points, result.applicable_max, result.zeroes) == (0, 2, kept)
    assert trace_expression(result.trace) == "0"


def test_the_graver_of_two_vetoes_holds() -> None:
    a_rule = rule(
        "2",
        "checklist",
        mode="all",
        items=[
            "a",
            ["v", None, {"zeroes": "parent"}],
            ["w", None, {"zeroes": "leaf", "grade_effect": "lowest"}],
        ],
    )
    assert points(a_rule, {"items": [0]}) == 2
    result = scored(a_rule, {"items": [0, 1, 2]})
    assert (result.points, result.zeroes, result.grade_effects) == (0, "parent", ("lowest",))


def test_an_option_may_bear_on_the_grade() -> None:
    # "hạ 01 mức xếp loại"
    a_rule = rule("2", "choice", options=[["đủ", "2"], ["kỷ luật", "1", {"grade_effect": "one_down"}]])
    assert scored(a_rule, {"option": 1}).grade_effects == ("one_down",)
    assert scored(a_rule, {"option": 0}).grade_effects == ()
    assert a_rule.data["options"][1] == ["kỷ luật", "1", {"grade_effect": "one_down"}]


def test_a_leaf_of_maximum_0_is_shown_and_never_scored() -> None:
    a_rule = rule("0", "boolean", yes=None, no=None)
    result = scored(a_rule, {"value": True})
    assert (result.points, result.applicable_max) == (0, 0)


def test_not_applicable_and_unanswered() -> None:
    assert (not_applicable(D(2)).points, not_applicable(D(2)).applicable_max) == (0, 0)
    assert (unanswered(D(2)).points, unanswered(D(2)).applicable_max) == (0, 2)
    assert trace_expression(unanswered(D(2)).trace) == "—"


def test_fields_tell_a_form_what_to_ask() -> None:
    def told(a_rule: Rule) -> list[tuple[str, str, str]]:
        return [(one.name, one.type, one.label) for one in a_rule.fields()]

    assert told(rule("1", "boolean", yes="1", no="0")) == [("value", "boolean", "Result")]
    assert told(rule("1", "choice", options=ISSUED)) == [("option", "choice", "Option")]
    assert rule("1", "choice", options=ISSUED).fields()[0].choices[1] == (1, "không kịp thời")
    assert told(rule("1", "checklist", mode="all", items=["a"])) == [("items", "items", "Items that hold")]
    assert told(rule("2", **CA_MAU)) == [("value", "percent", CA_MAU["variable"])]  # type: ignore[list-item]
    assert [t for _, t, _ in told(rule("2", "proportion", **DONE, factor="2"))] == ["integer", "integer"]
    assert [t for _, t, _ in told(rule("2", "proportion", **DONE, factor="2", whole=False))] == [
        "decimal"
    ] * 2
    assert [t for _, t, _ in told(rule("2", "tiers", **DONE, bands=[{"points": "1"}], whole=False))] == [
        "decimal"
    ] * 2
    assert [t for _, t, _ in told(rule("2", "tiers", **DONE, bands=[{"points": "1"}]))] == ["integer"] * 2
    assert told(rule("2", "count", unit="u", each="1")) == [("n", "integer", "u")]
    assert told(rule("2", "deduction", start="2", unit="u", each="1")) == [("n", "integer", "u")]
    assert told(
        rule("2", "deduction", start="2", items=[{"unit": "u", "each": "1"}, {"unit": "w", "each": "1"}])
    ) == [
        ("n0", "integer", "u"),
        ("n1", "integer", "w"),
    ]
    survey = rule("5", "survey", factor="5", option_weights_pct={"A": "100", "B": "0"}).fields()
    assert [(one.name, one.required) for one in survey] == [
        ("pct", False),
        ("counts.A", False),
        ("counts.B", False),
    ]
    assert rule("5", "survey", factor="5", mean_pct="Điểm trung bình").fields()[0].label == "Điểm trung bình"
    assert told(rule("2", "external_index", index="DTI", factor="2")) == [("pct", "percent", "DTI")]
    manual = rule("2", "manual", step="0.25").fields()[0]
    assert (manual.type, manual.minimum, manual.maximum, manual.step) == ("points", 0, 2, D("0.25"))
