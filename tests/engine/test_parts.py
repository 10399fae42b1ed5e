"""The index of a year with two sets."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.engine import Part, combine, index_of

from .helpers import D

POINTS = st.decimals(min_value=0, max_value=1000, places=6)
MAXIMA = st.decimals(min_value="0.000001", max_value=1000, places=6)
WEIGHTS = st.decimals(min_value="0.000001", max_value=100, places=6)


def part(points: str, maximum: str, weight: str) -> Part:
    return Part(D(points), D(maximum), D(weight))


def test_two_halves_by_hand() -> None:
    # 85.20 × 40 % + 88.10 × 60 % = 34.08 + 52.86
    assert combine([part("85.2", "100", "40"), part("88.1", "100", "60")]) == D("86.94")


def test_maxima_may_differ() -> None:
    # 63.9 / 75 = 85.2 % and 70.48 / 80 = 88.1 %
    assert combine([part("63.9", "75", "40"), part("70.48", "80", "60")]) == D("86.94")


def test_one_half_alone_counts_whole() -> None:
    assert combine([part("70.48", "80", "60")]) == D("88.1")
    assert combine([part("0", "0", "40"), part("70.48", "80", "60")]) == D("88.1")


def test_no_half_no_index() -> None:
    assert combine([]) is None
    assert combine([part("0", "0", "40"), part("0", "0", "60")]) is None


def test_a_whole_weight_and_a_tiny_one() -> None:
    assert combine([part("50", "100", "100")]) == 50
    near = combine([part("50", "100", "99.999999"), part("100", "100", "0.000001")])
    assert near == D("50.0000005")


def test_an_index_beyond_its_bounds() -> None:
    beyond = [part("105", "100", "50"), part("-5", "100", "50")]
    assert combine(beyond) == 50
    assert combine([part("105", "100", "50"), part("90", "100", "50")]) == 95
    assert combine([part("105", "100", "50"), part("90", "100", "50")], clamp=False) == D("97.5")
    assert combine([part("-5", "100", "50"), part("90", "100", "50")], clamp=False) == D("42.5")


@pytest.mark.parametrize("weight", ["0", "-1"])
def test_a_weight_must_be_above_zero(weight: str) -> None:
    with pytest.raises(ValueError, match="above 0"):
        combine([part("1", "2", weight)])


def test_thirds_that_are_equal_are_equal() -> None:
    # 1/3 and 2/3 in halves make exactly 1/2; rounding each part first would not
    assert combine([part("1", "3", "50"), part("2", "3", "50")]) == 50
    assert combine([part("1", "7", "30"), part("1", "7", "70")]) == index_of(D(1), D(7))


@given(points=POINTS, maximum=MAXIMA, first=WEIGHTS, second=WEIGHTS)
def test_equal_parts_change_nothing(
    points: Decimal, maximum: Decimal, first: Decimal, second: Decimal
) -> None:
    both = combine([Part(points, maximum, first), Part(points, maximum, second)])
    assert both == combine([Part(points, maximum, first)]) == index_of(points, maximum)


@given(parts=st.lists(st.builds(Part, POINTS, MAXIMA, WEIGHTS), min_size=1, max_size=6), factor=WEIGHTS)
def test_only_the_proportion_of_weights_counts(parts: list[Part], factor: Decimal) -> None:
    whole = combine(parts)
    assert whole is not None
    assert whole == combine(reversed(parts))
    with localcontext(prec=60):
        assert whole == combine([Part(one.points, one.maximum, one.weight * factor) for one in parts])


@given(parts=st.lists(st.builds(Part, POINTS, MAXIMA, WEIGHTS), min_size=1, max_size=6))
def test_it_lies_between_the_lowest_and_the_highest(parts: list[Part]) -> None:
    whole = combine(parts)
    indexes = [index for one in parts if (index := index_of(one.points, one.maximum)) is not None]
    assert whole is not None
    assert min(indexes) <= whole <= max(indexes)


@given(
    parts=st.lists(st.builds(Part, POINTS, MAXIMA, WEIGHTS), min_size=1, max_size=4),
    empty=st.builds(Part, POINTS, st.just(Decimal(0)), WEIGHTS),
)
def test_a_part_without_an_index_counts_nothing(parts: list[Part], empty: Part) -> None:
    assert combine([*parts, empty]) == combine(parts)


@given(
    points=POINTS, more=POINTS, maximum=MAXIMA, weight=WEIGHTS, other=st.builds(Part, POINTS, MAXIMA, WEIGHTS)
)
def test_more_points_never_lower_it(
    points: Decimal, more: Decimal, maximum: Decimal, weight: Decimal, other: Part
) -> None:
    low, high = sorted((points, more))
    before = combine([Part(low, maximum, weight), other])
    after = combine([Part(high, maximum, weight), other])
    assert before is not None and after is not None
    assert before <= after
