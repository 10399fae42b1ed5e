"""Rules as forms: every rule comes back the same, every kind can be filled in from nothing, faults find their field."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import engine
from scoring.criteria.rule_forms.conditions import Answers
from scoring.criteria.rule_forms.kinds import KINDS
from scoring.criteria.rule_forms.nodes import RuleNode, message
from scoring.criteria.rule_forms.shown import values_of
from scoring.criteria.rule_forms.tree import acted, posted, texts
from tests.criteria.test_rule_lines import SAMPLES
from tests.engine.test_fuzz import EVERY, RULES, damaged

D = Decimal


def returned(rule: dict[str, Any], maximum: Decimal, answers: Answers | None = None) -> dict[str, Any]:
    """The rule after its form was drawn, posted unchanged, and built again."""
    fields: dict[str, str] = {}
    node = RuleNode(values_of(rule, maximum, answers), maximum=maximum, answers=answers)
    fields["r-kind"] = node.kind
    for name, value in drawn(node):
        fields[name] = value.replace("\n", "\r\n")  # as browsers send it
    again = RuleNode(posted(fields), maximum=maximum, answers=answers)
    built = again.build()
    assert again.all_faults == []
    return built


def drawn(node: RuleNode) -> list[tuple[str, str]]:
    """What the page's form would send: the fields that are drawn, and nothing else of the tree."""
    found = [
        (field.html_name, str(field.value() or ""))
        for field in (node.form[name] for name in node.form.fields)
    ]
    found += [(node.kept_name, node.kept_text)] if node.kept_text else []
    found += [(f"{node.prefix}-listed", "1")] if node.listed else []
    cells: list[Any] = [row for one in node.lists for row in one.rows] + [
        case.condition for case in node.cases
    ]
    for cell in cells:
        found += [
            (field.html_name, str(field.value() or "")) for field in (cell.form[n] for n in cell.form.fields)
        ]
        found += [(cell.kept_name, cell.kept_text)] if cell.kept_text else []
    for inner in (*node.parts, *(case.rule for case in node.cases)):
        found += drawn(inner)
    return found


# There and back


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_every_kind_comes_back_the_same(rule: engine.Rule) -> None:
    assert returned(rule.data, rule.max_points) == rule.data


def test_the_rules_of_the_samples_come_back_the_same() -> None:
    for rule in SAMPLES:
        assert returned(rule, D(1000)) == rule


