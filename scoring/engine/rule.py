"""A rule: its kind, its parameters, and what every kind has in common.

A kind is a ``Body``: it parses its parameters, says what it asks for, reads the inputs and evaluates
them. Kinds register themselves, so that a new one slots in beside the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, ClassVar, Self, TypeVar

from .cases import Condition, read_condition
from .fields import Field
from .inputs import Cleaner
from .numbers import ZERO, plain, round_step, shown
from .problems import RuleErrors, gettext_noop, problem
from .reading import MAX_DEPTH, Reader, short

Step = dict[str, Any]
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Env:
    """What an evaluation may look at beside the inputs.

    ``facts``: ``{"facts": {text: bool}, "answers": {code: inputs}, "best": {field: value}}``, all optional.
    """

    max_points: Decimal
    facts: Facts = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """Points before the one rounding, and how they came about.

    ``out_of`` is the applicable maximum where it differs from the rule's. ``expression`` is one line of
    arithmetic, ``sign`` what stands between it and its result.
    """

    points: Decimal
    steps: list[Step]
    expression: str
    sign: str = "="
    out_of: Decimal | None = None
    provisional: bool = False
    zeroes: str = ""
    grade_effects: tuple[str, ...] = ()
    not_arising: str = ""


class Body(ABC):
    """The parameters of one kind, parsed."""

    kind: ClassVar[str]
    #: The most points that the rule can give: never above its maximum.
    ceiling: Decimal

    @classmethod
    @abstractmethod
    def parse(cls, reader: Reader) -> Self:
        """Read the parameters; faults are noted by the reader."""

    @abstractmethod
    def fields(self, facts: Facts) -> tuple[Field, ...]:
        """What to ask for."""

    @abstractmethod
    def read(self, cleaner: Cleaner, env: Env) -> Any:
        """The typed inputs, or None where the cleaner noted a fault."""

    @abstractmethod
    def evaluate(self, values: Any, env: Env) -> Outcome:
        """The points of inputs that ``read`` accepted. Runs in the exact context."""

    def parts(self) -> tuple[Rule, ...]:
        """The rules that it is made of."""
        return ()

    def block_values(self, values: Any) -> dict[str, Decimal]:
        """Values, by field, whose best in the block decides the points."""
        return {}


KINDS: dict[str, type[Body]] = {}

B = TypeVar("B", bound=type[Body])


def register(body: B) -> B:
    """Add a kind to the closed list."""
    KINDS[body.kind] = body
    return body


NOT_ARISING = ("full", "reduce", "rescale", "zero")


@dataclass(frozen=True, slots=True)
class Reading:
    """Inputs that were accepted: typed values, that nothing arose, or the reading of a case."""

    values: Any
    not_arising: bool = False
    case: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A checked rule. ``data`` is its canonical form: JSON, decimals as plain texts."""

    kind: str
    data: dict[str, Any]
    max_points: Decimal
    body: Body = field(compare=False)
    round_to: Decimal | None = None
    not_arising: str = ""
    moves_to: tuple[str, ...] = ()
    cases: tuple[tuple[Condition, Rule], ...] = ()
    ceiling: Decimal = ZERO

    def fields(self, facts: Facts | None = None) -> tuple[Field, ...]:
        """What a form asks for, in order. ``facts`` that are known settle cases in advance."""
        known = facts or {}
        fields: tuple[Field, ...] = ()
        if self.not_arising:
            fields = (Field("not_arising", "boolean", gettext_noop("Nothing arose"), required=False),)
        asked: list[str] = []
        open_cases: tuple[Field, ...] = ()
        for number, (condition, rule) in enumerate(self.cases):
            holds = condition.known(known)
            if holds is False:
                continue
            # what is settled from outside needs no heading of its own
            inner = grouped(rule.fields(known), f"c{number}_", "" if holds else condition.text())
            if holds and not open_cases:
                return inner + fields
            open_cases += optional(inner)
            if condition.fact and condition.fact not in asked and not holds:
                asked.append(condition.fact)
        questions = tuple(
            Field(f"fact_{self._asked().index(fact)}", "boolean", fact, required=False) for fact in asked
        )
        own = self.body.fields(known)
        return questions + (optional(own) if open_cases else own) + open_cases + fields

    def _asked(self) -> tuple[str, ...]:
        """The facts of its cases, each once, in order."""
        return tuple(dict.fromkeys(condition.fact for condition, _ in self.cases if condition.fact))

    def read(self, cleaner: Cleaner, env: Env) -> Reading | None:
        """The inputs as typed values; None where the cleaner noted a fault."""
        before = len(cleaner.problems)
        if self.not_arising and cleaner.given("not_arising"):
            if cleaner.boolean("not_arising"):
                return Reading(None, not_arising=True)
            cleaner.out.pop(cleaner.prefix + "not_arising", None)
        for number, (condition, rule) in enumerate(self.cases):
            holds = condition.holds(cleaner, env.facts, self._asked())
            if holds is None:
                return None
            if holds:
                inner = rule.read(cleaner.part(f"c{number}_"), Env(rule.max_points, env.facts))
                return Reading(inner, case=number) if len(cleaner.problems) == before else None
        values = self.body.read(cleaner, env)
        return Reading(values) if len(cleaner.problems) == before else None

    def outcome(self, reading: Reading, env: Env) -> Outcome:
        """Points before the one rounding to 6 places, with ``round_to`` applied."""
        if reading.not_arising:
            return nothing_arose(self.not_arising, self.ceiling)
        if reading.case is not None:
            condition, rule = self.cases[reading.case]
            outcome = rule.outcome(reading.values, env)
            outcome.steps.insert(0, {"op": "case", "text": condition.text()})
            return outcome
        outcome = self.body.evaluate(reading.values, env)
        if self.round_to is not None and outcome.out_of is None:
            _round_to(outcome, self.round_to)
        return outcome

    def block_values(self, reading: Reading) -> dict[str, Decimal]:
        """Values whose best in the block decides the points, by field."""
        if reading.not_arising:
            return {}
        if reading.case is not None:
            return self.cases[reading.case][1].block_values(reading.values)
        return self.body.block_values(reading.values)

    def walk(self) -> Iterator[Rule]:
        """The rule and every rule inside it."""
        yield self
        for rule in (*self.body.parts(), *(rule for _, rule in self.cases)):
            yield from rule.walk()

    def looks_at(self) -> tuple[str, ...]:
        """The codes of the leaves whose answers decide its cases, each once, in order."""
        codes = (condition.answer for rule in self.walk() for condition, _ in rule.cases)
        return tuple(dict.fromkeys(filter(None, codes)))

    def depends_on(self) -> tuple[str, ...]:
        """The codes of the leaves whose answers decide its cases, and of those that points move to."""
        return tuple(dict.fromkeys([*self.looks_at(), *self.moves_to]))


