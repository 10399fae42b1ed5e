"""Who may see and do what on the appraising side: the one decision point of its screens, services and exports.

No default allow. A sheet that a person may not see does not exist for that person. Reading what concerns
marks starts from ``Reach``: one person's reach in one block, read once a request (queries/panels.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from agencies.models import Role
from parindex.errors import NotPermitted, NotVisible
from scoring.assessment.appraisers import Duty, Panel
from scoring.assessment.models import Mark, SheetState
from scoring.assessment.permissions import SUBMITTED_STATES

if TYPE_CHECKING:
    from agencies.actors import Actor
    from scoring.assessment.models import Scoresheet

#: Who has business in the appraisal's screens.
APPRAISAL_ROLES = frozenset({Role.ASSESSOR, Role.SECRETARY, Role.COUNCIL_MEMBER, Role.INSPECTOR})
#: Who reads every leaf of the sheets that they see.
OVERSEER_ROLES = frozenset({Role.SECRETARY, Role.COUNCIL_MEMBER, Role.INSPECTOR})
#: Who may do what on a whole block.
BLOCK_ROLES = frozenset({Role.SECRETARY})
COUNCIL_ROLES = frozenset({Role.SECRETARY, Role.COUNCIL_MEMBER})
#: The state of a sheet → the round in which it is marked.
ROUND_OF_STATE: dict[str, Mark.Round] = {
    SheetState.SUBMITTED: Mark.Round.ROUND_1,
    SheetState.APPRAISING: Mark.Round.ROUND_1,
    SheetState.REAPPRAISING: Mark.Round.ROUND_2,
    SheetState.REVIEWING: Mark.Round.COUNCIL,
}


def round_reached(state: str) -> Mark.Round:
    """The round that a sheet in this state stands in, else that at which it ended.

    While explanations are written it is round 1: what they declare is their agency's draft until they are sent.
    """
    if state == SheetState.EXPLAINING:
        return Mark.Round.ROUND_1
    return ROUND_OF_STATE.get(state) or Mark.Round.COUNCIL


@dataclass(frozen=True, slots=True)
class Reach:
    """What one person sees and marks in one block of a cycle."""

    cycle_block_id: int
    panel: Panel
    duty: Duty = field(default_factory=Duty)
    oversees: bool = False
    barred: frozenset[int] = frozenset()

    def sees_sheet(self, agency_id: int, state: str) -> bool:
        """Whether a sheet of this agency exists for this person on the appraising side."""
        if agency_id in self.barred or state not in SUBMITTED_STATES:
            return False
        return self.oversees or bool(self.duty.leaves_on(agency_id))

    def sees_earlier(self, sheet: Scoresheet) -> bool:
        """Whether this person reads a sheet that an amended set replaced: who oversees, once it was submitted."""
        hidden = sheet.participation.agency_id in self.barred or sheet.submitted_at is None
        return self.oversees and sheet.state == SheetState.REPLACED and not hidden

    def sees_leaf(self, agency_id: int, criterion_id: int, state: str) -> bool:
        """Whether this leaf of the sheet exists for this person."""
        if not self.sees_sheet(agency_id, state):
            return False
        return self.oversees or self.duty.covers(agency_id, criterion_id)

    @property
    def is_empty(self) -> bool:
        return not self.oversees and self.duty.is_empty

    def answers(self, *, mine: bool = False) -> Q:
        """The answers that this person sees (``mine``: is to mark), as a condition on Answer."""
        here = Q(
            scoresheet__participation__cycle_block=self.cycle_block_id, scoresheet__state__in=SUBMITTED_STATES
        )
        agency = "scoresheet__participation__agency"
        if self.oversees and not mine:
            return here & ~Q(**{f"{agency}__in": self.barred}) if self.barred else here
        apart = frozenset(self.duty.special) | self.duty.barred
        wanted = Q(criterion__in=self.duty.everywhere) & ~Q(**{f"{agency}__in": apart}) if apart else Q(
            criterion__in=self.duty.everywhere
        )  # fmt: skip
        for agency_id in sorted(frozenset(self.duty.special) - self.duty.barred):
            if leaves := self.duty.special[agency_id]:
                wanted |= Q(**{agency: agency_id}, criterion__in=leaves)
        return here & wanted

    def sheets(self) -> Q:
        """The sheets that this person sees, as a condition on Scoresheet."""
        here = Q(participation__cycle_block=self.cycle_block_id, state__in=SUBMITTED_STATES)
        if self.oversees:
            return here & ~Q(participation__agency__in=self.barred) if self.barred else here
        none = [agency for agency, leaves in self.duty.special.items() if not leaves]
        some = [agency for agency, leaves in self.duty.special.items() if leaves]
        if not self.duty.everywhere:
            return here & Q(participation__agency__in=[a for a in some if a not in self.duty.barred])
        return here & ~Q(participation__agency__in=self.duty.barred | frozenset(none))


def barred_houses(actor: Actor) -> frozenset[int]:
    """The agencies whose sheets this person never sees here: his or her houses, for all who judge.

    Only an inspector who judges nothing reads everything.
    """
    if actor.has(Role.ASSESSOR, Role.SECRETARY, Role.COUNCIL_MEMBER):
        return actor.houses
    return frozenset()


def may_enter(actor: Actor) -> bool:
    """Whether the appraisal's screens are there for this person."""
    return actor.has(*APPRAISAL_ROLES)


