"""Pages of a draft beside its tree: an empty set, title and decision, profiles, lines pasted from a table."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from agencies.actors import actor_of
from parindex.admin_pages import allowed, show_refusal
from parindex.errors import Refusal
from scoring.criteria.editing import sets
from scoring.criteria.editing.drafts import StaleDraft
from scoring.criteria.editing.forms import DetailsForm, NewSetForm, PasteForm, ProfileForm
from scoring.criteria.editing.page import draft_or_refusal, frame, revision_of
from scoring.criteria.editing.pasting import PasteOutcome, paste_nodes
from scoring.criteria.permissions import may_manage_sets


@require_http_methods(["GET", "POST"])
@allowed(may_manage_sets)
def new(request: HttpRequest) -> HttpResponse:
    """Make a set without criteria."""
    start = {"year": timezone.localdate().year, "total": 100, "bonus_cap": 0, "penalty_cap": 0}
    form = NewSetForm(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            made = sets.create_empty_set(actor=actor_of(request), **form.year_and_block, **form.changes)
        except Refusal as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("The set is made. Now add its areas and criteria."))
            return redirect("criteria:edit", made.pk)
    context = {"title": _("Make an empty criteria set"), "form": form}
    return render(request, "admin/criteria/edit/new.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@allowed(may_manage_sets)
def details(request: HttpRequest, pk: int) -> HttpResponse:
    """Title, decision, total and caps of a draft."""
    draft, refused = draft_or_refusal(request, pk)
    if refused is not None:
        return refused
    form = DetailsForm.of(draft, request.POST if request.method == "POST" else None)
    status = 400 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            sets.change_set(actor=actor_of(request), set_pk=pk, revision=revision_of(request), **form.changes)
        except Refusal as refusal:
            show_refusal(form, refusal)
            status = refusal.status
            draft.refresh_from_db()
        else:
            messages.success(request, _("Saved."))
            return redirect("criteria:edit_details", pk)
    context = frame(request, draft, _("Title and decision"), "details") | {"form": form}
    return render(request, "admin/criteria/edit/details.html", context, status=status)


@require_http_methods(["GET", "POST"])
@allowed(may_manage_sets)
def profiles(request: HttpRequest, pk: int) -> HttpResponse:
    """Applicability profiles: words, a new one, removal of one that no criterion names."""
    draft, refused = draft_or_refusal(request, pk)
    if refused is not None:
        return refused
    form, errors, faults, status = ProfileForm(), list[str](), dict[str, list[str]](), 200
    typed = dict(draft.profiles)
    if request.method == "POST":
        act = request.POST.get("act", "")
        form = ProfileForm(request.POST) if act == "add" else form
        typed |= {key: request.POST[f"words-{key}"] for key in typed if f"words-{key}" in request.POST}
        try:
            if act != "add" or form.is_valid():
                text = _profile_act(request, pk, act, typed, form)
                messages.success(request, text)
                return redirect("criteria:edit_profiles", pk)
            status = 400
        except Refusal as refusal:
            status = refusal.status
            draft.refresh_from_db()
            if act == "add" and not isinstance(refusal, StaleDraft):
                show_refusal(form, refusal)
            else:
                faults = {key: texts for key, texts in refusal.fields.items() if key in typed}
                errors = [text for key, texts in refusal.fields.items() if key not in typed for text in texts]
    naming = sets.leaves_by_profile(draft)
    rows = [
        {
            "key": key,
            "words": typed.get(key, words),
            "nodes": naming.get(key, []),
            "faults": faults.get(key, []),
        }
        for key, words in draft.profiles.items()
    ]
    context = frame(request, draft, _("Applicability profiles"), "profiles") | {
        "form": form,
        "rows": rows,
        "errors": errors,
    }
    return render(request, "admin/criteria/edit/profiles.html", context, status=status)


@require_http_methods(["GET", "POST"])
@allowed(may_manage_sets)
def paste(request: HttpRequest, pk: int) -> HttpResponse:
    """Rows out of a table: first shown as what they would make, then stored."""
    draft, refused = draft_or_refusal(request, pk)
    if refused is not None:
        return refused
    form = PasteForm(
        draft,
        request.POST if request.method == "POST" else None,
        initial={"parent": request.GET.get("parent", "")},
    )
    outcome: PasteOutcome | None = None
    status = 400 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            outcome = paste_nodes(
                actor=actor_of(request),
                set_pk=pk,
                revision=revision_of(request),
                text=form.cleaned_data["text"],
                parent=form.cleaned_data["parent"],
                dry_run=request.POST.get("act") != "store",
            )
        except Refusal as refusal:
            show_refusal(form, refusal)
            status = refusal.status
            draft.refresh_from_db()
        else:
            if outcome.stored:
                text = ngettext("%(count)s criterion added.", "%(count)s criteria added.", outcome.stored)
                messages.success(request, text % {"count": outcome.stored})
                return redirect("criteria:edit", pk)
    context = frame(request, draft, _("Paste from Word, Excel"), "paste") | {
        "form": form,
        "pasted": outcome.pasted if outcome else None,
        "faulty": outcome.pasted.faulty if outcome else 0,
        "is_empty": not draft.criteria.exists(),
    }
    return render(request, "admin/criteria/edit/paste.html", context, status=status)


def _profile_act(request: HttpRequest, pk: int, act: str, typed: dict[str, str], form: ProfileForm) -> str:
    """Carry out one act on the profiles; returns what happened."""
    given: dict[str, Any] = {
        "actor": actor_of(request),
        "set_pk": pk,
        "revision": revision_of(request),
    }
    if act == "add":
        sets.add_profile(**given, meaning=form.cleaned_data["meaning"], key=form.cleaned_data["key"])
        return _("The profile is added. Name it at the criteria that it takes away.")
    if act.startswith("remove-"):
        sets.remove_profile(**given, key=act.removeprefix("remove-"))
        return _("The profile is removed.")
    sets.rename_profiles(**given, meanings=typed)
    return _("Saved.")
