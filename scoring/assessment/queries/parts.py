"""The parts of a block's year: two sets for one block, each with its period and weight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet

from scoring.assessment.models import CycleBlock
from scoring.criteria.models import CriteriaSet

__all__ = ["HUNDRED", "YearParts", "parts_of_year", "row_of", "rows_of_year", "set_is_taken", "year_rows"]

HUNDRED = Decimal(100)


def year_rows(main_id: int) -> QuerySet[CycleBlock]:
    """The main row and the parts that hang on it, the main row first."""
    return CycleBlock.objects.filter(Q(pk=main_id) | Q(part_of=main_id)).order_by("pk")


def rows_of_year(cycle_block: CycleBlock) -> list[CycleBlock]:
    """All rows of a block's year, the main row first, with cycle, block and criteria set. One query.

    Parts are made after the row that they hang on, so the order of their making is the order of the year.
    """
    rows = list(year_rows(cycle_block.main_id).select_related("cycle", "block", "criteria_set"))
    return sorted(rows, key=lambda row: (row.part_of_id is not None, row.pk))


def set_is_taken(criteria_set: CriteriaSet, others: Iterable[CycleBlock]) -> bool:
    """Whether another part of the year uses the set: each part's figures are told apart by their criteria. Pure."""
    return any(row.criteria_set_id == criteria_set.pk for row in others)


@dataclass(frozen=True, slots=True)
class YearParts:
    """The rows of a block's year; ``total`` is the sum of their weights in percent."""

    rows: list[CycleBlock]

    @property
    def main(self) -> CycleBlock:
        return self.rows[0]

    @property
    def several(self) -> bool:
        return len(self.rows) > 1

    @property
    def total(self) -> Decimal:
        return sum((row.weight_pct for row in self.rows), Decimal(0))

    @property
    def is_whole(self) -> bool:
        return self.total == HUNDRED


def parts_of_year(cycle_block: CycleBlock) -> YearParts:
    """The parts of the year that this row belongs to. One query."""
    return YearParts(rows_of_year(cycle_block))


def row_of(rows: QuerySet[CycleBlock], part: str) -> CycleBlock | None:
    """The row of a block's year that a command names: by its period, or its number (1 is the main row).

    Without a name it is the main row.
    """
    found = sorted(rows, key=lambda row: (row.part_of_id is not None, row.pk))
    if not part.strip():
        return found[0] if found else None
    wanted = part.strip().casefold()
    named = [row for number, row in enumerate(found, 1) if wanted in (str(number), row.period.casefold())]
    return named[0] if len(named) == 1 else None