def may_oversee(actor: Actor) -> bool:
    """Whether the person reads all leaves of a block: rounds, council and progress pages."""
    return actor.has(*OVERSEER_ROLES)


def may_run_block(actor: Actor) -> bool:
    """Whether the person closes rounds, assigns criteria and imports points."""
    return actor.has(*BLOCK_ROLES)


def may_settle(actor: Actor, *, agency_id: int) -> bool:
    """Whether the person may settle a difference on this agency's sheet: a council member of another house."""
    return actor.has(Role.COUNCIL_MEMBER) and not actor.belongs_or_belonged(agency_id)


def may_finalise(actor: Actor, *, agency_id: int, panel: Panel) -> bool:
    """Whether the person may finalise this agency's sheet.

    The sheet of Home Affairs itself is finalised by a council member who is not of Home Affairs, never by
    its own secretary.
    """
    if actor.belongs_or_belonged(agency_id):
        return False
    if panel.is_home_affairs_house(agency_id):
        return actor.has(Role.COUNCIL_MEMBER)
    return actor.has(*COUNCIL_ROLES)


def may_adjust(actor: Actor, *, agency_id: int, panel: Panel) -> bool:
    """Whether the person may give or void bonus and penalty points of this agency."""
    return may_finalise(actor, agency_id=agency_id, panel=panel)


def require_enter(actor: Actor) -> None:
    """NotPermitted for people without business in the appraisal."""
    if not may_enter(actor):
        raise NotPermitted(_("Your roles have no business in the appraisal."))


def require_oversee(actor: Actor) -> None:
    """NotPermitted for people who do not read whole blocks."""
    if not may_oversee(actor):
        raise NotPermitted(_("This page is for the secretary and the council."))


def require_run_block(actor: Actor) -> None:
    """NotPermitted for everyone but the secretary."""
    if not may_run_block(actor):
        raise NotPermitted(_("Only the secretary of the assessment may do this."))


def require_mark(
    reach: Reach, *, actor: Actor, agency_id: int, criterion_id: int, round: int, state: str
) -> None:
    """Whether this person may mark this leaf in this round. NotVisible where it does not exist for them."""
    if not reach.sees_leaf(agency_id, criterion_id, state):
        raise NotVisible(_("There is no such answer."))
    if round == Mark.Round.COUNCIL:
        if not may_settle(actor, agency_id=agency_id):
            raise NotPermitted(_("Differences are settled by a council member."))
    elif not reach.duty.covers(agency_id, criterion_id):
        raise NotPermitted(_("This criterion is appraised by somebody else. You can read it here."))
