"""``proportion``: a share of the whole, up to a target and above a floor."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

from ..fields import Field
from ..inputs import Cleaner
from ..numbers import HUNDRED, ZERO, plain, shown
from ..reading import Reader
from ..rule import Body, Env, Facts, Outcome, Step, nothing_arose, register
from .measures import Ratio


@register
@dataclass(frozen=True)
class Proportion(Body):
    """min(numerator / denominator × 100 / target, 1) × factor; 0 under the floor."""

    kind: ClassVar[str] = "proportion"
    ratio: Ratio
    factor: Decimal
    target: Decimal
    floor: Decimal | None
    ceiling: Decimal

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        ratio = Ratio.parse(reader)
        factor = reader.points("factor")
        most = None if ratio.allow_over else HUNDRED
        target = reader.optional_number("target_pct", sign="positive", most=most)
        floor = reader.optional_number("zero_below_pct", most=HUNDRED)
        return cls(ratio, factor, HUNDRED if target is None else target, floor, factor)

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        return self.ratio.fields()

    def read(self, cleaner: Cleaner, env: Env) -> tuple[Decimal, Decimal] | None:
        return self.ratio.read(cleaner)

    def evaluate(self, values: tuple[Decimal, Decimal], env: Env) -> Outcome:
        numerator, denominator = values
        if denominator == 0:
            return nothing_arose(self.ratio.zero_effect, self.ceiling, op="denominator_zero")
        percentage = numerator * HUNDRED
        share = f"{plain(numerator)} / {plain(denominator)}"
        steps: list[Step] = []
        self.ratio.value(values, steps)
        # compared by cross-multiplication: exact at the floor and at the target
        if self.floor is not None and percentage < self.floor * denominator:
            steps.append({"op": "below_floor", "floor": plain(self.floor), "points": "0"})
            return Outcome(ZERO, steps, f"{share} < {plain(self.floor)} / 100", "→")
        reached = percentage >= self.target * denominator
        points = self.factor if reached else percentage * self.factor / (self.target * denominator)
        step: Step = {"op": "share", "factor": plain(self.factor), "points": shown(points)}
        expression = f"{share} × {plain(self.factor)}"
        if self.target != HUNDRED:
            step |= {"op": "target_reached" if reached else "share_of_target", "target": plain(self.target)}
            expression = f"{share} × 100 / {plain(self.target)} × {plain(self.factor)}"
            if reached:
                expression = f"min({share} × 100 / {plain(self.target)}; 1) × {plain(self.factor)}"
        elif numerator > denominator:
            step |= {"op": "target_reached", "target": plain(self.target)}
            expression = f"min({share}; 1) × {plain(self.factor)}"
        steps.append(step)
        return Outcome(points, steps, expression)
