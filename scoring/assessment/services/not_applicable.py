"""Grant or refuse that a criterion does not apply to an agency: the assessor of the criterion decides, in round 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from parindex.audit.services import record
from parindex.errors import Invalid, WrongState
from scoring import engine
from scoring.assessment.models import Answer, Mark, NotApplicableRequest
from scoring.assessment.services.answers import facts_of, require_version
from scoring.assessment.services.explanations import ask, open_request
from scoring.assessment.services.marks import (
    Recorded,
    append_mark,
    begin_appraisal,
    clean_text,
    follow_marks,
    last_mark,
    locked_for_mark,
    raise_version,
    standing_score,
    told,
)

if TYPE_CHECKING:
    from agencies.actors import Actor

Applicability = Answer.Applicability


def decide_not_applicable(
    *, answer: Answer, actor: Actor, grant: bool, reason: str, expected_version: int
) -> Recorded:
    """Decide a request "not applicable", with a reason; until round 1 closes a decision may be changed.

    Granted: a mark of 0 points out of 0. Refused: a mark of the figures declared, else 0 of the maximum, and
    an explanation request in which the agency may fill in its inputs. The same decision again changes nothing.
    Raises NotVisible, NotPermitted, WrongState, WindowClosed, StaleVersion or Invalid on ``reason``.
    """
    with transaction.atomic():
        work = locked_for_mark(answer, actor=actor, round=Mark.Round.ROUND_1)
        answer = work.answer
        reason = clean_text(reason, "reason")
        target = Applicability.GRANTED if grant else Applicability.REFUSED
        before = last_mark(answer)
        request = (
            NotApplicableRequest.objects.filter(answer=answer)
            .exclude(state=NotApplicableRequest.State.TAKEN_BACK)
            .order_by("-requested_at", "-pk")
            .first()
        )
        if request is None or answer.applicability == Applicability.APPLIES:
            raise WrongState(_("The agency does not ask for “not applicable” here."))
        if answer.applicability == target and before is not None and request.decision_reason == reason:
            return Recorded(before, answer, changed=False)
        require_version(answer, expected_version, offered={"reason": reason})
        if not reason:
            raise Invalid(fields={"reason": [_("Give the reason of the decision.")]})
        stood = {"applicability": answer.applicability, "mark": told(before)}
        request.state = NotApplicableRequest.State.GRANTED if grant else NotApplicableRequest.State.REFUSED
        request.decided_by, request.decided_at, request.decision_reason = actor.user, work.now, reason
        request.save(update_fields=["state", "decided_by", "decided_at", "decision_reason"])
        answer.applicability = target
        raise_version(answer, "applicability")
        standing = open_request(answer)
        if grant:
            score = engine.not_applicable(answer.criterion.max_points)
            if standing is not None:
                standing.taken_back_at = work.now
                standing.save(update_fields=["taken_back_at"])
        else:
            score = standing_score(answer, facts_of(answer, work.sheet, up_to=work.round))
        inputs = answer.inputs if not grant and answer.self_points is not None else None
        mark = append_mark(work, actor=actor, inputs=inputs, score=score, reason=reason)
        if not grant:
            ask(work, actor=actor, question=reason)
        begin_appraisal(work, actor=actor)
        record(
            actor=actor.user,
            action="answer.not_applicable_granted" if grant else "answer.not_applicable_refused",
            obj=answer,
            before=stood,
            after={"reason": reason, "applicability": answer.applicability, "mark": told(mark)},
        )
        return Recorded(mark, answer, True, follow_marks(work, actor=actor))
