"""What happened to an answer or a sheet, in words, as far as the agency may know it.

Built from the record (who changed what), the log of states, and the marks, decisions and questions of the
appraisal once their round is closed (seen.Curtain).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from parindex.audit.models import AuditEntry
from parindex.ui.formats import format_decimal, format_points
from scoring import engine
from scoring.assessment.input_words import inputs_in_words
from scoring.assessment.models import (
    Answer,
    ExplanationRequest,
    Mark,
    NotApplicableRequest,
    Scoresheet,
    SheetState,
    Transition,
)
from scoring.assessment.queries.amended import earlier_answers
from scoring.assessment.queries.seen import AFTER_ROUND_1, Curtain, marks_shown, transitions_of
from scoring.assessment.workflow import CARRIED_OVER, REPLACING
from scoring.criteria.comparison import Change
from scoring.criteria.models import Criterion
from scoring.criteria.trace_words import rule_of

LIMIT = 1000
#: What the agency itself did, in the record, on its answers.
OWN_ACTS = {
    "answer.save": gettext_lazy("Figures and note saved"),
    "answer.rescored": gettext_lazy("Computed again: the answer to another criterion changed"),
    "answer.ask_not_applicable": gettext_lazy("Asked that the criterion not apply"),
    "answer.not_applicable_reworded": gettext_lazy("Reason for “not applicable” changed"),
    "answer.take_back_not_applicable": gettext_lazy("Request “not applicable” taken back"),
    "answer.cite": gettext_lazy("Document cited"),
    "answer.uncite": gettext_lazy("Citation removed"),
    "answer.correct_citation": gettext_lazy("Page or clause of a citation changed"),
    "answer.citation_follows": gettext_lazy("Citation moved to the newer version of the document"),
    "explanation.save": gettext_lazy("Explanation saved"),
}
SHEET_ACTS = {"scoresheet.assign_divisions": gettext_lazy("Criteria assigned to divisions")}
STEP_TEXTS = {
    "submit_for_approval": gettext_lazy("Submitted to the head of the agency"),
    "return_to_draft": gettext_lazy("Returned to the editors by the head"),
    "approve": gettext_lazy("Approved and submitted to Home Affairs"),
    "withdraw": gettext_lazy("Withdrawn by the agency"),
    "close_draft": gettext_lazy("Self-assessment closed; the draft was taken as it stood"),
    "close_awaiting": gettext_lazy("Self-assessment closed; the sheet was taken before its approval"),
    "begin_appraisal": gettext_lazy("Appraisal begun"),
    "ask_for_explanation": gettext_lazy("Round 1 closed; an explanation is asked"),
    "close_round_1": gettext_lazy("Round 1 closed"),
    "send_explanation": gettext_lazy("Explanation sent by the head of the agency"),
    "close_explanation": gettext_lazy("Explanation round closed"),
    "close_round_2": gettext_lazy("Round 2 closed"),
    "return_to_round_2": gettext_lazy("Returned to round 2"),
    "finalise": gettext_lazy("Points finalised"),
    "reopen": gettext_lazy("Reopened for a correction"),
    CARRIED_OVER: gettext_lazy("Taken over from the sheet of the earlier criteria set"),
    **dict.fromkeys(REPLACING, gettext_lazy("Replaced: the criteria set was amended")),
}
STEP_TONES = {"return_to_draft": "warn", "withdraw": "warn", "ask_for_explanation": "warn", "reopen": "warn",
              "approve": "good", "finalise": "good", "send_explanation": "good"}  # fmt: skip
#: Steps whose reason speaks of marks that the agency may not see yet.
REASON_AFTER_FINAL = frozenset({"return_to_round_2"})


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. ``code`` names the leaf on a sheet's history; ``trace``, ``rule``: a mark's."""

    at: datetime
    who: str
    what: str
    detail: str = ""
    tone: str = ""
    before: str = ""
    after: str = ""
    code: str = ""
    trace: Mapping[str, Any] | None = None
    rule: engine.Rule | None = None


def answer_history(answer: Answer) -> list[Line]:
    """The story of one answer, latest first. Six queries at most."""
    sheet = answer.scoresheet
    curtain = Curtain.of(sheet, transitions_of(sheet))
    lines = _of_answers({answer.pk: answer.criterion}, sheet, curtain, answer=answer)
    return _latest_first([*lines, *_before_amendments(answer)])


