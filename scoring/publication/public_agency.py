"""An agency's public page: headline, areas against the block's mean, the years before, details by depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from agencies.lineage import Lineage
from parindex.ui.tables import RankingLine
from scoring.criteria.trace_words import TraceTold, rule_of, trace_told
from scoring.publication.comparing import NOTHING, Against, Ground, NodeChange, NodeChanges, figures_of
from scoring.publication.editions import Edition
from scoring.publication.links import Links
from scoring.publication.parts import PartFigure, YearPart, YearParts
from scoring.publication.public_queries import (
    BlockFigures,
    Row,
    block_figures,
    compare,
    grade_labels,
    last_year_of,
    line_of,
    rows_of,
)
from scoring.ranking.models import NodeRow

__all__ = ["AgencyPage", "AreaLine", "Detail", "YearLine", "agency_page"]


@dataclass(frozen=True, slots=True)
class AreaLine:
    """An agency's area: points of maximum, index in percent, its rank among ``of``, the block's mean.

    ``since``: its change since the published year before.
    """

    code: str
    title: str
    points: Decimal
    maximum: Decimal
    index: Decimal | None
    rank: int | None
    of: int
    mean: Decimal | None
    since: NodeChange = NOTHING
    part: YearPart | None = None  # whose set it belongs to, in a year of several
    role: str = ""  # bonus or penalty: no index, no place

    @property
    def difference(self) -> Decimal | None:
        """Percentage points above (or below) the block's mean, both as they are."""
        return None if self.index is None or self.mean is None else self.index - self.mean


@dataclass(frozen=True, slots=True)
class Detail:
    """A node below the areas, where publication goes that deep; ``told``: how a leaf's points came about."""

    level: int
    code: str
    title: str
    points: Decimal
    maximum: Decimal
    index: Decimal | None
    rank: int | None
    told: TraceTold | None
    since: NodeChange = NOTHING
    part: YearPart | None = None


@dataclass(frozen=True, slots=True)
class YearLine:
    """One year of an agency; ``note`` says why a year does not compare with the one before. ``now``: this page's."""

    year: int
    block: str
    name: str
    url: str
    points: Decimal
    maximum: Decimal
    index: Decimal | None
    digits: int
    rank: int | None
    of: int
    grade: str
    places: int | None
    change: Decimal | None
    note: str
    compared: bool
    now: bool


@dataclass(frozen=True, slots=True)
class AgencyPage:
    """Everything on an agency's page."""

    edition: Edition
    slug: str
    line: RankingLine
    row: Row
    ranked: int
    mean: Decimal | None
    areas: list[AreaLine]
    details: list[Detail]
    years: list[YearLine]
    last_year: int | None
    #: The published year before; ``nodes_since`` is that year where figures of areas and criteria are compared.
    against: Against | None = None
    parts: tuple[PartFigure, ...] = ()  # what each set of a year of several says of the agency
    alone: YearPart | None = None  # the part that it counts by alone
    nodes_since: int | None = None


def agency_page(
    edition: Edition, slug: str, editions: Sequence[Edition], links: Callable[[Edition], Links]
) -> AgencyPage | None:
    """The page of one agency of a block's year; None when it takes no part. At most thirteen queries.

    Trees of sets that this process has not read yet are one more each.
    """
    figures = block_figures(edition)
    row = figures.row(slug)
    if row is None:
        return None
    lineage = Lineage.read()
    # the years as the public reads them; this page's own edition stands for its year (it may be a preview)
    shown = [e for e in editions if (e.year, e.block_id) != (edition.year, edition.block_id)] + [edition]
    line = [row.agency_id, *lineage.names_before(row.agency_id), *lineage.names_after(row.agency_id)]
    shown.sort(key=lambda e: (-e.year, e.block_order))
    rows = rows_of(e.run_id for e in shown)
    own_blocks = {e.block_id for e in shown if any(r.agency_id in line for r in rows.get(e.run_id, ()))}
    ground = Ground.read([e for e in shown if e.block_id in own_blocks])
    years = _years(edition, line, shown, rows, lineage, links, ground)
    now = next(entry for entry in years if entry.now)
    previous = last_year_of(edition, editions)
    against = ground.against(edition, previous)
    changes = _changes(edition, previous, row, rows, lineage, ground)
    return AgencyPage(
        edition=edition,
        slug=slug,
        line=line_of(row, grade_labels(edition), "", now.places, now.change, now.note),
        row=row,
        ranked=figures.ranked,
        mean=figures.mean,
        areas=area_lines(figures, row.agency_id, changes),
        details=_details(edition, row.agency_id, changes, figures.parts),
        years=years,
        last_year=against.year if against is not None and against.compares else None,
        against=against,
        parts=figures.parts.of(row.agency_id),
        alone=figures.parts.alone(row.agency_id),
        nodes_since=previous.year if previous is not None and changes.before else None,
    )


