"""The agency's steps: to the head, approve and submit, return, withdraw. Each grave act is confirmed on a page."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, NotVisible, Refusal
from scoring.assessment import permissions
from scoring.assessment.forms.answer import VersionForm
from scoring.assessment.models import Scoresheet, SheetState
from scoring.assessment.queries.sheet import SheetView, read_sheet
from scoring.assessment.services import submission
from scoring.assessment.views.workspace_base import (
    actor_of,
    agency_page,
    page_context,
    say_refusal,
    sheet_url,
)
from scoring.assessment.workflow import STEP, may_take


def _require(request: HttpRequest, sheet: Scoresheet, step: str) -> None:
    if not may_take(STEP[step], actor=actor_of(request), agency_id=sheet.participation.agency_id):
        raise NotPermitted(_("You do not hold a role that allows this act on this scoresheet."))


def _carry_out(
    request: HttpRequest, sheet: Scoresheet, act: Callable[[], Scoresheet], done: str, already: str, back: str
) -> HttpResponse:
    """Carry out a step; a second click finds it done and says so."""
    before = sheet.version
    try:
        after = act()
    except (NotVisible, NotPermitted):
        raise
    except submission.NotComplete as refused:
        return say_refusal(request, refused, reverse("workspace:check", args=[sheet.public_id]))
    except Refusal as refused:
        return say_refusal(request, refused, back)
    messages.success(request, done if after.version != before else already)
    return HttpResponseRedirect(sheet_url(sheet))


@require_http_methods(["GET", "HEAD", "POST"])
@agency_page
def submit(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """To the head of the agency, after the completeness check."""
    sheet = permissions.sheet_for(actor_of(request), public_id)
    _require(request, sheet, "submit_for_approval")
    if request.method == "POST":
        return _carry_out(
            request,
            sheet,
            lambda: submission.submit_for_approval(sheet=sheet, actor=actor_of(request)),
            _("The scoresheet is with the head of the agency."),
            _("The scoresheet was already with the head of the agency."),
            sheet_url(sheet),
        )
    view = read_sheet(sheet, actor=actor_of(request), now=db_now())
    if sheet.state != SheetState.DRAFTING:
        return HttpResponseRedirect(sheet_url(sheet))
    if view.progress.gaps:
        return HttpResponseRedirect(reverse("workspace:check", args=[sheet.public_id]))
    return render(request, "workspace/submit.html", page_context(request, view))


@require_http_methods(["GET", "HEAD", "POST"])
@agency_page
def approval(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The head's page: summary by area, what is missing, what differs from last year. POST approves and submits."""
    sheet = permissions.sheet_for(actor_of(request), public_id)
    _require(request, sheet, "approve")
    if request.method == "POST":
        return _carry_out(
            request,
            sheet,
            lambda: submission.approve(
                sheet=sheet, actor=actor_of(request), expected_version=VersionForm.read(request.POST)
            ),
            _("The scoresheet is approved and submitted to Home Affairs."),
            _("The scoresheet was already submitted to Home Affairs."),
            reverse("workspace:approval", args=[sheet.public_id]),
        )
    view = read_sheet(sheet, actor=actor_of(request), now=db_now(), whole=True)
    context = (
        page_context(request, view)
        | _against_last_year(view)
        | {"waiting": sheet.state == SheetState.AWAITING_APPROVAL}
    )
    return render(request, "workspace/approval.html", context)


def _against_last_year(view: SheetView) -> dict[str, object]:
    """Leaves whose own points differ from last year's final ones, the largest difference first."""
    changed = []
    for branch in view.branches:
        for leaf in branch.all_leaves():
            if leaf.answer is None or leaf.last is None or leaf.shown_points is None:
                continue
            if leaf.last.points is None:  # the links between the sets say that they don't compare as points
                continue
            if leaf.last.maximum == leaf.shown_max and leaf.shown_points != leaf.last.points:
                changed.append((leaf, leaf.shown_points - leaf.last.points))
    changed.sort(key=lambda pair: (-abs(pair[1]), pair[0].criterion.order))
    notes = [leaf for branch in view.branches for leaf in branch.all_leaves() if leaf.is_requested]
    return {"changed": changed, "requested": notes}


@require_http_methods(["GET", "HEAD", "POST"])
@agency_page
def return_to_draft(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Back to the editors, with a reason."""
    sheet = permissions.sheet_for(actor_of(request), public_id)
    _require(request, sheet, "return_to_draft")
    reason = request.POST.get("reason", "")
    refused: Invalid | None = None
    if request.method == "POST":
        try:
            submission.return_to_draft(sheet=sheet, actor=actor_of(request), reason=reason)
            messages.success(request, _("The scoresheet is back with the editors."))
            return HttpResponseRedirect(sheet_url(sheet))
        except Invalid as error:
            refused = error
        except (NotVisible, NotPermitted):
            raise
        except Refusal as error:
            return say_refusal(request, error, sheet_url(sheet))
    elif sheet.state != SheetState.AWAITING_APPROVAL:
        return HttpResponseRedirect(sheet_url(sheet))
    context = {
        "sheet": sheet,
        "cycle": sheet.participation.cycle_block.cycle,
        "reason": reason,
        "errors": refused.messages if refused else [],
    }
    return render(request, "workspace/return.html", context, status=422 if refused else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@agency_page
def withdraw(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take a submitted sheet back, after a confirmation."""
    sheet = permissions.sheet_for(actor_of(request), public_id)
    _require(request, sheet, "withdraw")
    if request.method == "POST":
        return _carry_out(
            request,
            sheet,
            lambda: submission.withdraw(sheet=sheet, actor=actor_of(request)),
            _("The scoresheet is withdrawn and can be changed again."),
            _("The scoresheet was already withdrawn."),
            sheet_url(sheet),
        )
    if sheet.state != SheetState.SUBMITTED:
        return HttpResponseRedirect(sheet_url(sheet))
    view = read_sheet(sheet, actor=actor_of(request), now=db_now())
    return render(request, "workspace/withdraw.html", page_context(request, view))