def _before_amendments(answer: Answer) -> list[Line]:
    """What the agency did on the answers that this one took over from, and how it came over.

    Marks that came over stand with this answer; those that did not are told here, as far as they were shown.
    """
    found = earlier_answers(answer)
    if found is None:
        return []
    amendment, way, earlier = found
    told = _("Taken over into version %(number)s of the criteria set") % {
        "number": amendment.criteria_set.version
    }
    changed = f"{answer.criterion.code}: {Change(way.change).label}"
    lines = [Line(amendment.at, str(amendment.by), told, changed, "warn", code=answer.criterion.code)]
    for one in earlier:
        one.scoresheet.participation = answer.scoresheet.participation
        curtain = Curtain.of(one.scoresheet, transitions_of(one.scoresheet))
        entries = AuditEntry.objects.filter(
            object_type="scoring.answer", object_id=str(one.pk), action__in=OWN_ACTS
        ).order_by("-seq")[:LIMIT]
        lines += [_entry_line(entry, one.criterion) for entry in entries]
        if not way.is_kept:
            shown = marks_shown(one.scoresheet, curtain, answer=one)
            lines += _marks(shown, {one.pk: one.criterion}, together=False)
        lines += _before_amendments(one)
    return lines


def sheet_history(sheet: Scoresheet) -> list[Line]:
    """The story of a whole sheet, latest first, with the states it went through. Eight queries at most."""
    steps = transitions_of(sheet)
    curtain = Curtain.of(sheet, steps)
    leaves = {
        leaf.pk: leaf
        for leaf in Criterion.objects.filter(criteria_set_id=sheet.criteria_set_id, rule__isnull=False)
    }
    answers = {
        pk: leaves[criterion_id]
        for pk, criterion_id in Answer.objects.filter(scoresheet=sheet).values_list("pk", "criterion_id")
    }
    lines = [_step_line(step, curtain) for step in steps]
    entries = AuditEntry.objects.filter(
        object_type="scoring.scoresheet", object_id=str(sheet.pk), action__in=SHEET_ACTS
    )
    lines += [
        Line(entry.at, entry.actor_name, str(SHEET_ACTS[entry.action]), _assigned(entry.after))
        for entry in entries
    ]
    return _latest_first([*lines, *_of_answers(answers, sheet, curtain, together=True)])


