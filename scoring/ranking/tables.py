"""Runs as tables for the screen: rounded for print, sorted as asked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from parindex.ui.collation import sort_key
from parindex.ui.tables import RankingLine, grade_tone
from scoring.criteria.models import CriteriaSet, Criterion
from scoring.engine import mean
from scoring.ranking.models import NodeRow, RankingPart, RankingRow, RankingRun

SORTS = ("rank", "name", "points", "index", "grade")


def lines(run: RankingRun, rows: list[RankingRow], *, sort: str = "rank") -> dict[str, Any]:
    """Context of components/ranking_table.html: lines, mean of the block (percent), digits, sort key in use."""
    grades = [str(band["label"]) for band in run.settings.get("grades", [])]
    made = [
        RankingLine(
            name=row.agency.name,
            rank=row.rank,
            points=row.points,
            maximum=row.maximum,
            index=row.index,
            grade=row.grade,
            grade_tone=grade_tone(grades.index(row.grade), len(grades)) if row.grade in grades else "",
        )
        for row in rows
    ]
    return {
        "lines": sort_lines(made, sort),
        "mean": mean(row.index for row in rows if row.ranked),
        "digits": run.settings.get("digits", 2),
        "sort": sort if sort.lstrip("-") in SORTS else "rank",
    }


def sort_lines(made: list[RankingLine], sort: str) -> list[RankingLine]:
    """Lines given in rank order, sorted anew by a key (a minus before it: downward); what has no value stays last."""
    key, down = sort.lstrip("-"), sort.startswith("-")
    if key == "name":
        return sorted(made, key=lambda line: sort_key(line.name), reverse=down)
    field = {
        "rank": "rank",
        "points": "points",
        "index": "index",
        "grade": "index",
        "movement": "places",
    }.get(key)
    if field is None:
        return made
    has = [line for line in made if getattr(line, field) is not None]
    has_not = [line for line in made if getattr(line, field) is None]
    return sorted(has, key=lambda line: getattr(line, field), reverse=down) + has_not


@dataclass(frozen=True, slots=True)
class AreaTable:
    """One area's ranking; ``mean`` (percent) of the ranked agencies."""

    area: Criterion
    lines: list[RankingLine]
    mean: Any
    period: str = ""  # the part of the year, where the run combines several


def area_tables(run: RankingRun, nodes: list[NodeRow]) -> list[AreaTable]:
    """One table an area, in the set's order; of several sets one after the other. One query where there are several."""
    by_area: dict[int, list[NodeRow]] = {}
    periods = _periods(run) if run.settings.get("parts") else {}
    places = {criteria_set: place for place, criteria_set in enumerate(periods)}
    for node in nodes:
        by_area.setdefault(node.criterion_id, []).append(node)
    return [
        AreaTable(
            rows[0].criterion,
            [
                RankingLine(
                    name=row.agency.name,
                    rank=row.rank,
                    points=row.points,
                    maximum=row.maximum,
                    index=row.index,
                )
                for row in rows
            ],
            mean(row.index for row in rows if row.rank is not None),
            periods.get(rows[0].criterion.criteria_set_id, ""),
        )
        for rows in sorted(
            by_area.values(), key=lambda rows: places.get(rows[0].criterion.criteria_set_id, 0)
        )
    ]


def _periods(run: RankingRun) -> dict[int, str]:
    """Criteria set → the part of the year, in the order of the year. One query."""
    named = {part["set"].partition(" ")[0]: part["period"] for part in run.settings["parts"]}
    known = dict(CriteriaSet.objects.filter(public_id__in=named).order_by().values_list("public_id", "pk"))
    by_text = {str(public_id): pk for public_id, pk in known.items()}
    return {by_text[public_id]: period for public_id, period in named.items()}


@dataclass(frozen=True, slots=True)
class PartLine:
    """One agency in a year of several sets: what each set says of it (None: no part), and the year's index."""

    name: str
    cells: list[RankingPart | None]
    index: Any
    alone: bool


@dataclass(frozen=True, slots=True)
class PartLines:
    """The parts of the year a run combines: (period, weight in percent, title of the set), and the agencies."""

    parts: list[tuple[str, Decimal, str]]
    lines: list[PartLine]


def part_lines(
    run: RankingRun, rows: list[RankingRow], found: dict[int, list[RankingPart]]
) -> PartLines | None:
    """What each set of the year says of the agencies of ``rows``; None where the run is of one set."""
    told = run.settings.get("parts")
    if not told:
        return None
    made = []
    for row in rows:
        own = {str(part.cycle_block.public_id): part for part in found.get(row.agency_id, [])}
        cells = [own.get(part["id"]) for part in told]
        counted = [cell for cell in cells if cell is not None and cell.index is not None]
        made.append(PartLine(row.agency.name, cells, row.index, 0 < len(counted) < len(told)))
    return PartLines([(part["period"], Decimal(part["weight"]), part["title"]) for part in told], made)
