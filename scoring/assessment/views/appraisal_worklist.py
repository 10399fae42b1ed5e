"""The assessor's list, and one sheet as he or she reads it."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from scoring.assessment.appraisal_permissions import may_adjust, may_finalise, may_oversee, may_run_block
from scoring.assessment.models import Adjustment, Scoresheet
from scoring.assessment.queries import worklist as work
from scoring.assessment.queries.appraisal import SheetWork, read_work, sheet_for_appraisal
from scoring.assessment.queries.appraisal_sums import MarkedSums, marked_sums
from scoring.assessment.queries.sums import adjusted_by
from scoring.assessment.views.appraisal_base import actor_of, appraisal_page
from scoring.assessment.workflow import steps_from
from scoring.criteria.queries import tree_of

PER_PAGE = 50


@require_safe
@appraisal_page
def worklist(request: HttpRequest) -> HttpResponse:
    """What is to be marked: by item, by agency or by criterion."""
    filters = work.Filters.read(request.GET)
    ground = work.ground(actor_of(request), filters)
    everything = work.tasks(ground, any_state=True)
    tally = work.overall(everything)
    context: dict[str, Any] = {
        "title": _("To appraise"),
        "ground": ground,
        "filters": filters,
        "tally": tally,
        "tasks": work.TASKS,
        "tones": work.TASK_TONES,
        "may_oversee": may_oversee(actor_of(request)),
        "modes": _options(
            filters,
            "by",
            [("item", _("Items")), ("agency", _("By agency")), ("criterion", _("By criterion"))],
        ),
        "states": _states(filters, tally),
        "whose": _options(filters, "whose", [("", _("Mine")), (work.ALL, _("All"))])
        if ground.has_duty and ground.oversees
        else [],
    }
    if filters.by == "agency":
        context["tallies"] = work.by_agency(everything)
    elif filters.by == "criterion":
        context["tallies"] = work.by_criterion(everything)
    else:
        rows = work.items(work.tasks(ground), by_agency=bool(filters.agency))
        paginator = Paginator(rows, PER_PAGE)
        paginator.count = sum(tally.counts.get(task, 0) for task in filters.tasks)  # type: ignore[misc]
        context["page_obj"] = paginator.get_page(request.GET.get("page"))
    return render(request, "admin/appraisal/worklist.html", context)


def _modes() -> list[tuple[str, str]]:
    return [("item", _("Items")), ("agency", _("By agency")), ("criterion", _("By criterion"))]


def _options(filters: work.Filters, name: str, choices: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "url": f"?{filters.query(**{name: value})}",
            "label": label,
            "current": getattr(filters, name) == value,
            "count": None,
        }
        for value, label in choices
    ]


def _states(filters: work.Filters, tally: work.Tally) -> list[dict[str, Any]]:
    choices = [("todo", _("to do")), *work.TASKS.items(), (work.ALL, _("all"))]
    options = _options(filters, "state", [(value, str(label)) for value, label in choices])
    counts = [tally.left, *tally.cells, tally.total]
    told = [{**option, "count": count} for option, count in zip(options, counts, strict=True)]
    # Most years know no amendment: nothing to look at again needs no word.
    seldom = str(work.TASKS["second_look"])
    return [one for one in told if one["count"] or one["current"] or one["label"] != seldom]


@require_safe
@appraisal_page
def sheet(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """One agency's sheet: the leaves that this person sees, all that bears on them beside each other."""
    return render_sheet(request, public_id)


def render_sheet(
    request: HttpRequest, public_id: uuid.UUID, *, status: int = 200, **more: Any
) -> HttpResponse:
    """The sheet's page, with forms that were refused in ``more``."""
    from scoring.assessment.forms.appraisal import AdjustmentForm, ReasonForm, ReopenForm

    actor = actor_of(request)
    found, reach = sheet_for_appraisal(actor, public_id)
    participation = found.participation
    agency_id = participation.agency_id
    oversees = reach.oversees
    adjustments = list(
        Adjustment.objects.filter(scoresheet=found).select_related("by", "voided_by").order_by("at")
        if oversees
        else []
    )
    context: dict[str, Any] = {
        "title": participation.agency.name,
        "sheet": found,
        "agency": participation.agency,
        "cycle_block": participation.cycle_block,
        "work": read_work(found, reach, actor),
        "filters": work.Filters.read(request.GET),
        "oversees": oversees,
        "may_run": may_run_block(actor),
        "worklist_url": reverse("appraisal:worklist"),
        "steps": {
            step.name: step
            for step in steps_from(found.state, actor=actor, agency_id=agency_id)
            if oversees and may_finalise(actor, agency_id=agency_id, panel=reach.panel)
        },
        "may_adjust": may_adjust(actor, agency_id=agency_id, panel=reach.panel),
        "adjustments": adjustments,
        # sums tell of every leaf: they are for those who see every leaf
        "sums": marked_sums(found, adjusted_by(adjustments)) if oversees else None,
        "adjustment_form": AdjustmentForm(),
        "return_form": ReasonForm(prefix="return"),
        "reopen_form": ReopenForm(prefix="reopen"),
        **more,
    }
    _attach_sums(context["work"], context["sums"], found)
    return render(request, "admin/appraisal/sheet.html", context, status=status)


def _attach_sums(sheet_work: SheetWork, sums: MarkedSums | None, sheet: Scoresheet) -> None:
    """Give each area what it comes to, its own cap, and the caps beneath it; nothing where sums are not told."""
    if sums is None:
        return
    tree = tree_of(sheet.criteria_set)
    for area, _leaves in sheet_work.areas:
        area.sums, area.cut = sums.nodes[area.pk], sums.caps.get(area.pk)  # type: ignore[attr-defined]
        area.caps = [  # type: ignore[attr-defined]
            cap for pk, cap in sums.caps.items() if pk != area.pk and tree.area_of(pk).id == area.pk
        ]
