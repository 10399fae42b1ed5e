"""Every rounding of the engine, by name."""

from decimal import Decimal, getcontext, localcontext

import pytest

from scoring.engine import index_of, mean, plain, printed
from scoring.engine.numbers import is_multiple, round_points, round_step, shown

from .helpers import D


@pytest.mark.parametrize(
    ("value", "text"),
    [("15.0", "15"), ("100", "100"), ("1E+3", "1000"), ("-0", "0"), ("0.50", "0.5"), ("-0.10", "-0.1")],
)
def test_plain_is_canonical(value: str, text: str) -> None:
    assert plain(D(value)) == text


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        ("1.1891891", "1.189189"),
        ("0.0000005", "0.000001"),
        ("-0.0000005", "-0.000001"),
        ("0.00000049", "0"),
        ("2", "2"),
    ],
)
def test_points_are_rounded_half_up_to_six_places(value: str, rounded: str) -> None:
    assert plain(round_points(D(value))) == rounded


@pytest.mark.parametrize(
    ("value", "step", "rounded"),
    [("4.125", "0.25", "4.25"), ("4.12", "0.25", "4"), ("4.7", "0.5", "4.5"), ("1", "0.3", "0.9")],
)
def test_round_to_a_step_is_half_up(value: str, step: str, rounded: str) -> None:
    assert round_step(D(value), D(step)) == D(rounded)


def test_multiples() -> None:
    assert is_multiple(D("0.75"), D("0.25"))
    assert not is_multiple(D("0.8"), D("0.25"))


def test_shown_has_at_most_six_places() -> None:
    assert shown(D(2) / D(3)) == "0.666667"
    assert shown(D(2) / D(3), 12) == "0.666666666667"


# Bình Thuận 2018: four maxima in one block (S93)
@pytest.mark.parametrize(
    ("points", "maximum", "index"),
    [
        ("93.76", "95", "98.69"),
        ("93.95", "98.5", "95.38"),
        ("85.21", "96.5", "88.30"),
        ("74.34", "89.5", "83.06"),
        # Thanh Hóa 2023: 68.32 points of 84 (S24)
        ("68.32", "84", "81.33"),
    ],
)
def test_index_of_published_figures(points: str, maximum: str, index: str) -> None:
    exact = index_of(D(points), D(maximum))
    assert exact is not None
    assert str(printed(exact, 2)) == index


def test_cut_and_half_up_differ() -> None:
    # Nam Định 2020: 62.62/70 = 89.457, printed 89.45 (S42)
    exact = index_of(D("62.62"), D(70))
    assert exact is not None
    assert str(printed(exact, 2, "down")) == "89.45"
    assert str(printed(exact, 2, "half_up")) == "89.46"
    assert str(printed(D("94.4"), 2)) == "94.40"


def test_index_has_no_value_without_a_maximum_and_is_kept_within_its_bounds() -> None:
    assert index_of(D(0), D(0)) is None
    assert index_of(D(105), D(100)) == 100
    assert index_of(D(105), D(100), clamp=False) == 105
    assert index_of(D(-3), D(100)) == 0
    assert index_of(D(1), D(3)) == index_of(D(2), D(6))


def test_mean_of_a_block() -> None:
    # Bình Dương 2017, districts (S17)
    totals = ["84.58", "82", "80.27", "79.04", "78.06", "77.83", "76.22", "76.03", "71.46"]
    result = mean([*map(D, totals), None])
    assert result is not None
    assert str(printed(result, 2)) == "78.39"
    assert mean([None]) is None


def test_nothing_depends_on_the_context_of_the_caller() -> None:
    with localcontext() as context:
        context.prec = 3
        assert str(printed(index_of(D("93.76"), D(95)) or D(0), 4)) == "98.6947"
        assert plain(round_points(D("12.3456785"))) == "12.345679"
        assert mean([D("1000.001"), D("1000.003")]) == D("1000.002")
    assert getcontext().prec == Decimal(28)
