"""The agency's pages: sheets, answers, citations, explanations."""

from __future__ import annotations

import uuid
from datetime import date

from agencies.actors import actor_for
from agencies.models import Role
from parindex.clock import db_now
from scoring.assessment.models import Answer, Citation, ExplanationRequest, Scoresheet, SheetState
from scoring.assessment.services.amendment import amend_block
from scoring.criteria.models import SetLink
from tests.assessment.sheet.conftest import make_version
from tests.factories import person
from tests.factories_scoring import OpenedYear, make_set, open_cycle
from tests.permissions.table import AGENCY, Kinds, Row, World

#: One leaf is enough: who reaches a page does not depend on the size of the sheet.
LEAVES = [("1.1.1", "1", {"kind": "boolean", "yes": "1", "no": "0"})]


def _year(world: World, *, state: str = SheetState.DRAFTING) -> OpenedYear:
    criteria_set = make_set(LEAVES, block=world.block, appraiser=world.home)
    year = open_cycle([world.a, world.b], criteria_set=criteria_set, block=world.block)
    Scoresheet.objects.filter(pk__in=[sheet.pk for sheet in year.sheets]).update(state=state)
    return year


def _kinds(own: uuid.UUID, foreign: uuid.UUID) -> Kinds:
    return Kinds({"public_id": own}, {"public_id": foreign}, {"public_id": uuid.uuid4()})


def _sheets(world: World) -> Kinds:
    own, foreign = _year(world).sheets
    return _kinds(own.public_id, foreign.public_id)


def _explaining(world: World) -> Kinds:
    own, foreign = _year(world, state=SheetState.EXPLAINING).sheets
    return _kinds(own.public_id, foreign.public_id)


def _answers(world: World) -> Kinds:
    own, foreign = (Answer.objects.get(scoresheet=sheet) for sheet in _year(world).sheets)
    return _kinds(own.public_id, foreign.public_id)


def _citations(world: World) -> Kinds:
    made = []
    for sheet, user in zip(
        _year(world).sheets, (world.people["editor"], person(Role.EDITOR, world.b)), strict=True
    ):
        agency = sheet.participation.agency
        made.append(
            Citation.objects.create(
                answer=Answer.objects.get(scoresheet=sheet),
                document_version=make_version(agency, user),
                added_by=user,
                added_at=db_now(),
            ).public_id
        )
    return _kinds(*made)


def _requests(world: World) -> Kinds:
    made = [
        ExplanationRequest.objects.create(
            answer=Answer.objects.get(scoresheet=sheet),
            question="Vì sao?",
            asked_by=world.people["secretary"],
            asked_at=db_now(),
        ).public_id
        for sheet in _year(world, state=SheetState.EXPLAINING).sheets
    ]
    return _kinds(*made)


def _amended(world: World) -> list[Scoresheet]:
    """Sheets of an amended set, with an answer that the agency looks at once more."""
    year = _year(world)
    newer = make_set(LEAVES, block=world.block, appraiser=world.home)
    SetLink.objects.create(newer=newer, earlier=year.criteria_set, stated=True)
    amend_block(
        actor=actor_for(world.people["secretary"]),
        cycle_block=year.cycle_block,
        criteria_set=newer,
        effective_on=date(2025, 7, 1),
    )
    return list(Scoresheet.objects.filter(criteria_set=newer).order_by("pk"))


def _amended_sheets(world: World) -> Kinds:
    own, foreign = _amended(world)
    return _kinds(own.public_id, foreign.public_id)


def _amended_answers(world: World) -> Kinds:
    own, foreign = (Answer.objects.get(scoresheet=sheet) for sheet in _amended(world))
    return _kinds(own.public_id, foreign.public_id)


OBJECTS = {
    "amended_sheet": _amended_sheets,
    "amended_answer": _amended_answers,
    "sheet": _sheets,
    "explaining_sheet": _explaining,
    "answer": _answers,
    "citation": _citations,
    "explanation_request": _requests,
}
BOTH = ("GET", "POST")
EDITORS = frozenset({"editor", "coordinator"})
HEAD = frozenset({"head"})
TYPED = {"version": "0", "note": "Có văn bản."}

TABLE = {
    "workspace:amendment": Row(AGENCY, make="amended_sheet"),
    "workspace:keep": Row(EDITORS, make="amended_answer", methods=("POST",), knows=AGENCY),
    "workspace:home": Row(AGENCY),
    "workspace:sheet": Row(AGENCY, make="sheet"),
    "workspace:print": Row(AGENCY, make="sheet"),
    "workspace:export": Row(AGENCY, make="sheet"),
    "workspace:check": Row(AGENCY, make="sheet"),
    "workspace:history": Row(AGENCY, make="sheet"),
    "workspace:submit": Row(EDITORS, make="sheet", methods=BOTH, knows=AGENCY),
    "workspace:approval": Row(HEAD, make="sheet", methods=BOTH, knows=AGENCY),
    "workspace:return": Row(HEAD, make="sheet", methods=BOTH, knows=AGENCY, data={"reason": "Sửa lại."}),
    "workspace:withdraw": Row(HEAD, make="sheet", methods=BOTH, knows=AGENCY),
    "workspace:divisions": Row({"coordinator"}, make="sheet", methods=BOTH, knows=AGENCY),
    "workspace:explanation": Row(AGENCY, make="explaining_sheet"),
    "workspace:send-explanation": Row(HEAD, make="explaining_sheet", methods=BOTH, knows=AGENCY),
    "workspace:answer": Row(
        AGENCY, make="answer", methods=BOTH, posts=(EDITORS, ()), knows=AGENCY, data=TYPED,
        why="a division editor without the criterion reads it",
    ),
    "workspace:preview": Row(AGENCY, make="answer"),
    "workspace:ask-not-applicable": Row(
        EDITORS, make="answer", methods=("POST",), knows=AGENCY, data={"reason": "Không phát sinh."}
    ),
    "workspace:not-applicable-effect": Row(AGENCY, make="answer"),
    "workspace:take-back-not-applicable": Row(EDITORS, make="answer", methods=("POST",), knows=AGENCY),
    "workspace:answer-history": Row(AGENCY, make="answer"),
    "workspace:cite": Row(EDITORS, make="answer", methods=BOTH, knows=AGENCY),
    "workspace:citation": Row(EDITORS, make="citation", methods=BOTH, knows=AGENCY),
    "workspace:uncite": Row(EDITORS, make="citation", methods=("POST",), knows=AGENCY),
    "workspace:reply": Row(
        EDITORS, make="explanation_request", methods=("POST",), knows=AGENCY, data={"text": "Đã nộp.", "version": "0"}
    ),
}  # fmt: skip
