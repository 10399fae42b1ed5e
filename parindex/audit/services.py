"""The one way into the record: an entry joins the chain inside the transaction of the act it tells of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.utils.functional import Promise

from parindex.audit.models import AuditEntry, AuditHead
from parindex.clock import db_now

if TYPE_CHECKING:
    from agencies.models import User

FIRST_HASH = "0" * 64
Plain: TypeAlias = "None | bool | int | str | list[Plain] | dict[str, Plain]"


def record(
    *,
    actor: User | None,
    action: str,
    obj: Model | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> AuditEntry:
    """Add one act to the record; the last write of the act's own transaction.

    The head row stays locked until that transaction ends, so that two acts never follow the same entry.
    ``actor`` is None for what the portal does by itself. ``before`` and ``after`` hold what the act changed.
    ``at``: the database clock, where the caller has asked it after its own lock; by default it is asked here.
    An act whose entry can't be written is not carried out: any error here undoes the caller's transaction.
    """
    with transaction.atomic(savepoint=False):
        head = _locked_head()
        entry = _entry(actor, Act(action, obj, before, after), prev=head.hash, seq=head.seq + 1, at=at)
        entry.save(force_insert=True)
        head.seq, head.hash = entry.seq, entry.hash
        head.save(update_fields=["seq", "hash"])
        return entry


class Act(NamedTuple):
    """One of several acts that join the record together."""

    action: str
    obj: Model | None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def record_many(*, actor: User | None, acts: Iterable[Act], at: datetime | None = None) -> int:
    """Add the acts of one transaction in their order, each its own entry of the chain; how many. As ``record``.

    Three queries and one for each 500 acts: for acts on whole blocks.
    """
    with transaction.atomic(savepoint=False):
        head = _locked_head()
        at = at or db_now()
        entries: list[AuditEntry] = []
        seq, prev = head.seq, head.hash
        for act in acts:
            entry = _entry(actor, act, prev=prev, seq=seq + 1, at=at)
            seq, prev = entry.seq, entry.hash
            entries.append(entry)
        AuditEntry.objects.bulk_create(entries, batch_size=500)
        head.seq, head.hash = seq, prev
        head.save(update_fields=["seq", "hash"])
        return len(entries)


def _entry(actor: User | None, act: Act, *, prev: str, seq: int, at: datetime | None) -> AuditEntry:
    """The entry that follows another one, with its hash. Asks the database clock where ``at`` is not given."""
    obj = act.obj
    entry = AuditEntry(
        seq=seq,
        at=at or db_now(),
        actor_id=actor.pk if actor is not None else None,
        actor_name=_clean(str(actor))[:150] if actor is not None else "",
        action=act.action,
        object_type=obj._meta.label_lower if obj is not None else "",
        object_id=str(obj.pk) if obj is not None else "",
        object_label=_clean(str(obj))[:300] if obj is not None else "",
        before=plain(act.before),
        after=plain(act.after),
        prev=prev,
    )
    entry.hash = entry_hash(entry)
    return entry


def entry_hash(entry: AuditEntry) -> str:
    """The hash that this entry must carry."""
    return chain_hash(
        prev=entry.prev,
        seq=entry.seq,
        at=entry.at,
        actor_id=entry.actor_id,
        actor_name=entry.actor_name,
        action=entry.action,
        object_type=entry.object_type,
        object_id=entry.object_id,
        object_label=entry.object_label,
        before=entry.before,
        after=entry.after,
    )


def chain_hash(
    *,
    prev: str,
    seq: int,
    at: datetime,
    actor_id: int | None,
    actor_name: str,
    action: str,
    object_type: str,
    object_id: str,
    object_label: str,
    before: Plain,
    after: Plain,
) -> str:
    """SHA-256 (64 hexadecimal digits) over the link before and all that this entry says. Pure."""
    said = [
        prev,
        seq,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        actor_id,
        actor_name,
        action,
        object_type,
        object_id,
        object_label,
        before,
        after,
    ]
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON in one spelling: keys in order, no blanks, letters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """The value in what JSON and both databases keep unchanged; decimals and moments become text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str | Promise):
        return _clean(str(value))
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta | UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {_clean(str(plain(key))): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=canonical)
    if isinstance(value, Model):
        return value.pk if isinstance(value.pk, int) else str(value.pk)
    raise TypeError(f"{type(value).__name__} can't be kept in the record")


def _locked_head() -> AuditHead:
    head, made = AuditHead.objects.select_for_update().get_or_create(pk=1)
    if made and (last := AuditEntry.objects.order_by("-seq").first()) is not None:
        head.seq, head.hash = last.seq, last.hash
    return head


def _clean(text: str) -> str:
    """Without what PostgreSQL or UTF-8 can't hold."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
