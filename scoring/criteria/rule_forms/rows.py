"""Lists of a rule as rows of fields: options, items, bands, exceptions, variables, expressions, weights.

``spread`` takes one entry of the rule apart into the values of its fields, ``gather`` puts it together again;
``places`` leads from what follows ``bands[1]`` in the path of a fault to the field it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from scoring.criteria.rule_forms.params import NOTHING, Choice, Flag, Num, Param, Points, Text

__all__ = ["RowSpec", "rows_of"]

Got = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Context:
    """What a row needs to know of its rule: whether points may be null, and the rule's other fields."""

    unscored: bool = False
    values: Got = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowSpec:
    """A list of the rule: ``params`` are its columns, ``more`` opens below the first of them."""

    key: str
    title: Any
    add: Any
    params: tuple[Param, ...]
    spread: Callable[[Any], dict[str, Any]]
    gather: Callable[[dict[str, Any], Context], Any]
    more: tuple[Param, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    start: int = 1
    hint: Any = ""

    @property
    def every(self) -> tuple[Param, ...]:
        return self.params + self.more

    def target(self, rest: str) -> str:
        """The field of a row that a fault at ``rest`` of its path belongs to."""
        if rest in self.places:
            return self.places[rest]
        key = rest.lstrip(".").split(".")[0].split("[")[0]
        return key if any(param.key == key for param in self.every) else self.params[0].key


LOW = (("ge", _("from (≥)")), ("gt", _("above (>)")))
HIGH = (("lt", _("below (<)")), ("le", _("up to (≤)")))
#: The ends of an interval, a sign and a value each.
ENDS: tuple[Param, ...] = (
    Choice("low_kind", _("Lower end"), choices=LOW, default="ge"),
    Num("low", _("Value of the lower end")),
    Choice("high_kind", _("Upper end"), choices=HIGH, default="lt"),
    Num("high", _("Value of the upper end")),
)
_END_PLACES = {".ge": "low", ".gt": "low", ".lt": "high", ".le": "high"}


def spread_ends(entry: Got) -> dict[str, Any]:
    """``ge`` … ``lt`` as a sign and a value for each end."""
    spread: dict[str, Any] = {}
    for end, keys in (("low", ("ge", "gt")), ("high", ("lt", "le"))):
        for key in keys:
            if key in entry:
                spread |= {end: entry[key], f"{end}_kind": key}
    return spread


def gather_ends(got: Got) -> dict[str, Any]:
    """The opposite of ``spread_ends``."""
    ends = {}
    for end, sign in (("low", "ge"), ("high", "lt")):
        if end in got:
            ends[str(got.get(f"{end}_kind", sign))] = got[end]
    return ends


def _points(got: Got, context: Context) -> dict[str, Any]:
    if "points" in got:
        return {"points": got["points"]}
    return {"points": None} if context.unscored else {}


# Bands and exceptions


def _gather_band(got: dict[str, Any], context: Context) -> Any:
    return gather_ends(got) | _points(got, context)


def _spread_band(entry: Any) -> dict[str, Any]:
    return spread_ends(entry) | {"points": entry.get("points")}


def _gather_exception(got: dict[str, Any], context: Context) -> Any:
    return {"fact": got.get("fact", "")} | _gather_band(got, context)


def _spread_exception(entry: Any) -> dict[str, Any]:
    return _spread_band(entry) | {"fact": entry.get("fact")}


# Options and items

_EFFECTS: tuple[Param, ...] = (
    Choice(
        "zeroes",
        _("Sets points to 0"),
        choices=(
            ("", _("no")),
            ("leaf", _("this criterion gets 0 points")),
            ("parent", _("the whole parent criterion gets 0 points")),
        ),
    ),
    Choice(
        "grade_effect",
        _("Effect on the grade"),
        choices=(
            ("", _("none")),
            ("not_top", _("excludes the highest grade")),
            ("one_down", _("lowers the grade by one")),
            ("lowest", _("means the lowest grade")),
        ),
    ),
)
_ENTRY_PLACES = {
    "": "points",
    "[0]": "label",
    "[1]": "points",
    "[1].from": "points",
    "[1].to": "to",
    "[1].step": "step",
    "[2].zeroes": "zeroes",
    "[2].grade_effect": "grade_effect",
}


def _spread_entry(entry: Any) -> dict[str, Any]:
    """An option or an item: a bare label, or ``[label, points or range, effects]``."""
    if isinstance(entry, str):
        return {"label": entry}
    spread: dict[str, Any] = {"label": entry[0]}
    value = entry[1] if len(entry) > 1 else None
    if isinstance(value, Mapping):
        spread |= {"points": value.get("from"), "to": value.get("to"), "step": value.get("step")}
    else:
        spread["points"] = value
    return spread | (dict(entry[2]) if len(entry) > 2 else {})


def _effects(got: Got) -> dict[str, Any]:
    return {key: got[key] for key in ("zeroes", "grade_effect") if key in got}


def _gather_option(got: dict[str, Any], context: Context) -> Any:
    entry: list[Any] = [got.get("label", "")]
    if "to" in got or "step" in got:
        names = (("from", "points"), ("to", "to"), ("step", "step"))
        entry.append({key: got[name] for key, name in names if name in got})
    elif (points := _points(got, context)) or _effects(got):
        entry.append(points.get("points"))
    return [*entry, _effects(got)] if _effects(got) else entry


def _gather_item(got: dict[str, Any], context: Context) -> Any:
    if context.values.get("mode", "all") != "all":
        return _gather_option(got, context)
    label, effects = got.get("label", ""), _effects(got)
    if effects:
        return [label, got.get("points"), effects]
    return [label, got["points"]] if "points" in got else label


_LABEL = Text("label", _("Option"), rows=1)
OPTIONS = RowSpec(
    "options",
    _("Options"),
    _("Add an option"),
    (
        _LABEL,
        Points("points", _("Points"), required=True),
        Num("to", _("to points")),
        Num("step", _("in steps of")),
    ),
    _spread_entry,
    _gather_option,
    more=_EFFECTS,
    places=_ENTRY_PLACES,
    start=2,
    hint=_("The best option first. With a second figure the scorer chooses the points between the two."),
)
_ITEM = Text("label", _("Item"), rows=1)
ITEMS_SUM = RowSpec(
    "items",
    _("The requirements"),
    _("Add an item"),
    (_ITEM, Points("points", _("Points"), required=True)),
    _spread_entry,
    _gather_item,
    more=_EFFECTS,
    places=_ENTRY_PLACES,
    start=2,
)
ITEMS_ALL = RowSpec(
    "items",
    _("The requirements"),
    _("Add an item"),
    (_ITEM,),
    _spread_entry,
    _gather_item,
    more=_EFFECTS,
    places=_ENTRY_PLACES | {"": "label", "[1]": "label"},
    start=2,
    hint=_("An item that sets points to 0 need not hold."),
)
BANDS = RowSpec(
    "bands",
    _("Bands"),
    _("Add a band"),
    (*ENDS, Points("points", _("Points"), required=True)),
    _spread_band,
    _gather_band,
    places=_END_PLACES | {"": "low"},
    start=3,
    hint=_("From the best to the worst. An end left empty reaches the end of the range."),
)
EXCEPTIONS = RowSpec(
    "exceptions",
    _("Exceptions"),
    _("Add an exception"),
    (Text("fact", _("Fact that lifts the points"), rows=1), *ENDS, Points("points", _("Points"))),
    _spread_exception,
    _gather_exception,
    places=_END_PLACES | {"": "fact"},
    start=0,
    hint=_("A second fact that gives low values more points; without ends it lifts every lower band."),
)


def _plain(got: dict[str, Any], context: Context) -> Any:
    return dict(got)


def _gather_deduction(got: dict[str, Any], context: Context) -> Any:
    entry = {"unit": got.get("unit", "")}
    if "each" in got or context.unscored:
        entry["each"] = got.get("each")
    return entry


DEDUCTIONS = RowSpec(
    "items",
    _("What is deducted"),
    _("Add a deduction"),
    (Text("unit", _("For each"), rows=1), Points("each", _("Points taken away"), required=True)),
    lambda entry: {"unit": entry.get("unit"), "each": entry.get("each")},
    _gather_deduction,
    places={"": "unit"},
)
WEIGHTS = RowSpec(
    "option_weights_pct",
    _("Answers and their weights"),
    _("Add an answer"),
    (Param("label", _("Answer")), Num("weight", _("Weight, %"), required=True)),
    lambda entry: {"label": entry[0], "weight": entry[1]},
    lambda got, context: (got.get("label", ""), got.get("weight", NOTHING)),
    places={"": "label", "weight": "weight"},
    start=2,
)
PARTS_MISSING = RowSpec(
    "parts",
    _("Parts that are counted"),
    _("Add a part"),
    (Text("label", _("Part"), rows=1),),
    lambda entry: {"label": entry},
    lambda got, context: got.get("label", ""),
    places={"": "label"},
    start=2,
)
VARIABLES = RowSpec(
    "variables",
    _("Variables"),
    _("Add a variable"),
    (
        Param("name", _("Name in the formula"), hint=_("Letters, digits and _")),
        Text("label", _("What it is"), rows=1),
        Param("unit", _("Unit")),
        Flag(
            "whole",
            _("Numbers"),
            choices=(("false", _("with decimals")), ("true", _("whole"))),
            default="false",
        ),
        Num("max", _("at most")),
    ),
    lambda entry: dict(entry),
    _plain,
    places={"": "name"},
)
EXPRESSIONS = RowSpec(
    "expressions",
    _("Formulas"),
    _("Add a formula"),
    (
        Param("label", _("Name of the formula")),
        Text("text", _("Formula"), rows=1),
    ),
    lambda entry: dict(entry),
    _plain,
    places={"": "text"},
    hint=_(
        "Numbers, the names of the variables, + − × ÷, comparison, min(a; b), max(a; b), if(condition; a; b). "
        "Parts are separated by a semicolon; decimals are written with a point, such as 0.5. With several "
        "formulas the scorer picks one, so each needs a name."
    ),
)


def rows_of(kind: str, shape: Got) -> tuple[RowSpec, ...]:
    """The lists of a kind, in the order of the form. ``shape``: the words that decide what is asked."""
    if kind == "tiers":
        first = (PARTS_MISSING,) if shape.get("measure") == "parts" else ()
        return (*first, BANDS, EXCEPTIONS)
    if kind == "checklist":
        return (ITEMS_SUM,) if shape.get("mode") == "sum" else (ITEMS_ALL,)
    if kind == "external_index":
        return (BANDS,) if shape.get("by") in ("rank", "rank_change") else ()
    if kind == "survey":
        return () if shape.get("survey_by") == "mean" else (WEIGHTS,)
    return {
        "choice": (OPTIONS,),
        "deduction": (DEDUCTIONS,),
        "formula": (VARIABLES, EXPRESSIONS),
    }.get(kind, ())
