"""Amend a block's criteria set within the year: choose, see what it does, confirm; then who still has to look."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from parindex.admin_pages import allowed, show_refusal
from parindex.errors import Invalid, Refusal
from parindex.ui.cells import neutral
from parindex.ui.formats import format_datetime
from scoring.assessment.cycle_permissions import may_manage_cycles, may_see_cycles
from scoring.assessment.forms.amendment import AmendForm
from scoring.assessment.models import Amendment, CycleBlock
from scoring.assessment.queries.amended import LookRow, look_rows, tallies
from scoring.assessment.queries.amendment import plan_amendment, sets_to_amend_by
from scoring.assessment.services.amendment import amend_block
from scoring.criteria.models import CriteriaSet

PER_PAGE = 100


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(may_manage_cycles)
def amend(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan of an amendment by the version chosen; POST carries it out."""
    cycle_block = get_object_or_404(
        CycleBlock.objects.select_related("cycle", "block", "criteria_set"), pk=pk
    )
    if request.method == "POST" and (done := _standing(request, cycle_block)) is not None:
        return redirect("cycles:amendment", pk=done.pk)
    versions = sets_to_amend_by(cycle_block)
    chosen = _chosen(request, versions)
    context: dict[str, Any] = {
        "title": _("Amendment within the year"),
        "cycle_block": cycle_block,
        "cycle": cycle_block.cycle,
        "versions": versions,
        "chosen": chosen,
    }
    if chosen is None:
        return render(request, "admin/cycles/amend.html", context)
    plan = plan_amendment(cycle_block, chosen)
    form = AmendForm(plan, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            made = amend_block(
                actor=request.actor,  # type: ignore[attr-defined]
                cycle_block=cycle_block,
                criteria_set=chosen,
                effective_on=form.cleaned_data["effective_on"],
                note=form.cleaned_data["note"],
                self_assessment_until=form.until,
                expected_key=request.POST.get("key", ""),
            )
        except Refusal as refusal:
            show_refusal(form, refusal)
            status = 422 if isinstance(refusal, Invalid) else refusal.status
            plan = plan_amendment(cycle_block, chosen)
        else:
            told = ngettext(
                "The set is amended: %(count)s scoresheet went over.",
                "The set is amended: %(count)s scoresheets went over.",
                made.sheets,
            )
            messages.success(request, told % {"count": made.sheets})
            return redirect("cycles:amendment", pk=made.pk)
    elif request.method == "POST":
        status = 422
    return render(request, "admin/cycles/amend.html", context | {"plan": plan, "form": form}, status=status)


def _chosen(request: HttpRequest, versions: list[CriteriaSet]) -> CriteriaSet | None:
    wanted = (request.POST if request.method == "POST" else request.GET).get("set", "")
    found = next((one for one in versions if str(one.pk) == wanted), None)
    return versions[0] if found is None and not wanted and len(versions) == 1 else found


def _standing(request: HttpRequest, cycle_block: CycleBlock) -> Amendment | None:
    """The amendment that a second click asks for once more."""
    wanted = request.POST.get("set", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 12):
        return None
    return Amendment.objects.filter(cycle_block=cycle_block, criteria_set=int(wanted)).first()


def _amendment(pk: int) -> Amendment:
    return get_object_or_404(
        Amendment.objects.select_related(
            "cycle_block__cycle",
            "cycle_block__block",
            "cycle_block__criteria_set",
            "earlier",
            "criteria_set",
            "by",
        ),
        pk=pk,
    )


@require_safe
@allowed(may_see_cycles)
def amendment(request: HttpRequest, pk: int) -> HttpResponse:
    """What an amendment left to be looked at, by whom, and what of it is done."""
    found = _amendment(pk)
    rows = look_rows(found)
    state, who = request.GET.get("state", ""), request.GET.get("who", "")
    shown = [row for row in rows if _is_wanted(row, state, who)]
    context = {
        "title": _("Amendment within the year"),
        "amendment": found,
        "cycle_block": found.cycle_block,
        "cycle": found.cycle_block.cycle,
        "tallies": tallies(rows),
        "total": len(rows),
        "done": sum(row.done_at is not None for row in rows),
        "state": state,
        "who": who,
        "page_obj": Paginator(shown, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "admin/cycles/amendment.html", context)


def _is_wanted(row: LookRow, state: str, who: str) -> bool:
    if state in ("open", "done") and (row.done_at is None) != (state == "open"):
        return False
    return who not in ("agency", "appraiser") or row.who == who


@require_safe
@allowed(may_see_cycles)
def amendment_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The same list as a table to keep (CSV)."""
    found = _amendment(pk)
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(
        [
            _("Agency"),
            _("Code"),
            _("Criterion"),
            _("Kind of change"),
            _("Who looks"),
            _("Done at"),
            _("Done by"),
        ]
    )
    for row in look_rows(found):
        who = row.agency if row.is_agency else row.office or _("nobody appraises it")
        done = format_datetime(row.done_at) if row.done_at else ""
        cells = [row.agency, row.code, row.title, row.change_label, who, done, row.done_by]
        writer.writerow([neutral(cell) for cell in cells])
    name = f"sua-doi-{found.cycle_block.cycle.year}-{found.cycle_block.block.slug}-v{found.criteria_set.version}.csv"
    return HttpResponse(
        out.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
