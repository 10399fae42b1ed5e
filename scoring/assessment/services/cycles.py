"""Acts on a year: make it, its settings, its blocks and their criteria sets, its windows and extensions.

Participations and opening stand in ``opening``. Lock order: cycle block first, the record last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.actors import Actor
from agencies.models import Agency, Block, User
from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, StaleVersion, WrongState
from parindex.ui.formats import format_deadline
from scoring.assessment.cycle_permissions import require_manage
from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.models import Cycle, CycleBlock, Extension, Participation, Stage, Window
from scoring.assessment.queries.parts import set_is_taken
from scoring.assessment.services.copied_years import copy_blocks
from scoring.assessment.services.locks import locked_block
from scoring.assessment.services.parts import locked_year
from scoring.assessment.windows import spans
from scoring.criteria.models import CriteriaSet

__all__ = [
    "add_block",
    "change_cycle",
    "choose_set",
    "create_cycle",
    "delete_cycle",
    "grant_extension",
    "remove_block",
    "save_settings",
    "set_windows",
    "settings_mark",
]

Moments = tuple[datetime, datetime]
#: Characters; as the columns of Extension hold them.
MAX_LETTER_NUMBER, MAX_REASON = 80, 500


def create_cycle(
    *,
    actor: Actor | None,
    year: int,
    title: str = "",
    rehearsal: bool = False,
    copy_from: Cycle | None = None,
) -> Cycle:
    """Make a year's cycle; with ``copy_from`` it takes over settings, blocks, participations and windows.

    Windows keep their day and hour, moved by whole years. A block takes the newest set of the new year, else
    the set that it had. Raises NotPermitted; Invalid on ``year`` when there is one.
    """
    require_manage(actor)
    if not 1990 <= year <= 2200:
        raise Invalid(fields={"year": [_("Enter a year, such as 2025.")]})
    with transaction.atomic():
        cycle, made = Cycle.objects.get_or_create(
            year=year,
            defaults={
                "title": title.strip() or _("Assessment of %(year)s") % {"year": year},
                "settings": dict(copy_from.settings) if copy_from else CycleSettings().as_dict(),
                "rehearsal": rehearsal,
                "created_at": db_now(),
            },
        )
        if not made:
            raise Invalid(fields={"year": [_("There is a cycle for %(year)s already.") % {"year": year}]})
        if copy_from is not None:
            copy_blocks(cycle, copy_from)
        record(
            actor=_user(actor),
            action="cycle.created",
            obj=cycle,
            after={"year": year, "title": cycle.title, "copied_from": copy_from.year if copy_from else None},
        )
    return cycle


def change_cycle(*, actor: Actor | None, cycle: Cycle, title: str, rehearsal: bool) -> Cycle:
    """Change the name of a cycle, or whether it is a rehearsal (that only before a block is opened)."""
    require_manage(actor)
    with transaction.atomic():
        current = Cycle.objects.select_for_update().get(pk=cycle.pk)
        before = {"title": current.title, "rehearsal": current.rehearsal}
        if not title.strip():
            raise Invalid(fields={"title": [_("Give the cycle a name.")]})
        if rehearsal != current.rehearsal and current.blocks.filter(opened_at__isnull=False).exists():
            raise Invalid(
                fields={"rehearsal": [_("A block is open already: this can no longer be changed.")]}
            )
        current.title, current.rehearsal = title.strip(), rehearsal
        current.save(update_fields=["title", "rehearsal"])
        after = {"title": current.title, "rehearsal": current.rehearsal}
        if before != after:
            record(actor=_user(actor), action="cycle.changed", obj=current, before=before, after=after)
    return current


def delete_cycle(*, actor: Actor | None, cycle: Cycle) -> None:
    """Delete a cycle made by mistake: only while it has no blocks. Raises WrongState."""
    require_manage(actor)
    with transaction.atomic():
        current = Cycle.objects.select_for_update().get(pk=cycle.pk)
        if current.blocks.exists():
            raise WrongState(_("The cycle has blocks. Remove them first; a block that was opened stays."))
        key = current.pk
        current.delete()
        current.pk = key
        record(actor=_user(actor), action="cycle.deleted", obj=current, before={"year": current.year})


def settings_mark(cycle: Cycle) -> str:
    """A short mark of the settings that stand now, by which a page tells whether they changed since."""
    text = json.dumps(cycle.settings, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def save_settings(
    *, actor: Actor | None, cycle: Cycle, settings: Mapping[str, Any], seen: str | None = None
) -> Cycle:
    """Store the settings of a cycle (plain JSON). Runs that exist keep theirs: they froze them.

    ``seen``: the mark of the settings that the person had before him; None asks for no comparison.
    Raises engine.SettingsErrors with every fault and its place; StaleVersion where somebody saved in between.
    """
    require_manage(actor)
    checked = CycleSettings.parse(settings).as_dict()
    with transaction.atomic():
        current = Cycle.objects.select_for_update().get(pk=cycle.pk)
        before = current.settings
        if before != checked:
            if seen is not None and seen != settings_mark(current):
                raise StaleVersion(
                    _(
                        "Somebody else saved these settings since you opened the page. Yours are not saved: compare "
                        "with the page opened anew. Saving once more puts yours in their place."
                    ),
                    current=before,
                    offered=checked,
                    version=0,
                )
            current.settings = checked
            current.save(update_fields=["settings"])
            record(actor=_user(actor), action="cycle.settings", obj=current, before=before, after=checked)
    return current


def add_block(
    *, actor: Actor | None, cycle: Cycle, block: Block, criteria_set: CriteriaSet, with_agencies: bool = True
) -> CycleBlock:
    """Bring a block into a cycle, with all its active agencies unless not ``with_agencies``."""
    require_manage(actor)
    with transaction.atomic():
        made, new = CycleBlock.objects.get_or_create(
            cycle=cycle, block=block, part_of=None, defaults={"criteria_set": criteria_set}
        )
        if not new:
            raise Invalid(fields={"block": [_("This block is in the cycle already.")]})
        agencies = Agency.objects.filter(block=block, active=True) if with_agencies else Agency.objects.none()
        Participation.objects.bulk_create(Participation(cycle_block=made, agency=one) for one in agencies)
        record(
            actor=_user(actor),
            action="cycle_block.added",
            obj=made,
            after={"block": block.slug, "criteria_set": criteria_set, "agencies": len(agencies)},
        )
    return made


def remove_block(*, actor: Actor | None, cycle_block: CycleBlock) -> None:
    """Take a block out of a cycle again, with its windows and participations: only before it is opened.

    One part of a year is taken out by ``parts.remove_part``; while a block has parts it stays. Raises WrongState.
    """
    require_manage(actor)
    with transaction.atomic():
        block = unopened(cycle_block)
        if block.part_of_id is not None or block.parts.exists():
            raise WrongState(
                _("This year of the block has more than one part. Remove the other parts first.")
            )
        before = {"block": block.block.slug, "agencies": block.participations.count()}
        block.participations.all().delete()
        block.extensions.all().delete()
        key = block.pk
        block.delete()
        block.pk = key
        record(actor=_user(actor), action="cycle_block.removed", obj=block, before=before)


def choose_set(*, actor: Actor | None, cycle_block: CycleBlock, criteria_set: CriteriaSet) -> CycleBlock:
    """Choose the criteria set of a block: until it is opened. Profiles that the set lacks are dropped.

    Raises WrongState; Invalid on ``criteria_set`` where another part of the year uses it.
    """
    require_manage(actor)
    with transaction.atomic():
        others = [row for row in locked_year(cycle_block) if row.pk != cycle_block.pk]
        block = unopened(cycle_block)
        if set_is_taken(criteria_set, others):
            raise Invalid(
                fields={"criteria_set": [_("Another part of this year uses this set. Choose another one.")]}
            )
        before = {"criteria_set": block.criteria_set_id}
        block.criteria_set = criteria_set
        block.save(update_fields=["criteria_set"])
        for participation in block.participations.exclude(profiles=[]):
            kept = [key for key in participation.profiles if key in criteria_set.profiles]
            if kept != participation.profiles:
                participation.profiles = kept
                participation.save(update_fields=["profiles"])
        record(
            actor=_user(actor),
            action="cycle_block.set_chosen",
            obj=block,
            before=before,
            after={"criteria_set": criteria_set.pk},
        )
    return block


def set_windows(
    *, actor: Actor | None, cycle_block: CycleBlock, windows: Mapping[str, Moments | None]
) -> list[Window]:
    """Set the windows of a block by stage: aware moments, [opens, closes); None takes one away.

    A change after opening is allowed and recorded; taking one away then is not. Raises Invalid, its fields
    named ``<stage>_opens`` and ``<stage>_closes``.
    """
    require_manage(actor)
    faults: dict[str, list[str]] = {}
    for stage, moments in windows.items():
        if stage not in Stage.values:
            raise ValueError(stage)
        if moments is not None and moments[1] <= moments[0]:
            faults[f"{stage}_closes"] = [_("The end must come after the beginning.")]
    if faults:
        raise Invalid(fields=faults)
    with transaction.atomic():
        block = CycleBlock.objects.select_for_update().get(pk=cycle_block.pk)
        current = {window.stage: window for window in block.windows.all()}
        before, after = {}, {}
        for stage, moments in windows.items():
            was = current.get(stage)
            if moments == ((was.opens, was.closes) if was else None):
                continue
            if moments is None and block.opened_at is not None:
                raise Invalid(
                    fields={
                        f"{stage}_opens": [_("The block is open: a window can be moved, not taken away.")]
                    }
                )
            before[stage] = [was.opens, was.closes] if was else None
            after[stage] = list(moments) if moments else None
            if moments is None:
                block.windows.filter(stage=stage).delete()
            else:
                Window.objects.update_or_create(
                    cycle_block=block, stage=stage, defaults={"opens": moments[0], "closes": moments[1]}
                )
        if after:
            record(actor=_user(actor), action="cycle_block.windows", obj=block, before=before, after=after)
        return list(block.windows.all())


def grant_extension(
    *,
    actor: Actor,
    cycle_block: CycleBlock,
    agency: Agency | None,
    stage: str,
    closes: datetime,
    letter_number: str,
    reason: str = "",
) -> Extension:
    """Give one agency (or, with None, the whole block) a later end of a stage, on the number of a letter.

    Added, never changed: a later letter may only move the end further. Raises Invalid by field.
    """
    require_manage(actor)
    faults: dict[str, list[str]] = {}
    if stage not in Stage.values:
        faults["stage"] = [_("Choose a stage.")]
    if not letter_number.strip():
        faults["letter_number"] = [_("Give the number of the letter, such as 45/SNV-CCHC.")]
    for name, text, longest in (
        ("letter_number", letter_number, MAX_LETTER_NUMBER),
        ("reason", reason, MAX_REASON),
    ):
        if len(text.strip()) > longest:
            faults[name] = [_("The text is too long: at most %(max)s characters.") % {"max": longest}]
    if faults:
        raise Invalid(fields=faults)
    with transaction.atomic():
        block = CycleBlock.objects.select_for_update().get(pk=cycle_block.pk)
        if agency is not None and not block.participations.filter(agency=agency).exists():
            raise Invalid(fields={"agency": [_("This agency does not take part in this block.")]})
        span = spans(block, agency_id=agency.pk if agency else None).get(stage)
        if span is None:
            raise Invalid(fields={"stage": [_("This stage has no window yet: set the windows first.")]})
        if closes <= span.closes:
            raise Invalid(
                fields={
                    "closes": [
                        _("The stage already runs until %(end)s: give a later end.")
                        % {"end": format_deadline(span.closes)}
                    ]
                }
            )
        extension = Extension.objects.create(
            cycle_block=block,
            agency=agency,
            stage=stage,
            closes=closes,
            letter_number=letter_number.strip(),
            reason=reason.strip(),
            granted_by=_named(actor),
            granted_at=db_now(),
        )
        record(
            actor=actor.user,
            action="cycle_block.extension",
            obj=block,
            before={"stage": stage, "closes": span.closes},
            after={
                "stage": stage,
                "agency": agency.slug if agency else None,
                "closes": closes,
                "letter": extension.letter_number,
                "reason": extension.reason,
            },
        )
    return extension


def unopened(cycle_block: CycleBlock) -> CycleBlock:
    """The block, locked as a row, and not opened yet. Raises WrongState."""
    block = locked_block(cycle_block.pk)
    if block.opened_at is not None:
        raise WrongState(
            _("The block is open: its criteria set and its agencies' sheets exist, so this stays.")
        )
    return block


def _named(actor: Actor) -> User:
    """The person; a letter is never granted by nobody."""
    if actor.user is None:
        raise NotPermitted(_("Only the secretary sets up cycles."))
    return actor.user


def _user(actor: Actor | None) -> User | None:
    return None if actor is None else actor.user
