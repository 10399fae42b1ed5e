"""Stored cases told in the reader's language: what is put in, what must come out, and what came out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from parindex.ui.formats import format_date, format_decimal
from scoring import engine
from scoring.criteria.case_check import Leaf, StoredLike, failures, flat, in_words
from scoring.criteria.case_terms import terms_of

__all__ = ["CaseLine", "case_lines_of", "inputs_in_words"]

#: Labels of the engine; every other label is the set's own and must not be translated.
_ENGINE_LABELS = frozenset(
    {"Points", "Points within the option", "Mean of the survey", "Place", "Place before", "Nothing arose",
     "Formula", "Facts that also hold"}
)  # fmt: skip
_SELF_EXPLAINING = frozenset({"value", "option", "items"})


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case to read. ``got`` is empty where the rule passes it; points as texts in the reader's language."""

    inputs: str
    expected: str
    note: str
    got: str = ""
    refused: bool = False

    @property
    def passes(self) -> bool:
        return not self.got


def case_lines_of(leaf: Leaf, cases: Iterable[StoredLike]) -> tuple[CaseLine, ...]:
    """The cases of a leaf, each run through its rule."""
    lines = []
    for case in cases:
        maximum = leaf.max_points if case.applicable_max is None else case.applicable_max
        failed = failures(leaf, [case])
        lines.append(
            CaseLine(
                inputs=inputs_in_words(leaf.rule, case.inputs),
                expected=in_words(case.points, maximum, leaf.max_points),
                note=case.note,
                got=failed[0].got if failed else "",
                refused=bool(failed) and failed[0].refused,
            )
        )
    return tuple(lines)


def inputs_in_words(rule: engine.Rule | None, inputs: Mapping[str, Any]) -> str:
    """``số hồ sơ đúng hạn: 88; số hồ sơ đã giải quyết: 111``."""
    fields = {one.name: one for one in rule.fields()} if rule is not None else {}
    terms = terms_of(rule).by_path if rule is not None else {}
    told = []
    for path, value in flat(inputs):
        one = fields.get(path[0])
        if one is not None:
            told.append(_one(one, value))
        elif path[0] == "best":
            told.append(f"{_('best value of the block')}: {_plain(value)}")
        else:
            name = terms[path].word if path in terms else ".".join(path)
            told.append(f"{name}: {_plain(value)}")
    return "; ".join(told)


def _one(field: engine.Field, value: Any) -> str:
    label = _(field.label) if field.label in _ENGINE_LABELS else field.label
    if field.group:
        label = f"{field.group} · {label}"
    try:
        words = _value(field, value)
    except (KeyError, IndexError, TypeError, ValueError):  # of a rule that was changed since
        words = _plain(value)
    if field.choices and field.name.rpartition("_")[2] in _SELF_EXPLAINING:
        return f"{field.group} · {words}" if field.group else words
    return f"{label}: {words}"


def _value(field: engine.Field, value: Any) -> str:
    if field.type == "boolean":
        return _(dict(field.choices)[value]) if field.choices else _plain(value)
    if field.type == "choice":
        return str(field.choices[value][1])
    if field.type == "items":
        return " + ".join(str(field.choices[number][1]) for number in value) or _("None of these holds")
    if field.type == "date":
        return format_date(date.fromisoformat(value))
    unit = "%" if field.type == "percent" else field.unit
    return f"{_plain(value)}\u00a0{unit}" if unit else _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_plain(entry) for entry in value)
    try:
        return str(format_decimal(Decimal(str(value))))
    except ArithmeticError:
        return str(value)
