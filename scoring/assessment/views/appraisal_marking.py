"""The marking page of one leaf, its live preview, decisions and questions, and the bulk act."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from parindex.errors import Invalid, NotVisible, Refusal, StaleVersion
from parindex.ui.formats import format_decimal, format_points
from scoring import engine
from scoring.assessment.appraisal_permissions import Reach
from scoring.assessment.forms.answer import LeafInputs, inputs_form, inputs_in_words
from scoring.assessment.forms.appraisal import DecisionForm, MarkForm
from scoring.assessment.models import Answer, Mark
from scoring.assessment.queries import worklist as work
from scoring.assessment.queries.amended import earlier_of, following_answer
from scoring.assessment.queries.appraisal import LeafWork, answer_for_appraisal, read_work, shown_expression
from scoring.assessment.queries.appraisal_sums import caps_above
from scoring.assessment.queries.effect import decision_effect
from scoring.assessment.queries.facts import is_lapsed
from scoring.assessment.queries.panels import reach_of
from scoring.assessment.services.explanations import take_back_request
from scoring.assessment.services.marks import facts_now, record_mark, score_for_mark, self_score
from scoring.assessment.services.not_applicable import decide_not_applicable
from scoring.assessment.views.appraisal_base import actor_of, appraisal_page, say
from scoring.criteria.wording import trace_in_words

KEY = "in"
#: Ready-made reasons; a click puts one into the field.
SENTENCES = (
    gettext_lazy("Late, without a written extension."),
    gettext_lazy("The figures do not agree with the report."),
    gettext_lazy("The evidence does not show this."),
    gettext_lazy("The document was issued outside the period."),
)


@require_http_methods(["GET", "HEAD", "POST"])
@appraisal_page
def leaf(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The marking page; POST records the mark and goes on to the next by the filter."""
    actor = actor_of(request)
    try:
        answer, reach = answer_for_appraisal(actor, public_id)
    except NotVisible:
        if (elsewhere := _after_amendment(request, public_id)) is None:
            raise
        return elsewhere
    if request.method != "POST":
        return _render(request, answer, reach)
    form = MarkForm(request.POST)
    form.is_valid()
    inputs = inputs_form(_rule(answer), key=KEY, data=request.POST, facts=facts_now(answer))
    try:
        recorded = record_mark(
            answer=answer,
            actor=actor,
            round=_number(request.POST.get("round")),
            reason=form.cleaned_data.get("reason", ""),
            expected_version=_number(request.POST.get("version")),
            inputs_raw=None if form.types_points else inputs.raw,
            points_raw=(form["points"].value() or "") if form.types_points else None,
            ask_explanation=form.cleaned_data.get("ask", False)
            if "offers_question" in request.POST
            else None,
            question=form.cleaned_data.get("question", ""),
        )
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        return _refused(request, answer, reach, form, inputs, refused)
    messages.success(
        request,
        _("%(code)s · %(agency)s: %(points)s points saved.")
        % {
            "code": answer.criterion.code,
            "agency": answer.scoresheet.participation.agency.name,
            "points": format_points(recorded.mark.points, 6),
        },
    )
    if recorded.rescored:
        codes = ", ".join(mark.answer.criterion.code for mark in recorded.rescored)
        messages.info(
            request, _("Marks that depend on it were computed again: %(codes)s.") % {"codes": codes}
        )
        if again := [mark.answer.criterion.code for mark in recorded.rescored if is_lapsed(mark)]:
            text = _("These have to be marked again, other figures are asked there now: %(codes)s.")
            messages.warning(request, text % {"codes": ", ".join(again)})
    return _go_on(request, answer, reach)


