"""A published year of two sets: its parts and their weights, and what each says of every agency.

Everything is read from the run's own settings and rows; a year of one set has no parts and costs no query here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from scoring.criteria.models import CriteriaSet
from scoring.publication.editions import Edition
from scoring.ranking.models import RankingPart

if TYPE_CHECKING:
    from scoring.publication.public_queries import Row

__all__ = ["PartFigure", "YearPart", "YearParts", "YearTable", "parts_of", "year_parts", "year_table"]


@dataclass(frozen=True, slots=True)
class YearPart:
    """One set of the year: its number (from 1), what its part of the year is called, its weight in percent."""

    number: int
    id: str
    period: str
    weight: Decimal
    set_id: str
    title: str


@dataclass(frozen=True, slots=True)
class PartFigure:
    """One agency under one set: points and maximum, bonus and penalty within them, index as printed (percent)."""

    part: YearPart
    points: Decimal
    maximum: Decimal
    bonus: Decimal
    penalty: Decimal
    index: Decimal | None


@dataclass(frozen=True, slots=True)
class YearParts:
    """The parts of an edition; ``by_set`` finds one by the criteria set, ``figures`` an agency's by its id."""

    parts: tuple[YearPart, ...] = ()
    by_set: Mapping[int, YearPart] = field(default_factory=dict)
    figures: Mapping[int, tuple[PartFigure, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.parts)

    def number_of(self, set_id: int) -> int:
        """The place of a criteria set in the year; 0 where the year has one set."""
        part = self.by_set.get(set_id)
        return part.number if part else 0

    def of(self, agency_id: int) -> tuple[PartFigure, ...]:
        return self.figures.get(agency_id, ())

    def alone(self, agency_id: int) -> YearPart | None:
        """The part that an agency counts by alone, where it has no index in the others."""
        counted = [one.part for one in self.of(agency_id) if one.index is not None]
        return counted[0] if len(counted) == 1 and len(self.parts) > 1 else None


@dataclass(frozen=True, slots=True)
class YearLine:
    """An agency in components/year_parts.html: a cell for each part (None: it took no part), the year's index."""

    name: str
    url: str
    cells: list[PartFigure | None]
    index: Decimal | None
    alone: bool


@dataclass(frozen=True, slots=True)
class YearTable:
    """What components/year_parts.html draws: (period, weight, title of the set), and the agencies."""

    parts: list[tuple[str, Decimal, str]]
    lines: list[YearLine]


def parts_of(edition: Edition) -> tuple[YearPart, ...]:
    """The parts that the edition's run combined; none for a year of one set. No query."""
    return tuple(
        YearPart(
            number=number,
            id=str(told["id"]),
            period=str(told["period"]),
            weight=Decimal(told["weight"]),
            set_id=str(told["set"]).partition(" ")[0],
            title=str(told["title"]),
        )
        for number, told in enumerate(edition.settings.get("parts", ()), start=1)
    )


def year_parts(edition: Edition) -> YearParts:
    """The parts with every agency's figures. Two queries; none for a year of one set."""
    parts = parts_of(edition)
    if not parts:
        return YearParts()
    by_id = {part.id: part for part in parts}
    figures: dict[int, tuple[PartFigure, ...]] = {}
    rows = RankingPart.objects.filter(run=edition.run_id).order_by("cycle_block")
    for row in rows.select_related("cycle_block"):
        part = by_id[str(row.cycle_block.public_id)]
        own = PartFigure(part, row.points, row.maximum, row.bonus, row.penalty, row.index)
        figures[row.agency_id] = (*figures.get(row.agency_id, ()), own)
    return YearParts(parts, _by_set(parts), figures)


def year_table(parts: YearParts, rows: Sequence[Row], url: Callable[[str], str]) -> YearTable | None:
    """The agencies in the order of ``rows`` with what each part says of them; None for a year of one set."""
    if not parts:
        return None
    lines = []
    for row in rows:
        own = {one.part.number: one for one in parts.of(row.agency_id)}
        cells = [own.get(part.number) for part in parts.parts]
        alone = parts.alone(row.agency_id) is not None
        lines.append(YearLine(row.name, url(row.slug), cells, row.index, alone))
    return YearTable([(part.period, part.weight, part.title) for part in parts.parts], lines)


def _by_set(parts: Sequence[YearPart]) -> dict[int, YearPart]:
    named = {part.set_id: part for part in parts}
    sets = CriteriaSet.objects.filter(public_id__in=named).order_by().values_list("pk", "public_id")
    return {pk: named[str(public_id)] for pk, public_id in sets}
