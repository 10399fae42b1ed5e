"""Write where the nodes of a draft stand, in fixed numbers of statements on both databases.

Orders are 1, 2, 3 … depth first, and unique in the set. A database checks that row by row, so rows that change
places go beyond every order first and come back from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat

from parindex.ui.collation import code_sort_key
from scoring.criteria.editing.codes import renamed
from scoring.criteria.editing.tree import Move
from scoring.criteria.models import CriteriaSet, Criterion

__all__ = ["close_gap", "open_gap", "rows_of", "write_codes", "write_move"]

BEYOND = 1_000_000


def rows_of(draft: CriteriaSet) -> list[Criterion]:
    """The nodes, depth first, in one query; orders that are not 1, 2, 3 … are set right."""
    rows = list(draft.criteria.order_by("order"))
    known = {row.pk: row for row in rows}
    for row in rows:
        row.criteria_set = draft
        row.parent = None if row.parent_id is None else known[row.parent_id]
    if any(row.order != at for at, row in enumerate(rows, start=1)):
        draft.criteria.update(order=F("order") + BEYOND)
        for at, row in enumerate(rows, start=1):
            row.order = at
        Criterion.objects.bulk_update(rows, ["order"])
    return rows


def open_gap(draft: CriteriaSet, at: int, size: int) -> None:
    """Make room for ``size`` rows before the row at position ``at``. Two statements."""
    _span(draft, at).update(order=F("order") + BEYOND)
    _span(draft, at + BEYOND).update(order=F("order") - BEYOND + size)


def close_gap(draft: CriteriaSet, at: int, size: int) -> None:
    """Draw the rows behind ``size`` deleted ones together. Two statements."""
    _span(draft, at).update(order=F("order") + BEYOND)
    _span(draft, at + BEYOND).update(order=F("order") - BEYOND - size)


def write_move(draft: CriteriaSet, node: Criterion, move: Move) -> None:
    """Carry out a plan. Five statements at most."""
    if move.deeper:
        _span(draft, move.first, move.end).update(level=F("level") + move.deeper)
    if node.parent_id != move.parent:
        draft.criteria.filter(pk=node.pk).update(parent=move.parent)
    if move.stays:
        return
    low, middle, high = (
        (move.to, move.first, move.end) if move.to < move.first else (move.first, move.end, move.to)
    )
    _span(draft, low, high).update(order=F("order") + BEYOND)
    _span(draft, low + BEYOND, middle + BEYOND).update(order=F("order") - BEYOND + (high - middle))
    _span(draft, middle + BEYOND, high + BEYOND).update(order=F("order") - BEYOND - (middle - low))


def write_codes(draft: CriteriaSet, rows: Iterable[Criterion], codes: Mapping[int, str]) -> dict[str, str]:
    """Give nodes new codes (by pk), which may change places; rules that name a code follow it.

    Returns old → new of those that changed; the rows are brought up to date. Two statements and those of a
    bulk update.
    """
    rows = list(rows)
    changed = {row.code: codes[row.pk] for row in rows if codes.get(row.pk, row.code) != row.code}
    if not changed:
        return {}
    touched = []
    for row in rows:
        rule = row.rule if row.rule is None else renamed(row.rule, changed)
        if row.code in changed or rule != row.rule:
            row.code = changed.get(row.code, row.code)
            row.sort_key = code_sort_key(row.code)[:120]
            row.rule = rule
            touched.append(row)
    draft.criteria.filter(pk__in=[row.pk for row in touched]).update(
        code=Concat(Value("~"), Cast("pk", CharField()))
    )
    Criterion.objects.bulk_update(touched, ["code", "sort_key", "rule"])
    return changed


def _span(draft: CriteriaSet, start: int, end: int | None = None) -> QuerySet[Criterion]:
    """The rows at positions [start, end), counted from 0."""
    rows = draft.criteria.filter(order__gt=start)
    return rows if end is None else rows.filter(order__lte=end)
