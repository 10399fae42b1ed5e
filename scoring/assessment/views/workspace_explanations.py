"""Answer explanation requests: only the leaves asked about, each saved by itself; the head sends."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from parindex.clock import db_now
from parindex.errors import NotPermitted, NotVisible, Refusal, StaleVersion
from scoring.assessment import permissions
from scoring.assessment.forms.answer import LeafInputs, VersionForm, inputs_form
from scoring.assessment.input_words import inputs_in_words
from scoring.assessment.models import Answer, Explanation, ExplanationRequest, Scoresheet, SheetState
from scoring.assessment.queries.leaves import LeafView
from scoring.assessment.queries.seen import AFTER_ROUND_1
from scoring.assessment.queries.sheet import SheetView, read_sheet
from scoring.assessment.services import explanation_replies
from scoring.assessment.services.answers import Incomplete, rule_of
from scoring.assessment.views.workspace_base import (
    actor_of,
    agency_page,
    attach_rows,
    conflict_rows,
    is_htmx,
    page_context,
    say_refusal,
    sheet_url,
)
from scoring.assessment.workflow import STEP, may_take
from scoring.criteria.wording import expression_in_words


@require_safe
@agency_page
def explanation(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The leaves asked about, with question, marks side by side, and the reply."""
    sheet = permissions.sheet_for(actor_of(request), public_id)
    if sheet.state not in AFTER_ROUND_1:
        return HttpResponseRedirect(sheet_url(sheet))
    return _page(request, sheet)


