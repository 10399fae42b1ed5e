"""A stored case as one line of a cell: ``tử số = 88; mẫu số = 111 → 1,189189``. Pure.

Inputs stand before the arrow, the points behind it, ``trên 0`` where the maximum is another than the leaf's, and a
note behind a bar. Words and labels are for people; the engine's own names do as well, and `write` falls back on
JSON where a line would not say it all. The words are part of the file format, not of the interface.
The grammar: docs/criteria-xlsx.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from scoring import engine
from scoring.criteria.case_check import StoredLike, check, flat
from scoring.criteria.case_terms import Term, Terms, terms_of
from scoring.criteria.json_source import load
from scoring.engine import plain

__all__ = ["CaseTexts", "plain_case", "read", "write"]

MAX_LINE = 5000
_NUMBER = r"[0-9]{1,20}(?:[.,][0-9]{1,20})?"
_LINE = re.compile(
    rf"(?P<inputs>.*?)\s*(?:→|=>|->)\s*(?P<points>{_NUMBER})\s*(?:điểm|đ)?"
    rf"(?:\s*(?:trên|/|of)\s*(?P<max>{_NUMBER})\s*(?:điểm|đ)?)?\s*(?:\|\s*(?P<note>.*))?",
    re.IGNORECASE,
)


@dataclass
class CaseTexts:
    """What a cell says: cases as plain values of the format, the line of each, and what was not understood."""

    cases: list[dict[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    #: (line from 1, message)
    faults: list[tuple[int, str]] = field(default_factory=list)


def plain_case(case: StoredLike) -> dict[str, Any]:
    """A case in the plain values of the format."""
    given: dict[str, Any] = {"inputs": case.inputs, "points": plain(case.points)}
    if case.applicable_max is not None:
        given["max"] = plain(case.applicable_max)
    return given | ({"note": case.note} if case.note else {})


def write(rule: engine.Rule | None, case: Mapping[str, Any]) -> str:
    """A case in plain values as one line; as JSON where reading the line would give anything else."""
    case = {key: plain(Decimal(value)) if key in ("points", "max") else value for key, value in case.items()}
    line = None if rule is None else _line(terms_of(rule), case)
    if rule is not None and line is not None:
        found = read(rule, line)
        if not found.faults and len(found.cases) == 1 and _same(rule, found.cases[0], case):
            return line
    return json.dumps(case, ensure_ascii=False)


def _same(rule: engine.Rule, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    rest = [{key: value for key, value in case.items() if key != "inputs"} for case in (one, other)]
    checked = check(rule, rule.max_points, one["inputs"])
    return rest[0] == rest[1] and checked.score is not None and checked.inputs == other["inputs"]


def _line(terms: Terms, case: Mapping[str, Any]) -> str | None:
    try:
        inputs = "; ".join(f"{name} = {value}" for name, value in _told(terms, case["inputs"]))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None
    points = f"{inputs} → {_comma(case['points'])}"
    if "max" in case:
        points += f" trên {_comma(case['max'])}"
    return f"{points} | {case['note']}" if case.get("note") else points


def _told(terms: Terms, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each input with its word and its value in words."""
    for path, value in flat(inputs):
        term = terms.by_path[path]
        yield terms.word_of(term), term.told(value)


def _comma(points: str) -> str:
    return plain(Decimal(points)).replace(".", ",")


def read(rule: engine.Rule, text: str) -> CaseTexts:
    """The cases of a cell, one a line. What the inputs earn is not looked at here: the common checks run them."""
    found = CaseTexts()
    terms = terms_of(rule)
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        line = line.strip()
        if not line:
            continue
        if len(line) > MAX_LINE:
            found.faults.append((number, _("The line is too long.")))
            continue
        faults: list[str] = []
        case = _json(line, faults) if line.startswith("{") else _read_line(terms, line, faults)
        found.faults += [(number, fault) for fault in faults]
        if case is not None and not faults:
            found.cases.append(case)
            found.lines.append(number)
    return found


def _json(line: str, faults: list[str]) -> dict[str, Any] | None:
    loaded = load(line.encode("utf-8", "surrogatepass"))
    faults += [f"{one.place}: {one.message}" if one.place else one.message for one in loaded.faults]
    if not faults and not isinstance(loaded.value, dict):
        faults.append(_("An object in braces is expected here."))
    return loaded.value if not faults else None


def _read_line(terms: Terms, line: str, faults: list[str]) -> dict[str, Any] | None:
    match = _LINE.fullmatch(line)
    if match is None:
        told = {"line": line[:80], "example": "tử số = 88; mẫu số = 111 → 1,189189"}
        faults.append(_("“%(line)s” is no case: write for example “%(example)s”.") % told)
        return None
    case: dict[str, Any] = {"inputs": {}, "points": match["points"].replace(",", ".")}
    if match["max"]:
        case["max"] = match["max"].replace(",", ".")
    if match["note"] and match["note"].strip():
        case["note"] = match["note"].strip()
    for piece in match["inputs"].split(";"):
        if piece.strip():
            _read_input(terms, piece, case["inputs"], faults)
    return case


def _read_input(terms: Terms, piece: str, inputs: dict[str, Any], faults: list[str]) -> None:
    name, mark, value = (part.strip() for part in piece.partition("="))
    if not mark:
        faults.append(
            _("“%(piece)s” names no input: write its name, =, and its value.") % {"piece": piece.strip()[:80]}
        )
        return
    term = terms.find(name)
    if isinstance(term, str):
        faults.append(term)
        return
    try:
        _put(inputs, term, term.taken(value))
    except ValueError as error:
        faults.append(str(error))


def _put(inputs: dict[str, Any], term: Term, value: Any) -> None:
    spot = inputs
    for step in term.path[:-1]:
        spot = spot.setdefault(step, {})
    if term.path[-1] in spot:
        raise ValueError(_("“%(key)s” stands here twice.") % {"key": term.word})
    spot[term.path[-1]] = value
