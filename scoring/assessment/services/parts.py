"""Acts on the parts of a block's year: two sets for one block, each with its period and the weight of its index.

The weights of all rows add up to 100 at every moment: a part that is added takes its weight from the main row, a part
that is removed gives it back, and a change of weights names them all. Lock order: the rows of the year by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.actors import Actor
from agencies.models import User
from parindex.audit.services import record
from parindex.errors import Invalid, WrongState
from parindex.ui.formats import format_percent
from scoring.assessment.cycle_permissions import require_manage
from scoring.assessment.models import CycleBlock, Participation
from scoring.assessment.published import is_published
from scoring.assessment.queries.parts import HUNDRED, set_is_taken, year_rows
from scoring.criteria.models import CriteriaSet
from scoring.engine import plain

__all__ = ["MAX_PERIOD", "WEIGHT_PLACES", "Share", "add_part", "change_parts", "locked_year", "remove_part"]

#: Characters; as the column of CycleBlock holds them.
MAX_PERIOD = 120
#: Decimal places of a weight.
WEIGHT_PLACES = 6


@dataclass(frozen=True, slots=True)
class Share:
    """What a part of the year is called, and the percent of the year's index that its set counts for."""

    period: str
    weight: Decimal


def add_part(
    *,
    actor: Actor | None,
    cycle_block: CycleBlock,
    criteria_set: CriteriaSet,
    share: Share,
    main_period: str = "",
    with_agencies: bool = True,
) -> CycleBlock:
    """Give a block a further set for a part of the year, with the agencies of the main row unless told otherwise.

    Its weight is taken from the main row's, which is called ``main_period`` from now on where it had no name.
    Raises NotPermitted; WrongState on a published year; Invalid on ``criteria_set``, ``period``, ``weight`` or
    ``main_period``.
    """
    require_manage(actor)
    with transaction.atomic():
        rows = locked_year(cycle_block)
        main = rows[0]
        _require_changeable(main)
        name = main_period.strip() or main.period
        faults = _faults_of_share(share)
        if not name:
            faults["main_period"] = [_("Say what the part of the year with the first set is called.")]
        elif len(name) > MAX_PERIOD:
            faults["main_period"] = [_too_long()]
        if "period" not in faults and _same_name(share.period, [name, *(row.period for row in rows[1:])]):
            faults["period"] = [_("Another part of this year has this name.")]
        if "weight" not in faults and share.weight >= main.weight_pct:
            faults["weight"] = [
                _("The part takes its weight from the first one, which has %(left)s: give less than that.")
                % {"left": format_percent(main.weight_pct, None)}
            ]
        if fault := _fault_of_set(criteria_set, rows):
            faults["criteria_set"] = [fault]
        if faults:
            raise Invalid(fields=faults)
        main.period, main.weight_pct = name, main.weight_pct - share.weight
        main.save(update_fields=["period", "weight_pct"])
        part = CycleBlock.objects.create(
            cycle=main.cycle,
            block=main.block,
            criteria_set=criteria_set,
            part_of=main,
            period=share.period.strip(),
            weight_pct=share.weight,
        )
        taking_part = _take_over(main, part) if with_agencies else 0
        record(
            actor=_user(actor),
            action="cycle_block.part_added",
            obj=part,
            after={
                "block": main.block.slug,
                "criteria_set": criteria_set.pk,
                "agencies": taking_part,
                "parts": _told([main, *rows[1:], part]),
            },
        )
    return part


def change_parts(
    *, actor: Actor | None, cycle_block: CycleBlock, shares: Mapping[int, Share]
) -> list[CycleBlock]:
    """Change names and weights of all parts of a year at once, by the row's id. The weights must add up to 100.

    Raises NotPermitted; WrongState on a published year or when a part has come or gone meanwhile; Invalid with fields
    ``period_<id>`` and ``weight_<id>``, and ``total`` where the weights do not add up.
    """
    require_manage(actor)
    with transaction.atomic():
        rows = locked_year(cycle_block)
        _require_changeable(rows[0])
        if {row.pk for row in rows} != set(shares) or len(rows) < 2:
            raise WrongState(_("The parts of this year have changed meanwhile. Read the page again."))
        _check_shares(rows, shares)
        before = _told(rows)
        for row in rows:
            share = shares[row.pk]
            row.period, row.weight_pct = share.period.strip(), share.weight
            row.save(update_fields=["period", "weight_pct"])
        after = _told(rows)
        if before != after:
            record(
                actor=_user(actor),
                action="cycle_block.parts_changed",
                obj=rows[0],
                before={"parts": before},
                after={"parts": after},
            )
    return rows


