"""Closing a stage of a block: an act of the secretary that names every sheet it moves, all or nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid, WindowClosed, WrongState
from parindex.ui.formats import format_deadline
from scoring.assessment.appraisal_permissions import require_run_block
from scoring.assessment.models import Answer, CycleBlock, RoundClosing, Stage
from scoring.assessment.queries.rounds import (
    CLOSABLE,
    ClosingPlan,
    Touched,
    Waiting,
    plan_closing,
    sheets_concerned,
)
from scoring.assessment.services.citations import freeze
from scoring.assessment.services.submission import days_late
from scoring.assessment.workflow import take_step

if TYPE_CHECKING:
    from agencies.actors import Actor


class LacksMarks(Invalid):
    """Covered leaves have no mark yet: ``answers`` lists them, with criterion and sheet."""

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__(
            ngettext(
                "%(count)s criterion still lacks a mark. The round can't be closed.",
                "%(count)s criteria still lack a mark. The round can't be closed.",
                len(answers),
            )
            % {"count": len(answers)}
        )
        self.answers = answers


def close_round(
    *,
    cycle_block: CycleBlock,
    stage: Stage,
    actor: Actor,
    expected_key: str,
    sheet_ids: Collection[int] | None = None,
) -> RoundClosing:
    """Close a stage of a block and move its sheets on; ``expected_key`` is that of the plan on the page.

    Self-assessment: sheets whose time is over become submitted as they stand, their citations frozen, days late
    counted up to the closing.
    Rounds 1 and 2: refused with LacksMarks while a covered leaf has no mark; then to the explanation or the
    council. Explanation: sheets whose time is over move on, answered or not. ``sheet_ids`` keeps the act to
    some of the sheets. Called again when nothing is left to move, it gives the closing that was made.
    Raises NotPermitted, WrongState, WindowClosed or LacksMarks; then nothing has moved.
    """
    require_run_block(actor)
    if stage not in CLOSABLE:
        raise WrongState(_("This stage is not closed by an act."))
    with transaction.atomic():
        block = (
            CycleBlock.objects.select_for_update(of=("self",)).select_related("cycle").get(pk=cycle_block.pk)
        )
        sheets = sheets_concerned(block, stage).select_for_update(of=("self",)).order_by("pk")
        if sheet_ids is not None:
            sheets = sheets.filter(pk__in=sheet_ids)
        locked = list(sheets)
        now = db_now()
        plan = plan_closing(block, stage, now=now, sheets=locked)
        if not plan.touched:
            return _nothing_to_close(plan)
        if plan.lacking:
            raise LacksMarks(plan.lacking)
        if plan.key != expected_key:
            raise WrongState(
                _(
                    "The scoresheets have moved since this page was shown. Nothing was closed: look at the list again."
                )
            )
        assert actor.user is not None  # roles are held by people alone
        closing = RoundClosing.objects.create(
            cycle_block=block, stage=stage, closed_by=actor.user, closed_at=now, sheets=len(plan.touched)
        )
        for touched in sorted(plan.touched, key=lambda one: one.sheet.pk):
            _move(touched, stage, actor=actor, now=now)
        record(
            actor=actor.user,
            action="round.close",
            obj=block,
            after={"stage": stage, "sheets": [touched.sheet.pk for touched in plan.touched]},
        )
        return closing


def _move(touched: Touched, stage: Stage, *, actor: Actor, now: datetime) -> None:
    sheet = touched.sheet
    if stage in (Stage.SELF_ASSESSMENT, Stage.EXPLANATION):
        freeze(sheet, explanations=stage == Stage.EXPLANATION)
    if stage == Stage.SELF_ASSESSMENT:
        # as late as if the head had submitted now: not submitting must not pay
        sheet.submitted_at, sheet.days_late = now, days_late(sheet, touched.days_late)
    for step in touched.steps:
        take_step(step, sheet=sheet, actor=actor, agency_id=touched.agency_id, now=now)


def _nothing_to_close(plan: ClosingPlan) -> RoundClosing:
    if plan.waiting:
        latest: Waiting = max(plan.waiting, key=lambda one: one.closes)
        raise WindowClosed(
            _(
                "The time of the scoresheets still runs, for the last of them until %(closes)s. Nothing was closed."
            )
            % {"closes": format_deadline(latest.closes)}
        )
    if plan.last_closing is None:
        raise WrongState(_("No scoresheet of this block stands in this stage: there is nothing to close."))
    return plan.last_closing
