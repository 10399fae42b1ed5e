"""The agency's pages that read: first page, sheet, print, check, history."""

from __future__ import annotations

import uuid

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from parindex.clock import db_now
from scoring.assessment import permissions
from scoring.assessment.queries.history import answer_history, sheet_history
from scoring.assessment.queries.home import home_of
from scoring.assessment.queries.sheet import read_sheet
from scoring.assessment.sheet_file import write_sheet
from scoring.assessment.views.workspace_base import (
    actor_of,
    agency_page,
    area_code,
    attach_rows,
    is_htmx,
    page_context,
    render_area,
)

HISTORY_PAGE = 60
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@agency_page
def home(request: HttpRequest) -> HttpResponse:
    """Sheets by year with their state, what waits, earlier results."""
    now = db_now()
    return render(request, "workspace/home.html", {"home": home_of(actor_of(request), now), "now": now})


@require_safe
@agency_page
def sheet(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """One area of the sheet, with the list of areas and the progress."""
    found = permissions.sheet_for(actor_of(request), public_id)
    return render_area(request, found, area=request.GET.get("area", ""))


@require_safe
@agency_page
def print_sheet(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The whole sheet as a document."""
    found = permissions.sheet_for(actor_of(request), public_id)
    view = read_sheet(found, actor=actor_of(request), now=db_now(), whole=True)
    for leaf in (leaf for branch in view.branches for leaf in branch.all_leaves()):
        leaf.may_write = False
    attach_rows(view)
    return render(request, "workspace/print.html", page_context(request, view) | {"tab": "print"})


@require_safe
@agency_page
def export_sheet(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The whole sheet as a workbook, with how the points of each leaf came about."""
    found = permissions.sheet_for(actor_of(request), public_id)
    view = read_sheet(found, actor=actor_of(request), now=db_now(), whole=True)
    participation = found.participation
    name = f"phieu-{participation.cycle_block.cycle.year}-{participation.agency.slug}.xlsx"
    return HttpResponse(
        write_sheet(view),
        content_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@require_safe
@agency_page
def check(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Everything that is missing, each with a link to its place."""
    found = permissions.sheet_for(actor_of(request), public_id)
    view = read_sheet(found, actor=actor_of(request), now=db_now())
    return render(request, "workspace/check.html", page_context(request, view) | {"tab": "check"})


@require_safe
@agency_page
def history(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What happened to the sheet, latest first."""
    found = permissions.sheet_for(actor_of(request), public_id)
    page = Paginator(sheet_history(found), HISTORY_PAGE).get_page(request.GET.get("page"))
    context = {"sheet": found, "page": page, "cycle": found.participation.cycle_block.cycle}
    return render(request, "workspace/history.html", context)


@require_safe
@agency_page
def leaf_history(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What happened to one answer; a part of the row, or a page of its own."""
    answer = permissions.answer_for(actor_of(request), public_id)
    context = {
        "answer": answer,
        "sheet": answer.scoresheet,
        "lines": answer_history(answer),
        "area": area_code(answer),
    }
    template = "workspace/parts/leaf_history.html" if is_htmx(request) else "workspace/leaf_history.html"
    return render(request, template, context)
