"""The library of an agency: list, upload, description, versions and use of its documents."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from agencies.actors import Actor
from agencies.models import Agency
from evidence import queries as evidence
from evidence import services
from evidence.batches import Outcome, store_each
from evidence.forms import DescriptionForm, UploadForm
from evidence.models import Document, DocumentVersion
from evidence.permissions import may_manage
from evidence.refusals import AlreadyThere
from parindex.errors import NotVisible, Refusal, StaleVersion
from scoring.assessment.queries import library as queries

PAGE = 25
AT_ONCE = 12

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """The list, with search and filters."""
    agency, choices = _agency(request)
    search, show = request.GET.get("q", "")[:200], _show(request.GET.get("show", ""))
    years = evidence.years_of_issue(agency.pk)
    year = next((year for year in years if str(year) == request.GET.get("year")), None)
    found = queries.documents(agency.pk, search=search, year=year, show=show)
    context = {
        "agency": agency,
        "agencies": choices,
        "page_obj": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "counts": queries.counts(agency.pk, search=search, year=year),
        "library": queries.counts(agency.pk),
        "search": search,
        "year": year,
        "years": years,
        "show": show,
        "may_manage": may_manage(_actor(request), agency.pk),
    }
    return render(request, "workspace/library.html", context)


@get_or_post
def upload(request: HttpRequest) -> HttpResponse:
    """Several files at once: by script one request a file (JSON back), without it all in one form."""
    agency, _choices = _agency(request)
    actor = _actor(request)
    if not may_manage(actor, agency.pk):
        raise PermissionDenied
    form, outcomes = UploadForm(), []
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            data = form.cleaned_data
            outcomes = store_each(
                actor=actor,
                agency=agency,
                uploads=data["file"],
                secrecy_confirmation=data["secrecy_confirmation"],
                upload_key=data["upload_key"],
            )
        if request.headers.get("X-Upload"):
            return _as_json(form, outcomes)
        if form.is_valid():
            form = _next_form(outcomes, data["secrecy_confirmation"])
    context = {
        "agency": agency,
        "form": form,
        "outcomes": outcomes,
        "asks": any(outcome.needs_confirmation for outcome in outcomes) or bool(form.errors),
        "undescribed": queries.counts(agency.pk).undescribed,
    } | _limits()
    failed = form.errors or (outcomes and not any(outcome.is_stored for outcome in outcomes))
    return render(request, "workspace/library_upload.html", context, status=422 if failed else 200)


@require_safe
def describe(request: HttpRequest) -> HttpResponse:
    """The forms of the documents that have no number yet, one below the other, each saved by itself."""
    agency, _choices = _agency(request)
    if not may_manage(_actor(request), agency.pk):
        raise PermissionDenied
    versions = evidence.library(agency.pk, described=False)
    shown = list(versions[:AT_ONCE])
    context = {
        "agency": agency,
        "cards": [(version, DescriptionForm(of=version, auto_id=_ids(version))) for version in shown],
        "left": versions.count() if len(shown) == AT_ONCE else len(shown),
    }
    return render(request, "workspace/library_describe.html", context)


@require_safe
def document(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """One document: what identifies it, its versions, where it is cited."""
    return _document_page(request, _document(request, public_id))


@get_or_post
def edit(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Describe a document; on its own page, or as a card of the describe page."""
    found, version = _to_change(request, public_id)
    card = bool(request.headers.get("HX-Request")) or "card" in request.POST
    form = DescriptionForm(request.POST or None, of=version, auto_id=_ids(version) if card else "id_%s")
    context: dict[str, Any] = {"document": found, "version": version, "form": form}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                version = services.edit_description(
                    actor=_actor(request),
                    document=found,
                    description=form.description(),
                    expected_version=form.cleaned_data["version"],
                )
            except StaleVersion as stale:
                status = stale.status
                context["conflict"] = _sides(form, stale)
                data = request.POST.copy()
                data["version"] = str(stale.version)
                form.data = data
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                return _described(request, found, version)
    template = (
        "workspace/library_card.html" if request.headers.get("HX-Request") else "workspace/document_edit.html"
    )
    return render(request, template, context, status=status)


