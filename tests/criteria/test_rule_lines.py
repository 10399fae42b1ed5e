"""Rules as lines in one cell: every rule comes back the same, and lines as officials write them are understood."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.criteria import rule_lines, rule_parse
from tests.criteria.workbooks import FILES, document
from tests.engine.test_fuzz import EVERY, RULES


def rules_of(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        own = [value["rule"]] if "rule" in value and "code" in value else []
        return own + [rule for entry in value.values() for rule in rules_of(entry)]
    return [rule for entry in value for rule in rules_of(entry)] if isinstance(value, list) else []


SAMPLES = [rule for path in FILES for rule in rules_of(document(path))]


@pytest.mark.parametrize("rule", [rule.data for rule in RULES], ids=lambda rule: rule["kind"])
def test_every_kind_comes_back_the_same(rule: dict[str, Any]) -> None:
    read = rule_parse.read(rule["kind"], rule_lines.write(rule))
    assert read.faults == [] and read.rule == rule


def test_the_rules_of_the_samples_are_lines_not_json() -> None:
    assert len(SAMPLES) > 100
    assert [rule for rule in SAMPLES if rule_lines.write(rule).startswith("{")] == []


TEXTS = st.text(st.sampled_from(list('ab =:;[]()0,5.%\n<>{}"từđếnNgoại lệ|')), min_size=1, max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(EVERY), TEXTS, TEXTS)
def test_odd_texts_never_change_a_rule(rule: dict[str, Any], first: str, second: str) -> None:
    """Whatever the labels are, reading gives back what was written, by lines or by JSON."""
    texts = iter((first, second))

    def exchanged(value: Any) -> Any:
        if isinstance(value, str) and value in ("a", "b", "u", "v", "g", "w", "x", "A", "DTI"):
            return next(texts, value)
        if isinstance(value, dict):
            return {key: exchanged(entry) for key, entry in value.items()}
        return [exchanged(entry) for entry in value] if isinstance(value, list) else value

    odd = exchanged(json.loads(json.dumps(rule)))
    read = rule_parse.read(odd["kind"], rule_lines.write(odd))
    assert read.rule == odd and read.faults == []


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*(rule["kind"] for rule in EVERY), ""]), st.text(max_size=60) | TEXTS)
def test_any_text_is_a_rule_or_has_faults(kind: str, text: str) -> None:
    read = rule_parse.read(kind, text)
    assert read.rule is not None or read.faults
    assert all(message and "%(" not in message for _line, message in read.faults)


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("trên 90%: 2 điểm", {"gt": "90"}),
        ("> 90 = 2", {"gt": "90"}),
        ("từ 70% đến dưới 90%: 2", {"ge": "70", "lt": "90"}),
        (">= 70, < 90 = 2", {"ge": "70", "lt": "90"}),
        ("≥ 70 = 2đ", {"ge": "70"}),
        ("từ 30% trở lên: 2", {"ge": "30"}),
        ("30% trở lên: 2", {"ge": "30"}),
        ("Dưới 20%: 2", {"lt": "20"}),
        ("đến 20 = 2", {"le": "20"}),
        ("20 trở xuống = 2", {"le": "20"}),
        ("đúng 3 = 2", {"ge": "3", "le": "3"}),
        ("từ 70,5 đến 90 = 2", {"ge": "70.5", "le": "90"}),
        ("mọi giá trị = 2", {}),
    ],
)
def test_bands_as_decrees_write_them(text: str, band: dict[str, str]) -> None:
    read = rule_parse.read("tiers", f"Giá trị = tỷ lệ\n{text}")
    assert read.faults == [] and read.rule is not None
    assert read.rule["bands"] == [band | {"points": "2"}]


def test_the_official_wording_in_one_line_is_split() -> None:
    read = rule_parse.read("choice", "Kịp thời: 0,5; Không kịp thời: 0,25 điểm; Không ban hành: 0.")
    assert read.rule == {
        "kind": "choice",
        "options": [["Kịp thời", "0.5"], ["Không kịp thời", "0.25"], ["Không ban hành", "0"]],
    }


@pytest.mark.parametrize(
    ("kind", "text", "line"),
    [
        ("choice", "Kịp thời = 0,5\nkhông có điểm", 2),
        ("tiers", "Giá trị = t\ncao = 2", 2),
        ("proportion", "Tử số = a\nMẫu số = b\nĐiểm = nhiều", 3),
        ("proportion", "Tử số = a\nMẫu số = b\nĐiểm = 1\nKhi mẫu số bằng 0 = gì đó", 4),
        ("choice", "a = 1 [mất hết]", 1),
        ("boolean", "Đạt = 1\nĐạt = 2", 2),
        ("checklist", "a = 1\nb", 2),
        ("count", "Mỗi = a\ncái gì thế này", 2),
        ("choice", "x" * 3000, 1),
    ],
)
def test_a_fault_names_its_line(kind: str, text: str, line: int) -> None:
    assert [number for number, _message in rule_parse.read(kind, text).faults] == [line]


def test_json_must_be_of_the_kind_beside_it() -> None:
    assert rule_parse.read("manual", '{"kind": "count"}').faults
    assert rule_parse.read("", '{"kind": "manual"}').rule == {"kind": "manual"}
    assert rule_parse.read("manual", "{").faults
    assert rule_parse.read("manual", '{"step": 0.5}').faults
