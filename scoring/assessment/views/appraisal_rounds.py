"""The secretary's pages: rounds and their closing, assignments."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from agencies.models import User
from parindex.clock import db_now
from parindex.errors import Refusal
from scoring.assessment.appraisal_permissions import barred_houses, may_run_block
from scoring.assessment.forms.appraisal import AssignForm
from scoring.assessment.models import Answer, Cycle, CycleBlock, Scoresheet, Stage
from scoring.assessment.queries.appraisal_assignments import assignable, assignment_tree
from scoring.assessment.queries.appraisal_totals import overview
from scoring.assessment.queries.panels import reach_of
from scoring.assessment.queries.rounds import CLOSABLE, ROUNDS, ClosingPlan, plan_closing, sheets_concerned
from scoring.assessment.services.assignments import assign
from scoring.assessment.services.rounds import LacksMarks, close_round
from scoring.assessment.views.appraisal_base import (
    actor_of,
    block_tabs,
    open_block,
    overseer_page,
    say,
    secretary_page,
)
from scoring.assessment.windows import spans

#: How many leaves the page offers to mark at once with the points that stand.
MOST_AT_ONCE = 500


@require_safe
@overseer_page
def index(request: HttpRequest) -> HttpResponse:
    """The open blocks of a year, with the ways into each."""
    cycles = list(Cycle.objects.filter(imported=False, blocks__opened_at__isnull=False).distinct())
    wanted = request.GET.get("year", "")
    cycle = next((one for one in cycles if str(one.year) == wanted), cycles[0] if cycles else None)
    blocks = CycleBlock.objects.filter(cycle=cycle, opened_at__isnull=False).select_related("cycle", "block")
    context = {
        "title": _("Rounds of the appraisal"),
        "cycle": cycle,
        "years": [
            {"url": f"?year={one.year}", "label": str(one.year), "current": one == cycle, "count": None}
            for one in cycles
        ],
        "blocks": list(blocks.order_by("block__order", "pk")),
        "may_run": may_run_block(actor_of(request)),
    }
    return render(request, "admin/appraisal/blocks.html", context)


@require_safe
@overseer_page
def rounds(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """One block: its windows, its sheets, what each office and person has before it."""
    block = open_block(public_id)
    context = {
        "title": _("Rounds"),
        "cycle_block": block,
        "tabs": block_tabs(request, block, "rounds"),
        "overview": overview(block, reach_of(actor_of(request), block)),
        "spans": spans(block, agency_id=None),
        "now": db_now(),
        "may_run": may_run_block(actor_of(request)),
    }
    return render(request, "admin/appraisal/rounds.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@secretary_page
def close(request: HttpRequest, public_id: uuid.UUID, stage: str) -> HttpResponse:
    """The page that names every sheet that a closing touches; POST closes."""
    block = open_block(public_id)
    if stage not in CLOSABLE:
        raise Http404
    which = Stage(stage)
    chosen = _chosen(request, block, which)
    problems: list[str] = []
    if request.method == "POST" and "look" not in request.POST:
        try:
            closing = close_round(
                cycle_block=block,
                stage=which,
                actor=actor_of(request),
                expected_key=request.POST.get("key", ""),
                sheet_ids=None if chosen is None else [sheet.pk for sheet in chosen],
            )
        except LacksMarks as refused:
            problems = refused.messages
        except Refusal as refused:
            if refused.status in (403, 404):
                raise
            return say(request, refused, reverse("appraisal:close", args=[public_id, stage]))
        else:
            count = closing.sheets
            messages.success(
                request,
                ngettext(
                    "“%(stage)s” is closed; %(count)s scoresheet moved on.",
                    "“%(stage)s” is closed; %(count)s scoresheets moved on.",
                    count,
                )
                % {"stage": which.label, "count": count},
            )
            return HttpResponseRedirect(reverse("appraisal:rounds", args=[public_id]))
    plan = plan_closing(block, which, now=db_now(), sheets=chosen)
    barred = barred_houses(actor_of(request))
    picks = [
        f"{answer.public_id}:{answer.version}"
        for answer in plan.lacking
        if answer.scoresheet.participation.agency_id not in barred | plan.shut.keys()
    ]
    context = {
        "title": _("Close “%(stage)s”") % {"stage": which.label},
        "cycle_block": block,
        "stage": which,
        "plan": plan,
        "lacking": _by_sheet(plan),
        "is_round": which in ROUNDS,
        "problems": problems,
        "barred": barred,
        "picks": picks[:MOST_AT_ONCE],
        "more": max(len(picks) - MOST_AT_ONCE, 0),
        "leaf_base": reverse("appraisal:leaf", args=[public_id]).removesuffix(f"{public_id}/"),
    }
    return render(request, "admin/appraisal/close.html", context, status=422 if problems else 200)


def _chosen(request: HttpRequest, block: CycleBlock, stage: Stage) -> list[Scoresheet] | None:
    """The sheets that were ticked; None before anything was chosen (all)."""
    if request.method != "POST" or "partial" not in request.POST:
        return None
    wanted = {text for text in request.POST.getlist("sheet") if len(text) == 36}
    return [sheet for sheet in sheets_concerned(block, stage) if str(sheet.public_id) in wanted]


def _by_sheet(plan: ClosingPlan) -> dict[int, list[Answer]]:
    """Sheet id → its answers without a mark."""
    found: dict[int, list[Answer]] = {}
    for answer in plan.lacking:
        found.setdefault(answer.scoresheet_id, []).append(answer)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@secretary_page
def assignments(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Who marks what: areas, criteria and leaves with the people named; POST names them for one node."""
    block = open_block(public_id)
    nodes = assignment_tree(block)
    code = request.POST.get("criterion") or request.GET.get("criterion", "")
    node = next((one for one in nodes if one.criterion.code == code), None)
    if code and node is None:
        raise Http404
    form, problems, status = None, [], 200
    if node is not None:
        people = assignable(block, node)
        data = request.POST if request.method == "POST" else None
        form = AssignForm(data, people=people, initial={"assessors": [str(pk) for pk in node.named]})
        if data is not None:
            form.is_valid()
            chosen = [int(pk) for pk in form.cleaned_data.get("assessors", [])]
            try:
                if form.errors:
                    raise Refusal(_("Choose among the people of the list."))
                assign(
                    cycle_block=block,
                    criterion=node.criterion,
                    assessors=list(User.objects.filter(pk__in=chosen)),
                    actor=actor_of(request),
                )
            except Refusal as refused:
                if refused.status in (403, 404):
                    raise
                problems, status = form.refuse(refused.fields), 422
            else:
                messages.success(request, _("The assignment of %(code)s is saved.") % {"code": code})
                return HttpResponseRedirect(reverse("appraisal:assignments", args=[public_id]))
    context = {
        "title": _("Assignments"),
        "cycle_block": block,
        "tabs": block_tabs(request, block, "assignments"),
        "nodes": nodes,
        "node": node,
        "form": form,
        "problems": problems,
    }
    return render(request, "admin/appraisal/assignments.html", context, status=status)