NESTED = {
    "kind": "sum_of",
    "parts": [
        {
            "kind": "best_of",
            "label": "trong",
            "max": "1.5",
            "parts": [
                {"kind": "manual", "max": "1", "round_to": "0.25"},
                {
                    "kind": "choice",
                    "options": [["a", "1"], ["b", {"from": "0", "to": "0.5"}, {"zeroes": "leaf"}]],
                    "not_arising": "full",
                    "cases": [
                        {
                            "when": {"answer": "1.2", "field": "option", "is": "0"},
                            "rule": {"kind": "boolean", "yes": "1", "no": "0"},
                        },
                        {
                            "when": {"answer": "1.3", "field": "value", "ge": "60", "lt": "80"},
                            "rule": {"kind": "count", "unit": "u", "each": "0.1"},
                        },
                    ],
                },
            ],
        },
        {"kind": "boolean", "yes": "0.5", "no": "0"},
    ],
    "cases": [
        {"when": {"fact": "f", "is": False}, "rule": {"kind": "manual"}},
        {"when": {"fact": "g", "is": True}, "rule": {"kind": "manual", "moves_to": ["1.1", "1.2"]}},
    ],
}
ODD: list[tuple[dict[str, Any], str]] = [
    (NESTED, "2"),
    ({"kind": "boolean", "yes": None, "no": None}, "0"),
    ({"kind": "choice", "options": [["a", None], ["b", None]]}, "0"),
    ({"kind": "count", "unit": "u", "each": None, "cap": None}, "0"),
    (
        {
            "kind": "proportion",
            "numerator": "a",
            "denominator": "b",
            "factor": "1",
            "whole": True,
            "allow_over": False,
        },
        "1",
    ),
    (
        {
            "kind": "tiers",
            "measure": "percent",
            "variable": "v",
            "unit": "phần trăm",
            "bands": [{"points": "1"}],
        },
        "1",
    ),
    ({"kind": "tiers", "variable": "v", "min": "-5", "max": "250.5", "bands": [{"points": "1"}]}, "1"),
    ({"kind": "deduction", "start": "1", "items": [{"unit": "u", "each": "0.3"}]}, "1"),
    ({"kind": "deduction", "start": "1", "unit": "u", "each": "0.3"}, "1"),
    ({"kind": "survey", "factor": "1", "mean_pct": True}, "1"),
    ({"kind": "survey", "factor": "1", "mean_pct": "Mức hài lòng"}, "1"),
    ({"kind": "external_index", "index": "DTI", "by": "value", "factor": "1"}, "1"),
    (
        {
            "kind": "external_index",
            "index": "DTI",
            "by": "rank",
            "bands": [{"points": "1", "le": "10"}, {"points": "0", "gt": "10"}],
        },
        "1",
    ),
    (
        {
            "kind": "ratio_to_best",
            "numerator": "a",
            "denominator": "b",
            "denominator_zero": "zero",
            "factor": "1",
        },
        "1",
    ),
    ({"kind": "ratio_to_best", "value": "v", "unit": "đồng", "factor": "1"}, "1"),
    (
        {
            "kind": "target_and_leader",
            "value": "v",
            "factor": "1",
            "target": "3",
            "target_share_pct": "40",
            "below_target": "zero",
        },
        "1",
    ),
    ({"kind": "checklist", "mode": "sum", "items": [["a, b; c", "0.5"], ["“d” = 1\n2", "0.123456"]]}, "1"),
    (
        {
            "kind": "formula",
            "variables": [{"name": "x", "label": "X", "whole": False, "max": "1000.25"}],
            "expressions": [{"text": "x * 0.5"}],
        },
        "1",
    ),
    (
        {
            "kind": "manual",
            "cases": [{"when": {"answer": "9.9", "field": "value", "is": True}, "rule": {"kind": "manual"}}],
        },
        "1",
    ),
    (
        {
            "kind": "manual",
            "cases": [
                {
                    "when": {"answer": "9.9", "field": "value", "is": "có, một phần"},
                    "rule": {"kind": "manual"},
                }
            ],
        },
        "1",
    ),
    (
        {
            "kind": "manual",
            "cases": [
                {"when": {"answer": "9.9", "field": "value", "is": "1.50"}, "rule": {"kind": "manual"}}
            ],
        },
        "1",
    ),
]


@pytest.mark.parametrize(("rule", "maximum"), ODD)
def test_what_a_form_can_hardly_show_comes_back_too(rule: dict[str, Any], maximum: str) -> None:
    data = engine.parse_rule(rule, max_points=D(maximum)).data
    assert returned(data, D(maximum)) == data


TEXTS = st.text(st.sampled_from(list('ab -:;[]0,5.%|"<&đếnTừ')), min_size=1, max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*EVERY, NESTED]), TEXTS, TEXTS, st.decimals(0, 2, places=4))
def test_any_words_and_numbers_come_back(rule: dict[str, Any], one: str, other: str, number: Decimal) -> None:
    """A rule drawn with other words and another number: what the engine takes, the form gives back."""
    words = iter((one, other))

    def exchanged(value: Any) -> Any:
        if isinstance(value, str) and value in ("a", "b", "u", "v", "g", "w", "A", "DTI", "trong"):
            return next(words, value)
        if value == "0.5":
            return str(number)
        if isinstance(value, dict):
            return {key: exchanged(entry) for key, entry in value.items()}
        return [exchanged(entry) for entry in value] if isinstance(value, list) else value

    try:
        data = engine.parse_rule(exchanged(json.loads(json.dumps(rule))), max_points=D(2)).data
    except engine.RuleErrors:
        return
    assert returned(data, D(2)) == data


