"""The page of one node of a draft: everything but its rule, which has a page of its own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from agencies.actors import actor_of
from parindex.admin_pages import allowed, show_refusal
from parindex.errors import Refusal
from scoring.criteria.editing import services
from scoring.criteria.editing.below import BelowForm, leaves_below, set_below
from scoring.criteria.editing.drafts import StaleDraft
from scoring.criteria.editing.forms import NodeForm
from scoring.criteria.editing.page import address, draft_or_refusal, frame, revision_of
from scoring.criteria.editing.queries import Figures, figures
from scoring.criteria.editing.tree import place_of
from scoring.criteria.models import CriteriaSet, Criterion
from scoring.criteria.permissions import may_manage_sets
from scoring.criteria.wording import rule_data_in_words


@require_http_methods(["GET", "POST"])
@allowed(may_manage_sets)
def node(request: HttpRequest, pk: int, node: int) -> HttpResponse:
    """Details of one node, with the way to its rule, its stored cases and its neighbours."""
    draft, refused = draft_or_refusal(request, pk, node)
    if refused is not None:
        return refused
    rows = _rows(draft)
    at = place_of(rows, node)
    one, has_parts = rows[at], any(row.parent_id == node for row in rows)
    act = request.POST.get("act", "save") if request.method == "POST" else ""
    if act == "below" and has_parts:
        return _below(request, draft, rows, at)
    form = NodeForm(draft, one, has_parts=has_parts, data=request.POST if act else None)
    status, conflict = 400 if form.errors else 200, None
    if act and form.is_valid():
        try:
            services.change_node(
                actor=actor_of(request),
                set_pk=pk,
                node_pk=node,
                revision=revision_of(request),
                **form.changes,
            )
        except Refusal as refusal:
            status = refusal.status
            draft.refresh_from_db()
            if isinstance(refusal, StaleDraft):
                conflict = form.conflict()
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            following = rows[at + 1].pk if act == "next" and at + 1 < len(rows) else node
            return redirect("criteria:node", pk, following)
    context = frame(request, draft, f"{one.code} {one.title}") | _around(draft, rows, at)
    context |= {"form": form, "conflict": conflict, "has_parts": has_parts}
    if has_parts:
        context["below"] = BelowForm(draft)
    return render(request, "admin/criteria/edit/node.html", context, status=status)


def _below(request: HttpRequest, draft: CriteriaSet, rows: list[Criterion], at: int) -> HttpResponse:
    """Set who appraises and the profiles for every criterion beneath a group."""
    one = rows[at]
    below, form = BelowForm(draft, request.POST), NodeForm(draft, one, has_parts=True)
    status = 400
    if below.is_valid():
        try:
            changed = set_below(
                actor=actor_of(request),
                draft=draft,
                leaves=leaves_below(rows, one.pk),
                revision=revision_of(request),
                **below.cleaned_data,
            )
        except Refusal as refusal:
            status = refusal.status
            draft.refresh_from_db()
            below.add_error(None, refusal.messages)
        else:
            text = ngettext("%(count)s criterion changed.", "%(count)s criteria changed.", changed)
            messages.success(request, text % {"count": changed})
            return redirect("criteria:node", draft.pk, one.pk)
    context = frame(request, draft, f"{one.code} {one.title}") | _around(draft, rows, at)
    context |= {"form": form, "conflict": None, "has_parts": True, "below": below}
    return render(request, "admin/criteria/edit/node.html", context, status=status)


def _rows(draft: CriteriaSet) -> list[Criterion]:
    return list(draft.criteria.order_by("order"))


def _around(draft: CriteriaSet, rows: list[Criterion], at: int) -> dict[str, Any]:
    """The node, what lies above and beside it, its rule in words, its sums."""
    one = rows[at]
    by_pk = {row.pk: row for row in rows}
    above: list[Criterion] = []
    parent = one.parent_id
    while parent is not None:
        above.insert(0, by_pk[parent])
        parent = by_pk[parent].parent_id
    return {
        "node": one,
        "above": above,
        "before": rows[at - 1] if at else None,
        "after": rows[at + 1] if at + 1 < len(rows) else None,
        "leaves_below": len(leaves_below(rows, one.pk)),
        "figures": Figures(one.max_points, figures(rows).get(one.pk), one.cap),
        "words": rule_data_in_words(one.rule, one.max_points) if one.rule else "",
        "rule_url": address("criteria:rule", draft.pk, one.pk),
        "cases_url": address("criteria:cases", draft.pk, one.pk),
        "cases": one.stored_cases.count() if one.is_leaf else 0,
    }
