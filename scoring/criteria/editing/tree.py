"""Where the nodes of a draft stand, and where a node may move. Pure: rows in, a plan out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _

from parindex.errors import Invalid
from scoring.criteria.fileformat import MAX_LEVEL

__all__ = ["WAYS", "Move", "Spot", "end_of", "place_of", "plan_move", "siblings_of"]

#: Ways of one step, and ways that name a target.
STEPS = ("up", "down", "in", "out")
WAYS = (*STEPS, "before", "after", "into")


class Spot(Protocol):
    """What a plan looks at of a node; the rows of a tree come depth first."""

    pk: int
    parent_id: int | None
    level: int
    code: str
    role: str

    @property
    def is_leaf(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Move:
    """The rows [first, end) go before row ``to`` (counted before anything moves), under ``parent``."""

    first: int
    end: int
    to: int
    parent: int | None
    deeper: int

    @property
    def stays(self) -> bool:
        """Whether the order stays as it is; the parent may change all the same."""
        return self.first <= self.to <= self.end


def place_of(rows: Sequence[Spot], pk: int) -> int:
    """The position of a node; Invalid where it is gone."""
    for at, row in enumerate(rows):
        if row.pk == pk:
            return at
    raise Invalid(_("This criterion is no longer in the draft: somebody deleted it."))


def end_of(rows: Sequence[Spot], at: int) -> int:
    """The position after the last part, however deep, of the node at ``at``."""
    end = at + 1
    while end < len(rows) and rows[end].level > rows[at].level:
        end += 1
    return end


def siblings_of(rows: Sequence[Spot], parent: int | None) -> list[int]:
    """The positions of the parts of one node; of the areas for None."""
    return [at for at, row in enumerate(rows) if row.parent_id == parent]


def plan_move(rows: Sequence[Spot], pk: int, where: str, target: int | None = None) -> Move:
    """Where a node goes by one of ``WAYS``. Raises Invalid with the reason why it cannot.

    ``up`` and ``down`` stay among the siblings; ``in`` makes it the last part of the sibling before it;
    ``out`` sets it behind its parent; ``before``, ``after`` and ``into`` name another node.
    """
    at = place_of(rows, pk)
    end = end_of(rows, at)
    to, parent, level = _destination(rows, at, end, where, target)
    if at < to < end or parent is not None and at <= place_of(rows, parent) < end:
        raise Invalid(_("A criterion cannot become a part of itself."))
    move = Move(at, end, to, parent, level - rows[at].level)
    _check(rows, move)
    return move


def _destination(
    rows: Sequence[Spot], at: int, end: int, where: str, target: int | None
) -> tuple[int, int | None, int]:
    """(row to stand before, parent, level)."""
    row = rows[at]
    if where in STEPS:
        among = siblings_of(rows, row.parent_id)
        here = among.index(at)
        if where == "out":
            if row.parent_id is None:
                raise Invalid(_("An area already stands at the outermost level."))
            above = place_of(rows, row.parent_id)
            return end_of(rows, above), rows[above].parent_id, rows[above].level
        if where in ("up", "in") and here == 0:
            raise Invalid(_("This criterion is already the first of its group."))
        if where == "down" and here == len(among) - 1:
            raise Invalid(_("This criterion is already the last of its group."))
        if where == "up":
            return among[here - 1], row.parent_id, row.level
        if where == "down":
            return end_of(rows, among[here + 1]), row.parent_id, row.level
        before = among[here - 1]
        return at, rows[before].pk, rows[before].level + 1
    if where not in WAYS or target is None:
        raise Invalid(_("Say where the criterion goes."))
    there = place_of(rows, target)
    if where == "into":
        return end_of(rows, there), rows[there].pk, rows[there].level + 1
    to = there if where == "before" else end_of(rows, there)
    return to, rows[there].parent_id, rows[there].level


def _check(rows: Sequence[Spot], move: Move) -> None:
    row = rows[move.first]
    if move.parent is not None:
        above = rows[place_of(rows, move.parent)]
        if above.is_leaf:
            raise Invalid(
                _("%(code)s has a rule, so it can have no parts. Take its rule away first.")
                % {"code": above.code}
            )
        if row.role:
            raise Invalid(
                _("A bonus or penalty area stays an area. Let %(code)s count in the total first.")
                % {"code": row.code}
            )
    deepest = max(one.level for one in rows[move.first : move.end]) + move.deeper
    if deepest > MAX_LEVEL:
        raise Invalid(_("The tree has more than %(max)s levels.") % {"max": MAX_LEVEL})
