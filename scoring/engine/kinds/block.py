"""Kinds that the whole block decides: ``ratio_to_best`` and ``target_and_leader``.

Until the ranking run knows the best value of the block (``facts["best"]``), the agency's own value stands
in for it: the points are provisional, and the most that they can become.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from ..fields import Field
from ..inputs import Cleaner, read_number
from ..numbers import HUNDRED, ZERO, plain, shown
from ..reading import Reader
from ..rule import Body, Env, Facts, Outcome, Step, nothing_arose, register
from .measures import Declared, Ratio


@dataclass(frozen=True, slots=True)
class Compared:
    """A value that was read, and the field under which the block's best is known."""

    values: Any
    name: str


@dataclass(frozen=True)
class AgainstBest(Body):
    """``value`` is declared, or computed from ``numerator`` / ``denominator`` × 100."""

    measure: Declared | Ratio
    factor: Decimal
    ceiling: Decimal

    @staticmethod
    def read_measure(reader: Reader) -> Declared | Ratio:
        """The value that is compared."""
        if reader.has("numerator") or reader.has("denominator"):
            reader.only_one_of("value", "numerator")
            reader.take("value", required=False)
            return Ratio.parse(reader, ZERO, None)
        label, unit = reader.text("value"), reader.text("unit", required=False, limit=60)
        return Declared(ZERO, None, False, label, unit, False)

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        return self.measure.fields()

    def read(self, cleaner: Cleaner, env: Env) -> Compared:
        return Compared(self.measure.read(cleaner), f"{cleaner.prefix}value")

    def block_values(self, values: Compared) -> dict[str, Decimal]:
        found = self.measure.value(values.values, [])
        return {} if found is None else {values.name: found[0]}

    def compared(self, values: Compared, env: Env, steps: list[Step]) -> tuple[Decimal, Decimal, bool] | None:
        """The value, the best of the block, and whether that is provisional; None without a value."""
        found = self.measure.value(values.values, steps)
        if found is None:
            return None
        value = found[0]
        known = read_number(env.facts.get("best", {}).get(values.name))
        best = value if isinstance(known, str) else max(known, value)
        steps.append(
            {
                "op": "best_provisional" if isinstance(known, str) else "best_of_block",
                "value": shown(value),
                "best": shown(best),
            }
        )
        return value, best, isinstance(known, str)

    def nothing_below(self) -> Outcome:
        """What holds where the ratio has nothing below."""
        assert isinstance(self.measure, Ratio)
        return nothing_arose(self.measure.zero_effect, self.ceiling, op="denominator_zero")


@register
@dataclass(frozen=True)
class RatioToBest(AgainstBest):
    """value / best value of the block × factor."""

    kind: ClassVar[str] = "ratio_to_best"

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        measure, factor = cls.read_measure(reader), reader.points("factor")
        return cls(measure, factor, factor)

    def evaluate(self, values: Compared, env: Env) -> Outcome:
        steps: list[Step] = []
        compared = self.compared(values, env, steps)
        if compared is None:
            return self.nothing_below()
        value, best, provisional = compared
        if best == 0:
            steps.append({"op": "best_zero", "points": "0"})
            return Outcome(ZERO, steps, "0", provisional=provisional)
        points = value * self.factor / best
        steps.append({"op": "share", "factor": plain(self.factor), "points": shown(points)})
        expression = f"{shown(value)} / {shown(best)} × {plain(self.factor)}"
        return Outcome(points, steps, expression, provisional=provisional)


@register
@dataclass(frozen=True)
class TargetAndLeader(AgainstBest):
    """A share of the points at the target, the rest by the excess over it against the best agency's."""

    kind: ClassVar[str] = "target_and_leader"
    target: Decimal
    share: Decimal
    proportional: bool

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        measure, factor = cls.read_measure(reader), reader.points("factor")
        target = reader.number("target", sign="positive")
        share = reader.optional_number("target_share_pct", sign="positive", most=HUNDRED)
        below = reader.one_of("below_target", ("zero", "proportional"), default="zero")
        return cls(
            measure,
            factor,
            factor,
            target,
            Decimal(50) if share is None else share,
            below == "proportional",
        )

    def evaluate(self, values: Compared, env: Env) -> Outcome:
        steps: list[Step] = []
        compared = self.compared(values, env, steps)
        if compared is None:
            return self.nothing_below()
        value, best, provisional = compared
        base = self.factor * self.share / HUNDRED
        told = {"target": plain(self.target), "base": plain(base)}
        if value < self.target:
            points = value * base / self.target if self.proportional else ZERO
            steps.append({"op": "under_target", **told, "points": shown(points)})
            expression = f"{shown(value)} < {plain(self.target)}"
            if not self.proportional:
                return Outcome(points, steps, expression, "→")
            return Outcome(points, steps, f"{shown(value)} / {plain(self.target)} × {plain(base)}")
        excess, most = value - self.target, best - self.target
        rest = self.factor - base
        # nobody exceeds the target: there is no rest to share
        points = base + (rest * excess / most if most else ZERO)
        steps.append({"op": "over_target", **told, "excess": shown(excess), "points": shown(points)})
        expression = plain(base)
        if most:
            expression += f" + {shown(excess)} / {shown(most)} × {plain(rest)}"
        return Outcome(points, steps, expression, provisional=provisional)
