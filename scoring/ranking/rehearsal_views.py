"""The page that rehearses a change of the criteria set, in the administration frame."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from parindex.admin_pages import allowed
from parindex.errors import Invalid
from parindex.ui.cells import neutral
from scoring.criteria.models import CriteriaSet
from scoring.criteria.permissions import may_manage_sets
from scoring.engine import plain
from scoring.ranking import permissions, rehearsal
from scoring.ranking.models import RankingRun
from scoring.ranking.rehearsal import Basis, NewLeaves, Rehearsal, Shift

rehearser = allowed(may_manage_sets)

CHART_WIDTH, CHART_HEIGHT, CHART_MIDDLE = 760, 180, 90
SORTS = ("change", "name", "rank", "index")


@dataclass(frozen=True, slots=True)
class Stroke:
    """One agency in the chart: a bar up or down from the middle line. SVG user units."""

    x: str
    y: str
    width: str
    height: str
    tone: str
    label: str


@require_GET
@rehearser
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """How every agency's index would move: form on top, then a chart and the tables."""
    criteria_set, run, runs, new = _asked(request, pk)
    context: dict[str, Any] = {
        "title": _("Rehearsal of a change"),
        "criteria_set": criteria_set,
        "runs": runs,
        "run": run,
        "new": new,
        "new_choices": NewLeaves.choices,
    }
    if run is not None:
        try:
            context |= _told(
                _without_own_house(request, rehearsal.rehearse(criteria_set, run, new=new)), request
            )
        except Invalid as refusal:
            context["refused"] = refusal.messages
    return render(request, "admin/ranking/rehearsal.html", context)


@require_GET
@rehearser
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as CSV (UTF-8 with BOM, decimal point), one row an agency."""
    criteria_set, run, _runs, new = _asked(request, pk)
    if run is None:
        return redirect("ranking:rehearse", pk=pk)
    try:
        result = _without_own_house(request, rehearsal.rehearse(criteria_set, run, new=new))
    except Invalid as refusal:
        return HttpResponse(
            "\n".join(refusal.messages), status=refusal.status, content_type="text/plain; charset=utf-8"
        )
    name = f"thu-bo-tieu-chi-{criteria_set.year}-v{criteria_set.version}.csv"
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    writer.writerow(
        ["agency", "name", "ranked", "index_before", "index_after", "change", "rank_before", "rank_after"]
        + ["grade_before", "grade_after"]
    )
    for one in result.shifts:
        writer.writerow(
            [one.agency.slug, neutral(one.agency.name), int(one.ranked)]
            + [_number(value) for value in (one.before.index, one.after.index, one.change)]
            + [
                one.before.rank or "",
                one.after.rank or "",
                neutral(one.before.grade),
                neutral(one.after.grade),
            ]
        )
    return response


def _asked(request: HttpRequest, pk: int) -> tuple[CriteriaSet, RankingRun | None, list[RankingRun], str]:
    """The set, the run that was chosen (the latest at first), what there is to choose, and what new leaves count."""
    criteria_set = get_object_or_404(CriteriaSet.objects.select_related("block"), pk=pk)
    runs = rehearsal.base_runs(criteria_set)
    wanted = request.GET.get("run", "")
    run = runs[0] if runs and not wanted else None
    if wanted:
        try:
            key = uuid.UUID(wanted)
        except ValueError as error:
            raise Http404 from error
        run = next((one for one in runs if one.public_id == key), None)
        if run is None:
            raise Http404
    new = request.GET.get("new", NewLeaves.LEFT_OUT)
    return criteria_set, run, runs, new if new in NewLeaves.values else NewLeaves.LEFT_OUT


def _without_own_house(request: HttpRequest, result: Rehearsal) -> Rehearsal:
    """An interim run tells nobody the marks of the own house."""
    hidden = permissions.hidden_houses(request.actor, result.run.stage)  # type: ignore[attr-defined]
    result.shifts[:] = [one for one in result.shifts if one.agency.pk not in hidden]
    return result


def _told(result: Rehearsal, request: HttpRequest) -> dict[str, Any]:
    sort = request.GET.get("sort", "-change")
    if sort.lstrip("-") not in SORTS:
        sort = "-change"
    basis = {kind.value: sum(leaf.basis.get(kind.value, 0) for leaf in result.leaves) for kind in Basis}
    return {
        "result": result,
        "lines": _sorted(result.shifts, sort),
        "sort": sort,
        "strokes": _strokes(result),
        "widest": result.widest,
        "middle": CHART_MIDDLE,
        "chart_width": CHART_WIDTH,
        "chart_height": CHART_HEIGHT,
        "basis": [(Basis(kind).label, count) for kind, count in basis.items() if count],
        "moving": [leaf for leaf in result.leaves if leaf.moves],
        "up": sum(one.change is not None and one.change > 0 for one in result.shifts),
        "down": sum(one.change is not None and one.change < 0 for one in result.shifts),
    }


def _sorted(shifts: Sequence[Shift], sort: str) -> list[Shift]:
    """Sorted by a key (a minus before it: downward); what has no value stays last, equals keep the order of names."""
    key, down = sort.lstrip("-"), sort.startswith("-")
    if key == "name":
        return list(reversed(shifts)) if down else list(shifts)
    value = {"change": lambda s: s.change, "rank": lambda s: s.after.rank, "index": lambda s: s.after.index}[
        key
    ]
    has = [one for one in shifts if value(one) is not None]
    return sorted(has, key=value, reverse=down) + [one for one in shifts if value(one) is None]


def _strokes(result: Rehearsal) -> list[Stroke]:
    """One bar an agency from the largest gain to the largest loss; half the height is the widest change."""
    known = _sorted([one for one in result.shifts if one.change is not None], "-change")
    if not known or not result.widest:
        return []
    step = Decimal(CHART_WIDTH) / len(known)
    made = []
    for place, one in enumerate(known):
        change = one.change or Decimal(0)
        height = abs(change) / result.widest * (CHART_MIDDLE - 6)
        made.append(
            Stroke(
                x=f"{place * step + step / 10:.2f}",
                y=f"{CHART_MIDDLE - (height if change > 0 else 0):.2f}",
                width=f"{min(step * 8 / 10, Decimal(28)):.2f}",
                height=f"{max(height, Decimal('0.8')):.2f}",
                tone="good" if change > 0 else "bad" if change < 0 else "",
                label=one.agency.name,
            )
        )
    return made


def _number(value: Decimal | None) -> str:
    return "" if value is None else plain(value)
