"""Who takes part in a block, and its opening: the act by which scoresheets and answers come into being."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies.actors import Actor
from agencies.models import Agency, User
from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid, WrongState
from scoring.assessment.cycle_permissions import require_manage
from scoring.assessment.models import (
    Answer,
    CycleBlock,
    NotApplicableRequest,
    Participation,
    Scoresheet,
    SheetState,
    Stage,
    Transition,
)
from scoring.assessment.services.locks import locked_block
from scoring.assessment.services.second_looks import looks_follow
from scoring.criteria.queries import SetNode, tree_of

__all__ = [
    "add_participations",
    "change_participation",
    "open_block",
    "opening_obstacles",
    "remove_participation",
    "self_scored_of",
]

_BATCH = 2000
#: Characters of the number of a document.
MAX_DOCUMENT = 120


def add_participations(
    *, actor: Actor | None, cycle_block: CycleBlock, agencies: Iterable[Agency]
) -> list[Participation]:
    """Let agencies take part; those that do already are left as they are. After opening their sheets come too."""
    require_manage(actor)
    with transaction.atomic():
        block = _locked(cycle_block)
        there = set(block.participations.values_list("agency_id", flat=True))
        new = [one for one in agencies if one.pk not in there]
        if not new:
            return []
        Participation.objects.bulk_create(Participation(cycle_block=block, agency=one) for one in new)
        made = list(
            block.participations.filter(agency__in=new).select_related("agency").order_by("agency__sort_key")
        )
        sheets = _make_sheets(block, made, _user(actor)) if block.opened_at is not None else []
        record(
            actor=_user(actor),
            action="participation.added",
            obj=block,
            after={"agencies": [one.agency.slug for one in made], "sheets": len(sheets)},
        )
    return made


def change_participation(
    *,
    actor: Actor | None,
    participation: Participation,
    profiles: Sequence[str],
    ranked: bool,
    document: str = "",
) -> Participation:
    """Change the applicability profiles of an agency, or whether it is ranked; ``document``: by which number.

    After opening, profiles change only while the agency still drafts; the answers follow, and nothing that was
    declared is lost. Raises Invalid on ``profiles``, WrongState.
    """
    require_manage(actor)
    with transaction.atomic():
        block = _locked(participation.cycle_block)
        current = Participation.objects.select_related("agency").get(pk=participation.pk)
        unknown = [key for key in profiles if key not in block.criteria_set.profiles]
        if unknown:
            raise Invalid(
                fields={
                    "profiles": [_("The criteria set has no profile “%(key)s”.") % {"key": unknown[0][:60]}]
                }
            )
        before = {"profiles": current.profiles, "ranked": current.ranked}
        chosen = [key for key in block.criteria_set.profiles if key in set(profiles)]
        if set(chosen) != set(current.profiles):
            _apply_profiles(block, current, chosen, by=_user(actor))
        current.profiles, current.ranked = chosen, ranked
        current.save(update_fields=["profiles", "ranked"])
        after = {"profiles": current.profiles, "ranked": current.ranked}
        if before != after:
            record(
                actor=_user(actor),
                action="participation.changed",
                obj=current,
                before=before,
                after=after | ({"document": document.strip()[:MAX_DOCUMENT]} if document.strip() else {}),
            )
    return current


def remove_participation(*, actor: Actor | None, participation: Participation) -> None:
    """Take an agency out of a block: only before it is opened. Raises WrongState."""
    require_manage(actor)
    with transaction.atomic():
        block = _locked(participation.cycle_block)
        if block.opened_at is not None:
            raise WrongState(
                _("The block is open and the agency has its sheet. Mark it “not ranked” instead.")
            )
        current = Participation.objects.select_related("agency").get(pk=participation.pk)
        key = current.pk
        current.delete()
        current.pk = key
        record(
            actor=_user(actor),
            action="participation.removed",
            obj=block,
            before={"agency": current.agency.slug},
        )


def open_block(*, actor: Actor | None, cycle_block: CycleBlock) -> CycleBlock:
    """Open a block: a sheet for each agency, an answer for each self-scored leaf. Done twice it is done once.

    Raises Invalid with every obstacle: a set that is not locked, a stage without a window, no agency.
    """
    require_manage(actor)
    with transaction.atomic():
        block = _locked(cycle_block)
        if block.opened_at is not None:
            return block
        obstacles = opening_obstacles(block)
        if obstacles:
            raise Invalid(fields={"": obstacles})
        taking_part = list(block.participations.select_related("agency"))
        block.opened_at = db_now()
        block.save(update_fields=["opened_at"])
        sheets = _make_sheets(block, taking_part, _user(actor))
        record(
            actor=_user(actor),
            action="cycle_block.opened",
            obj=block,
            before={"opened_at": None},
            after={
                "opened_at": block.opened_at,
                "criteria_set": block.criteria_set_id,
                "agencies": len(taking_part),
                "sheets": len(sheets),
            },
        )
    return block


def opening_obstacles(block: CycleBlock) -> list[str]:
    """What stands against opening, as sentences that say what to do. Three queries at most."""
    found: list[str] = []
    if block.criteria_set.locked_at is None:
        found.append(_("The criteria set is still a draft: lock it first."))
    there = set(block.windows.values_list("stage", flat=True))
    missing = [str(stage.label) for stage in Stage if stage not in there]
    if missing:
        found.append(_("These stages have no window: %(stages)s.") % {"stages": ", ".join(missing)})
    rows = list(block.participations.values_list("agency__name", "profiles"))
    if not rows:
        found.append(_("No agency takes part yet."))
    known = set(block.criteria_set.profiles)
    strangers = [name for name, profiles in rows if set(profiles) - known]
    if strangers:
        found.append(
            ngettext(
                "%(count)s agency has a profile that the criteria set does not know: %(names)s.",
                "%(count)s agencies have profiles that the criteria set does not know: %(names)s.",
                len(strangers),
            )
            % {"count": len(strangers), "names": ", ".join(strangers[:5])}
        )
    return found


def self_scored_of(block: CycleBlock) -> int:
    """How many answers each sheet gets: the self-scored leaves of the set. One query at most."""
    return len(tree_of(block.criteria_set).self_scored)


def _make_sheets(
    block: CycleBlock, participations: Sequence[Participation], user: User | None
) -> list[Scoresheet]:
    """Sheets, their first line in the log, and one answer for each self-scored leaf. Inserted in bulk."""
    now = db_now()
    leaves = tree_of(block.criteria_set).self_scored
    sheets = Scoresheet.objects.bulk_create(
        [
            Scoresheet(participation=one, criteria_set=block.criteria_set, created_at=now)
            for one in participations
        ],
        batch_size=_BATCH,
    )
    Transition.objects.bulk_create(
        [
            Transition(scoresheet=sheet, name="open", source="", target=SheetState.DRAFTING, by=user, at=now)
            for sheet in sheets
        ],
        batch_size=_BATCH,
    )
    Answer.objects.bulk_create(
        [
            Answer(scoresheet=sheet, criterion_id=leaf.id, applicability=_applicability(leaf, one.profiles))
            for sheet, one in zip(sheets, participations, strict=True)
            for leaf in leaves
        ],
        batch_size=_BATCH,
    )
    return sheets


def _applicability(leaf: SetNode, profiles: Iterable[str]) -> str:
    return Answer.Applicability.APPLIES if leaf.applies_to(profiles) else Answer.Applicability.PROFILE


def _apply_profiles(
    block: CycleBlock, participation: Participation, profiles: Sequence[str], *, by: User | None
) -> None:
    """Let the answers of a drafting sheet follow new profiles: inputs stay, only their applicability turns.

    On the sheet of an amended set second looks follow too.
    """
    present = participation.sheets.filter(criteria_set=block.criteria_set)
    for sheet in present.select_for_update().order_by("pk"):
        if sheet.state != SheetState.DRAFTING:
            raise WrongState(_("The agency has submitted its sheet: its profiles can no longer change."))
        leaves = tree_of(block.criteria_set).self_scored
        outside = [leaf.id for leaf in leaves if not leaf.applies_to(profiles)]
        inside = [leaf.id for leaf in leaves if leaf.applies_to(profiles)]
        answers = Answer.objects.filter(scoresheet=sheet)
        leaving = answers.filter(criterion_id__in=outside).exclude(applicability=Answer.Applicability.PROFILE)
        NotApplicableRequest.objects.filter(
            answer__in=leaving, state=NotApplicableRequest.State.PENDING
        ).update(state=NotApplicableRequest.State.TAKEN_BACK)
        joining = answers.filter(criterion_id__in=inside, applicability=Answer.Applicability.PROFILE)
        if sheet.carried_from_id is not None:
            looks_follow(sheet, leaving=leaving, joining=joining, by=by)
        leaving.update(applicability=Answer.Applicability.PROFILE, version=F("version") + 1)
        joining.update(applicability=Answer.Applicability.APPLIES, version=F("version") + 1)


def _locked(cycle_block: CycleBlock) -> CycleBlock:
    """The block, locked as a row, with its cycle, block and criteria set."""
    return locked_block(cycle_block.pk)


def _user(actor: Actor | None) -> User | None:
    return None if actor is None else actor.user