@settings(max_examples=300, deadline=None)
@given(damaged())
def test_a_broken_rule_is_a_form_with_its_faults(rule: Any) -> None:
    """What was drawn at random: good rules come back, broken ones are shown, nothing fails."""
    try:
        data = engine.parse_rule(rule, max_points=D(2)).data
    except engine.RuleErrors:
        return
    assert returned(data, D(2)) == data


NAMES = st.lists(
    st.sampled_from(
        [
            "r",
            "kind",
            "parts",
            "bands",
            "cases",
            "when",
            "rule",
            "0",
            "1",
            "99999",
            "options",
            "kept",
            "x",
            "",
        ]
    ),
    min_size=1,
    max_size=9,
).map("-".join)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(NAMES, st.text(max_size=8) | st.sampled_from([one.key for one in KINDS]), max_size=12),
    NAMES,
)
def test_any_post_is_a_form(data: dict[str, str], place: str) -> None:
    values = posted(data)
    for verb in ("add", "drop", "up", "down", "kind"):
        acted(values, f"{verb}:{place}")
    node = RuleNode(values, maximum=D(2))
    built = node.build()
    json.dumps(built)
    try:
        engine.parse_rule(built, max_points=D(2))
    except engine.RuleErrors as error:
        for problem in error.problems:
            node.add_problem(problem.path, message(problem))
        assert node.all_faults


# From nothing


