"""Tie an answer to a version of a document, with page and clause. Evidence knows nothing of this."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from evidence.models import Document, DocumentVersion
from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid, NotVisible, WrongState
from scoring.assessment.models import Answer, Citation, Scoresheet, SheetState, Stage
from scoring.assessment.permissions import require_edit_leaf
from scoring.assessment.queries.divisions import division_of
from scoring.assessment.services.locks import closed, locked_answer, locked_sheet
from scoring.assessment.services.second_looks import require_open_to_change
from scoring.assessment.windows import require_open

if TYPE_CHECKING:
    from agencies.actors import Actor
    from agencies.models import User

MAX_CITATIONS = 50
#: In which state an answer may be given documents, and the window that must be open.
WRITING = {SheetState.DRAFTING: Stage.SELF_ASSESSMENT, SheetState.EXPLAINING: Stage.EXPLANATION}


def cite(
    *, answer: Answer, actor: Actor, version: DocumentVersion | uuid.UUID, page: str = "", clause: str = ""
) -> Citation:
    """Cite one version of a document of the agency's own library. Citing the same place twice is once.

    While an explanation is asked on the answer, the citation belongs to the explanation. Raises NotVisible
    (answer or document), NotPermitted, WrongState, WindowClosed or Invalid by field.
    """
    with transaction.atomic():
        sheet, answer, now = _writing(answer, actor)
        document_version = _own_version(version, sheet.participation.agency_id)
        page, clause = _place("page", page, 40), _place("clause", clause, 120)
        there = answer.citations.filter(document_version=document_version, page=page, clause=clause).first()
        if there is not None:
            return there
        if answer.citations.count() >= MAX_CITATIONS:
            raise Invalid(
                _(
                    "An answer cites at most %(max)s documents. Put the pages of one document into one citation."
                )
                % {"max": MAX_CITATIONS}
            )
        citation = Citation.objects.create(
            answer=answer,
            document_version=document_version,
            page=page,
            clause=clause,
            for_explanation=sheet.state == SheetState.EXPLAINING,
            added_by=_person(actor),
            added_at=now,
        )
        record(actor=actor.user, action="answer.cite", obj=answer, after=_told(citation))
        return citation


def uncite(*, citation: Citation, actor: Actor) -> Answer:
    """Take a citation off an answer, until it is submitted. Raises as ``cite``."""
    with transaction.atomic():
        _sheet, answer, _now = _writing(citation.answer, actor)
        citation = _locked(citation, answer)
        told = _told(citation)
        citation.delete()
        record(actor=actor.user, action="answer.uncite", obj=answer, before=told)
        return answer


def correct_place(*, citation: Citation, actor: Actor, page: str, clause: str) -> Citation:
    """Change page and clause of a citation, until it is submitted. Raises as ``cite``."""
    with transaction.atomic():
        _sheet, answer, _now = _writing(citation.answer, actor)
        citation = _locked(citation, answer)
        before = _told(citation)
        page, clause = _place("page", page, 40), _place("clause", clause, 120)
        if (page, clause) == (citation.page, citation.clause):
            return citation
        if answer.citations.filter(
            document_version_id=citation.document_version_id, page=page, clause=clause
        ).exists():
            raise Invalid(fields={"page": [_("This place of the document is cited already.")]})
        citation.page, citation.clause = page, clause
        citation.save(update_fields=["page", "clause"])
        record(
            actor=actor.user,
            action="answer.correct_citation",
            obj=answer,
            before=before,
            after=_told(citation),
        )
        return citation


def freeze(sheet: Scoresheet, *, explanations: bool = True) -> int:
    """Make every citation of a sheet permanent; how many were not. Within the caller's transaction.

    Without ``explanations`` those of an explanation stay its draft (a supplement can carry some).
    """
    rows = Citation.objects.filter(answer__scoresheet=sheet, frozen=False)
    return (rows if explanations else rows.filter(for_explanation=False)).update(frozen=True)


def release(sheet: Scoresheet) -> int:
    """Undo ``freeze`` for a sheet that is withdrawn before anybody judged it. Within the caller's transaction.

    What had been submitted under an earlier version of the set stays submitted.
    """
    rows = Citation.objects.filter(answer__scoresheet=sheet, frozen=True)
    if sheet.supplementary:
        before = Citation.objects.filter(
            answer__scoresheet=sheet.carried_from_id,
            frozen=True,
            document_version=OuterRef("document_version"),
            page=OuterRef("page"),
            clause=OuterRef("clause"),
        )
        rows = rows.filter(~Exists(before))
    return rows.update(frozen=False)


def _own_version(version: DocumentVersion | uuid.UUID, agency_id: int) -> DocumentVersion:
    public_id = version.public_id if isinstance(version, DocumentVersion) else version
    found = (
        DocumentVersion.objects.select_related("document")
        .filter(public_id=public_id, document__agency_id=agency_id)
        .first()
    )
    if found is None:
        raise NotVisible(_("There is no such document in your agency's library."))
    # Lock: a document that is being removed can't be cited at the same moment.
    document = Document.objects.select_for_update().get(pk=found.document_id)
    if document.removed_at is not None:
        raise WrongState(_("This document was removed from the library."))
    if found.scan_state == DocumentVersion.ScanState.INFECTED:
        raise WrongState(
            _("The virus scan found something in this file: it can't be cited. Upload a clean copy.")
        )
    return found


def _locked(citation: Citation, answer: Answer) -> Citation:
    found = (
        Citation.objects.select_for_update(of=("self",))
        .select_related("document_version")
        .filter(pk=citation.pk, answer=answer)
        .first()
    )
    if found is None:
        raise NotVisible(_("This citation was already removed."))
    if found.frozen:
        raise WrongState(_("This document was submitted with the scoresheet and stays with it."))
    return found


def _writing(answer: Answer, actor: Actor) -> tuple[Scoresheet, Answer, datetime]:
    """Lock; permission, state, window. In the explanation stage only answers that were asked about."""
    sheet = locked_sheet(answer.scoresheet_id)
    answer = locked_answer(answer.pk, sheet)
    participation = sheet.participation
    require_edit_leaf(actor, agency_id=participation.agency_id, division_id=division_of(answer))
    stage = WRITING.get(SheetState(sheet.state))
    if stage is None:
        raise closed(sheet)
    if sheet.state == SheetState.DRAFTING:
        require_open_to_change(sheet, answer)
    if (
        sheet.state == SheetState.EXPLAINING
        and not answer.explanation_requests.filter(taken_back_at__isnull=True).exists()
    ):
        raise WrongState(_("No explanation is asked on this criterion."))
    now = db_now()
    require_open(participation.cycle_block, stage, agency_id=participation.agency_id, now=now)
    return sheet, answer, now


def _place(field: str, text: str, limit: int) -> str:
    text = " ".join(text.split())
    if len(text) > limit:
        raise Invalid(
            fields={field: [_("The text is too long: at most %(max)s characters.") % {"max": limit}]}
        )
    return text


def _person(actor: Actor) -> User:
    assert actor.user is not None  # roles are held by people alone
    return actor.user


def _told(citation: Citation) -> dict[str, object]:
    version = citation.document_version
    return {
        "document": str(version),
        "document_version": version.public_id,
        "sha256": version.sha256,
        "page": citation.page,
        "clause": citation.clause,
    }
