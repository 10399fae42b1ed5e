"""Stored cases (trường hợp kiểm tra): inputs of a leaf's rule and the points that they must earn. Pure.

The inputs of a case are the engine's own (``numerator``, ``option``, ``fact_0`` …). Two keys stand beside them for
what the leaf is not asked itself: ``answers`` (``{code: {field: value}}``) for rules that look at other leaves, and
``best`` (``{field: value}``) for rules that the whole block decides; they are the engine's facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from django.utils.translation import gettext as _

from parindex.ui.formats import format_decimal
from scoring import engine

__all__ = [
    "Case",
    "Checked",
    "Failure",
    "Leaf",
    "StoredLike",
    "check",
    "failures",
    "flat",
    "in_words",
    "names_of",
    "split",
]

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:[.,][0-9]{1,10})?")
_AGAINST_BEST = frozenset({"ratio_to_best", "target_and_leader"})
MAX_TEXT = 200


class StoredLike(Protocol):
    """A case of a file or a row of the table."""

    @property
    def inputs(self) -> Any: ...
    @property
    def points(self) -> Decimal: ...
    @property
    def applicable_max(self) -> Decimal | None: ...
    @property
    def note(self) -> str: ...


class Leaf(Protocol):
    """What is needed of a leaf: a SetNode, or a NodeFile."""

    @property
    def rule(self) -> engine.Rule | None: ...
    @property
    def max_points(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a file. ``applicable_max`` None: the maximum of the leaf, as it stands (points)."""

    inputs: dict[str, Any]
    points: Decimal
    applicable_max: Decimal | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """Inputs that were run: canonical inputs and a score, or what is wrong at which input (translated)."""

    inputs: dict[str, Any]
    score: engine.Score | None = None
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that its rule does not pass: ``got`` is the points in words, or why the inputs are refused."""

    case: StoredLike
    expected: str
    got: str
    refused: bool = False


@dataclass
class Names:
    """What a case may give: the rule's own fields, fields of other leaves, best values of the block."""

    fields: dict[str, engine.Field] = field(default_factory=dict)
    answers: list[tuple[str, str]] = field(default_factory=list)
    best: list[str] = field(default_factory=list)


def names_of(rule: engine.Rule) -> Names:
    """Everything that a rule may be told, whatever case of it holds."""
    found = Names({one.name: one for one in rule.fields()})
    for prefix, inner in _walk(rule):
        for condition, _rule in inner.cases:
            pair = (condition.answer, condition.field)
            if condition.answer and pair not in found.answers:
                found.answers.append(pair)
        if inner.kind in _AGAINST_BEST:
            found.best.append(f"{prefix}value")
    return found


def _walk(rule: engine.Rule, prefix: str = "") -> Iterator[tuple[str, engine.Rule]]:
    """The rule and every rule in it, with the prefix of its inputs."""
    yield prefix, rule
    for number, part in enumerate(rule.body.parts()):
        yield from _walk(part, f"{prefix}p{number}_")
    for number, (_condition, inner) in enumerate(rule.cases):
        yield from _walk(inner, f"{prefix}c{number}_")


