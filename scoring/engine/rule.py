"""A rule: its kind, its parameters, and what every kind has in common.

A kind is a ``Body``: it parses its parameters, says what it asks for, reads the inputs and evaluates
them. Kinds register themselves, so that a new one slots in beside the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, ClassVar, Self, TypeVar

from .fields import Field
from .inputs import Cleaner
from .numbers import ZERO, plain, round_step, shown
from .problems import RuleErrors, gettext_noop, problem
from .reading import MAX_DEPTH, Reader

Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Env:
    """What an evaluation may look at beside the inputs.

    ``facts``: ``{"facts": {text: bool}, "answers": {code: inputs}, "best": {field: value}}``, all optional.
    """

    max_points: Decimal
    facts: Mapping[str, Any] = field(default_factory=dict)


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
    def fields(self) -> tuple[Field, ...]:
        """What to ask for."""

    @abstractmethod
    def read(self, cleaner: Cleaner, env: Env) -> Any:
        """The typed inputs, or None where the cleaner noted a fault."""

    @abstractmethod
    def evaluate(self, values: Any, env: Env) -> Outcome:
        """The points of inputs that ``read`` accepted. Runs in the exact context."""


KINDS: dict[str, type[Body]] = {}

B = TypeVar("B", bound=type[Body])


def register(body: B) -> B:
    """Add a kind to the closed list."""
    KINDS[body.kind] = body
    return body


NOT_ARISING = ("full", "reduce", "rescale", "zero")


@dataclass(frozen=True, slots=True)
class Reading:
    """Inputs that were accepted: typed values, or that nothing arose."""

    values: Any
    not_arising: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A checked rule. ``data`` is its canonical form: JSON, decimals as plain texts."""

    kind: str
    data: dict[str, Any]
    max_points: Decimal
    body: Body = field(compare=False)
    round_to: Decimal | None = None
    not_arising: str = ""
    path: str = field(default="", compare=False)

    @property
    def ceiling(self) -> Decimal:
        """The most points that the rule can give."""
        return self.body.ceiling

    def fields(self) -> tuple[Field, ...]:
        """What a form asks for, in order."""
        fields = self.body.fields()
        if self.not_arising:
            fields += (Field("not_arising", "boolean", gettext_noop("Nothing arose"), required=False),)
        return fields

    def read(self, cleaner: Cleaner, env: Env) -> Reading | None:
        """The inputs as typed values; None where the cleaner noted a fault."""
        if self.not_arising and cleaner.given("not_arising") and cleaner.boolean("not_arising"):
            return Reading(None, not_arising=True)
        cleaner.out.pop(cleaner.prefix + "not_arising", None)
        before = len(cleaner.problems)
        values = self.body.read(cleaner, env)
        return Reading(values) if len(cleaner.problems) == before else None

    def outcome(self, reading: Reading, env: Env) -> Outcome:
        """Points before the one rounding to 6 places, with ``round_to`` applied."""
        if reading.not_arising:
            return nothing_arose(self.not_arising, self.ceiling)
        outcome = self.body.evaluate(reading.values, env)
        if self.round_to is not None:
            rounded = round_step(outcome.points, self.round_to)
            outcome.steps.append(
                {
                    "op": "rounded_to_step",
                    "step": plain(self.round_to),
                    "from": shown(outcome.points),
                    "points": plain(rounded),
                }
            )
            if rounded != outcome.points:
                if outcome.sign == "=":
                    outcome.expression += f" = {shown(outcome.points)}"
                    outcome.sign = "≈"
                outcome.points = rounded
        return outcome


def nothing_arose(effect: str, ceiling: Decimal, *, op: str = "not_arising") -> Outcome:
    """What holds where nothing arose, or a ratio has nothing below: ``effect`` says it."""
    effect = "reduce" if effect == "not_applicable" else effect
    points = ceiling if effect == "full" else ZERO
    step: Step = {"op": f"{op}_{effect}", "points": plain(points)}
    if effect in ("reduce", "rescale"):
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
        reader.wrong("kind", "unknown_kind", kind=str(kind)[:60])
        return None
    reader.out["kind"] = kind
    body = KINDS[kind].parse(reader)
    round_to = reader.optional_number("round_to", sign="positive")
    not_arising = reader.optional_one_of("not_arising", NOT_ARISING)
    reader.finish()
    return Rule(kind, reader.out, reader.maximum, body, round_to, not_arising, reader.path)


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


def grouped(fields: tuple[Field, ...], prefix: str, group: str) -> tuple[Field, ...]:
    """The fields of a part, under names of their own."""
    return tuple(
        replace(one, name=prefix + one.name, group=f"{group} · {one.group}" if one.group else group)
        for one in fields
    )