def _after_amendment(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse | None:
    """From a leaf of a replaced sheet to what follows it, for those who mark that; None for everybody else."""
    following = following_answer(public_id)
    if following is None:
        return None
    sheet = following.scoresheet
    agency_id = sheet.participation.agency_id
    reach = reach_of(actor_of(request), sheet.participation.cycle_block)
    if agency_id in reach.barred or not reach.duty.covers(agency_id, following.criterion_id):
        return None
    messages.warning(
        request,
        _(
            "The criteria set was amended and this scoresheet was replaced by another one. Nothing was saved here."
        ),
    )
    if reach.sees_leaf(agency_id, following.criterion_id, sheet.state):
        return HttpResponseRedirect(reverse("appraisal:leaf", args=[following.public_id]))
    return HttpResponseRedirect(reverse("appraisal:worklist"))


def _go_on(request: HttpRequest, answer: Answer, reach: Reach) -> HttpResponse:
    """To the next that waits, or back to the list; "stay" stays."""
    filters = work.Filters.read(request.GET)
    query = f"?{filters.as_query}" if filters.as_query else ""
    if "stay" in request.POST:
        return HttpResponseRedirect(reverse("appraisal:leaf", args=[answer.public_id]) + query)
    ground = work.ground_in(answer.scoresheet.participation.cycle_block, reach, filters)
    following = work.place_of(ground, answer).following
    if following is not None:
        return HttpResponseRedirect(reverse("appraisal:leaf", args=[following.public_id]) + query)
    messages.info(request, _("Nothing is left by this filter."))
    return HttpResponseRedirect(reverse("appraisal:worklist") + query)


def _refused(
    request: HttpRequest, answer: Answer, reach: Reach, form: MarkForm, inputs: LeafInputs, refused: Refusal
) -> HttpResponse:
    """The page with what was typed and why it was not saved."""
    problems: list[str] = []
    conflict: list[tuple[str, str, str]] = []
    if isinstance(refused, StaleVersion):
        conflict = _conflict(answer, refused)
    else:
        known = {name: texts for name, texts in refused.fields.items() if name in form.fields}
        problems = form.refuse(known)
        rest = {name: texts for name, texts in refused.fields.items() if name not in form.fields}
        inputs.show_faults({name: texts for name, texts in rest.items() if name})
        for name, texts in rest.items():
            field = inputs._owner(name) if name else None
            label = f"{inputs.fields[field].label}: " if field is not None else ""
            problems += [f"{label}{text}" for text in texts]
    return _render(
        request,
        answer,
        reach,
        form=form,
        inputs=inputs,
        summary=None if conflict else form,
        problems=problems,
        conflict=conflict,
        stale=refused if conflict else None,
        status=422 if refused.status == 400 else refused.status,
    )


def _render(
    request: HttpRequest,
    answer: Answer,
    reach: Reach,
    *,
    form: MarkForm | None = None,
    inputs: LeafInputs | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    actor = actor_of(request)
    filters = work.Filters.read(request.GET)
    ground = work.ground_in(answer.scoresheet.participation.cycle_block, reach, filters)
    sheet_work = read_work(answer.scoresheet, reach, actor, answer=answer)
    one = sheet_work.leaves[0]
    answer = one.answer or answer
    one.caps = caps_above(answer.scoresheet, one.criterion, reach)
    round_now = one.in_round if _may_mark(one, sheet_work.can_settle) else None
    current = one.current
    rule = one.rule
    earlier = earlier_of(answer) if one.answer is not None else None
    offered = earlier.offer(rule) if earlier is not None and current is None else None
    form = form or MarkForm(initial=_initial(one, current, offered))
    inputs = inputs or inputs_form(
        rule, key=KEY, inputs=_first_inputs(one, current or offered), facts=one.facts
    )
    context: dict[str, Any] = {
        "title": f"{one.criterion.code} {one.criterion.title}",
        "leaf": one,
        "returned": sheet_work.returned,
        "last_note": sheet_work.last_note,
        "answer": answer,
        "sheet": answer.scoresheet,
        "agency": answer.scoresheet.participation.agency,
        "cycle_block": answer.scoresheet.participation.cycle_block,
        "filters": filters,
        "query": f"?{filters.as_query}" if filters.as_query else "",
        "place": work.place_of(ground, answer),
        "round": round_now,
        "round_label": Mark.Round(one.in_round).label if one.in_round and (round_now or one.mine) else "",
        "form": form,
        "inputs": inputs,
        "version": answer.version if more.get("stale") is None else more["stale"].version,
        "is_manual": rule.kind == "manual",
        "decision_form": more.pop("decision_form", None) or DecisionForm(),
        "effect": decision_effect(answer.scoresheet, answer, reach) if one.request else None,
        "history": _history(one),
        "earlier": earlier,
        "preview": _shown(one.answer, current),
        "sentences": SENTENCES,
        **more,
    }
    return render(request, "admin/appraisal/leaf.html", context, status=status)


def _may_mark(one: LeafWork, can_settle: bool) -> bool:
    if not one.is_open or one.is_requested:
        return False
    if one.in_round == Mark.Round.COUNCIL:
        return can_settle
    granted = one.answer is not None and one.answer.applicability == Answer.Applicability.GRANTED
    return one.mine and not granted


def _initial(one: LeafWork, current: Mark | None, offered: Mark | None = None) -> dict[str, Any]:
    typed = current is not None and current.inputs is None and current.round == one.in_round
    return {
        "how": "points" if typed else "inputs",
        "points": current.points if typed and current else None,
        "reason": current.reason
        if current and current.round == one.in_round
        else (offered.reason if offered is not None else ""),
        "ask": one.asked is not None,
        "question": one.asked.question if one.asked else "",
    }


def _first_inputs(one: LeafWork, current: Mark | None) -> dict[str, Any] | None:
    explanation: Any = one.explanation
    if explanation is not None and explanation.inputs and (current is None or current.round == 1):
        return explanation.inputs
    if current is not None and current.inputs is not None:
        return current.inputs
    return one.answer.inputs if one.answer else None


def _history(one: LeafWork) -> list[dict[str, Any]]:
    entries = []
    for mark in reversed(one.marks):
        entries.append(
            {
                "at": mark.at,
                "who": str(mark.by),
                "what": _("%(round)s: %(points)s of %(max)s points")
                % {
                    "round": mark.get_round_display(),
                    "points": format_points(mark.points, 6),
                    "max": format_points(mark.applicable_max, 6),
                },
                "detail": mark.reason,
                "tone": "accent",
            }
        )
    return entries


@require_safe
@appraisal_page
def preview(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The points that what is typed would give. Nothing is saved."""
    answer, _reach = answer_for_appraisal(actor_of(request), public_id)
    form = MarkForm(request.GET)
    try:
        if form.types_points:
            score = score_for_mark(answer, points_raw=form["points"].value() or "")
        else:
            inputs = inputs_form(_rule(answer), key=KEY, data=request.GET, facts=facts_now(answer))
            score = score_for_mark(answer, inputs_raw=inputs.raw)
        shown = _told(answer, score)
    except Refusal as refused:
        shown = {"problem": " ".join(refused.messages)}
    return render(request, "admin/appraisal/_preview.html", {"preview": shown, "answer": answer})


def _shown(answer: Answer | None, mark: Mark | None) -> dict[str, Any] | None:
    if answer is None or mark is None:
        return None
    return _told(answer, engine.Score(mark.points, mark.applicable_max, mark.trace))


def _told(answer: Answer, score: engine.Score) -> dict[str, Any]:
    own = self_score(answer)
    return {
        "points": score.points,
        "maximum": score.applicable_max,
        "expression": shown_expression(score.trace),
        "words": trace_in_words(score.trace),
        "trace": score.trace,
        "rule": _rule(answer),
        "change": score.points - own.points,
        "change_text": format_decimal(score.points - own.points, signed=True),
        "differs": (score.points, score.applicable_max) != (own.points, own.applicable_max),
    }


@require_POST
@appraisal_page
def decide(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Grant or refuse "not applicable"."""
    answer, reach = answer_for_appraisal(actor_of(request), public_id)
    form = DecisionForm(request.POST)
    form.is_valid()
    decision = request.POST.get("decision")
    try:
        if decision not in ("grant", "refuse"):
            raise Invalid(_("Choose whether to grant or to refuse. Nothing was saved."))
        decide_not_applicable(
            answer=answer,
            actor=actor_of(request),
            grant=decision == "grant",
            reason=form.cleaned_data.get("reason", ""),
            expected_version=_number(request.POST.get("version")),
        )
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        problems = form.refuse(refused.fields)
        status = 422 if refused.status == 400 else refused.status
        return _render(
            request, answer, reach, decision_form=form, summary=form, problems=problems, status=status
        )
    messages.success(request, _("The decision is saved."))
    return _go_on(request, answer, reach)


@require_POST
@appraisal_page
def take_back(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take an explanation request back."""
    answer, _reach = answer_for_appraisal(actor_of(request), public_id)
    filters = work.Filters.read(request.GET)
    back = reverse("appraisal:leaf", args=[public_id]) + (f"?{filters.as_query}" if filters.as_query else "")
    try:
        take_back_request(answer=answer, actor=actor_of(request))
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        return say(request, refused, back)
    messages.success(request, _("The explanation request was taken back."))
    return HttpResponseRedirect(back)


def _conflict(answer: Answer, stale: StaleVersion) -> list[tuple[str, str, str]]:
    """(label, saved now, typed here) of what two people wrote."""
    now, mine = stale.current, stale.offered
    rule = _rule(answer)
    points = now.get("points")
    typed = mine.get("points")
    rows = [
        (
            _("Points"),
            format_points(points, 6) if isinstance(points, Decimal) else "",
            str(typed) if typed is not None else _in_words(rule, mine.get("inputs")),
        ),
        (_("Inputs"), _in_words(rule, now.get("inputs")), _in_words(rule, mine.get("inputs"))),
        (_("Reason"), str(now.get("reason") or ""), str(mine.get("reason") or "")),
    ]
    return [row for row in rows if row[1] or row[2]]


def _in_words(rule: engine.Rule, inputs: Any) -> str:
    return "; ".join(f"{label}: {value}" for label, value in inputs_in_words(rule, inputs)) if inputs else ""


def _rule(answer: Answer) -> engine.Rule:
    return engine.parse_rule(answer.criterion.rule or {}, max_points=answer.criterion.max_points)


def _number(text: str | None) -> int:
    """A whole number that was sent, -1 where there is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else -1
