"""A trace for people and for machines: one sentence, a table, and the same as plain JSON.

Pages, workbooks and open data are all made from ``trace_told``, so that they say the same. Only what the engine wrote
is taken: inputs that the rule asks for (numbers, dates, options of the set), steps, clamp, rounding. Whatever else a
stored trace may hold stays where it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from parindex.ui.formats import decimal_mark, format_decimal
from scoring import engine
from scoring.criteria.input_words import inputs_in_words
from scoring.criteria.models import Criterion
from scoring.criteria.wording import expression_in_words, rule_data_in_words

__all__ = ["TraceTold", "rule_of", "trace_for_machines", "trace_told"]

_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_NAME = re.compile(r"%\((\w+)\)s")
#: Keys of a step and of the whole that a file carries; a trace has no others of the engine's own.
_KEYS = (
    "engine",
    "kind",
    "steps",
    "expression",
    "sign",
    "clamp",
    "rounding",
    "points",
    "max",
    "applicable_max",
)


@dataclass(frozen=True, slots=True)
class TraceTold:
    """How points came about. ``sentence`` holds steps, clamp and rounding in one run; the rest is its table.

    ``points`` and ``maximum`` as people read them, in points.
    """

    rule: str
    inputs: list[tuple[str, str]]
    steps: list[str]
    clamp: str
    rounding: str
    expression: str
    sentence: str
    points: str
    maximum: str

    @property
    def line(self) -> str:
        """The arithmetic where there is some; points that were only picked or typed are no arithmetic."""
        return self.expression if " " in self.expression else ""


def rule_of(criterion: Criterion) -> engine.Rule | None:
    """The rule of a leaf, parsed; None above the leaves. Pure."""
    if criterion.rule is None:
        return None
    return engine.parse_rule(criterion.rule, max_points=criterion.max_points)


def trace_told(
    trace: Mapping[str, Any] | None, rule: engine.Rule | None = None, *, by_rule: bool = True
) -> TraceTold | None:
    """A trace in the active language; None where there is none. ``rule``: the leaf's, to name rule and inputs.

    ``by_rule``: whether the rule itself is told. Pure.
    """
    if not trace:
        return None
    told = [_sentence(template, params) for template, params in engine.trace_sentence(trace)]
    clamp = told.pop(-2 if _rounds(trace) else -1) if trace.get("clamp") else ""
    rounding = told.pop() if _rounds(trace) else ""
    own = rule is not None and trace.get("kind") == rule.kind
    return TraceTold(
        rule=rule_data_in_words(rule.data, rule.max_points) if rule is not None and by_rule else "",
        inputs=inputs_in_words(rule, trace.get("inputs")) if own and rule is not None else [],
        steps=told,
        clamp=clamp,
        rounding=rounding,
        expression=expression_in_words(trace),
        sentence=" ".join(text for text in (*told, clamp, rounding) if text),
        points=_figure(trace.get("points")),
        maximum=_figure(trace.get("applicable_max", trace.get("max"))),
    )


def trace_for_machines(trace: Mapping[str, Any] | None, rule: engine.Rule | None) -> dict[str, Any] | None:
    """The trace as a file carries it: the engine's own keys, and the inputs that the rule asks for. Pure."""
    if not trace:
        return None
    kept = {key: trace[key] for key in _KEYS if key in trace}
    kept["steps"] = [step for one in trace.get("steps", ()) if (step := _step(one))]
    asked: set[str] = set()
    if rule is not None and trace.get("kind") == rule.kind:
        asked = {field.name for field in rule.fields()} | {
            field.name.split(".")[0] for field in rule.fields()
        }
    elif trace.get("kind") == "typed":
        asked = {"points"}
    kept["inputs"] = {name: value for name, value in (trace.get("inputs") or {}).items() if name in asked}
    return kept


def _step(step: Mapping[str, Any]) -> dict[str, Any] | None:
    """A step with what its sentence says; None for one that this engine does not know."""
    known = engine.trace_sentence({"steps": [step]})
    if not known:
        return None
    return {"op": step["op"]} | {key: step[key] for key in _NAME.findall(known[0][0]) if key in step}


def _rounds(trace: Mapping[str, Any]) -> bool:
    rounding = trace.get("rounding")
    return bool(rounding and rounding["from"] != rounding["to"])


def _sentence(template: str, params: Mapping[str, object]) -> str:
    if "band" in params:
        params = {**params, "band": _POINT.sub(decimal_mark(), str(params["band"]))}
    return engine.render(template, params, translate=_, number=format_decimal)


def _figure(value: object) -> str:
    try:
        return format_decimal(Decimal(str(value)))
    except ArithmeticError:
        return "—"