def split(inputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The leaf's own inputs, and the engine's facts (``answers``, ``best``)."""
    own = {key: value for key, value in inputs.items() if key not in ("answers", "best")}
    return own, {key: inputs[key] for key in ("answers", "best") if inputs.get(key)}


def flat(inputs: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every single value of a case with its path: ``("n",)``, ``("counts.A",)``, ``("answers", code, field)``."""
    for key, value in inputs.items():
        if key == "answers":
            for code, fields in value.items():
                for name, inner in fields.items():
                    yield (key, code, name), inner
        elif key == "best":
            for name, inner in value.items():
                yield (key, name), inner
        elif isinstance(value, Mapping):
            for name, inner in value.items():
                yield (f"{key}.{name}",), inner
        else:
            yield (key,), value


def check(rule: engine.Rule, max_points: Decimal, inputs: Mapping[str, Any]) -> Checked:
    """Run inputs through a rule. Every fault is told at its input; nothing is passed over in silence."""
    names = names_of(rule)
    problems: list[tuple[str, str]] = []
    own, facts = split(inputs)
    for key, value in own.items():
        inner = isinstance(value, Mapping) and any(name.startswith(f"{key}.") for name in names.fields)
        if key not in names.fields and not inner:
            problems.append((key[:60], _("The rule asks for no “%(key)s”.") % {"key": key[:60]}))
    kept = _facts(names, facts, problems)
    known: dict[str, Any] = {"answers": kept.get("answers", {}), "best": kept.get("best", {})}
    try:
        canonical = engine.clean_inputs(rule, own, facts=known)
        score = engine.score(rule, max_points, canonical, facts=known)
    except engine.InputErrors as error:
        problems += [(one.path, one.text(translate=_, number=format_decimal)) for one in error.problems]
        return Checked({}, problems=tuple(problems))
    if problems:
        return Checked({}, problems=tuple(problems))
    return Checked(canonical | kept, score)


def _facts(names: Names, facts: Mapping[str, Any], problems: list[tuple[str, str]]) -> dict[str, Any]:
    """The facts in one form: numbers as plain texts, yes and no as such."""
    kept: dict[str, Any] = {}
    for code, asked in _mapping(facts, "answers", problems).items():
        for name, value in _mapping({code: asked}, code, problems, "answers.").items():
            path = f"answers.{code[:60]}.{str(name)[:60]}"
            if (code, name) not in names.answers:
                told = {"code": code[:60], "field": str(name)[:60]}
                problems.append((path, _("The rule does not look at “%(field)s” of %(code)s.") % told))
            elif (answer := _answer(value)) is None:
                problems.append((path, _("This answer is neither a number nor yes, no or a text.")))
            else:
                kept.setdefault("answers", {}).setdefault(code, {})[name] = answer
    for name, value in _mapping(facts, "best", problems).items():
        path = f"best.{str(name)[:60]}"
        number = _answer(value)
        if name not in names.best:
            problems.append((path, _("The rule asks for no best value of the block here.")))
        elif not isinstance(number, str) or not _NUMBER.fullmatch(number) or number.startswith("-"):
            problems.append((path, _("The best value of the block is a number, not below 0.")))
        else:
            kept.setdefault("best", {})[name] = number
    return kept


def _mapping(
    facts: Mapping[str, Any], key: str, problems: list[tuple[str, str]], place: str = ""
) -> Mapping[str, Any]:
    value = facts.get(key, {})
    if isinstance(value, Mapping):
        return value
    problems.append((f"{place}{key[:60]}", _("An object in braces is expected here.")))
    return {}


def _answer(value: object) -> Any:
    """An answer of another leaf as it is kept, None where it is none."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else None
    if isinstance(value, str):
        text = value.strip()
        if _NUMBER.fullmatch(text):
            return engine.plain(Decimal(text.replace(",", ".")))
        return text if text and len(text) <= MAX_TEXT else None
    if isinstance(value, list) and len(value) <= 200:
        entries = [_answer(entry) for entry in value if not isinstance(entry, list)]
        return entries if len(entries) == len(value) and None not in entries else None
    return None


def failures(leaf: Leaf, cases: Iterable[StoredLike]) -> list[Failure]:
    """The cases that the leaf's rule, as it is now, does not pass. A node without a rule passes none."""
    found = []
    for case in cases:
        failure = _failure(leaf, case)
        if failure is not None:
            found.append(failure)
    return found


def _failure(leaf: Leaf, case: StoredLike) -> Failure | None:
    maximum = leaf.max_points if case.applicable_max is None else case.applicable_max
    expected = in_words(case.points, maximum, leaf.max_points)
    if leaf.rule is None:
        return Failure(case, expected, _("This node has no rule."), refused=True)
    if not isinstance(case.inputs, Mapping):
        return Failure(case, expected, _("An object in braces is expected here."), refused=True)
    checked = check(leaf.rule, leaf.max_points, case.inputs)
    if checked.score is None:
        return Failure(case, expected, " ".join(text for _path, text in checked.problems), refused=True)
    score = checked.score
    if (score.points, score.applicable_max) == (case.points, maximum):
        return None
    return Failure(case, expected, in_words(score.points, score.applicable_max, leaf.max_points))


def in_words(points: Decimal, maximum: Decimal, usual: Decimal) -> str:
    """``1,5``; with its maximum where that is not the leaf's: ``0 of 0`` (points)."""
    if maximum == usual:
        return str(format_decimal(points))
    return _("%(points)s of %(max)s") % {
        "points": format_decimal(points),
        "max": format_decimal(maximum),
    }