@require_POST
@agency_page
def reply(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Save the reply to one request, by itself."""
    asked = _request(request, public_id)
    answer = asked.answer
    raw = _raw(request.POST, answer)
    text = request.POST.get("text", "")
    refused: Refusal | None = None
    try:
        explanation_replies.save_explanation(
            request=asked,
            actor=actor_of(request),
            text=text,
            expected_version=VersionForm.read(request.POST),
            inputs_raw=raw,
        )
    except (NotVisible, NotPermitted):
        raise
    except Refusal as error:
        refused = error
    status = (422 if refused.status == 400 else refused.status) if refused else 200
    typed = {answer.pk: (request.POST, refused)} if refused else {}
    if is_htmx(request):
        view = _view(request, answer.scoresheet, typed)
        leaf = view.leaf(answer)
        context = page_context(request, view) | _counts(view) | {"leaf": leaf, "row": leaf.row, "oob": True}
        context["incomplete"] = isinstance(refused, Incomplete)
        template = "workspace/parts/reply_refused.html" if refused else "workspace/parts/reply_saved.html"
        response = render(request, template, context, status=202 if context["incomplete"] else status)
        if refused:
            response.headers["X-Kept"] = "1"
        return response
    if refused is not None:
        return _page(request, answer.scoresheet, typed, status=status)
    messages.success(request, _("The explanation of %(code)s is saved.") % {"code": answer.criterion.code})
    back = reverse("workspace:explanation", args=[answer.scoresheet.public_id])
    return HttpResponseRedirect(f"{back}#leaf-{answer.public_id}")


@require_http_methods(["GET", "HEAD", "POST"])
@agency_page
def send(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The head sends the explanation; what is unanswered must be confirmed."""
    sheet = permissions.sheet_for(actor_of(request), public_id)
    if not may_take(
        STEP["send_explanation"], actor=actor_of(request), agency_id=sheet.participation.agency_id
    ):
        raise NotPermitted(_("The head of the agency sends the explanation."))
    back = reverse("workspace:explanation", args=[sheet.public_id])
    errors: list[str] = []
    if request.method == "POST":
        try:
            after = explanation_replies.send_explanation(
                sheet=sheet, actor=actor_of(request), unanswered_too="unanswered" in request.POST
            )
        except explanation_replies.Unanswered as refused:
            errors = refused.messages
        except (NotVisible, NotPermitted):
            raise
        except Refusal as refused:
            return say_refusal(request, refused, back)
        else:
            new = after.version != sheet.version
            messages.success(
                request,
                _("The explanation is sent to Home Affairs.")
                if new
                else _("The explanation was already sent."),
            )
            return HttpResponseRedirect(sheet_url(sheet))
    elif sheet.state != SheetState.EXPLAINING:
        return HttpResponseRedirect(back)
    view = _view(request, sheet, {})
    context = page_context(request, view) | _counts(view) | {"errors": errors}
    return render(request, "workspace/send_explanation.html", context, status=422 if errors else 200)


def render_docs(request: HttpRequest, answer: Answer, *, status: int = 200) -> HttpResponse:
    """The citations of a leaf on the explanation page, after one was added or removed."""
    view = _view(request, answer.scoresheet, {})
    leaf = view.leaf(answer)
    context = {"leaf": leaf, "row": leaf.row, "oob": True, "explaining": True}
    return render(request, "workspace/parts/cited.html", context, status=status)


def _request(request: HttpRequest, public_id: uuid.UUID) -> ExplanationRequest:
    found = (
        ExplanationRequest.objects.select_related("answer")
        .filter(
            public_id=public_id,
            taken_back_at__isnull=True,
            answer__scoresheet__in=permissions.own_sheets(actor_of(request)).filter(state__in=AFTER_ROUND_1),
        )
        .first()
    )
    if found is None:
        raise NotVisible(_("There is no such explanation request."))
    found.answer = permissions.answer_for(actor_of(request), found.answer.public_id)
    return found


def _raw(data: Mapping[str, Any], answer: Answer) -> dict[str, Any] | None:
    """The inputs that were sent, where the rule's fields were shown (after a refused "not applicable")."""
    if answer.applicability != Answer.Applicability.REFUSED:
        return None
    return inputs_form(rule_of(answer), key=answer.public_id.hex, data=data).raw


Typed = Mapping[int, tuple[Mapping[str, Any], Refusal | None]]


def _view(request: HttpRequest, sheet: Scoresheet, typed: Typed) -> SheetView:
    """The sheet with the asked leaves alone, each with its reply."""
    view = read_sheet(sheet, actor=actor_of(request), now=db_now(), whole=True)
    attach_rows(view)
    for branch in view.branches:
        for leaf in branch.all_leaves():
            if leaf.asked is not None and leaf.answer is not None:
                _attach_reply(leaf, *typed.get(leaf.answer.pk, (None, None)))
    return view


def _attach_reply(leaf: LeafView, data: Mapping[str, Any] | None, refused: Refusal | None) -> None:
    row, asked = leaf.row, leaf.asked
    assert asked is not None
    standing: Explanation | None = getattr(asked, "explanation", None)
    row.reply_text = data.get("text", "") if data is not None else (standing.text if standing else "")
    row.reply_version = standing.version if standing else 0
    row.reply_inputs = inputs_in_words(leaf.rule, standing.inputs) if standing else []
    row.reply_expression = expression_in_words(standing.trace) if standing else ""
    row.refused = refused
    form: LeafInputs | None = None
    if leaf.may_reply and leaf.is_refused:
        form = inputs_form(leaf.rule, key=row.key, data=data, inputs=standing.inputs if standing else None,
                           facts=leaf.reply_facts)  # fmt: skip
        if refused is not None:
            form.show_faults({} if isinstance(refused, StaleVersion) else refused.fields)
        row.slots = [
            (f"slot-{form.add_prefix(n)}", " ".join(map(str, form.errors.get(n, [])))) for n in form.fields
        ]
    row.form = form
    if isinstance(refused, StaleVersion):
        row.conflict = conflict_rows(leaf, refused)
        row.reply_version = refused.version


def _counts(view: SheetView) -> dict[str, Any]:
    leaves = [leaf for branch in view.branches for leaf in branch.all_leaves() if leaf.asked is not None]
    replied = [leaf for leaf in leaves if leaf.asked and explanation_replies.is_replied(leaf.asked)]
    return {
        "asked": leaves,
        "asked_count": len(leaves),
        "replied_count": len(replied),
        "missing": [leaf for leaf in leaves if leaf not in replied],
        "explaining": True,
        "tab": "explanation",
    }


def _page(
    request: HttpRequest, sheet: Scoresheet, typed: Typed | None = None, *, status: int = 200
) -> HttpResponse:
    view = _view(request, sheet, typed or {})
    context = page_context(request, view) | _counts(view)
    return render(request, "workspace/explanation.html", context, status=status)
