"""``tiers``: points of the band that holds a value."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from ..bands import Band, band_of, read_bands, read_ends
from ..fields import Field
from ..inputs import Cleaner
from ..numbers import ZERO, plain, shown
from ..problems import gettext_noop
from ..reading import Reader
from ..rule import Body, Env, Facts, Outcome, Step, nothing_arose, register
from .measures import Measure, Ratio, read_measure


@dataclass(frozen=True, slots=True)
class Exception_:
    """A second fact that lifts low bands: "dưới 80 % nhưng đã đôn đốc bằng văn bản: 2,0đ"."""

    fact: str
    band: Band


@dataclass(frozen=True)
class Banded:
    """A measure with its bands: what tiers and places of an index share."""

    measure: Measure
    bands: tuple[Band, ...]

    @classmethod
    def parse(cls, reader: Reader, measure: Measure) -> Self:
        """Read the bands over the range of the measure."""
        return cls(measure, read_bands(reader, measure.low, measure.high, whole=measure.whole))

    def ceiling(self) -> Decimal:
        """The points of the best band."""
        return max((band.points for band in self.bands), default=ZERO)

    def find(self, values: Any, steps: list[Step]) -> tuple[Band, Decimal, str] | None:
        """The band, the value and its arithmetic; None where there is nothing below."""
        found = self.measure.value(values, steps)
        if found is None:
            return None
        exact, expression = found
        value = self.measure.held(exact)
        band = band_of(self.bands, value)
        assert band is not None  # checked at import: the bands cover the range
        steps.append({"op": "band", "value": shown(exact), "band": band.text(), "points": plain(band.points)})
        return band, value, f"{expression} ∈ {band.text()}"


@register
@dataclass(frozen=True)
class Tiers(Body):
    """Bands over a percentage (declared or computed), a number, a count, days or failing parts."""

    kind: ClassVar[str] = "tiers"
    banded: Banded
    exceptions: tuple[Exception_, ...]
    ceiling: Decimal

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        measure = read_measure(reader)
        banded = Banded.parse(reader, measure)
        exceptions = _read_exceptions(reader, measure) if reader.has("exceptions") else ()
        lifted = [one.band.points for one in exceptions]
        return cls(banded, exceptions, max([banded.ceiling(), *lifted]))

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        fields = self.banded.measure.fields()
        if self.exceptions:
            choices = tuple((number, one.fact) for number, one in enumerate(self.exceptions))
            label = gettext_noop("Facts that also hold")
            fields += (Field("exceptions", "items", label, required=False, choices=choices),)
        return fields

    def read(self, cleaner: Cleaner, env: Env) -> tuple[Any, tuple[int, ...]]:
        chosen: tuple[int, ...] | None = ()
        if self.exceptions:
            chosen = cleaner.items("exceptions", len(self.exceptions), required=False)
        return self.banded.measure.read(cleaner), chosen or ()

    def evaluate(self, values: tuple[Any, tuple[int, ...]], env: Env) -> Outcome:
        declared, chosen = values
        steps: list[Step] = []
        found = self.banded.find(declared, steps)
        if found is None:
            assert isinstance(self.banded.measure, Ratio)
            return nothing_arose(self.banded.measure.zero_effect, self.ceiling, op="denominator_zero")
        band, value, expression = found
        points = band.points
        for number in chosen:
            one = self.exceptions[number]
            if one.band.holds(value) and one.band.points > points:
                points = one.band.points
                steps.append({"op": "exception", "fact": one.fact, "points": plain(points)})
        return Outcome(points, steps, expression, "→")


def _read_exceptions(reader: Reader, measure: Measure) -> tuple[Exception_, ...]:
    """``exceptions: [{fact, points, gt|ge, lt|le}, …]``; without ends one lifts every lower band."""
    exceptions: list[Exception_] = []
    for inner in reader.objects("exceptions", limit=20):
        fact, points = inner.text("fact"), inner.points("points")
        if fact and any(fact.casefold() == other.fact.casefold() for other in exceptions):
            inner.wrong("fact", "duplicate", label=fact)
        ends = read_ends(inner, measure.low, measure.high)
        band = Band(ends.low, ends.low_closed, ends.high, ends.high_closed, points)
        exceptions.append(Exception_(fact, band))
    return tuple(exceptions)
