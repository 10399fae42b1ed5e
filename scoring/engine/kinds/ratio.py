"""``proportion``: a share of the whole, up to a target and above a floor."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

from ..fields import Field
from ..inputs import Cleaner
from ..numbers import HUNDRED, ZERO, plain, shown
from ..reading import Reader
from ..rule import Body, Env, Outcome, Step, nothing_arose, register

ZERO_EFFECTS = ("not_applicable", "full", "zero", "rescale", "reduce")


def read_zero_effect(reader: Reader) -> str:
    """``denominator_zero``: what holds where there is nothing below. Absent, 0 is refused as an input."""
    return reader.optional_one_of("denominator_zero", ZERO_EFFECTS)


@register
@dataclass(frozen=True)
class Proportion(Body):
    """min(numerator / denominator × 100 / target, 1) × factor; 0 under the floor."""

    kind: ClassVar[str] = "proportion"
    numerator: str
    denominator: str
    factor: Decimal
    target: Decimal
    floor: Decimal | None
    zero_effect: str
    allow_over: bool
    whole: bool
    ceiling: Decimal

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        numerator, denominator = reader.text("numerator"), reader.text("denominator")
        factor = reader.points("factor")
        allow_over, whole = reader.flag("allow_over"), reader.flag("whole", default=True)
        target = reader.optional_number("target_pct", sign="positive", most=None if allow_over else HUNDRED)
        floor = reader.optional_number("zero_below_pct", most=HUNDRED)
        zero_effect = read_zero_effect(reader)
        return cls(
            numerator,
            denominator,
            factor,
            HUNDRED if target is None else target,
            floor,
            zero_effect,
            allow_over,
            whole,
            factor,
        )

    def fields(self) -> tuple[Field, ...]:
        type_ = "integer" if self.whole else "decimal"
        return (
            Field("numerator", type_, self.numerator, minimum=ZERO),
            Field("denominator", type_, self.denominator, minimum=ZERO),
        )

    def read(self, cleaner: Cleaner, env: Env) -> tuple[Decimal, Decimal] | None:
        return cleaner.ratio(
            whole=self.whole, allow_over=self.allow_over, zero_allowed=bool(self.zero_effect)
        )

    def evaluate(self, values: tuple[Decimal, Decimal], env: Env) -> Outcome:
        numerator, denominator = values
        if denominator == 0:
            return nothing_arose(self.zero_effect, self.ceiling, op="denominator_zero")
        percentage = numerator * HUNDRED
        share = f"{plain(numerator)} / {plain(denominator)}"
        steps: list[Step] = [
            {
                "op": "percentage",
                "numerator": plain(numerator),
                "denominator": plain(denominator),
                "value": shown(percentage / denominator),
            }
        ]
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
