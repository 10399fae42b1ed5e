"""What the editor's pages share: the draft or the refusal, the tabs, addresses of other rooms' pages."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from scoring.criteria.models import CriteriaSet

__all__ = ["address", "draft_or_refusal", "frame", "revision_of"]


def draft_or_refusal(
    request: HttpRequest, pk: int, node: int | None = None
) -> tuple[CriteriaSet, HttpResponse | None]:
    """The set to edit; for a locked one also the page that says so and names the way. 404 where absent."""
    found = get_object_or_404(CriteriaSet.objects.select_related("block"), pk=pk)
    if node is not None and not found.criteria.filter(pk=node).exists():
        raise Http404
    if found.locked_at is None:
        return found, None
    context = {
        "title": _("The criteria set is locked"),
        "set": found,
        "copy_url": address("criteria:copy", pk),
    }
    return found, render(request, "admin/criteria/edit/locked.html", context, status=409)


def revision_of(request: HttpRequest) -> int:
    """The revision that the page showed; one that no draft has where it is missing or broken."""
    text = request.POST.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def frame(request: HttpRequest, draft: CriteriaSet, title: str, tab: str = "") -> dict[str, Any]:
    """The context that every page of the editor has."""
    pages = (
        ("tree", _("Tree of criteria"), "criteria:edit"),
        ("paste", _("Paste from Word, Excel"), "criteria:edit_paste"),
        ("details", _("Title and decision"), "criteria:edit_details"),
        ("profiles", _("Applicability profiles"), "criteria:edit_profiles"),
    )
    return {
        "title": title,
        "set": draft,
        "tabs": [
            {"url": reverse(name, args=[draft.pk]), "label": label, "current": key == tab, "count": None}
            for key, label, name in pages
        ],
    }


def address(name: str, *args: Any) -> str | None:
    """The address of another room's page; None where this installation has none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return None
