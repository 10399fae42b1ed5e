"""What an amendment within the year changed for an agency, and the word that an answer stays as it went over."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from parindex.clock import db_now
from parindex.errors import NotPermitted, NotVisible, Refusal
from scoring.assessment import permissions
from scoring.assessment.queries.amended import amendment_behind, changes_of
from scoring.assessment.queries.sheet import read_sheet
from scoring.assessment.services.second_looks import keep_as_it_stands
from scoring.assessment.views.workspace_answers import row_url
from scoring.assessment.views.workspace_base import (
    WHOLE_LEAF,
    actor_of,
    agency_page,
    is_htmx,
    page_context,
    render_leaf,
    row_of,
    sheet_url,
)


@require_safe
@agency_page
def amendment(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Each changed criterion: before and now, what became of the answer, what is to be done."""
    sheet = permissions.sheet_for(actor_of(request), public_id)
    found = amendment_behind(sheet)
    if found is None:
        return HttpResponseRedirect(sheet_url(sheet))
    view = read_sheet(sheet, actor=actor_of(request), now=db_now())
    context = page_context(request, view) | {"changes": changes_of(sheet, found), "tab": "amendment"}
    return render(request, "workspace/amendment.html", context)


@require_POST
@agency_page
def keep(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Leave an answer as the amendment carried it over."""
    answer = permissions.answer_for(actor_of(request), public_id)
    refused: Refusal | None = None
    try:
        keep_as_it_stands(answer=answer, actor=actor_of(request))
    except (NotVisible, NotPermitted):
        raise
    except Refusal as error:
        refused = error
    if is_htmx(request):
        return render_leaf(
            request,
            answer.scoresheet,
            answer,
            WHOLE_LEAF,
            status=(422 if refused.status == 400 else refused.status) if refused else 200,
            row=lambda leaf: row_of(leaf, refused=refused),
        )
    for text in refused.messages if refused else []:
        messages.error(request, text)
    if refused is None:
        messages.success(request, _("%(code)s stays as it is.") % {"code": answer.criterion.code})
    if "list" in request.POST:
        back = reverse("workspace:amendment", args=[answer.scoresheet.public_id])
        return HttpResponseRedirect(f"{back}#change-{answer.public_id}")
    return HttpResponseRedirect(row_url(answer))
