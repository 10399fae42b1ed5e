"""What public pages show, in plain values, each page in a fixed number of queries.

Only published editions, rows of their runs and locked criteria are read here; previews hand in an edition of their
own. Figures are the run's: points and maximum in points, indexes in percent, already rounded for print.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from django.db.models import Count, F, Q

from agencies.lineage import Lineage, Match
from parindex.ui.tables import RankingLine, grade_tone
from scoring.criteria.models import Criterion
from scoring.engine import mean
from scoring.publication.comparing import Against, Ground
from scoring.publication.editions import Edition
from scoring.publication.links import Links
from scoring.publication.parts import YearPart, YearParts, year_parts
from scoring.ranking.models import NodeRow, RankingRow

__all__ = [
    "Area",
    "BlockFigures",
    "BlockPage",
    "BlockSummary",
    "Row",
    "Tie",
    "block_figures",
    "block_page",
    "rows_of",
    "summaries",
]


@dataclass(frozen=True, slots=True)
class Row:
    """One agency's row of a run."""

    agency_id: int
    slug: str
    name: str
    ranked: bool
    points: Decimal
    maximum: Decimal
    bonus: Decimal
    penalty: Decimal
    index: Decimal | None
    rank: int | None
    grade: str


@dataclass(frozen=True, slots=True)
class AreaFigure:
    """One agency's figures in one area."""

    points: Decimal
    maximum: Decimal
    index: Decimal | None
    rank: int | None


@dataclass(frozen=True, slots=True)
class Area:
    """An area of the set with every agency's figures. Mean, lowest and highest are of the ranked agencies (percent)."""

    criterion_id: int
    code: str
    title: str
    max_points: Decimal
    figures: dict[int, AreaFigure]
    mean: Decimal | None
    lowest: Decimal | None
    highest: Decimal | None
    first: tuple[str, ...]
    part: YearPart | None = None  # the part of the year whose set it belongs to, where there are several
    role: str = ""  # bonus or penalty: its points are added or taken away, it has no index


@dataclass(frozen=True, slots=True)
class Tie:
    """Agencies that share a rank; ``following`` is the next rank given, None where none follows."""

    rank: int
    count: int
    index: Decimal
    following: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a block's distribution: [low, high) percent, the last one with its end."""

    low: Decimal
    high: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class BlockFigures:
    """Everything a run says of its block: rows in rank order, areas in the order of the set."""

    rows: list[Row]
    areas: list[Area]
    mean: Decimal | None
    ranked: int
    parts: YearParts = YearParts()

    def row(self, slug: str) -> Row | None:
        return next((row for row in self.rows if row.slug == slug), None)


@dataclass(frozen=True, slots=True)
class BlockPage:
    """A block's page: its edition, figures and what is told of them.

    ``against``: the published year before, None without one; ``last_year`` is that year where it compares.
    """

    edition: Edition
    figures: BlockFigures
    lines: list[RankingLine]
    ties: list[Tie]
    steps: list[Step]
    grades: list[tuple[str, str, int]]
    last_year: int | None
    against: Against | None = None


@dataclass(frozen=True, slots=True)
class BlockSummary:
    """A block on the pages of a year: how many are ranked, their mean, who stands in the first three ranks."""

    edition: Edition
    url: str
    ranked: int
    mean: Decimal | None
    first: list[tuple[int, str, str, Decimal | None]] = field(default_factory=list)


def rows_of(run_ids: Iterable[int]) -> dict[int, list[Row]]:
    """The rows of some runs in rank order, equal ranks by name, unranked last. One query."""
    found: dict[int, list[Row]] = {}
    values = (
        RankingRow.objects.filter(run__in=list(run_ids))
        .order_by("run_id", F("rank").asc(nulls_last=True), "agency__sort_key", "agency_id")
        .values_list(
            "run_id",
            "agency_id",
            "agency__slug",
            "agency__name",
            "ranked",
            "points",
            "maximum",
            "bonus",
            "penalty",
            "index",
            "rank",
            "grade",
        )
    )
    for value in values:
        found.setdefault(value[0], []).append(Row(*value[1:]))
    return found


