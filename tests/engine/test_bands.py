"""Bands: ends, overlaps and gaps, over numbers and over whole numbers."""

from decimal import Decimal

import pytest

from scoring.engine import Band
from scoring.engine.bands import band_of, gaps, overlaps


def bands(*texts: str) -> list[Band]:
    """From the usual signs: ``[0;5)``, ``(-;3]``, ``[7;-)``."""
    made = []
    for number, text in enumerate(texts):
        low, high = text[1:-1].split(";")
        made.append(
            Band(
                None if low == "-" else Decimal(low),
                text[0] == "[",
                None if high == "-" else Decimal(high),
                text[-1] == "]",
                number=number,
            )
        )
    return made


@pytest.mark.parametrize(
    ("texts", "whole", "codes"),
    [
        (["[0;5)", "[5;10]"], False, []),
        (["[5;10]", "[0;5)"], False, []),
        (["(5;10]", "[0;5]"], False, []),
        (["[0;5]", "[5;10]"], False, ["band_overlap"]),
        (["[0;10]", "[2;3]"], False, ["band_overlap"]),
        (["[0;10]", "[0;10]"], False, ["band_overlap"]),
        (["(-;-)", "[2;3]"], False, ["band_overlap"]),
        (["[2;3]", "(-;-)"], False, ["band_overlap"]),
        (["(-;-)", "(-;-)"], False, ["band_overlap"]),
        (["(0;5)", "[5;5]", "(5;9)"], False, []),
        (["(5;5]"], False, ["band_empty"]),
        (["[0;1]", "(1;2]"], True, []),
        (["[0;1.5]", "(1.5;2]"], True, []),
        (["(1;2)"], True, ["band_empty"]),
        (["[0;2]", "(1;3]"], True, ["band_overlap"]),
    ],
)
def test_overlaps(texts: list[str], whole: bool, codes: list[str]) -> None:
    assert [one.code for one in overlaps(bands(*texts), "b", whole=whole)] == codes


@pytest.mark.parametrize(
    ("texts", "low", "high", "whole", "codes"),
    [
        (["[0;5)", "[5;10]"], "0", "10", False, []),
        (["[0;5)", "(5;10]"], "0", "10", False, ["band_gap_point"]),
        (["[0;4]", "[5;10]"], "0", "10", False, ["band_gap"]),
        (["[0;4]", "[5;10]"], "0", "10", True, []),
        (["[0;4]", "[6;10]"], "0", "10", True, ["band_gap"]),
        (["(-;4]", "[5;-)"], None, None, True, []),
        (["(-;4]", "(4;-)"], None, None, False, []),
        (["[4;4]", "(4;-)"], "4", None, False, []),
        (["[1;4)"], "0", "4", False, ["band_gap_below", "band_gap_point"]),
        (["(0;4]"], "0", "9", False, ["band_gap_point", "band_gap_above"]),
        (["[0;4]"], None, None, False, ["band_gap_below", "band_gap_above"]),
        ([], "0", "9", False, []),
    ],
)
def test_gaps(texts: list[str], low: str | None, high: str | None, whole: bool, codes: list[str]) -> None:
    found = gaps(
        bands(*texts), "b", Decimal(low) if low else None, Decimal(high) if high else None, whole=whole
    )
    assert [one.code for one in found] == codes


def test_the_band_of_a_value() -> None:
    made = bands("(-;0)", "[0;5)", "[5;-)")
    assert [band_of(made, Decimal(n)).number for n in (-1, 0, 4, 5, 99)] == [0, 1, 1, 2, 2]  # type: ignore[union-attr]
    assert band_of(made[:1], Decimal(3)) is None
    assert [one.text() for one in made] == ["(−∞; 0)", "[0; 5)", "[5; +∞)"]
