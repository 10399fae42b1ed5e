"""Places."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from decimal import Decimal
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

TIES = ("competition", "dense")

Value = Decimal | None | tuple[Decimal | None, ...] | list[Decimal | None]


def _chain(value: Value) -> tuple[Decimal | None, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


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
    pairs = values.items() if isinstance(values, Mapping) else values
    chains = [(key, _chain(value)) for key, value in pairs]
    ranked = [(key, chain) for key, chain in chains if chain[0] is not None]
    places: dict[K, int | None] = {key: None for key, _ in chains}

    def strength(chain: tuple[Decimal | None, ...]) -> tuple[tuple[bool, Decimal], ...]:
        return tuple((part is not None, Decimal(0) if part is None else part) for part in chain)

    ranked.sort(key=lambda pair: strength(pair[1]), reverse=True)
    place, before = 0, None
    for number, (key, chain) in enumerate(ranked, start=1):
        strong = strength(chain)
        if strong != before:
            place = place + 1 if ties == "dense" else number
            before = strong
        places[key] = place
    return places
