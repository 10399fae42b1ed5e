"""Explanation requests on single criteria: asked by the assessor in round 1, taken back until it closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from parindex.audit.services import record
from parindex.errors import Invalid, WrongState
from scoring.assessment.models import Answer, ExplanationRequest, Mark, SheetState
from scoring.assessment.services.marks import Marking, clean_text, locked_for_mark, raise_version

if TYPE_CHECKING:
    from agencies.actors import Actor


def ask_explanation(*, answer: Answer, actor: Actor, question: str) -> ExplanationRequest:
    """Ask the agency to explain one criterion. The same question again gives the request that is there.

    Only in round 1 and once its appraisal has begun; another question takes the former request's place.
    Raises NotVisible, NotPermitted, WrongState, WindowClosed or Invalid on ``question``.
    """
    with transaction.atomic():
        work = locked_for_mark(answer, actor=actor, round=Mark.Round.ROUND_1)
        if work.sheet.state == SheetState.SUBMITTED:
            raise WrongState(_("Mark the criterion first: the appraisal of this scoresheet has not begun."))
        request = ask(work, actor=actor, question=question)
        assert request is not None
        return request


def take_back_request(*, answer: Answer, actor: Actor) -> None:
    """Take an open explanation request back, in round 1. Without one nothing changes."""
    with transaction.atomic():
        work = locked_for_mark(answer, actor=actor, round=Mark.Round.ROUND_1)
        take_back(work, actor=actor)


def settle_request(work: Marking, *, actor: Actor, wanted: bool | None, question: str) -> None:
    """Beside a mark: ask (True), take back (False) or leave (None)."""
    if wanted is None or work.round != Mark.Round.ROUND_1:
        if wanted:
            raise WrongState(_("Explanations are asked for in round 1."))
        return
    if wanted:
        ask(work, actor=actor, question=question)
    elif work.answer.applicability != Answer.Applicability.REFUSED:
        take_back(work, actor=actor)


def ask(work: Marking, *, actor: Actor, question: str) -> ExplanationRequest:
    """Open a request on the locked answer."""
    assert actor.user is not None
    question = clean_text(question, "question")
    if not question:
        raise Invalid(fields={"question": [_("Write what the agency is to explain.")]})
    standing = open_request(work.answer)
    if standing is not None:
        if standing.question == question:
            return standing
        standing.taken_back_at = work.now
        standing.save(update_fields=["taken_back_at"])
    request = ExplanationRequest.objects.create(
        answer=work.answer, question=question, asked_by=actor.user, asked_at=work.now
    )
    raise_version(work.answer)
    record(
        actor=actor.user,
        action="explanation.ask",
        obj=work.answer,
        before={"question": standing.question} if standing else None,
        after={"question": question},
    )
    return request


def take_back(work: Marking, *, actor: Actor) -> None:
    """Close the open request of the locked answer, if there is one."""
    standing = open_request(work.answer)
    if standing is None:
        return
    if work.answer.applicability == Answer.Applicability.REFUSED:
        raise WrongState(
            _("“Not applicable” was refused here: the agency keeps the right to fill in its figures.")
        )
    standing.taken_back_at = work.now
    standing.save(update_fields=["taken_back_at"])
    raise_version(work.answer)
    record(
        actor=actor.user,
        action="explanation.take_back",
        obj=work.answer,
        before={"question": standing.question},
    )


def open_request(answer: Answer) -> ExplanationRequest | None:
    """The request that stands. One query."""
    return ExplanationRequest.objects.filter(answer=answer, taken_back_at=None).first()
