"""Amendment within the year: a block goes on under a new version of its criteria set, and nothing given is lost."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.actors import Actor
from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, WrongState
from parindex.ui.formats import format_deadline
from scoring.assessment.carrying import ways
from scoring.assessment.cycle_permissions import require_manage
from scoring.assessment.models import Amendment, CycleBlock, SecondLook, Stage
from scoring.assessment.queries.amendment import (
    Plan,
    key_of,
    obstacles_to,
    plan_amendment,
    sheets_of,
)
from scoring.assessment.queries.cycles import windows_of
from scoring.assessment.services.carrying_over import Tally, carry_assignments, carry_over
from scoring.assessment.services.cycles import set_windows
from scoring.assessment.services.locks import locked_block
from scoring.assessment.services.parts import locked_year
from scoring.assessment.workflow import replace_all
from scoring.criteria.links import bridge
from scoring.criteria.models import CriteriaSet, SetLink
from scoring.criteria.queries import tree_of

__all__ = ["Plan", "amend_block", "plan_amendment"]

MAX_NOTE = 10_000


def amend_block(
    *,
    actor: Actor,
    cycle_block: CycleBlock,
    criteria_set: CriteriaSet,
    effective_on: date | None,
    note: str = "",
    self_assessment_until: datetime | None = None,
    expected_key: str | None = None,
) -> Amendment:
    """Let an open block go on under a later version of its set: a new sheet in the place of each.

    Answers, evidence, marks and questions are copied along the links between the two sets; the earlier sheets stay
    to be read. Sheets whose agency has something to look at are drafts again, those that had been submitted as
    supplements. ``self_assessment_until`` (aware, not included) gives the agencies time: needed where theirs is
    over. ``expected_key`` is that of the plan on the page. Done twice it is done once.
    Raises NotPermitted, WrongState (a stale plan) or Invalid with every obstacle; then nothing has changed.
    """
    require_manage(actor)
    if actor.user is None:
        raise NotPermitted(_("Only the secretary sets up cycles."))
    note = note.replace("\r\n", "\n").strip()
    if effective_on is None:
        raise Invalid(fields={"effective_on": [_("Give the day from which the new version applies.")]})
    if len(note) > MAX_NOTE:
        raise Invalid(
            fields={"note": [_("The text is too long: at most %(max)s characters.") % {"max": MAX_NOTE}]}
        )
    with transaction.atomic():
        locked_year(cycle_block)  # another part may be about to take the same set
        block = locked_block(cycle_block.pk)
        standing = Amendment.objects.filter(cycle_block=block, criteria_set=criteria_set).first()
        if standing is not None:
            return standing
        criteria_set = CriteriaSet.objects.select_for_update(of=("self",)).get(pk=criteria_set.pk)
        earlier, tie = block.criteria_set, bridge(criteria_set, block.criteria_set)
        sheets = sheets_of(block, lock=True)
        if obstacles := obstacles_to(block, criteria_set, tie, sheets):
            raise Invalid(fields={"": obstacles})
        if expected_key not in (None, key_of(block, tie, sheets)):
            raise WrongState(
                _(
                    "Scoresheets or links have changed since this page was shown. Nothing was amended: look at the "
                    "plan again."
                )
            )
        now = db_now()
        found = ways(tree_of(criteria_set), tree_of(earlier), tie)
        amendment = Amendment.objects.create(
            cycle_block=block,
            earlier=earlier,
            criteria_set=criteria_set,
            effective_on=effective_on,
            note=note,
            sheets=len(sheets),
            by=actor.user,
            at=now,
        )
        tally = carry_over(sheets, ways=found, amendment=amendment, now=now)
        replace_all(sheets, actor=actor, now=now, reason=note)
        carry_assignments(block, found)
        block.criteria_set = criteria_set
        block.save(update_fields=["criteria_set"])
        _give_time(actor, block, tally, until=self_assessment_until, now=now)
        _freeze_links(criteria_set, earlier, now)
        changes = Counter(way.change for way in found.leaves)
        record(
            actor=actor.user,
            action="cycle_block.amended",
            obj=block,
            before={"criteria_set": earlier.pk, "version": earlier.version},
            after={
                "criteria_set": criteria_set.pk,
                "version": criteria_set.version,
                "effective_on": effective_on,
                "note": note,
                "sheets": tally.sheets,
                "criteria": dict(changes) | {"gone": len(found.gone)},
                "second_looks_agency": tally.looks[SecondLook.Who.AGENCY],
                "second_looks_appraiser": tally.looks[SecondLook.Who.APPRAISER],
            },
        )
    return amendment


def _give_time(
    actor: Actor, block: CycleBlock, tally: Tally, *, until: datetime | None, now: datetime
) -> None:
    """Move the end of self-assessment; refuse where agencies had no time, or later stages would end before it."""
    windows = windows_of([block])[block.pk]
    span = windows.get(Stage.SELF_ASSESSMENT)
    if until is None:
        if tally.waiting and (span is None or span.is_over(now)):
            raise _until(
                _(
                    "The time for self-assessment is over and agencies have something to look at: give a last day."
                )
            )
        return
    if until <= now:
        raise _until(_("This moment is over: give a later one."))
    if span is not None and until <= span.closes:
        raise _until(
            _("The stage already runs until %(end)s: give a later end.")
            % {"end": format_deadline(span.closes)}
        )
    for stage in (Stage.ROUND_1, Stage.COUNCIL) if tally.supplements else ():
        later = windows.get(stage)
        if later is not None and later.closes <= until:
            raise _until(
                _(
                    "The stage “%(stage)s” ends at %(end)s, before the agencies are done, and their sheets pass "
                    "it once more: move its window first."
                )
                % {"stage": stage.label, "end": format_deadline(later.closes)}
            )
    opens = span.opens if span is not None else now
    set_windows(actor=actor, cycle_block=block, windows={Stage.SELF_ASSESSMENT: (opens, until)})


def _until(message: str) -> Invalid:
    return Invalid(fields={"self_assessment_until": [message]})


def _freeze_links(criteria_set: CriteriaSet, earlier: CriteriaSet, now: datetime) -> None:
    """What was carried over by the links between the two versions can be read by them ever after."""
    SetLink.objects.filter(
        newer__year=criteria_set.year,
        newer__block=criteria_set.block_id,
        newer__version__lte=criteria_set.version,
        earlier__year=earlier.year,
        earlier__block=earlier.block_id,
        earlier__version__gte=earlier.version,
        frozen_at=None,
    ).update(frozen_at=now)
