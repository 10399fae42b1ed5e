"""Acts on links between sets: tie a set to an earlier one, say what each node follows and whether figures compare.

Links stand beside the sets, so locked sets can be tied too. Once an amendment has carried answers over by a link,
it stays as it was used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.actors import Actor
from agencies.models import User
from parindex.audit.services import record
from parindex.errors import Invalid, NotVisible, WrongState
from scoring.criteria.editing.drafts import permit
from scoring.criteria.links import guessed
from scoring.criteria.models import Comparability, CriteriaSet, Criterion, CriterionLink, SetLink

__all__ = ["NodeTies", "drop_link", "read_ties", "set_all_ties", "set_ties", "set_whole", "state_link"]


@dataclass(frozen=True, slots=True)
class NodeTies:
    """What a node of the newer set follows (ids of the earlier set) and a comparability; "" is not stated."""

    earlier: tuple[int, ...] = ()
    comparability: str = ""


NOTHING = NodeTies()


def state_link(
    *, actor: Actor | None, newer: CriteriaSet, earlier: CriteriaSet, with_guesses: bool = True
) -> SetLink:
    """Say that a set follows an earlier one; ``with_guesses`` ties the nodes with the same code and title.

    Stated before, it comes back as it stands. Raises NotPermitted, NotVisible, Invalid (not an earlier set).
    """
    permit(actor)
    with transaction.atomic():
        found = {
            one.pk: one
            for one in CriteriaSet.objects.select_for_update()
            .filter(pk__in=[newer.pk, earlier.pk])
            .order_by("pk")
        }
        if {newer.pk, earlier.pk} - set(found):
            raise NotVisible(_("There is no such criteria set."))
        newer, earlier = found[newer.pk], found[earlier.pk]
        if not _comes_before(earlier, newer):
            raise Invalid(
                fields={
                    "earlier": [_("Choose a set of an earlier year, or an earlier version of the same year.")]
                }
            )
        link, made = SetLink.objects.get_or_create(newer=newer, earlier=earlier)
        if not made:
            return link
        ties = guessed(newer, earlier).ties if with_guesses else ()
        CriterionLink.objects.bulk_create(
            (CriterionLink(set_link=link, criterion_id=tie.newer, earlier_id=tie.earlier) for tie in ties),
            batch_size=500,
        )
        record(
            actor=_user(actor),
            action="set_link.stated",
            obj=link,
            after={"newer": str(newer), "earlier": str(earlier), "nodes": len(ties)},
        )
    return link


def set_ties(
    *,
    actor: Actor | None,
    set_link: SetLink,
    node: Criterion,
    earlier: Sequence[int],
    comparability: str = "",
) -> None:
    """What one node follows: none (new), one, or several (merged). "" leaves the comparability to the proposal.

    Raises NotPermitted, NotVisible, WrongState (used by an amendment), Invalid.
    """
    wanted = NodeTies(tuple(earlier), comparability)
    set_all_ties(actor=actor, set_link=set_link, ties={node.pk: wanted})


def set_all_ties(*, actor: Actor | None, set_link: SetLink, ties: Mapping[int, NodeTies]) -> int:
    """The same for many nodes at once, all or nothing; gives how many nodes changed. Others stay as they are."""
    permit(actor)
    with transaction.atomic():
        link = _open(set_link)
        _check(link, ties)
        standing = read_ties(link)
        changed = {
            node: wanted
            for node, wanted in ties.items()
            if _plain(wanted) != _plain(standing.get(node, NOTHING))
        }
        if not changed:
            return 0
        CriterionLink.objects.filter(set_link=link, criterion__in=changed).delete()
        CriterionLink.objects.bulk_create(
            (
                CriterionLink(
                    set_link=link,
                    criterion_id=node,
                    earlier_id=before,
                    comparability=wanted.comparability or Comparability.SAME,
                    stated=bool(wanted.comparability),
                )
                for node, wanted in changed.items()
                for before in dict.fromkeys(wanted.earlier)
            ),
            batch_size=500,
        )
        codes = _codes(link)
        record(
            actor=_user(actor),
            action="set_link.ties_changed",
            obj=link,
            before={"links": _told({node: standing.get(node, NOTHING) for node in changed}, codes)},
            after={"links": _told(changed, codes)},
        )
    return len(changed)


def set_whole(*, actor: Actor | None, set_link: SetLink, comparability: str, note: str = "") -> SetLink:
    """Whether the totals compare, with the reason that readers are told; "" leaves it to the proposal.

    Raises NotPermitted, NotVisible, WrongState, Invalid (no reason for "not comparable").
    """
    permit(actor)
    note = " ".join(note.split())
    if comparability and comparability not in Comparability.values:
        raise Invalid(fields={"comparability": [_("Choose one of the values offered.")]})
    if len(note) > 500:
        raise Invalid(fields={"note": [_("The note is too long: 500 characters at most.")]})
    if comparability == Comparability.NOT_COMPARABLE and not note:
        raise Invalid(
            fields={
                "note": [_("Say why the two sets do not compare: readers see this instead of a difference.")]
            }
        )
    with transaction.atomic():
        link = _open(set_link)
        before = {"comparability": link.comparability if link.stated else "", "note": link.note}
        after = {"comparability": comparability, "note": note}
        if before == after:
            return link
        link.comparability = comparability or Comparability.SAME
        link.stated = bool(comparability)
        link.note = note
        link.save(update_fields=["comparability", "stated", "note"])
        record(actor=_user(actor), action="set_link.changed", obj=link, before=before, after=after)
    return link


def drop_link(*, actor: Actor | None, set_link: SetLink) -> None:
    """Take a link back, with all its ties. Raises NotPermitted, NotVisible, WrongState."""
    permit(actor)
    with transaction.atomic():
        link = _open(set_link)
        key, before = (
            link.pk,
            {
                "newer": str(link.newer),
                "earlier": str(link.earlier),
                "comparability": link.comparability,
                "note": link.note,
                "links": _told(read_ties(link), _codes(link)),
            },
        )
        link.delete()
        link.pk = key
        record(actor=_user(actor), action="set_link.dropped", obj=link, before=before)


def read_ties(set_link: SetLink) -> dict[int, NodeTies]:
    """What stands, by node of the newer set; the comparability only where a person stated it. One query."""
    found: dict[int, NodeTies] = {}
    for node, before, comparability, stated in (
        CriterionLink.objects.filter(set_link=set_link)
        .order_by("criterion__order", "earlier__order")
        .values_list("criterion_id", "earlier_id", "comparability", "stated")
    ):
        said = comparability if stated or comparability != Comparability.SAME else ""
        known = found.get(node, NOTHING)
        found[node] = NodeTies((*known.earlier, before), known.comparability or said)
    return found


def _open(set_link: SetLink) -> SetLink:
    """The link with its row locked, still open to change."""
    link = (
        SetLink.objects.select_for_update(of=("self",))
        .select_related("newer", "earlier")
        .filter(pk=set_link.pk)
        .first()
    )
    if link is None:
        raise NotVisible(_("This link is no longer there: somebody took it back."))
    if link.frozen_at is not None:
        raise WrongState(
            _(
                "An amendment carried answers over by this link, so it stays as it is. Its figures are settled."
            )
        )
    return link


def _comes_before(earlier: CriteriaSet, newer: CriteriaSet) -> bool:
    """Of an earlier year, or an earlier version of the same year and block: never a circle."""
    if earlier.year != newer.year:
        return earlier.year < newer.year
    return earlier.block_id == newer.block_id and earlier.version < newer.version


def _check(link: SetLink, ties: Mapping[int, NodeTies]) -> None:
    """That every node named is of its set. Two queries."""
    if any(one.comparability not in ("", *Comparability.values) for one in ties.values()):
        raise Invalid(_("Choose one of the values offered."))
    mentioned = {before for one in ties.values() for before in one.earlier}
    if _missing(link.newer_id, ties) or _missing(link.earlier_id, mentioned):
        raise Invalid(_("A criterion is no longer there: somebody changed the draft. Open the page again."))


def _missing(set_id: int, wanted: Collection[int]) -> bool:
    known = set(Criterion.objects.filter(criteria_set=set_id).order_by().values_list("pk", flat=True))
    return bool(set(wanted) - known)


def _plain(one: NodeTies) -> tuple[frozenset[int], str]:
    return frozenset(one.earlier), one.comparability if one.earlier else ""


def _codes(link: SetLink) -> dict[int, str]:
    sets: Iterable[int] = (link.newer_id, link.earlier_id)
    return dict(Criterion.objects.filter(criteria_set__in=sets).order_by().values_list("pk", "code"))


def _told(ties: Mapping[int, NodeTies], codes: Mapping[int, str]) -> list[str]:
    """ "2.1 ← 2.3, 2.4 (rescaled)": the ties as the record keeps them."""
    return [
        f"{codes.get(node, node)} ← {', '.join(codes.get(one, str(one)) for one in own.earlier) or '—'}"
        + (f" ({own.comparability})" if own.comparability else "")
        for node, own in ties.items()
    ]


def _user(actor: Actor | None) -> User | None:
    return None if actor is None else actor.user
