"""What a rule form holds, as a tree of texts: made of a rule or of what was posted, and changed by its buttons.

A field named ``r-parts-0-bands-2-low`` stands at ``["parts"][0]["bands"][2]["low"]``. Rows are numbered, so
whatever was typed comes back whole, in the order of the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["KEPT", "ROOT", "Values", "acted", "posted", "texts"]

Values = dict[str, Any]

#: The prefix of all fields of the rule.
ROOT = "r"
#: What stands beside the fields of an object (`cells`); never cut, or it could not be read.
KEPT = "kept"
_DEEPEST = 30
_LONGEST = 5000
_ACT = re.compile(r"(kind|add|drop|up|down):([\w\-]+)")


def posted(data: Mapping[str, Any]) -> Values:
    """The tree of what was sent; names that lead nowhere are left out."""
    root: dict[str, Any] = {}
    for name in data:
        steps = name.split("-")
        if steps[0] != ROOT or not 1 < len(steps) <= _DEEPEST or not all(steps):
            continue
        place = root
        for step in steps[1:-1]:
            below = place.setdefault(step, {})
            if not isinstance(below, dict):
                break
            place = below
        else:
            if not isinstance(place.get(steps[-1]), dict):
                text = str(data[name]).replace("\r\n", "\n")  # browsers send lines of a text area so
                place[steps[-1]] = text if steps[-1] == KEPT else text[:_LONGEST]
    return {key: _listed(value) for key, value in root.items()}


def _listed(value: Any) -> Any:
    """Numbered entries as a list in the order of their numbers."""
    if not isinstance(value, dict):
        return value
    if all(map(_is_number, value)):
        rows = [value[key] for key in sorted(value, key=int)]
        return [_listed(row) if isinstance(row, dict) else {} for row in rows]
    return {key: _listed(entry) for key, entry in value.items()}


def _is_number(step: str) -> bool:
    """Whether a step is the number of a row, short enough to be one."""
    return step.isascii() and step.isdigit() and len(step) < 5


def acted(values: Values, act: str) -> str:
    """Carry a button's act out on the tree: ``add:r-bands``, ``drop:``, ``up:`` and ``down:r-bands-2``.

    Returns the prefix of the row or list that should be looked at next; an empty text where nothing happened.
    """
    found = _ACT.fullmatch(act)
    if found is None:
        return ""
    verb, path = found.groups()
    steps = path.split("-")[1:]
    if verb == "kind":
        return path
    if verb == "add":
        holder = _at(values, steps[:-1]) if steps else None
        if not isinstance(holder, dict):
            return ""
        rows = holder.setdefault(steps[-1], [])
        if not isinstance(rows, list):
            return ""
        rows.append({})
        return f"{path}-{len(rows) - 1}"
    rows = _at(values, steps[:-1]) if steps else None
    if not isinstance(rows, list) or not _is_number(steps[-1]) or int(steps[-1]) >= len(rows):
        return ""
    base, number = path.rpartition("-")[0], int(steps[-1])
    if verb == "drop":
        del rows[number]
        return f"{base}-{min(number, len(rows) - 1)}" if rows else base
    other = number - 1 if verb == "up" else number + 1
    if 0 <= other < len(rows):
        rows[number], rows[other] = rows[other], rows[number]
        return f"{base}-{other}"
    return path


def _at(values: Any, steps: list[str]) -> Any:
    for step in steps:
        if isinstance(values, list) and _is_number(step) and int(step) < len(values):
            values = values[int(step)]
        elif isinstance(values, dict):
            values = values.setdefault(step, [])
        else:
            return None
    return values


def texts(values: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """Every text of a tree under the name of its field."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield from texts(value, f"{prefix}-{key}")
    elif isinstance(values, list):
        for number, value in enumerate(values):
            yield from texts(value, f"{prefix}-{number}")
    else:
        yield prefix, str(values)
