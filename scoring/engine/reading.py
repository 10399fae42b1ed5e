"""Read the parameters of a rule: strict types, every fault collected with its place.

A reader checks what it is asked for, keeps the canonical form of it, and at the end reports the keys
that nobody asked for. Values that are wrong come back as harmless stand-ins, so that one pass finds all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from .numbers import ZERO, plain, tidy
from .problems import Problem, problem

MAX_TEXT = 2000
MAX_LABEL = 500
MAX_LIST = 200
MAX_DEPTH = 6
#: Whole digits and places that a number of a rule or an input may have.
WHOLE_DIGITS = 15
PLACES = 10
#: Keys that a set may carry for its readers; ignored on import.
IGNORED = frozenset({"provenance", "note"})

#: Signs that no text needs and no database takes: control characters and halves of pairs.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_PLAIN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def too_long(number: Decimal) -> bool:
    """Whether a number has more digits than the engine takes."""
    exponent = number.as_tuple().exponent
    return number.adjusted() >= WHOLE_DIGITS or (isinstance(exponent, int) and exponent < -PLACES)


def plain_number(value: object) -> Decimal | str:
    """A number of a file or of settings, or the code of what is wrong: text or int, never a float."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return "not_plain_number"
    if isinstance(value, int):
        if abs(value) >= 10**WHOLE_DIGITS:
            return "number_too_long"
        return Decimal(value)
    text = value.strip()
    if len(text) > 60:
        return "number_too_long"
    if not _PLAIN.fullmatch(text):
        return "not_plain_number"
    number = tidy(Decimal(text))
    return "number_too_long" if too_long(number) else number


def short(value: object) -> str:
    """A value of a file inside a message: a text as it stands, anything else by its type."""
    return value[:60] if isinstance(value, str) else type(value).__name__


