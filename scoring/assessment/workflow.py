"""The one table of a sheet's transitions: server, buttons and tests are made from it; nothing else writes a state.

Source: the states and roles of the year of an assessment (docs/architecture.md, "States of a scoresheet").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Role
from parindex.audit.services import Act, record, record_many
from parindex.errors import Invalid, NotPermitted, WrongState
from scoring.assessment.models import Scoresheet, SheetState, Stage, Transition

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    from agencies.actors import Actor

S = SheetState


@dataclass(frozen=True, slots=True)
class Step:
    """One allowed transition.

    ``window`` is the stage whose window (with extensions) must be open, ``None`` when any time will do.
    ``of_agency``: the role is held in the scored agency; otherwise it is a role of the province.
    ``own_house``: a person who belongs or belonged to the scored agency may take it all the same: so for the
    closing of rounds, an act on a whole block, but never for what judges one sheet.
    """

    name: str
    source: SheetState
    target: SheetState
    roles: frozenset[Role]
    of_agency: bool
    label: StrPromise
    window: Stage | None = None
    needs_reason: bool = False
    own_house: bool = False


def _step(name: str, source: S, target: S, roles: set[Role], label: StrPromise, **more: Any) -> Step:
    return Step(name, source, target, frozenset(roles), label=label, **more)


STEPS: tuple[Step, ...] = (
    _step("submit_for_approval", S.DRAFTING, S.AWAITING_APPROVAL, {Role.EDITOR, Role.COORDINATOR},
          gettext_lazy("Submit to the head"), of_agency=True, window=Stage.SELF_ASSESSMENT),
    _step("return_to_draft", S.AWAITING_APPROVAL, S.DRAFTING, {Role.HEAD},
          gettext_lazy("Return to the editors"), of_agency=True, needs_reason=True),
    _step("approve", S.AWAITING_APPROVAL, S.SUBMITTED, {Role.HEAD},
          gettext_lazy("Approve and submit"), of_agency=True, window=Stage.SELF_ASSESSMENT),
    _step("withdraw", S.SUBMITTED, S.DRAFTING, {Role.HEAD},
          gettext_lazy("Withdraw"), of_agency=True, window=Stage.SELF_ASSESSMENT),
    _step("close_draft", S.DRAFTING, S.SUBMITTED, {Role.SECRETARY},
          gettext_lazy("Close self-assessment"), of_agency=False, own_house=True),
    _step("close_awaiting", S.AWAITING_APPROVAL, S.SUBMITTED, {Role.SECRETARY},
          gettext_lazy("Close self-assessment"), of_agency=False, own_house=True),
    _step("begin_appraisal", S.SUBMITTED, S.APPRAISING, {Role.ASSESSOR, Role.SECRETARY},
          gettext_lazy("Begin the appraisal"), of_agency=False, window=Stage.ROUND_1),
    _step("ask_for_explanation", S.APPRAISING, S.EXPLAINING, {Role.SECRETARY},
          gettext_lazy("Close round 1, explanation asked"), of_agency=False, own_house=True),
    _step("close_round_1", S.APPRAISING, S.REVIEWING, {Role.SECRETARY},
          gettext_lazy("Close round 1"), of_agency=False, own_house=True),
    _step("send_explanation", S.EXPLAINING, S.REAPPRAISING, {Role.HEAD},
          gettext_lazy("Send the explanation"), of_agency=True, window=Stage.EXPLANATION),
    _step("close_explanation", S.EXPLAINING, S.REAPPRAISING, {Role.SECRETARY},
          gettext_lazy("Close the explanation round"), of_agency=False, own_house=True),
    _step("close_round_2", S.REAPPRAISING, S.REVIEWING, {Role.SECRETARY},
          gettext_lazy("Close round 2"), of_agency=False, own_house=True),
    _step("return_to_round_2", S.REVIEWING, S.REAPPRAISING, {Role.SECRETARY, Role.COUNCIL_MEMBER},
          gettext_lazy("Return to round 2"), of_agency=False, needs_reason=True),
    _step("finalise", S.REVIEWING, S.FINALISED, {Role.SECRETARY, Role.COUNCIL_MEMBER},
          gettext_lazy("Finalise"), of_agency=False, window=Stage.COUNCIL),
    _step("reopen", S.FINALISED, S.REVIEWING, {Role.COUNCIL_MEMBER},
          gettext_lazy("Reopen for a correction"), of_agency=False, needs_reason=True),
    # an amended criteria set puts a new sheet in the place of this one (services/amendment.py); no final sheet
    *(_step(f"replace_{source}", source, S.REPLACED, {Role.SECRETARY},
            gettext_lazy("Replace by the sheet of the amended set"), of_agency=False, own_house=True)
      for source in (S.DRAFTING, S.AWAITING_APPROVAL, S.SUBMITTED, S.APPRAISING, S.EXPLAINING,
                     S.REAPPRAISING, S.REVIEWING)),
)  # fmt: skip
STEP: dict[str, Step] = {step.name: step for step in STEPS}
#: The source of a step into REPLACED by its name: what a replaced sheet was before.
REPLACING: dict[str, SheetState] = {step.name: step.source for step in STEPS if step.target == S.REPLACED}
#: The first line in the log of a sheet that an amendment put in the place of another one; no step of its own.
CARRIED_OVER = "carried_over"


def may_take(step: Step, *, actor: Actor, agency_id: int) -> bool:
    """Whether the person's roles allow the step on a sheet of this agency (state and window aside)."""
    if step.of_agency:
        return actor.has_in(agency_id, *step.roles)
    return actor.has(*step.roles) and (step.own_house or not actor.belongs_or_belonged(agency_id))


