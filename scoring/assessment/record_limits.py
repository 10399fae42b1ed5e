"""What the record's readers don't read there because they don't see it elsewhere: drafts, and the own house's sheets.

The inspector reads everything. The secretary reads the record of a scoresheet once it is submitted, and never
that of an agency that he or she belongs or belonged to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast

from agencies.models import Role
from parindex.audit.access import register_limit
from parindex.audit.models import AuditEntry
from scoring.assessment.models import Answer, Scoresheet, SheetState

if TYPE_CHECKING:
    from agencies.actors import Actor

UNSUBMITTED = (SheetState.DRAFTING, SheetState.AWAITING_APPROVAL)


def register() -> None:
    """Called once, when the app is ready."""
    register_limit(without_hidden_sheets)


def without_hidden_sheets(actor: Actor, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    """The entries without those about sheets and answers that this person must not see. No query of its own."""
    if actor.has(Role.INSPECTOR):
        return entries
    sheets = Scoresheet.objects.order_by().filter(
        Q(state__in=UNSUBMITTED) | Q(participation__agency_id__in=actor.houses)
    )
    answers = Answer.objects.order_by().filter(scoresheet__in=sheets)
    key = Cast("pk", CharField())
    return entries.exclude(
        object_type=Scoresheet._meta.label_lower, object_id__in=sheets.annotate(key=key).values("key")
    ).exclude(object_type=Answer._meta.label_lower, object_id__in=answers.annotate(key=key).values("key"))
