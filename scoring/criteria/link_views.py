"""Pages on how sets follow each other: copy a set, tie it to an earlier one, compare two side by side."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import BigIntegerField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from agencies.actors import actor_of
from agencies.models import Agency
from parindex.admin_pages import allowed, show_refusal, tell_refusal
from parindex.errors import Refusal
from scoring.criteria import comparison_file, linking, permissions
from scoring.criteria.comparison import Change, Pair, compare, counts
from scoring.criteria.copying import copy_set, newest_copy, retired_appraisers
from scoring.criteria.link_forms import CopyForm, EarlierForm, TieTable, WholeForm
from scoring.criteria.links import bridge, guessed, likely_whole
from scoring.criteria.models import Comparability, CriteriaSet, SetLink
from scoring.criteria.queries import tree_of

CHANGED, ALL = "changed", "all"
TONES: dict[str, str] = {
    Change.NEW: "good",
    Change.GONE: "bad",
    Change.SPLIT: "warn",
    Change.MERGED: "warn",
    Change.RULE: "warn",
    Change.MAXIMUM: "info",
    Change.RENAMED: "info",
}


@require_http_methods(["GET", "POST"])
@allowed(permissions.may_manage_sets)
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a draft from this set: next year's, or the next version."""
    source = _set(pk)
    form = CopyForm.of(source, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = copy_set(
                actor=actor_of(request),
                source=source,
                year=given["year"],
                block=given["block"],
                title=given["title"],
                last_copy=given["last_copy"],
            )
        except Refusal as refusal:
            status = refusal.status
            if status == 409:  # what was typed stays; sent again, it is meant
                again = request.POST.copy()
                again["last_copy"] = str(newest_copy(source))
                form = CopyForm.of(source, again)
                form.is_valid()
            show_refusal(form, refusal)
        else:
            _tell_copied(request, made)
            return redirect("criteria:compare", pk=made.pk, other=source.pk)
    context = {
        "title": _("Copy the criteria set"),
        "set": source,
        "form": form,
        "nodes": source.criteria.count(),
        "retired": retired_appraisers(source),
        "copies": _followers(source),
    }
    return render(request, "admin/criteria/copy.html", context, status=status)


def _tell_copied(request: HttpRequest, made: CriteriaSet) -> None:
    messages.success(
        request,
        _("The draft is made, version %(version)s of %(year)s. Edit it; this page shows what you changed.")
        % {"version": made.version, "year": made.year},
    )
    for one in retired_appraisers(made):
        messages.warning(
            request,
            _("%(agency)s is no longer active and still appraises %(codes)s: name another agency.")
            % {
                "agency": one.agency,
                "codes": ", ".join(one.codes[:12]) + (" …" if len(one.codes) > 12 else ""),
            },
        )


@require_http_methods(["GET", "POST"])
@allowed(permissions.may_see_sets, writes=permissions.may_manage_sets)
def links(request: HttpRequest, pk: int) -> HttpResponse:
    """The sets that this one follows, and a form to name another; the guessed ties are shown before they count."""
    newer = _set(pk)
    data = request.POST if request.method == "POST" else request.GET if "earlier" in request.GET else None
    form = EarlierForm(data, newer=newer)
    preview = None
    if data is not None and form.is_valid():
        earlier: CriteriaSet = form.cleaned_data["earlier"]
        if request.method == "POST":
            try:
                linking.state_link(actor=actor_of(request), newer=newer, earlier=earlier)
            except Refusal as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(
                    request, _("The sets are linked. Go through the table and correct what was guessed.")
                )
                return redirect("criteria:ties", pk=newer.pk, earlier=earlier.pk)
        preview = _preview(newer, earlier)
    context = {
        "title": _("Links to earlier sets"),
        "set": newer,
        "form": form,
        "preview": preview,
        "back": newer.links_back.select_related("earlier__block").order_by(
            "-earlier__year", "-earlier__version"
        ),
        "forward": _followers(newer),
        "may_manage": permissions.may_manage_sets(actor_of(request)),
    }
    return render(request, "admin/criteria/links.html", context, status=400 if form.errors else 200)


def _preview(newer: CriteriaSet, earlier: CriteriaSet) -> dict[str, Any]:
    """What linking two sets by code and title would tie, and what it would leave."""
    new, old = tree_of(newer), tree_of(earlier)
    ties = guessed(newer, earlier)
    return {
        "earlier": earlier,
        "matched": len(ties.ties),
        "nodes": len(new.nodes),
        "new": [node for node in new.nodes if not ties.back(node.id)],
        "gone": [node for node in old.nodes if not ties.forward(node.id)],
    }


@require_http_methods(["GET", "POST"])
@allowed(permissions.may_see_sets, writes=permissions.may_manage_sets)
def ties(request: HttpRequest, pk: int, earlier: int) -> HttpResponse:
    """One link: whether the totals compare, and what each node of this set follows."""
    link = _link(pk, earlier)
    new, old = tree_of(link.newer), tree_of(link.earlier)
    proposal = likely_whole(link.newer, link.earlier)
    table = TieTable.standing(new, old, linking.read_ties(link))
    whole = WholeForm(
        proposal=proposal,
        initial={"comparability": link.comparability if link.stated else "", "note": link.note},
    )
    status = 200
    if request.method == "POST" and request.POST.get("part") == "whole":
        whole = WholeForm(request.POST, proposal=proposal)
        if _save_whole(request, link, whole):
            return redirect("criteria:ties", pk=pk, earlier=earlier)
        status = 400
    elif request.method == "POST":
        standing, table = table, TieTable.typed(new, old, request.POST, table)
        status, told = _save_ties(request, link, table, standing)
        if status == 200:
            messages.success(request, told)
            return redirect("criteria:ties", pk=pk, earlier=earlier)
        if told:
            messages.error(request, told)
    context = {
        "title": _("What each criterion follows"),
        "set": link.newer,
        "earlier": link.earlier,
        "link": link,
        "whole": whole,
        "table": table,
        "fresh": [row.node for row in table.rows if not row.earlier and not row.error],
        "areas": [
            [row for row in table.rows if new.area_of(row.node.id).id == area.id] for area in new.areas
        ],
        "old_nodes": old.nodes,
        "may_manage": permissions.may_manage_sets(actor_of(request)) and link.frozen_at is None,
    }
    return render(request, "admin/criteria/ties.html", context, status=status)


def _save_whole(request: HttpRequest, link: SetLink, form: WholeForm) -> bool:
    if not form.is_valid():
        return False
    try:
        linking.set_whole(actor=actor_of(request), set_link=link, **form.cleaned_data)
    except Refusal as refusal:
        show_refusal(form, refusal)
        return False
    messages.success(request, _("Saved."))
    return True


def _save_ties(request: HttpRequest, link: SetLink, table: TieTable, standing: TieTable) -> tuple[int, str]:
    """(status, what to tell). Nothing is saved over what somebody else changed since the page was opened."""
    if table.state != standing.state:
        table.state = standing.state
        return 409, _(
            "Somebody changed these links after this page was opened, and nothing of yours was saved. "
            "What you typed still stands here; save again to put it in place of what stands now."
        )
    if table.errors:
        return 400, ""
    try:
        changed = linking.set_all_ties(actor=actor_of(request), set_link=link, ties=table.ties)
    except Refusal as refusal:
        return refusal.status, " ".join(refusal.messages)
    if not changed:
        return 200, _("Nothing was changed.")
    return 200, _("The links of %(count)s criteria are saved.") % {"count": changed}


@require_http_methods(["GET", "POST"])
@allowed(permissions.may_manage_sets)
def drop(request: HttpRequest, pk: int, earlier: int) -> HttpResponse:
    """Take a link between two sets back, after a page that says what that means."""
    link = _link(pk, earlier)
    if request.method == "POST":
        try:
            linking.drop_link(actor=actor_of(request), set_link=link)
        except Refusal as refusal:
            tell_refusal(request, refusal)
        else:
            messages.success(request, _("The link is taken back."))
        return redirect("criteria:links", pk=pk)
    context = {"title": _("Take the link back"), "set": link.newer, "earlier": link.earlier}
    return render(request, "admin/criteria/link_drop.html", context)


@require_GET
@allowed(permissions.may_see_sets)
def compare_sets(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Two sets side by side, the newer one at the right; ``show`` picks the kind of change."""
    newer, earlier = _two(pk, other)
    if newer.pk != pk:
        return redirect("criteria:compare", pk=newer.pk, other=earlier.pk)
    pairs, ties_ = _pairs(newer, earlier)
    numbers = dict(counts(pairs, leaves_only=False))
    shown = request.GET.get("show", CHANGED)
    if shown not in (CHANGED, ALL, *Change.values):
        shown = CHANGED
    context = {
        "title": _("Comparison of two criteria sets"),
        "set": newer,
        "earlier": earlier,
        "pairs": [(pair, TONES.get(pair.change, "")) for pair in pairs if _is_shown(pair, shown)],
        "bridge": ties_,
        "link": SetLink.objects.filter(newer=newer, earlier=earlier).first(),
        "options": _options(request.path, shown, pairs, numbers),
        "leaf_counts": [(Change(key).label, n) for key, n in counts(pairs) if n],
        "retired": retired_appraisers(newer) if newer.locked_at is None else [],
        "may_manage": permissions.may_manage_sets(actor_of(request)),
    }
    return render(request, "admin/criteria/compare.html", context)


@require_GET
@allowed(permissions.may_see_sets)
def compare_file(request: HttpRequest, pk: int, other: int, kind: str) -> HttpResponse:
    """The whole comparison as a table: ``xlsx`` or ``csv``."""
    if kind not in comparison_file.WRITERS:
        raise Http404
    newer, earlier = _two(pk, other)
    pairs, _ties = _pairs(newer, earlier)
    write, content_type = comparison_file.WRITERS[kind]
    response = HttpResponse(write(newer, earlier, pairs), content_type=content_type)
    name = f"so-sanh-{earlier.year}-v{earlier.version}-{newer.year}-v{newer.version}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _pairs(newer: CriteriaSet, earlier: CriteriaSet) -> tuple[list[Pair], Any]:
    """The comparison in words, with the bridge it goes by."""
    new, old = tree_of(newer), tree_of(earlier)
    wanted = {node.appraiser_id for tree in (new, old) for node in tree.nodes if node.appraiser_id}
    agencies = dict(Agency.objects.filter(pk__in=wanted).order_by().values_list("pk", "name"))
    ties_ = bridge(newer, earlier)
    profiles = {**earlier.profiles, **newer.profiles}
    return compare(new, old, ties_, agencies=agencies, profiles=profiles), ties_


def _is_shown(pair: Pair, shown: str) -> bool:
    if shown == CHANGED:
        compares = pair.comparability in ("", Comparability.SAME)
        return pair.change != Change.SAME or bool(pair.details) or not compares
    return shown == ALL or pair.change == shown


def _options(path: str, shown: str, pairs: list[Pair], numbers: dict[str, int]) -> list[dict[str, Any]]:
    entries = [(CHANGED, _("Everything that differs"), sum(_is_shown(pair, CHANGED) for pair in pairs))]
    entries += [(key, str(Change(key).label), number) for key, number in numbers.items() if number]
    entries.append((ALL, _("All criteria"), len(pairs)))
    return [
        {"url": f"{path}?show={key}", "label": label, "count": number, "current": key == shown}
        for key, label, number in entries
    ]


def _two(pk: int, other: int) -> tuple[CriteriaSet, CriteriaSet]:
    """(newer, earlier), in whatever order they were named."""
    one, two = _set(pk), _set(other)
    if one.pk == two.pk:
        raise Http404
    first = (one.year, one.version, one.pk) >= (two.year, two.version, two.pk)
    return (one, two) if first else (two, one)


def _followers(earlier: CriteriaSet) -> list[tuple[CriteriaSet, str]]:
    """The sets that follow one, with the address of their comparison. One query."""
    rows = SetLink.objects.filter(earlier=earlier).select_related("newer__block").order_by("-newer")
    return [
        (link.newer, reverse("criteria:compare", kwargs={"pk": link.newer_id, "other": earlier.pk}))
        for link in rows
    ]


def _set(pk: int) -> CriteriaSet:
    return get_object_or_404(CriteriaSet.objects.select_related("block"), pk=pk)


def _link(pk: int, earlier: int) -> SetLink:
    if max(pk, earlier) > BigIntegerField.MAX_BIGINT:
        raise Http404
    rows = SetLink.objects.select_related("newer__block", "earlier__block")
    return get_object_or_404(rows, newer=pk, earlier=earlier)
