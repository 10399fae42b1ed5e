"""An assessor's or council member's points on one leaf: added to the marks before, never in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid, StaleVersion, WrongState
from scoring import engine
from scoring.assessment.appraisal_permissions import ROUND_OF_STATE, Reach, require_mark, round_reached
from scoring.assessment.models import (
    Answer,
    ExplanationRequest,
    Mark,
    Scoresheet,
    SecondLook,
    SheetState,
    Stage,
)
from scoring.assessment.queries.facts import Facts, facts_for, is_lapsed, try_score
from scoring.assessment.queries.panels import reach_of
from scoring.assessment.services.answers import facts_of, refusal, rule_of
from scoring.assessment.services.dependents import rescore_marks
from scoring.assessment.services.locks import closed, locked_answer, locked_sheet, raise_sheet_version
from scoring.assessment.services.second_looks import looked
from scoring.assessment.windows import require_open
from scoring.assessment.workflow import take_step

if TYPE_CHECKING:
    from agencies.actors import Actor

MAX_TEXT = 10_000
STAGE_OF_ROUND = {
    Mark.Round.ROUND_1: Stage.ROUND_1,
    Mark.Round.ROUND_2: Stage.ROUND_2,
    Mark.Round.COUNCIL: Stage.COUNCIL,
}
Applicability = Answer.Applicability
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The mark that now counts; ``changed`` is False where it already stood so.

    ``rescored``: marks of leaves that look at this one and came out otherwise.
    """

    mark: Mark
    answer: Answer
    changed: bool
    rescored: Sequence[Mark] = ()


@dataclass(frozen=True, slots=True)
class Marking:
    """An answer locked for a mark, by somebody who may give it, at a moment inside the window."""

    sheet: Scoresheet
    answer: Answer
    round: Mark.Round
    now: datetime
    reach: Reach


def record_mark(
    *,
    answer: Answer,
    actor: Actor,
    round: int,
    reason: str,
    expected_version: int,
    inputs_raw: Mapping[str, object] | None = None,
    points_raw: object = None,
    ask_explanation: bool | None = None,
    question: str = "",
) -> Recorded:
    """Mark one leaf in a round: corrected inputs, scored by its rule, or typed points with a reason.

    Points have six places, within [0, maximum] and in the rule's steps. A reason is needed where the mark
    differs from the self-assessment, in round 2 also where it differs from round 1, for typed points and for
    the council. The first mark of a submitted sheet begins its appraisal. ``ask_explanation``: True asks with
    ``question`` (round 1), False takes an open request back, None leaves it. The same mark again by the same
    person changes nothing, so a double click is harmless.
    Raises NotVisible, NotPermitted, WrongState, WindowClosed, StaleVersion (both texts) or Invalid by field.
    """
    from scoring.assessment.services.explanations import settle_request

    with transaction.atomic():
        work = locked_for_mark(answer, actor=actor, round=round)
        answer = work.answer
        if answer.applicability == Applicability.REQUESTED:
            raise WrongState(_("“Not applicable” is asked for here: grant or refuse it first."))
        if answer.applicability == Applicability.GRANTED and work.round != Mark.Round.COUNCIL:
            raise WrongState(
                _("“Not applicable” was granted here. Change that decision before giving points.")
            )
        reason = clean_text(reason, "reason")
        before = last_mark(answer)
        offered = {"inputs": inputs_raw, "points": points_raw, "reason": reason}
        facts = facts_of(answer, work.sheet, up_to=work.round)
        inputs, score = _scored(answer, inputs_raw, points_raw, facts)
        if before is not None and _is_same(before, actor, work.round, inputs, score, reason):
            settle_request(work, actor=actor, wanted=ask_explanation, question=question)
            return Recorded(before, answer, changed=False)
        _require_version(answer, expected_version, before, offered)
        _require_reason(answer, score, work.round, before, reason, typed=inputs is None)
        mark = append_mark(work, actor=actor, inputs=inputs, score=score, reason=reason)
        settle_request(work, actor=actor, wanted=ask_explanation, question=question)
        begin_appraisal(work, actor=actor)
        record(actor=actor.user, action="mark.record", obj=answer, before=told(before), after=told(mark))
        return Recorded(mark, answer, True, follow_marks(work, actor=actor))


def score_for_mark(
    answer: Answer, *, inputs_raw: Mapping[str, object] | None = None, points_raw: object = None
) -> engine.Score:
    """What a mark would give now, for the live preview. Writes nothing. Raises Invalid by field."""
    return _scored(answer, inputs_raw, points_raw, facts_now(answer))[1]


def facts_now(answer: Answer) -> Facts:
    """What the answer's rule looks at in the round that its sheet (with its set) stands in, else as it ended."""
    return facts_of(answer, answer.scoresheet, up_to=round_reached(answer.scoresheet.state))