def remove_part(*, actor: Actor | None, cycle_block: CycleBlock) -> CycleBlock:
    """Take a part out of the year again, with its windows and participations: only before it is opened.

    Its weight goes back to the main row, which is returned; where that is alone again, it loses its name.
    """
    require_manage(actor)
    with transaction.atomic():
        rows = locked_year(cycle_block)
        main = rows[0]
        part = next((row for row in rows[1:] if row.pk == cycle_block.pk), None)
        if part is None:
            raise WrongState(_("This part of the year is not there any more."))
        if part.opened_at is not None:
            raise WrongState(_("This part of the year is open and its scoresheets exist, so it stays."))
        _require_changeable(main)
        before = {"block": main.block.slug, "parts": _told(rows)}
        main.weight_pct += part.weight_pct
        if len(rows) == 2:
            main.period = ""
        main.save(update_fields=["period", "weight_pct"])
        part.participations.all().delete()
        part.extensions.all().delete()
        key = part.pk
        part.delete()
        part.pk = key
        record(actor=_user(actor), action="cycle_block.part_removed", obj=part, before=before)
    return main


def locked_year(cycle_block: CycleBlock) -> list[CycleBlock]:
    """All rows of a block's year, locked, the main row first. Three queries.

    Locked by themselves: joined rows are those of before the wait, and an amendment changes a row's criteria set.
    """
    main_id = CycleBlock.objects.values_list("part_of", flat=True).get(pk=cycle_block.pk) or cycle_block.pk
    keys = list(year_rows(main_id).select_for_update().values_list("pk", flat=True))
    found = CycleBlock.objects.filter(pk__in=keys).select_related("cycle", "block", "criteria_set")
    return sorted(found, key=lambda row: (row.part_of_id is not None, row.pk))


def _require_changeable(main: CycleBlock) -> None:
    if main.cycle.imported:
        raise WrongState(_("This year was brought in as it was published; it has one set for each block."))
    if is_published(main):
        raise WrongState(_("The ranking of this year is published: its parts and weights stay as they are."))


def _check_shares(rows: list[CycleBlock], shares: Mapping[int, Share]) -> None:
    faults: dict[str, list[str]] = {}
    names: list[str] = []
    for row in rows:
        share = shares[row.pk]
        own = _faults_of_share(share)
        if "period" not in own and _same_name(share.period, names):
            own["period"] = [_("Another part of this year has this name.")]
        names.append(share.period)
        faults |= {f"{name}_{row.pk}": texts for name, texts in own.items()}
    total = sum((shares[row.pk].weight for row in rows), Decimal(0))
    if total != HUNDRED and not any(name.startswith("weight") for name in faults):
        faults["total"] = [
            _("The weights add up to %(total)s: they must add up to 100 %%.")
            % {"total": format_percent(plain(total), None)}
        ]
    if faults:
        raise Invalid(fields=faults)


def _faults_of_share(share: Share) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if not share.period.strip():
        faults["period"] = [_("Say which part of the year it is, such as “second half of 2025”.")]
    elif len(share.period.strip()) > MAX_PERIOD:
        faults["period"] = [_too_long()]
    exponent = share.weight.normalize().as_tuple().exponent if share.weight.is_finite() else None
    if not isinstance(exponent, int) or not 0 < share.weight < HUNDRED:
        faults["weight"] = [_("Give a weight above 0 and below 100.")]
    elif -exponent > WEIGHT_PLACES:
        faults["weight"] = [_("At most %(places)s digits after the comma.") % {"places": WEIGHT_PLACES}]
    return faults


def _fault_of_set(criteria_set: CriteriaSet, rows: list[CycleBlock]) -> str:
    if criteria_set.block_id != rows[0].block_id:
        return _("This set is made for another block.")
    if set_is_taken(criteria_set, rows):
        return _("Another part of this year uses this set. Choose another one.")
    return ""


def _take_over(main: CycleBlock, part: CycleBlock) -> int:
    """The active agencies of the main row take part, with the profiles that the part's set knows."""
    known = part.criteria_set.profiles
    made = Participation.objects.bulk_create(
        Participation(
            cycle_block=part,
            agency_id=one.agency_id,
            profiles=[key for key in one.profiles if key in known],
            ranked=one.ranked,
        )
        for one in main.participations.filter(agency__active=True)
    )
    return len(made)


def _same_name(period: str, others: list[str]) -> bool:
    return period.strip().casefold() in {other.strip().casefold() for other in others}


def _too_long() -> str:
    return _("The text is too long: at most %(max)s characters.") % {"max": MAX_PERIOD}


def _told(rows: list[CycleBlock]) -> list[list[str]]:
    return [[row.period, plain(row.weight_pct)] for row in rows]


def _user(actor: Actor | None) -> User | None:
    return None if actor is None else actor.user
