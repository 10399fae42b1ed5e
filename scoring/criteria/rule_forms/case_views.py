"""The stored cases of a leaf: read, change, take away. New ones come from the trial on the rule page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from parindex.admin_pages import allowed, show_refusal
from parindex.errors import Refusal
from scoring.criteria import permissions
from scoring.criteria.editing.drafts import StaleDraft
from scoring.criteria.models import StoredCase
from scoring.criteria.rule_forms import services
from scoring.criteria.rule_forms.page import CaseForm
from scoring.criteria.rule_forms.queries import Place, cases_of, parsed
from scoring.criteria.rule_forms.trial import Trial, case_lines
from scoring.criteria.rule_forms.views import found, frame, refused, revision_of
from scoring.criteria.wording import rule_in_words


@require_GET
@allowed(permissions.may_see_sets)
def cases(request: HttpRequest, pk: int, node: int) -> HttpResponse:
    """Every case of a leaf, run by its rule as it is stored; of a locked set too, to be read."""
    place = found(pk, node)
    may_change = permissions.may_manage_sets(request.actor)  # type: ignore[attr-defined]
    context = frame(request, place, _("Stored cases of %(code)s") % {"code": place.node.code}) | {
        "lines": case_lines(parsed(place.node), place.node.max_points, cases_of(place.node)),
        "words": rule_in_words(place.node),
        "may_change": may_change and place.criteria_set.locked_at is None,
    }
    return render(request, "admin/criteria/cases.html", context)


@require_http_methods(["GET", "POST"])
@allowed(permissions.may_manage_sets)
def case(request: HttpRequest, pk: int, node: int, case: int) -> HttpResponse:
    """Change one case: its inputs, what is expected, its note."""
    place = found(pk, node)
    stored = _case(place, case)
    if (closed := refused(request, place)) is not None:
        return closed
    data = request.POST if request.method == "POST" else None
    trial = Trial(parsed(place.node), place.answers, data=data, inputs=stored.inputs)
    form = CaseForm(
        data,
        prefix="case",
        initial={"points": stored.points, "applicable_max": stored.applicable_max, "note": stored.note},
    )
    context = frame(request, place, _("Stored case of %(code)s") % {"code": place.node.code})
    context |= {"trial": trial, "form": form, "case": stored, "words": rule_in_words(place.node)}
    if data is None:
        return render(request, "admin/criteria/case_edit.html", context)
    context["revision"] = request.POST.get("revision", "")
    if not form.is_valid() or (trial.score is None and request.POST.get("act") != "try"):
        if trial.form is not None and not trial.form.is_bound:
            context["errors"] = [_("Enter the inputs of the case.")]
        return render(request, "admin/criteria/case_edit.html", context, status=422)
    if request.POST.get("act") == "try":
        return render(request, "admin/criteria/case_edit.html", context)
    try:
        services.change_case(
            actor=request.actor,  # type: ignore[attr-defined]
            set_pk=pk,
            node_pk=node,
            case_pk=case,
            revision=revision_of(request),
            inputs=trial.inputs,
            **form.cleaned_data,
        )
    except Refusal as refusal:
        show_refusal(form, refusal)
        if isinstance(refusal, StaleDraft):
            context["revision"] = refusal.revision
        return render(request, "admin/criteria/case_edit.html", context, status=refusal.status)
    messages.success(request, _("The case is saved."))
    return redirect("criteria:cases", pk=pk, node=node)


@require_http_methods(["GET", "POST"])
@allowed(permissions.may_manage_sets)
def case_delete(request: HttpRequest, pk: int, node: int, case: int) -> HttpResponse:
    """Take one case away, after a page that names it."""
    place = found(pk, node)
    stored = _case(place, case)
    errors: list[str] = []
    revision: Any = place.criteria_set.revision
    if request.method == "POST":
        try:
            services.delete_case(
                actor=request.actor,  # type: ignore[attr-defined]
                set_pk=pk,
                node_pk=node,
                case_pk=case,
                revision=revision_of(request),
            )
        except Refusal as refusal:
            errors = refusal.messages
        else:
            messages.success(request, _("The case is taken away."))
            return redirect("criteria:cases", pk=pk, node=node)
    elif (closed := refused(request, place)) is not None:
        return closed
    context = frame(request, place, _("Take the stored case away")) | {
        "errors": errors,
        "line": case_lines(parsed(place.node), place.node.max_points, [stored])[0],
        "revision": revision,
    }
    return render(request, "admin/criteria/case_delete.html", context, status=409 if errors else 200)


def _case(place: Place, case: int) -> StoredCase:
    stored = StoredCase.objects.filter(criterion=place.node, pk=case).first()
    if stored is None:
        raise Http404
    return stored