BUILT: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "boolean": ({"yes": "1,5", "no": "0"}, {"yes": "1.5", "no": "0"}),
    "choice": (
        {
            "options-0-label": "Kịp thời",
            "options-0-points": "2",
            "options-0-grade_effect": "not_top",
            "options-1-label": "Một phần",
            "options-1-points": "0.5",
            "options-1-to": "1,25",
            "options-1-step": "0,25",
            "options-2-label": " ",
        },
        {
            "options": [
                ["Kịp thời", "2", {"grade_effect": "not_top"}],
                ["Một phần", {"from": "0.5", "to": "1.25", "step": "0.25"}],
            ]
        },
    ),
    "checklist": (
        {"mode": "sum", "items-0-label": "a", "items-0-points": "1", "items-0-zeroes": "parent"},
        {"mode": "sum", "items": [["a", "1", {"zeroes": "parent"}]]},
    ),
    "tiers": (
        {
            "variable": "tỷ lệ",
            "bands-0-low_kind": "gt",
            "bands-0-low": "90",
            "bands-0-points": "2",
            "bands-1-high_kind": "le",
            "bands-1-high": "90",
            "bands-1-points": "0",
            "exceptions-0-fact": "đã đôn đốc",
            "exceptions-0-points": "1",
        },
        {
            "variable": "tỷ lệ",
            "bands": [{"gt": "90", "points": "2"}, {"le": "90", "points": "0"}],
            "exceptions": [{"fact": "đã đôn đốc", "points": "1"}],
        },
    ),
    "proportion": (
        {
            "numerator": "n",
            "denominator": "d",
            "factor": "2",
            "target_pct": "80",
            "zero_below_pct": "50",
            "denominator_zero": "full",
            "whole": "false",
            "allow_over": "true",
            "round_to": "0,25",
        },
        {
            "numerator": "n",
            "denominator": "d",
            "factor": "2",
            "target_pct": "80",
            "zero_below_pct": "50",
            "denominator_zero": "full",
            "whole": False,
            "allow_over": True,
            "round_to": "0.25",
        },
    ),
    "count": ({"unit": "u", "each": "0,5", "cap": "1"}, {"unit": "u", "each": "0.5", "cap": "1"}),
    "deduction": (
        {"start": "2", "items-0-unit": "a", "items-0-each": "1", "items-1-unit": "b", "items-1-each": "0,5"},
        {"start": "2", "items": [{"unit": "a", "each": "1"}, {"unit": "b", "each": "0.5"}]},
    ),
    "survey": (
        {
            "factor": "2",
            "option_weights_pct-0-label": "A",
            "option_weights_pct-0-weight": "100",
            "option_weights_pct-1-label": "B",
            "option_weights_pct-1-weight": "33,3",
        },
        {"factor": "2", "option_weights_pct": {"A": "100", "B": "33.3"}},
    ),
    "external_index": (
        {
            "index": "DTI",
            "by": "rank_change",
            "bands-0-low": "1",
            "bands-0-points": "2",
            "bands-1-high": "1",
            "bands-1-points": "0",
        },
        {
            "index": "DTI",
            "by": "rank_change",
            "bands": [{"ge": "1", "points": "2"}, {"lt": "1", "points": "0"}],
        },
    ),
    "ratio_to_best": ({"value": "v", "unit": "u", "factor": "2"}, {"value": "v", "unit": "u", "factor": "2"}),
    "target_and_leader": (
        {
            "value_by": "ratio",
            "numerator": "a",
            "denominator": "b",
            "factor": "2",
            "target": "80",
            "below_target": "proportional",
        },
        {"numerator": "a", "denominator": "b", "factor": "2", "target": "80", "below_target": "proportional"},
    ),
    "sum_of": (
        {
            "cap": "2",
            "parts-0-kind": "boolean",
            "parts-0-label": "một",
            "parts-0-yes": "1",
            "parts-0-no": "0",
            "parts-1-kind": "best_of",
            "parts-1-max": "1",
            "parts-1-parts-0-kind": "manual",
            "parts-1-parts-1-kind": "count",
            "parts-1-parts-1-unit": "u",
            "parts-1-parts-1-each": "0,1",
        },
        {
            "cap": "2",
            "parts": [
                {"kind": "boolean", "label": "một", "yes": "1", "no": "0"},
                {
                    "kind": "best_of",
                    "max": "1",
                    "parts": [{"kind": "manual"}, {"kind": "count", "unit": "u", "each": "0.1"}],
                },
            ],
        },
    ),
    "best_of": (
        {"parts-0-kind": "manual", "parts-1-kind": "boolean", "parts-1-yes": "1", "parts-1-no": "0"},
        {"parts": [{"kind": "manual"}, {"kind": "boolean", "yes": "1", "no": "0"}]},
    ),
    "formula": (
        {
            "variables-0-name": "x",
            "variables-0-label": "số văn bản",
            "variables-0-whole": "true",
            "expressions-0-text": "x * 0.5",
            "division_by_zero": "zero",
        },
        {
            "variables": [{"name": "x", "label": "số văn bản", "whole": True}],
            "expressions": [{"text": "x * 0.5"}],
            "division_by_zero": "zero",
        },
    ),
    "manual": (
        {
            "step": "0,5",
            "arising": "move",
            "moves_to": "1.1, 1.2",
            "cases-0-when-by": "fact",
            "cases-0-when-fact": "không có biên chế",
            "cases-0-when-is": "false",
            "cases-0-rule-kind": "manual",
        },
        {
            "step": "0.5",
            "moves_to": ["1.1", "1.2"],
            "cases": [{"when": {"fact": "không có biên chế", "is": False}, "rule": {"kind": "manual"}}],
        },
    ),
}


def test_every_kind_can_be_filled_in() -> None:
    assert set(BUILT) == set(engine.KINDS) == {kind.key for kind in KINDS}


