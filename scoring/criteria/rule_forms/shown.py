"""A rule as the texts that its form shows. Drawn, posted unchanged and built again they give the same rule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from scoring.criteria.rule_forms.cells import Cells, texts_of, what_is_kept
from scoring.criteria.rule_forms.conditions import (
    Answers,
    gather_condition,
    params_of_condition,
    spread_condition,
)
from scoring.criteria.rule_forms.nodes import Row, RuleNode
from scoring.criteria.rule_forms.rows import Context, RowSpec, rows_of
from scoring.criteria.rule_forms.shapes import COMPOSED, GENERAL, PART, params_of, shape_of, unfold
from scoring.criteria.rule_forms.tree import Values

__all__ = ["values_of"]


def values_of(rule: Mapping[str, Any], maximum: Decimal, answers: Answers | None = None) -> Values:
    """The texts of a rule: what its form shows. Drawn, unchanged and built again it gives the same rule."""
    return _values(rule, maximum, answers or Answers(), is_part=False)


def _values(rule: Mapping[str, Any], maximum: Decimal, answers: Answers, *, is_part: bool) -> Values:
    loose = unfold(rule)
    kind = str(rule.get("kind") or "")
    shape = shape_of(loose)
    values: Values = {"kind": kind, **shape}
    if loose.get("listed"):
        values["listed"] = "1"
    values |= texts_of((*(PART if is_part else ()), *params_of(kind, shape), *GENERAL), loose)
    for spec in rows_of(kind, shape):
        values[spec.key] = [_row(spec, entry, shape, maximum) for entry in loose.get(spec.key) or ()]
    if kind in COMPOSED:
        values["parts"] = [
            _values(part, _maximum(part, maximum), answers, is_part=True) for part in rule.get("parts", ())
        ]
    values["cases"] = [
        {
            "when": _condition(case["when"], answers),
            "rule": _values(case["rule"], maximum, answers, is_part=False),
        }
        for case in rule.get("cases", ())
    ]
    node = RuleNode(values, maximum=maximum, answers=answers, is_part=is_part, depth=1 if is_part else 0)
    kept = what_is_kept(rule, node.build(), without=("parts", "cases") if kind in COMPOSED else ("cases",))
    if kept:
        values["kept"] = json.dumps({"shape": node.kept_shape(), "values": kept}, ensure_ascii=False)
    return values


def _row(spec: RowSpec, entry: Any, shape: Mapping[str, str], maximum: Decimal) -> Values:
    values = texts_of(spec.every, spec.spread(entry))
    rebuilt = Row(spec, values, "x").entry(Context(maximum == 0, shape))
    if kept := what_is_kept(entry, rebuilt):
        values["kept"] = json.dumps(kept, ensure_ascii=False)
    return values


def _condition(when: Mapping[str, Any], answers: Answers) -> Values:
    spread = spread_condition(when)
    by = {
        "by": str(spread["by"]),
        "answer": str(spread.get("answer") or ""),
        "equals": str(spread.get("equals") or ""),
    }
    params = params_of_condition(by, answers)
    values = texts_of(params, spread)
    rebuilt = gather_condition(Cells(params, values, "x").got() | {"by": values["by"]})
    if kept := what_is_kept(when, rebuilt):
        values["kept"] = json.dumps(kept, ensure_ascii=False)
    return values


def _maximum(part: Mapping[str, Any], maximum: Decimal) -> Decimal:
    own = part.get("max")
    try:
        return maximum if own is None else Decimal(str(own))
    except ArithmeticError:
        return maximum
