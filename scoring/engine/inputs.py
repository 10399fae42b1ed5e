"""Read what someone declares: forgiving of form, strict of meaning, every fault at its field.

Nothing is guessed: what is missing is missing, what can be read in two ways is refused. The canonical
inputs that a cleaner keeps are plain JSON (decimals as texts) and read again to the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from .numbers import HUNDRED, plain, tidy
from .problems import Problem, problem
from .reading import WHOLE_DIGITS, too_long

MAX_INPUT = 60

_NUMBER = re.compile(r"[+\-−]?[0-9]+(?:[.,][0-9]+)?")
_GROUPED = re.compile(r"[+\-−]?[0-9][0-9.,'’\s\u00a0\u2009\u202f]*")
_SPACES = "\u00a0\u2007\u2009\u202f\ufeff"
_YES = frozenset({"true", "1", "yes", "on"})
_NO = frozenset({"false", "0", "no", "off"})


def read_number(value: object) -> Decimal | str:
    """A declared number with a decimal comma or point, or the code of what is wrong with it."""
    if isinstance(value, bool):
        return "invalid_number"
    if isinstance(value, int):
        return Decimal(value) if abs(value) < 10**WHOLE_DIGITS else "invalid_digits"
    if isinstance(value, Decimal):
        if not value.is_finite():
            return "invalid_number"
        return "invalid_digits" if too_long(value) else tidy(value)
    if not isinstance(value, str):
        return "invalid_number"
    text = value.strip().strip(_SPACES).strip()
    if len(text) > MAX_INPUT:
        return "invalid_digits"
    if not _NUMBER.fullmatch(text):
        return "ambiguous_number" if _GROUPED.fullmatch(text) else "invalid_number"
    number = tidy(Decimal(text.replace(",", ".").replace("−", "-")))
    return "invalid_digits" if too_long(number) else number


class Cleaner:
    """The raw inputs of one rule; what the rule does not ask for is left out.

    Parts of a composed rule read with a prefix of their own.
    """

    def __init__(
        self,
        raw: Mapping[str, object],
        *,
        prefix: str = "",
        problems: list[Problem] | None = None,
        out: dict[str, Any] | None = None,
    ) -> None:
        self.raw = raw
        self.prefix = prefix
        self.problems: list[Problem] = [] if problems is None else problems
        self.out: dict[str, Any] = {} if out is None else out

    def part(self, prefix: str) -> Cleaner:
        """A cleaner for the inputs of a part; it notes faults and results in the same place."""
        return Cleaner(self.raw, prefix=self.prefix + prefix, problems=self.problems, out=self.out)

    def touched(self, prefix: str) -> bool:
        """Whether anything stands in a field of a part."""
        start = len(self.prefix)
        return any(self.given(name[start:]) for name in self.raw if name.startswith(self.prefix + prefix))

    def wrong(self, name: str, code: str, /, **params: object) -> None:
        """Note a problem at a field."""
        self.problems.append(problem(self.prefix + name, code, **params))

    def given(self, name: str) -> bool:
        """Whether anything stands in the field."""
        value = self.raw.get(self.prefix + name)
        return value is not None and not (isinstance(value, str) and not value.strip().strip(_SPACES))

    def keep(self, name: str, value: object) -> None:
        """Keep the canonical form of a field."""
        self.out[self.prefix + name] = value

    def value(self, name: str) -> object:
        """The raw value of a field."""
        return self.raw.get(self.prefix + name)

    def boolean(self, name: str, *, required: bool = True) -> bool | None:
        """Yes or no; None where it is missing or wrong."""
        if not self.given(name):
            if required:
                self.wrong(name, "missing")
            return None
        value = self.value(name)
        word = value if isinstance(value, bool) else str(value).strip().lower()
        if word is True or word in _YES:
            self.keep(name, True)
            return True
        if word is False or word in _NO:
            self.keep(name, False)
            return False
        self.wrong(name, "invalid_boolean")
        return None

    def number(
        self,
        name: str,
        *,
        whole: bool = False,
        signed: bool = False,
        percent: bool = False,
        low: Decimal | None = None,
        high: Decimal | None = None,
        required: bool = True,
    ) -> Decimal | None:
        """A number in its bounds, not negative unless ``signed``; None where it is missing or wrong."""
        if not self.given(name):
            if required:
                self.wrong(name, "missing")
            return None
        value = self.value(name)
        if percent and isinstance(value, str):
            value = value.strip().removesuffix("%")
        number = read_number(value)
        if isinstance(number, str):
            self.wrong(name, number)
            return None
        if whole and number != number.to_integral_value():
            self.wrong(name, "not_whole")
        elif number < 0 and not signed:
            self.wrong(name, "negative")
        elif percent and low == 0 and high == HUNDRED and number > HUNDRED:
            self.wrong(name, "not_percent")
        elif low is not None and number < low:
            self.wrong(name, "below_minimum", min=low)
        elif high is not None and number > high:
            self.wrong(name, "above_maximum", max=high)
        else:
            return number
        return None

    def decimal(self, name: str, **bounds: Any) -> Decimal | None:
        """A number kept as a plain text."""
        number = self.number(name, **bounds)
        if number is not None:
            self.keep(name, plain(number))
        return number

    def integer(self, name: str, *, required: bool = True, low: Decimal | None = None) -> int | None:
        """A whole number kept as such."""
        number = self.number(name, whole=True, low=low, required=required)
        if number is None:
            return None
        self.keep(name, int(number))
        return int(number)

    def _index(self, value: object, size: int) -> int | None:
        if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,4}\s*", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < size:
            return None
        return value

    def option(self, name: str, size: int) -> int | None:
        """The number of one option out of ``size``, counted from 0."""
        if not self.given(name):
            self.wrong(name, "missing")
            return None
        index = self._index(self.value(name), size)
        if index is None:
            self.wrong(name, "invalid_option")
            return None
        self.keep(name, index)
        return index

    def items(self, name: str, size: int, *, required: bool = True) -> tuple[int, ...] | None:
        """Which items hold, each once, in order. An empty list is an answer; an absent one is none."""
        value = self.raw.get(self.prefix + name)
        if value is None or value == "":
            if required:
                self.wrong(name, "missing")
            return None
        if isinstance(value, (str, int)):
            value = [value]
        if not isinstance(value, Sequence) or len(value) > size:
            self.wrong(name, "invalid_items")
            return None
        chosen = [self._index(entry, size) for entry in value]
        known = sorted({index for index in chosen if index is not None})
        if len(known) != len(chosen):
            self.wrong(name, "invalid_items")
            return None
        self.keep(name, known)
        return tuple(known)

    def day(self, name: str) -> date | None:
        """A date, as 2025-01-31 or 31/01/2025."""
        if not self.given(name):
            self.wrong(name, "missing")
            return None
        value = self.value(name)
        text = value.isoformat() if isinstance(value, date) else str(value).strip()
        found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:T.*)?", text)
        parts = found.groups() if found else None
        if parts is None and (other := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)):
            parts = other.groups()[::-1]
        try:
            day = date(*map(int, parts)) if parts else None
        except ValueError:
            day = None
        if day is None or not 1900 <= day.year <= 2200:
            self.wrong(name, "invalid_date")
            return None
        self.keep(name, day.isoformat())
        return day

    def ratio(
        self, *, whole: bool = True, allow_over: bool = False, zero_allowed: bool = False
    ) -> tuple[Decimal, Decimal] | None:
        """``numerator`` and ``denominator``: the first within the second unless ``allow_over``."""
        before = len(self.problems)
        numerator = self.decimal("numerator", whole=whole)
        denominator = self.decimal("denominator", whole=whole)
        if numerator is None or denominator is None:
            return None
        if denominator == 0 and not zero_allowed:
            self.wrong("denominator", "denominator_zero")
        elif numerator > denominator and not allow_over:
            self.wrong(
                "numerator",
                "numerator_above_denominator",
                numerator=numerator,
                denominator=denominator,
            )
        return (numerator, denominator) if len(self.problems) == before else None
