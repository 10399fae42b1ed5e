"""A draft as the editor shows it: rows with the sums of their parts, and what the pages beside it need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from parindex.ui.formats import format_decimal
from scoring.criteria.models import CriteriaSet, Criterion
from scoring.criteria.sums import Summand, counted, parts_of

__all__ = ["EditorRow", "Figures", "figures", "order_of", "rows_to_edit", "where_it_stands"]

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Figures:
    """Stated points beside the sum of the parts (points). ``parts`` None: there are no parts."""

    stated: Decimal
    parts: Decimal | None
    cap: Decimal | None = None

    @property
    def counted(self) -> Decimal:
        return counted(self.parts or ZERO, self.cap)

    @property
    def missing(self) -> Decimal:
        """How far the parts stay below (above: negative) what is stated."""
        return self.stated - self.counted

    @property
    def adds_up(self) -> bool:
        return self.parts is None or not self.missing

    @property
    def words(self) -> str:
        """The sum of the parts, what the cap leaves of it, and by how much it differs."""
        if self.parts is None:
            return ""
        text = format_decimal(self.parts)
        if self.counted != self.parts:
            text += " " + _("(at most %(points)s)") % {"points": format_decimal(self.cap)}
        return text

    @property
    def difference(self) -> str:
        """The difference in words; empty where there is none."""
        if self.adds_up:
            return ""
        words = _("%(points)s short") if self.missing > 0 else _("%(points)s over")
        return words % {"points": format_decimal(abs(self.missing))}


@dataclass(slots=True)
class EditorRow:
    """One node in the editor. ``typed`` holds what a person entered and was not saved, ``faults`` why not."""

    node: Criterion
    figures: Figures
    has_parts: bool
    typed: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, list[str]] = field(default_factory=dict)
    #: What stands stored where something else was typed over an older state.
    now: Mapping[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.typed.get("code", self.node.code)

    @property
    def title(self) -> str:
        return self.typed.get("title", " ".join(self.node.title.split()))

    @property
    def points(self) -> str:
        return self.typed.get("max_points", as_typed(self.node.max_points))


def as_typed(value: Decimal | None) -> str:
    """Points as they stand in a field: a decimal comma, no grouping."""
    return "" if value is None else format_decimal(value).replace("\u202f", "")


def rows_to_edit(criteria_set: CriteriaSet) -> tuple[list[EditorRow], Figures]:
    """Every node with its sums, and those of the whole set. One query."""
    nodes = list(
        criteria_set.criteria.order_by("order").defer("rule_text", "guidance", "evidence", "public_id")
    )
    sums = figures(nodes)
    rows = [
        EditorRow(node, Figures(node.max_points, sums.get(node.pk), node.cap), node.pk in sums)
        for node in nodes
    ]
    return rows, Figures(criteria_set.total, sums[None])


def figures(nodes: Iterable[Criterion]) -> dict[int | None, Decimal]:
    """The sum of the parts beneath each node that has any; under None, of the areas that count (points)."""
    return parts_of(
        Summand(node.pk, node.parent_id, node.max_points, node.cap, node.role, node.is_leaf) for node in nodes
    )


def order_of(criteria_set: CriteriaSet) -> list[tuple[int, int]]:
    """(pk, level) of every node, depth first. One query."""
    return list(criteria_set.criteria.order_by("order").values_list("pk", "level"))


def where_it_stands(node: Criterion) -> str:
    """Where a node has come to, for those who do not see it move. Two queries at most."""
    among = list(
        Criterion.objects.filter(criteria_set_id=node.criteria_set_id, parent_id=node.parent_id)
        .order_by("order")
        .values_list("pk", flat=True)
    )
    told: dict[str, Any] = {
        "code": node.code,
        "place": among.index(node.pk) + 1,
        "count": len(among),
        "level": node.level,
    }
    if node.parent is None:
        return _("%(code)s is now area %(place)s of %(count)s.") % told
    told["parent"] = node.parent.code
    return _("%(code)s is now part %(place)s of %(count)s of criterion %(parent)s, level %(level)s.") % told
