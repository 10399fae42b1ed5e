"""What the record's readers don't read there because they don't see it elsewhere: drafts, and the own house's sheets.

The inspector reads everything. The secretary reads the record of a scoresheet once it is submitted, that of an
explanation once it is sent, and never that of an agency that he or she belongs or belonged to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast

from agencies.models import Role
from evidence.models import DocumentVersion
from parindex.audit.access import register_limit
from parindex.audit.models import AuditEntry
from scoring.assessment.appraisal_permissions import barred_houses
from scoring.assessment.models import Answer, ImportBatch, Scoresheet, SheetState, Transition

if TYPE_CHECKING:
    from agencies.actors import Actor

UNSUBMITTED = (SheetState.DRAFTING, SheetState.AWAITING_APPROVAL)
#: What the agency writes while it explains: a draft until the explanation is sent.
REPLYING = (
    "explanation.save",
    "answer.cite",
    "answer.uncite",
    "answer.correct_citation",
    "answer.citation_follows",
)
#: The library belongs to its agency: descriptions and names of files that nobody has submitted.
LIBRARY = f"{DocumentVersion._meta.app_label}."


def register() -> None:
    """Called once, when the app is ready."""
    register_limit(without_hidden_sheets)


def without_hidden_sheets(actor: Actor, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    """The entries without those about what this person must not see. No query of its own.

    Hidden: sheets not yet submitted and explanations not yet sent, with their answers; those of the own house
    from all who judge, with the figures of imports in which it stands; the libraries of agencies.
    """
    inspects, barred = actor.has(Role.INSPECTOR), barred_houses(actor)
    hidden = Q(participation__agency_id__in=barred)
    if not inspects:
        hidden |= Q(state__in=UNSUBMITTED) | Q(state=SheetState.REPLACED, submitted_at=None)
        # a sheet that was replaced while its agency explained: what it wrote goes on as a draft of the new one
        left = Transition.objects.filter(target=SheetState.REPLACED, source=SheetState.EXPLAINING)
        explaining = Answer.objects.order_by().filter(
            Q(scoresheet__state=SheetState.EXPLAINING) | Q(scoresheet__in=left.values("scoresheet"))
        )
        entries = entries.exclude(object_type__startswith=LIBRARY).exclude(
            action__in=REPLYING, object_type=Answer._meta.label_lower, object_id__in=_keys(explaining)
        )
    elif not barred:
        return entries
    if barred:
        batches = ImportBatch.objects.order_by().filter(
            imported__scoresheet__participation__agency_id__in=barred
        )
        entries = entries.exclude(object_type=ImportBatch._meta.label_lower, object_id__in=_keys(batches))
    sheets = Scoresheet.objects.order_by().filter(hidden)
    answers = Answer.objects.order_by().filter(scoresheet__in=sheets)
    return entries.exclude(object_type=Scoresheet._meta.label_lower, object_id__in=_keys(sheets)).exclude(
        object_type=Answer._meta.label_lower, object_id__in=_keys(answers)
    )


def _keys(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The ids of the rows as the record keeps them."""
    return rows.annotate(key=Cast("pk", CharField())).values("key")