def _round_to(outcome: Outcome, step: Decimal) -> None:
    rounded = round_step(outcome.points, step)
    told = {"op": "rounded_to_step", "step": plain(step), "from": shown(outcome.points)}
    outcome.steps.append(told | {"points": plain(rounded)})
    if rounded != outcome.points:
        if outcome.sign == "=":
            outcome.expression += f" = {shown(outcome.points)}"
            outcome.sign = "≈"
        outcome.points = rounded


def nothing_arose(effect: str, ceiling: Decimal, *, op: str = "not_arising") -> Outcome:
    """What holds where nothing arose, or a ratio has nothing below: ``effect`` says it."""
    effect = "reduce" if effect == "not_applicable" else effect
    points = ceiling if effect == "full" else ZERO
    step: Step = {"op": f"{op}_{effect}", "points": plain(points)}
    if effect in ("reduce", "rescale", "move"):
        return Outcome(ZERO, [step], "—", out_of=ZERO, not_arising=effect)
    return Outcome(points, [step], plain(points))


def read_rule(reader: Reader) -> Rule | None:
    """The rule that a reader stands at; None where it is too broken to be one."""
    if not reader.usable:
        return None
    kind = reader.take("kind", required=True)
    if not reader.has("kind"):
        return None
    if reader.depth > MAX_DEPTH:
        reader.wrong("", "too_deep")
        return None
    if not isinstance(kind, str) or kind not in KINDS:
        reader.wrong("kind", "unknown_kind", kind=short(kind))
        return None
    reader.out["kind"] = kind
    body = KINDS[kind].parse(reader)
    round_to = reader.optional_number("round_to", sign="positive")
    reader.only_one_of("not_arising", "moves_to")
    not_arising = reader.optional_one_of("not_arising", NOT_ARISING)
    moves_to = _read_codes(reader) if reader.has("moves_to") else ()
    cases = _read_cases(reader) if reader.has("cases") else ()
    reader.finish()
    return Rule(
        kind,
        reader.out,
        reader.maximum,
        body,
        round_to,
        "move" if moves_to else not_arising,
        moves_to,
        cases,
        max([body.ceiling, *(rule.ceiling for _, rule in cases)]),
    )


def _read_codes(reader: Reader) -> tuple[str, ...]:
    codes: list[str] = []
    for number, entry in enumerate(reader.entries("moves_to", limit=20)):
        code = reader.checked_text(entry, f"moves_to[{number}]", limit=60)
        if code in codes:
            reader.wrong(f"moves_to[{number}]", "duplicate", label=code)
        codes.append(code)
    reader.out["moves_to"] = codes
    return tuple(codes)


def _read_cases(reader: Reader) -> tuple[tuple[Condition, Rule], ...]:
    cases: list[tuple[Condition, Rule]] = []
    for inner in reader.objects("cases", limit=20):
        conditions, rules = inner.take("when", required=True), inner.take("rule", required=True)
        if not (inner.has("when") and inner.has("rule")):
            continue
        when, then = inner.child(conditions, "when"), inner.child(rules, "rule")
        condition = read_condition(when)
        when.finish()
        rule = read_rule(then)
        inner.out |= {"when": when.out, "rule": then.out}
        if rule is not None:
            cases.append((condition, rule))
    return tuple(cases)


def parse_rule(data: Mapping[str, object], *, max_points: Decimal) -> Rule:
    """Check a rule of a criteria set and give it its canonical form.

    ``max_points`` is the maximum of the leaf. Raises RuleErrors with every fault and its place.
    """
    reader = Reader(data, maximum=max_points)
    if not isinstance(max_points, Decimal) or not max_points.is_finite() or max_points < 0:
        raise RuleErrors([problem("", "number_negative")])
    rule = read_rule(reader)
    if rule is None or reader.problems:
        raise RuleErrors(reader.problems)
    return rule


def optional(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The same fields, none of them required: which are needed depends on others."""
    return tuple(replace(one, required=False) for one in fields)


def grouped(fields: tuple[Field, ...], prefix: str, group: str) -> tuple[Field, ...]:
    """The fields of a part, under names of their own."""
    return tuple(
        replace(one, name=prefix + one.name, group=" · ".join(filter(None, (group, one.group))))
        for one in fields
    )
