"""Write one row of the sheet: save, preview, clear, "not applicable". Each answer is saved by itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from parindex.clock import db_now
from parindex.errors import NotPermitted, NotVisible, Refusal, StaleVersion
from scoring.assessment import permissions
from scoring.assessment.forms.answer import VersionForm, inputs_form
from scoring.assessment.models import Answer
from scoring.assessment.queries.effect import effects_on_sheet
from scoring.assessment.queries.leaves import LeafView
from scoring.assessment.queries.sheet import SheetView, read_sheet
from scoring.assessment.services import answers
from scoring.assessment.views.workspace_base import (
    WHOLE_LEAF,
    Row,
    actor_of,
    agency_page,
    area_code,
    is_htmx,
    render_area,
    render_leaf,
    row_of,
    sheet_url,
    shows_effect,
)
from scoring.criteria.wording import expression_in_words, trace_in_words


def row_url(answer: Answer) -> str:
    """The row of the answer on its sheet's page."""
    return sheet_url(answer.scoresheet, area=area_code(answer), anchor=f"leaf-{answer.public_id}")


@require_http_methods(["GET", "HEAD", "POST"])
@agency_page
def answer(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The row of an answer; POST saves it."""
    found = permissions.answer_for(actor_of(request), public_id)
    if request.method != "POST":
        if is_htmx(request):
            return render_leaf(request, found.scoresheet, found, "workspace/parts/leaf_whole.html")
        return HttpResponseRedirect(row_url(found))
    note = request.POST.get("note", "")
    raw = inputs_form(answers.rule_of(found), key=found.public_id.hex, data=request.POST).raw
    if "clear" in request.POST:
        raw = {}
    try:
        saved = answers.save_answer(
            answer=found,
            actor=actor_of(request),
            inputs_raw=raw,
            note=note,
            expected_version=VersionForm.read(request.POST),
        )
    except (NotVisible, NotPermitted):
        raise
    except Refusal as refused:
        return _not_saved(request, found, note, refused)
    if is_htmx(request):
        whole = "clear" in request.POST or "whole" in request.POST
        template = WHOLE_LEAF if whole else "workspace/parts/saved.html"
        return render_leaf(request, saved.answer.scoresheet, saved.answer, template, rescored=saved.rescored)
    messages.success(request, _("%(code)s is saved.") % {"code": found.criterion.code})
    if saved.rescored:
        codes = ", ".join(one.criterion.code for one in saved.rescored)
        messages.info(
            request, _("These depend on it and were looked at again: %(codes)s.") % {"codes": codes}
        )
    return HttpResponseRedirect(row_url(found))


def _not_saved(request: HttpRequest, found: Answer, note: str, refused: Refusal) -> HttpResponse:
    """The row with what was typed and why it was not saved; typed text is never lost."""

    def typed(leaf: LeafView) -> Row:
        return row_of(leaf, data=request.POST, note=note, refused=refused)

    def rows(view: SheetView) -> Mapping[int, Row]:
        return {found.pk: typed(view.leaf(found))}

    incomplete = isinstance(refused, answers.Incomplete)
    status = 422 if refused.status == 400 else refused.status
    if is_htmx(request):
        response = render_leaf(
            request,
            found.scoresheet,
            found,
            "workspace/parts/not_saved.html",
            status=202 if incomplete else status,  # half typed is no error: nothing is done yet, quietly
            row=typed,
            incomplete=incomplete,
            stale=refused if isinstance(refused, StaleVersion) else None,
        )
        response.headers["X-Kept"] = "1"
        return response
    return render_area(request, found.scoresheet, area=area_code(found), typed=rows, status=status)


@require_safe
@agency_page
def preview(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The points that the typed figures would give. Nothing is saved."""
    found = permissions.answer_for(actor_of(request), public_id)
    raw = inputs_form(answers.rule_of(found), key=found.public_id.hex, data=request.GET).raw
    context: dict[str, Any] = {"key": found.public_id.hex, "answer": found}
    try:
        _inputs, score = answers.scored(found, raw, answers.facts_of(found, found.scoresheet))
    except Refusal:
        score = None
    if score is not None:
        context |= {
            "expression": expression_in_words(score.trace),
            "trace": trace_in_words(score.trace),
            "points": score.points,
            "maximum": score.applicable_max,
            "differs": score.points != found.self_points,
        }
    return render(request, "workspace/parts/preview.html", context)


@require_safe
@agency_page
def not_applicable_effect(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What it would do to the agency's maximum and index if the leaf did not apply. Nothing is saved."""
    found = permissions.answer_for(actor_of(request), public_id)
    view = read_sheet(
        found.scoresheet, actor=actor_of(request), now=db_now(), area=area_code(found), last_year=False
    )
    leaf = view.leaf(found)
    effects = effects_on_sheet(view, [leaf] if shows_effect(leaf) else [])
    return render(request, "components/effect.html", {"effect": effects.get(found.pk)})


@require_POST
@agency_page
def ask_not_applicable(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask that the leaf not count, with a reason."""
    found = permissions.answer_for(actor_of(request), public_id)
    reason = request.POST.get("reason", "")
    return _act(
        request,
        found,
        lambda: answers.ask_not_applicable(answer=found, actor=actor_of(request), reason=reason),
        _("%(code)s: “not applicable” is asked for."),
        typed_reason=reason,
    )


@require_POST
@agency_page
def take_back_not_applicable(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take that request back."""
    found = permissions.answer_for(actor_of(request), public_id)
    return _act(
        request,
        found,
        lambda: answers.take_back_not_applicable(answer=found, actor=actor_of(request)),
        _("%(code)s: the request “not applicable” is taken back."),
    )


def _act(
    request: HttpRequest, found: Answer, act: Callable[[], object], done: str, *, typed_reason: str = ""
) -> HttpResponse:
    """Carry out an act that changes the whole row, and show the row."""
    refused: Refusal | None = None
    try:
        act()
    except (NotVisible, NotPermitted):
        raise
    except Refusal as error:
        refused = error
    status = (422 if refused.status == 400 else refused.status) if refused else 200
    if is_htmx(request):
        return render_leaf(
            request,
            found.scoresheet,
            found,
            "workspace/parts/leaf_whole.html",
            status=status,
            row=lambda leaf: row_of(leaf, refused=refused),
            typed_reason=typed_reason if refused else "",
        )
    if refused is None:
        messages.success(request, done % {"code": found.criterion.code})
    for text in refused.messages if refused else []:
        messages.error(request, text)
    return HttpResponseRedirect(row_url(found))