def follow_marks(work: Marking, *, actor: Actor) -> list[Mark]:
    """Score the marks again that look at the leaf which was marked, or decided on, just now."""
    sheet = work.sheet
    return rescore_marks(
        {sheet.pk: {work.answer.criterion.code}},
        {sheet.pk: sheet},
        actor=actor,
        round=work.round,
        now=work.now,
    )


# --- pieces that other acts on marks share ------------------------------------------------------


def locked_for_mark(answer: Answer, *, actor: Actor, round: int) -> Marking:
    """Lock sheet and answer, then ask permission, state and window, in this order."""
    sheet = locked_sheet(answer.scoresheet_id)
    answer = locked_answer(answer.pk, sheet)
    participation = sheet.participation
    reach = reach_of(actor, participation.cycle_block)
    if sheet.state == SheetState.REPLACED and reach.sees_earlier(sheet):
        raise closed(sheet)
    require_mark(
        reach,
        actor=actor,
        agency_id=participation.agency_id,
        criterion_id=answer.criterion_id,
        round=round,
        state=sheet.state,
    )
    if answer.applicability == Applicability.PROFILE:
        raise WrongState(_("This criterion does not apply to the agency: there is nothing to mark."))
    now = db_now()
    stands_in = require_round(sheet, round, now=now)
    if stands_in == Mark.Round.ROUND_1 and was_marked_later(answer):
        raise WrongState(
            _(
                "This criterion was marked in a later round before the criteria set was amended and did not change: "
                "those points stand. Nothing was saved."
            )
        )
    if stands_in == Mark.Round.ROUND_2 and not (
        is_open_in_round_2(sheet, answer) or is_lapsed(last_mark(answer))
    ):
        raise WrongState(
            _("Round 2 covers the criteria on which an explanation was asked. This is not one of them.")
        )
    if stands_in == Mark.Round.ROUND_2 and is_settled(answer):
        raise WrongState(
            _(
                "The council has settled this criterion: round 2 no longer marks it. "
                "Only the council can settle it again. Nothing was saved."
            )
        )
    return Marking(sheet, answer, stands_in, now, reach)


def require_round(sheet: Scoresheet, round: int, *, now: datetime) -> Mark.Round:
    """The round, when the sheet stands in it and its window is open. WrongState or WindowClosed otherwise."""
    stands_in = ROUND_OF_STATE.get(sheet.state)
    if stands_in is None or stands_in != round:
        raise WrongState(
            _("The scoresheet is now in the state “%(state)s”: this round takes no marks. Nothing was saved.")
            % {"state": sheet.get_state_display()}
        )
    participation = sheet.participation
    require_open(
        participation.cycle_block, STAGE_OF_ROUND[stands_in], agency_id=participation.agency_id, now=now
    )
    return stands_in


def is_open_in_round_2(sheet: Scoresheet, answer: Answer) -> bool:
    """Whether round 2 takes marks on this leaf: an explanation was asked, or the council sent the sheet back."""
    asked = ExplanationRequest.objects.filter(answer=answer, taken_back_at=None)
    return asked.exists() or sheet.transitions.filter(name="return_to_round_2").exists()


def was_marked_later(answer: Answer) -> bool:
    """Whether a mark of round 2 or the council came over from an earlier version of the set: it stands."""
    return Mark.objects.filter(answer=answer, round__gt=Mark.Round.ROUND_1).exists()


def is_settled(answer: Answer) -> bool:
    """Whether the council gave points here: they count before any round's, so the rounds no longer mark it."""
    return Mark.objects.filter(answer=answer, round=Mark.Round.COUNCIL).exists()


def append_mark(
    work: Marking,
    *,
    actor: Actor,
    inputs: Mapping[str, Any] | None,
    score: engine.Score,
    reason: str,
    in_bulk: bool = False,
) -> Mark:
    """Add the mark and raise the answer's version; for the council's mark the sheet's as well."""
    assert actor.user is not None  # roles are held by people alone
    mark = Mark.objects.create(
        answer=work.answer,
        round=work.round,
        by=actor.user,
        inputs=inputs,
        points=score.points,
        applicable_max=score.applicable_max,
        trace=score.trace,
        reason=reason,
        in_bulk=in_bulk,
        at=work.now,
    )
    raise_version(work.answer)
    if work.sheet.carried_from_id is not None:
        looked([work.answer.pk], who=SecondLook.Who.APPRAISER, user_id=actor.user.pk, now=work.now)
    if work.round == Mark.Round.COUNCIL:
        raise_sheet_version(work.sheet)
    return mark


def raise_version(answer: Answer, *fields: str) -> None:
    """Every act on an answer raises its version, so that whoever read it before is told."""
    answer.version += 1
    answer.save(update_fields=[*fields, "version"])


