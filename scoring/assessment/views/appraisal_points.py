"""Survey, external and office points: upload, the dry run with every row, the act; templates to fill in."""

from __future__ import annotations

import base64
import binascii
import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from parindex.errors import Invalid
from scoring.assessment.forms.appraisal import PointsFileForm
from scoring.assessment.points_file import MAX_BYTES, write_csv, write_xlsx
from scoring.assessment.queries.appraisal_points import batches_of, coverage, template_rows
from scoring.assessment.services.imports import ImportRefused, ImportReport, import_points
from scoring.assessment.views.appraisal_base import actor_of, block_tabs, open_block, secretary_page
from scoring.criteria.models import Method

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
IMPORTED = (Method.SURVEY, Method.EXTERNAL, Method.OFFICE)


@require_http_methods(["GET", "HEAD", "POST"])
@secretary_page
def points(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """A file comes up: first its dry run, then, confirmed, the same file is stored whole or not at all."""
    block = open_block(public_id)
    form, report, kept, status = PointsFileForm(), None, "", 200
    if request.method == "POST":
        form = PointsFileForm(request.POST, request.FILES)
        try:
            name, data = _file(request)
            confirmed = "confirm" in request.POST
            report = import_points(
                cycle_block=block,
                actor=actor_of(request),
                data=data,
                file_name=name,
                dry_run=not confirmed,
            )
        except ImportRefused as refused:
            report, status = refused.report, 422
        except Invalid as refused:
            form.refuse(refused.fields)
            status = 422
        else:
            if confirmed:
                return _stored(request, block.public_id, report)
            kept = base64.b64encode(data).decode() if report.is_clean and report.changes else ""
            status = 200 if report.is_clean else 422
    covered = coverage(block)
    held = {one.criterion.method for one in covered}
    context = {
        "title": _("Survey and external points"),
        "cycle_block": block,
        "tabs": block_tabs(request, block, "points"),
        "form": form,
        "report": report,
        "kept": kept,
        "coverage": covered,
        "methods": [(method.value, method.label) for method in IMPORTED if method in held],
        "batches": batches_of(block),
        "max_mb": MAX_BYTES >> 20,
    }
    return render(request, "admin/appraisal/points.html", context, status=status)


def _file(request: HttpRequest) -> tuple[str, bytes]:
    """The name and bytes of the file: just sent, or sent back from the dry run."""
    upload = request.FILES.get("file")
    if upload is not None:
        if upload.size is None or upload.size > MAX_BYTES:
            raise Invalid(
                fields={"file": [_("The file is larger than %(size)s MB.") % {"size": MAX_BYTES >> 20}]}
            )
        return str(upload.name), upload.read()
    kept = request.POST.get("kept", "")
    if not kept:
        raise Invalid(fields={"file": [_("Choose a file.")]})
    try:
        return request.POST.get("name", "")[:255], base64.b64decode(kept, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(fields={"file": [_("Choose the file again.")]}) from None


def _stored(request: HttpRequest, public_id: uuid.UUID, report: ImportReport) -> HttpResponse:
    count = report.changes
    messages.success(
        request,
        ngettext("%(count)s figure stored.", "%(count)s figures stored.", count) % {"count": count}
        if count
        else _("Every figure stood already; nothing was changed."),
    )
    return HttpResponseRedirect(reverse("appraisal:points", args=[public_id]))


@require_safe
@secretary_page
def template(request: HttpRequest, public_id: uuid.UUID, method: str, extension: str) -> HttpResponse:
    """A file with a row for every agency and leaf of a method, to be filled in."""
    block = open_block(public_id)
    if method not in IMPORTED:
        raise Http404
    heading, rows = template_rows(block, method)
    data = write_csv(heading, rows) if extension == "csv" else write_xlsx(heading, rows)
    response = HttpResponse(data, content_type=CONTENT_TYPES[extension])
    name = f"{block.cycle.year}-{block.key}-{method}.{extension}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