def steps_from(state: str, *, actor: Actor, agency_id: int) -> list[Step]:
    """The steps that stand open to this person from a state: the buttons of a page."""
    return [
        step for step in STEPS if step.source == state and may_take(step, actor=actor, agency_id=agency_id)
    ]


def take_step(
    name: str, *, sheet: Scoresheet, actor: Actor, agency_id: int, now: datetime, reason: str = ""
) -> Step:
    """Move a sheet that the caller has locked, and log it. The caller has checked the window and its own guard.

    Raises NotPermitted, WrongState, or Invalid on ``reason``. Writes the sheet, a Transition and an audit entry.
    """
    step = STEP[name]
    if not may_take(step, actor=actor, agency_id=agency_id):
        raise NotPermitted(_("You do not hold a role that allows this act on this scoresheet."))
    if sheet.state != step.source:
        raise WrongState(
            _("The scoresheet is now in the state “%(state)s”; reload the page to see what can be done.")
            % {"state": sheet.get_state_display()}
        )
    if step.needs_reason and not reason.strip():
        raise Invalid(fields={"reason": [_("Give the reason.")]})
    before = sheet.state
    sheet.state = step.target
    sheet.version += 1
    sheet.save(update_fields=["state", "version", "submitted_at", "days_late"])
    Transition.objects.create(
        scoresheet=sheet,
        name=name,
        source=before,
        target=step.target,
        by=actor.user,
        at=now,
        reason=reason.strip(),
    )
    record(
        actor=actor.user,
        action=f"scoresheet.{name}",
        obj=sheet,
        before={"state": before},
        after={"state": step.target, "reason": reason.strip()},
    )
    return step


def replace_all(sheets: Sequence[Scoresheet], *, actor: Actor, now: datetime, reason: str) -> None:
    """Take the step into REPLACED with each of these sheets, which the caller has locked, as ``take_step`` does.

    Two updates and inserts for each state of departure, whatever the number of sheets. Raises NotPermitted or
    WrongState (a final sheet has no such step); then nothing is written.
    """
    by_step: dict[str, list[Scoresheet]] = {}
    for sheet in sheets:
        step = STEP.get(f"replace_{sheet.state}")
        if step is None:
            raise WrongState(
                _("The scoresheet is now in the state “%(state)s”; reload the page to see what can be done.")
                % {"state": sheet.get_state_display()}
            )
        if not may_take(step, actor=actor, agency_id=sheet.participation.agency_id):
            raise NotPermitted(_("You do not hold a role that allows this act on this scoresheet."))
        by_step.setdefault(step.name, []).append(sheet)
    acts = []
    for name, group in by_step.items():
        step = STEP[name]
        for start in range(0, len(group), 500):
            part = [sheet.pk for sheet in group[start : start + 500]]
            Scoresheet.objects.filter(pk__in=part).update(state=step.target, version=F("version") + 1)
        Transition.objects.bulk_create(
            [
                Transition(
                    scoresheet=sheet,
                    name=name,
                    source=step.source,
                    target=step.target,
                    by=actor.user,
                    at=now,
                    reason=reason,
                )
                for sheet in group
            ],
            batch_size=500,
        )
        for sheet in group:
            sheet.state, sheet.version = step.target, sheet.version + 1
            acts.append(
                Act(
                    f"scoresheet.{name}",
                    sheet,
                    {"state": step.source},
                    {"state": step.target, "reason": reason},
                )
            )
    record_many(actor=actor.user, acts=acts, at=now)
