"""Grades, their gates and quotas, and the chain that breaks ties, in words: for the settings' form and the public."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parindex.ui.formats import format_decimal, format_percent

__all__ = ["QUOTA_ROUNDINGS", "band_in_words", "conditions_in_words", "grade_in_words", "ties_in_words"]

#: How the number of agencies that a quota leaves room for becomes whole.
QUOTA_ROUNDINGS = {
    "down": gettext_lazy("rounded down"),
    "half_up": gettext_lazy("rounded half up"),
    "up": gettext_lazy("rounded up"),
}


def band_in_words(band: Mapping[str, Any], *, percent: bool = True) -> str:
    """The ends of a band: "from 80 % below 90 %"; ``percent``: whether its values are percentages."""
    ends = {key: Decimal(str(band[key])) for key in ("ge", "gt", "lt", "le") if band.get(key) is not None}
    if list(ends) == ["ge"]:
        return _("%(value)s or more") % {"value": _value(ends["ge"], percent)}
    texts = {
        "ge": _("from %(value)s"),
        "gt": _("above %(value)s"),
        "lt": _("below %(value)s"),
        "le": _("up to %(value)s"),
    }
    return " ".join(texts[key] % {"value": _value(value, percent)} for key, value in ends.items())


def conditions_in_words(grade: Mapping[str, Any], titles: Mapping[str, str]) -> list[str]:
    """What a grade takes beyond its band: a text for each gate, then its quota. ``titles``: nodes by code."""
    told = [_gate(gate, titles) for gate in grade.get("gates", ())]
    return [*told, _quota(grade["quota"])] if grade.get("quota") else told


def grade_in_words(grade: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """A grade in one line, without its name: its band, its gates, its quota."""
    return "; ".join(part for part in (band_in_words(grade), *conditions_in_words(grade, titles)) if part)


def ties_in_words(names: Sequence[str], titles: Mapping[str, str]) -> list[str]:
    """What breaks a tie, in turn. ``titles``: nodes by code."""
    own = {"survey": _("the survey of citizens and officials"), "bonus": _("bonus points")}
    return [own.get(name) or _node(name, titles) for name in names]


def _value(value: Decimal, percent: bool) -> str:
    return format_percent(value, None) if percent else format_decimal(value)


def _node(code: str, titles: Mapping[str, str]) -> str:
    title = titles.get(code, "")
    return f"{code}. {title}" if title else code


def _gate(gate: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    if "fact" in gate:
        text = (
            _("only with full points on %(criterion)s")
            if gate.get("is", True)
            else _("only without full points on %(criterion)s")
        )
        return text % {"criterion": _node(str(gate["fact"]), titles)}
    if "count" in gate:
        return f"{_node(str(gate['count']), titles)}: {band_in_words(gate, percent=False)}"
    return _("area %(area)s: %(band)s") % {
        "area": _node(str(gate.get("area", "")), titles),
        "band": band_in_words(gate),
    }


def _quota(quota: Mapping[str, Any]) -> str:
    pct = format_percent(Decimal(str(quota["pct"])), None)
    if quota.get("of"):
        text = _("at most %(pct)s of the number of agencies graded “%(grade)s”") % {
            "pct": pct,
            "grade": quota["of"],
        }
    else:
        text = _("at most %(pct)s of the ranked agencies") % {"pct": pct}
    return f"{text}, {QUOTA_ROUNDINGS[str(quota.get('rounding', 'down'))]}"
