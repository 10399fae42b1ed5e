"""Who may read and write what of a scoresheet: the one decision point that views, exports and services ask.

No default allow: what is not named here is refused. A sheet that a person may not see does not exist for
that person (``NotVisible``, answered exactly as for an absent one). Nobody judges his own house: whoever
belongs or belonged to the scored agency sees its sheet through the agency's own roles alone.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from agencies.models import Role
from parindex.errors import NotPermitted, NotVisible
from scoring.assessment.models import Answer, Cycle, CycleBlock, Scoresheet, SheetState

if TYPE_CHECKING:
    from agencies.actors import Actor

#: Roles that fill in every leaf of their agency's sheet.
WHOLE_SHEET_EDITORS = (Role.EDITOR, Role.COORDINATOR)
#: Roles that read their own agency's sheets.
AGENCY_READERS = (Role.EDITOR, Role.DIVISION_EDITOR, Role.COORDINATOR, Role.HEAD)
#: States in which a sheet has reached Home Affairs.
SUBMITTED_STATES = (
    SheetState.SUBMITTED,
    SheetState.APPRAISING,
    SheetState.EXPLAINING,
    SheetState.REAPPRAISING,
    SheetState.REVIEWING,
    SheetState.FINALISED,
)


def visible_sheets(actor: Actor) -> QuerySet[Scoresheet]:
    """The sheets that exist for this person, unordered: those of his agency in every state, and those that
    he reads on the appraising side (appraisal_permissions.Reach). At most six queries before it is read.
    """
    from scoring.assessment.appraisal_permissions import may_enter
    from scoring.assessment.queries.panels import reaches

    wanted = Q(participation__agency_id__in=actor.agency_ids(*AGENCY_READERS))
    if may_enter(actor):
        blocks = CycleBlock.objects.filter(opened_at__isnull=False).select_related("cycle")
        for reach in reaches(actor, blocks).values():
            if not reach.is_empty:
                wanted |= reach.sheets()
    return Scoresheet.objects.filter(wanted)


def own_sheets(actor: Actor) -> QuerySet[Scoresheet]:
    """The sheets that this person sees as agency work: what lives under /workspace/."""
    return Scoresheet.objects.filter(participation__agency_id__in=actor.agency_ids(*AGENCY_READERS))


def sheet_for(actor: Actor, public_id: uuid.UUID) -> Scoresheet:
    """The person's own agency's sheet with block, cycle and agency, or NotVisible. One query."""
    try:
        return (
            own_sheets(actor)
            .select_related(
                "participation__agency",
                "participation__cycle_block__cycle",
                "participation__cycle_block__block",
                "criteria_set",
            )
            .get(public_id=public_id)
        )
    except Scoresheet.DoesNotExist:
        raise NotVisible(_("There is no such scoresheet.")) from None


def answer_for(actor: Actor, public_id: uuid.UUID) -> Answer:
    """An answer of the person's own agency with its sheet and criterion, or NotVisible. One query."""
    try:
        return Answer.objects.select_related(
            "criterion",
            "criterion__criteria_set",
            "scoresheet__criteria_set",
            "scoresheet__participation__agency",
            "scoresheet__participation__cycle_block__cycle",
            "scoresheet__participation__cycle_block__block",
        ).get(public_id=public_id, scoresheet__participation__agency_id__in=actor.agency_ids(*AGENCY_READERS))
    except Answer.DoesNotExist:
        raise NotVisible(_("There is no such answer.")) from None


# --- the agency's side --------------------------------------------------------------------------


def may_edit_leaf(actor: Actor, *, agency_id: int, division_id: int | None) -> bool:
    """Whether the person's roles allow work on a leaf that is assigned to this division (or to none)."""
    if actor.has_in(agency_id, *WHOLE_SHEET_EDITORS):
        return True
    return division_id is not None and division_id in actor.division_ids(agency_id)


def may_draft(actor: Actor, *, agency_id: int, state: str, division_id: int | None) -> bool:
    """Whether the person may now write this leaf's inputs, note and citations (window aside)."""
    return state == SheetState.DRAFTING and may_edit_leaf(actor, agency_id=agency_id, division_id=division_id)


def may_reply(actor: Actor, *, agency_id: int, state: str, division_id: int | None) -> bool:
    """Whether the person may now answer an explanation request on this leaf (window aside)."""
    return state == SheetState.EXPLAINING and may_edit_leaf(
        actor, agency_id=agency_id, division_id=division_id
    )


def require_edit_leaf(actor: Actor, *, agency_id: int, division_id: int | None) -> None:
    """NotVisible outside the agency, NotPermitted inside it without a role for this leaf."""
    if not actor.has_in(agency_id, *AGENCY_READERS):
        raise NotVisible(_("There is no such answer."))
    if may_edit_leaf(actor, agency_id=agency_id, division_id=division_id):
        return
    if actor.has_in(agency_id, Role.DIVISION_EDITOR):
        raise NotPermitted(
            _(
                "This criterion is not assigned to your division. The coordinator of your agency assigns criteria."
            )
        )
    raise NotPermitted(_("Your role lets you read this scoresheet. Editors and the coordinator fill it in."))


def may_assign_divisions(actor: Actor, *, agency_id: int) -> bool:
    """Whether the person gives criteria to divisions: the coordinator."""
    return actor.has_in(agency_id, Role.COORDINATOR)


# --- the appraising side ------------------------------------------------------------------------


def default_substitute(cycle: Cycle) -> str:
    """Slug of the agency that stands in for every appraiser of which ``substitutes`` says nothing; may be empty."""
    return str((cycle.settings or {}).get("default_substitute") or "")


def substitutes(cycle: Cycle) -> dict[str, str]:
    """Slug of an appraiser → slug of the agency that appraises that appraiser's own sheet in its place."""
    named = (cycle.settings or {}).get("substitutes") or {}
    return {str(whose): str(by) for whose, by in named.items()} if isinstance(named, dict) else {}
