"""Exact decimals: one context for all arithmetic, and every rounding of the engine by name.

No function here depends on the decimal context of the calling thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

#: Ample for every exact sum and product of the engine; quotients are correct to 60 digits.
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
#: Places to which the points of a leaf are rounded, once.
POINT_PLACES = 6
_POINT_STEP = Decimal(1).scaleb(-POINT_PLACES)

MODES = {"half_up": ROUND_HALF_UP, "down": ROUND_DOWN}


def plain(value: Decimal) -> str:
    """The canonical text of a decimal: no exponent, no needless zeros (``15.0`` → ``15``)."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def tidy(value: Decimal) -> Decimal:
    """The same number in its canonical form."""
    return Decimal(plain(value))


def round_points(value: Decimal) -> Decimal:
    """Points of a leaf as they are saved: half-up (away from zero at the half) to 6 places."""
    return tidy(value.quantize(_POINT_STEP, rounding=ROUND_HALF_UP, context=EXACT))


def round_step(value: Decimal, step: Decimal) -> Decimal:
    """``value`` to the nearest multiple of ``step``, half-up."""
    times = EXACT.divide(value, step).quantize(ONE, rounding=ROUND_HALF_UP, context=EXACT)
    return tidy(EXACT.multiply(times, step))


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Whether ``value`` is a whole number of ``step``."""
    return EXACT.remainder(value, step) == 0


def shown(value: Decimal, places: int = POINT_PLACES) -> str:
    """A number inside a trace: plain, with at most ``places`` places. Display only, never computed with."""
    return plain(value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=EXACT))


def printed(value: Decimal, digits: int, mode: str = "half_up") -> Decimal:
    """``value`` as printed: ``digits`` places, ``half_up`` or cut (``down``). Keeps trailing zeros."""
    return value.quantize(Decimal(1).scaleb(-digits), rounding=MODES[mode], context=EXACT)


def index_of(points: Decimal, maximum: Decimal, *, clamp: bool = True) -> Decimal | None:
    """Points over the applicable maximum in percent, correct to 60 digits; None where the maximum is 0.

    With ``clamp`` the index is kept within [0, 100].
    """
    if maximum <= 0:
        return None
    index = EXACT.divide(EXACT.multiply(points, HUNDRED), maximum)
    if clamp:
        index = min(max(index, ZERO), HUNDRED)
    return index


def mean(values: Iterable[Decimal | None]) -> Decimal | None:
    """The plain mean of those that have a value (a block's mean); None where none has."""
    total, number = ZERO, 0
    for value in values:
        if value is not None:
            total = EXACT.add(total, value)
            number += 1
    return EXACT.divide(total, Decimal(number)) if number else None
