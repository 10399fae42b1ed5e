"""Figures, dates and distances as people in Việt Nam write them.

Functions here take values and return plain text. They know the active language (a comma in
Vietnamese, a point in English) and nothing of requests or templates.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

NBSP = "\u00a0"
MINUS = "\u2212"
DASH = "\u2014"
HOME_ZONE = "Asia/Ho_Chi_Minh"

_MINUS_SIGNS = str.maketrans({"\u2212": "-", "\u2013": "-"})
_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_PLAIN = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)", re.ASCII)
_GROUPED_POINT = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?", re.ASCII)
_GROUPED_COMMA = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_FILE_NUMBER = re.compile(r"-?[0-9]{1,15}([.,][0-9]{1,15})?")
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)


class NotANumber(ValueError):
    """The text is no number; the message says how to write one."""


def parse_decimal(text: str, *, whole: bool = False) -> Decimal | None:
    """Read a number typed by a person: "0,5", "0.5", "1.234,5", "1 234,5".

    Empty text gives None. One mark is a decimal mark, except in "1.234", which a Vietnamese reader
    takes for a thousand and a computer for one and a bit: it is refused and the person asked, never
    guessed. With `whole` a whole number is wanted, so "1.234" and "1,234" can only mean 1234.
    Raises NotANumber with a message for the field.
    """
    cleaned = _SPACES.sub("", text.translate(_MINUS_SIGNS))
    if not cleaned:
        return None
    if whole:
        return _parse_whole(cleaned)
    if _AMBIGUOUS.fullmatch(cleaned):
        raise NotANumber(
            _("“%(typed)s” can be read in two ways: write %(thousands)s or %(decimal)s.")
            % {
                "typed": cleaned,
                "thousands": cleaned.replace(".", ""),
                "decimal": cleaned.replace(".", ","),
            }
        )
    if _PLAIN.fullmatch(cleaned):
        return _decimal(cleaned.replace(",", "."))
    if _GROUPED_POINT.fullmatch(cleaned):
        return _decimal(cleaned.replace(".", "").replace(",", "."))
    if _GROUPED_COMMA.fullmatch(cleaned):
        return _decimal(cleaned.replace(",", ""))
    raise NotANumber(_("Enter a number, for example 12 or 0,5."))


def parse_file_decimal(text: str) -> Decimal:
    """Read a number from a data file, where nothing is grouped: "97.685" and "97,685" are the same.

    Raises NotANumber, also for empty text.
    """
    cleaned = text.strip()
    if not _FILE_NUMBER.fullmatch(cleaned):
        raise NotANumber(_("Enter a number, for example 12 or 0,5."))
    return Decimal(cleaned.replace(",", "."))


def _parse_whole(cleaned: str) -> Decimal:
    if re.fullmatch(r"[+-]?\d{1,3}([.,]\d{3})+", cleaned, re.ASCII):
        return _decimal(re.sub(r"[.,]", "", cleaned))
    if re.fullmatch(r"[+-]?\d+([.,]0*)?", cleaned, re.ASCII):
        return _decimal(re.split(r"[.,]", cleaned)[0])
    if _PLAIN.fullmatch(cleaned):
        raise NotANumber(_("Enter a whole number, for example 12."))
    raise NotANumber(_("Enter a number, for example 12 or 0,5."))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise NotANumber(_("Enter a number, for example 12 or 0,5.")) from error


def decimal_mark() -> str:
    """The decimal mark of the active language."""
    return "." if (get_language() or "vi").startswith("en") else ","


def format_decimal(
    value: Decimal | int | str | None, digits: int | None = None, *, signed: bool = False
) -> str:
    """A decimal for reading, with a thin space between thousands from 10 000 up: 12345.5 → "12 345,5".

    `digits` fixes the number of decimals (rounded half up, for the eye only); without it every digit
    that matters is kept and trailing zeros go. `signed` puts + before what is above zero. None → "—".
    """
    if value is None or value == "":
        return DASH
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if digits is not None:
        number = number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    whole, _dot, fraction = f"{abs(number):f}".partition(".")
    if digits is None:
        fraction = fraction.rstrip("0")
    grouped = f"{int(whole):,}".replace(",", "\u202f") if len(whole) > 4 else whole
    text = f"{grouped}{decimal_mark()}{fraction}" if fraction else grouped
    if number < 0:
        return f"{MINUS}{text}"
    return f"+{text}" if signed and number > 0 else text


def format_points(value: Decimal | int | str | None, digits: int = 2) -> str:
    """Points for reading: at most `digits` decimals, trailing zeros gone: 1.500000 → "1,5"."""
    if value is None or value == "":
        return DASH
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    return format_decimal(number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))


def format_percent(value: Decimal | int | str | None, digits: int | None = 2) -> str:
    """A percentage that is already one (92.73, not 0.9273): "92,73 %"."""
    if value is None or value == "":
        return DASH
    return f"{format_decimal(value, digits)}{NBSP}%"


def format_date(value: date | datetime | None) -> str:
    """dd/mm/yyyy; a moment is taken to the portal's zone first."""
    if value is None:
        return DASH
    if isinstance(value, datetime):
        value = _local(value)
    return f"{value.day:02d}/{value.month:02d}/{value.year:04d}"


