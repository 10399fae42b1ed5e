"""Figures, dates and distances as they are read and typed in Việt Nam."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from parindex.ui import formats


@pytest.fixture(autouse=True)
def vietnamese():
    with translation.override("vi"):
        yield


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("0,5", "0.5"),
        ("0.5", "0.5"),
        (" 88 ", "88"),
        (",5", "0.5"),
        ("7,", "7"),
        ("-1,25", "-1.25"),
        ("\u22121,25", "-1.25"),
        ("1 234,5", "1234.5"),
        ("1\u202f234,5", "1234.5"),
        ("1\u00a0234", "1234"),
        ("1.234,5", "1234.5"),
        ("1,234.5", "1234.5"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("1,234", "1.234"),
        ("0.125", "0.125"),
        ("89.25", "89.25"),
        ("1234.567", "1234.567"),
        ("1,189189", "1.189189"),
    ],
)
def test_a_comma_and_a_point_are_both_decimal_marks(typed: str, value: str) -> None:
    assert formats.parse_decimal(typed) == Decimal(value)


@pytest.mark.parametrize("typed", ["1.234", "12.500", "-1.000", "123.456"])
def test_a_number_with_two_readings_is_asked_about_and_never_guessed(typed: str) -> None:
    with pytest.raises(formats.NotANumber) as error:
        formats.parse_decimal(typed)
    assert typed.replace(".", "") in str(error.value)
    assert typed.replace(".", ",") in str(error.value)


@pytest.mark.parametrize(
    ("typed", "value"), [("1.234", 1234), ("1,234", 1234), ("12", 12), ("12,0", 12), ("1 234", 1234)]
)
def test_a_whole_number_has_one_reading(typed: str, value: int) -> None:
    assert formats.parse_decimal(typed, whole=True) == value


@pytest.mark.parametrize("typed", ["12,5", "0.5", "một", "12a"])
def test_what_is_no_whole_number_is_refused(typed: str) -> None:
    with pytest.raises(formats.NotANumber):
        formats.parse_decimal(typed, whole=True)


@pytest.mark.parametrize(
    "typed", ["abc", "1,2,3", "1.2.3", "--5", "1e5", "NaN", "Infinity", "1/2", "5 %", "٣"]
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(formats.NotANumber):
        formats.parse_decimal(typed)


@pytest.mark.parametrize("typed", ["", "   ", "\u00a0"])
def test_nothing_typed_is_no_value(typed: str) -> None:
    assert formats.parse_decimal(typed) is None


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (Decimal("1.189189"), 2, "1,19"),
        (Decimal("1.500000"), 2, "1,5"),
        (Decimal("15"), 2, "15"),
        (Decimal("1.189189"), 6, "1,189189"),
        (Decimal("0.005"), 2, "0,01"),
        (Decimal("10"), 2, "10"),
        (Decimal("0"), 2, "0"),
        (None, 2, "—"),
    ],
)
def test_points_lose_the_zeros_at_the_end(value: Decimal | None, digits: int, text: str) -> None:
    assert formats.format_points(value, digits) == text


def test_a_decimal_keeps_its_digits_or_takes_those_asked_for() -> None:
    assert formats.format_decimal(Decimal("68.5"), 2) == "68,50"
    assert formats.format_decimal(Decimal("68.500")) == "68,5"
    assert formats.format_decimal(Decimal("1E+2")) == "100"
    assert formats.format_decimal(Decimal("-1.125"), 2) == "\u22121,13"
    assert formats.format_decimal(Decimal("2.41"), 2, signed=True) == "+2,41"
    assert formats.format_decimal(Decimal("0"), 2, signed=True) == "0,00"
    assert formats.format_decimal(Decimal("1234567.5")) == "1\u202f234\u202f567,5"
    assert formats.format_decimal(2025) == "2025"
    assert formats.format_percent(Decimal("92.73")) == "92,73\u00a0%"
    with translation.override("en"):
        assert formats.format_decimal(Decimal("68.5"), 2) == "68.50"


def test_what_is_shown_can_be_typed_again() -> None:
    for text in ("0", "0.5", "1.189189", "1234.5", "12345678.125", "-3.25"):
        value = Decimal(text)
        assert formats.parse_decimal(formats.format_decimal(value)) == value


def test_moments_are_told_in_the_portals_zone_with_its_name() -> None:
    moment = datetime(2025, 11, 30, 7, 32, tzinfo=UTC)
    assert formats.format_datetime(moment) == "30/11/2025 14:32 (giờ Hà Nội)"
    assert formats.format_datetime(moment, zone=False) == "30/11/2025 14:32"
    assert formats.format_time(moment) == "14:32"
    assert formats.format_date(datetime(2025, 12, 31, 18, 0, tzinfo=UTC)) == "01/01/2026"
    assert formats.format_date(date(2025, 12, 1)) == "01/12/2025"
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert formats.format_datetime(moment) == "30/11/2025 16:32 (UTC+09:00)"


def test_a_window_that_ends_at_midnight_ends_with_the_day_before() -> None:
    end = datetime(2025, 11, 30, 17, 0, tzinfo=UTC)  # 00:00 on 1/12 in Hà Nội
    assert formats.format_deadline(end) == "30/11/2025 24:00 (giờ Hà Nội)"
    assert formats.format_deadline(end - timedelta(hours=7)) == "30/11/2025 17:00 (giờ Hà Nội)"


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (timedelta(days=6, hours=4, minutes=59), "còn 6 ngày 4 giờ"),
        (timedelta(hours=3), "còn 3 giờ"),
        (timedelta(hours=3, minutes=5), "còn 3 giờ 5 phút"),
        (timedelta(days=2, minutes=5), "còn 2 ngày"),
        (timedelta(seconds=30), "còn dưới 1 phút"),
        (timedelta(0), "đã quá hạn dưới 1 phút"),
        (-timedelta(hours=2), "đã quá hạn 2 giờ"),
        (-timedelta(days=1, hours=1), "đã quá hạn 1 ngày 1 giờ"),
    ],
)
def test_a_deadline_has_a_distance(left: timedelta, text: str) -> None:
    now = datetime(2025, 11, 24, 5, 0, tzinfo=UTC)
    assert formats.distance(now + left, now) == text


def test_sizes_of_files() -> None:
    assert formats.format_filesize(0) == "0\u00a0B"
    assert formats.format_filesize(1023) == "1023\u00a0B"
    assert formats.format_filesize(1536) == "1,5\u00a0KB"
    assert formats.format_filesize(1_258_291) == "1,2\u00a0MB"
    assert formats.format_filesize(5 * 1024**3) == "5\u00a0GB"