def block_figures(edition: Edition) -> BlockFigures:
    """The figures of an edition. Three queries, five for a year of two sets."""
    rows = rows_of([edition.run_id]).get(edition.run_id, [])
    parts = year_parts(edition)
    return BlockFigures(
        rows=rows,
        areas=_areas(edition.run_id, rows, parts),
        mean=mean(row.index for row in rows if row.ranked),
        ranked=sum(1 for row in rows if row.rank is not None),
        parts=parts,
    )


def block_page(edition: Edition, editions: Sequence[Edition], links: Links) -> BlockPage:
    """A block's page. Eight queries with a published year before it, four without."""
    figures = block_figures(edition)
    previous = last_year_of(edition, editions)
    before = rows_of([previous.run_id]).get(previous.run_id, []) if previous else []
    against = Ground.read([edition, previous]).against(edition, previous) if previous else None
    lineage = Lineage.read()
    labels = grade_labels(edition)
    lines = [
        line_of(
            row,
            labels,
            links.agency(row.slug),
            *compare(row, before, lineage, against, edition.year),
        )
        for row in figures.rows
    ]
    return BlockPage(
        edition=edition,
        figures=figures,
        lines=lines,
        ties=ties_of(figures.rows),
        steps=distribution(
            [row.index for row in figures.rows if row.rank is not None and row.index is not None]
        ),
        grades=_grade_counts(figures.rows, labels),
        last_year=against.year if against is not None and against.compares else None,
        against=against,
    )


def last_year_of(edition: Edition, editions: Sequence[Edition]) -> Edition | None:
    """The current edition of the same block one year before."""
    return next((e for e in editions if e.block_id == edition.block_id and e.year == edition.year - 1), None)


def compare(
    row: Row, before: Sequence[Row], lineage: Lineage, against: Against | None, until: int
) -> tuple[int | None, Decimal | None, str]:
    """Movement since the year before: places (above 0: risen), change of the printed index in points, and a note.

    Nothing where the sets of the two years do not compare: the page says so once (``Against.notes``).
    """
    earlier, note = earlier_row(row, before, lineage, against, until)
    if earlier is None or earlier.rank is None or earlier.index is None or row.index is None:
        return None, None, note
    if against is None or not against.compares or row.rank is None:
        return None, None, note
    return earlier.rank - row.rank, row.index - earlier.index, note


def earlier_row(
    row: Row, before: Sequence[Row], lineage: Lineage, against: Against | None, until: int
) -> tuple[Row | None, str]:
    """The row of the year before that this agency is compared with, and what is to be said of it."""
    if against is None or row.rank is None:
        return None, ""
    there = {other.agency_id: other for other in before}
    match: Match = lineage.earlier(row.agency_id, there=there, since=against.year, until=until)
    return (there.get(match.agency) if match.agency is not None else None), match.note


def line_of(
    row: Row,
    labels: Sequence[str],
    url: str = "",
    places: int | None = None,
    change: Decimal | None = None,
    note: str = "",
) -> RankingLine:
    """A row as components/ranking_table.html draws it."""
    return RankingLine(
        name=row.name,
        rank=row.rank,
        points=row.points,
        maximum=row.maximum,
        index=row.index,
        url=url,
        grade=row.grade,
        grade_tone=grade_tone(labels.index(row.grade), len(labels)) if row.grade in labels else "",
        places=places,
        change=change,
        note=note,
    )


def grade_labels(edition: Edition) -> list[str]:
    """The grades of the edition's settings, best first."""
    return [str(band["label"]) for band in edition.settings.get("grades", [])]


def ties_of(rows: Sequence[Row]) -> list[Tie]:
    """Shared ranks, best first."""
    counts = Counter(row.rank for row in rows if row.rank is not None)
    ranks = sorted(counts)
    index = {row.rank: row.index for row in rows if row.rank is not None and row.index is not None}
    return [
        Tie(rank, counts[rank], index[rank], ranks[place + 1] if place + 1 < len(ranks) else None)
        for place, rank in enumerate(ranks)
        if counts[rank] > 1 and rank in index
    ]


