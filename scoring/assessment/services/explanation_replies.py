"""The agency answers explanation requests, and its head sends the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid, NotVisible, StaleVersion, WrongState
from scoring.assessment.models import Answer, Explanation, ExplanationRequest, Scoresheet, SheetState, Stage
from scoring.assessment.permissions import require_edit_leaf
from scoring.assessment.queries.divisions import division_of
from scoring.assessment.services.answers import MAX_NOTE, facts_of, is_blank, scored
from scoring.assessment.services.citations import freeze
from scoring.assessment.services.dependents import rescore_explanations
from scoring.assessment.services.locks import closed, locked_answer, locked_sheet
from scoring.assessment.windows import require_open
from scoring.assessment.workflow import STEP, may_take, take_step

if TYPE_CHECKING:
    from agencies.actors import Actor


class Unanswered(Invalid):
    """Requests are still without an answer; ``requests`` names them. Sending all the same must be confirmed."""

    def __init__(self, message: str, requests: list[ExplanationRequest]) -> None:
        super().__init__(message)
        self.requests = requests


def save_explanation(
    *,
    request: ExplanationRequest,
    actor: Actor,
    text: str,
    expected_version: int,
    inputs_raw: Mapping[str, object] | None = None,
) -> Explanation:
    """Save the reply to one request; ``expected_version`` 0 when there was none yet.

    Inputs are taken only where a "not applicable" was refused, and scored by the rule (points of six
    places, for the assessor's information: only a mark counts). Saving what stands changes nothing.
    Raises NotVisible, NotPermitted, WrongState, WindowClosed, Invalid or StaleVersion; nothing is written then.
    """
    with transaction.atomic():
        sheet = locked_sheet(request.answer.scoresheet_id)
        answer = locked_answer(request.answer_id, sheet)
        participation = sheet.participation
        require_edit_leaf(actor, agency_id=participation.agency_id, division_id=division_of(answer))
        if sheet.state != SheetState.EXPLAINING:
            raise closed(sheet)
        now = db_now()
        require_open(participation.cycle_block, Stage.EXPLANATION, agency_id=participation.agency_id, now=now)
        request = ExplanationRequest.objects.select_for_update().get(pk=request.pk)
        if request.taken_back_at is not None:
            raise NotVisible(_("This explanation request was taken back."))
        text = text.replace("\r\n", "\n").strip()
        if len(text) > MAX_NOTE:
            raise Invalid(
                fields={"text": [_("The text is too long: at most %(max)s characters.") % {"max": MAX_NOTE}]}
            )
        inputs = score = None
        if inputs_raw is not None and not is_blank(inputs_raw):
            if answer.applicability != Answer.Applicability.REFUSED:
                raise WrongState(_("Figures can be declared here only where “not applicable” was refused."))
            inputs, score = scored(answer, inputs_raw, facts_of(answer, sheet, explained=True))
        standing = Explanation.objects.filter(request=request).first()
        if standing is None and not text and inputs is None:
            raise Invalid(fields={"text": [_("Write the explanation.")]})
        if standing is not None and standing.text == text and standing.inputs == inputs:
            return standing
        version = standing.version if standing else 0
        if expected_version != version:
            assert standing is not None or expected_version
            raise StaleVersion(
                _(
                    "Somebody else saved this explanation while you were writing. "
                    "Nothing is lost: choose which text stays."
                ),
                current={
                    "text": standing.text if standing else "",
                    "inputs": standing.inputs if standing else None,
                    "by": str(standing.by) if standing else "",
                    "at": standing.at if standing else None,
                },
                offered={"text": text, "inputs": dict(inputs_raw or {})},
                version=version,
            )
        explanation = standing or Explanation(request=request, version=0)
        before = _told(standing) if standing else None
        explanation.text, explanation.inputs = text, inputs
        explanation.points = score.points if score else None
        explanation.applicable_max = score.applicable_max if score else None
        explanation.trace = score.trace if score else None
        explanation.version += 1
        explanation.by_id, explanation.at = actor.user.pk if actor.user else 0, now
        explanation.save()
        record(
            actor=actor.user, action="explanation.save", obj=answer, before=before, after=_told(explanation)
        )
        rescore_explanations(sheet, {answer.criterion.code}, actor=actor)
        return explanation


def open_requests(sheet: Scoresheet) -> list[ExplanationRequest]:
    """The requests of a sheet that were not taken back, in order of the tree, with their answers. One query."""
    return list(
        ExplanationRequest.objects.filter(answer__scoresheet=sheet, taken_back_at__isnull=True)
        .select_related("explanation", "answer__criterion", "asked_by")
        .order_by("answer__criterion__order")
    )


def is_replied(request: ExplanationRequest) -> bool:
    """Whether there is a text (or, after a refused "not applicable", figures)."""
    explanation = getattr(request, "explanation", None)
    return explanation is not None and bool(explanation.text or explanation.inputs is not None)


def send_explanation(*, sheet: Scoresheet, actor: Actor, unanswered_too: bool = False) -> Scoresheet:
    """The head sends the explanation; extra citations are frozen. A second call finds it sent and changes nothing.

    Raises Unanswered while requests lack a reply and ``unanswered_too`` is not confirmed.
    """
    with transaction.atomic():
        sheet = locked_sheet(sheet.pk)
        agency_id = sheet.participation.agency_id
        if (
            sheet.state == SheetState.REAPPRAISING
            and may_take(STEP["send_explanation"], actor=actor, agency_id=agency_id)
            and sheet.transitions.filter(name="send_explanation").exists()
        ):
            return sheet
        now = db_now()
        if sheet.state == SheetState.EXPLAINING and may_take(
            STEP["send_explanation"], actor=actor, agency_id=agency_id
        ):
            require_open(sheet.participation.cycle_block, Stage.EXPLANATION, agency_id=agency_id, now=now)
            missing = [request for request in open_requests(sheet) if not is_replied(request)]
            if missing and not unanswered_too:
                raise Unanswered(
                    _(
                        "Some requests have no explanation yet: answer them, or confirm that they go without one."
                    ),
                    missing,
                )
            freeze(sheet)
        take_step("send_explanation", sheet=sheet, actor=actor, agency_id=agency_id, now=now)
        return sheet


def _told(explanation: Explanation) -> dict[str, object]:
    return {
        "text": explanation.text,
        "inputs": explanation.inputs,
        "points": explanation.points,
        "version": explanation.version,
    }
