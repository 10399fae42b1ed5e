"""Kinds that count: ``count`` adds up to a cap, ``deduction`` takes away down to a floor."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

from ..fields import Field
from ..inputs import Cleaner
from ..numbers import ZERO, plain
from ..reading import Reader
from ..rule import Body, Env, Facts, Outcome, Step, register


@register
@dataclass(frozen=True)
class Count(Body):
    """min(n × each, cap)."""

    kind: ClassVar[str] = "count"
    unit: str
    each: Decimal
    cap: Decimal
    ceiling: Decimal

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        unit = reader.text("unit")
        each = _each(reader)
        cap = reader.points("cap") if reader.has("cap") else reader.maximum
        reader.take("cap", required=False)
        return cls(unit, each, cap, cap)

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        return (Field("n", "integer", self.unit, minimum=ZERO),)

    def read(self, cleaner: Cleaner, env: Env) -> int | None:
        return cleaner.integer("n")

    def evaluate(self, values: int, env: Env) -> Outcome:
        full = values * self.each
        product = f"{values} × {plain(self.each)}"
        steps: list[Step] = [
            {"op": "times", "n": values, "unit": self.unit, "each": plain(self.each), "points": plain(full)}
        ]
        if full <= self.cap:
            return Outcome(full, steps, product)
        steps.append({"op": "capped", "cap": plain(self.cap), "points": plain(self.cap)})
        return Outcome(self.cap, steps, f"min({product}; {plain(self.cap)})")


def _each(reader: Reader) -> Decimal:
    """Points of one, greater than 0 (null where the maximum is 0)."""
    if reader.maximum == 0 and reader.has("each") and reader.take("each", required=True) is None:
        reader.out["each"] = None
        return ZERO
    return reader.number("each", sign="positive")


@register
@dataclass(frozen=True)
class Deduction(Body):
    """max(start − Σ n × each, floor)."""

    kind: ClassVar[str] = "deduction"
    start: Decimal
    floor: Decimal
    items: tuple[tuple[str, Decimal], ...]
    single: bool
    ceiling: Decimal

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        start = reader.points("start")
        floor = ZERO
        if reader.has("floor"):
            floor = reader.points("floor")
            if floor > start:
                reader.wrong("floor", "number_above", value=floor, max=start)
        reader.take("floor", required=False)
        single = not reader.has("items")
        items: list[tuple[str, Decimal]] = []
        if single:
            if reader.has("unit") or reader.has("each"):
                items.append((reader.text("unit"), _each(reader)))
            else:
                reader.wrong("", "one_of_needed", keys="unit, items")
        else:
            reader.only_one_of("unit", "items")
            reader.only_one_of("each", "items")
            reader.take("unit", required=False)
            reader.take("each", required=False)
            for inner in reader.objects("items"):
                unit = inner.text("unit")
                if unit and any(unit.casefold() == other.casefold() for other, _ in items):
                    inner.wrong("unit", "duplicate", label=unit)
                items.append((unit, _each(inner)))
        return cls(start, floor, tuple(items), single, start)

    def _names(self) -> list[str]:
        return ["n"] if self.single else [f"n{number}" for number in range(len(self.items))]

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        return tuple(
            Field(name, "integer", unit, minimum=ZERO)
            for name, (unit, _) in zip(self._names(), self.items, strict=True)
        )

    def read(self, cleaner: Cleaner, env: Env) -> tuple[int | None, ...]:
        return tuple(cleaner.integer(name) for name in self._names())

    def evaluate(self, values: tuple[int, ...], env: Env) -> Outcome:
        steps: list[Step] = [{"op": "start", "start": plain(self.start)}]
        points = self.start
        terms = [plain(self.start)]
        for number, (unit, each) in zip(values, self.items, strict=True):
            points -= number * each
            terms.append(f"{number} × {plain(each)}")
            steps.append(
                {
                    "op": "deduct",
                    "n": number,
                    "unit": unit,
                    "each": plain(each),
                    "points": plain(number * each),
                }
            )
        expression = " − ".join(terms)
        if points >= self.floor:
            return Outcome(points, steps, expression)
        steps.append({"op": "floored", "floor": plain(self.floor), "points": plain(self.floor)})
        return Outcome(self.floor, steps, f"max({expression}; {plain(self.floor)})")
