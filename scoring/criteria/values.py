"""Read single values of plain JSON: the type, the bounds, and every fault with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scoring.criteria.json_source import Finding, Findings

MAX_YEAR_RANGE = (1990, 2200)
#: Keys that a file may carry for its readers; not stored.
IGNORED = frozenset({"provenance", "note"})

ROLES = ("bonus", "penalty")
_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@dataclass
class Values:
    """Reads values and notes what is wrong with them; ``node`` is the code of the node at work."""

    errors: Findings
    node: str = ""

    def wrong(self, place: str, message: str) -> None:
        """Note an error."""
        self.errors.add(Finding(place, message, self.node))

    def known(self, entry: Mapping[str, Any], place: str, keys: frozenset[str]) -> None:
        for key in entry:
            if key not in keys and key not in IGNORED:
                self.wrong(join(place, str(key)[:60]), _("Unknown key “%(key)s”.") % {"key": str(key)[:60]})

    def text(
        self, entry: Mapping[str, Any], key: str, place: str, *, limit: int, required: bool = False
    ) -> str:
        value = entry.get(key)
        at = join(place, key)
        if value is None and not required:
            return ""
        if value is None:
            self.wrong(at, _("“%(key)s” is missing.") % {"key": key})
            return ""
        if not isinstance(value, str):
            self.wrong(at, _("A text is expected here."))
            return ""
        text = unicodedata.normalize("NFC", value).strip()
        if required and not text:
            self.wrong(at, _("The text is empty."))
        if len(text) > limit:
            self.wrong(
                at,
                ngettext(
                    "The text is longer than %(max)s character.",
                    "The text is longer than %(max)s characters.",
                    limit,
                )
                % {"max": limit},
            )
        return text

    def flag(self, entry: Mapping[str, Any], key: str, place: str, *, default: bool) -> bool:
        value = entry.get(key, default)
        if not isinstance(value, bool):
            self.wrong(join(place, key), _("true or false is expected here."))
            return default
        return value

    def points(self, entry: Mapping[str, Any], key: str, place: str, *, required: bool) -> Decimal | None:
        value = entry.get(key)
        at = join(place, key)
        if value is None:
            if required:
                self.wrong(at, _("“%(key)s” is missing.") % {"key": key})
            return None
        if not isinstance(value, str) or not _DECIMAL.fullmatch(value.strip()):
            self.wrong(
                at, _('Points are written as a text with a decimal point and without a sign, such as "0.5".')
            )
            return None
        if not is_points(value):
            self.wrong(at, _("A number of points is below 1 000 000 and has at most 6 decimals."))
            return None
        return Decimal(value.strip())

    def role(self, entry: Mapping[str, Any], place: str, level: int) -> str:
        """``bonus`` or ``penalty`` of an area; absent, null or empty: it counts in the total."""
        value = entry.get("role")
        if value is None or value == "":
            return ""
        at = join(place, "role")
        if value not in ROLES:
            told = {"value": str(value)[:60], "allowed": ", ".join(ROLES)}
            self.wrong(at, _("“%(value)s” is not one of: %(allowed)s.") % told)
            return ""
        if level > 1:
            self.wrong(at, _("Only an area, a node of the first level, may be a bonus or penalty area."))
            return ""
        return str(value)

    def year(self, value: object) -> int | None:
        if value is None:
            return None
        low, high = MAX_YEAR_RANGE
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.wrong("year", _("A year is expected, written as a number, such as 2025."))
            return None
        return value

    def day(self, entry: Mapping[str, Any], key: str, place: str) -> date | None:
        value = entry.get(key)
        if value is None:
            return None
        try:
            if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            self.wrong(join(place, key), _("A date is expected, written as 2025-10-31."))
            return None


def join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def is_points(value: object) -> bool:
    """Whether a text is a number of points that the database keeps exactly: below a million, 6 places."""
    if not isinstance(value, str) or len(value) > 60 or not _DECIMAL.fullmatch(value.strip()):
        return False
    whole, _point, places = value.strip().partition(".")
    return len(whole.lstrip("0")) <= 6 and len(places.rstrip("0")) <= 6
