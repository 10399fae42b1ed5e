"""The ranking pages inside the administration frame: ask for a run, watch it, read it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from parindex.admin_pages import allowed, tell_refusal
from parindex.errors import Refusal
from scoring.assessment.models import Cycle, CycleBlock
from scoring.ranking import permissions, queries, services
from scoring.ranking.models import RankingRun, RunStage
from scoring.ranking.tables import area_tables, lines, part_lines

reader = allowed(permissions.may_read)
requester = allowed(permissions.may_request)


@require_GET
@reader
def index(request: HttpRequest) -> HttpResponse:
    """The blocks of a cycle: what is finalised, which runs there are."""
    cycles = list(Cycle.objects.all())
    wanted = request.GET.get("year", "")
    cycle = (
        next((c for c in cycles if str(c.year) == wanted), None)
        if wanted
        else (cycles[0] if cycles else None)
    )
    if wanted and cycle is None:
        raise Http404
    return render(
        request,
        "admin/ranking/index.html",
        {
            "title": _("Ranking"),
            "cycle": cycle,
            "years": [
                {"url": f"?year={c.year}", "label": str(c.year), "current": c == cycle, "count": None}
                for c in cycles
            ],
            "blocks": queries.overview(cycle) if cycle else [],
            "stages": RunStage.choices,
            "may_request": permissions.may_request(request.actor),  # type: ignore[attr-defined]
        },
    )


@require_POST
@requester
def request_run(request: HttpRequest, cycle_block: int) -> HttpResponse:
    """Ask for a run; a double click finds the one under way."""
    block = get_object_or_404(CycleBlock.objects.select_related("cycle"), pk=cycle_block)
    try:
        run = services.request_run(
            actor=request.actor,  # type: ignore[attr-defined]
            cycle_block=block,
            stage=request.POST.get("stage", RunStage.FINAL),
        )
    except Refusal as refusal:
        tell_refusal(request, refusal)
        return redirect(f"{reverse('ranking:index')}?year={block.cycle.year}")
    return redirect("ranking:run", public_id=run.public_id)


@require_POST
@requester
def retry(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask again for a run that failed."""
    run = _run(public_id)
    try:
        run = services.retry_run(actor=request.actor, run=run)  # type: ignore[attr-defined]
    except Refusal as refusal:
        tell_refusal(request, refusal)
    return redirect("ranking:run", public_id=run.public_id)


@require_GET
@reader
def run_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One run: its progress while under way, then its tables."""
    run = _run(public_id)
    by = "area" if request.GET.get("by") == "area" else "total"
    done = run.state == RankingRun.State.DONE
    context: dict[str, Any] = {
        "title": f"{_name_of(run)} · {run.cycle_block.cycle.year}",
        "run": run,
        "may_request": permissions.may_request(request.actor),  # type: ignore[attr-defined]
        "by": by,
        "tabs": [
            {"url": "?", "label": _("Whole index"), "current": by == "total", "count": None},
            {"url": "?by=area", "label": _("By area"), "current": by == "area", "count": None},
        ],
    }
    hidden = permissions.hidden_houses(request.actor, run.stage)  # type: ignore[attr-defined]
    if done and by == "total":
        rows = queries.table(run)
        shown = [row for row in rows if row.agency_id not in hidden]
        context |= lines(run, shown, sort=request.GET.get("sort", "rank")) | {
            "left_out": len(shown) < len(rows)
        }
        if run.settings.get("parts"):
            context["year_parts"] = part_lines(run, shown, queries.parts_table(run))
    elif done:
        nodes = queries.node_table(run, by="area")
        shown_nodes = [node for node in nodes if node.agency_id not in hidden]
        context["areas"] = area_tables(run, shown_nodes)
        context["year_parts"] = part_lines(run, [], {})
        context |= {"digits": run.settings.get("digits", 2), "left_out": len(shown_nodes) < len(nodes)}
    return render(request, "admin/ranking/run.html", context)


@require_GET
@reader
def progress(request: HttpRequest, public_id: str) -> HttpResponse:
    """The polled part of a run's page; finished, it has the page loaded anew."""
    run = _run(public_id)
    response = render(request, "admin/ranking/_progress.html", {"run": run})
    if run.state not in services.UNDER_WAY:
        response["HX-Refresh"] = "true"
    return response


def _name_of(run: RankingRun) -> str:
    """The block; with the part of the year where the run is of one part alone."""
    return str(run.cycle_block.block if run.settings.get("parts") else run.cycle_block.name)


def _run(public_id: str) -> RankingRun:
    return get_object_or_404(
        RankingRun.objects.select_related(
            "cycle_block__cycle", "cycle_block__block", "requested_by", "same_as"
        ),
        public_id=public_id,
    )
