"""The coordinator gives areas, criteria or single leaves to divisions of the agency, with internal deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Division
from parindex.audit.services import record
from parindex.errors import Invalid, NotPermitted, NotVisible, WrongState
from parindex.ui.formats import format_date
from scoring.assessment.models import DivisionAssignment, Scoresheet, SheetState
from scoring.assessment.permissions import AGENCY_READERS, may_assign_divisions
from scoring.assessment.services.locks import locked_sheet
from scoring.criteria.models import Criterion

if TYPE_CHECKING:
    from agencies.actors import Actor

OPEN_STATES = (SheetState.DRAFTING, SheetState.AWAITING_APPROVAL, SheetState.EXPLAINING)


@dataclass(frozen=True, slots=True)
class Given:
    """A division (by id) and its internal deadline for one node; ``division_id`` None: not assigned here."""

    division_id: int | None
    due_on: date | None = None


def assign_divisions(*, sheet: Scoresheet, actor: Actor, given: Mapping[int, Given]) -> int:
    """Set the assignments of the nodes named (criterion id → Given); nodes not named stay. How many changed.

    What is given to an area or criterion holds for everything under it that is not given elsewhere.
    Internal deadlines are a reminder: only the window of the block closes the sheet.
    """
    with transaction.atomic():
        sheet = locked_sheet(sheet.pk)
        agency_id = sheet.participation.agency_id
        if not may_assign_divisions(actor, agency_id=agency_id):
            if not actor.has_in(agency_id, *AGENCY_READERS):
                raise NotVisible(_("There is no such scoresheet."))
            raise NotPermitted(_("The coordinator of the agency assigns criteria to divisions."))
        if sheet.state not in OPEN_STATES:
            raise WrongState(_("The scoresheet is no longer being worked on by the agency."))
        nodes = Criterion.objects.filter(criteria_set_id=sheet.criteria_set_id).in_bulk(list(given))
        divisions = Division.objects.filter(agency_id=agency_id).in_bulk()
        standing = {
            row.criterion_id: row
            for row in DivisionAssignment.objects.select_for_update(of=("self",))
            .filter(scoresheet=sheet)
            .select_related("division")
        }
        before: dict[str, str] = {}
        after: dict[str, str] = {}
        for criterion_id, one in given.items():
            node, row = nodes.get(criterion_id), standing.get(criterion_id)
            if node is None or (one.division_id is not None and one.division_id not in divisions):
                raise NotVisible(_("There is no such criterion or division."))
            if one.division_id is None and one.due_on is not None:
                raise Invalid(
                    fields={f"division-{criterion_id}": [_("Choose the division that this deadline is for.")]}
                )
            if (row.division_id if row else None, row.due_on if row else None) == (
                one.division_id,
                one.due_on,
            ):
                continue
            before[node.code] = _told(row.division.name if row else "", row.due_on if row else None)
            if one.division_id is None:
                assert row is not None
                row.delete()
                after[node.code] = ""
                continue
            division = divisions[one.division_id]
            if not division.active and (row is None or row.division_id != division.pk):
                raise Invalid(fields={f"division-{criterion_id}": [_("This division is no longer active.")]})
            row = row or DivisionAssignment(scoresheet=sheet, criterion=node)
            row.division, row.due_on = division, one.due_on
            row.save()
            after[node.code] = _told(division.name, one.due_on)
        if after:
            record(
                actor=actor.user, action="scoresheet.assign_divisions", obj=sheet, before=before, after=after
            )
        return len(after)


def _told(name: str, due_on: date | None) -> str:
    return f"{name} ({format_date(due_on)})" if due_on else name
