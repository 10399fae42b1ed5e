"""The one address of a stored file."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from evidence import queries, services, serving
from parindex.errors import NotVisible


@require_safe
def open_version(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Open the file of one version of a document, after the permission check, as an attachment."""
    actor = request.actor  # type: ignore[attr-defined]
    try:
        version = queries.version_to_open(actor, public_id)
    except NotVisible:
        raise Http404 from None
    if not version.may_open:
        return render(request, "evidence/not_open.html", {"version": version}, status=409)
    services.note_opening(actor=actor, version=version)
    return serving.serve(request, version)
