"""Places."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from decimal import Decimal
from operator import itemgetter
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)

_ZERO = Decimal(0)
TIES = ("competition", "dense")

Value = Decimal | None | tuple[Decimal | None, ...] | list[Decimal | None]


def rank(
    values: Mapping[K, Value] | Iterable[tuple[K, Value]], *, ties: str = "competition"
) -> dict[K, int | None]:
    """The place of each key: the highest value is first.

    A value may be a chain: the first decides, the next break ties in turn, and only keys equal in all of
    them share a place. A first value of None has no place; a later None comes after every number.
    ``ties``: competition (1, 2, 2, 4) or dense (1, 2, 2, 3).
    """
    if ties not in TIES:
        raise ValueError(f"unknown rule for ties: {ties!r}")
    pairs = list(values.items() if isinstance(values, Mapping) else values)
    places: dict[K, int | None] = {key: None for key, _ in pairs}
    if any(isinstance(value, (tuple, list)) for _, value in pairs):
        chained = [(_strength(value), key) for key, value in pairs]
        strong: list[tuple[Any, K]] = [(chain, key) for chain, key in chained if chain[0][0]]
    else:
        strong = [(value, key) for key, value in pairs if value is not None]
    strong.sort(key=itemgetter(0), reverse=True)
    place, before, dense = 0, None, ties == "dense"
    for number, (strength, key) in enumerate(strong, start=1):
        if strength != before:
            place = place + 1 if dense else number
            before = strength
        places[key] = place
    return places


def _strength(value: Value) -> tuple[tuple[bool, Decimal], ...]:
    """A chain that sorts: a part without a value comes after every number."""
    chain = value if isinstance(value, (tuple, list)) else (value,)
    return tuple((part is not None, _ZERO if part is None else part) for part in chain)
