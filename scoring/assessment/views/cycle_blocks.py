"""One block of a cycle: progress, criteria set, windows, agencies, extensions, opening."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from parindex.admin_pages import allowed, show_refusal, tell_refusal
from parindex.audit.queries import history_of
from parindex.audit.reading import told
from parindex.errors import Refusal
from scoring.assessment.cycle_permissions import may_manage_cycles, may_see_cycles
from scoring.assessment.forms.cycles import (
    AddAgenciesForm,
    ExtensionForm,
    ParticipationForm,
    SetForm,
    WindowsForm,
)
from scoring.assessment.models import CycleBlock, Participation
from scoring.assessment.published import is_published
from scoring.assessment.queries import cycles as queries
from scoring.assessment.queries.amended import amendments_of
from scoring.assessment.queries.effect import profile_effect
from scoring.assessment.queries.parts import parts_of_year
from scoring.assessment.services import cycles as services
from scoring.assessment.services import opening, parts


@require_GET
@allowed(may_see_cycles)
def block(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the block stands: stages, and each agency's progress."""
    cycle_block = _block(pk)
    context = _page(request, cycle_block, "block") | {
        "rows": queries.participants(cycle_block),
        "year": parts_of_year(cycle_block),
        "published": is_published(cycle_block),
    }
    if cycle_block.opened_at is None:
        context["obstacles"] = opening.opening_obstacles(cycle_block)
        context["set_form"] = SetForm(cycle_block)
    elif not cycle_block.cycle.imported:
        context["amendments"] = amendments_of(cycle_block)
    return render(request, "admin/cycles/block.html", context)