def begin_appraisal(work: Marking, *, actor: Actor) -> None:
    """The first mark moves a submitted sheet on; from then on the agency can't withdraw it."""
    if work.sheet.state == SheetState.SUBMITTED:
        take_step(
            "begin_appraisal",
            sheet=work.sheet,
            actor=actor,
            agency_id=work.sheet.participation.agency_id,
            now=work.now,
        )


def last_mark(answer: Answer, *, up_to: int = Mark.Round.COUNCIL) -> Mark | None:
    """The mark that counts: the last of the highest round. One query."""
    marks = Mark.objects.filter(answer=answer, round__lte=up_to).order_by("-round", "-pk")
    return marks.select_related("by").first()


def self_score(answer: Answer) -> engine.Score:
    """The self-assessment as a score; an unanswered leaf gives 0 of its maximum."""
    if answer.self_points is None:
        return engine.unanswered(answer.criterion.max_points)
    maximum = answer.criterion.max_points if answer.applicable_max is None else answer.applicable_max
    return engine.Score(answer.self_points, maximum, answer.trace or {})


def standing_score(answer: Answer, facts: Facts) -> engine.Score:
    """The self-assessment as it counts in a round: what looks at other leaves is scored by what stands there now."""
    rule = rule_of(answer)
    if answer.self_points is None or not rule.looks_at():
        return self_score(answer)
    return try_score(rule, answer.inputs, facts) or engine.unanswered(rule.max_points)


def clean_text(text: str, field: str) -> str:
    """A text with plain line ends, trimmed. Raises Invalid where it is too long."""
    text = text.replace("\r\n", "\n").strip()
    if len(text) > MAX_TEXT:
        raise Invalid(
            fields={field: [_("The text is too long: at most %(max)s characters.") % {"max": MAX_TEXT}]}
        )
    return text


def told(mark: Mark | None) -> dict[str, object] | None:
    """What the record keeps of a mark."""
    if mark is None:
        return None
    return {
        "round": mark.round,
        "inputs": mark.inputs,
        "points": mark.points,
        "maximum": mark.applicable_max,
        "reason": mark.reason,
    }


def _scored(
    answer: Answer, inputs_raw: Mapping[str, object] | None, points_raw: object, facts: Facts
) -> tuple[dict[str, Any] | None, engine.Score]:
    """Canonical inputs (None for typed points) and their score, by the rule of the leaf."""
    leaf, rule = answer.criterion, rule_of(answer)
    known = facts_for(rule, facts)
    try:
        if points_raw is None:
            inputs = engine.clean_inputs(rule, inputs_raw or {}, facts=known)
            return inputs, engine.score(rule, leaf.max_points, inputs, facts=known)
        steps = [rule.round_to, getattr(rule.body, "step", None)]
        return None, engine.typed_points(
            leaf.max_points, points_raw, next((step for step in steps if step is not None), None)
        )
    except engine.InputErrors as errors:
        raise Invalid(fields=refusal(errors).fields) from errors


def _require_version(
    answer: Answer, expected: int, before: Mark | None, offered: Mapping[str, object]
) -> None:
    if expected == answer.version:
        return
    raise StaleVersion(
        _(
            "Somebody else worked on this criterion while you were writing. Nothing is lost: choose which mark stays."
        ),
        current={
            "points": before.points if before else None,
            "maximum": before.applicable_max if before else None,
            "inputs": before.inputs if before else None,
            "reason": before.reason if before else "",
            "by": str(before.by) if before else "",
            "at": before.at if before else None,
        },
        offered=offered,
        version=answer.version,
    )


def _is_same(
    before: Mark,
    actor: Actor,
    round: int,
    inputs: Mapping[str, Any] | None,
    score: engine.Score,
    reason: str,
) -> bool:
    return (
        actor.user is not None
        and before.by_id == actor.user.pk
        and before.round == round
        and before.inputs == inputs
        and before.points == score.points
        and before.applicable_max == score.applicable_max
        and before.reason == reason
        and not is_lapsed(before)
    )


def _require_reason(
    answer: Answer, score: engine.Score, round: int, before: Mark | None, reason: str, *, typed: bool
) -> None:
    if reason:
        return
    given = (score.points, score.applicable_max)
    own = self_score(answer)
    if round == Mark.Round.COUNCIL:
        need = _("Say why the council settles on these points.")
    elif given != (own.points, own.applicable_max):
        need = _("The points differ from the self-assessment: give the reason.")
    elif round == Mark.Round.ROUND_2 and before and given != (before.points, before.applicable_max):
        need = _("The points differ from round 1: give the reason.")
    elif typed and (answer.criterion.rule or {}).get("kind") != "manual":
        need = _("Points that are typed instead of following from the inputs need a reason.")
    else:
        return
    raise Invalid(fields={"reason": [need]})
