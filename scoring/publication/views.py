"""The publishers' pages inside the administration frame: propose, preview, approve, send back."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from parindex.admin_pages import allowed
from parindex.errors import Refusal
from scoring.assessment.models import Cycle
from scoring.publication import permissions, queries, services
from scoring.publication.forms import ProposeForm, ReasonForm
from scoring.publication.models import Publication

reader = allowed(permissions.may_read)


@require_GET
@reader
def index(request: HttpRequest) -> HttpResponse:
    """All publications and proposals."""
    state = request.GET.get("state", "")
    state = state if state in Publication.State.values else ""
    page = Paginator(queries.publications(state=state), 50).get_page(request.GET.get("page"))
    labels = {
        "": _("All"),
        "proposed": _("Waiting for approval"),
        "published": _("Published"),
        "rejected": _("Sent back"),
    }
    return render(
        request,
        "admin/publication/index.html",
        {
            "title": _("Publication"),
            "page_obj": page,
            "tabs": [
                {
                    "url": f"?state={key}" if key else "?",
                    "label": label,
                    "current": key == state,
                    "count": None,
                }
                for key, label in labels.items()
            ],
            "may_propose": permissions.may_propose(request.actor),  # type: ignore[attr-defined]
        },
    )


@require_http_methods(["GET", "POST"])
@reader
def propose(request: HttpRequest) -> HttpResponse:
    """Put the rankings of some blocks before an approver. `?year=`; `?run=` chooses one run alone."""
    actor = request.actor  # type: ignore[attr-defined]
    _require(permissions.may_propose(actor))
    cycles = list(Cycle.objects.all())
    wanted = request.GET.get("year", "")
    cycle = next((c for c in cycles if str(c.year) == wanted), None) if wanted else next(iter(cycles), None)
    if cycle is None and wanted:
        raise Http404
    form = ProposeForm(
        request.POST or None,
        choices=queries.block_choices(cycle) if cycle else [],
        wanted=request.GET.get("run", ""),
    )
    status = 200
    if cycle is not None and request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = services.propose(
                    actor=actor,
                    cycle=cycle,
                    runs=form.runs(),
                    decision=form.decision(),
                    notice=form.cleaned_data["notice"],
                )
                messages.success(request, _("The proposal waits for its approval by another person."))
                return redirect("publication:detail", publication=made.public_id)
            except Refusal as refusal:
                form.refuse(refusal)
                status = refusal.status
    context = {
        "title": _("Propose a publication"),
        "form": form,
        "cycle": cycle,
        "years": [
            {"url": f"?year={c.year}", "label": str(c.year), "current": c == cycle, "count": None}
            for c in cycles
        ],
    }
    return render(request, "admin/publication/propose.html", context, status=status)


@require_GET
@reader
def detail(request: HttpRequest, publication: uuid.UUID) -> HttpResponse:
    """A proposal as its approver reads it, or what became of it."""
    return _detail(request, _publication(publication))


@require_POST
@reader
def approve(request: HttpRequest, publication: uuid.UUID) -> HttpResponse:
    """Confirm the hash that the page showed."""
    _require(permissions.may_decide_any(request.actor))  # type: ignore[attr-defined]
    found = _publication(publication)
    try:
        services.approve(
            actor=request.actor,  # type: ignore[attr-defined]
            publication=found,
            content=request.POST.get("content", ""),
        )
    except Refusal as refusal:
        return _detail(request, _publication(publication), errors=refusal.messages, status=refusal.status)
    messages.success(request, _("Published. The public reads these figures from now on."))
    return redirect("publication:detail", publication=publication)


@require_POST
@reader
def send_back(request: HttpRequest, publication: uuid.UUID) -> HttpResponse:
    """Refuse a proposal with a reason."""
    _require(permissions.may_decide_any(request.actor))  # type: ignore[attr-defined]
    return _reject(request, publication, services.send_back, _("The proposal has been sent back."))


@require_POST
@reader
def take_back(request: HttpRequest, publication: uuid.UUID) -> HttpResponse:
    """Withdraw an own proposal with a reason."""
    _require(permissions.may_propose(request.actor))  # type: ignore[attr-defined]
    return _reject(request, publication, services.take_back, _("The proposal has been taken back."))


def _reject(
    request: HttpRequest, publication: uuid.UUID, act: Callable[..., Publication], done: str
) -> HttpResponse:
    found = _publication(publication)
    form = ReasonForm(request.POST)
    try:
        act(actor=request.actor, publication=found, reason=request.POST.get("reason", ""))  # type: ignore[attr-defined]
    except Refusal as refusal:
        form.is_valid()
        if "reason" not in refusal.fields:
            form.refuse(refusal)
        return _detail(request, _publication(publication), form=form, status=refusal.status)
    messages.success(request, done)
    return redirect("publication:detail", publication=publication)


def _detail(
    request: HttpRequest,
    publication: Publication,
    *,
    form: ReasonForm | None = None,
    errors: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    waits = publication.state == Publication.State.PROPOSED
    context = {
        "title": f"{publication.cycle.year} · {publication.decision.number}",
        "publication": publication,
        "blocks": queries.proposed_blocks(publication),
        "waits": waits,
        "may_decide": waits and permissions.may_decide(actor, publication),
        "may_take_back": waits and permissions.may_take_back(actor, publication),
        "form": form or ReasonForm(),
        "errors": errors or [],
        "rehearsal": publication.rehearsal,
    }
    return render(request, "admin/publication/detail.html", context, status=status)


def _publication(public_id: uuid.UUID) -> Publication:
    found = queries.one_publication(public_id)
    if found is None:
        raise Http404
    return found


def _require(allowed: bool) -> None:
    """Whose business it is not learns nothing of what there is."""
    if not allowed:
        raise PermissionDenied
