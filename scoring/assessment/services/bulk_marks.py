"""Mark several leaves at once with the points that stand: after a preview that names every row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, NotVisible, WrongState
from scoring import engine
from scoring.assessment.appraisal_permissions import Reach, may_run_block
from scoring.assessment.models import (
    Answer,
    Explanation,
    ExplanationRequest,
    Mark,
    Scoresheet,
    SecondLook,
    SheetState,
)
from scoring.assessment.queries.facts import Facts, facts_of_sheets, is_lapsed, try_score
from scoring.assessment.queries.panels import reaches
from scoring.assessment.services.answers import rule_of
from scoring.assessment.services.dependents import rescore_marks
from scoring.assessment.services.locks import SHEET_JOINS
from scoring.assessment.services.marks import clean_text, require_round, self_score
from scoring.assessment.services.second_looks import looked
from scoring.assessment.workflow import take_step

if TYPE_CHECKING:
    from agencies.actors import Actor

Basis = Literal["self", "previous"]
MOST = 2000
Applicability = Answer.Applicability


@dataclass(frozen=True, slots=True)
class BulkRow:
    """What the bulk act would do with one leaf; ``refused`` says why it would leave it out."""

    answer: Answer
    score: engine.Score
    inputs: dict[str, Any] | None
    unanswered: bool
    differs: bool
    refused: str = ""


def bulk_row(
    answer: Answer,
    *,
    round: int,
    basis: Basis,
    before: Mark | None,
    open_in_round_2: bool = True,
    declared: Explanation | None = None,
    facts: Facts | None = None,
) -> BulkRow:
    """The row of one answer (with its criterion): pure. ``before``: the mark that counts now.

    ``self``: the self points, 0 for what is unanswered. ``previous``: the points of the round before.
    ``declared``: the explanation in which the agency declared its figures, "not applicable" having been refused:
    they are its self-assessment; the round before knew nothing of them, so its points don't stay unseen.
    ``facts``: what other leaves answer in this round: inputs that look at them are scored by these.
    """
    refused = ""
    if answer.applicability == Applicability.PROFILE:
        refused = _("not applicable by profile")
    elif answer.applicability == Applicability.REQUESTED:
        refused = _("“not applicable” is to be decided first")
    elif answer.applicability == Applicability.GRANTED:
        refused = _("not applicable")
    elif before is not None and before.round == Mark.Round.COUNCIL:
        refused = _("settled by the council")
    elif before is not None and before.round >= round and not is_lapsed(before):
        refused = _("already marked in this round")
    elif round == Mark.Round.ROUND_2 and not open_in_round_2:
        refused = _("no explanation was asked")
    elif basis == "previous" and declared is not None:
        refused = _(
            "figures came with the explanation: choose the self-assessed points, or mark it by itself"
        )
    own, own_inputs = self_score(answer), answer.inputs if answer.self_points is not None else None
    if declared is not None and declared.points is not None and declared.applicable_max is not None:
        own = engine.Score(declared.points, declared.applicable_max, declared.trace or {})
        own_inputs = declared.inputs
    if basis == "previous" and before is not None:
        score = engine.Score(before.points, before.applicable_max, before.trace)
        inputs = before.inputs
    else:
        score, inputs = own, own_inputs
    if facts is not None and inputs is not None:
        elsewhere = try_score(rule_of(answer), inputs, facts)
        if elsewhere is None:
            refused = refused or _(
                "it depends on another criterion’s figures, which changed: mark it by itself"
            )
        score = elsewhere or score
    stood = (before.points, before.applicable_max) if before else (own.points, own.applicable_max)
    given = (score.points, score.applicable_max)
    differs = given != (own.points, own.applicable_max) or given != stood
    unanswered = answer.self_points is None and declared is None
    return BulkRow(answer, score, inputs, unanswered, differs, refused)


def facts_in_bulk(
    answers: Iterable[Answer], sheets: Mapping[int, Scoresheet], *, round: int
) -> dict[int, Facts]:
    """Answer id → facts, for those whose rules look at other leaves. Three queries at most, none without such rules."""
    looking = [
        one for one in answers if "cases" in json.dumps(one.criterion.rule) and rule_of(one).looks_at()
    ]
    wanted = {one.scoresheet_id: sheets[one.scoresheet_id] for one in looking}
    facts = facts_of_sheets(wanted.values(), up_to=round) if wanted else {}
    return {one.pk: facts[one.scoresheet_id] for one in looking}


def mark_in_bulk(
    *,
    answers: Mapping[int, int],
    actor: Actor,
    round: int,
    basis: Basis = "self",
    reason: str = "",
) -> list[Mark]:
    """Mark leaves (answer id → the version that the preview showed) with the points that stand.

    All or nothing; unanswered leaves get 0; a reason where points differ from the self-assessment or the
    round before. Assessors mark their own leaves, the secretary what is left over on sheets of other houses.
    Returns the marks that were added. Raises NotVisible, NotPermitted, WrongState, WindowClosed or Invalid.
    """
    if not answers:
        raise Invalid(_("Choose at least one criterion."))
    if len(answers) > MOST:
        raise Invalid(_("Choose at most %(most)s criteria at once.") % {"most": MOST})
    if round not in (Mark.Round.ROUND_1, Mark.Round.ROUND_2):
        raise WrongState(_("Several criteria at once are marked in round 1 and round 2 only."))
    with transaction.atomic():
        reason = clean_text(reason, "reason")
        sheet_ids = Answer.objects.filter(pk__in=answers).values("scoresheet")
        sheets = {
            sheet.pk: sheet
            for sheet in Scoresheet.objects.select_for_update(of=("self",))
            .select_related(*SHEET_JOINS)
            .filter(pk__in=sheet_ids)
            .order_by("pk")
        }
        locked = list(
            Answer.objects.select_for_update(of=("self",))
            .select_related("criterion")
            .filter(pk__in=answers)
            .order_by("scoresheet", "pk")
        )
        if len(locked) != len(answers):
            raise NotVisible(_("There is no such answer."))
        known = reaches(
            actor,
            {s.participation.cycle_block_id: s.participation.cycle_block for s in sheets.values()}.values(),
        )
        for answer in locked:
            _require_bulk(answer, sheets[answer.scoresheet_id], known, actor)
        now = db_now()
        for sheet in sheets.values():
            require_round(sheet, round, now=now)
        rows = _rows(locked, sheets, round=round, basis=basis)
        for row in rows:
            _require_row(row, answers[row.answer.pk], reason)
        marks = _write(rows, actor=actor, round=round, reason=reason, now=now)
        _tell(rows, sheets, actor=actor, round=round, basis=basis, reason=reason, now=now)
        given: dict[int, set[str]] = {}
        for row in rows:
            given.setdefault(row.answer.scoresheet_id, set()).add(row.answer.criterion.code)
        rescore_marks(given, sheets, actor=actor, round=round, now=now)
        return marks


def _require_bulk(answer: Answer, sheet: Scoresheet, known: Mapping[int, Reach], actor: Actor) -> None:
    participation = sheet.participation
    reach = known[participation.cycle_block_id]
    if not reach.sees_leaf(participation.agency_id, answer.criterion_id, sheet.state):
        raise NotVisible(_("There is no such answer."))
    if not may_run_block(actor) and not reach.duty.covers(participation.agency_id, answer.criterion_id):
        raise NotPermitted(_("This criterion is appraised by somebody else. You can read it here."))


def _rows(
    answers: list[Answer], sheets: Mapping[int, Scoresheet], *, round: int, basis: Basis
) -> list[BulkRow]:
    before = last_marks(answer.pk for answer in answers)
    asked: set[int] = set()
    returned: set[int] = set()
    declared: dict[int, Explanation] = {}
    if round == Mark.Round.ROUND_2:
        asked = open_requests_on(answer.pk for answer in answers)
        declared = declared_on(answer.pk for answer in answers)
        returned = returned_sheets(sheets)
    facts = facts_in_bulk(answers, sheets, round=round)
    return [
        bulk_row(
            answer,
            round=round,
            basis=basis,
            before=before.get(answer.pk),
            open_in_round_2=answer.pk in asked or answer.scoresheet_id in returned,
            declared=declared.get(answer.pk),
            facts=facts.get(answer.pk),
        )
        for answer in answers
    ]


def last_marks(answer_ids: Any) -> dict[int, Mark]:
    """The mark that counts on each of these answers. One query."""
    marks: dict[int, Mark] = {}
    for mark in Mark.objects.filter(answer__in=list(answer_ids)).order_by("round", "pk"):
        marks[mark.answer_id] = mark
    return marks


def open_requests_on(answer_ids: Any) -> set[int]:
    """Those of the answers on which an explanation was asked. One query."""
    asked = ExplanationRequest.objects.filter(answer__in=list(answer_ids), taken_back_at=None)
    return set(asked.values_list("answer_id", flat=True))


def declared_on(answer_ids: Any) -> dict[int, Explanation]:
    """The explanations of these answers that declare figures, by answer id. One query."""
    found = Explanation.objects.filter(
        request__answer__in=list(answer_ids), request__taken_back_at=None, points__isnull=False
    ).select_related("request")
    return {one.request.answer_id: one for one in found}


def returned_sheets(sheet_ids: Any) -> set[int]:
    """Those of the sheets that the council sent back to round 2. One query."""
    sent_back = Scoresheet.objects.filter(pk__in=list(sheet_ids), transitions__name="return_to_round_2")
    return set(sent_back.values_list("pk", flat=True))


def _require_row(row: BulkRow, version: int, reason: str) -> None:
    code = row.answer.criterion.code
    if row.refused:
        raise WrongState(_("%(code)s: %(why)s. Nothing was marked.") % {"code": code, "why": row.refused})
    if row.answer.version != version:
        raise WrongState(
            _("%(code)s was changed since the list was made. Nothing was marked: look at the list again.")
            % {"code": code}
        )
    if row.differs and not reason:
        raise Invalid(
            fields={
                "reason": [
                    _(
                        "%(code)s: the points differ from the self-assessment or the round before. Give the reason."
                    )
                    % {"code": code}
                ]
            }
        )


def _write(rows: list[BulkRow], *, actor: Actor, round: int, reason: str, now: datetime) -> list[Mark]:
    assert actor.user is not None
    marks = Mark.objects.bulk_create(
        [
            Mark(
                answer=row.answer,
                round=round,
                by=actor.user,
                inputs=row.inputs,
                points=row.score.points,
                applicable_max=row.score.applicable_max,
                trace=row.score.trace,
                reason=reason,
                in_bulk=True,
                at=now,
            )
            for row in rows
        ],
        batch_size=500,
    )
    marked = [row.answer.pk for row in rows]
    Answer.objects.filter(pk__in=marked).update(version=F("version") + 1)
    looked(marked, who=SecondLook.Who.APPRAISER, user_id=actor.user.pk, now=now)
    return marks


def _tell(
    rows: list[BulkRow],
    sheets: Mapping[int, Scoresheet],
    *,
    actor: Actor,
    round: int,
    basis: Basis,
    reason: str,
    now: datetime,
) -> None:
    for sheet in sheets.values():
        if sheet.state == SheetState.SUBMITTED:
            take_step(
                "begin_appraisal",
                sheet=sheet,
                actor=actor,
                agency_id=sheet.participation.agency_id,
                now=now,
            )
    for sheet in sheets.values():
        given = {
            row.answer.criterion.code: [row.score.points, row.score.applicable_max]
            for row in rows
            if row.answer.scoresheet_id == sheet.pk
        }
        record(
            actor=actor.user,
            action="mark.bulk",
            obj=sheet,
            after={"round": round, "basis": basis, "reason": reason, "marks": given},
        )


__all__ = [
    "BulkRow",
    "bulk_row",
    "declared_on",
    "facts_in_bulk",
    "last_marks",
    "mark_in_bulk",
    "open_requests_on",
    "returned_sheets",
]