def _changes(
    edition: Edition,
    previous: Edition | None,
    row: Row,
    rows: Mapping[int, list[Row]],
    lineage: Lineage,
    ground: Ground,
) -> NodeChanges:
    """How the agency's areas and criteria compare with the year before. Three queries at most."""
    if previous is None:
        return NodeChanges()
    there = {other.agency_id: other for other in rows.get(previous.run_id, [])}
    match = lineage.earlier(row.agency_id, there=there, since=previous.year, until=edition.year)
    ties = ground.bridge(edition, previous) if match.agency is not None else None
    if match.agency is None or ties is None:
        return NodeChanges()
    levels = min(edition.levels, previous.levels)  # never deeper than either year was published
    return NodeChanges(ties, figures_of(previous.run_id, match.agency, levels))


def area_lines(figures: BlockFigures, agency_id: int, changes: NodeChanges | None = None) -> list[AreaLine]:
    """The agency's areas in the order of the set."""
    changes = changes or NodeChanges()
    return [
        AreaLine(
            code=area.code,
            title=area.title,
            points=own.points,
            maximum=own.maximum,
            index=own.index,
            rank=own.rank,
            of=sum(1 for figure in area.figures.values() if figure.rank is not None),
            mean=area.mean,
            since=changes.of(area.criterion_id, (own.points, own.maximum, own.index)),
            part=area.part,
            role=area.role,
        )
        for area in figures.areas
        if (own := area.figures.get(agency_id)) is not None
    ]


def _years(
    edition: Edition,
    agencies: Sequence[int],
    shown: Sequence[Edition],
    rows: Mapping[int, list[Row]],
    lineage: Lineage,
    links: Callable[[Edition], Links],
    ground: Ground,
) -> list[YearLine]:
    """The published years in which the agency takes part, under whatever name, latest first."""
    own: list[tuple[Edition, Row]] = []
    for e in shown:
        named = {row.agency_id: row for row in rows.get(e.run_id, [])}
        found = next((named[agency] for agency in agencies if agency in named), None)
        if found is not None and not any(e.year == other.year for other, _row in own):
            own.append((e, found))
    lines = []
    for e, row in own:
        previous = next((p for p in shown if p.block_id == e.block_id and p.year == e.year - 1), None)
        before = rows.get(previous.run_id, []) if previous else []
        against = ground.against(e, previous)
        places, change, note = compare(row, before, lineage, against, e.year)
        if against is not None and not note:
            note = against.line_note
        of = sum(1 for other in rows[e.run_id] if other.rank is not None)
        lines.append(
            YearLine(
                year=e.year,
                block=e.block_name,
                name=row.name,
                url="" if e is edition else links(e).agency(row.slug),
                points=row.points,
                maximum=row.maximum,
                index=row.index,
                digits=e.digits,
                rank=row.rank,
                of=of,
                grade=row.grade,
                places=places,
                change=change,
                note=note,
                compared=places is not None,
                now=e is edition,
            )
        )
    return lines


def _details(edition: Edition, agency_id: int, changes: NodeChanges, parts: YearParts) -> list[Detail]:
    """The nodes below the areas down to the depth of publication, depth first. One query, none for areas alone."""
    if edition.levels == 1:
        return []
    nodes = (
        NodeRow.objects.filter(run=edition.run_id, agency=agency_id, criterion__level__lte=edition.levels)
        .select_related("criterion")
        .order_by("criterion__order")
    )
    return [
        Detail(
            level=node.criterion.level,
            code=node.criterion.code,
            title=node.criterion.title,
            points=node.points,
            maximum=node.maximum,
            index=node.index,
            rank=node.rank,
            told=trace_told(node.trace, rule_of(node.criterion)) if edition.depth == "leaf" else None,
            since=changes.of(node.criterion_id, (node.points, node.maximum, node.index)),
            part=parts.by_set.get(node.criterion.criteria_set_id),
        )
        for node in sorted(nodes, key=lambda node: parts.number_of(node.criterion.criteria_set_id))
    ]
