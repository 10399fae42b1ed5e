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
    "ratio_to_best": gettext_lazy("ratio to the best"),
    "target_and_leader": gettext_lazy("target and leader"),
    "sum_of": gettext_lazy("sum of parts"),
    "best_of": gettext_lazy("best of parts"),
    "formula": gettext_lazy("formula"),
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
    more = [told, *_cases(rule, max_points)]
    if rule.get("round_to"):
        more.append(_("Rounded to steps of %(step)s points.") % {"step": _figure(rule["round_to"])})
    if rule.get("not_arising"):
        more.append(_zero_effect(str(rule["not_arising"]), _("Where nothing arises")))
    if rule.get("moves_to"):
        more.append(
            _("Where nothing arises, the points go to %(codes)s.") % {"codes": ", ".join(rule["moves_to"])}
        )
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
    value, unit = _measure(rule)
    told = [_("By %(value)s: %(bands)s.") % {"value": value, "bands": _bands(rule["bands"], unit)}]
    for one in rule.get("exceptions", ()):
        where = _band(one, unit) if {"gt", "ge", "lt", "le"} & set(one) else ""
        told.append(f"{one['fact']}{f' ({where})' if where else ''}: {_points(one['points'])}.")
    if rule.get("denominator_zero"):
        told.append(_zero_effect(rule["denominator_zero"]))
    return " ".join(told)


def _measure(rule: Mapping[str, Any]) -> tuple[str, str]:
    """What a band is looked up by, and the unit behind its figures."""
    if rule.get("numerator"):
        return f"{rule['numerator']} / {rule['denominator']}", "\u00a0%"
    measure = rule.get("measure", "percent")
    if measure == "days":
        days = _("days from %(from)s to %(to)s") % {"from": rule["from"], "to": rule["to"]}
        return str(rule.get("variable") or days), "\u00a0" + _("days")
    if measure == "parts":
        parts = _("number of parts that are missing or fail (%(parts)s)") % {
            "parts": "; ".join(rule["parts"])
        }
        return str(rule.get("variable") or parts), ""
    unit = "%" if measure == "percent" else str(rule.get("unit") or "")
    return str(rule["variable"]), f"\u00a0{unit}" if unit else ""


def _bands(bands: Sequence[Mapping[str, Any]], unit: str) -> str:
    return "; ".join(f"{_band(band, unit)}: {_points(band['points'])}" for band in bands)


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
        words.append(
            _("to below %(value)s" if words else "below %(value)s") % {"value": _figure(high) + unit}
        )
    elif "le" in band:
        words.append(_("up to %(value)s") % {"value": _figure(high) + unit})
    return " ".join(words) or _("any value")


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
    by = rule.get("by", "value")
    if by == "rank":
        value = _("place in %(index)s") % {"index": rule["index"]}
        return _("By %(value)s: %(bands)s.") % {"value": value, "bands": _bands(rule["bands"], "")}
    if by == "rank_change":
        value = _("places won in %(index)s") % {"index": rule["index"]}
        return _("By %(value)s: %(bands)s.") % {"value": value, "bands": _bands(rule["bands"], "")}
    return _("%(index)s in %% × %(factor)s points / 100.") % {
        "index": rule["index"],
        "factor": _figure(rule["factor"]),
    }


def _compared(rule: Mapping[str, Any]) -> str:
    return str(rule.get("value") or f"{rule.get('numerator')} / {rule.get('denominator')}")


def _ratio_to_best(rule: Mapping[str, Any], maximum: Decimal) -> str:
    return _("Points = %(value)s / best value of the block × %(factor)s, settled by the ranking.") % {
        "value": _compared(rule),
        "factor": _figure(rule["factor"]),
    }


def _target_and_leader(rule: Mapping[str, Any], maximum: Decimal) -> str:
    return _(
        "%(value)s: the target of %(target)s earns %(share)s %% of %(factor)s points; the rest goes by the excess "
        "over it against the best agency of the block."
    ) % {
        "value": _compared(rule),
        "target": _figure(rule["target"]),
        "share": _figure(rule.get("target_share_pct") or "50"),
        "factor": _figure(rule["factor"]),
    }


def _parts(rule: Mapping[str, Any], maximum: Decimal) -> str:
    return " ".join(
        f"({part.get('label') or number}) {rule_data_in_words(part, Decimal(part.get('max') or maximum))}"
        for number, part in enumerate(rule["parts"], start=1)
    )


def _sum_of(rule: Mapping[str, Any], maximum: Decimal) -> str:
    told = _("The points of all parts are added: %(parts)s") % {"parts": _parts(rule, maximum)}
    if rule.get("cap"):
        told += " " + _("At most %(cap)s.") % {"cap": _points(rule["cap"])}
    return told


def _best_of(rule: Mapping[str, Any], maximum: Decimal) -> str:
    return _("The part with the most points counts: %(parts)s") % {"parts": _parts(rule, maximum)}


def _formula(rule: Mapping[str, Any], maximum: Decimal) -> str:
    texts = "; ".join(
        f"{one['label']}: {_decimals(one['text'])}" if one.get("label") else _decimals(one["text"])
        for one in rule["expressions"]
    )
    names = "; ".join(
        f"{one['name']} = {one['label']}{f' ({unit})' if (unit := one.get('unit')) else ''}"
        for one in rule["variables"]
    )
    return _("Points = %(formula)s, where %(variables)s; from 0 to %(max)s.") % {
        "formula": texts,
        "variables": names,
        "max": _figure(maximum),
    }


def _decimals(text: str) -> str:
    """A formula's text with the decimal mark of the language; its commas only separate, so they become semicolons."""
    return _POINT.sub(decimal_mark(), text.replace(",", ";"))


def _cases(rule: Mapping[str, Any], maximum: Decimal) -> list[str]:
    told = []
    for one in rule.get("cases", ()):
        when = one["when"]
        if "fact" in when:
            fact = when["fact"] if when.get("is", True) else _("not: %(fact)s") % {"fact": when["fact"]}
        elif "is" in when:
            wanted = (
                {True: _("yes"), False: _("no")}[when["is"]] if isinstance(when["is"], bool) else when["is"]
            )
            fact = _("criterion %(code)s is answered %(value)s") % {"code": when["answer"], "value": wanted}
        else:
            fact = _("criterion %(code)s is %(band)s") % {"code": when["answer"], "band": _band(when, "")}
        told.append(
            _("Case “%(case)s”: %(rule)s") % {"case": fact, "rule": rule_data_in_words(one["rule"], maximum)}
        )
    return told


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
    "ratio_to_best": _ratio_to_best,
    "target_and_leader": _target_and_leader,
    "sum_of": _sum_of,
    "best_of": _best_of,
    "formula": _formula,
}
