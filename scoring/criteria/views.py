"""The criteria sets inside the administration frame: list, read, import with a rehearsal, lock, export."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from parindex.admin_pages import allowed
from parindex.errors import Refusal
from scoring.criteria import permissions, services
from scoring.criteria.export import export_json, export_template, export_xlsx, file_name
from scoring.criteria.forms import ImportForm, StoreForm
from scoring.criteria.models import CriteriaSet
from scoring.criteria.presentation import areas_of_file, areas_of_set
from scoring.criteria.queries import (
    appraisers_of,
    differences,
    sets_overview,
    stale_wordings,
    tree_of,
    unreached,
)
from scoring.criteria.stored_cases import cases_of
from scoring.criteria.xlsx_notes import annotated as annotated_copy
from scoring.criteria.xlsx_open import UnreadableWorkbook, is_workbook


@require_GET
@allowed(permissions.may_see_sets)
def index(request: HttpRequest) -> HttpResponse:
    """Every set, latest year first."""
    return render(
        request,
        "admin/criteria/index.html",
        {
            "title": _("Criteria sets"),
            "sets": sets_overview().order_by("-year", "block__order", "-version"),
            "may_manage": permissions.may_manage_sets(request.actor),  # type: ignore[attr-defined]
        },
    )


@require_GET
@allowed(permissions.may_see_sets)
def one_set(request: HttpRequest, pk: int) -> HttpResponse:
    """One set as a tree, to be read."""
    criteria_set = _set(pk)
    tree = tree_of(criteria_set)
    cases = cases_of(criteria_set)
    areas = areas_of_set(tree, appraisers_of(tree), criteria_set.profiles, cases)
    return render(
        request,
        "admin/criteria/set.html",
        {
            "title": criteria_set.title,
            "set": criteria_set,
            "areas": areas,
            "cases": sum(map(len, cases.values())),
            "failing": [line for area in areas for line in area.all_lines if line.failing],
            "differences": differences(criteria_set, tree),
            "unreached": [] if criteria_set.locked_at else unreached(tree),
            "stale_wordings": [] if criteria_set.locked_at else stale_wordings(criteria_set),
            "leaves": len(tree.leaves),
            "self_scored": len(tree.self_scored),
            "may_manage": permissions.may_manage_sets(request.actor),  # type: ignore[attr-defined]
        },
    )


@require_GET
@allowed(permissions.may_see_sets)
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """The set as a file that imports to the same."""
    criteria_set = _set(pk)
    response = HttpResponse(export_json(criteria_set), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name(criteria_set)}"'
    return response


@require_GET
@allowed(permissions.may_see_sets)
def export_workbook(request: HttpRequest, pk: int) -> HttpResponse:
    """The set as an Excel workbook that imports to the same."""
    criteria_set = _set(pk)
    return _workbook(export_xlsx(criteria_set), file_name(criteria_set, "xlsx"))


@require_GET
@allowed(permissions.may_manage_sets)
def template(request: HttpRequest) -> HttpResponse:
    """An empty workbook to fill in, with drop-downs and instructions."""
    return _workbook(export_template(), "bo-tieu-chi-mau.xlsx")


@require_http_methods(["POST"])
@allowed(permissions.may_manage_sets)
def annotated(request: HttpRequest) -> HttpResponse:
    """The workbook that was rehearsed, with its findings in the cells concerned; made anew, nothing is kept."""
    form = StoreForm(request.POST)
    if not form.is_valid() or not is_workbook(form.cleaned_data["content"]):
        messages.error(request, _("The file did not arrive whole. Choose it again."))
        return redirect("criteria:import")
    content = form.cleaned_data["content"]
    outcome = _rehearse(request, content, form.cleaned_data["year"], form.cleaned_data["block"])
    try:
        copy = annotated_copy(content, outcome.errors, outcome.warnings)
    except UnreadableWorkbook as refusal:
        messages.error(request, str(refusal))
        return redirect("criteria:import")
    return _workbook(copy, "bo-tieu-chi-can-sua.xlsx")


@require_http_methods(["GET", "POST"])
@allowed(permissions.may_manage_sets)
def import_file(request: HttpRequest) -> HttpResponse:
    """Choose a file; it is rehearsed, and nothing is stored yet."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    context: dict[str, Any] = {"title": _("Import a criteria set"), "form": form}
    if request.method == "POST" and form.is_valid():
        content, year, block = form.content, form.cleaned_data["year"], form.cleaned_data["block"]
        outcome = _rehearse(request, content, year, block)
        context |= _outcome(outcome) | {
            "store_form": StoreForm.holding(content, year, block),
            "has_cells": is_workbook(content) and bool(outcome.rows),
        }
    return render(request, "admin/criteria/import.html", context)


