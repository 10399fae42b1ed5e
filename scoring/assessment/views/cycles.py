"""The year's set-up inside the administration frame: cycles, their blocks and settings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from parindex.admin_pages import allowed, show_refusal
from parindex.errors import Refusal, StaleVersion
from scoring.assessment.cycle_permissions import may_manage_cycles, may_see_cycles
from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.forms.cycle_settings import SettingsForms
from scoring.assessment.forms.cycles import AddBlockForm, CycleForm, NewCycleForm
from scoring.assessment.forms.row_lists import asks_for_rows, reshaped
from scoring.assessment.models import Cycle
from scoring.assessment.queries import cycles as queries
from scoring.assessment.queries.set_nodes import nodes_of_cycle, settings_faults
from scoring.assessment.services import cycles as services
from scoring.engine import SettingsErrors


@require_GET
@allowed(may_see_cycles)
def index(request: HttpRequest) -> HttpResponse:
    """Every cycle with its blocks: the stage now, its end, how many sheets in each state."""
    context = {
        "title": _("Cycles"),
        "cycles": queries.cycles_overview(),
        "may_manage": may_manage_cycles(request.actor),  # type: ignore[attr-defined]
    }
    return render(request, "admin/cycles/index.html", context)


@require_http_methods(["GET", "POST"])
@allowed(may_manage_cycles)
def new(request: HttpRequest) -> HttpResponse:
    """Make a year's cycle, from nothing or after an earlier one."""
    latest = Cycle.objects.order_by("-year").first()
    initial = {"year": latest.year + 1, "copy_from": latest} if latest else {}
    form = NewCycleForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            cycle = services.create_cycle(actor=request.actor, **form.cleaned_data)  # type: ignore[attr-defined]
        except Refusal as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("The cycle is made. Look through its blocks before you open them."))
            return redirect("cycles:cycle", pk=cycle.pk)
    context = {"title": _("Make a year's cycle"), "form": form, "submit_label": _("Make the cycle")}
    return render(request, "admin/cycles/form.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@allowed(may_see_cycles, writes=may_manage_cycles)
def one_cycle(request: HttpRequest, pk: int) -> HttpResponse:
    """One cycle: its blocks; a block is added here."""
    cycle = get_object_or_404(Cycle, pk=pk)
    may_manage = may_manage_cycles(request.actor)  # type: ignore[attr-defined]
    form = AddBlockForm(cycle, request.POST or None) if may_manage else None
    if form is not None and request.method == "POST" and form.is_valid():
        try:
            block = services.add_block(actor=request.actor, cycle=cycle, **form.cleaned_data)  # type: ignore[attr-defined]
        except Refusal as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("The block is added with all its active agencies."))
            return redirect("cycles:block", pk=block.pk)
    context = {
        "title": str(cycle),
        "cycle": cycle,
        "view": queries.cycle_view(cycle),
        "form": form,
        "may_manage": may_manage,
        "settings": (settings := CycleSettings.parse(cycle.settings)),
        "words": queries.settings_in_words(settings),
    }
    return render(request, "admin/cycles/cycle.html", context, status=400 if form and form.errors else 200)


@require_http_methods(["GET", "POST"])
@allowed(may_manage_cycles)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """The name of a cycle, and whether it is a rehearsal."""
    cycle = get_object_or_404(Cycle, pk=pk)
    form = CycleForm(request.POST or None, initial={"title": cycle.title, "rehearsal": cycle.rehearsal})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_cycle(actor=request.actor, cycle=cycle, **form.cleaned_data)  # type: ignore[attr-defined]
        except Refusal as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("cycles:cycle", pk=pk)
    context = {"title": _("Name of the cycle"), "form": form, "cycle": cycle, "submit_label": _("Save")}
    return render(request, "admin/cycles/form.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@allowed(may_manage_cycles)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a cycle that has no blocks."""
    cycle = get_object_or_404(Cycle, pk=pk)
    errors: list[str] = []
    if request.method == "POST":
        try:
            services.delete_cycle(actor=request.actor, cycle=cycle)  # type: ignore[attr-defined]
        except Refusal as refusal:
            errors = refusal.messages
        else:
            messages.success(request, _("The cycle is deleted."))
            return redirect("cycles:index")
    context = {"title": _("Delete the cycle"), "cycle": cycle, "errors": errors}
    return render(request, "admin/cycles/delete.html", context, status=409 if errors else 200)


@require_http_methods(["GET", "POST"])
@allowed(may_manage_cycles)
def change_settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Digits, rounding, ties, grades with gates and quotas, what the public sees, substitutes.

    A button of the rows (add, remove, up, down, preview) shows the page again as it was typed and saves nothing.
    """
    cycle = get_object_or_404(Cycle, pk=pk)
    if request.method != "POST":
        return _settings_page(request, cycle, _settings_forms(cycle, None))
    if asks_for_rows(request.POST):
        forms = _settings_forms(cycle, reshaped(request.POST))
        forms.tell(quietly="preview" not in request.POST)
        return _settings_page(request, cycle, forms, shown_again=True)
    forms = _settings_forms(cycle, request.POST)
    status = 400
    if forms.is_valid():
        try:
            services.save_settings(
                actor=request.actor,  # type: ignore[attr-defined]
                cycle=cycle,
                settings=forms.settings,
                seen=request.POST.get("seen"),
            )
        except SettingsErrors as error:
            forms.add_problems(error.problems)
        except StaleVersion as stale:
            forms.general.add_error(None, str(stale))
            status = 409
        else:
            messages.success(request, _("The settings are saved."))
            return redirect("cycles:settings", pk=pk)
    return _settings_page(request, cycle, forms, status=status)


def _settings_page(
    request: HttpRequest, cycle: Cycle, forms: SettingsForms, *, status: int = 200, shown_again: bool = False
) -> HttpResponse:
    """The page of the settings; ``shown_again``: with rows changed, and nothing saved yet."""
    errors = forms.errors if request.method == "POST" else []
    if not shown_again:
        forms.tell()
    warnings = [] if request.method == "POST" else [*forms.warnings, *settings_faults(forms.kept, forms.sets)]
    context: dict[str, Any] = {
        "title": _("Settings of the cycle"),
        "cycle": cycle,
        "forms": forms,
        "errors": errors,
        "warnings": warnings,
        "shown_again": shown_again,
        "seen": services.settings_mark(Cycle.objects.get(pk=cycle.pk) if status == 409 else cycle),
    }
    return render(request, "admin/cycles/settings.html", context, status=status)


def _settings_forms(cycle: Cycle, data: Any) -> SettingsForms:
    appraisers = queries.appraisers_of_cycle(cycle)
    scored = queries.scored_in_cycle(cycle)
    return SettingsForms(
        cycle,
        settings=CycleSettings.parse(cycle.settings),
        sets=nodes_of_cycle(cycle),
        appraisers=[one for one in appraisers if one.pk in scored],
        candidates=appraisers,
        data=data,
    )
