"""The tree of a draft in one page: type over codes, titles and maxima, move, add, delete, number anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from agencies.actors import actor_of
from parindex.admin_pages import allowed
from parindex.errors import Invalid, Refusal
from scoring.criteria.editing import cells, services
from scoring.criteria.editing.codes import by_position
from scoring.criteria.editing.drafts import StaleDraft
from scoring.criteria.editing.page import address, draft_or_refusal, frame, revision_of
from scoring.criteria.editing.queries import EditorRow, order_of, rows_to_edit, where_it_stands
from scoring.criteria.editing.tree import WAYS, end_of, place_of
from scoring.criteria.models import CriteriaSet
from scoring.criteria.permissions import may_manage_sets

NEEDS_NODE = {*WAYS, "add-part", "add-behind", "delete"}
ADDS = {"add-area", "add-part", "add-behind"}


@require_http_methods(["GET", "POST"])
@allowed(may_manage_sets)
def tree(request: HttpRequest, pk: int) -> HttpResponse:
    """The editor. A step (move, add …) first saves what was typed; both happen, or neither."""
    draft, refused = draft_or_refusal(request, pk)
    if refused is not None:
        return refused
    if request.method == "GET":
        return _page(request, draft)
    wants_json = "application/json" in request.headers.get("Accept", "")
    typed = cells.typed_cells(request.POST.dict(), {row.pk: row for row in draft.criteria.all()})
    values, faults = cells.read_cells(typed)
    try:
        if faults:
            raise Invalid(fields=faults)
        went = _act(request, draft, values)
    except Refusal as refusal:
        if wants_json:
            return JsonResponse({"error": " ".join(refusal.messages)}, status=refusal.status)
        draft.refresh_from_db()
        return _page(request, draft, typed=typed, refusal=refusal)
    if wants_json:
        draft.refresh_from_db()
        return JsonResponse({"revision": draft.revision, "order": order_of(draft), "says": went[1]})
    if went[1]:
        messages.success(request, went[1])
    return redirect(went[0])


@require_http_methods(["GET", "POST"])
@allowed(may_manage_sets)
def renumber(request: HttpRequest, pk: int) -> HttpResponse:
    """Codes by position, after a page that shows each new code beside the old one."""
    draft, refused = draft_or_refusal(request, pk)
    if refused is not None:
        return refused
    errors: list[str] = []
    if request.method == "POST":
        try:
            count = services.renumber(actor=actor_of(request), set_pk=pk, revision=revision_of(request))
        except Refusal as refusal:
            errors = refusal.messages
            draft.refresh_from_db()
        else:
            messages.success(request, _changed(count))
            return redirect("criteria:edit", pk)
    nodes = list(draft.criteria.order_by("order"))
    new = by_position(nodes)
    context = frame(request, draft, _("Number anew")) | {
        "errors": errors,
        "changes": [(node, new[node.pk]) for node in nodes if new[node.pk] != node.code],
    }
    return render(request, "admin/criteria/edit/renumber.html", context, status=409 if errors else 200)


@require_http_methods(["GET", "POST"])
@allowed(may_manage_sets)
def delete(request: HttpRequest, pk: int, node: int) -> HttpResponse:
    """Delete a node with its parts, after a page that names every one of them."""
    draft, refused = draft_or_refusal(request, pk, node)
    if refused is not None:
        return refused
    errors: list[str] = []
    if request.method == "POST":
        try:
            count = services.delete_node(
                actor=actor_of(request), set_pk=pk, node_pk=node, revision=revision_of(request)
            )
        except Refusal as refusal:
            errors = refusal.messages
            draft, refused = draft_or_refusal(request, pk, node)
            if refused is not None:
                return refused
        else:
            text = ngettext("%(count)s criterion is deleted.", "%(count)s criteria are deleted.", count)
            messages.success(request, text % {"count": count})
            return redirect("criteria:edit", pk)
    rows = list(draft.criteria.order_by("order"))
    at = place_of(rows, node)
    context = frame(request, draft, _("Delete a criterion")) | {
        "errors": errors,
        "node": rows[at],
        "going": rows[at : end_of(rows, at)],
    }
    return render(request, "admin/criteria/edit/delete.html", context, status=409 if errors else 200)


def _act(
    request: HttpRequest, draft: CriteriaSet, values: Mapping[int, Mapping[str, Any]]
) -> tuple[str, str]:
    """Save what was typed and carry out the step, in one transaction. Returns (address, what happened)."""
    actor, act = actor_of(request), request.POST.get("act", "save")
    node = _number(request.POST.get("node"))
    if act in NEEDS_NODE and node is None:
        raise Invalid(_("Pick a criterion first: mark its row."))
    here = reverse("criteria:edit", args=[draft.pk])
    with transaction.atomic():
        count = services.change_nodes(
            actor=actor, set_pk=draft.pk, revision=revision_of(request), cells=values
        )
        if act in WAYS:
            target = _number(request.POST.get("target"))
            moved = services.move_node(
                actor=actor, set_pk=draft.pk, node_pk=node or 0, where=act, target=target
            )
            return f"{here}?at={moved.pk}#title-{moved.pk}", where_it_stands(moved)
        if act in ADDS:
            made = services.add_node(
                actor=actor,
                set_pk=draft.pk,
                parent=node if act == "add-part" else None,
                after=node if act == "add-behind" else None,
            )
            return f"{here}?at={made.pk}&new=1#title-{made.pk}", ""
    if act == "delete":
        return reverse("criteria:node_delete", args=[draft.pk, node]), ""
    return here + (f"?at={node}#title-{node}" if node else ""), _changed(count) if count else _(
        "Nothing was changed."
    )


def _page(
    request: HttpRequest,
    draft: CriteriaSet,
    *,
    typed: Mapping[int, Mapping[str, str]] | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    rows, whole = rows_to_edit(draft)
    faults = dict(refusal.fields) if refusal is not None else {}
    stale = isinstance(refusal, StaleDraft)
    for row in rows:
        mine = (typed or {}).get(row.node.pk)
        if mine is None:
            continue
        row.typed = mine
        row.faults = {
            name: found for name in cells.FIELDS if (found := faults.pop(f"{name}-{row.node.pk}", None))
        }
        if stale:
            row.now = {name: cells.stored(row.node, name) for name in mine}
    at = _number(request.GET.get("at") or request.POST.get("node"))
    context = frame(request, draft, _("Edit the criteria set"), "tree") | {
        "rows": rows,
        "whole": whole,
        "shown": cells.marks(rows),
        "at": at,
        "is_new": "new" in request.GET,
        "errors": [text for texts in faults.values() for text in texts],
        "linked_errors": _linked(rows),
        "lost": _lost(typed or {}, rows),
        "t": _words(draft),
    }
    status = 200 if refusal is None else refusal.status
    return render(request, "admin/criteria/edit/tree.html", context, status=status)


def _words(draft: CriteriaSet) -> dict[str, str]:
    """Words and parts of addresses that every row repeats, looked up once."""
    head, _zero, tail = (address("criteria:rule", draft.pk, 0) or "").partition("/0/")
    return {
        "here": reverse("criteria:edit", args=[draft.pk]),
        "rule_head": f"{head}/",
        "rule_tail": tail and f"/{tail}",
        "pick": _("Pick"),
        "drag": _("Drag to another place"),
        "code": _("Code"),
        "title": _("Title"),
        "max": _("Maximum"),
        "now": _("stored now"),
        "no_rule": _("no rule yet"),
        "rule": _("Rule"),
        "details": _("Details"),
    }


def _linked(rows: list[EditorRow]) -> list[tuple[str, str, str]]:
    """(id of the field, code, message) of each fault, for the summary on top."""
    return [
        (f"{name}-{row.node.pk}", row.node.code, text)
        for row in rows
        for name, texts in row.faults.items()
        for text in texts
    ]


def _lost(typed: Mapping[int, Mapping[str, str]], rows: list[EditorRow]) -> list[str]:
    """What was typed for rows that are no longer there, so that it is not lost."""
    known = {row.node.pk for row in rows}
    return [" · ".join(cell.values()) for pk, cell in typed.items() if pk not in known]


def _changed(count: int) -> str:
    return ngettext("%(count)s criterion changed.", "%(count)s criteria changed.", count) % {"count": count}


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 13 else None
