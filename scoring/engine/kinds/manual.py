"""``manual``: points typed by the scorer within the maximum."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

from ..fields import Field
from ..inputs import Cleaner
from ..numbers import ZERO, is_multiple, plain
from ..problems import gettext_noop
from ..reading import Reader
from ..rule import Body, Env, Facts, Outcome, register


@register
@dataclass(frozen=True)
class Manual(Body):
    """Points within [0, maximum], in steps where there is one."""

    kind: ClassVar[str] = "manual"
    step: Decimal | None
    ceiling: Decimal

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        return cls(reader.optional_number("step", sign="positive"), reader.maximum)

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        return (
            Field(
                "points",
                "points",
                gettext_noop("Points"),
                minimum=ZERO,
                maximum=self.ceiling,
                step=self.step,
            ),
        )

    def read(self, cleaner: Cleaner, env: Env) -> Decimal | None:
        points = cleaner.decimal("points", low=ZERO, high=env.max_points)
        if points is not None and self.step is not None and not is_multiple(points, self.step):
            cleaner.wrong("points", "not_step", step=self.step)
        return points

    def evaluate(self, values: Decimal, env: Env) -> Outcome:
        return Outcome(values, [{"op": "typed", "points": plain(values)}], plain(values))
