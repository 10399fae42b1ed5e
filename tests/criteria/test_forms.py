"""Forms made from rules, and rules and traces in words: nothing English, nothing guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.template import Context, Template

from scoring import engine
from scoring.criteria.fileformat import read
from scoring.criteria.input_forms import build_inputs_form
from scoring.criteria.wording import expression_in_words, rule_data_in_words, trace_in_words
from tests.criteria.files import SAMPLES
from tests.factories_scoring import LEAVES

RULES = {leaf["rule"]["kind"]: leaf for leaf in LEAVES}


def rule(kind: str) -> engine.Rule:
    leaf = RULES[kind]
    return engine.parse_rule(leaf["rule"], max_points=Decimal(leaf["max"]))


def render(form: Any) -> str:
    return Template("{% load crispy_forms_tags %}{% crispy form %}").render(Context({"form": form}))


GOOD = [
    ("boolean", "value=true", {"value": True}),
    ("boolean", "value=false", {"value": False}),
    ("choice", "option=1", {"option": 1}),
    ("checklist", "items=0&items=1", {"items": [0, 1]}),
    ("checklist", "items=none", {"items": []}),
    ("tiers", "value=12,5", {"value": "12.5"}),
    ("proportion", "numerator=88&denominator=111", {"numerator": "88", "denominator": "111"}),
    ("count", "n=2", {"n": 2}),
    ("deduction", "n=0", {"n": 0}),
    ("manual", "points=1,25", {"points": "1.25"}),
    ("survey", "pct=91,17", {"pct": "91.17"}),
    ("survey", "counts.A=10&counts.B=5&counts.C=0&counts.D=0", {"counts": {"A": 10, "B": 5, "C": 0, "D": 0}}),
    ("external_index", "pct=91.17", {"pct": "91.17"}),
]


@pytest.mark.parametrize(("kind", "query", "inputs"), GOOD)
def test_what_is_typed_becomes_canonical_inputs_and_back(
    kind: str, query: str, inputs: dict[str, Any]
) -> None:
    form = build_inputs_form(rule(kind), data=QueryDict(query))
    assert form.is_valid(), form.errors
    assert form.cleaned_data == inputs and not form.is_blank
    again = build_inputs_form(rule(kind), initial=inputs, prefix="a")
    assert 'name="a-' in render(again)
    for value in inputs.values():
        if isinstance(value, str) and "." in value:
            assert f'value="{value.replace(".", ",")}"' in render(again)


@pytest.mark.parametrize("kind", RULES)
def test_an_empty_form_is_blank_and_not_answered(kind: str) -> None:
    form = build_inputs_form(rule(kind), data=QueryDict(""))
    assert form.is_blank and not form.is_valid()
    assert "Not answered" not in str(form.errors)
    render(form)


@pytest.mark.parametrize(
    ("kind", "query", "field"),
    [
        ("boolean", "value=maybe", "value"),
        ("choice", "option=9", "option"),
        ("checklist", "items=7", "items"),
        ("checklist", "items=none&items=0", "items"),
        ("tiers", "value=101", "value"),
        ("tiers", "value=1.234,5", "value"),
        ("proportion", "numerator=5&denominator=4", "numerator"),
        ("proportion", "numerator=5", "denominator"),
        ("count", "n=1,5", "n"),
        ("count", "n=-1", "n"),
        ("manual", "points=1,3", "points"),
        ("survey", "counts.A=0&counts.B=0&counts.C=0&counts.D=0", "counts.A"),
    ],
)
def test_a_fault_stands_beside_its_field_and_the_text_stays(kind: str, query: str, field: str) -> None:
    form = build_inputs_form(rule(kind), data=QueryDict(query), prefix="")
    assert not form.is_valid() and not form.is_blank
    assert list(form.errors) == [field]
    page = render(form)
    typed = QueryDict(query).get("value") or QueryDict(query).get("n") or QueryDict(query).get("points")
    if typed and kind in ("tiers", "count", "manual"):
        assert f'value="{typed}"' in page
    assert "%(" not in page


def test_points_of_options_stand_on_their_cards() -> None:
    page = render(build_inputs_form(rule("choice")))
    assert "Kịp thời" in page and "2 điểm" in page and 'type="radio"' in page


def test_many_options_become_a_list() -> None:
    options = [[f"phương án {number}", "1"] for number in range(12)]
    many = engine.parse_rule({"kind": "choice", "options": options}, max_points=Decimal(1))
    assert "<select" in render(build_inputs_form(many))


@pytest.mark.parametrize("name", ["departments", "communes"])
def test_every_rule_of_the_samples_is_told_in_vietnamese(name: str) -> None:
    file = read((SAMPLES / f"{name}.json").read_bytes()).file
    assert file is not None
    for leaf in file.leaves:
        assert leaf.rule is not None
        words = rule_data_in_words(leaf.rule.data, leaf.max_points)
        assert words.endswith(".") and "%(" not in words and "%%" not in words
        for english in ("points", "Each", "Starts", "Where", "above", "below", "Met", "Weighted"):
            assert english not in words, words


BANDS = [{"ge": "2", "points": "1"}, {"ge": "1", "lt": "2", "points": "0.5"}, {"lt": "1", "points": "0"}]
YES_NO = {"kind": "boolean", "yes": "1", "no": "0"}
COMPOSED: list[tuple[dict[str, Any], str]] = [
    (
        {"kind": "tiers", "measure": "count", "variable": "số mô hình", "unit": "mô hình", "bands": BANDS},
        "Theo số mô hình: từ 2\u00a0mô hình: 1 điểm; từ 1\u00a0mô hình đến dưới 2\u00a0mô hình: 0,5 điểm",
    ),
    ({"kind": "tiers", "measure": "days", "from": "ngày nhận", "to": "ngày trả", "bands": BANDS}, "từ ngày nhận đến"),
    (
        {
            "kind": "tiers", "measure": "parts", "parts": ["a", "b", "c"],
            "bands": [{"le": "0", "points": "1"}, {"ge": "1", "points": "0"}],
        },
        "số phần thiếu hoặc không đạt (a; b; c)",
    ),
    (
        {
            "kind": "tiers", "variable": "tỷ lệ", "bands": [{"ge": "80", "points": "1"}, {"lt": "80", "points": "0"}],
            "exceptions": [{"fact": "đã đôn đốc bằng văn bản", "points": "0.5"}],
        },
        "đã đôn đốc bằng văn bản: 0,5 điểm.",
    ),
    (
        {
            "kind": "external_index", "index": "PCI", "by": "rank",
            "bands": [{"le": "10", "points": "1"}, {"gt": "10", "points": "0"}],
        },
        "Theo thứ hạng PCI: đến 10: 1 điểm; trên 10: 0 điểm.",
    ),
    ({"kind": "ratio_to_best", "value": "số sáng kiến", "factor": "1"}, "giá trị cao nhất của khối × 1"),
    ({"kind": "target_and_leader", "value": "tỷ lệ", "target": "80", "factor": "1"}, "50 % của 1 điểm"),
    ({"kind": "sum_of", "parts": [{**YES_NO, "max": "0.5", "yes": "0.5", "label": "A"}]}, "(A) Đạt: 0,5 điểm"),
    ({"kind": "best_of", "parts": [YES_NO, YES_NO]}, "Lấy phần có điểm cao nhất: (1) Đạt: 1 điểm"),
    (
        {
            "kind": "formula", "variables": [{"name": "a", "label": "số đạt"}],
            "expressions": [{"label": "", "text": "min(a * 0.5, 1)"}],
        },
        "Điểm = min(a * 0,5; 1), trong đó a = số đạt",
    ),
    ({**YES_NO, "cases": [{"when": {"fact": "có kế hoạch"}, "rule": YES_NO}]}, "Trường hợp “có kế hoạch”: Đạt"),
    ({**YES_NO, "not_arising": "full", "round_to": "0.25"}, "Làm tròn đến 0,25 điểm. Khi không phát sinh: được"),
    ({**YES_NO, "moves_to": ["1.2"]}, "điểm chuyển sang 1.2"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "words"), COMPOSED, ids=[words for _data, words in COMPOSED])
def test_every_kind_has_words_and_a_form(data: dict[str, Any], words: str) -> None:
    if data["kind"] == "formula":
        data = {**data, "expressions": [{"text": data["expressions"][0]["text"]}]}
    parsed = engine.parse_rule(data, max_points=Decimal(1))
    told = rule_data_in_words(parsed.data, Decimal(1))
    assert words in told and "%(" not in told
    page = render(build_inputs_form(parsed))
    assert all(f'name="{one.name}"' in page for one in parsed.fields())


def test_figures_of_rules_and_traces_have_a_comma() -> None:
    told = rule_data_in_words({"kind": "count", "unit": "sáng kiến", "each": "0.5", "cap": "1"}, Decimal(1))
    assert told == "Mỗi sáng kiến: 0,5 điểm, tối đa 1 điểm."
    share = engine.parse_rule(
        {"kind": "proportion", "numerator": "a", "denominator": "b", "factor": "1.5"},
        max_points=Decimal("1.5"),
    )
    trace = engine.score(share, Decimal("1.5"), {"numerator": 88, "denominator": 111}).trace
    assert expression_in_words(trace) == "88 / 111 × 1,5 = 1,189189"
    assert "1,189189" in trace_in_words(trace)
    band = engine.score(rule("tiers"), Decimal(2), {"value": "70.5"}).trace
    assert "70,5" in trace_in_words(band)
    assert trace_in_words(None) == "" and expression_in_words(None) == ""
