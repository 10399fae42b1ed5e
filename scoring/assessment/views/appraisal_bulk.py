"""Mark several leaves with the points that stand: first a page that names every row, then the act."""

from __future__ import annotations

import re

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from parindex.errors import Invalid, NotVisible, Refusal
from scoring.assessment.appraisal_permissions import ROUND_OF_STATE, may_run_block
from scoring.assessment.forms.appraisal import BulkForm
from scoring.assessment.models import Answer, CycleBlock, Explanation, Mark
from scoring.assessment.queries.panels import reaches
from scoring.assessment.services.bulk_marks import (
    MOST,
    BulkRow,
    bulk_row,
    declared_on,
    facts_in_bulk,
    last_marks,
    mark_in_bulk,
    open_requests_on,
    returned_sheets,
)
from scoring.assessment.views.appraisal_base import actor_of, appraisal_page, say

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@require_POST
@appraisal_page
def bulk(request: HttpRequest) -> HttpResponse:
    """Without ``confirm`` the preview of what was ticked; with it the act."""
    back = _back(request)
    try:
        versions = _versions(request)
        answers = _answers(request, versions)
        round = _round(answers)
        form = BulkForm(
            request.POST if "confirm" in request.POST else None, initial={"basis": _basis(request, round)}
        )
        form.is_valid()
        basis = "previous" if _basis(request, round) == "previous" else "self"
        rows = _rows(answers, round, basis)
    except Refusal as refused:
        if refused.status in (403, 404):
            raise
        return say(request, refused, back)
    problems: list[str] = []
    if "confirm" in request.POST:
        chosen = {row.answer.pk: versions[str(row.answer.public_id)] for row in rows if not row.refused}
        try:
            marks = mark_in_bulk(
                answers=chosen,
                actor=actor_of(request),
                round=round,
                basis=basis,  # type: ignore[arg-type]
                reason=form.cleaned_data.get("reason", "") if form.is_bound else "",
            )
        except Refusal as refused:
            if refused.status in (403, 404):
                raise
            problems = form.refuse(refused.fields)
        else:
            count = len(marks)
            messages.success(
                request,
                ngettext("%(count)s criterion marked.", "%(count)s criteria marked.", count)
                % {"count": count},
            )
            return HttpResponseRedirect(back)
    context = {
        "title": _("Mark several criteria"),
        "rows": rows,
        "count": sum(1 for row in rows if not row.refused),
        "differ": sum(1 for row in rows if row.differs and not row.refused),
        "unanswered": sum(1 for row in rows if row.unanswered and not row.refused),
        "round_label": Mark.Round(round).label,
        "round": round,
        "basis": basis,
        "form": form,
        "back": back,
        "problems": problems,
    }
    return render(request, "admin/appraisal/bulk.html", context, status=422 if problems else 200)


def _versions(request: HttpRequest) -> dict[str, int]:
    """Public id → version of the answers that were ticked, as "id:version"."""
    found: dict[str, int] = {}
    for ticked in request.POST.getlist("pick")[: MOST + 1]:
        public_id, _colon, version = ticked.partition(":")
        if UUID.fullmatch(public_id) and version.isascii() and version.isdigit() and len(version) < 10:
            found[public_id] = int(version)
    if not found:
        raise Invalid(_("Choose at least one criterion."))
    if len(found) > MOST:
        raise Invalid(_("Choose at most %(most)s criteria at once.") % {"most": MOST})
    return found


def _answers(request: HttpRequest, versions: dict[str, int]) -> list[Answer]:
    """The answers, all of them seen by this person."""
    actor = actor_of(request)
    rows = Answer.objects.filter(public_id__in=list(versions)).select_related(
        "criterion", "scoresheet__participation__agency", "scoresheet__criteria_set"
    )
    answers = list(rows.order_by("scoresheet__participation__agency__sort_key", "criterion__order"))
    blocks = CycleBlock.objects.filter(
        Q(pk__in={a.scoresheet.participation.cycle_block_id for a in answers})
    ).select_related("cycle")
    known = reaches(actor, blocks)
    for answer in answers:
        participation = answer.scoresheet.participation
        reach = known[participation.cycle_block_id]
        if not reach.sees_leaf(participation.agency_id, answer.criterion_id, answer.scoresheet.state):
            raise NotVisible(_("There is no such answer."))
        if not may_run_block(actor) and not reach.duty.covers(participation.agency_id, answer.criterion_id):
            raise NotVisible(_("There is no such answer."))
    if len(answers) != len(versions):
        raise NotVisible(_("There is no such answer."))
    return answers


def _round(answers: list[Answer]) -> int:
    rounds = {ROUND_OF_STATE.get(answer.scoresheet.state) for answer in answers}
    rounds.discard(Mark.Round.COUNCIL)
    rounds.discard(None)
    if len(rounds) != 1:
        raise Invalid(_("Choose criteria that stand in one and the same round."))
    found = rounds.pop()
    assert found is not None
    return int(found)


def _basis(request: HttpRequest, round: int) -> str:
    return str(request.POST.get("basis") or ("previous" if round == Mark.Round.ROUND_2 else "self"))


def _rows(answers: list[Answer], round: int, basis: str) -> list[BulkRow]:
    before = last_marks(answer.pk for answer in answers)
    asked: set[int] = set()
    returned: set[int] = set()
    declared: dict[int, Explanation] = {}
    if round == Mark.Round.ROUND_2:
        asked = open_requests_on(answer.pk for answer in answers)
        declared = declared_on(answer.pk for answer in answers)
        returned = returned_sheets({answer.scoresheet_id for answer in answers})
    facts = facts_in_bulk(answers, {one.scoresheet_id: one.scoresheet for one in answers}, round=round)
    rows = []
    for answer in answers:
        row = bulk_row(
            answer,
            round=round,
            basis=basis,  # type: ignore[arg-type]
            before=before.get(answer.pk),
            open_in_round_2=answer.pk in asked or answer.scoresheet_id in returned,
            declared=declared.get(answer.pk),
            facts=facts.get(answer.pk),
        )
        if ROUND_OF_STATE.get(answer.scoresheet.state) != round and not row.refused:
            row = BulkRow(
                row.answer, row.score, row.inputs, row.unanswered, row.differs, _("in another round")
            )
        rows.append(row)
    return rows


def _back(request: HttpRequest) -> str:
    """Where the person came from, on this side alone."""
    home = reverse("appraisal:worklist")
    back = request.POST.get("back", "")
    return back if back.startswith(home) and "\\" not in back and "//" not in back else home