def distribution(values: Sequence[Decimal]) -> list[Step]:
    """How many agencies lie in each step of the index (percent); at most eight steps of 1, 2, 5, 10 or 20."""
    if not values:
        return []
    for width in (Decimal(1), Decimal(2), Decimal(5), Decimal(10), Decimal(20)):
        low = _floor(min(values), width)
        count = int((_floor(max(values), width) - low) / width) + 1
        if count <= 8:
            break
    if count > 1 and low + count * width > 100:
        count = max(1, int((Decimal(100) - low) / width))  # 100 belongs to the last step
    edges = [low + width * step for step in range(count)]
    places = Counter(min(int((value - low) / width), count - 1) for value in values)
    return [Step(edge, edge + width, places.get(step, 0)) for step, edge in enumerate(edges)]


def summaries(
    editions: Sequence[Edition], url: Callable[[Edition], str], agency_url: Callable[[Edition, str], str]
) -> list[BlockSummary]:
    """Blocks in short. The first three ranks are shown whole: a tie is never cut. One query."""
    rows = rows_of(edition.run_id for edition in editions)
    return [
        BlockSummary(
            edition=edition,
            url=url(edition),
            ranked=sum(1 for row in rows.get(edition.run_id, []) if row.rank is not None),
            mean=mean(row.index for row in rows.get(edition.run_id, []) if row.ranked),
            first=[
                (row.rank, row.name, agency_url(edition, row.slug), row.index)
                for row in rows.get(edition.run_id, [])
                if row.rank is not None and row.rank <= 3
            ],
        )
        for edition in editions
    ]


def ranked_counts(run_ids: Iterable[int]) -> dict[int, int]:
    """How many agencies have a rank, by run. One query."""
    counts = (
        RankingRow.objects.filter(run__in=list(run_ids))
        .order_by()
        .values("run_id")
        .annotate(ranked_count=Count("pk", filter=Q(rank__isnull=False)))
    )
    return {entry["run_id"]: entry["ranked_count"] for entry in counts}


def _areas(run_id: int, rows: Sequence[Row], parts: YearParts) -> list[Area]:
    """The areas in the order of the set; of several sets one after the other. Two queries."""
    figures: dict[int, dict[int, AreaFigure]] = {}
    for criterion, agency, points, maximum, index, place in NodeRow.objects.filter(
        run=run_id, criterion__level=1
    ).values_list("criterion_id", "agency_id", "points", "maximum", "index", "rank"):
        figures.setdefault(criterion, {})[agency] = AreaFigure(points, maximum, index, place)
    ranked = {row.agency_id: row.name for row in rows if row.rank is not None}
    areas = []
    nodes = (
        Criterion.objects.filter(pk__in=figures)
        .order_by("order")
        .values_list("pk", "code", "title", "max_points", "role", "criteria_set_id")
    )
    for pk, code, title, maximum, role, set_id in sorted(nodes, key=lambda node: parts.number_of(node[-1])):
        own = figures[pk]
        indexes = [own[agency].index for agency in ranked if agency in own and own[agency].index is not None]
        known: list[Any] = [index for index in indexes if index is not None]
        areas.append(
            Area(
                criterion_id=pk,
                code=code,
                title=title,
                max_points=maximum,
                figures=own,
                mean=mean(known),
                lowest=min(known, default=None),
                highest=max(known, default=None),
                first=tuple(
                    name for agency, name in ranked.items() if agency in own and own[agency].rank == 1
                ),
                part=parts.by_set.get(set_id),
                role=role,
            )
        )
    return areas


def _grade_counts(rows: Sequence[Row], labels: Sequence[str]) -> list[tuple[str, str, int]]:
    """(grade, tone, number of ranked agencies), best first."""
    counts = Counter(row.grade for row in rows if row.rank is not None)
    return [
        (label, grade_tone(place, len(labels)), counts.get(label, 0)) for place, label in enumerate(labels)
    ]


def _floor(value: Decimal, width: Decimal) -> Decimal:
    return (value / width).to_integral_value(rounding=ROUND_FLOOR) * width
