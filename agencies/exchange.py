"""Files in and out: a rehearsal that tells every row's outcome, then exactly that, or nothing."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import tablib
from django.contrib import messages
from django.core import signing
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export.formats.base_formats import CSV, XLSX

from agencies.actors import actor_of
from agencies.forms import ImportForm
from agencies.resources import LineResource
from parindex.audit.services import canonical, record
from parindex.errors import Invalid

MAX_BYTES = 2 * 1024 * 1024
MAX_UNPACKED = 40 * 1024 * 1024
MAX_ROWS = 3000
SIGNED_FOR = 3600  # seconds between rehearsal and confirmation


@dataclass
class Outcome:
    """What becomes of one row; ``changes`` are (column, old, new), ``errors`` (column, text)."""

    row: int
    kind: str
    label: str = ""
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Rehearsal:
    """All outcomes of a file; ``seal`` is the same whenever the same would happen."""

    outcomes: list[Outcome]

    def count(self, kind: str) -> int:
        return sum(outcome.kind == kind for outcome in self.outcomes)

    @property
    def counts(self) -> dict[str, int]:
        return {kind: self.count(kind) for kind in ("new", "changed", "unchanged", "error")}

    @property
    def may_be_confirmed(self) -> bool:
        return not self.count("error") and bool(self.count("new") or self.count("changed"))

    @property
    def seal(self) -> str:
        told = [[one.row, one.kind, one.changes, one.errors] for one in self.outcomes]
        return hashlib.sha256(canonical(told).encode()).hexdigest()


# reading and writing files ------------------------------------------------------------------------


def read_rows(name: str, content: bytes) -> list[list[Any]]:
    """The cells of a CSV or XLSX file, headings first, empty rows as None. Raises Invalid on ``file``."""
    if len(content) > MAX_BYTES:
        raise _refused(_("The file is larger than %(size)s MB.") % {"size": MAX_BYTES // 1024 // 1024})
    rows = _read_xlsx(content) if content[:4] == b"PK\x03\x04" else _read_csv(content)
    while rows and not any(rows[-1]):
        rows.pop()
    if len(rows) < 2:
        raise _refused(_("The file has no rows beneath its headings."))
    if len(rows) > MAX_ROWS + 1:
        raise _refused(_("The file has more than %(rows)s rows.") % {"rows": MAX_ROWS})
    return rows


def _read_xlsx(content: bytes) -> list[list[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MAX_UNPACKED:
                raise _refused(_("The file holds too much for a list: copy the list into a new file."))
        dataset = XLSX().create_dataset(content)
    except Invalid:
        raise
    except Exception as error:  # openpyxl raises whatever it stumbles upon
        raise _refused(_("The file can't be read as XLSX: save it again from the spreadsheet.")) from error
    return [list(dataset.headers or []), *[list(row) for row in dataset]]


def _read_csv(content: bytes) -> list[list[Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(_("Save the CSV file as “CSV UTF-8”, or use XLSX.")) from error
    if "\x00" in text:
        raise _refused(_("The file is neither XLSX nor CSV."))
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return [list(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)]
    except csv.Error as error:
        raise _refused(_("The file can't be read as CSV: a quotation mark is not closed.")) from error


def _refused(text: str) -> Invalid:
    return Invalid(fields={"file": [text]})


def written(resource: LineResource, lines: list[Any], style: str) -> HttpResponse:
    """The lines as a file to download; no cell starts a formula."""
    dataset = resource.export(lines)
    dataset.title = type(resource).__name__.removesuffix("Resource")
    kind: CSV | XLSX = CSV() if style == "csv" else XLSX()
    content = kind.export_data(dataset) if style == "csv" else kind.export_data(dataset, escape=True)
    if style == "csv":
        content = "\ufeff" + content
    response = HttpResponse(content, content_type=f"{kind.get_content_type()}; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    name = f"{dataset.title.lower()}-{timezone.localdate():%Y%m%d}.{kind.get_extension()}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# rehearsing and doing -------------------------------------------------------------------------------


def dataset_of(resource: LineResource, rows: list[list[Any]]) -> tablib.Dataset:
    """The rows under the resource's own names, each with its number in the file. Raises Invalid on ``file``."""
    places, faults = resource.columns(rows[0])
    if faults:
        raise Invalid(fields={"file": faults})
    dataset = tablib.Dataset(headers=["_row", *places.values()])
    for number, row in enumerate(rows[1:], start=2):
        if any(cell not in (None, "") for cell in row):
            cells = [row[place] if place < len(row) else None for place in places]
            dataset.append([number, *map(_plain, cells)])
    return dataset


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime | date):
        return cell.strftime("%Y-%m-%d")
    return cell if isinstance(cell, int | float | str) or cell is None else str(cell)


def run(resource: LineResource, dataset: tablib.Dataset, *, dry: bool) -> Rehearsal:
    """Carry out the file's rows, all or none; with ``dry``, undo it all. Returns every row's outcome."""
    result = resource.import_data(dataset, dry_run=dry, rollback_on_validation_errors=True)
    if result.base_errors:
        raise result.base_errors[0].error
    numbers = dataset["_row"]
    return Rehearsal(
        [_outcome(resource, number, one) for number, one in zip(numbers, result.rows, strict=True)]
    )


