"""What the publishers' pages read, each page in a fixed number of queries."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Max, QuerySet

from parindex.ui.tables import RankingLine
from scoring.assessment.models import Cycle, CycleBlock
from scoring.publication.editions import Edition, current_editions, find, proposed
from scoring.publication.links import Links
from scoring.publication.models import Publication, PublicationRun
from scoring.publication.preview import PreviewLinks
from scoring.publication.public_queries import Row, grade_labels, line_of, rows_of
from scoring.ranking.models import RankingRun, RunStage

__all__ = [
    "BlockChoice",
    "Difference",
    "ProposedBlock",
    "block_choices",
    "differences",
    "link_of",
    "one_publication",
    "proposed_blocks",
    "publications",
]


@dataclass(frozen=True, slots=True)
class BlockChoice:
    """A block of a cycle on the form that proposes: its finished final runs, newest first, and where it stands."""

    cycle_block: CycleBlock
    runs: list[RankingRun]
    published: PublicationRun | None
    pending: PublicationRun | None

    @property
    def choosable(self) -> list[RankingRun]:
        """The runs that may be proposed: none while a proposal waits, never the published one again."""
        if self.pending is not None:
            return []
        return [run for run in self.runs if self.published is None or run.pk != self.published.run_id]

    @property
    def newest(self) -> RankingRun | None:
        """What the form preselects: the newest run, unless it or a later one is published."""
        run = self.runs[0] if self.runs else None
        return run if run is not None and run in self.choosable else None


@dataclass(frozen=True, slots=True)
class Difference:
    """An agency whose figures change with a correction; None where it is not in that version."""

    name: str
    before: Row | None
    after: Row | None


@dataclass(frozen=True, slots=True)
class ProposedBlock:
    """A block of a proposal as its approver reads it."""

    edition: Edition
    url: str
    lines: list[RankingLine]
    version: int
    replaced: Edition | None
    replaced_url: str
    differences: list[Difference] = field(default_factory=list)


def publications(*, state: str = "") -> QuerySet[Publication]:
    """Publications, latest first, with their blocks. Two queries."""
    found = Publication.objects.select_related(
        "cycle", "decision", "proposed_by", "approved_by", "rejected_by"
    ).prefetch_related("runs__block")
    return found.filter(state=state) if state else found


def one_publication(public_id: uuid.UUID | str) -> Publication | None:
    """A publication with the people and the decision on it. One query."""
    return (
        Publication.objects.select_related("cycle", "decision", "proposed_by", "approved_by", "rejected_by")
        .filter(public_id=public_id)
        .first()
    )


def block_choices(cycle: Cycle) -> list[BlockChoice]:
    """The opened blocks of a cycle with what may be proposed of them. Three queries."""
    blocks = CycleBlock.objects.filter(cycle=cycle, part_of=None, opened_at__isnull=False).select_related(
        "block", "cycle"
    )
    runs: dict[int, list[RankingRun]] = {}
    for run in RankingRun.objects.filter(
        cycle_block__cycle=cycle, stage=RunStage.FINAL, state=RankingRun.State.DONE
    ).order_by("-finished_at", "-pk"):
        runs.setdefault(run.cycle_block_id, []).append(run)
    links = list(PublicationRun.objects.filter(cycle=cycle).select_related("publication__decision"))
    published = {link.block_id: link for link in links if link.current}
    pending = {link.block_id: link for link in links if link.publication.state == Publication.State.PROPOSED}
    return [
        BlockChoice(block, runs.get(block.pk, []), published.get(block.block_id), pending.get(block.block_id))
        for block in blocks.order_by("block__order", "block__slug")
    ]


def proposed_blocks(publication: Publication) -> list[ProposedBlock]:
    """The blocks of a publication with figures and differences to the version that each replaces. Four queries."""
    links = list(
        PublicationRun.objects.filter(publication=publication)
        .select_related("publication__decision", "cycle", "block", "run")
        .order_by("block__order", "block__slug")
    )
    waiting = publication.state == Publication.State.PROPOSED
    current = current_editions() if waiting else []
    editions = [proposed(link) for link in links]
    replaced = {e.block_id: find(current, e.year, e.block_slug) for e in editions}
    rows = rows_of([e.run_id for e in editions] + [old.run_id for old in replaced.values() if old])
    newest: Mapping[int, int] = dict(
        PublicationRun.objects.filter(cycle=publication.cycle_id)
        .order_by()
        .values_list("block_id")
        .annotate(newest=Max("version"))
    )
    return [
        _proposed_block(
            publication, edition, replaced[edition.block_id], rows, newest.get(edition.block_id) or 0
        )
        for edition in editions
    ]


def _proposed_block(
    publication: Publication,
    edition: Edition,
    old: Edition | None,
    rows: Mapping[int, list[Row]],
    newest: int,
) -> ProposedBlock:
    source = {"publication": publication.public_id, "block": edition.block_slug}
    address = (
        PreviewLinks(edition, source)
        if edition.version is None
        else Links(edition, fixed=not edition.current)
    )
    own = rows.get(edition.run_id, [])
    labels = grade_labels(edition)
    return ProposedBlock(
        edition=edition,
        url=address.block(),
        lines=[line_of(row, labels, address.agency(row.slug)) for row in own],
        version=edition.version or newest + 1,
        replaced=old,
        replaced_url=Links(old).block() if old else "",
        differences=differences(rows.get(old.run_id, []), own) if old else [],
    )


def differences(before: list[Row], after: list[Row]) -> list[Difference]:
    """Agencies whose printed figures differ between two versions, in the new order; those that are gone last."""
    old = {row.agency_id: row for row in before}
    new = {row.agency_id: row for row in after}
    changed = [
        Difference(row.name, old.get(row.agency_id), row)
        for row in after
        if row.agency_id not in old or _printed(old[row.agency_id]) != _printed(row)
    ]
    return changed + [Difference(row.name, row, None) for row in before if row.agency_id not in new]


def link_of(publication: uuid.UUID | str, block_slug: str) -> PublicationRun | None:
    """One block of a publication, for its preview. One query."""
    return (
        PublicationRun.objects.filter(publication__public_id=publication, block__slug=block_slug)
        .select_related("publication__decision", "cycle", "block", "run")
        .first()
    )


def _printed(row: Row) -> tuple[object, ...]:
    return (row.ranked, row.points, row.maximum, row.index, row.rank, row.grade)