class Reader:
    """The parameters of one object. ``maximum`` is the most points that it may give."""

    def __init__(
        self,
        data: object,
        *,
        maximum: Decimal,
        path: str = "",
        problems: list[Problem] | None = None,
        depth: int = 0,
    ) -> None:
        self.path = path
        self.maximum = maximum
        self.depth = depth
        self.problems: list[Problem] = [] if problems is None else problems
        self.out: dict[str, Any] = {}
        self.data: Mapping[str, object] = {}
        self.usable = isinstance(data, Mapping)
        if isinstance(data, Mapping):
            self.data = data
        else:
            self.problems.append(problem(path, "not_object"))
        self._seen: set[str] = set()

    def at(self, key: str) -> str:
        """The path of a parameter."""
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, code: str, /, **params: object) -> None:
        """Note a problem at one parameter; an empty key means the object itself."""
        self.problems.append(problem(self.at(key) if key else self.path, code, **params))

    def has(self, key: str) -> bool:
        """Whether the parameter is given."""
        return key in self.data

    def take(self, key: str, *, required: bool) -> object:
        """The raw value, marked as asked for; None where it is absent."""
        self._seen.add(key)
        if key not in self.data and required and self.usable:
            self.wrong(key, "missing_key", key=key)
        return self.data.get(key)

    def text(self, key: str, *, required: bool = True, limit: int = MAX_LABEL) -> str:
        """A text, trimmed."""
        value = self.take(key, required=required)
        if not self.has(key):
            return ""
        text = self.checked_text(value, key, limit=limit)
        self.out[key] = text
        return text

    def checked_text(self, value: object, key: str, *, limit: int = MAX_LABEL) -> str:
        """``value`` as a trimmed text; its faults are noted at ``key``."""
        if not isinstance(value, str):
            self.wrong(key, "not_text")
            return ""
        text = value.strip()
        if not text:
            self.wrong(key, "text_empty")
        elif len(text) > limit:
            self.wrong(key, "text_too_long", max=limit)
        elif _UNPRINTABLE.search(text):
            self.wrong(key, "text_unprintable")
        return text

    def one_of(self, key: str, allowed: Sequence[str], *, default: str | None = None) -> str:
        """One word out of ``allowed``; required where there is no default."""
        value = self.take(key, required=default is None)
        fallback = allowed[0] if default is None else default
        if not self.has(key):
            return fallback
        if not isinstance(value, str) or value not in allowed:
            self.wrong(key, "not_one_of", value=short(value), allowed=", ".join(allowed))
            return fallback
        self.out[key] = value
        return value

    def optional_one_of(self, key: str, allowed: Sequence[str]) -> str:
        """One word out of ``allowed``, or an empty text where the parameter is absent."""
        if self.has(key):
            return self.one_of(key, allowed)
        self.take(key, required=False)
        return ""

    def flag(self, key: str, *, default: bool = False) -> bool:
        """true or false."""
        value = self.take(key, required=False)
        if not self.has(key):
            return default
        if not isinstance(value, bool):
            self.wrong(key, "not_boolean")
            return default
        self.out[key] = value
        return value

    def checked_number(self, value: object, key: str, *, sign: str = "negative_refused") -> Decimal | None:
        """``value`` as a number, its faults noted at ``key``. ``sign``: negative_refused, positive, any."""
        number = plain_number(value)
        if isinstance(number, str):
            self.wrong(key, number)
            return None
        if sign == "positive" and number <= 0:
            self.wrong(key, "number_not_positive")
            return None
        if sign == "negative_refused" and number < 0:
            self.wrong(key, "number_negative")
            return None
        return number

    def optional_number(
        self, key: str, *, sign: str = "negative_refused", most: Decimal | None = None
    ) -> Decimal | None:
        """A number, or None where it is absent or wrong."""
        value = self.take(key, required=False)
        if not self.has(key):
            return None
        number = self.checked_number(value, key, sign=sign)
        if number is not None:
            if most is not None and number > most:
                self.wrong(key, "number_above", value=number, max=most)
            self.out[key] = plain(number)
        return number

    def number(self, key: str, *, sign: str = "negative_refused") -> Decimal:
        """A number that must be there."""
        self.take(key, required=True)
        number = self.optional_number(key, sign=sign)
        return ZERO if number is None else number

    def points(self, key: str, *, sign: str = "negative_refused") -> Decimal:
        """Points within the maximum that must be there. Null is allowed where the maximum is 0."""
        value = self.take(key, required=True)
        if not self.has(key):
            return ZERO
        points, canonical = self.checked_points(value, key, sign=sign)
        self.out[key] = canonical
        return points

    def checked_points(
        self, value: object, key: str, *, sign: str = "negative_refused"
    ) -> tuple[Decimal, str | None]:
        """``value`` as points within the maximum, with their canonical form."""
        if value is None and self.maximum == 0:
            return ZERO, None
        number = self.checked_number(value, key, sign=sign)
        if number is None:
            return ZERO, None
        if number > self.maximum:
            self.wrong(key, "exceeds_maximum", points=number, max=self.maximum)
        return number, plain(number)

    def entries(
        self, key: str, *, required: bool = True, limit: int = MAX_LIST, empty: bool = False
    ) -> list[object]:
        """A list, not empty unless ``empty``."""
        value = self.take(key, required=required)
        if not self.has(key):
            return []
        if not isinstance(value, (list, tuple)):
            self.wrong(key, "not_list")
            return []
        if not value and not empty:
            self.wrong(key, "list_empty")
        if len(value) > limit:
            self.wrong(key, "list_too_long", max=limit)
        return list(value[:limit])

    def child(self, data: object, key: str, *, maximum: Decimal | None = None) -> Reader:
        """A reader of an object inside this one; it notes its faults in the same list."""
        return Reader(
            data,
            maximum=self.maximum if maximum is None else maximum,
            path=self.at(key),
            problems=self.problems,
            depth=self.depth + 1,
        )

    def objects(self, key: str, *, required: bool = True, limit: int = MAX_LIST) -> Iterator[Reader]:
        """A reader for each object of a list; their canonical forms are kept in order."""
        kept: list[dict[str, Any]] = []
        for number, entry in enumerate(self.entries(key, required=required, limit=limit)):
            inner = self.child(entry, f"{key}[{number}]")
            yield inner
            inner.finish()
            kept.append(inner.out)
        if self.has(key):
            self.out[key] = kept

    def only_one_of(self, first: str, second: str) -> None:
        """Refuse two parameters that exclude each other."""
        if self.has(first) and self.has(second):
            self.wrong(second, "conflict", first=first, second=second)

    def finish(self) -> None:
        """Report the parameters that nobody asked for."""
        for key in self.data:
            if key not in self._seen and key not in IGNORED:
                self.wrong(str(key)[:60], "unknown_key", key=str(key)[:60])