def format_time(value: datetime | None) -> str:
    """HH:MM in the portal's zone."""
    return DASH if value is None else f"{_local(value):%H:%M}"


def zone_name(zone: tzinfo | None = None, at: datetime | None = None) -> str:
    """What the zone is called on screen: "giờ Hà Nội", otherwise its distance from UTC."""
    zone = zone or timezone.get_current_timezone()
    if str(zone) == HOME_ZONE:
        return _("Hanoi time")
    offset = (at or timezone.now()).astimezone(zone).strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:5]}"


def format_datetime(value: datetime | None, *, zone: bool = True) -> str:
    """A moment: "30/11/2025 14:32 (giờ Hà Nội)"."""
    if value is None:
        return DASH
    text = f"{format_date(value)} {format_time(value)}"
    return f"{text} ({zone_name(at=value)})" if zone else text


def format_deadline(value: datetime | None, *, zone: bool = True) -> str:
    """The end of a half-open window as people say it.

    Windows end before their closing moment, so "hết ngày 30/11" is stored as 00:00 on 1/12 and
    shown as "30/11/2025 24:00".
    """
    if value is None:
        return DASH
    local = _local(value)
    if (local.hour, local.minute, local.second) != (0, 0, 0):
        return format_datetime(value, zone=zone)
    text = f"{format_date(local - timedelta(minutes=1))} 24:00"
    return f"{text} ({zone_name(at=value)})" if zone else text


def span(length: timedelta) -> str:
    """A length of time in its two largest units: "6 ngày 4 giờ"."""
    minutes = int(abs(length).total_seconds() // 60)
    if minutes == 0:
        return _("less than a minute")
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [
        (days, ngettext("%(n)s day", "%(n)s days", days)),
        (hours, ngettext("%(n)s hour", "%(n)s hours", hours)),
        (minutes, ngettext("%(n)s minute", "%(n)s minutes", minutes)),
    ]
    first = next(index for index, (count, _text) in enumerate(parts) if count)
    return " ".join(text % {"n": count} for count, text in parts[first : first + 2] if count)


def distance(value: datetime | None, now: datetime | None = None) -> str:
    """How far off a deadline is: "còn 6 ngày 4 giờ", "đã quá hạn 2 giờ"."""
    if value is None:
        return ""
    left = value - (now or timezone.now())
    template = _("%(span)s left") if left > timedelta(0) else _("%(span)s overdue")
    return template % {"span": span(left)}


def ago(value: datetime | None, now: datetime | None = None) -> str:
    """How long ago something happened: "2 giờ trước"."""
    if value is None:
        return ""
    return _("%(span)s ago") % {"span": span((now or timezone.now()) - value)}


def format_filesize(size: int | None) -> str:
    """A file's size: "1,2 MB" (1024 bytes a KB)."""
    if size is None:
        return DASH
    amount = Decimal(size)
    units = ["GB", "MB", "KB", "B"]
    unit = units.pop()
    while amount >= 1024 and units:
        amount /= 1024
        unit = units.pop()
    digits = 0 if unit == "B" or amount >= 100 else 1
    return f"{format_points(amount, digits)}{NBSP}{unit}"


def _local(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value
