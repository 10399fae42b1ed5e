"""The agency's own steps: to the head, back to the editors, to Home Affairs, and withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from parindex.clock import db_now
from parindex.errors import Invalid, WrongState
from scoring.assessment.models import Mark, Scoresheet, SheetState, Stage
from scoring.assessment.queries.progress import Gap, progress_of
from scoring.assessment.services.citations import freeze, release
from scoring.assessment.services.locks import locked_sheet
from scoring.assessment.windows import require_open
from scoring.assessment.workflow import STEP, may_take, take_step

if TYPE_CHECKING:
    from agencies.actors import Actor


class NotComplete(Invalid):
    """The completeness check found gaps; ``gaps`` lists them all."""

    def __init__(self, gaps: list[Gap]) -> None:
        count = len(gaps)
        super().__init__(
            ngettext(
                "%(count)s thing is missing before the scoresheet can be submitted.",
                "%(count)s things are missing before the scoresheet can be submitted.",
                count,
            )
            % {"count": count}
        )
        self.gaps = gaps


def completeness(sheet: Scoresheet) -> list[Gap]:
    """Everything that keeps the sheet from being submitted, in order of the tree. Four queries."""
    return progress_of(sheet).gaps


def submit_for_approval(*, sheet: Scoresheet, actor: Actor) -> Scoresheet:
    """Hand the draft to the head of the agency. Refused with NotComplete while anything is missing.

    A second call by someone who may take the step finds the sheet handed over and changes nothing.
    """
    with transaction.atomic():
        sheet = locked_sheet(sheet.pk)
        agency_id = sheet.participation.agency_id
        allowed = may_take(STEP["submit_for_approval"], actor=actor, agency_id=agency_id)
        if allowed and sheet.state == SheetState.AWAITING_APPROVAL:
            return sheet
        now = db_now()
        if allowed and sheet.state == SheetState.DRAFTING:
            require_open(sheet.participation.cycle_block, Stage.SELF_ASSESSMENT, agency_id=agency_id, now=now)
            if gaps := completeness(sheet):
                raise NotComplete(gaps)
        take_step("submit_for_approval", sheet=sheet, actor=actor, agency_id=agency_id, now=now)
        return sheet


def return_to_draft(*, sheet: Scoresheet, actor: Actor, reason: str) -> Scoresheet:
    """The head sends the sheet back to its editors, with a reason."""
    with transaction.atomic():
        sheet = locked_sheet(sheet.pk)
        take_step(
            "return_to_draft",
            sheet=sheet,
            actor=actor,
            agency_id=sheet.participation.agency_id,
            now=db_now(),
            reason=reason,
        )
        return sheet


def approve(*, sheet: Scoresheet, actor: Actor, expected_version: int | None = None) -> Scoresheet:
    """The head approves and submits to Home Affairs: citations are frozen, days late are counted.

    ``expected_version`` is that of the sheet on the head's page: what was returned, changed and handed in again
    since then is not approved unseen (WrongState).
    Days late are the begun days after the window's regular end (an extension moves the end, not the count).
    A second call by a head finds the sheet submitted and changes nothing.
    """
    with transaction.atomic():
        sheet = locked_sheet(sheet.pk)
        agency_id = sheet.participation.agency_id
        allowed = may_take(STEP["approve"], actor=actor, agency_id=agency_id)
        if allowed and sheet.state == SheetState.SUBMITTED:
            return sheet
        now = db_now()
        if allowed and sheet.state == SheetState.AWAITING_APPROVAL:
            span = require_open(
                sheet.participation.cycle_block, Stage.SELF_ASSESSMENT, agency_id=agency_id, now=now
            )
            if expected_version not in (None, sheet.version):
                raise WrongState(
                    _("The scoresheet has changed since this page was shown. Look at it again, then approve.")
                )
            if gaps := completeness(sheet):
                raise NotComplete(gaps)
            freeze(sheet, explanations=False)
            sheet.submitted_at, sheet.days_late = now, days_late(sheet, span.days_late(now))
        take_step("approve", sheet=sheet, actor=actor, agency_id=agency_id, now=now)
        return sheet


def days_late(sheet: Scoresheet, late: int) -> int:
    """Days late of a sheet handed in ``late`` days after the end; a supplement keeps those of its first submission.

    One query, and only for supplements.
    """
    before = sheet.carried_from if sheet.supplementary else None
    return late if before is None else max(late, before.days_late)


def withdraw(*, sheet: Scoresheet, actor: Actor) -> Scoresheet:
    """The head takes a submitted sheet back to drafting, inside the window and before the first mark.

    Its citations can be changed again. A second call finds the draft and changes nothing.
    """
    with transaction.atomic():
        sheet = locked_sheet(sheet.pk)
        agency_id = sheet.participation.agency_id
        now = db_now()
        if may_take(STEP["withdraw"], actor=actor, agency_id=agency_id):
            if sheet.state == SheetState.DRAFTING and sheet.transitions.filter(name="withdraw").exists():
                return sheet
            if sheet.state == SheetState.SUBMITTED:
                require_open(
                    sheet.participation.cycle_block, Stage.SELF_ASSESSMENT, agency_id=agency_id, now=now
                )
                if Mark.objects.filter(answer__scoresheet=sheet).exists():
                    raise WrongState(_("The appraisal has begun: the scoresheet can no longer be withdrawn."))
                release(sheet)
                sheet.submitted_at, sheet.days_late = None, days_late(sheet, 0)
        take_step("withdraw", sheet=sheet, actor=actor, agency_id=agency_id, now=now)
        return sheet
