"""Bonus and penalty points outside the tree: given with a reason, voided with a reason, never deleted."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, NotVisible, WrongState
from parindex.ui.formats import NotANumber, format_points, parse_decimal
from scoring.assessment.appraisal_permissions import may_adjust
from scoring.assessment.models import Adjustment, Scoresheet, SheetState
from scoring.assessment.queries.panels import panels_of
from scoring.assessment.services.locks import locked_sheet, raise_sheet_version
from scoring.assessment.services.marks import clean_text

if TYPE_CHECKING:
    from agencies.actors import Actor

#: From the submission until the sheet is final.
OPEN_STATES = (
    SheetState.SUBMITTED,
    SheetState.APPRAISING,
    SheetState.EXPLAINING,
    SheetState.REAPPRAISING,
    SheetState.REVIEWING,
)
SIX = Decimal("0.000001")


def add_adjustment(*, sheet: Scoresheet, actor: Actor, kind: str, points_raw: str, reason: str) -> Adjustment:
    """Give bonus or penalty points (above 0, at most the set's cap, six places) with a reason.

    What several of them come to together is cut at the cap when points are added up (docs/scoring.md).
    The same points for the same reason by the same person (a double click) are those that are there.
    Raises NotVisible, NotPermitted, WrongState or Invalid by field.
    """
    with transaction.atomic():
        sheet = _locked(sheet, actor)
        faults: dict[str, list[str]] = {}
        if kind not in Adjustment.Kind.values:
            faults["kind"] = [_("Choose bonus or penalty.")]
        bonus = kind == Adjustment.Kind.BONUS
        cap = sheet.criteria_set.bonus_cap if bonus else sheet.criteria_set.penalty_cap
        points = _points(points_raw, cap, faults)
        reason = clean_text(reason, "reason")
        if not reason:
            faults["reason"] = [_("Give the reason.")]
        if faults or points is None:
            raise Invalid(fields=faults)
        assert actor.user is not None
        there = Adjustment.objects.filter(
            scoresheet=sheet, kind=kind, points=points, reason=reason, by=actor.user, voided_at=None
        ).first()
        if there is not None:
            return there
        adjustment = Adjustment.objects.create(
            scoresheet=sheet, kind=kind, points=points, reason=reason, by=actor.user, at=db_now()
        )
        raise_sheet_version(sheet)
        record(
            actor=actor.user,
            action="adjustment.add",
            obj=sheet,
            after={"kind": kind, "points": points, "reason": reason},
        )
        return adjustment


def void_adjustment(*, adjustment: Adjustment, actor: Actor, reason: str) -> Adjustment:
    """Take an adjustment out of the sum, with a reason; it stays on the sheet. Twice is the same as once."""
    with transaction.atomic():
        sheet = _locked(adjustment.scoresheet, actor)
        adjustment = Adjustment.objects.select_for_update().get(pk=adjustment.pk)
        if adjustment.voided_at is not None:
            return adjustment
        reason = clean_text(reason, "reason")
        if not reason:
            raise Invalid(fields={"reason": [_("Give the reason.")]})
        adjustment.voided_at, adjustment.voided_by, adjustment.void_reason = db_now(), actor.user, reason
        adjustment.save(update_fields=["voided_at", "voided_by", "void_reason"])
        raise_sheet_version(sheet)
        record(
            actor=actor.user,
            action="adjustment.void",
            obj=sheet,
            before={"kind": adjustment.kind, "points": adjustment.points, "reason": adjustment.reason},
            after={"reason": reason},
        )
        return adjustment


def _locked(sheet: Scoresheet, actor: Actor) -> Scoresheet:
    sheet = locked_sheet(sheet.pk)
    agency_id, block = sheet.participation.agency_id, sheet.participation.cycle_block
    if actor.belongs_or_belonged(agency_id):
        raise NotVisible(_("There is no such scoresheet."))
    if not may_adjust(actor, agency_id=agency_id, panel=panels_of([block])[block.pk]):
        raise NotPermitted(_("Bonus and penalty points are given by the secretary and the council."))
    if sheet.state not in OPEN_STATES:
        raise WrongState(
            _("The scoresheet is now in the state “%(state)s”: bonus and penalty points can't be changed.")
            % {"state": sheet.get_state_display()}
        )
    return sheet


def _points(raw: str, cap: Decimal, faults: dict[str, list[str]]) -> Decimal | None:
    try:
        points = parse_decimal(raw)
    except NotANumber as error:
        faults["points"] = [str(error)]
        return None
    if points is None or points <= 0:
        faults["points"] = [_("Enter points above 0.")]
    elif cap <= 0:
        faults["points"] = [_("The criteria set provides for no such points.")]
    elif points > cap:
        faults["points"] = [
            _("The criteria set allows at most %(cap)s points.") % {"cap": format_points(cap)}
        ]
    elif points != points.quantize(SIX):
        faults["points"] = [_("Enter at most %(digits)s digits after the comma.") % {"digits": 6}]
    return points
