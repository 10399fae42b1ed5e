"""Score inputs by a rule: points, applicable maximum and trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from .inputs import Cleaner, read_number
from .numbers import EXACT, POINT_PLACES, ZERO, is_multiple, plain, round_points, shown
from .problems import InputErrors, Problem, problem
from .rule import Env, Outcome, Rule

ENGINE_VERSION = "1"

Trace = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Score:
    """What a leaf earns.

    ``points`` are rounded half-up to 6 places; ``applicable_max`` is what they count against;
    ``trace`` says how they came about. ``provisional``: the block decides (ratio to the best).
    ``zeroes`` is ``leaf`` or ``parent`` where a veto fell; ``grade_effects`` bear on the grade;
    ``not_arising`` is ``reduce``, ``rescale`` or ``move`` where nothing arose: see ``settle``.
    """

    points: Decimal
    applicable_max: Decimal
    trace: Trace
    provisional: bool = False
    zeroes: str = ""
    grade_effects: tuple[str, ...] = ()
    not_arising: str = ""


def clean_inputs(
    rule: Rule, raw: Mapping[str, object], *, facts: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The canonical inputs, JSON-able. Keys that the rule does not ask for are left out.

    Raises InputErrors with every fault by field; a missing input has the code ``missing``.
    """
    cleaner = Cleaner(raw)
    rule.read(cleaner, Env(rule.max_points, facts or {}))
    if cleaner.problems:
        raise InputErrors(cleaner.problems)
    return cleaner.out


def is_answered(
    rule: Rule, inputs: Mapping[str, object] | None, *, facts: Mapping[str, Any] | None = None
) -> bool:
    """Whether the inputs are complete and can be scored."""
    return bool(inputs) and rule.read(Cleaner(inputs or {}), Env(rule.max_points, facts or {})) is not None


def block_values(
    rule: Rule, inputs: Mapping[str, object], *, facts: Mapping[str, Any] | None = None
) -> dict[str, Decimal]:
    """Values whose best in the block decides the points (``ratio_to_best`` …), by field; mostly none.

    Raises InputErrors as ``score`` does.
    """
    cleaner = Cleaner(inputs)
    reading = rule.read(cleaner, Env(rule.max_points, facts or {}))
    if reading is None:
        raise InputErrors(cleaner.problems)
    with localcontext(EXACT):
        return rule.block_values(reading)


def best_of_block(values: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """The best of each field over the agencies of a block, for ``facts["best"]``."""
    best: dict[str, Decimal] = {}
    for one in values:
        for name, value in one.items():
            best[name] = max(value, best.get(name, value))
    return best


def score(
    rule: Rule,
    max_points: Decimal,
    inputs: Mapping[str, object],
    *,
    facts: Mapping[str, Any] | None = None,
) -> Score:
    """Points of the inputs, at most ``max_points``, rounded once.

    Raises InputErrors where an input is missing or wrong: an unanswered leaf never scores 0 by accident.
    """
    env = Env(max_points, facts or {})
    cleaner = Cleaner(inputs)
    reading = rule.read(cleaner, env)
    if reading is None:
        raise InputErrors(cleaner.problems)
    with localcontext(EXACT):
        return _settled(rule.kind, cleaner.out, rule.outcome(reading, env), max_points)


def _settled(kind: str, inputs: dict[str, Any], outcome: Outcome, max_points: Decimal) -> Score:
    """Clamp, then round once."""
    applicable = max_points if outcome.out_of is None else min(outcome.out_of, max_points)
    raw = ZERO if outcome.zeroes else outcome.points
    held = min(max(raw, ZERO), applicable)
    points = round_points(held)
    clamp = None
    if held != raw:
        clamp = {
            "from": shown(raw),
            "to": plain(held),
            "bound": "zero" if raw < 0 else "maximum",
        }
    trace: Trace = {
        "engine": ENGINE_VERSION,
        "kind": kind,
        "inputs": inputs,
        "steps": outcome.steps,
        "expression": outcome.expression,
        "sign": outcome.sign,
        "clamp": clamp,
        "rounding": {"places": POINT_PLACES, "mode": "half_up", "from": shown(held, 12), "to": plain(points)},
        "points": plain(points),
        "max": plain(max_points),
        "applicable_max": plain(applicable),
    }
    return Score(
        points,
        applicable,
        trace,
        outcome.provisional,
        outcome.zeroes,
        outcome.grade_effects,
        outcome.not_arising,
    )


def not_applicable(max_points: Decimal) -> Score:
    """A leaf that does not apply: no points, and nothing to count against."""
    outcome = Outcome(ZERO, [{"op": "not_applicable", "max": plain(max_points)}], "—", out_of=ZERO)
    return _settled("not_applicable", {}, outcome, max_points)


def unanswered(max_points: Decimal) -> Score:
    """A leaf without an answer: nothing earned so far, out of the full maximum."""
    outcome = Outcome(ZERO, [{"op": "unanswered", "max": plain(max_points)}], "—")
    return _settled("unanswered", {}, outcome, max_points)


def typed_points(max_points: Decimal, points: object, step: Decimal | None = None) -> Score:
    """Points that an assessor types, within [0, ``max_points``] and in steps where there is one.

    Raises InputErrors at the field ``points``.
    """
    number = ZERO if points is None or points == "" else read_number(points)
    faults: list[Problem] = []
    if points is None or (isinstance(points, str) and not points.strip()):
        faults.append(problem("points", "missing"))
    elif isinstance(number, str):
        faults.append(problem("points", number))
    elif number < 0:
        faults.append(problem("points", "negative"))
    elif number > max_points:
        faults.append(problem("points", "above_maximum", max=max_points))
    elif step is not None and not is_multiple(number, step):
        faults.append(problem("points", "not_step", step=step))
    if faults or isinstance(number, str):
        raise InputErrors(faults)
    outcome = Outcome(number, [{"op": "typed", "points": plain(number)}], plain(number))
    return _settled("typed", {"points": plain(number)}, outcome, max_points)
