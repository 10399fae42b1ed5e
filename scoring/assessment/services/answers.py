"""What the agency declares for one leaf: save, clear, ask that it not apply."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid, StaleVersion, WrongState
from parindex.ui.formats import format_decimal
from scoring import engine
from scoring.assessment.models import (
    Answer,
    NotApplicableRequest,
    Scoresheet,
    SecondLook,
    SheetState,
    Stage,
)
from scoring.assessment.permissions import require_edit_leaf
from scoring.assessment.queries.divisions import division_of
from scoring.assessment.queries.facts import Facts, declared, facts_for, facts_of_sheet
from scoring.assessment.services.dependents import rescore_answers
from scoring.assessment.services.locks import closed, locked_answer, locked_sheet
from scoring.assessment.services.second_looks import looked, require_open_to_change
from scoring.assessment.windows import require_open

if TYPE_CHECKING:
    from agencies.actors import Actor

MAX_NOTE = 10_000
Applicability = Answer.Applicability


@dataclass(frozen=True, slots=True)
class Saved:
    """An answer as it now stands; ``changed`` is False where it already stood so.

    ``rescored``: the answers that look at this one and came out otherwise.
    """

    answer: Answer
    changed: bool
    rescored: Sequence[Answer] = ()


class Incomplete(Invalid):
    """Something is typed, nothing is wrong, but fields are still empty. Autosave waits instead of complaining."""


def is_blank(raw: Mapping[str, object]) -> bool:
    """Whether nothing at all is declared. An empty list is a declaration: no item holds."""
    return all(value is None or (isinstance(value, str) and not value.strip()) for value in raw.values())


def rule_of(answer: Answer) -> engine.Rule:
    """The rule of the answer's leaf, parsed."""
    leaf = answer.criterion
    return engine.parse_rule(leaf.rule or {}, max_points=leaf.max_points)


def facts_of(answer: Answer, sheet: Scoresheet, *, up_to: int = 0, explained: bool | None = None) -> Facts:
    """What the answer's rule looks at, as it stands on the sheet. No query where it looks at nothing."""
    if "cases" not in json.dumps(answer.criterion.rule):
        return {}
    if not rule_of(answer).looks_at():
        return {}
    return facts_of_sheet(sheet, up_to=up_to, explained=explained)


def scored(
    answer: Answer, inputs_raw: Mapping[str, object], facts: Facts | None = None
) -> tuple[dict[str, Any] | None, engine.Score | None]:
    """Canonical inputs and their score by the rule of the answer's criterion; (None, None) for blank inputs.

    ``facts``: what other leaves answer (``facts_of``). Points have six places.
    Raises Incomplete or Invalid with messages by field. Writes nothing.
    """
    if is_blank(inputs_raw):
        return None, None
    rule = rule_of(answer)
    known = facts_for(rule, facts or {})
    try:
        inputs = engine.clean_inputs(rule, inputs_raw, facts=known)
        return inputs, engine.score(rule, rule.max_points, inputs, facts=known)
    except engine.InputErrors as errors:
        raise refusal(errors) from errors


def refusal(errors: engine.InputErrors) -> Invalid:
    """The engine's problems as messages by field, in the reader's language."""
    fields: dict[str, list[str]] = {}
    for fault in errors.problems:
        fields.setdefault(fault.path, []).append(fault.text(translate=_, number=format_decimal))
    kind = Incomplete if all(fault.code == "missing" for fault in errors.problems) else Invalid
    return kind(fields=fields)


