"""Cite documents of the agency's library on an answer, and take citations off."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from evidence.models import DocumentVersion
from evidence.queries import pickable
from parindex.errors import NotPermitted, NotVisible, Refusal
from scoring.assessment import permissions
from scoring.assessment.forms.answer import CitationForm, PlaceForm
from scoring.assessment.models import Answer, Citation, SheetState
from scoring.assessment.queries.divisions import division_of
from scoring.assessment.services import citations
from scoring.assessment.views.workspace_base import (
    actor_of,
    agency_page,
    area_code,
    is_htmx,
    render_leaf,
    sheet_url,
)

PICK_LIMIT = 12


@require_http_methods(["GET", "HEAD", "POST"])
@agency_page
def cite(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Choose a document, its page and clause. POST cites it."""
    answer = permissions.answer_for(actor_of(request), public_id)
    if request.method != "POST":
        return _picker(request, answer, CitationForm())
    form = CitationForm(request.POST)
    if not form.is_valid():
        return _picker(request, answer, form, status=422)
    try:
        citations.cite(
            answer=answer,
            actor=actor_of(request),
            version=form.cleaned_data["version"],
            page=form.cleaned_data["page"],
            clause=form.cleaned_data["clause"],
        )
    except NotPermitted:
        raise
    except Refusal as refused:
        for name, texts in refused.fields.items():
            for text in texts:
                form.add_error(name if name in form.fields else None, text)
        return _picker(request, answer, form, status=422 if refused.status == 400 else 409)
    return _done(request, answer, _("The document is cited on %(code)s."))


def _picker(request: HttpRequest, answer: Answer, form: CitationForm, *, status: int = 200) -> HttpResponse:
    sheet = answer.scoresheet
    agency_id = sheet.participation.agency_id
    permissions.require_edit_leaf(actor_of(request), agency_id=agency_id, division_id=division_of(answer))
    search = request.GET.get("q", request.POST.get("q", "")).strip()[:200]
    documents = pickable(agency_id, search=search, limit=PICK_LIMIT + 1)
    cited = _cited_elsewhere(documents, answer)
    context = {
        "answer": answer,
        "sheet": sheet,
        "form": form,
        "search": search,
        "documents": [(one, cited.get(one.pk, [])) for one in documents[:PICK_LIMIT]],
        "more": len(documents) > PICK_LIMIT,
        "area": area_code(answer),
        "back": _back(answer),
        "chosen": str(form["version"].value() or request.GET.get("version", "")),
    }
    if is_htmx(request):
        response = render(request, "workspace/parts/picker.html", context, status=status)
        response.headers["HX-Retarget"] = f"#picker-{answer.public_id.hex}"
        response.headers["HX-Reswap"] = "innerHTML"
        return response
    return render(request, "workspace/cite.html", context, status=status)


def _cited_elsewhere(documents: list[DocumentVersion], answer: Answer) -> dict[int, list[str]]:
    """Version id → codes of this sheet's criteria that cite it already. One query."""
    rows = (
        Citation.objects.filter(document_version__in=documents, answer__scoresheet_id=answer.scoresheet_id)
        .order_by("answer__criterion__order")
        .values_list("document_version_id", "answer__criterion__code")
        .distinct()
    )
    found: dict[int, list[str]] = {}
    for version_id, code in rows:
        found.setdefault(version_id, []).append(code)
    return found


def _citation(request: HttpRequest, public_id: uuid.UUID) -> Citation:
    citation = (
        Citation.objects.select_related("document_version", "answer")
        .filter(
            public_id=public_id,
            answer__scoresheet__in=permissions.own_sheets(actor_of(request)),
        )
        .first()
    )
    if citation is None:
        raise NotVisible(_("There is no such citation."))
    citation.answer = permissions.answer_for(actor_of(request), citation.answer.public_id)
    return citation


@require_POST
@agency_page
def remove(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take a citation off an answer."""
    citation = _citation(request, public_id)
    try:
        citations.uncite(citation=citation, actor=actor_of(request))
    except (NotVisible, NotPermitted):
        raise
    except Refusal as refused:
        messages.error(request, str(refused))
        return _done(request, citation.answer, "", status=409)
    return _done(request, citation.answer, _("The citation is removed from %(code)s."))


@require_http_methods(["GET", "HEAD", "POST"])
@agency_page
def place(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Correct page and clause of a citation."""
    citation = _citation(request, public_id)
    answer = citation.answer
    permissions.require_edit_leaf(
        actor_of(request),
        agency_id=answer.scoresheet.participation.agency_id,
        division_id=division_of(answer),
    )
    form = PlaceForm(request.POST or None, initial={"page": citation.page, "clause": citation.clause})
    if request.method == "POST" and form.is_valid():
        try:
            citations.correct_place(citation=citation, actor=actor_of(request), **form.cleaned_data)
            return _done(request, answer, _("The citation on %(code)s is corrected."))
        except (NotVisible, NotPermitted):
            raise
        except Refusal as refused:
            for text in refused.messages:
                form.add_error(None, text)
    status = 422 if form.errors else 200
    context = {
        "citation": citation,
        "answer": answer,
        "form": form,
        "back": _back(answer),
        "sheet": answer.scoresheet,
    }
    return render(request, "workspace/citation.html", context, status=status)


def _back(answer: Answer) -> str:
    if answer.scoresheet.state == SheetState.EXPLAINING:
        return (
            reverse("workspace:explanation", args=[answer.scoresheet.public_id]) + f"#leaf-{answer.public_id}"
        )
    return sheet_url(answer.scoresheet, area=area_code(answer), anchor=f"leaf-{answer.public_id}")


def _done(request: HttpRequest, answer: Answer, text: str, *, status: int = 200) -> HttpResponse:
    if is_htmx(request):
        if answer.scoresheet.state == SheetState.EXPLAINING:
            from scoring.assessment.views.workspace_explanations import render_docs

            return render_docs(request, answer, status=status)
        return render_leaf(request, answer.scoresheet, answer, "workspace/parts/cited.html", status=status)
    if text:
        messages.success(request, text % {"code": answer.criterion.code})
    return HttpResponseRedirect(_back(answer))
