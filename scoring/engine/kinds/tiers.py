"""``tiers``: points of the band that holds a value."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

from ..bands import Band, band_of, read_bands
from ..fields import Field
from ..inputs import Cleaner
from ..numbers import HUNDRED, ZERO, plain, shown
from ..reading import Reader
from ..rule import Body, Env, Outcome, Step, nothing_arose, register
from .ratio import read_zero_effect


@register
@dataclass(frozen=True)
class Tiers(Body):
    """Bands over a percentage that is declared, or computed from a numerator and a denominator."""

    kind: ClassVar[str] = "tiers"
    variable: str
    numerator: str
    denominator: str
    zero_effect: str
    allow_over: bool
    whole: bool
    low: Decimal
    high: Decimal
    bands: tuple[Band, ...]
    ceiling: Decimal

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        computed = reader.has("numerator") or reader.has("denominator")
        variable = reader.text("variable", required=not computed)
        numerator = denominator = zero_effect = ""
        allow_over, whole = False, True
        if computed:
            numerator, denominator = reader.text("numerator"), reader.text("denominator")
            zero_effect = read_zero_effect(reader)
            allow_over, whole = reader.flag("allow_over"), reader.flag("whole", default=True)
        low = reader.optional_number("min", sign="any")
        high = reader.optional_number("max", sign="any")
        low, high = ZERO if low is None else low, HUNDRED if high is None else high
        if low >= high:
            reader.wrong("min" if reader.has("min") else "max", "range_empty", min=low, max=high)
            low, high = ZERO, HUNDRED
        bands = read_bands(reader, low, high)
        ceiling = max((band.points for band in bands), default=ZERO)
        return cls(
            variable, numerator, denominator, zero_effect, allow_over, whole, low, high, bands, ceiling
        )

    def fields(self) -> tuple[Field, ...]:
        if self.numerator:
            type_ = "integer" if self.whole else "decimal"
            return (
                Field("numerator", type_, self.numerator, minimum=ZERO),
                Field("denominator", type_, self.denominator, minimum=ZERO),
            )
        return (Field("value", "percent", self.variable, "%", minimum=self.low, maximum=self.high),)

    def read(self, cleaner: Cleaner, env: Env) -> tuple[Decimal, ...] | None:
        if self.numerator:
            return cleaner.ratio(
                whole=self.whole, allow_over=self.allow_over, zero_allowed=bool(self.zero_effect)
            )
        value = cleaner.decimal("value", percent=True, signed=self.low < 0, low=self.low, high=self.high)
        return None if value is None else (value,)

    def evaluate(self, values: tuple[Decimal, ...], env: Env) -> Outcome:
        steps: list[Step] = []
        if self.numerator:
            numerator, denominator = values
            if denominator == 0:
                return nothing_arose(self.zero_effect, self.ceiling, op="denominator_zero")
            value = numerator * HUNDRED / denominator
            steps.append(
                {
                    "op": "percentage",
                    "numerator": plain(numerator),
                    "denominator": plain(denominator),
                    "value": shown(value),
                }
            )
            expression = f"{plain(numerator)} / {plain(denominator)} × 100 = {shown(value)}"
            value = min(max(value, self.low), self.high)
        else:
            (value,) = values
            expression = plain(value)
        band = band_of(self.bands, value)
        assert band is not None  # checked at import: the bands cover the range
        steps.append({"op": "band", "value": shown(value), "band": band.text(), "points": plain(band.points)})
        return Outcome(band.points, steps, f"{expression} ∈ {band.text()}", "→")
