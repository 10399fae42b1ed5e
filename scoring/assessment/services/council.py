"""The council's acts: settle a difference, finalise, send back to round 2, reopen for a correction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, NotVisible, WrongState
from scoring.assessment.appraisal_permissions import may_finalise
from scoring.assessment.appraisers import Panel
from scoring.assessment.models import Answer, Mark, Scoresheet, SheetState, Stage
from scoring.assessment.queries.appraisal_totals import open_leaves
from scoring.assessment.queries.panels import panels_of
from scoring.assessment.services.locks import SHEET_JOINS, locked_sheet
from scoring.assessment.services.marks import Recorded, clean_text, record_mark
from scoring.assessment.windows import require_open
from scoring.assessment.workflow import STEP, may_take, take_step

if TYPE_CHECKING:
    from agencies.actors import Actor


def settle(
    *,
    answer: Answer,
    actor: Actor,
    reason: str,
    expected_version: int,
    inputs_raw: Mapping[str, object] | None = None,
    points_raw: object = None,
) -> Recorded:
    """The council's points on one leaf, with a reason: a mark of the highest round. Raises as record_mark."""
    return record_mark(
        answer=answer,
        actor=actor,
        round=Mark.Round.COUNCIL,
        reason=reason,
        expected_version=expected_version,
        inputs_raw=inputs_raw,
        points_raw=points_raw,
    )


def finalise(*, sheets: Mapping[int, int], actor: Actor) -> list[Scoresheet]:
    """Finalise sheets (id → the version that the page showed) of one block: all or nothing.

    Refused while a leaf lacks a mark or imported points, outside the council's window, and on one's own
    house; the sheet of Home Affairs is finalised by a council member of another house. Sheets that are
    final already stay as they are. Returns the sheets that moved.
    Raises NotVisible, NotPermitted, WrongState, WindowClosed or Invalid.
    """
    if not sheets:
        raise Invalid(_("Choose at least one scoresheet."))
    with transaction.atomic():
        locked = list(
            Scoresheet.objects.select_for_update(of=("self",))
            .select_related(*SHEET_JOINS)
            .filter(pk__in=sheets)
            .order_by("pk")
        )
        if len(locked) != len(sheets):
            raise NotVisible(_("There is no such scoresheet."))
        block = locked[0].participation.cycle_block
        if any(sheet.participation.cycle_block_id != block.pk for sheet in locked):
            raise Invalid(_("Choose scoresheets of one block."))
        panel = panels_of([block])[block.pk]
        for sheet in locked:
            _require_council(sheet, actor, panel)
        waiting = [sheet for sheet in locked if sheet.state != SheetState.FINALISED]
        now = db_now()
        gaps = open_leaves(block) if waiting else {}
        for sheet in waiting:
            if sheet.state == SheetState.REVIEWING and sheet.version != sheets[sheet.pk]:
                raise WrongState(
                    _(
                        "%(agency)s: the scoresheet has moved since this page was shown. Nothing was finalised."
                    )
                    % {"agency": sheet.participation.agency.name}
                )
            require_open(block, Stage.COUNCIL, agency_id=sheet.participation.agency_id, now=now)
            if codes := gaps.get(sheet.participation_id):
                raise WrongState(
                    _(
                        "%(agency)s: points are missing for %(codes)s. Import or mark them; nothing was finalised."
                    )
                    % {"agency": sheet.participation.agency.name, "codes": ", ".join(codes)}
                )
        for sheet in waiting:
            take_step("finalise", sheet=sheet, actor=actor, agency_id=sheet.participation.agency_id, now=now)
        return waiting


def return_to_round_2(*, sheet: Scoresheet, actor: Actor, reason: str) -> Scoresheet:
    """Send a sheet under review back to the assessors, with a reason.

    Round 2 then takes marks on every leaf but those that the council has settled: these it settles again itself.
    """
    with transaction.atomic():
        sheet = locked_sheet(sheet.pk)
        block = sheet.participation.cycle_block
        _require_council(sheet, actor, panels_of([block])[block.pk])
        take_step(
            "return_to_round_2",
            sheet=sheet,
            actor=actor,
            agency_id=sheet.participation.agency_id,
            now=db_now(),
            reason=clean_text(reason, "reason"),
        )
        return sheet


def reopen(*, sheet: Scoresheet, actor: Actor, decision_number: str, reason: str) -> Scoresheet:
    """Reopen a final sheet for a correction: a council member, with the number of the decision and a reason."""
    with transaction.atomic():
        sheet = locked_sheet(sheet.pk)
        block, agency_id = sheet.participation.cycle_block, sheet.participation.agency_id
        _require_council(sheet, actor, panels_of([block])[block.pk])
        if not may_take(STEP["reopen"], actor=actor, agency_id=agency_id):
            raise NotPermitted(_("A final scoresheet is reopened by a council member."))
        decision_number, reason = decision_number.strip(), clean_text(reason, "reason")
        faults: dict[str, list[str]] = {}
        if not decision_number:
            faults["decision_number"] = [_("Give the number of the decision.")]
        elif len(decision_number) > 80:
            faults["decision_number"] = [_("The text is too long: at most %(max)s characters.") % {"max": 80}]
        if not reason:
            faults["reason"] = [_("Give the reason.")]
        if faults:
            raise Invalid(fields=faults)
        take_step(
            "reopen",
            sheet=sheet,
            actor=actor,
            agency_id=agency_id,
            now=db_now(),
            reason=f"{decision_number}: {reason}",
        )
        return sheet


def _require_council(sheet: Scoresheet, actor: Actor, panel: Panel) -> None:
    agency_id = sheet.participation.agency_id
    if actor.belongs_or_belonged(agency_id):
        raise NotVisible(_("There is no such scoresheet."))
    if not may_finalise(actor, agency_id=agency_id, panel=panel):
        if panel.is_home_affairs_house(agency_id):
            raise NotPermitted(
                _("The scoresheet of Home Affairs is settled by a council member who is not of Home Affairs.")
            )
        raise NotPermitted(_("This page is for the secretary and the council."))