def _latest_first(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _step_line(step: Transition, curtain: Curtain) -> Line:
    reason = step.reason if step.name not in REASON_AFTER_FINAL or curtain.shows_final else ""
    return Line(
        step.at,
        str(step.by or _("the portal")),
        str(STEP_TEXTS.get(step.name, step.name)),
        reason,
        STEP_TONES.get(step.name, "accent"),
        after=str(SheetState(step.target).label),
        before=str(SheetState(step.source).label) if step.source else "",
    )


def _of_answers(
    answers: Mapping[int, Criterion],
    sheet: Scoresheet,
    curtain: Curtain,
    *,
    answer: Answer | None = None,
    together: bool = False,
) -> list[Line]:
    entries = AuditEntry.objects.filter(
        object_type="scoring.answer", object_id__in=[str(pk) for pk in answers], action__in=OWN_ACTS
    ).order_by("-seq")[:LIMIT]
    lines = [_entry_line(entry, answers[int(entry.object_id)]) for entry in entries]
    lines += _marks(marks_shown(sheet, curtain, answer=answer), answers, together=together)
    requests = NotApplicableRequest.objects.filter(answer_id__in=answers, decided_at__isnull=False).exclude(
        state=NotApplicableRequest.State.TAKEN_BACK
    )
    for request in requests.select_related("decided_by"):
        if curtain.shows_decision(request):
            granted = request.state == NotApplicableRequest.State.GRANTED
            lines.append(
                Line(
                    request.decided_at or request.requested_at,
                    _appraisers(request.decided_by),
                    _("“Not applicable” granted") if granted else _("“Not applicable” refused"),
                    request.decision_reason,
                    "good" if granted else "bad",
                    code=answers[request.answer_id].code,
                )
            )
    if sheet.state in AFTER_ROUND_1:
        asked = ExplanationRequest.objects.filter(answer_id__in=answers).select_related("asked_by")
        for question in asked:
            if question.taken_back_at is None:
                lines.append(
                    Line(
                        question.asked_at,
                        _appraisers(question.asked_by),
                        _("Explanation asked"),
                        question.question,
                        "warn",
                        code=answers[question.answer_id].code,
                    )
                )
    return lines


def _marks(marks: list[Mark], answers: Mapping[int, Criterion], *, together: bool) -> list[Line]:
    """A line for each mark; ``together``: marks without a reason (they change nothing) as one line a round."""
    lines: list[Line] = []
    before: dict[int, Mark] = {}
    quiet: dict[int, list[Mark]] = {}
    for mark in marks:
        if together and not mark.reason:
            quiet.setdefault(mark.round, []).append(mark)
        else:
            lines.append(
                _mark_line(mark, answers[mark.answer_id], before.get(mark.answer_id), with_trace=not together)
            )
        before[mark.answer_id] = mark
    for round, same in quiet.items():
        people = ", ".join(sorted({_appraisers(mark.by) for mark in same}))
        text = ngettext(
            "%(count)s criterion keeps its self-assessed points.",
            "%(count)s criteria keep their self-assessed points.",
            len(same),
        )
        lines.append(Line(same[-1].at, people, _round_name(round), text % {"count": len(same)}, "accent"))
    return lines


def _round_name(round: int) -> str:
    return {1: _("Round 1 points"), 2: _("Round 2 points"), 3: _("Points of the council")}[round]


def _appraisers(person: object) -> str:
    return str(person) if person else ""


def _mark_line(mark: Mark, leaf: Criterion, before: Mark | None, *, with_trace: bool) -> Line:
    return Line(
        mark.at,
        _appraisers(mark.by),
        _round_name(mark.round),
        mark.reason,
        "accent",
        before=format_points(before.points, 6) if before else "",
        after=f"{format_points(mark.points, 6)} / {format_decimal(mark.applicable_max)}",
        code=leaf.code,
        trace=mark.trace if with_trace else None,
        rule=rule_of(leaf) if with_trace else None,
    )


def _entry_line(entry: AuditEntry, leaf: Criterion) -> Line:
    before, after = entry.before or {}, entry.after or {}
    detail, old, new = "", "", ""
    if entry.action == "answer.save":
        old, new = _stand(leaf, before), _stand(leaf, after)
        if before.get("note", "") != after.get("note", ""):
            detail = _("Note: %(text)s") % {"text": after.get("note") or _("(removed)")}
        if old == new:
            old = new = ""
    elif entry.action == "answer.rescored":
        old, new = _stand(leaf, before), _stand(leaf, after)
        detail = ", ".join(map(str, after.get("because", [])))
        if after.get("points") is None:
            detail += ". " + _("Its figures are kept; it has to be filled in again.")
    elif entry.action in ("answer.cite", "answer.uncite", "answer.correct_citation"):
        told = after or before
        detail = " · ".join(str(told[key]) for key in ("document", "page", "clause") if told.get(key))
        if entry.action == "answer.correct_citation":
            old, new = _place(before), _place(after)
    elif entry.action == "answer.citation_follows":
        detail = str(after.get("document", ""))
    elif entry.action == "explanation.save":
        detail = str(after.get("text", ""))
    else:
        detail = str(after.get("reason") or before.get("reason") or "")
    return Line(
        entry.at,
        entry.actor_name,
        str(OWN_ACTS[entry.action]),
        detail,
        "",
        before=old,
        after=new,
        code=leaf.code,
    )


def _place(told: Mapping[str, Any]) -> str:
    return " · ".join(str(told[key]) for key in ("page", "clause") if told.get(key))


def _stand(leaf: Criterion, told: Mapping[str, Any]) -> str:
    """Inputs and points in one run of text; empty where nothing was declared."""
    if not told.get("inputs"):
        return ""
    rule = engine.parse_rule(leaf.rule or {}, max_points=leaf.max_points)
    words = "; ".join(f"{label}: {value}" for label, value in inputs_in_words(rule, told["inputs"]))
    points = told.get("points")
    return f"{words} ({_points(points)})" if points is not None else words


def _points(value: str) -> str:
    return _("%(points)s points") % {"points": format_points(Decimal(value), 6)}


def _assigned(after: Mapping[str, Any] | None) -> str:
    return "; ".join(f"{code}: {name or '—'}" for code, name in (after or {}).items())
