"""Whether two rules differ by their scale alone: the same questions and the same share of the maximum for each answer.

Pure. Points are divided by the maximum of their leaf; all else (labels, ends of bands, targets, formulas) is equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["same_but_for_scale"]

#: Keys of a rule whose numbers are points.
_POINTS = frozenset(
    {"points", "yes", "no", "factor", "each", "cap", "start", "floor", "step", "round_to", "max"}
)
#: Of these kinds of mappings the keys are labels.
_LABELLED = frozenset({"option_weights_pct"})
#: In bands these are the ends of the measure, not points.
_ENDS = frozenset({"min", "max"})
#: Lists whose entries are [label, points, extras].
_ENTRIES = frozenset({"options", "items"})
#: Printed points are rounded to hundredths: shares of the maximum this near each other are the same.
_NEAR = Decimal("0.005")


def same_but_for_scale(
    rule: Mapping[str, Any], maximum: Decimal, before: Mapping[str, Any], maximum_before: Decimal
) -> bool:
    """Both rules in their canonical form, each with the maximum of its leaf (points)."""
    if not maximum or not maximum_before:
        return False
    return _alike(_shares(rule, maximum), _shares(before, maximum_before))


def _shares(value: Any, maximum: Decimal, key: str = "") -> Any:
    """The value with its points as shares of the maximum (Decimal); every other number stays a text."""
    if isinstance(value, Mapping):
        if key in _LABELLED:
            return value
        ends = _ENDS if value.get("kind") == "tiers" else ()
        return {name: one if name in ends else _shares(one, maximum, name) for name, one in value.items()}
    if isinstance(value, str):
        return _share(value, maximum) if key in _POINTS else value
    if not isinstance(value, Sequence):
        return value
    if key in _ENTRIES:
        return [_entry(one, maximum) for one in value]
    return [_shares(one, maximum) for one in value]


def _entry(entry: Any, maximum: Decimal) -> Any:
    if isinstance(entry, str) or not isinstance(entry, Sequence) or len(entry) < 2:
        return _shares(entry, maximum)
    label, points, *extras = entry
    if isinstance(points, Mapping):  # an option with a range of points
        given: Any = {name: _share(one, maximum) for name, one in points.items()}
    else:
        given = _share(points, maximum)
    return [label, given, *(_shares(one, maximum) for one in extras)]


def _share(value: Any, maximum: Decimal) -> Any:
    try:
        return Decimal(value) / maximum
    except (InvalidOperation, TypeError, ValueError):
        return value


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return abs(one - other) <= _NEAR
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_alike(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)
