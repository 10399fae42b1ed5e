"""Two sets or more in one year: the index of the year from the parts' points and their weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from .numbers import EXACT, HUNDRED, ZERO


@dataclass(frozen=True, slots=True)
class Part:
    """What one set says of an agency (or of one node): points of a maximum, and the weight of that set, above 0.

    A maximum of 0 has no index: that part does not count.
    """

    points: Decimal
    maximum: Decimal
    weight: Decimal


def combine(parts: Iterable[Part], *, clamp: bool = True) -> Decimal | None:
    """The weighted mean of the parts' indexes, in percent; None where no part has an index.

    Weights need not add up to 100: they count in proportion, over the parts that have an index alone. With ``clamp``
    each part's index is kept within [0, 100] first. The sum is exact and rounded once, to 60 digits: indexes that
    are equal stay equal, however the parts make them up. Raises ValueError on a weight that is not above 0.
    """
    weighted, weights = Fraction(0), Fraction(0)
    for part in parts:
        if part.weight <= ZERO:
            raise ValueError(f"a part's weight must be above 0: {part.weight}")
        if part.maximum <= ZERO:
            continue
        share = Fraction(part.points) / Fraction(part.maximum)
        if clamp:
            share = min(max(share, Fraction(0)), Fraction(1))
        weight = Fraction(part.weight)
        weighted += weight * share
        weights += weight
    if not weights:
        return None
    index = weighted * int(HUNDRED) / weights
    return EXACT.divide(Decimal(index.numerator), Decimal(index.denominator))
