"""Runs as tables for the screen: rounded for print, sorted as asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from parindex.ui.collation import sort_key
from parindex.ui.tables import RankingLine, grade_tone
from scoring.criteria.models import Criterion
from scoring.engine import mean
from scoring.ranking.models import NodeRow, RankingRow, RankingRun

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


def area_tables(run: RankingRun, nodes: list[NodeRow]) -> list[AreaTable]:
    """One table an area, in the set's order."""
    by_area: dict[int, list[NodeRow]] = {}
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
        )
        for rows in by_area.values()
    ]
