"""Add many nodes at once from lines copied out of a table; rehearsed first, then stored whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.actors import Actor
from agencies.models import Agency
from parindex.audit.services import record
from parindex.errors import Invalid
from parindex.ui.collation import code_sort_key
from scoring.criteria.editing.drafts import draft_for_change, touched
from scoring.criteria.editing.paste import Pasted, read_lines
from scoring.criteria.editing.rows import open_gap, rows_of
from scoring.criteria.editing.services import ungroup_texts
from scoring.criteria.editing.tree import end_of, place_of
from scoring.criteria.fileformat import MAX_NODES
from scoring.criteria.matching import Names
from scoring.criteria.models import CriteriaSet, Criterion

__all__ = ["PasteOutcome", "paste_nodes"]


@dataclass(frozen=True, slots=True)
class PasteOutcome:
    """What was read, and how many nodes were stored (0 in a rehearsal, or where something is wrong)."""

    pasted: Pasted
    stored: int = 0


def paste_nodes(
    *,
    actor: Actor | None,
    set_pk: int,
    text: str,
    parent: int | None = None,
    revision: int | None = None,
    dry_run: bool = False,
) -> PasteOutcome:
    """Read lines and, unless rehearsed or wrong, add them as the last parts of ``parent`` (None: as areas).

    Raises Invalid where ``parent`` can have no parts, NotPermitted, WrongState, StaleDraft.
    """
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        rows = rows_of(draft)
        at, above = len(rows), None
        if parent is not None:
            place = place_of(rows, parent)
            above, at = rows[place], end_of(rows, place)
            if above.is_leaf:
                raise Invalid(
                    _("%(code)s has a rule, so it can have no parts. Take its rule away first.")
                    % {"code": above.code}
                )
        pasted = read_lines(
            text,
            used={row.code for row in rows},
            parent_code=above.code if above else "",
            level=above.level if above else 0,
        )
        if len(rows) + len(pasted.nodes) > MAX_NODES:
            pasted.errors.append((0, _("The set has more than %(max)s nodes.") % {"max": MAX_NODES}))
        appraisers = _appraisers(pasted)
        if dry_run or not pasted.is_good:
            return PasteOutcome(pasted)
        open_gap(draft, at, len(pasted.nodes))
        _write(draft, pasted, at, above, appraisers)
        if above is not None:
            ungroup_texts(draft, [above])
        touched(draft)
        record(
            actor=None if actor is None else actor.user,
            action="criteria_set.pasted",
            obj=draft,
            after={
                "nodes": len(pasted.nodes),
                "parent": above.code if above else "",
                "codes": [node.code for node in pasted.nodes][:200],
            },
        )
    return PasteOutcome(pasted, len(pasted.nodes))


def _appraisers(pasted: Pasted) -> dict[int, Agency]:
    """The agency of each row without parts that names one; what fits none is told at its row. One query."""
    rows = [(at, row) for at, row in enumerate(pasted.nodes) if row.appraiser and row.parts is None]
    if not rows:
        return {}
    names = Names(Agency.objects.filter(active=True))
    found: dict[int, Agency] = {}
    for at, row in rows:
        agency = names.find(row.appraiser)
        if agency is None:
            row.warning = _("No agency is called “%(name)s”: choose the appraiser in the details.") % {
                "name": row.appraiser[:80]
            }
        else:
            found[at] = agency
            row.appraiser = str(agency)
    return found


def _write(
    draft: CriteriaSet, pasted: Pasted, at: int, above: Criterion | None, appraisers: dict[int, Agency]
) -> None:
    """Level by level: a node needs the key of its parent."""
    made: dict[int, Criterion] = {}
    for level in sorted({node.level for node in pasted.nodes}):
        batch = {
            index: Criterion(
                criteria_set=draft,
                parent=above if node.above is None else made[node.above],
                code=node.code,
                sort_key=code_sort_key(node.code)[:120],
                order=at + index + 1,
                level=level,
                title=node.title,
                max_points=node.points or Decimal(0),
                appraiser=appraisers.get(index),
                **node.texts,
            )
            for index, node in enumerate(pasted.nodes)
            if node.level == level
        }
        Criterion.objects.bulk_create(batch.values())
        made |= batch
