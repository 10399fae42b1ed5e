"""An agency's public page: headline, areas against the block's mean, the years before, details by depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from parindex.ui.tables import RankingLine
from scoring.criteria.wording import expression_in_words, trace_in_words
from scoring.publication.editions import Edition
from scoring.publication.lineage import Lineage
from scoring.publication.links import Links
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
    """An agency's area: points of maximum, index in percent, its rank among ``of``, the block's mean."""

    code: str
    title: str
    points: Decimal
    maximum: Decimal
    index: Decimal | None
    rank: int | None
    of: int
    mean: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """Percentage points above (or below) the block's mean, both as they are."""
        return None if self.index is None or self.mean is None else self.index - self.mean


@dataclass(frozen=True, slots=True)
class Detail:
    """A node below the areas, where publication goes that deep; ``words`` tell a leaf's arithmetic."""

    level: int
    code: str
    title: str
    points: Decimal
    maximum: Decimal
    index: Decimal | None
    rank: int | None
    expression: str
    words: str


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


def agency_page(
    edition: Edition, slug: str, editions: Sequence[Edition], links: Callable[[Edition], Links]
) -> AgencyPage | None:
    """The page of one agency of a block's year; None when it takes no part. At most eight queries."""
    figures = block_figures(edition)
    row = figures.row(slug)
    if row is None:
        return None
    lineage = Lineage.read()
    # the years as the public reads them; this page's own edition stands for its year (it may be a preview)
    shown = [e for e in editions if (e.year, e.block_id) != (edition.year, edition.block_id)] + [edition]
    line = [row.agency_id, *lineage.names_before(row.agency_id), *lineage.names_after(row.agency_id)]
    years = _years(edition, line, sorted(shown, key=lambda e: (-e.year, e.block_order)), lineage, links)
    now = next(entry for entry in years if entry.now)
    previous = last_year_of(edition, editions)
    return AgencyPage(
        edition=edition,
        slug=slug,
        line=line_of(row, grade_labels(edition), "", now.places, now.change, now.note),
        row=row,
        ranked=figures.ranked,
        mean=figures.mean,
        areas=area_lines(figures, row.agency_id),
        details=_details(edition, row.agency_id),
        years=years,
        last_year=previous.year if previous else None,
    )


def area_lines(figures: BlockFigures, agency_id: int) -> list[AreaLine]:
    """The agency's areas in the order of the set."""
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
        )
        for area in figures.areas
        if (own := area.figures.get(agency_id)) is not None
    ]


def _years(
    edition: Edition,
    agencies: Sequence[int],
    shown: Sequence[Edition],
    lineage: Lineage,
    links: Callable[[Edition], Links],
) -> list[YearLine]:
    """The published years in which the agency takes part, under whatever name, latest first. One query."""
    rows = rows_of(e.run_id for e in shown)
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
        places, change, note = compare(row, before, lineage, previous.year if previous else None, e.year)
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


def _details(edition: Edition, agency_id: int) -> list[Detail]:
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
            expression=expression_in_words(node.trace) if edition.depth == "leaf" else "",
            words=trace_in_words(node.trace) if edition.depth == "leaf" else "",
        )
        for node in nodes
    ]
