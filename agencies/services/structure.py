"""Blocks, agencies, divisions, successions: each act one transaction with its entry in the record."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.models import Agency, Block, Division, Succession
from agencies.permissions import require_structure
from parindex.audit.services import record
from parindex.errors import Invalid
from parindex.ui.collation import fold, sort_key

if TYPE_CHECKING:
    from agencies.actors import Actor

SLUG_LENGTH = 80


@transaction.atomic
def save_block(
    *, actor: Actor, name: str, order: int = 0, slug: str = "", block: Block | None = None
) -> Block:
    """Add a block, or change one. The slug stands in public addresses and never changes.

    Raises NotPermitted; Invalid on ``name`` or ``slug``.
    """
    require_structure(actor)
    name = tidy(name)
    block = Block.objects.select_for_update().get(pk=block.pk) if block and block.pk else Block()
    if not name:
        raise Invalid(fields={"name": [_("Give the name.")]})
    if Block.objects.filter(name_folded=fold(name)).exclude(pk=block.pk).exists():
        raise Invalid(fields={"name": [_("There is a block of this name already.")]})
    before = _shown(block, "name", "order") if block.pk else None
    if not block.pk:
        block.slug = _free_slug(Block, slug or name, given=bool(slug))
    block.name, block.order, block.name_folded = name, order, fold(name)
    after = _shown(block, "name", "order", *([] if before else ["slug"]))
    if before == after:
        return block
    block.save()
    record(
        actor=actor.user,
        action="block.change" if before else "block.add",
        obj=block,
        before=before,
        after=after,
    )
    return block


@transaction.atomic
def save_agency(
    *,
    actor: Actor,
    name: str,
    block: Block | None,
    short_name: str = "",
    is_home_affairs: bool = False,
    active: bool = True,
    slug: str = "",
    agency: Agency | None = None,
) -> Agency:
    """Add an agency, or change one (a new name too: for a renaming by decree record a succession instead).

    The slug is made from the first name and never changes. Raises NotPermitted; Invalid on ``name``, ``slug``
    or ``is_home_affairs``.
    """
    require_structure(actor)
    name, short_name = tidy(name), tidy(short_name)
    agency = Agency.objects.select_for_update().get(pk=agency.pk) if agency and agency.pk else Agency()
    _check_agency(agency, name, block, is_home_affairs)
    shown = ("name", "short_name", "block", "is_home_affairs", "active")
    before = _shown(agency, *shown) if agency.pk else None
    if not agency.pk:
        agency.slug = _free_slug(Agency, slug or name, given=bool(slug))
    agency.name, agency.short_name, agency.block = name, short_name, block
    agency.is_home_affairs, agency.active = is_home_affairs, active
    agency.sort_key, agency.name_folded = sort_key(name)[:600], fold(f"{name} {short_name}")[:250]
    after = _shown(agency, *shown, *([] if before else ["slug"]))
    if before == after:
        return agency
    agency.save()
    record(
        actor=actor.user,
        action="agency.change" if before else "agency.add",
        obj=agency,
        before=before,
        after=after,
    )
    return agency


def _check_agency(agency: Agency, name: str, block: Block | None, is_home_affairs: bool) -> None:
    others = Agency.objects.exclude(pk=agency.pk)
    faults: dict[str, list[str]] = {}
    if not name:
        faults["name"] = [_("Give the name.")]
    elif fold(name) in {fold(other) for other in others.filter(block=block).values_list("name", flat=True)}:
        faults["name"] = [_("There is an agency of this name in this block already.")]
    if is_home_affairs and (holder := others.filter(is_home_affairs=True).first()):
        faults["is_home_affairs"] = [_("%(agency)s is Home Affairs already.") % {"agency": holder.name}]
    if faults:
        raise Invalid(fields=faults)


@transaction.atomic
def save_division(
    *, actor: Actor, agency: Agency, name: str, active: bool = True, division: Division | None = None
) -> Division:
    """Add a division to an agency, or change its name or whether it is active. It never moves to another agency.

    Raises NotPermitted; Invalid on ``name`` or ``agency``.
    """
    require_structure(actor)
    name = tidy(name)
    division = (
        Division.objects.select_for_update().get(pk=division.pk)
        if division and division.pk
        else Division(agency=agency)
    )
    if not name:
        raise Invalid(fields={"name": [_("Give the name.")]})
    if division.agency_id != agency.pk:
        raise Invalid(fields={"agency": [_("A division stays with its agency: add a new one over there.")]})
    siblings = Division.objects.filter(agency=agency).exclude(pk=division.pk).values_list("name", flat=True)
    if fold(name) in {fold(sibling) for sibling in siblings}:
        raise Invalid(fields={"name": [_("There is a division of this name in the agency already.")]})
    before = _shown(division, "name", "active") if division.pk else None
    division.name, division.active = name, active
    after = _shown(division, "name", "active", *([] if before else ["agency"]))
    if before == after:
        return division
    division.save()
    record(
        actor=actor.user,
        action="division.change" if before else "division.add",
        obj=division,
        before=before,
        after=after,
    )
    return division


@transaction.atomic
def record_succession(
    *, actor: Actor, predecessor: Agency, successor: Agency, on: date, kind: str
) -> Succession:
    """Note that one agency came of another on a day; it is never changed afterwards.

    An agency that was merged or renamed is no longer active from that day on. Conflicts of interest follow from
    this at the next request. Raises NotPermitted; Invalid on ``successor`` or ``kind``.
    """
    require_structure(actor)
    list(Agency.objects.select_for_update().filter(pk__in=[predecessor.pk, successor.pk]).order_by("pk"))
    if kind not in Succession.Kind.values:
        raise Invalid(fields={"kind": [_("Choose what happened.")]})
    if predecessor.pk == successor.pk:
        raise Invalid(fields={"successor": [_("An agency does not succeed itself.")]})
    if Succession.objects.filter(predecessor=predecessor, successor=successor).exists():
        raise Invalid(fields={"successor": [_("This succession is recorded already.")]})
    if predecessor.pk in _descendants(successor.pk):
        text = _("%(agency)s came of it: the order is the other way round.") % {"agency": predecessor}
        raise Invalid(fields={"successor": [text]})
    succession = Succession.objects.create(predecessor=predecessor, successor=successor, on=on, kind=kind)
    if kind != Succession.Kind.SPLIT and on <= timezone.localdate():
        current = Agency.objects.get(pk=predecessor.pk)
        if current.active:
            current.active = False
            current.save(update_fields=["active"])
            record(
                actor=actor.user,
                action="agency.change",
                obj=current,
                before={"active": True},
                after={"active": False},
            )
    record(
        actor=actor.user,
        action="succession.add",
        obj=succession,
        after={"predecessor": predecessor.name, "successor": successor.name, "on": on, "kind": kind},
    )
    return succession


@transaction.atomic
def merge_agencies(
    *, actor: Actor, predecessors: Iterable[Agency], successor: Agency, on: date
) -> list[Succession]:
    """Several agencies become one on a day. Raises as ``record_succession`` does; all or none."""
    kind = Succession.Kind.MERGED
    return [
        record_succession(actor=actor, predecessor=one, successor=successor, on=on, kind=kind)
        for one in predecessors
    ]


def _descendants(agency_id: int) -> set[int]:
    links = list(Succession.objects.order_by().values_list("predecessor_id", "successor_id"))
    found: set[int] = set()
    frontier = {agency_id}
    while frontier:
        frontier = {after for before, after in links if before in frontier} - found
        found |= frontier
    return found


def tidy(text: str) -> str:
    """Composed letters (NFC), no control characters, one space between words."""
    composed = unicodedata.normalize("NFC", text or "")
    kept = (" " if unicodedata.category(letter).startswith("C") else letter for letter in composed)
    return " ".join("".join(kept).split())


def _free_slug(model: type[Block] | type[Agency], text: str, *, given: bool) -> str:
    base = fold(text).replace(" ", "-")[:SLUG_LENGTH].strip("-")
    if not base or not base.isascii():
        raise Invalid(fields={"slug": [_("Give a short name for addresses, in letters a–z and digits.")]})
    taken = set(model._default_manager.filter(slug__startswith=base).values_list("slug", flat=True))
    if base not in taken:
        return base
    if given:
        raise Invalid(fields={"slug": [_("“%(slug)s” is taken.") % {"slug": base}]})
    return next(slug for n in range(2, len(taken) + 3) if (slug := f"{base}-{n}") not in taken)


def _shown(obj: Any, *names: str) -> dict[str, Any]:
    """What the record shows of an object: related objects by their names."""
    values = {name: getattr(obj, name) for name in names}
    return {name: str(value) if hasattr(value, "pk") else value for name, value in values.items()}