@pytest.mark.parametrize("kind", sorted(BUILT))
def test_a_rule_is_made_of_what_was_typed(kind: str) -> None:
    fields, wanted = BUILT[kind]
    node = RuleNode(
        posted({"r-kind": kind} | {f"r-{name}": text for name, text in fields.items()}), maximum=D(2)
    )
    built = node.build()
    assert engine.parse_rule(built, max_points=D(2)).data == {"kind": kind, **wanted}
    assert node.all_faults == []


def test_the_other_measures_of_tiers() -> None:
    for fields, wanted in (
        ({"measure": "days", "from": "a", "to": "b"}, {"measure": "days", "from": "a", "to": "b"}),
        (
            {"measure": "parts", "parts-0-label": "a", "parts-1-label": "b"},
            {"measure": "parts", "parts": ["a", "b"]},
        ),
        (
            {"measure": "count", "variable": "v", "unit": "u"},
            {"measure": "count", "variable": "v", "unit": "u"},
        ),
        ({"measure": "ratio", "numerator": "a", "denominator": "b"}, {"numerator": "a", "denominator": "b"}),
    ):
        data = {"r-kind": "tiers", "r-bands-0-points": "1"} | {
            f"r-{name}": text for name, text in fields.items()
        }
        built = RuleNode(posted(data), maximum=D(1)).build()
        assert engine.parse_rule(built, max_points=D(1)).data == {
            "kind": "tiers",
            **wanted,
            "bands": [{"points": "1"}],
        }


# Faults beside their fields


def faults(fields: dict[str, str], maximum: str = "2") -> dict[str, str]:
    """The text beside each field, by the name of the field; what has no field under an empty name."""
    node = RuleNode(posted({f"r-{name}": text for name, text in fields.items()}), maximum=D(maximum))
    try:
        engine.parse_rule(node.build(), max_points=D(maximum))
    except engine.RuleErrors as error:
        for problem in error.problems:
            node.add_problem(problem.path, message(problem))
    return {field.html_name if field is not None else "": text for field, text in node.all_faults}


@pytest.mark.parametrize(
    ("fields", "beside"),
    [
        ({"kind": "boolean", "yes": "3", "no": "x"}, {"r-yes", "r-no"}),
        ({"kind": "boolean", "yes": "1"}, {"r-no"}),
        (
            {"kind": "choice", "options-0-label": "a", "options-1-label": " ", "options-2-points": "1"},
            {"r-options-0-points", "r-options-2-label"},
        ),
        (
            {"kind": "choice", "options-0-label": "a", "options-0-points": "1", "options-0-to": "0,5"},
            {"r-options-0-to"},
        ),
        (
            {
                "kind": "tiers",
                "variable": "v",
                "bands-0-low": "",
                "bands-1-low": "120",
                "bands-1-points": "1",
            },
            {"r-bands-1-low"},
        ),
        ({"kind": "tiers", "variable": "v"}, {""}),
        (
            {"kind": "proportion", "factor": "1", "target_pct": "0"},
            {"r-numerator", "r-denominator", "r-target_pct"},
        ),
        ({"kind": "deduction", "start": "1", "items-0-unit": "a"}, {"r-items-0-each"}),
        (
            {"kind": "survey", "factor": "1", "option_weights_pct-0-label": "A"},
            {"r-option_weights_pct-0-weight"},
        ),
        (
            {
                "kind": "survey",
                "factor": "1",
                "option_weights_pct-0-label": "A",
                "option_weights_pct-0-weight": "101",
            },
            {"r-option_weights_pct-0-weight"},
        ),
        (
            {
                "kind": "formula",
                "variables-0-name": "1x",
                "variables-0-label": "l",
                "expressions-0-text": "y +",
            },
            {"r-variables-0-name", "r-expressions-0-text"},
        ),
        (
            {
                "kind": "sum_of",
                "parts-0-kind": "",
                "parts-1-kind": "boolean",
                "parts-1-yes": "9",
                "parts-1-no": "0",
            },
            {"r-parts-0-kind", "r-parts-1-yes"},
        ),
        (
            {
                "kind": "manual",
                "cases-0-when-by": "fact",
                "cases-0-rule-kind": "boolean",
                "cases-0-rule-yes": "1",
            },
            {"r-cases-0-when-fact", "r-cases-0-rule-no"},
        ),
        ({"kind": "manual", "arising": "move"}, {"r-moves_to"}),
        ({"kind": "manual", "moves_to": "1.1"}, {"r-arising"}),
        ({"kind": "manual", "round_to": "0", "step": "-1"}, {"r-round_to", "r-step"}),
    ],
)
def test_a_fault_stands_beside_its_field(fields: dict[str, str], beside: set[str]) -> None:
    found = faults(fields)
    assert set(found) == beside
    assert all(text and "%(" not in text and not re.search("[a-z]_[a-z]", text) for text in found.values()), (
        found
    )


