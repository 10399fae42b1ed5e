"""Codes of nodes: the next free one, codes by position, and the rules that name codes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from scoring.criteria.editing.tree import Spot

__all__ = ["by_position", "named_in", "next_code", "renamed"]

_LAST_NUMBER = re.compile(r"(.*?)(\d+)", re.DOTALL)
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV")


def next_code(parent: str, siblings: Sequence[str], used: Collection[str]) -> str:
    """The code of a new part: counts on from its siblings, in their way of counting.

    "1.2" under "1" after "1.1"; "IV" after "III"; "2.1" as the first part of "2".
    """
    last = siblings[-1] if siblings else ""
    if last in _ROMAN:
        for numeral in _ROMAN[_ROMAN.index(last) + 1 :]:
            if numeral not in used:
                return numeral
    head, number = (f"{parent}." if parent else ""), 1
    if found := _LAST_NUMBER.fullmatch(last):
        head, number = found[1], int(found[2]) + 1
    while f"{head}{number}" in used:
        number += 1
    return f"{head}{number}"


def by_position(rows: Sequence[Spot]) -> dict[int, str]:
    """Codes 1, 1.1, 1.1.1 … by where each node stands."""
    codes: dict[int, str] = {}
    counts: dict[int | None, int] = {}
    for row in rows:
        number = counts[row.parent_id] = counts.get(row.parent_id, 0) + 1
        codes[row.pk] = str(number) if row.parent_id is None else f"{codes[row.parent_id]}.{number}"
    return codes


def named_in(rule: Any) -> set[str]:
    """The codes that a rule names: where its points move to, and whose answers decide its cases."""
    found: set[str] = set()

    def note(code: str) -> str:
        found.add(code)
        return code

    _with_codes(rule, note)
    return found


def renamed(rule: Any, codes: Mapping[str, str]) -> Any:
    """The same rule after leaves got new codes (old → new)."""
    return _with_codes(rule, lambda code: codes.get(code, code))


def _with_codes(rule: Any, change: Callable[[str], str]) -> Any:
    """A copy of the rule, with every code that stands in it changed."""
    if not isinstance(rule, Mapping):
        return rule
    new = dict(rule)
    if "moves_to" in rule:
        new["moves_to"] = [change(code) for code in rule["moves_to"]]
    if "parts" in rule:
        new["parts"] = [_with_codes(part, change) for part in rule["parts"]]
    if "cases" in rule:
        new["cases"] = [_case(case, change) for case in rule["cases"]]
    return new


def _case(case: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    when = case["when"]
    if "answer" in when:
        when = dict(when) | {"answer": change(when["answer"])}
    return dict(case) | {"when": when, "rule": _with_codes(case["rule"], change)}