def save_answer(
    *,
    answer: Answer,
    actor: Actor,
    inputs_raw: Mapping[str, object],
    note: str,
    expected_version: int,
) -> Saved:
    """Save inputs and note of one leaf and score them; blank inputs clear the answer, the note stays.

    Leaves whose rules look at this answer are scored again in the same transaction (services/dependents.py).
    Points (six places), applicable maximum and trace come from the engine. Saving what already stands
    changes nothing, whatever the version, so a double click is harmless. Raises NotVisible, NotPermitted,
    WrongState, WindowClosed, Invalid (by field) or StaleVersion with both texts; then nothing is written.
    """
    with transaction.atomic():
        sheet, answer, now = drafting(answer, actor)
        if answer.applicability == Applicability.PROFILE:
            raise WrongState(_("This criterion does not apply to your agency: there is nothing to declare."))
        note = clean_note(note)
        offered = {"inputs": dict(inputs_raw), "note": note}
        requested = answer.applicability == Applicability.REQUESTED
        if requested and is_blank(inputs_raw):
            return _save_note(answer, actor, now, note, expected_version)
        facts = facts_of(answer, sheet)
        try:
            inputs, score = scored(answer, inputs_raw, facts)
        except Invalid:
            if facts:  # what the rule asks may have changed with another answer since this page was shown
                require_version(answer, expected_version, offered=offered)
            raise
        if requested and inputs != answer.inputs:
            raise WrongState(
                _(
                    "You asked for this criterion not to apply. Take the request back before declaring figures."
                )
            )
        if inputs == answer.inputs and note == answer.note and (not score or answer.self_points is not None):
            return Saved(answer, changed=False)
        require_version(answer, expected_version, offered=offered)
        before, said = _as_stands(answer), declared(answer)
        answer.inputs, answer.note = inputs, note
        answer.self_points = score.points if score else None
        answer.applicable_max = score.applicable_max if score else None
        answer.trace = score.trace if score else None
        _write(answer, actor, now, "inputs", "note", "self_points", "applicable_max", "trace")
        record(actor=actor.user, action="answer.save", obj=answer, before=before, after=_as_stands(answer))
        return Saved(answer, True, _rescore(sheet, answer, said, actor))


def _save_note(answer: Answer, actor: Actor, now: datetime, note: str, expected_version: int) -> Saved:
    """The note alone, of an answer that is asked not to apply: what was declared is kept as it stands."""
    if note == answer.note:
        return Saved(answer, changed=False)
    require_version(answer, expected_version, offered={"inputs": answer.inputs, "note": note})
    before = _as_stands(answer)
    answer.note = note
    _write(answer, actor, now, "note")
    record(actor=actor.user, action="answer.save", obj=answer, before=before, after=_as_stands(answer))
    return Saved(answer, changed=True)


def _rescore(sheet: Scoresheet, answer: Answer, said: dict[str, Any] | None, actor: Actor) -> list[Answer]:
    """Score the leaves again that look at this answer; ``said``: what it said of itself before."""
    if said == declared(answer):
        return []
    return rescore_answers(sheet, {answer.criterion.code: said}, actor=actor)


def ask_not_applicable(*, answer: Answer, actor: Actor, reason: str) -> NotApplicableRequest:
    """Ask that the leaf not count for this agency; the criterion's assessor decides.

    What was declared stays and counts again when the request is taken back. Asking twice for the same
    reason gives the request that is there. Raises Invalid on ``reason``, WrongState and the rest of save_answer.
    """
    with transaction.atomic():
        sheet, answer, now = drafting(answer, actor)
        if not answer.criterion.na_request:
            raise WrongState(_("The criteria set does not allow this criterion to be left out."))
        if answer.applicability == Applicability.PROFILE:
            raise WrongState(_("This criterion does not apply to your agency: there is nothing to ask for."))
        reason = reason.strip()
        if not reason:
            raise Invalid(fields={"reason": [_("Say why the criterion does not apply to your agency.")]})
        if len(reason) > MAX_NOTE:
            raise Invalid(
                fields={
                    "reason": [_("The text is too long: at most %(max)s characters.") % {"max": MAX_NOTE}]
                }
            )
        pending = answer.na_requests.filter(state=NotApplicableRequest.State.PENDING).first()
        if pending is not None:
            if pending.reason != reason:
                before = {"reason": pending.reason}
                pending.reason, pending.requested_at = reason, now
                pending.requested_by_id = _user_id(actor)
                pending.save(update_fields=["reason", "requested_at", "requested_by"])
                _write(answer, actor, now)
                record(actor=actor.user, action="answer.not_applicable_reworded", obj=answer,
                       before=before, after={"reason": reason})  # fmt: skip
            return pending
        request = NotApplicableRequest.objects.create(
            answer=answer, reason=reason, requested_by_id=_user_id(actor), requested_at=now
        )
        said = declared(answer)
        answer.applicability = Applicability.REQUESTED
        _write(answer, actor, now, "applicability")
        record(actor=actor.user, action="answer.ask_not_applicable", obj=answer, after={"reason": reason})
        _rescore(sheet, answer, said, actor)
        return request


