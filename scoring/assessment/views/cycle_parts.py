"""The parts of a block's year: a further set, names and weights, taking a part out again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from parindex.admin_pages import allowed, show_refusal
from parindex.errors import Refusal
from scoring.assessment.cycle_permissions import may_manage_cycles
from scoring.assessment.forms.parts import AddPartForm, PartsForm
from scoring.assessment.models import CycleBlock
from scoring.assessment.queries.parts import YearParts, parts_of_year
from scoring.assessment.services import parts as services


@require_http_methods(["GET", "POST"])
@allowed(may_manage_cycles)
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """A further set for a part of the year."""
    year = _year(pk)
    form = AddPartForm(year, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            part = services.add_part(
                actor=request.actor,  # type: ignore[attr-defined]
                cycle_block=year.main,
                criteria_set=form.sets[form.cleaned_data["criteria_set"]],
                share=form.share,
                main_period=form.cleaned_data.get("main_period", ""),
                with_agencies=form.cleaned_data["with_agencies"],
            )
        except Refusal as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("The part of the year is added. Set its windows, then open it."))
            return redirect("cycles:block", pk=part.pk)
    context = {
        "title": _("Two sets in one year"),
        "cycle_block": year.main,
        "cycle": year.main.cycle,
        "year": year,
        "form": form,
    }
    return render(request, "admin/cycles/part_add.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@allowed(may_manage_cycles)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Names and weights of all parts of the year, at once."""
    year = _year(pk)
    if not year.several:
        return redirect("cycles:block", pk=year.main.pk)
    form = PartsForm(year, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_parts(
                actor=request.actor,  # type: ignore[attr-defined]
                cycle_block=year.main,
                shares=form.shares,
            )
        except Refusal as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("The parts of the year are saved."))
            return redirect("cycles:block", pk=year.main.pk)
    context = {
        "title": _("Names and weights of the parts"),
        "cycle_block": year.main,
        "cycle": year.main.cycle,
        "year": year,
        "form": form,
    }
    return render(request, "admin/cycles/parts.html", context, status=400 if form.errors else 200)


def _year(pk: int) -> YearParts:
    return parts_of_year(get_object_or_404(CycleBlock, pk=pk))