@require_POST
@allowed(may_manage_cycles)
def choose_set(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the criteria set of a block that is not open."""
    cycle_block = _block(pk)
    form = SetForm(cycle_block, request.POST)
    try:
        if form.is_valid():
            chosen = form.sets[form.cleaned_data["criteria_set"]]
            services.choose_set(actor=request.actor, cycle_block=cycle_block, criteria_set=chosen)  # type: ignore[attr-defined]
            messages.success(request, _("The criteria set is chosen."))
        else:
            messages.error(request, _("Choose one of the sets."))
    except Refusal as refusal:
        tell_refusal(request, refusal)
    return redirect("cycles:block", pk=pk)


@require_http_methods(["GET", "POST"])
@allowed(may_see_cycles, writes=may_manage_cycles)
def windows(request: HttpRequest, pk: int) -> HttpResponse:
    """The windows of all stages."""
    cycle_block = _block(pk)
    context = _page(request, cycle_block, "windows")
    view = context["view"]
    form = WindowsForm(
        windows=view.windows,
        year=cycle_block.cycle.year,
        suggest=not view.windows,
        data=request.POST if request.method == "POST" else None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.set_windows(actor=request.actor, cycle_block=cycle_block, windows=form.windows)  # type: ignore[attr-defined]
        except Refusal as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("The windows are saved."))
            return redirect("cycles:windows", pk=pk)
    context |= {"form": form, "suggested": not view.windows and request.method == "GET"}
    return render(request, "admin/cycles/windows.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@allowed(may_see_cycles, writes=may_manage_cycles)
def agencies(request: HttpRequest, pk: int) -> HttpResponse:
    """Who takes part; agencies are added here, all at once or one by one."""
    cycle_block = _block(pk)
    context = _page(request, cycle_block, "agencies")
    form = AddAgenciesForm(cycle_block, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = opening.add_participations(
            actor=request.actor,  # type: ignore[attr-defined]
            cycle_block=cycle_block,
            agencies=form.chosen,
        )
        told = ngettext("%(count)s agency takes part now.", "%(count)s agencies take part now.", len(made))
        messages.success(request, told % {"count": len(made)})
        return redirect("cycles:agencies", pk=pk)
    context |= {"form": form, "rows": queries.participants(cycle_block)}
    return render(request, "admin/cycles/agencies.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@allowed(may_manage_cycles)
def participation(request: HttpRequest, pk: int) -> HttpResponse:
    """The profiles of one agency, and whether it is ranked; "preview" only tells what they do to its maximum."""
    one = get_object_or_404(
        Participation.objects.select_related(
            "agency", "cycle_block__cycle", "cycle_block__block", "cycle_block__criteria_set"
        ),
        pk=pk,
    )
    form = ParticipationForm(one, request.POST if request.method == "POST" else None)
    preview = "preview" in request.POST
    if request.method == "POST" and not preview and form.is_valid():
        try:
            opening.change_participation(
                actor=request.actor,  # type: ignore[attr-defined]
                participation=one,
                profiles=form.cleaned_data.get("profiles", []),
                ranked=form.cleaned_data["ranked"],
                document=form.cleaned_data["document"],
            )
        except Refusal as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("cycles:agencies", pk=one.cycle_block_id)
    context = {
        "title": one.agency.name,
        "participation": one,
        "cycle_block": one.cycle_block,
        "form": form,
        "effect": profile_effect(one.cycle_block.criteria_set, form.ticked),
        "stands": profile_effect(one.cycle_block.criteria_set, one.profiles),
        "changes": told(history_of(one).filter(action="participation.changed")[:10]),
        "preview": preview,
    }
    status = 400 if form.errors and not preview else 200
    return render(request, "admin/cycles/participation.html", context, status=status)


@require_POST
@allowed(may_manage_cycles)
def remove_agency(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an agency out of a block that is not open."""
    one = get_object_or_404(Participation.objects.select_related("cycle_block"), pk=pk)
    try:
        opening.remove_participation(actor=request.actor, participation=one)  # type: ignore[attr-defined]
    except Refusal as refusal:
        tell_refusal(request, refusal)
    else:
        messages.success(request, _("The agency no longer takes part."))
    return redirect("cycles:agencies", pk=one.cycle_block_id)


@require_http_methods(["GET", "POST"])
@allowed(may_see_cycles, writes=may_manage_cycles)
def extensions(request: HttpRequest, pk: int) -> HttpResponse:
    """Later ends, each with the number of its letter."""
    cycle_block = _block(pk)
    context = _page(request, cycle_block, "extensions")
    form = ExtensionForm(cycle_block, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("agency", "stage", "letter_number", "reason")}
        try:
            services.grant_extension(
                actor=request.actor,  # type: ignore[attr-defined]
                cycle_block=cycle_block,
                closes=form.moment,
                **given,
            )
        except Refusal as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("The extension is given and recorded."))
            return redirect("cycles:extensions", pk=pk)
    context |= {"form": form, "extensions": queries.extensions_of(cycle_block)}
    return render(request, "admin/cycles/extensions.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@allowed(may_manage_cycles)
def open_block(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a block, after a page that names every sheet that comes into being."""
    cycle_block = _block(pk)
    errors: list[str] = []
    if request.method == "POST":
        try:
            opening.open_block(actor=request.actor, cycle_block=cycle_block)  # type: ignore[attr-defined]
        except Refusal as refusal:
            errors = refusal.messages
        else:
            messages.success(request, _("The block is open: the scoresheets are there."))
            return redirect("cycles:block", pk=pk)
    if cycle_block.opened_at is not None:
        return redirect("cycles:block", pk=pk)
    context = _page(request, cycle_block, "open") | {
        "rows": queries.participants(cycle_block),
        "obstacles": opening.opening_obstacles(cycle_block),
        "self_scored": opening.self_scored_of(cycle_block),
        "errors": errors,
    }
    return render(request, "admin/cycles/open.html", context, status=409 if errors else 200)


@require_http_methods(["GET", "POST"])
@allowed(may_manage_cycles)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a block out of a cycle again, before it is opened."""
    cycle_block = _block(pk)
    errors: list[str] = []
    if request.method == "POST":
        try:
            if cycle_block.part_of_id is not None:
                parts.remove_part(actor=request.actor, cycle_block=cycle_block)  # type: ignore[attr-defined]
                messages.success(request, _("The part of the year is taken out; its weight went back."))
                return redirect("cycles:block", pk=cycle_block.part_of_id)
            services.remove_block(actor=request.actor, cycle_block=cycle_block)  # type: ignore[attr-defined]
        except Refusal as refusal:
            errors = refusal.messages
        else:
            messages.success(request, _("The block is taken out of the cycle."))
            return redirect("cycles:cycle", pk=cycle_block.cycle_id)
    context = _page(request, cycle_block, "remove") | {"errors": errors}
    return render(request, "admin/cycles/remove.html", context, status=409 if errors else 200)


def _block(pk: int) -> CycleBlock:
    return get_object_or_404(CycleBlock.objects.select_related("cycle", "block", "criteria_set"), pk=pk)


def _page(request: HttpRequest, cycle_block: CycleBlock, here: str) -> dict[str, Any]:
    """What every page of a block shows: the block's view and its tabs."""
    view = queries.block_view(cycle_block)
    tabs = [
        ("block", _("Progress"), None),
        ("windows", _("Windows"), len(view.windows)),
        ("agencies", _("Agencies"), view.agencies),
        ("extensions", _("Extensions"), None),
    ]
    return {
        "title": cycle_block.name,
        "here": here,
        "cycle_block": cycle_block,
        "cycle": cycle_block.cycle,
        "view": view,
        "may_manage": may_manage_cycles(request.actor),  # type: ignore[attr-defined]
        "tabs": [
            {
                "url": reverse(f"cycles:{name}", args=[cycle_block.pk]),
                "label": label,
                "count": count,
                "current": name == here,
            }
            for name, label, count in tabs
        ],
    }
