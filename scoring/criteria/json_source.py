"""Bytes → plain JSON values, for people who wrote the file by hand: every fault with its place.

Python's reader forgives what must not pass in a file of record: repeated keys, NaN, numbers that are no
decimals any more. Here each of them is a Finding, and reading goes on where it can.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 60
MAX_FINDINGS = 300
_INT_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """An error or a warning: the place in the file, the message (translated), the code of the node."""

    place: str
    message: str
    code: str = ""

    def __str__(self) -> str:
        where = f"{self.place} ({self.code})" if self.code and self.place else self.place or self.code
        return f"{where}: {self.message}" if where else self.message


@dataclass
class Findings:
    """Findings in the order of the file, the first of them kept and the rest counted."""

    kept: list[Finding] = field(default_factory=list)
    dropped: int = 0

    def add(self, finding: Finding) -> None:
        if len(self.kept) < MAX_FINDINGS:
            self.kept.append(finding)
        else:
            self.dropped += 1

    def __iter__(self) -> Iterator[Finding]:
        yield from self.kept
        if self.dropped:
            yield Finding("", _("… and %(count)s more.") % {"count": self.dropped})

    def __bool__(self) -> bool:
        return bool(self.kept)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The value of a file; ``readable`` is False where there is none."""

    value: Any
    faults: Findings
    readable: bool = True


@dataclass(frozen=True, slots=True)
class _Number:
    """A number that was not written as a text; ``text`` is how it stood in the file."""

    text: str


class _Object(dict[str, Any]):
    """An object with the keys that stood in it twice."""

    repeated: tuple[str, ...] = ()


def load(data: bytes) -> Loaded:
    """Read UTF-8 JSON. Numbers with a fraction become texts, each with a fault at its place."""
    faults = Findings()
    text = _decode(data, faults)
    if text is None:
        return Loaded(None, faults, readable=False)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_Number,
            parse_constant=_Number,
            parse_int=lambda digits: int(digits) if len(digits) <= _INT_DIGITS else _Number(digits),
        )
    except json.JSONDecodeError as error:
        faults.add(
            Finding(
                _("line %(line)s, column %(column)s") % {"line": error.lineno, "column": error.colno},
                _("The file is not valid JSON here: %(reason)s.") % {"reason": _reason(error.msg)},
            )
        )
        return Loaded(None, faults, readable=False)
    except RecursionError:
        faults.add(Finding("", _("The file is nested too deeply.")))
        return Loaded(None, faults, readable=False)
    return Loaded(_plain(value, faults), faults)


def _decode(data: bytes, faults: Findings) -> str | None:
    if len(data) > MAX_BYTES:
        message = _("The file is larger than %(size)s MB; a criteria set is not.") % {
            "size": MAX_BYTES // 1024**2
        }
    elif not data.strip():
        message = _("The file is empty.")
    elif data[:4] == b"PK\x03\x04":
        message = _("This is a spreadsheet or an archive, not a JSON file.")
    elif data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        message = _("The file is in UTF-16. Save it as UTF-8 and try again.")
    else:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            faults.add(
                Finding(
                    _("line %(line)s") % {"line": line},
                    _("The file is not UTF-8 here. Save it as UTF-8 and try again."),
                )
            )
            return None
    faults.add(Finding("", message))
    return None


def _reason(message: str) -> str:
    """What Python's reader complains of, in the reader's language where it is one of the usual things."""
    known = {
        "Expecting value": _("a value is missing"),
        "Expecting ',' delimiter": _("a comma is missing"),
        "Expecting ':' delimiter": _("a colon is missing"),
        "Expecting property name enclosed in double quotes": _("a name in double quotes is missing"),
        "Unterminated string starting at": _("a text begins here and does not end"),
        "Extra data": _("something follows the end"),
        "Illegal trailing comma before end of object": _("there is a comma too many"),
        "Illegal trailing comma before end of array": _("there is a comma too many"),
        "Invalid control character at": _("a line break or control character stands inside a text"),
    }
    return known.get(message, _("something is written wrongly"))


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        found.repeated = tuple(dict.fromkeys(key for key, _value in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return found


def _plain(value: Any, faults: Findings, place: str = "", depth: int = 0) -> Any:
    """The value with plain objects, NFC texts and no numbers with a fraction; faults are noted."""
    if depth > MAX_DEPTH:
        faults.add(Finding(place[:200], _("The file is nested too deeply.")))
        return None
    if isinstance(value, str):
        if bad := next((mark for mark in value if _forbidden(mark)), None):
            faults.add(
                Finding(
                    place,
                    _("The text holds a character that cannot be kept: U+%(mark)s.")
                    % {"mark": f"{ord(bad):04X}"},
                )
            )
            return "".join(mark for mark in value if not _forbidden(mark))
        return unicodedata.normalize("NFC", value)
    if isinstance(value, _Number):
        faults.add(
            Finding(
                place,
                _(
                    'Write the number %(number)s as a text in quotation marks, such as "0.5": it must stay exact.'
                )
                % {"number": value.text[:30]},
            )
        )
        return value.text[:30]
    if isinstance(value, list):
        return [_plain(entry, faults, f"{place}[{number}]", depth + 1) for number, entry in enumerate(value)]
    if isinstance(value, _Object):
        for key in value.repeated:
            faults.add(
                Finding(_at(place, key), _("The key “%(key)s” stands here twice.") % {"key": _short(key)})
            )
        found = {}
        for key, entry in value.items():
            if any(_forbidden(mark) for mark in key):
                faults.add(
                    Finding(_at(place, key), _("The name of this key holds a character that cannot be kept."))
                )
                continue
            found[unicodedata.normalize("NFC", key)] = _plain(entry, faults, _at(place, key), depth + 1)
        return found
    return value


def _forbidden(mark: str) -> bool:
    """Control characters (but not line ends and tabs) and halves of surrogate pairs: no database keeps them all."""
    return (mark < " " and mark not in "\n\r\t") or mark == "\x7f" or "\ud800" <= mark <= "\udfff"


def _short(key: str) -> str:
    return "".join("\ufffd" if _forbidden(mark) else mark for mark in key[:60])


def _at(place: str, key: str) -> str:
    return f"{place}.{_short(key)}" if place else _short(key)
