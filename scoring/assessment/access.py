"""What scoring tells the library of evidence: who may open what is cited, what is in use, who follows a new version."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from evidence import access
from parindex.audit.services import record
from parindex.clock import db_now
from scoring.assessment.appraisal_permissions import may_enter
from scoring.assessment.models import Citation, Scoresheet, SheetState, Stage
from scoring.assessment.queries.panels import reaches
from scoring.assessment.windows import spans

if TYPE_CHECKING:
    from agencies.actors import Actor
    from evidence.models import DocumentVersion
    from scoring.assessment.appraisal_permissions import Reach

#: The states of a sheet in which the agency changes citations, and the window that must be open.
WRITING = {SheetState.DRAFTING: Stage.SELF_ASSESSMENT, SheetState.EXPLAINING: Stage.EXPLANATION}


def register() -> None:
    """Called once when the app is ready."""
    access.register(cited_for_appraiser)
    access.register_use(cited_documents)
    access.register_follow(drafts_follow)


def cited_for_appraiser(actor: Actor, version: DocumentVersion) -> bool:
    """Whether the version is cited on a leaf that this person reads on the appraising side.

    Evidence added for an explanation is the agency's draft until the explanation is sent. At most six queries.
    """
    if not may_enter(actor):
        return False
    rows = list(
        Citation.objects.filter(document_version=version)
        .exclude(for_explanation=True, frozen=False, answer__scoresheet__state=SheetState.EXPLAINING)
        .select_related("answer__scoresheet__participation__cycle_block__cycle")
    )
    if not rows:
        return False
    blocks = {row.answer.scoresheet.participation.cycle_block for row in rows}
    reach = reaches(actor, blocks)
    return any(_is_read(row, reach[row.answer.scoresheet.participation.cycle_block_id]) for row in rows)


def _is_read(citation: Citation, reach: Reach) -> bool:
    sheet = citation.answer.scoresheet
    agency_id = sheet.participation.agency_id
    return reach.sees_leaf(agency_id, citation.answer.criterion_id, sheet.state) or reach.sees_earlier(sheet)


def cited_documents(document_ids: Collection[int]) -> set[int]:
    """Those of the documents that an answer cites in any version. One query."""
    return set(
        Citation.objects.filter(document_version__document_id__in=document_ids)
        .values_list("document_version__document_id", flat=True)
        .distinct()
    )


def drafts_follow(old: DocumentVersion, new: DocumentVersion) -> None:
    """Citations of a draft take the newer version while its window is open.

    Those that were submitted, and those of a draft whose time is over, stay with the version that they had.
    """
    rows = list(
        Citation.objects.select_for_update(of=("self",))
        .filter(document_version=old, frozen=False, answer__scoresheet__state__in=WRITING)
        .select_related(
            "answer__criterion",
            "answer__scoresheet__participation__agency",
            "answer__scoresheet__participation__cycle_block",
        )
        .order_by("pk")
    )
    now = db_now() if rows else None
    running = {
        sheet.pk: now is not None and _is_open(sheet, now)
        for sheet in {row.answer.scoresheet for row in rows}
    }
    for row in rows:
        if not running[row.answer.scoresheet_id]:
            continue
        there = Citation.objects.filter(
            answer=row.answer, document_version=new, page=row.page, clause=row.clause
        )
        if there.exists():
            continue
        row.document_version = new
        row.save(update_fields=["document_version"])
        record(
            actor=new.uploaded_by,
            action="answer.citation_follows",
            obj=row.answer,
            before={"document": str(old), "version": old.version, "sha256": old.sha256},
            after={"document": str(new), "version": new.version, "sha256": new.sha256},
        )


def _is_open(sheet: Scoresheet, now: datetime) -> bool:
    """Whether the agency may still write this draft. Two queries."""
    participation = sheet.participation
    span = spans(participation.cycle_block, agency_id=participation.agency_id).get(
        WRITING[SheetState(sheet.state)]
    )
    return span is not None and span.is_open(now)
