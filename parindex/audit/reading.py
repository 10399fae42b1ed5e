"""An entry as people read it: what was, what is, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from parindex.audit.actions import FIGURES, action_label, detail_label, value_label
from parindex.audit.models import AuditEntry
from parindex.ui import formats

_DECIMAL = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Change:
    """One detail: what it was and what it is, as text; empty where it was not given."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of a history."""

    seq: int
    at: datetime
    who: str
    what: str
    about: str
    changes: tuple[Change, ...]


def told(entries: Iterable[AuditEntry]) -> list[Told]:
    """The entries for a page. No query beyond the entries' own."""
    return [
        Told(
            entry.seq,
            entry.at,
            entry.actor_name or _("the portal"),
            action_label(entry.action),
            entry.object_label,
            changes_of(entry),
        )
        for entry in entries
    ]


def changes_of(entry: AuditEntry) -> tuple[Change, ...]:
    """What the entry says changed; details that stayed the same are left out."""
    before, after = _flat(entry.before), _flat(entry.after)
    return tuple(
        Change(_named(name), _told(name, before.get(name)), _told(name, after.get(name)))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    )


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Details under one name each: nested ones as ``inputs.numerator``."""
    if not isinstance(value, Mapping):
        return {path or "": value} if value is not None else {}
    found: dict[str, Any] = {}
    for name, item in value.items():
        inner = f"{path}.{name}" if path else str(name)
        found |= _flat(item, inner) if isinstance(item, Mapping) and item else {inner: item}
    return found


def _named(path: str) -> str:
    return " › ".join(detail_label(part) for part in path.split(".")) if path else ""


def _told(path: str, value: Any) -> str:
    parts = path.split(".")
    known = (
        value_label(parts[-1], value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    )
    if known and known != str(value):
        return known
    return _shown(_figures(value) if FIGURES.intersection(parts) else value)


def _figures(value: Any) -> Any:
    """Decimals of the record as people write them; anything else as it is."""
    if isinstance(value, list):
        return [_figures(item) for item in value]
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return formats.format_decimal(value)
    return value


def _shown(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return "; ".join(filter(None, map(_shown, value)))
    if isinstance(value, Mapping):
        return "; ".join(f"{detail_label(name)}: {_shown(item)}" for name, item in value.items())
    if isinstance(value, str):
        return _dated(value)
    return str(value)


def _dated(text: str) -> str:
    """Moments and dates of the record as people write them; other text as it is."""
    try:
        if len(text) == 10:
            return formats.format_date(date.fromisoformat(text))
        if 19 <= len(text) <= 32 and text[10:11] == "T":
            moment = datetime.fromisoformat(text)
            return formats.format_datetime(moment) if moment.tzinfo else text
    except ValueError:
        return text
    return text
