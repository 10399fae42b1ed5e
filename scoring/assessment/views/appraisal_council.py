"""The council's pages: totals side by side, finalising one or several, sending back, reopening, adjustments."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from parindex.errors import NotVisible, Refusal
from scoring.assessment.appraisal_permissions import may_finalise
from scoring.assessment.forms.appraisal import AdjustmentForm, ReasonForm, ReopenForm, ServiceForm
from scoring.assessment.models import Adjustment, Scoresheet, SheetState
from scoring.assessment.queries.appraisal import sheet_for_appraisal
from scoring.assessment.queries.appraisal_totals import CouncilLine, council_lines, open_leaves
from scoring.assessment.queries.panels import reach_of
from scoring.assessment.services.adjustments import add_adjustment, void_adjustment
from scoring.assessment.services.council import finalise, reopen, return_to_round_2
from scoring.assessment.views.appraisal_base import actor_of, block_tabs, open_block, overseer_page, say
from scoring.assessment.views.appraisal_worklist import render_sheet

SORTS: dict[str, Callable[[CouncilLine], Any]] = {
    "name": lambda line: line.sheet.participation.agency.sort_key,
    "gap": lambda line: line.gap,
    "points": lambda line: line.points,
    "index": lambda line: line.index if line.index is not None else -1,
    "differences": lambda line: line.differences,
}


@require_safe
@overseer_page
def council(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The sheets of a block: self-assessment and marks side by side, the gap, what is settled."""
    block = open_block(public_id)
    actor = actor_of(request)
    reach = reach_of(actor, block)
    lines = council_lines(block, reach)
    sort = request.GET.get("sort", "")
    key = SORTS.get(sort.lstrip("-"))
    if key is not None:
        lines.sort(key=key, reverse=sort.startswith("-"))
    context = {
        "title": _("Council"),
        "cycle_block": block,
        "tabs": block_tabs(request, block, "council"),
        "lines": [
            (
                line,
                line.sheet.state == SheetState.REVIEWING
                and may_finalise(actor, agency_id=line.sheet.participation.agency_id, panel=reach.panel),
            )
            for line in lines
        ],
        "sort": sort if key is not None else "",
        "reviewing": sum(line.sheet.state == SheetState.REVIEWING for line in lines),
        "finalised": sum(line.sheet.state == SheetState.FINALISED for line in lines),
    }
    return render(request, "admin/appraisal/council.html", context)


@require_POST
@overseer_page
def finalise_sheets(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Without ``confirm`` the page that names every sheet; with it the act."""
    block = open_block(public_id)
    actor = actor_of(request)
    reach = reach_of(actor, block)
    back = reverse("appraisal:council", args=[public_id])
    versions = _versions(request)
    chosen = {
        line.sheet.pk: line for line in council_lines(block, reach) if str(line.sheet.public_id) in versions
    }
    if not chosen or len(chosen) != len(versions):
        messages.error(request, _("Choose at least one scoresheet."))
        return HttpResponseRedirect(back)
    if "confirm" in request.POST:
        try:
            moved = finalise(
                sheets={pk: versions[str(line.sheet.public_id)] for pk, line in chosen.items()}, actor=actor
            )
        except Refusal as refused:
            if refused.status in (403, 404):
                raise
            return say(request, refused, back)
        count = len(moved)
        messages.success(
            request,
            ngettext("%(count)s scoresheet finalised.", "%(count)s scoresheets finalised.", count)
            % {"count": count},
        )
        return HttpResponseRedirect(back)
    gaps = open_leaves(block)
    context = {
        "title": _("Finalise"),
        "cycle_block": block,
        "lines": [(line, gaps.get(line.sheet.participation_id, [])) for line in chosen.values()],
        "blocked": any(gaps.get(line.sheet.participation_id) for line in chosen.values()),
    }
    return render(request, "admin/appraisal/finalise.html", context)


def _versions(request: HttpRequest) -> dict[str, int]:
    found: dict[str, int] = {}
    for ticked in request.POST.getlist("sheet")[:2000]:
        public_id, _colon, version = ticked.partition(":")
        if version.isascii() and version.isdigit() and len(version) < 10:
            found[public_id] = int(version)
    return found


@require_POST
@overseer_page
def send_back(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Back to round 2, with a reason."""
    form = ReasonForm(request.POST, prefix="return")
    form.is_valid()
    return _act(
        request,
        public_id,
        form,
        "return_form",
        lambda sheet: return_to_round_2(
            sheet=sheet, actor=actor_of(request), reason=form.cleaned_data.get("reason", "")
        ),
        _("The scoresheet is back in round 2."),
    )


@require_POST
@overseer_page
def reopen_sheet(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Reopen a final sheet for a correction, with the number of the decision."""
    form = ReopenForm(request.POST, prefix="reopen")
    form.is_valid()
    return _act(
        request,
        public_id,
        form,
        "reopen_form",
        lambda sheet: reopen(
            sheet=sheet,
            actor=actor_of(request),
            decision_number=form.cleaned_data.get("decision_number", ""),
            reason=form.cleaned_data.get("reason", ""),
        ),
        _("The scoresheet is open again for a correction."),
    )


@require_POST
@overseer_page
def adjust(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Give bonus or penalty points."""
    form = AdjustmentForm(request.POST)
    form.is_valid()
    return _act(
        request,
        public_id,
        form,
        "adjustment_form",
        lambda sheet: add_adjustment(
            sheet=sheet,
            actor=actor_of(request),
            kind=request.POST.get("kind", ""),
            points_raw=request.POST.get("points", ""),
            reason=request.POST.get("reason", ""),
        ),
        _("The points are saved."),
    )


@require_POST
@overseer_page
def void(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take an adjustment out of the sum."""
    adjustment = Adjustment.objects.select_related("scoresheet").filter(public_id=public_id).first()
    if adjustment is None:
        raise NotVisible
    sheet_for_appraisal(actor_of(request), adjustment.scoresheet.public_id)
    back = reverse("appraisal:sheet", args=[adjustment.scoresheet.public_id])
    try:
        void_adjustment(adjustment=adjustment, actor=actor_of(request), reason=request.POST.get("reason", ""))
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        return say(request, refused, back)
    messages.success(request, _("The points no longer count; they stay listed."))
    return HttpResponseRedirect(back)


def _act(
    request: HttpRequest,
    public_id: uuid.UUID,
    form: ServiceForm,
    name: str,
    act: Callable[[Scoresheet], object],
    done: str,
) -> HttpResponse:
    sheet, _reach = sheet_for_appraisal(actor_of(request), public_id)
    try:
        act(sheet)
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        problems = form.refuse(refused.fields)
        status = 422 if refused.status == 400 else refused.status
        return render_sheet(request, public_id, status=status, problems=problems, **{name: form})
    messages.success(request, done)
    return HttpResponseRedirect(reverse("appraisal:sheet", args=[public_id]))
