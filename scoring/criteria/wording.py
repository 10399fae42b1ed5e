"""Rules and traces told in the reader's language: one sentence for a screen, a page, an export.

The engine gives data and English templates; here they are translated, and decimals get their comma.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parindex.ui.formats import decimal_mark, format_decimal
from scoring import engine

__all__ = ["expression_in_words", "option_points", "rule_data_in_words", "rule_in_words", "trace_in_words"]

_POINT = re.compile(r"(?<=\d)\.(?=\d)")

KIND_NAMES = {
    "boolean": gettext_lazy("met or not"),
    "choice": gettext_lazy("one option"),
    "checklist": gettext_lazy("list of items"),
    "tiers": gettext_lazy("bands"),
    "proportion": gettext_lazy("share"),
    "count": gettext_lazy("count"),
    "deduction": gettext_lazy("deduction"),
    "survey": gettext_lazy("survey"),
    "external_index": gettext_lazy("external index"),
    "manual": gettext_lazy("points given"),
}


def rule_in_words(criterion: Any) -> str:
    """The rule of a leaf as one sentence in the active language; empty above the leaves."""
    return rule_data_in_words(criterion.rule, criterion.max_points) if criterion.rule else ""


def rule_data_in_words(rule: Mapping[str, Any], max_points: Decimal) -> str:
    """A canonical rule (plain JSON) as one sentence. ``max_points`` is the maximum of the leaf."""
    teller = _TELLERS.get(str(rule.get("kind")))
    told = (
        teller(rule, max_points) if teller else str(KIND_NAMES.get(str(rule.get("kind")), rule.get("kind")))
    )
    more = [told]
    if rule.get("round_to"):
        more.append(_("Rounded to steps of %(step)s points.") % {"step": _figure(rule["round_to"])})
    if rule.get("not_arising"):
        more.append(_zero_effect(str(rule["not_arising"]), _("Where nothing arises")))
    return " ".join(more)


def trace_in_words(trace: Mapping[str, Any] | None) -> str:
    """How points came about, as one run of sentences in the active language."""
    if not trace:
        return ""
    told = []
    for template, params in engine.trace_sentence(trace):
        if "band" in params:
            params = {**params, "band": _POINT.sub(decimal_mark(), str(params["band"]))}
        told.append(engine.render(template, params, translate=_, number=format_decimal))
    return " ".join(told)


def expression_in_words(trace: Mapping[str, Any] | None) -> str:
    """The arithmetic in one line with the decimal mark of the language: ``88 / 111 × 1,5 = 1,189189``."""
    return engine.trace_expression(trace, decimal_mark=decimal_mark()) if trace else ""


def option_points(rule: engine.Rule) -> dict[str, str]:
    """The points of each choice of a rule, for the hints of its cards, by the value that is sent."""
    data = rule.data
    if rule.kind == "boolean":
        return {"true": _points(data["yes"]), "false": _points(data["no"])}
    if rule.kind == "choice":
        return {str(number): _option(option[1]) for number, option in enumerate(data["options"])}
    if rule.kind == "checklist" and data["mode"] == "sum":
        return {str(number): _points(item[1]) for number, item in enumerate(data["items"])}
    return {}


# Kind by kind


def _figure(value: object) -> str:
    return format_decimal(Decimal(str(value))) if value is not None else "—"


def _points(value: object) -> str:
    return _("%(points)s points") % {"points": _figure(value)} if value is not None else "—"


def _option(value: object) -> str:
    if isinstance(value, Mapping):
        return _("%(from)s to %(to)s points") % {"from": _figure(value["from"]), "to": _figure(value["to"])}
    return _points(value)


def _boolean(rule: Mapping[str, Any], maximum: Decimal) -> str:
    return _("Met: %(yes)s; not met: %(no)s.") % {"yes": _points(rule["yes"]), "no": _points(rule["no"])}


def _effects(entry: Sequence[Any]) -> str:
    extras = entry[2] if len(entry) > 2 else {}
    told = []
    if extras.get("zeroes") == "leaf":
        told.append(_("sets the points to 0"))
    elif extras.get("zeroes") == "parent":
        told.append(_("sets the whole parent criterion to 0"))
    grade = {
        "not_top": _("excludes the highest grade"),
        "one_down": _("lowers the grade by one"),
        "lowest": _("means the lowest grade"),
    }.get(extras.get("grade_effect", ""))
    if grade:
        told.append(grade)
    return f" ({', '.join(told)})" if told else ""


def _choice(rule: Mapping[str, Any], maximum: Decimal) -> str:
    return "; ".join(f"{o[0]}: {_option(o[1])}{_effects(o)}" for o in rule["options"]) + "."


def _checklist(rule: Mapping[str, Any], maximum: Decimal) -> str:
    if rule["mode"] == "sum":
        items = "; ".join(f"{item[0]}: {_points(item[1])}{_effects(item)}" for item in rule["items"])
        return _("The points of the items that hold are added: %(items)s.") % {"items": items}
    items = "; ".join(
        item if isinstance(item, str) else f"{item[0]}{_effects(item)}" for item in rule["items"]
    )
    return _("All items hold (%(items)s): %(points)s; otherwise 0.") % {
        "items": items,
        "points": _points(maximum),
    }


def _tiers(rule: Mapping[str, Any], maximum: Decimal) -> str:
    unit = "\u00a0%"
    if rule.get("numerator"):
        value = f"{rule['numerator']} / {rule['denominator']}"
    else:
        value = str(rule["variable"])
    bands = "; ".join(f"{_band(band, unit)}: {_points(band['points'])}" for band in rule["bands"])
    told = _("By %(value)s: %(bands)s.") % {"value": value, "bands": bands}
    return f"{told} {_zero_effect(rule['denominator_zero'])}" if rule.get("denominator_zero") else told


def _band(band: Mapping[str, Any], unit: str) -> str:
    low = band.get("ge", band.get("gt"))
    high = band.get("le", band.get("lt"))
    if low is not None and low == high:
        return f"{_figure(low)}{unit}"
    words = []
    if "gt" in band:
        words.append(_("above %(value)s") % {"value": _figure(low) + unit})
    elif "ge" in band:
        words.append(_("from %(value)s") % {"value": _figure(low) + unit})
    if "lt" in band:
        words.append(_("below %(value)s") % {"value": _figure(high) + unit})
    elif "le" in band:
        words.append(_("up to %(value)s") % {"value": _figure(high) + unit})
    return _(" and ").join(words) if len(words) > 1 else (words[0] if words else _("any value"))


def _proportion(rule: Mapping[str, Any], maximum: Decimal) -> str:
    target = rule.get("target_pct")
    told = [
        _("Points = %(numerator)s / %(denominator)s × %(factor)s.")
        % {
            "numerator": rule["numerator"],
            "denominator": rule["denominator"],
            "factor": _figure(rule["factor"]),
        }
        if not target or Decimal(target) == 100
        else _("Points = %(numerator)s / %(denominator)s, against the target of %(target)s %%, × %(factor)s.")
        % {
            "numerator": rule["numerator"],
            "denominator": rule["denominator"],
            "target": _figure(target),
            "factor": _figure(rule["factor"]),
        }
    ]
    if rule.get("zero_below_pct"):
        told.append(_("Below %(floor)s %%: 0 points.") % {"floor": _figure(rule["zero_below_pct"])})
    if rule.get("denominator_zero"):
        told.append(_zero_effect(rule["denominator_zero"]))
    return " ".join(told)


def _zero_effect(effect: str, when: str = "") -> str:
    when = when or _("Where there is nothing to measure")
    effects = {
        "not_applicable": _("the criterion is not applicable"),
        "reduce": _("the maximum does not count"),
        "rescale": _("the other criteria share the maximum"),
        "full": _("points in full"),
        "zero": _("0 points"),
    }
    return f"{when}: {effects.get(effect, effect)}."


def _count(rule: Mapping[str, Any], maximum: Decimal) -> str:
    return _("Each (%(unit)s): %(each)s, at most %(cap)s.") % {
        "unit": rule["unit"],
        "each": _points(rule["each"]),
        "cap": _points(rule.get("cap", str(maximum))),
    }


def _deduction(rule: Mapping[str, Any], maximum: Decimal) -> str:
    items = rule.get("items") or [{"unit": rule["unit"], "each": rule["each"]}]
    less = "; ".join(
        _("each (%(unit)s) takes away %(each)s") % {"unit": item["unit"], "each": _points(item["each"])}
        for item in items
    )
    return _("Starts at %(start)s; %(less)s; never below %(floor)s.") % {
        "start": _points(rule["start"]),
        "less": less,
        "floor": _figure(rule.get("floor") or "0"),
    }


def _survey(rule: Mapping[str, Any], maximum: Decimal) -> str:
    weights = rule.get("option_weights_pct")
    if not weights:
        return _("Mean of the survey in %% × %(factor)s points / 100.") % {"factor": _figure(rule["factor"])}
    options = "; ".join(f"{option}: {_figure(weight)}\u00a0%" for option, weight in weights.items())
    return _("Weighted mean of the survey (%(options)s) × %(factor)s points / 100.") % {
        "options": options,
        "factor": _figure(rule["factor"]),
    }


def _external(rule: Mapping[str, Any], maximum: Decimal) -> str:
    return _("%(index)s in %% × %(factor)s points / 100.") % {
        "index": rule["index"],
        "factor": _figure(rule["factor"]),
    }


def _manual(rule: Mapping[str, Any], maximum: Decimal) -> str:
    if rule.get("step"):
        return _("Points from 0 to %(max)s are given in steps of %(step)s.") % {
            "max": _figure(maximum),
            "step": _figure(rule["step"]),
        }
    return _("Points from 0 to %(max)s are given.") % {"max": _figure(maximum)}


_TELLERS = {
    "boolean": _boolean,
    "choice": _choice,
    "checklist": _checklist,
    "tiers": _tiers,
    "proportion": _proportion,
    "count": _count,
    "deduction": _deduction,
    "survey": _survey,
    "external_index": _external,
    "manual": _manual,
}