@require_http_methods(["POST"])
@allowed(permissions.may_manage_sets)
def store(request: HttpRequest) -> HttpResponse:
    """Store what was rehearsed; it is checked once more on the way in."""
    form = StoreForm(request.POST)
    if not form.is_valid():
        for texts in form.errors.values():
            messages.error(request, " ".join(str(text) for text in texts))
        return redirect("criteria:import")
    outcome = services.import_criteria_set(
        actor=request.actor,  # type: ignore[attr-defined]
        data=form.cleaned_data["content"],
        year=form.cleaned_data["year"],
        block=form.cleaned_data["block"],
    )
    if outcome.criteria_set is None:
        context = {"title": _("Import a criteria set"), "form": ImportForm()} | _outcome(outcome)
        return render(request, "admin/criteria/import.html", context, status=409)
    messages.success(request, _("The criteria set is stored as a draft. Read it through, then lock it."))
    return redirect("criteria:set", pk=outcome.criteria_set.pk)


@require_http_methods(["GET", "POST"])
@allowed(permissions.may_manage_sets)
def lock(request: HttpRequest, pk: int) -> HttpResponse:
    """Lock a draft, after a page that says what that means; a difference in points is confirmed by name."""
    criteria_set = _set(pk)
    errors: list[str] = []
    if request.method == "POST":
        try:
            if request.POST.get("confirm_difference"):
                services.confirm_difference(actor=request.actor, criteria_set=criteria_set)  # type: ignore[attr-defined]
            services.lock_set(actor=request.actor, criteria_set=criteria_set)  # type: ignore[attr-defined]
        except Refusal as refusal:
            errors = refusal.messages
        else:
            messages.success(
                request,
                _(
                    "The criteria set is locked. Next, under Cycles: choose it for its block or, where the block is "
                    "open already, amend the block by it."
                ),
            )
            return redirect("criteria:set", pk=pk)
    tree, cases = tree_of(criteria_set), cases_of(criteria_set)
    if not errors:
        errors = list(services.content_obstacles(tree, cases))
    context = {
        "title": _("Lock the criteria set"),
        "set": criteria_set,
        "errors": errors,
        "refused": request.method == "POST",
        "unruled": services.without_rule(tree),
        "differences": differences(criteria_set, tree),
        "unreached": unreached(tree),
        "stale_wordings": stale_wordings(criteria_set),
        "leaves": len(tree.leaves),
        "without_appraiser": [leaf.code for leaf in tree.leaves if leaf.appraiser_id is None],
        "cases": sum(map(len, cases.values())),
    }
    return render(request, "admin/criteria/lock.html", context, status=409 if context["refused"] else 200)


@require_http_methods(["GET", "POST"])
@allowed(permissions.may_manage_sets)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a draft that no cycle uses."""
    criteria_set = _set(pk)
    errors: list[str] = []
    if request.method == "POST":
        try:
            services.delete_draft(actor=request.actor, criteria_set=criteria_set)  # type: ignore[attr-defined]
        except Refusal as refusal:
            errors = refusal.messages
        else:
            messages.success(request, _("The draft is deleted."))
            return redirect("criteria:index")
    context = {"title": _("Delete the draft"), "set": criteria_set, "errors": errors}
    return render(request, "admin/criteria/delete.html", context, status=409 if errors else 200)


def _set(pk: int) -> CriteriaSet:
    return get_object_or_404(
        CriteriaSet.objects.select_related("block", "locked_by", "difference_confirmed_by"), pk=pk
    )


def _workbook(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(
        content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _rehearse(request: HttpRequest, content: bytes, year: int | None, block: Any) -> services.ImportOutcome:
    return services.import_criteria_set(
        actor=request.actor,  # type: ignore[attr-defined]
        data=content,
        year=year,
        block=block,
        dry_run=True,
    )


def _outcome(outcome: services.ImportOutcome) -> dict[str, Any]:
    areas = areas_of_file(outcome.file, outcome.appraisers or {}) if outcome.file else []
    return {"outcome": outcome, "areas": areas}
