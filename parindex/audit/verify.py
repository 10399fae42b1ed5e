"""Whether the chain still holds, link by link."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from parindex.audit.models import AuditEntry, AuditHead
from parindex.audit.services import FIRST_HASH, chain_hash

FIELDS = (
    "seq",
    "at",
    "actor_id",
    "actor_name",
    "action",
    "object_type",
    "object_id",
    "object_label",
    "before",
    "after",
)
Fault = Literal["missing", "unlinked", "changed", "cut", "stray", "unexpected"]


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first place at which the chain doesn't hold; ``at`` and ``action`` are those that stand there now."""

    seq: int
    fault: Fault
    at: datetime | None = None
    action: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``entries`` that hold, the last one's ``hash``, and the first link that doesn't (None: all hold)."""

    entries: int
    hash: str
    broken: BrokenLink | None = None


def verify(expected: tuple[int, str] | None = None) -> Verdict:
    """Walk the whole chain, in constant memory, while others may go on writing.

    ``expected``: sequence and hash of a head, noted down elsewhere before. Faults: ``missing`` (an entry was
    taken out), ``unlinked`` (its ``prev`` is not the hash before it), ``changed`` (its content is not what was
    hashed), ``cut`` (the head knows of later entries), ``stray`` (the head does not know of it),
    ``unexpected`` (the hash noted down elsewhere is another one: the chain was written anew).
    """
    count, last = 0, FIRST_HASH
    while True:
        head = _head()
        for row in _rows(after=count, upto=head[0]):
            broken = _fault(row, count, last, expected)
            if broken is not None:
                return Verdict(count, last, broken)
            count, last = row["seq"], row["hash"]
        if head != (count, last):
            return Verdict(count, last, BrokenLink(count + 1, "cut"))
        stray = AuditEntry.objects.filter(seq__gt=count).order_by("seq").first()
        if stray is None:
            break
        if _head() == head:
            return Verdict(count, last, BrokenLink(stray.seq, "stray", stray.at, stray.action))
    if expected is not None and expected[0] > count:
        return Verdict(count, last, BrokenLink(count + 1, "cut"))
    return Verdict(count, last)


def _fault(row: dict[str, Any], count: int, last: str, expected: tuple[int, str] | None) -> BrokenLink | None:
    said = {name: row[name] for name in FIELDS}
    fault: Fault
    if row["seq"] != count + 1:
        return BrokenLink(count + 1, "missing")
    if row["prev"] != last:
        fault = "unlinked"
    elif chain_hash(prev=last, **said) != row["hash"]:
        fault = "changed"
    elif expected is not None and expected[0] == row["seq"] and expected[1] != row["hash"]:
        fault = "unexpected"
    else:
        return None
    return BrokenLink(row["seq"], fault, row["at"], row["action"])


def _head() -> tuple[int, str]:
    return AuditHead.objects.filter(pk=1).values_list("seq", "hash").first() or (0, FIRST_HASH)


def _rows(*, after: int, upto: int) -> Iterator[dict[str, Any]]:
    entries = AuditEntry.objects.filter(seq__gt=after, seq__lte=upto).order_by("seq")
    return entries.values(*FIELDS, "prev", "hash").iterator(chunk_size=2000)