def take_back_not_applicable(*, answer: Answer, actor: Actor) -> Answer:
    """Take a request "not applicable" back while the sheet is being drafted. Twice is the same as once."""
    with transaction.atomic():
        sheet, answer, now = drafting(answer, actor)
        pending = answer.na_requests.filter(state=NotApplicableRequest.State.PENDING).first()
        if pending is None:
            return answer
        pending.state = NotApplicableRequest.State.TAKEN_BACK
        pending.decided_by_id, pending.decided_at = _user_id(actor), now
        pending.save(update_fields=["state", "decided_by", "decided_at"])
        said = declared(answer)
        answer.applicability = Applicability.APPLIES
        _write(answer, actor, now, "applicability")
        record(actor=actor.user, action="answer.take_back_not_applicable", obj=answer,
               before={"reason": pending.reason})  # fmt: skip
        _rescore(sheet, answer, said, actor)
        return answer


def clean_note(note: str) -> str:
    """The note with plain line ends, trimmed. Raises Invalid where it is too long."""
    note = note.replace("\r\n", "\n").strip()
    if len(note) > MAX_NOTE:
        raise Invalid(
            fields={"note": [_("The text is too long: at most %(max)s characters.") % {"max": MAX_NOTE}]}
        )
    return note


def require_version(answer: Answer, expected: int, *, offered: Mapping[str, object]) -> None:
    """StaleVersion with both texts where somebody saved since this person read the answer."""
    if expected != answer.version:
        raise StaleVersion(
            _(
                "Somebody else saved this criterion while you were writing. Nothing is lost: choose which text stays."
            ),
            current={
                "inputs": answer.inputs,
                "note": answer.note,
                "by": str(answer.answered_by or ""),
                "at": answer.answered_at,
            },
            offered=offered,
            version=answer.version,
        )


def drafting(answer: Answer, actor: Actor) -> tuple[Scoresheet, Answer, datetime]:
    """Lock, then ask permission, state and window, in this order. Within the caller's transaction."""
    sheet = locked_sheet(answer.scoresheet_id)
    answer = locked_answer(answer.pk, sheet)
    participation = sheet.participation
    require_edit_leaf(actor, agency_id=participation.agency_id, division_id=division_of(answer))
    if sheet.state != SheetState.DRAFTING:
        raise closed(sheet)
    require_open_to_change(sheet, answer)
    now = db_now()
    require_open(participation.cycle_block, Stage.SELF_ASSESSMENT, agency_id=participation.agency_id, now=now)
    return sheet, answer, now


def _write(answer: Answer, actor: Actor, now: datetime, *fields: str) -> None:
    answer.version += 1
    answer.answered_by_id, answer.answered_at = _user_id(actor), now
    answer.save(update_fields=[*fields, "version", "answered_by", "answered_at"])
    if answer.scoresheet.carried_from_id is not None:
        looked([answer.pk], who=SecondLook.Who.AGENCY, user_id=_user_id(actor), now=now)


def _as_stands(answer: Answer) -> dict[str, object]:
    return {
        "inputs": answer.inputs,
        "note": answer.note,
        "points": answer.self_points,
        "version": answer.version,
    }


def _user_id(actor: Actor) -> int:
    assert actor.user is not None  # roles are held by people alone
    return actor.user.pk
