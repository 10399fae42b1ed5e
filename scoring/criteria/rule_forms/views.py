"""The rule of one node of a draft: choose a kind, fill its form, try it out beside it, keep cases."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from parindex.admin_pages import allowed
from parindex.errors import Refusal
from scoring import engine
from scoring.criteria import permissions
from scoring.criteria.case_check import Failure
from scoring.criteria.editing.drafts import StaleDraft
from scoring.criteria.rule_forms import services
from scoring.criteria.rule_forms.kinds import KINDS
from scoring.criteria.rule_forms.page import KeepForm, TypedRule, add_problems
from scoring.criteria.rule_forms.queries import Place, cases_of, place_of
from scoring.criteria.rule_forms.shown import values_of
from scoring.criteria.rule_forms.tree import acted, posted
from scoring.criteria.wording import rule_in_words

_PART = "X-Part"


@require_http_methods(["GET", "POST"])
@allowed(permissions.may_manage_sets)
def rule(request: HttpRequest, pk: int, node: int) -> HttpResponse:
    """The form of a rule with its live trial. Buttons that only re-draw the form store nothing."""
    place = found(pk, node)
    if (closed := refused(request, place)) is not None:
        return closed
    if request.method == "GET":
        if (proposed := TypedRule.proposed(place)) is not None:
            return _page(request, place, proposed, proposed=True)
        typed = TypedRule.stored(place)
        if typed.node.kind and typed.faults:
            typed.show_faults()
        return _page(request, place, typed)
    act = request.POST.get("act", "save")
    if act in ("save", "next"):
        return _save(request, place, act)
    if act == "case":
        return _keep_case(request, place)
    return _redraw(request, place, act)


@require_http_methods(["POST"])
@allowed(permissions.may_manage_sets)
def rule_try(request: HttpRequest, pk: int, node: int) -> HttpResponse:
    """The trial alone, by the rule and the inputs as they are typed: a part of the page."""
    place = found(pk, node)
    typed = TypedRule(place, posted(request.POST))
    return render(request, "admin/criteria/rule_try.html", _trial(request, place, typed))


@require_http_methods(["GET", "POST"])
@allowed(permissions.may_manage_sets)
def rule_clear(request: HttpRequest, pk: int, node: int) -> HttpResponse:
    """Take the rule away, after a page that says what goes with it."""
    place = found(pk, node)
    errors: list[str] = []
    if request.method == "POST":
        try:
            services.clear_rule(
                actor=request.actor,  # type: ignore[attr-defined]
                set_pk=pk,
                node_pk=node,
                revision=revision_of(request),
            )
        except Refusal as refusal:
            errors = refusal.messages
            place = found(pk, node)
        else:
            messages.success(request, _("The rule is taken away."))
            return redirect("criteria:rule", pk=pk, node=node)
    elif (closed := refused(request, place)) is not None:
        return closed
    context = frame(request, place, _("Take the rule away")) | {
        "errors": errors,
        "words": rule_in_words(place.node),
        "cases": cases_of(place.node),
    }
    return render(request, "admin/criteria/rule_clear.html", context, status=409 if errors else 200)


# What the pages share


def found(pk: int, node: int) -> Place:
    """The node among its set, or 404."""
    place = place_of(pk, node)
    if place is None:
        raise Http404
    return place


def refused(request: HttpRequest, place: Place) -> HttpResponse | None:
    """Away from a page of a locked set, or of a node with parts, with the reason; acts are left to the services."""
    if request.method != "GET":
        return None
    if place.criteria_set.locked_at is not None:
        messages.error(
            request,
            _("This set is locked and can no longer change. Copy it to a new version and change that one."),
        )
        return redirect("criteria:set", pk=place.criteria_set.pk)
    if place.has_parts:
        messages.error(
            request, _("This criterion has parts, so it takes its points from them and has no rule.")
        )
        return redirect("criteria:set", pk=place.criteria_set.pk)
    return None


def revision_of(request: HttpRequest) -> int | None:
    """The revision that the page showed; a broken one stands for none that can still be current."""
    text = request.POST.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def frame(request: HttpRequest, place: Place, title: str) -> dict[str, Any]:
    """What every page of a node shows at its top."""
    return {
        "title": title,
        "set": place.criteria_set,
        "node": place.node,
        "above": place.above,
        "revision": place.criteria_set.revision,
    }


def tell_failures(request: HttpRequest, failures: list[Failure]) -> None:
    """Stored cases that no longer hold, each in one message."""
    for failure in failures[:5]:
        name = failure.case.note or _("a stored case")
        messages.warning(
            request,
            _("No longer holds: %(case)s. Expected %(expected)s, now: %(got)s")
            % {"case": name, "expected": failure.expected, "got": failure.got},
        )
    if len(failures) > 5:
        messages.warning(request, _("%(count)s stored cases no longer hold.") % {"count": len(failures)})


# Drawing


def _page(
    request: HttpRequest, place: Place, typed: TypedRule, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = frame(request, place, _("Rule of %(code)s") % {"code": place.node.code})
    context |= {
        "place": place,
        "rule_node": typed.node,
        "kinds": KINDS,
        "stored_words": rule_in_words(place.node) if place.node.rule else "",
        **_trial(request, place, typed),
        **more,
    }
    if request.headers.get(_PART) == "form":
        return render(request, "admin/criteria/rule_form.html", context, status=status)
    return render(request, "admin/criteria/rule.html", context, status=status)


def _trial(request: HttpRequest, place: Place, typed: TypedRule) -> dict[str, Any]:
    data = request.POST if request.method == "POST" else None
    return {
        "typed": typed,
        "node": place.node,
        "set": place.criteria_set,
        "trial": typed.trial(data),
        "case_lines": typed.case_lines(cases_of(place.node)) if typed.node.kind else [],
        "keep": KeepForm(data, prefix="case"),
    }


def _redraw(request: HttpRequest, place: Place, act: str) -> HttpResponse:
    """One row more or less, another kind, a rule taken over, or a trial without script: nothing is stored."""
    values = posted(request.POST)
    if act.startswith("choose:"):
        values["kind"] = act.removeprefix("choose:")
    elif act == "copy":
        source = next((n for n in place.with_rule if str(n.pk) == request.POST.get("copy_from")), None)
        if source is not None and source.rule is not None:
            values = values_of(source.rule, place.node.max_points, place.answers)
    look_at = acted(values, act)
    typed = TypedRule(place, values)
    if act == "try":
        typed.show_faults()
    if look_at:
        typed.focus(look_at)
    return _page(request, place, typed, revision=request.POST.get("revision", ""), unsaved=True)


# Storing


def _save(request: HttpRequest, place: Place, act: str) -> HttpResponse:
    typed = TypedRule(place, posted(request.POST))
    kept = _stored(request, place, typed)
    if isinstance(kept, HttpResponse):
        return kept
    told = _("The rule of %(code)s is saved.") if kept.changed else _("The rule of %(code)s stands already.")
    messages.success(request, told % {"code": place.node.code})
    tell_failures(request, kept.failures)
    following = place.next_without if act == "next" and not kept.failures else None
    target = following.pk if following is not None else place.node.pk
    return redirect("criteria:rule", pk=place.criteria_set.pk, node=target)


def _stored(request: HttpRequest, place: Place, typed: TypedRule) -> services.RuleKept | HttpResponse:
    """The rule stored, or the page again with what was typed and why not."""
    if typed.rule is None:
        typed.show_faults()
        return _again(request, place, typed, 422)
    try:
        return services.set_rule(
            actor=request.actor,  # type: ignore[attr-defined]
            set_pk=place.criteria_set.pk,
            node_pk=place.node.pk,
            revision=revision_of(request),
            rule=typed.data,
        )
    except engine.RuleErrors as error:
        typed.show_faults()
        add_problems(typed.node, error)
        return _again(request, place, typed, 422)
    except Refusal as refusal:
        return _refusal(request, place, typed, refusal)


def _refusal(request: HttpRequest, place: Place, typed: TypedRule, refusal: Refusal) -> HttpResponse:
    fresh = place_of(place.criteria_set.pk, place.node.pk)
    if fresh is None:
        raise Http404
    again = TypedRule(fresh, typed.values)
    more: dict[str, Any] = {"errors": refusal.messages}
    if isinstance(refusal, StaleDraft):
        more["revision"] = refusal.revision
        more["now_words"] = rule_in_words(fresh.node) if fresh.node.rule != place.node.rule else ""
    return _page(request, fresh, again, status=refusal.status, unsaved=True, **more)


def _again(request: HttpRequest, place: Place, typed: TypedRule, status: int) -> HttpResponse:
    more = {"faults": typed.node.all_faults, "revision": request.POST.get("revision", ""), "unsaved": True}
    return _page(request, place, typed, status=status, **more)


def _keep_case(request: HttpRequest, place: Place) -> HttpResponse:
    """The inputs of the trial become a stored case; a rule that is not saved yet is saved with it."""
    typed = TypedRule(place, posted(request.POST))
    trial, keep = typed.trial(request.POST), KeepForm(request.POST, prefix="case")
    if typed.rule is None:
        typed.show_faults()
        return _again(request, place, typed, 422)
    if trial.score is None or not keep.is_valid():
        errors = [] if trial.score else [_("Enter the figures to try first: they are what the case keeps.")]
        return _page(
            request,
            place,
            typed,
            status=422,
            errors=errors,
            revision=request.POST.get("revision", ""),
            unsaved=True,
        )
    actor = request.actor  # type: ignore[attr-defined]
    points = keep.cleaned_data["points"]
    try:
        with transaction.atomic():
            kept = services.set_rule(
                actor=actor,
                set_pk=place.criteria_set.pk,
                node_pk=place.node.pk,
                revision=revision_of(request),
                rule=typed.data,
            )
            services.add_case(
                actor=actor,
                set_pk=place.criteria_set.pk,
                node_pk=place.node.pk,
                revision=kept.draft.revision,
                inputs=trial.inputs,
                points=points,
                applicable_max=None if points is None else trial.score.applicable_max,
                note=keep.cleaned_data["note"],
            )
    except engine.RuleErrors as error:
        typed.show_faults()
        add_problems(typed.node, error)
        return _again(request, place, typed, 422)
    except Refusal as refusal:
        return _refusal(request, place, typed, refusal)
    messages.success(request, _("The case is kept with the rule."))
    tell_failures(request, kept.failures)
    return redirect("criteria:rule", pk=place.criteria_set.pk, node=place.node.pk)
