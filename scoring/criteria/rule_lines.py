"""A rule as lines of text in one cell: ``Kịp thời = 0,5``, ``từ 70 đến dưới 90 = 1``.

`write` gives lines only where reading them gives the same rule again; what has no such lines (rules made of
rules, cases, odd labels) is written as JSON, so nothing is ever lost. Pure. The grammar: docs/criteria-xlsx.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from scoring.criteria import rule_words as words
from scoring.criteria.rule_parse import ANY, read
from scoring.engine import plain

__all__ = ["write"]

_COMMON = ("round_to", "not_arising", "moves_to")


def write(rule: Mapping[str, Any]) -> str:
    """The rule without its kind, as lines; as JSON (with its kind) where lines would not say it all."""
    try:
        text = "\n".join(_lines(rule))
    except (KeyError, TypeError, ValueError, IndexError):
        text = None
    kind = str(rule.get("kind"))
    if text is not None:
        found = read(kind, text)
        if not found.faults and found.rule == dict(rule):
            return text
    return json.dumps(rule, ensure_ascii=False)


def _lines(rule: Mapping[str, Any]) -> Iterator[str]:
    kind = rule["kind"]
    known = words.key_words(kind)
    for key, value in rule.items():
        if key in known and key not in _COMMON:
            yield f"{known[key]} = {_value(key, value)}"
    for option in (*rule.get("options", ()), *rule.get("items", ())):
        yield _entry(option)
    for part in rule.get("parts", ()):
        yield f"{words.PART}: {_text(part)}"
    for band in rule.get("bands", ()):
        yield f"{_band(band)} = {_points(band['points'])}"
    for one in rule.get("exceptions", ()):
        when = f" ({_band(one)})" if {"gt", "ge", "lt", "le"} & set(one) else ""
        yield f"{words.EXCEPTION}{when}: {one['fact']} = {_points(one['points'])}"
    for label, weight in (rule.get("option_weights_pct") or {}).items():
        yield f"{label} = {_points(weight)}"
    for one in rule.get("variables", ()):
        more = [one["label"], one.get("unit", "")]
        more += [f"nguyên: {words.YES if one['whole'] else words.NO}"] if "whole" in one else []
        more += [f"tối đa: {_comma(one['max'])}"] if "max" in one else []
        yield f"{words.VARIABLE}: {one['name']} = {' | '.join(more).rstrip(' |')}"
    for one in rule.get("expressions", ()):
        label = f" ({one['label']})" if one.get("label") else ""
        yield f"{words.EXPRESSION}{label}: {one['text']}"
    for key in _COMMON:
        if key in rule:
            yield f"{known[key]} = {_value(key, rule[key])}"


def _value(key: str, value: Any) -> str:
    if value is None:
        return words.UNSCORED
    if isinstance(value, bool):
        return words.YES if value else words.NO
    if key == "moves_to":
        return ", ".join(value)
    if key in words.ENUMS:
        return words.ENUMS[key][value]
    return _comma(value) if key in words.NUMBERS else _text(value)


def _entry(entry: Any) -> str:
    if isinstance(entry, str):
        return _text(entry)
    if isinstance(entry, Mapping):  # an item of a deduction
        return f"{entry['unit']} = {_points(entry['each'])}"
    label, points, *more = entry
    effects = [words.EFFECTS[pair] for pair in (more[0].items() if more else ())]
    tail = f" [{'; '.join(effects)}]" if effects else ""
    return f"{label}{tail}" if points is None and effects else f"{label} = {_points(points)}{tail}"


def _points(value: Any) -> str:
    if value is None:
        return words.UNSCORED
    if isinstance(value, Mapping):
        step = f" bước {_comma(value['step'])}" if "step" in value else ""
        return f"{_comma(value['from'])} đến {_comma(value['to'])}{step}"
    return _comma(value)


def _band(band: Mapping[str, Any]) -> str:
    if "ge" in band and band["ge"] == band.get("le"):
        return f"đúng {_comma(band['ge'])}"
    told = [f"{word} {_comma(band[key])}" for key, word in (("gt", "trên"), ("ge", "từ")) if key in band]
    if not told:
        told = [f"{word} {_comma(band[key])}" for key, word in (("lt", "dưới"), ("le", "đến")) if key in band]
        return " ".join(told) or ANY
    told += [
        f"{word} {_comma(band[key])}" for key, word in (("lt", "đến dưới"), ("le", "đến")) if key in band
    ]
    return " ".join(told)


def _comma(value: Any) -> str:
    return plain(Decimal(value)).replace(".", ",")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
