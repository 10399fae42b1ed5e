"""Tell how points came about: one line of arithmetic, and sentences to translate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .problems import gettext_noop

_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")

#: A sentence for each step. Upper layers translate it and write the numbers (Decimal) in.
SENTENCES: dict[str, str] = {
    "unanswered": gettext_noop("Not answered yet."),
    "not_applicable": gettext_noop("Not applicable: the maximum of %(max)s points does not count."),
    "typed": gettext_noop("%(points)s points were given."),
    "yes": gettext_noop("Met: %(points)s points."),
    "no": gettext_noop("Not met: %(points)s points."),
    "option": gettext_noop("“%(label)s”: %(points)s points."),
    "option_range": gettext_noop("“%(label)s”: %(points)s points within %(from)s to %(to)s."),
    "all_hold": gettext_noop("All %(items)s items hold: %(points)s points."),
    "not_all_hold": gettext_noop("Only %(held)s of %(items)s items hold: %(points)s points."),
    "items_sum": gettext_noop("%(held)s of %(items)s items hold: %(points)s points together."),
    "zeroes_leaf": gettext_noop("“%(label)s” sets the points to 0."),
    "zeroes_parent": gettext_noop("“%(label)s” sets the points of the whole parent criterion to 0."),
    "grade_not_top": gettext_noop("“%(label)s” excludes the highest grade."),
    "grade_one_down": gettext_noop("“%(label)s” lowers the grade by one."),
    "grade_lowest": gettext_noop("“%(label)s” means the lowest grade."),
    "percentage": gettext_noop("%(numerator)s out of %(denominator)s is %(value)s %%."),
    "band": gettext_noop("The value %(value)s lies in %(band)s: %(points)s points."),
    "below_floor": gettext_noop("Below %(floor)s %%: %(points)s points."),
    "share": gettext_noop("This share of %(factor)s points is %(points)s."),
    "share_of_target": gettext_noop(
        "Measured against the target of %(target)s %%, that is %(points)s of %(factor)s points."
    ),
    "target_reached": gettext_noop("The target of %(target)s %% is reached: all %(factor)s points."),
    "times": gettext_noop("%(n)s (%(unit)s) × %(each)s points = %(points)s."),
    "capped": gettext_noop("At most %(cap)s points are given."),
    "start": gettext_noop("Starts at %(start)s points."),
    "deduct": gettext_noop("%(n)s (%(unit)s) × %(each)s points = %(points)s points less."),
    "floored": gettext_noop("No fewer than %(floor)s points remain."),
    "survey_mean": gettext_noop("The mean of the survey is %(value)s %%."),
    "weighted_mean": gettext_noop("The weighted mean of %(answers)s answers is %(value)s %%."),
    "index_value": gettext_noop("%(index)s is %(value)s %%."),
    "percent_of": gettext_noop("%(value)s %% of %(factor)s points is %(points)s."),
    "days": gettext_noop("From %(from)s to %(to)s: %(n)s days."),
    "failing": gettext_noop("%(n)s of %(items)s parts are missing or fail."),
    "place": gettext_noop("%(index)s: place %(n)s."),
    "place_change": gettext_noop("%(index)s: place %(n)s after place %(before)s."),
    "exception": gettext_noop("“%(fact)s” lifts this to %(points)s points."),
    "case": gettext_noop("This scale holds: %(text)s."),
    "part": gettext_noop("Part “%(label)s”."),
    "part_held": gettext_noop("%(from)s is held at %(points)s points for this part."),
    "sum": gettext_noop("Together: %(points)s points."),
    "best": gettext_noop("The highest counts: %(points)s points."),
    "best_of_block": gettext_noop("The value is %(value)s; the best of the block is %(best)s."),
    "best_provisional": gettext_noop(
        "The value is %(value)s. The best of the block is not known yet: the points are provisional."
    ),
    "best_zero": gettext_noop("The best of the block is 0: %(points)s points."),
    "under_target": gettext_noop("Below the target of %(target)s: %(points)s points."),
    "over_target": gettext_noop(
        "The target of %(target)s is reached (%(base)s points) and exceeded by %(excess)s: %(points)s points."
    ),
    "variable": gettext_noop("%(label)s: %(value)s."),
    "variable_unit": gettext_noop("%(label)s: %(value)s %(unit)s."),
    "formula_picked": gettext_noop("Formula “%(label)s”."),
    "formula": gettext_noop("%(text)s gives %(points)s."),
    "vetoed": gettext_noop("Another item sets the whole parent criterion to 0 points."),
    "moved_here": gettext_noop(
        "The maximum grows from %(before)s to %(max)s points, taken over from a criterion where nothing arose."
    ),
    "rescaled": gettext_noop("The maximum is rescaled from %(before)s to %(max)s points."),
    "denominator_zero_full": gettext_noop("There was nothing to measure: %(points)s points in full."),
    "denominator_zero_reduce": gettext_noop("There was nothing to measure: the maximum does not count."),
    "denominator_zero_rescale": gettext_noop(
        "There was nothing to measure: the other criteria share the maximum."
    ),
    "denominator_zero_zero": gettext_noop("There was nothing to measure: %(points)s points."),
    "not_arising_full": gettext_noop("Nothing arose: %(points)s points in full."),
    "not_arising_reduce": gettext_noop("Nothing arose: the maximum does not count."),
    "not_arising_rescale": gettext_noop("Nothing arose: the other criteria share the maximum."),
    "not_arising_zero": gettext_noop("Nothing arose: %(points)s points."),
    "not_arising_move": gettext_noop("Nothing arose: other criteria take over the maximum."),
    "rounded_to_step": gettext_noop("Rounded to steps of %(step)s: from %(from)s to %(points)s points."),
    "clamp_maximum": gettext_noop("%(from)s is more than the maximum: held at %(to)s points."),
    "clamp_zero": gettext_noop("%(from)s is less than 0: held at %(to)s points."),
    "rounded": gettext_noop("Rounded half-up to %(places)s places: %(to)s points."),
}

#: Parameters that are words of the criteria set, never numbers.
WORDS = frozenset({"label", "unit", "index", "kind", "fact"})
#: Parameters that are arithmetic: words and signs with numbers in them.
SIGNS = frozenset({"band", "text"})


def _filled(step: Mapping[str, Any], decimal_mark: str) -> dict[str, object]:
    filled: dict[str, object] = {}
    for key, value in step.items():
        if key in SIGNS:
            filled[key] = _POINT.sub(decimal_mark, value)
        elif key not in WORDS and isinstance(value, str) and _NUMBER.fullmatch(value):
            filled[key] = Decimal(value)
        elif key != "op":
            filled[key] = value
    return filled


def trace_sentence(
    trace: Mapping[str, Any], *, decimal_mark: str = "."
) -> list[tuple[str, dict[str, object]]]:
    """(English template, parameters) for each thing that happened; numbers are Decimal.

    ``decimal_mark`` is for numbers inside signs, such as the ends of a band. An empty trace tells nothing,
    and steps of an engine that this one does not know are left out.
    """
    told = [
        (SENTENCES[step["op"]], _filled(step, decimal_mark))
        for step in trace.get("steps", ())
        if step["op"] in SENTENCES
    ]
    clamp = trace.get("clamp")
    if clamp:
        told.append((SENTENCES[f"clamp_{clamp['bound']}"], _filled(clamp, decimal_mark)))
    rounding = trace.get("rounding")
    if rounding and rounding["from"] != rounding["to"]:
        told.append((SENTENCES["rounded"], _filled(rounding, decimal_mark)))
    return told


def trace_expression(trace: Mapping[str, Any], *, decimal_mark: str = ".") -> str:
    """The arithmetic in one line with neutral signs: ``88 / 111 × 1.5 = 1.189189``."""
    expression, points = str(trace.get("expression", "")), str(trace.get("points", ""))
    if expression not in ("", points, "—"):
        expression = f"{expression} {trace['sign']} {points}"
    return expression if decimal_mark == "." else _POINT.sub(decimal_mark, expression)
