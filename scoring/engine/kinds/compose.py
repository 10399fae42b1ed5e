"""Kinds made of others: ``sum_of`` and ``best_of``.

Parts are not rounded: the leaf is, once. Each part is held within its own maximum.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

from ..fields import Field
from ..inputs import Cleaner
from ..numbers import ZERO, plain, shown
from ..reading import Reader
from ..rule import Body, Env, Facts, Outcome, Reading, Rule, Step, grouped, optional, read_rule, register

Readings = tuple[Reading | None, ...]


@dataclass(frozen=True)
class Composed(Body):
    """Parts, each with its label; the inputs of part 0 are named ``p0_…``."""

    labels: tuple[str, ...]
    rules: tuple[Rule, ...]
    ceiling: Decimal

    def parts(self) -> tuple[Rule, ...]:
        return self.rules

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        return tuple(
            one
            for number, rule in enumerate(self.rules)
            for one in grouped(rule.fields(facts), f"p{number}_", self.labels[number])
        )

    def read(self, cleaner: Cleaner, env: Env) -> Readings:
        return tuple(
            rule.read(cleaner.part(f"p{number}_"), Env(rule.max_points, env.facts))
            for number, rule in enumerate(self.rules)
        )

    def block_values(self, values: Readings) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for rule, reading in zip(self.rules, values, strict=True):
            if reading is not None:
                found |= rule.block_values(reading)
        return found

    def outcomes(self, values: Readings, env: Env, steps: list[Step]) -> list[tuple[Rule, Outcome]]:
        """What each part that was answered earns, told one after the other."""
        made: list[tuple[Rule, Outcome]] = []
        for number, (rule, reading) in enumerate(zip(self.rules, values, strict=True)):
            if reading is None:
                continue
            outcome = rule.outcome(reading, Env(rule.max_points, env.facts))
            held = min(max(outcome.points, ZERO), rule.max_points)
            steps.append({"op": "part", "label": self.labels[number], "kind": rule.kind})
            steps += outcome.steps
            if held != outcome.points:
                steps.append({"op": "part_held", "from": shown(outcome.points), "points": plain(held)})
                outcome.points, outcome.sign = held, "→"
            made.append((rule, outcome))
        return made


def _merged(made: list[tuple[Rule, Outcome]], result: Outcome) -> Outcome:
    """``result`` with the side effects of its parts."""
    for _, outcome in made:
        result.provisional = result.provisional or outcome.provisional
        result.grade_effects += outcome.grade_effects
        if "parent" in (result.zeroes, outcome.zeroes):
            result.zeroes = "parent"
        else:
            result.zeroes = result.zeroes or outcome.zeroes
    if result.zeroes:
        result.expression, result.sign = "0", "="
    return result


def _term(outcome: Outcome) -> str:
    """One part within a longer line of arithmetic."""
    if outcome.sign != "=" or "=" in outcome.expression:
        return shown(outcome.points)
    return f"({outcome.expression})" if " " in outcome.expression else outcome.expression


def _none_apply(made: list[tuple[Rule, Outcome]], steps: list[Step]) -> Outcome:
    effect = next((outcome.not_arising for _, outcome in made), "reduce")
    return _merged(made, Outcome(ZERO, steps, "—", out_of=ZERO, not_arising=effect))


def read_parts(reader: Reader) -> tuple[tuple[str, ...], tuple[Rule, ...]]:
    """``parts: [rule, …]``; a part may have a ``label`` and a ``max`` of its own."""
    labels: list[str] = []
    rules: list[Rule] = []
    kept: list[object] = []
    for number, entry in enumerate(reader.entries("parts", limit=20)):
        key = f"parts[{number}]"
        inner = reader.child(entry, key)
        label = inner.text("label", required=False)
        if inner.has("max"):
            inner.maximum = inner.points("max")
        inner.take("max", required=False)
        rule = read_rule(inner)
        kept.append(inner.out)
        if rule is not None:
            labels.append(label or str(number + 1))
            rules.append(rule)
    reader.out["parts"] = kept
    return tuple(labels), tuple(rules)


@register
@dataclass(frozen=True)
class SumOf(Composed):
    """Σ of the parts, up to ``cap`` where there is one."""

    kind: ClassVar[str] = "sum_of"
    cap: Decimal | None = None

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        before = len(reader.problems)
        labels, rules = read_parts(reader)
        whole = len(reader.problems) == before
        cap = reader.points("cap") if reader.has("cap") else None
        reader.take("cap", required=False)
        total = sum((rule.ceiling for rule in rules), ZERO)
        if whole and cap is None and total > reader.maximum:
            reader.wrong("parts", "exceeds_maximum", points=total, max=reader.maximum)
        return cls(labels, rules, total if cap is None else min(total, cap), cap)

    def evaluate(self, values: Readings, env: Env) -> Outcome:
        steps: list[Step] = []
        made = self.outcomes(values, env, steps)
        remaining = sum((_worth(rule, outcome) for rule, outcome in made), ZERO)
        if made and all(outcome.out_of == 0 for _, outcome in made):
            return _none_apply(made, steps)
        counted = [outcome for _, outcome in made if outcome.out_of != 0]
        points = sum((outcome.points for outcome in counted), ZERO)
        steps.append({"op": "sum", "points": shown(points)})
        expression = " + ".join(_term(outcome) for outcome in counted)
        if self.cap is not None and points > self.cap:
            points = self.cap
            expression = f"min({expression}; {plain(self.cap)})"
            steps.append({"op": "capped", "cap": plain(self.cap), "points": plain(self.cap)})
        # what parts that do not apply take away from the maximum
        lost = self.ceiling - min(remaining, self.ceiling)
        out_of = env.max_points - lost if lost else None
        return _merged(made, Outcome(points, steps, expression, out_of=out_of))


def _worth(rule: Rule, outcome: Outcome) -> Decimal:
    return rule.ceiling if outcome.out_of is None else min(outcome.out_of, rule.ceiling)


@register
@dataclass(frozen=True)
class BestOf(Composed):
    """The largest of the parts: "tính cho trường hợp có điểm cao nhất". One answered part is enough."""

    kind: ClassVar[str] = "best_of"

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        labels, rules = read_parts(reader)
        return cls(labels, rules, max((rule.ceiling for rule in rules), default=ZERO))

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        return optional(super().fields(facts))

    def read(self, cleaner: Cleaner, env: Env) -> Readings:
        touched = [cleaner.touched(f"p{number}_") for number in range(len(self.rules))]
        if not any(touched):
            return super().read(cleaner, env)
        return tuple(
            rule.read(cleaner.part(f"p{number}_"), Env(rule.max_points, env.facts)) if given else None
            for number, (rule, given) in enumerate(zip(self.rules, touched, strict=True))
        )

    def evaluate(self, values: Readings, env: Env) -> Outcome:
        steps: list[Step] = []
        made = self.outcomes(values, env, steps)
        counted = [outcome for _, outcome in made if outcome.out_of != 0]
        if not counted:
            return _none_apply(made, steps)
        best = max(outcome.points for outcome in counted)
        steps.append({"op": "best", "points": shown(best)})
        terms = [_term(outcome) for outcome in counted]
        expression = f"max({'; '.join(terms)})" if len(terms) > 1 else terms[0]
        return _merged(made, Outcome(best, steps, expression))
