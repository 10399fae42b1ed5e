"""Criteria sets drawn at random: every kind of rule, caps, roles, profiles, stored cases that pass."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from scoring import engine
from scoring.criteria import sums
from tests.engine.test_fuzz import EVERY

#: What is hard to carry through a cell: signs of the notation, lines, quotes, accents.
WORDS = [
    "kế hoạch",
    "a; b = c",
    "đến hạn → xong",
    "x | y",
    "“trích”",
    "=1+1",
    "dòng 1\nd 2",
    "{",
    "100 %",
    "Tổng cộng",
]


def drawn_set(chance: random.Random) -> dict[str, Any]:
    """A valid document of one to four areas, of one or two levels beneath them."""
    areas = [_area(chance, number) for number in range(1, chance.randint(1, 4) + 1)]
    if chance.random() < 0.4:
        areas.append(_looking_at_each_other(chance))
    given: dict[str, Any] = {
        "format": "parindex.criteria-set/1",
        "title": "Bộ tiêu chí " + chance.choice(WORDS),
        "year": 2025,
        "block": "so-ban-nganh",
        "official": chance.random() < 0.5,
        "decision": chance.choice(
            [None, {"number": "1/QĐ-UBND", "date": "2025-01-31", "issuer": "UBND tỉnh"}]
        ),
        "effective_from": chance.choice([None, "2025-01-01"]),
        "applicability_profiles": {"no_tthc": "Không có TTHC", "hai": "Hai, cấp"},
        "bonus_cap": chance.choice(["0", "5"]),
        "penalty_cap": chance.choice(["0", "2.5"]),
        "areas": areas,
    }
    if chance.random() < 0.8:
        counting = [area for area in areas if "role" not in area]
        given["total"] = engine.plain(sum(map(_worth, counting), Decimal(0)))
    else:
        given["total"] = "99.55"
    return given


def _worth(node: dict[str, Any]) -> Decimal:
    return sums.worth(Decimal(node["max"]), Decimal(node["cap"]) if "cap" in node else None)


def _area(chance: random.Random, number: int) -> dict[str, Any]:
    area = _node(chance, str(number), 1)
    if chance.random() < 0.3:
        area["role"] = chance.choice(["bonus", "penalty"])
    return area


def _node(chance: random.Random, code: str, level: int) -> dict[str, Any]:
    if level == 3 or chance.random() < 0.15:
        return _leaf(chance, code)
    parts = [_node(chance, f"{code}.{number}", level + 1) for number in range(1, chance.randint(1, 3) + 1)]
    node: dict[str, Any] = {"code": code, "title": f"Tiêu chí {code}", "children": parts}
    together = sum(map(_worth, parts), Decimal(0))
    cap = None
    if chance.random() < 0.3:
        cap = Decimal(chance.choice(["1", "2.5", "60"]))
        node["cap"] = engine.plain(cap)
    node["max"] = engine.plain(sums.counted(together, cap)) if chance.random() < 0.9 else "7.5"
    if chance.random() < 0.2:
        node["guidance"] = chance.choice(WORDS[:5])
    return node


def _looking_at_each_other(chance: random.Random) -> dict[str, Any]:
    """An area of two leaves, the second of which goes by the answer of the first, and by a fact."""
    first = _leaf(chance, "9.1") | {
        "method": "appraisal",
        "rule": {"kind": "tiers", "variable": "v", "bands": [{"points": "2"}]},
    }
    first.pop("tests", None)
    first.pop("cap", None)
    rule = engine.parse_rule(
        {
            "kind": "boolean",
            "yes": "2",
            "no": "0",
            "cases": [
                {
                    "when": {"answer": "9.1", "field": "value", "ge": "80"},
                    "rule": {"kind": "manual", "step": "0.5"},
                },
                {"when": {"fact": "đơn vị mới"}, "rule": {"kind": "count", "unit": "u", "each": "1"}},
            ],
        },
        max_points=Decimal(2),
    )
    tests = [
        {"inputs": {"c0_points": "1.5", "answers": {"9.1": {"value": "80"}}}, "points": "1.5"},
        {
            "inputs": {"fact_0": True, "c1_n": chance.randint(0, 1), "answers": {"9.1": {"value": "79.5"}}},
            "points": "0",
        },
        {"inputs": {"fact_0": False, "value": True, "answers": {"9.1": {"value": False}}}, "points": "2"},
    ]
    tests[1]["points"] = str(tests[1]["inputs"]["c1_n"])  # type: ignore[index]
    second = {
        "code": "9.2",
        "title": "Lá 9.2",
        "max": "2",
        "method": "office",
        "rule": rule.data,
        "tests": tests,
    }
    return {"code": "9", "title": "Lĩnh vực 9", "max": "4", "children": [first, second]}


def _leaf(chance: random.Random, code: str) -> dict[str, Any]:
    data = dict(chance.choice(EVERY))
    data.pop("moves_to", None)  # names another leaf
    rule = engine.parse_rule(data, max_points=Decimal(2))
    leaf: dict[str, Any] = {
        "code": code,
        "title": f"Lá {code} " + chance.choice([word for word in WORDS if "\n" not in word]),
        "max": "2",
        "method": {"survey": "survey", "external_index": "external"}.get(rule.kind, "appraisal"),
        "rule": rule.data,
        "appraiser": "so-noi-vu",
    }
    if chance.random() < 0.2:
        leaf["cap"] = chance.choice(["1.5", "2"])
    if chance.random() < 0.3:
        leaf["not_applicable_for"] = chance.sample(["no_tthc", "hai"], chance.randint(1, 2))
    if chance.random() < 0.2:
        leaf["na_request"] = False
    cases = [case for _try in range(chance.randint(0, 4)) if (case := drawn_case(chance, rule))]
    if cases:
        leaf["tests"] = cases
    return leaf


def drawn_case(chance: random.Random, rule: engine.Rule) -> dict[str, Any] | None:
    """Inputs that the rule takes, with the points that it gives; None where the dice gave none."""
    inputs = drawn_inputs(chance, rule)
    facts = {}
    if rule.kind in ("ratio_to_best", "target_and_leader") and chance.random() < 0.7:
        facts = {"best": {"value": chance.choice(["100", "37.5"])}}
    try:
        canonical = engine.clean_inputs(rule, inputs, facts=facts)
        score = engine.score(rule, rule.max_points, canonical, facts=facts)
    except engine.InputErrors:
        return None
    case: dict[str, Any] = {"inputs": canonical | facts, "points": engine.plain(score.points)}
    if score.applicable_max != rule.max_points:
        case["max"] = engine.plain(score.applicable_max)
    if chance.random() < 0.5:
        case["note"] = chance.choice(WORDS)
    return case


def drawn_inputs(chance: random.Random, rule: engine.Rule) -> dict[str, Any]:
    """Something in every field that is asked, mostly of the right sort."""
    return {
        one.name: _value(chance, one)
        for one in rule.fields()
        if one.name != "not_arising" and (one.required or chance.random() < 0.7)
    } | ({"not_arising": True} if chance.random() < 0.1 else {})


def _value(chance: random.Random, one: engine.Field) -> Any:
    if one.type == "boolean":
        return chance.random() < 0.5
    if one.type == "choice":
        return chance.randrange(len(one.choices))
    if one.type == "items":
        return sorted(chance.sample(range(len(one.choices)), chance.randint(0, len(one.choices))))
    if one.type == "date":
        return f"2025-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    if one.type == "points":
        return chance.choice(["0", "0.5", "1"])
    if one.type == "integer":
        return str(chance.choice([0, 1, 2, 7, 100]))
    return chance.choice(["0", "12.5", "60", "79.99", "90", "100"])