def test_a_number_is_typed_with_a_comma_or_a_point() -> None:
    for typed in ("0,5", "0.5", " 0,50 "):
        assert faults({"kind": "boolean", "yes": typed, "no": "0"}) == {}
    assert "1234" in faults({"kind": "boolean", "yes": "1.234", "no": "0"})["r-yes"]


# Rows


def test_rows_are_added_moved_and_removed_without_losing_anything() -> None:
    values = posted({f"r-options-{n}-label": label for n, label in enumerate("abc")} | {"r-kind": "choice"})
    assert acted(values, "add:r-options") == "r-options-3"
    assert acted(values, "up:r-options-2") == "r-options-1"
    assert acted(values, "down:r-options-0") == "r-options-1"
    assert acted(values, "drop:r-options-3") == "r-options-2"
    assert [row["label"] for row in values["options"]] == ["c", "a", "b"]
    for nonsense in ("drop:r-options-9", "up:r-kind-0", "add:", "open:r-options", "drop:r-options"):
        acted(values, nonsense)
    assert [row["label"] for row in values["options"]] == ["c", "a", "b"]


def test_rows_deep_inside_are_reached() -> None:
    values = values_of(NESTED, D(2))
    assert acted(values, "add:r-parts-0-parts-1-options") == "r-parts-0-parts-1-options-2"
    assert len(dict(texts(values, "r"))) > 30
    assert acted(values, "drop:r-parts-0-parts-1-cases-0") == "r-parts-0-parts-1-cases-0"
    assert len(values["parts"][0]["parts"][1]["cases"]) == 1


def test_what_was_kept_goes_when_the_form_is_of_another_kind() -> None:
    rule = {"kind": "tiers", "measure": "percent", "variable": "v", "unit": "x", "bands": [{"points": "1"}]}
    values = values_of(rule, D(1))
    assert "kept" in values
    values["measure"] = "ratio"
    values |= {"numerator": "a", "denominator": "b"}
    built = RuleNode(values, maximum=D(1)).build()
    assert "unit" not in built and engine.parse_rule(built, max_points=D(1))


def test_conditions_are_chosen_in_words() -> None:
    source = engine.parse_rule(
        {"kind": "choice", "options": [["Kịp thời", "1"], ["Trễ", "0"]]}, max_points=D(1)
    )
    number = engine.parse_rule({"kind": "count", "unit": "hồ sơ", "each": "1"}, max_points=D(1))
    answers = Answers.of({"1.1": ("Kế hoạch", source), "1.2": ("Hồ sơ", number)})
    case = {"when": {"answer": "1.1", "field": "option", "is": "1"}, "rule": {"kind": "manual"}}
    rule = {"kind": "manual", "cases": [case]}
    node = RuleNode(values_of(rule, D(1), answers), maximum=D(1), answers=answers)
    drawn_condition = str(node.cases[0].condition.form)
    assert "Kế hoạch" in drawn_condition and "Trễ" in drawn_condition and "1.2 Hồ sơ" in drawn_condition
    assert returned(rule, D(1), answers) == rule
