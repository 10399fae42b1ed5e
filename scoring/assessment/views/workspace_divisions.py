"""The coordinator's page: which division works on what, by when, and how far it is."""

from __future__ import annotations

import uuid
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from agencies.models import Division
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, NotVisible, Refusal
from scoring.assessment import permissions
from scoring.assessment.queries.divisions import assignments_of, spread
from scoring.assessment.queries.sheet import SheetView, read_sheet
from scoring.assessment.services.divisions import Given, assign_divisions
from scoring.assessment.views.workspace_base import actor_of, agency_page, page_context


@require_http_methods(["GET", "HEAD", "POST"])
@agency_page
def divisions(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Areas and criteria with their division and internal deadline; ``?leaves=1`` goes down to the leaves."""
    sheet = permissions.sheet_for(actor_of(request), public_id)
    if not permissions.may_assign_divisions(actor_of(request), agency_id=sheet.participation.agency_id):
        raise NotPermitted(_("The coordinator of the agency assigns criteria to divisions."))
    view = read_sheet(sheet, actor=actor_of(request), now=db_now())
    leaves = bool(request.GET.get("leaves") or request.POST.get("leaves"))
    if request.method != "POST":
        return _page(request, view, leaves)
    try:
        changed = assign_divisions(sheet=sheet, actor=actor_of(request), given=_given(request, view))
    except (NotVisible, NotPermitted):
        raise
    except Refusal as refused:
        return _page(request, view, leaves, refused=refused)
    if changed:
        text = ngettext("%(count)s assignment is saved.", "%(count)s assignments are saved.", changed)
        messages.success(request, text % {"count": changed})
    else:
        messages.info(request, _("Nothing was changed."))
    back = reverse("workspace:divisions", args=[sheet.public_id])
    return HttpResponseRedirect(f"{back}?leaves=1" if leaves else back)


def _given(request: HttpRequest, view: SheetView) -> dict[int, Given]:
    """What was chosen for each node that the form showed. Raises Invalid on a date that is none."""
    given: dict[int, Given] = {}
    faults: dict[str, list[str]] = {}
    for node in view.criteria:
        name = f"division-{node.pk}"
        if name not in request.POST:
            continue
        chosen, due = request.POST[name], request.POST.get(f"due-{node.pk}", "")
        try:
            due_on = date.fromisoformat(due) if due else None
        except ValueError:
            faults[name] = [_("Enter a date, such as 31/12/2025.")]
            continue
        given[node.pk] = Given(int(chosen) if chosen.isdigit() else None, due_on)
    if faults:
        raise Invalid(fields=faults)
    return given


def _page(
    request: HttpRequest, view: SheetView, leaves: bool, *, refused: Refusal | None = None
) -> HttpResponse:
    sheet = view.sheet
    assigned = assignments_of(sheet)
    inherited = spread(((node.pk, node.parent_id) for node in view.criteria), assigned)
    with_answers = _above_answers(view)
    rows = []
    for node in view.criteria:
        if node.pk not in with_answers or (node.is_leaf and not leaves and node.parent_id is not None):
            continue
        row = assigned.get(node.pk)
        name = f"division-{node.pk}"
        above = inherited.get(node.parent_id) if node.parent_id else None
        rows.append(
            {
                "node": node,
                "name": name,
                "division_id": request.POST.get(name, str(row.division_id) if row else ""),
                "due": request.POST.get(
                    f"due-{node.pk}", row.due_on.isoformat() if row and row.due_on else ""
                ),
                "above": above,
                "errors": (refused.fields.get(name, []) if refused else []),
            }
        )
    context = page_context(request, view) | {
        "rows": rows,
        "leaves": leaves,
        "tab": "divisions",
        "divisions": Division.objects.filter(agency_id=sheet.participation.agency_id, active=True).order_by(
            "name"
        ),
        "errors": refused.fields.get("", []) if refused else [],
    }
    status = (422 if refused.status == 400 else refused.status) if refused else 200
    return render(request, "workspace/divisions.html", context, status=status)


def _above_answers(view: SheetView) -> set[int]:
    """The nodes that hold self-scored leaves, with these leaves."""
    by_id = {node.pk: node for node in view.criteria}
    found: set[int] = set()
    for node in view.criteria:
        if node.is_leaf and node.is_self_scored:
            here: int | None = node.pk
            while here is not None and here not in found:
                found.add(here)
                here = by_id[here].parent_id
    return found
