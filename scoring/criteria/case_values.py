"""The key ``tests`` of a leaf in the set's file: cases, run while they are read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from parindex.ui.formats import format_decimal
from scoring import engine
from scoring.criteria.case_check import Case, check, in_words
from scoring.criteria.values import Values, join

__all__ = ["MAX_CASES", "MAX_NOTE", "read_cases"]

MAX_CASES = 60
MAX_NOTE = 300
_KEYS = frozenset({"inputs", "points", "max", "note"})


def read_cases(values: Values, given: object, place: str, rule: engine.Rule | None) -> tuple[Case, ...]:
    """The cases of a leaf. Inputs that the rule refuses, or other points than it gives, are errors.

    ``rule`` is None where it can't be read: its cases are then not run, one fault is enough.
    """
    if given is None:
        return ()
    if not isinstance(given, list):
        values.wrong(place, _("A list of cases is expected: inputs and the points that they earn."))
        return ()
    if len(given) > MAX_CASES:
        values.wrong(place, _("A leaf has at most %(max)s stored cases.") % {"max": MAX_CASES})
        return ()
    cases = [_case(values, entry, f"{place}[{number}]", rule) for number, entry in enumerate(given)]
    return tuple(case for case in cases if case is not None)


def _case(values: Values, entry: Any, place: str, rule: engine.Rule | None) -> Case | None:
    if not isinstance(entry, Mapping):
        values.wrong(place, _("A case is an object in braces with inputs and points."))
        return None
    values.known(entry, place, _KEYS)
    points = values.points(entry, "points", place, required=True)
    maximum = values.points(entry, "max", place, required=False)
    note = values.text(entry, "note", place, limit=MAX_NOTE)
    inputs = entry.get("inputs")
    if not isinstance(inputs, Mapping):
        values.wrong(join(place, "inputs"), _("An object in braces is expected here."))
        return None
    if rule is None or points is None:
        return None
    checked = check(rule, rule.max_points, inputs)
    if checked.score is None:
        for path, message in checked.problems:
            values.wrong(join(join(place, "inputs"), path) if path else join(place, "inputs"), message)
        return None
    if maximum == rule.max_points:
        maximum = None
    _compare(values, checked.score, points, maximum, place, rule.max_points)
    return Case(checked.inputs, points, maximum, note)


def _compare(
    values: Values,
    score: engine.Score,
    points: Decimal,
    maximum: Decimal | None,
    place: str,
    usual: Decimal,
) -> None:
    expected = usual if maximum is None else maximum
    if score.points != points:
        told = {
            "got": in_words(score.points, score.applicable_max, usual),
            "points": in_words(points, expected, usual),
        }
        values.wrong(join(place, "points"), _("The rule gives %(got)s, the case expects %(points)s.") % told)
    elif score.applicable_max != expected:
        message = _("The rule leaves a maximum of %(got)s points, the case expects %(points)s.") % {
            "got": format_decimal(score.applicable_max),
            "points": format_decimal(expected),
        }
        values.wrong(join(place, "max"), message)