def _outcome(resource: LineResource, number: int, result: Any) -> Outcome:
    if result.errors:
        raise result.errors[0].error  # a fault of the portal, not of the file
    if result.validation_error is not None:
        return Outcome(number, "error", errors=_errors(resource, result.validation_error))
    label = str(result.instance)
    if result.is_skip():
        return Outcome(number, "unchanged", label)
    before = None if result.is_new() else result.original
    changes = []
    for name in resource.headings:
        widget = resource.fields[name].widget
        old = widget.render(getattr(before, name)) if before is not None else ""
        new = widget.render(getattr(result.instance, name))
        if old != new:
            changes.append((resource.heading(name), old, new))
    return Outcome(number, "new" if before is None else "changed", label, changes)


def _errors(resource: LineResource, error: ValidationError) -> list[tuple[str, str]]:
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    return [
        (resource.heading(name) if name in resource.headings else "", text)
        for name, texts in by_field.items()
        for text in texts
    ]


class ExchangeMixin:
    """Import and export beside a change list of the administration."""

    resource_class: type[LineResource]
    change_list_template: Any = "admin/agencies/exchange_change_list.html"

    def lines_out(self, request: HttpRequest, resource: LineResource) -> list[Any]:
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"{act}/",
                self.admin_site.admin_view(getattr(self, f"{act}_view")),  # type: ignore[attr-defined]
                name=f"{self._name}_{act}",
            )
            for act in ("import", "export")
        ]
        return own + super().get_urls()  # type: ignore[misc]

    @property
    def _name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"  # type: ignore[attr-defined]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        more = {
            "import_url": reverse(f"admin:{self._name}_import") if self.has_add_permission(request) else "",  # type: ignore[attr-defined]
            "export_url": reverse(f"admin:{self._name}_export"),
        }
        return super().changelist_view(request, {**more, **(extra_context or {})})  # type: ignore[misc]

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Everything that this person may see, or (``?empty=1``) the headings alone."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        resource = self.resource_class(actor_of(request))
        empty = "empty" in request.GET
        lines = [] if empty else self.lines_out(request, resource)
        style = "csv" if request.GET.get("format") == "csv" else "xlsx"
        if not empty:
            told = {"rows": len(lines), "format": style}
            record(actor=request.user, action=f"{self.opts.label_lower}.export", obj=None, after=told)  # type: ignore[attr-defined,arg-type]
        return written(resource, lines, style)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """A file, then what would become of each of its rows, then the deed."""
        if not self.has_add_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        if request.method == "POST" and "sealed" in request.POST:
            return self._confirm(request)
        form = ImportForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            resource = self.resource_class(actor_of(request))
            upload = form.cleaned_data["file"]
            try:
                rows = read_rows(upload.name, upload.read())
                dataset = dataset_of(resource, rows)
                rehearsal = run(resource, dataset, dry=True)
            except Invalid as refusal:
                form.add_error("file", refusal.messages)
            else:
                return self._rehearsed(request, resource, dataset, rehearsal, upload.name)
        return self._page(request, {"form": form}, status=200 if request.method != "POST" else 422)

    def _confirm(self, request: HttpRequest) -> HttpResponse:
        try:
            kept = signing.loads(request.POST["sealed"], salt=self._salt(request), max_age=SIGNED_FOR)
        except signing.BadSignature:
            text = _("The rehearsal is too old or is not yours: choose the file again.")
            return self._page(request, {"form": ImportForm(), "errors": [text]}, status=422)
        resource = self.resource_class(actor_of(request))
        dataset = tablib.Dataset(*kept["rows"], headers=kept["headers"])
        with transaction.atomic():
            done = run(resource, dataset, dry=False)
            if done.seal == kept["seal"]:
                told = {"file": kept["name"], **done.counts}
                record(actor=request.user, action=f"{self.opts.label_lower}.import", obj=None, after=told)  # type: ignore[attr-defined,arg-type]
            else:
                transaction.set_rollback(True)
        if done.seal != kept["seal"]:
            messages.warning(
                request, _("The data have changed since the rehearsal: look through it once more.")
            )
            return self._rehearsed(request, resource, dataset, done, kept["name"])
        messages.success(
            request,
            _("Imported: %(new)s new, %(changed)s changed, %(unchanged)s unchanged.") % done.counts,
        )
        return HttpResponseRedirect(reverse(f"admin:{self._name}_changelist"))

    def _rehearsed(
        self, request: HttpRequest, resource: Any, dataset: Any, rehearsal: Rehearsal, name: str
    ) -> HttpResponse:
        sealed = ""
        if rehearsal.may_be_confirmed:
            kept = {
                "headers": dataset.headers,
                "rows": [list(row) for row in dataset],
                "seal": rehearsal.seal,
                "name": name[:200],
            }
            sealed = signing.dumps(kept, salt=self._salt(request), compress=True)
        return self._page(request, {"rehearsal": rehearsal, "sealed": sealed, "file_name": name})

    def _salt(self, request: HttpRequest) -> str:
        return f"import:{self._name}:{request.user.pk}"

    def _page(self, request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
        resource = self.resource_class()
        shared = {
            "title": _("Import: %(what)s") % {"what": self.opts.verbose_name_plural},  # type: ignore[attr-defined]
            "columns": [
                (resource.heading(name), name, name in resource.needed) for name in resource.headings
            ],
            "list_url": reverse(f"admin:{self._name}_changelist"),
            "list_name": self.opts.verbose_name_plural,  # type: ignore[attr-defined]
            "export_url": reverse(f"admin:{self._name}_export"),
            "import_url": reverse(f"admin:{self._name}_import"),
            "max_rows": MAX_ROWS,
            "max_mb": MAX_BYTES // 1024 // 1024,
        }
        return render(request, "admin/agencies/import.html", {**shared, **context}, status=status)
