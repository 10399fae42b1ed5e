"""Reads of the record."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Model, Q, QuerySet

from parindex.audit.models import AuditEntry


def history_of(obj: Model, *more: Model) -> QuerySet[AuditEntry]:
    """What happened to these objects, latest first. One query when read."""
    return entries_about([obj, *more])


def entries_about(objects: Iterable[Model]) -> QuerySet[AuditEntry]:
    """Entries about any of these objects, latest first."""
    ids: dict[str, set[str]] = {}
    for one in objects:
        ids.setdefault(one._meta.label_lower, set()).add(str(one.pk))
    wanted = Q(pk__in=[])
    for label, keys in ids.items():
        wanted |= Q(object_type=label, object_id__in=keys)
    return AuditEntry.objects.filter(wanted).order_by("-seq")
