"""Bands of values with open and closed ends: tiers, places of an index, grades.

A band without an end reaches the end of the range; a range without an end is unbounded. Bands of whole
numbers touch where the next whole number begins (``le 1`` and ``ge 2`` leave no gap).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from .numbers import EXACT, ONE, plain
from .problems import Problem, problem
from .reading import Reader


@dataclass(frozen=True, slots=True)
class Band:
    """An interval; ``low`` or ``high`` None means unbounded."""

    low: Decimal | None
    low_closed: bool
    high: Decimal | None
    high_closed: bool
    points: Decimal = Decimal(0)
    number: int = 0

    def holds(self, value: Decimal) -> bool:
        """Whether the value lies in the band, minding open and closed ends."""
        if self.low is not None and (value < self.low or (value == self.low and not self.low_closed)):
            return False
        return self.high is None or value < self.high or (value == self.high and self.high_closed)

    def text(self) -> str:
        """The interval in signs: ``[70; 90)``."""
        low = "(−∞" if self.low is None else ("[" if self.low_closed else "(") + plain(self.low)
        high = "+∞)" if self.high is None else plain(self.high) + ("]" if self.high_closed else ")")
        return f"{low}; {high}"

    def whole(self) -> Band:
        """The same band over whole numbers, with both ends closed."""
        low, high = self.low, self.high
        if low is not None:
            up = low.to_integral_value(rounding=ROUND_CEILING)
            low = EXACT.add(up, ONE) if up == low and not self.low_closed else up
        if high is not None:
            down = high.to_integral_value(rounding=ROUND_FLOOR)
            high = EXACT.subtract(down, ONE) if down == high and not self.high_closed else down
        return Band(low, True, high, True, self.points, self.number)

    def is_empty(self) -> bool:
        """Whether no value can lie in it."""
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and not (self.low_closed and self.high_closed))


def read_ends(reader: Reader, low: Decimal | None, high: Decimal | None, *, number: int = 0) -> Band:
    """The ends of one band within the range ``low`` … ``high``; faults go to the reader."""
    ends: dict[str, Decimal | None] = {}
    for first, second in (("gt", "ge"), ("lt", "le")):
        if reader.has(first) and reader.has(second):
            reader.wrong(second, "band_two_ends", first=first, second=second)
        for key in (first, second):
            ends[key] = reader.optional_number(key, sign="any")
            value = ends[key]
            if value is not None and (
                (low is not None and value < low) or (high is not None and value > high)
            ):
                reader.wrong(
                    key,
                    "band_outside",
                    value=value,
                    min="−∞" if low is None else low,
                    max="+∞" if high is None else high,
                )
    lower = ends["ge"] if ends["gt"] is None else ends["gt"]
    upper = ends["le"] if ends["lt"] is None else ends["lt"]
    return Band(
        low if lower is None else lower,
        ends["gt"] is None,
        high if upper is None else upper,
        ends["lt"] is None,
        number=number,
    )


def overlaps(bands: Iterable[Band], path: str, *, whole: bool = False) -> list[Problem]:
    """Empty bands, and bands that share a value."""
    found: list[Problem] = []
    kept: list[Band] = []
    for band in bands:
        exact = band.whole() if whole else band
        if exact.is_empty():
            found.append(problem(f"{path}[{band.number}]", "band_empty"))
            continue
        kept.append(exact)
    for position, band in enumerate(kept):
        for other in kept[:position]:
            shared = Band(*_later_low(band, other), *_earlier_high(band, other))
            if not shared.is_empty():
                value = next((end for end in (shared.low, shared.high) if end is not None), None)
                found.append(
                    problem(
                        f"{path}[{band.number}]",
                        "band_overlap",
                        other=other.number + 1,
                        value="−∞" if value is None else value,
                    )
                )
                break
    return found


def _later_low(first: Band, second: Band) -> tuple[Decimal | None, bool]:
    if first.low is None or (second.low is not None and second.low > first.low):
        return second.low, second.low_closed
    if first.low == second.low:
        return first.low, first.low_closed and second.low_closed
    return first.low, first.low_closed


def _earlier_high(first: Band, second: Band) -> tuple[Decimal | None, bool]:
    if first.high is None or (second.high is not None and second.high < first.high):
        return second.high, second.high_closed
    if first.high == second.high:
        return first.high, first.high_closed and second.high_closed
    return first.high, first.high_closed


def gaps(
    bands: Iterable[Band], path: str, low: Decimal | None, high: Decimal | None, *, whole: bool = False
) -> list[Problem]:
    """Values of the range that no band holds. The bands do not overlap."""
    ordered = [band.whole() if whole else band for band in bands]
    # within one low end at most one band is closed there: it comes first
    ordered.sort(key=lambda band: (band.low is not None, band.low or Decimal(0), not band.low_closed))
    found: list[Problem] = []
    reached: Decimal | None = low
    included = False  # whether ``reached`` itself is held by a band so far
    start = True
    for band in ordered:
        if start:
            if band.low is not None and (low is None or band.low > low):
                found.append(problem(path, "band_gap_below", value=band.low))
            elif band.low is not None and not band.low_closed:
                found.append(problem(path, "band_gap_point", value=band.low))
            start = False
        else:
            assert reached is not None and band.low is not None  # they would overlap otherwise
            begins = EXACT.add(reached, ONE) if whole else reached
            if band.low > begins:
                found.append(problem(path, "band_gap", **{"from": begins, "to": band.low}))
            elif not whole and not included and not band.low_closed:
                found.append(problem(path, "band_gap_point", value=band.low))
        reached, included = band.high, band.high_closed
    if not start and reached is not None:
        if high is None or reached < high:
            found.append(problem(path, "band_gap_above", value=reached))
        elif not included:
            found.append(problem(path, "band_gap_point", value=reached))
    return found


def read_bands(
    reader: Reader,
    low: Decimal | None,
    high: Decimal | None,
    *,
    whole: bool = False,
) -> tuple[Band, ...]:
    """``bands: [{points, gt|ge, lt|le}, …]`` that cover the range with no overlap."""
    before = len(reader.problems)
    bands: list[Band] = []
    for number, inner in enumerate(reader.objects("bands")):
        points = inner.points("points")
        ends = read_ends(inner, low, high, number=number)
        bands.append(Band(ends.low, ends.low_closed, ends.high, ends.high_closed, points, number))
    if len(reader.problems) == before:
        path = reader.at("bands")
        reader.problems += overlaps(bands, path, whole=whole) or gaps(bands, path, low, high, whole=whole)
    return tuple(bands)


def band_of(bands: Iterable[Band], value: Decimal) -> Band | None:
    """The band that holds the value."""
    return next((band for band in bands if band.holds(value)), None)