@get_or_post
def replace(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Give the document another file."""
    found, version = _to_change(request, public_id)
    form = UploadForm(request.POST or None, request.FILES or None, several=False)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                services.replace_file(
                    actor=_actor(request),
                    document=found,
                    upload=cast(Any, form.cleaned_data["file"][0]),
                    expected_version=_number(request.POST.get("version")),
                    secrecy_confirmation=form.cleaned_data["secrecy_confirmation"],
                    upload_key=form.cleaned_data["upload_key"],
                )
            except StaleVersion as stale:
                status = stale.status
                form.add_error(
                    None, _("Somebody changed this document in the meantime. Look at it, then upload again.")
                )
            except AlreadyThere as there:
                status = there.status
                form.add_error("file", there.messages[0])
            except Refusal as refusal:
                for name, texts in refusal.fields.items():
                    form.add_error(name or "file", texts)
            else:
                messages.success(request, _("The new file is stored. Earlier versions stay below."))
                return redirect("workspace:document", found.public_id)
    context = {"document": found, "version": version, "form": form} | _limits()
    return render(request, "workspace/document_replace.html", context, status=status)


@get_or_post
def remove(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask, then take the document out of the library."""
    found, version = _to_change(request, public_id)
    if request.method == "POST":
        try:
            services.remove_document(actor=_actor(request), document=found)
        except Refusal as refusal:
            return _document_page(request, found, refusal)
        messages.success(request, _("“%(document)s” was removed from the library.") % {"document": version})
        return HttpResponseRedirect(f"{reverse('workspace:library')}?agency={found.agency.public_id}")
    return render(request, "workspace/document_remove.html", {"document": found, "version": version})


# --- pieces --------------------------------------------------------------------------------------


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


def _agency(request: HttpRequest) -> tuple[Agency, list[Agency]]:
    """The agency asked for, or the person's first; and all whose library he or she may read."""
    choices = list(evidence.readable_agencies(_actor(request)))
    asked = request.POST.get("agency") or request.GET.get("agency") or ""
    found = [agency for agency in choices if str(agency.public_id) == asked] if asked else choices
    if not found:
        raise Http404
    own = _actor(request).own_agency_ids
    return next((agency for agency in found if agency.pk in own), found[0]), choices


def _document(request: HttpRequest, public_id: uuid.UUID) -> Document:
    try:
        return evidence.document_for(_actor(request), public_id)
    except NotVisible:
        raise Http404 from None


def _to_change(request: HttpRequest, public_id: uuid.UUID) -> tuple[Document, DocumentVersion]:
    """The document with its current version, for people who may change it; to all others there is none."""
    found = _document(request, public_id)
    if not may_manage(_actor(request), found.agency_id):
        raise Http404
    return found, found.versions.get(current=True)


def _document_page(request: HttpRequest, found: Document, refusal: Refusal | None = None) -> HttpResponse:
    versions = evidence.versions_of(found)
    context = {
        "document": found,
        "version": versions[0],
        "versions": versions,
        "citations": queries.citations_of(found),
        "errors": refusal.messages if refusal else [],
        "may_manage": may_manage(_actor(request), found.agency_id),
    }
    return render(request, "workspace/document.html", context, status=refusal.status if refusal else 200)


def _as_json(form: UploadForm, outcomes: list[Outcome]) -> JsonResponse:
    """The answer to one file sent by script."""
    if not outcomes:
        errors = [str(text) for texts in form.errors.values() for text in texts]
        return JsonResponse({"errors": errors}, status=422)
    outcome = outcomes[0]
    if outcome.version is None:
        return JsonResponse(
            {"errors": outcome.messages, "asks": outcome.needs_confirmation}, status=outcome.status
        )
    version = outcome.version
    answer = {
        "name": version.original_name,
        "url": reverse("workspace:document", args=[version.document.public_id]),
    }
    if outcome.duplicate:
        answer["state"] = _("already in the library as “%(document)s”") % {"document": version}
    return JsonResponse(answer, status=outcome.status)


def _next_form(outcomes: list[Outcome], confirmation: str) -> UploadForm:
    """A fresh form below the outcomes; a confirmation that was asked for is not typed twice."""
    form = UploadForm()
    if any(outcome.needs_confirmation for outcome in outcomes):
        form.initial["secrecy_confirmation"] = confirmation
    return form


def _described(request: HttpRequest, found: Document, version: DocumentVersion) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(
            request, "workspace/library_card.html", {"document": found, "version": version, "saved": True}
        )
    messages.success(request, _("The description of “%(document)s” is saved.") % {"document": version})
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        return HttpResponseRedirect(back)
    return redirect("workspace:document", found.public_id)


def _sides(form: DescriptionForm, stale: StaleVersion) -> list[tuple[Any, Any, Any]]:
    """(label, what stands now, what was typed) of the fields that differ."""
    return [
        (form.fields[name].label, _shown(now), _shown(stale.offered[name]))
        for name, now in stale.current.items()
        if now != stale.offered[name]
    ]


def _shown(value: Any) -> str:
    return f"{value:%d/%m/%Y}" if hasattr(value, "year") else str(value or "")


def _ids(version: DocumentVersion) -> str:
    return f"d{version.document_id}_%s"


def _limits() -> dict[str, int]:
    return {"max_bytes": settings.MAX_UPLOAD_BYTES, "max_mb": settings.MAX_UPLOAD_MB}


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0


def _show(text: str) -> queries.Show:
    return next((show for show in queries.SHOWS if show == text), "")
