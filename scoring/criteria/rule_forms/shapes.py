"""What the form of each kind asks for beside its lists, and how a rule is taken apart and put together.

Some words decide what else is asked ("By", "Value by"): they re-draw the form when they change. A few of them
are the form's own and stand in no rule (``value_by``, ``survey_by``, ``arising``); ``unfold`` and ``fold``
translate between the rule and the fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from scoring.criteria.rule_forms.params import NOTHING, Choice, Codes, Flag, Num, Param, Points, Text

__all__ = ["COMPOSED", "GENERAL", "fold", "params_of", "shape_of", "unfold"]

COMPOSED = frozenset({"sum_of", "best_of"})

_ZERO = (
    ("", _("0 is refused as an input")),
    ("not_applicable", _("the criterion is not applicable")),
    ("reduce", _("the maximum does not count")),
    ("rescale", _("the other criteria share the maximum")),
    ("full", _("points in full")),
    ("zero", _("0 points")),
)
_FACTOR = Points("factor", _("Points for 100 %"), required=True)
_RATIO: tuple[Param, ...] = (
    Text("numerator", _("Numerator: what is counted"), rows=1, required=True),
    Text("denominator", _("Denominator: out of what"), rows=1, required=True),
    Choice("denominator_zero", _("Where the denominator is 0"), choices=_ZERO),
    Flag(
        "whole",
        _("Figures are"),
        choices=(("true", _("whole numbers")), ("false", _("numbers with decimals"))),
        default="true",
    ),
    Flag(
        "allow_over",
        _("The numerator may exceed the denominator"),
        choices=(("false", _("no")), ("true", _("yes"))),
        default="false",
    ),
)
_RANGE: tuple[Param, ...] = (
    Num("min", _("Smallest value"), hint=_("Empty: the range of such values.")),
    Num("max", _("Greatest value"), hint=_("Empty: the range of such values.")),
)
_MEASURE = Choice(
    "measure",
    _("What decides"),
    choices=(
        ("percent", _("a percentage that is declared")),
        ("ratio", _("a percentage computed from two figures")),
        ("count", _("a count")),
        ("number", _("a number")),
        ("days", _("the days between two dates")),
        ("parts", _("how many parts are missing or fail")),
    ),
    default="percent",
    reshapes=True,
)
_VALUE_BY = Choice(
    "value_by",
    _("Value by"),
    choices=(("declared", _("one figure that is declared")), ("ratio", _("a percentage of two figures"))),
    default="declared",
    reshapes=True,
)
_UNIT = Param("unit", _("Unit"))


def _tiers(shape: Mapping[str, str]) -> tuple[Param, ...]:
    measure = shape.get("measure") or "percent"
    if measure == "ratio":
        return (_MEASURE, *_RATIO, Param("variable", _("What the percentage is called")), *_RANGE)
    if measure == "days":
        dates = (
            Param("from", _("First date"), required=True),
            Param("to", _("Second date"), required=True),
        )
        return (_MEASURE, *dates, Param("variable", _("What the days are called")), *_RANGE)
    if measure == "parts":
        return (_MEASURE, Param("variable", _("What the number is called")))
    value = Text("variable", _("Value"), rows=1, required=True, wide=True)
    unit = (_UNIT,) if measure in ("count", "number") else ()
    return (_MEASURE, value, *unit, *_RANGE)


def _against_best(shape: Mapping[str, str]) -> tuple[Param, ...]:
    if shape.get("value_by") == "ratio":
        return (_VALUE_BY, *_RATIO, _FACTOR_BEST)
    return (_VALUE_BY, Text("value", _("Value"), rows=1, required=True, wide=True), _UNIT, _FACTOR_BEST)


_FACTOR_BEST = Points("factor", _("Points of the best"), required=True)


def _leader(shape: Mapping[str, str]) -> tuple[Param, ...]:
    return (
        *_against_best(shape),
        Num("target", _("Target"), required=True),
        Num("target_share_pct", _("Share of the points at the target"), unit="%", hint=_("Empty: 50.")),
        Choice(
            "below_target",
            _("Below the target"),
            choices=(("zero", _("0 points")), ("proportional", _("in proportion to the target"))),
            default="zero",
        ),
    )


def _external(shape: Mapping[str, str]) -> tuple[Param, ...]:
    head = (
        Text("index", _("Index"), rows=1, required=True, wide=True),
        Choice(
            "by",
            _("Points by"),
            choices=(
                ("value", _("the value of the index in percent")),
                ("rank", _("the place in the ranking")),
                ("rank_change", _("how many places were won")),
            ),
            default="value",
            reshapes=True,
        ),
    )
    return head if shape.get("by") in ("rank", "rank_change") else (*head, _FACTOR)


def _survey(shape: Mapping[str, str]) -> tuple[Param, ...]:
    by = Choice(
        "survey_by",
        _("What comes from the survey"),
        choices=(
            ("weights", _("how many chose each answer, or the mean")),
            ("mean", _("the mean in percent alone")),
        ),
        default="weights",
        reshapes=True,
    )
    if shape.get("survey_by") == "mean":
        return (by, _FACTOR, Param("mean_pct", _("What the mean is called"), hint=_("May stay empty.")))
    return (by, _FACTOR)


_FIXED: dict[str, tuple[Param, ...]] = {
    "boolean": (
        Points("yes", _("Points where it is met"), required=True),
        Points("no", _("Points where it is not met"), required=True),
    ),
    "checklist": (
        Choice(
            "mode",
            _("Points"),
            choices=(
                ("all", _("the maximum, only when every item holds")),
                ("sum", _("the points of the items that hold are added")),
            ),
            reshapes=True,
        ),
    ),
    "proportion": (
        *_RATIO[:2],
        _FACTOR,
        Num("target_pct", _("Target"), unit="%", hint=_("Full points from here on. Empty: 100.")),
        Num("zero_below_pct", _("0 points below"), unit="%"),
        *_RATIO[2:],
    ),
    "count": (
        Text("unit", _("For each"), rows=1, required=True, wide=True),
        Points("each", _("Points"), required=True),
        Points("cap", _("At most, points"), hint=_("Empty: the maximum.")),
    ),
    "deduction": (
        Points("start", _("Starts at, points"), required=True),
        Points("floor", _("Never below, points"), hint=_("Empty: 0.")),
    ),
    "sum_of": (Points("cap", _("Together at most, points")),),
    "formula": (Choice("division_by_zero", _("Where it would divide by 0"), choices=_ZERO),),
    "manual": (Num("step", _("In steps of, points"), hint=_("Empty: any points up to the maximum.")),),
}
_SHAPED = {
    "tiers": _tiers,
    "external_index": _external,
    "survey": _survey,
    "ratio_to_best": _against_best,
    "target_and_leader": _leader,
}
#: The parameters of any kind.
GENERAL: tuple[Param, ...] = (
    Num("round_to", _("Round the points to steps of")),
    Choice(
        "arising",
        _("Where nothing arises"),
        choices=(
            ("", _("it cannot be declared")),
            ("full", _("points in full")),
            ("reduce", _("the maximum does not count")),
            ("rescale", _("the other criteria share the maximum")),
            ("zero", _("0 points")),
            ("move", _("the points go to the criteria named here")),
        ),
    ),
    Codes("moves_to", _("Criteria that take the points over"), hint=_("Codes, such as 1.2.1, 1.2.3")),
)
#: What a part of a composed rule says of itself.
PART: tuple[Param, ...] = (
    Text("label", _("Name of the part"), rows=1),
    Points("max", _("At most, points"), hint=_("Empty: the maximum of the whole.")),
)
#: Words that decide what else is asked.
_RESHAPING = ("measure", "value_by", "by", "survey_by", "mode")


def shape_of(values: Mapping[str, Any]) -> dict[str, str]:
    """The words of a form that decide what it asks for."""
    return {key: str(values[key]) for key in _RESHAPING if isinstance(values.get(key), str) and values[key]}


def params_of(kind: str, shape: Mapping[str, str]) -> tuple[Param, ...]:
    """The single parameters of a kind, in the order of the form."""
    return _SHAPED[kind](shape) if kind in _SHAPED else _FIXED.get(kind, ())


def unfold(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as values of the form: JSON values by field, lists as lists of entries."""
    values = dict(rule)
    kind = values.get("kind")
    if kind == "tiers" and "numerator" in values:
        values["measure"] = "ratio"
    if kind in ("ratio_to_best", "target_and_leader") and "numerator" in values:
        values["value_by"] = "ratio"
    if kind == "survey":
        values["survey_by"] = "mean" if "mean_pct" in values else "weights"
        values["option_weights_pct"] = list((values.get("option_weights_pct") or {}).items())
        if values.get("mean_pct") is True:
            values["mean_pct"] = None
    if kind == "deduction" and "items" not in values:
        values["items"] = [{key: values[key] for key in ("unit", "each") if key in values}]
    elif kind == "deduction" and len(values["items"]) == 1:
        values["listed"] = "1"
    values["arising"] = "move" if values.get("moves_to") else values.get("not_arising", "")
    return values


def fold(kind: str, got: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The rule of the values that were read, and by field what the form alone can tell is wrong."""
    rule: dict[str, Any] = {"kind": kind, **got}
    faults: dict[str, str] = {}
    if kind == "checklist":
        rule.setdefault("mode", "all")
    if rule.get("measure") == "ratio":
        del rule["measure"]
    rule.pop("value_by", None)
    if kind == "survey" and rule.pop("survey_by", "") == "mean":
        rule["mean_pct"] = rule.get("mean_pct", True)
    listed = rule.pop("listed", "")
    if kind == "deduction" and len(rule.get("items", ())) == 1 and not listed:
        rule |= rule.pop("items")[0]
    arising = rule.pop("arising", NOTHING)
    if arising not in (NOTHING, "move"):
        rule["not_arising"] = arising
    if arising == "move" and "moves_to" not in rule:
        faults["moves_to"] = _t("Name the criteria that take the points over.")
    if arising != "move" and rule.pop("moves_to", None):
        faults["arising"] = _t("Choose that the points go to the criteria named here.")
    return rule, faults
