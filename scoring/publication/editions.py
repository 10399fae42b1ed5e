"""An edition: one block's ranking of one year as it is published (or about to be), in plain values.

Public pages, files and previews are all made from editions, never from sheets, answers or marks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from scoring.publication.models import Publication, PublicationRun
from scoring.ranking.models import RankingRun

__all__ = ["Edition", "current_editions", "find", "of_run", "proposed", "version_of", "versions_of"]

DEPTHS = ("area", "criterion", "leaf")


@dataclass(frozen=True, slots=True)
class Edition:
    """The figures of a block's year with the decision that publishes them.

    ``depth`` says what the public sees (area, criterion, leaf); ``settings`` are the run's own;
    ``agencies`` counts the run's rows, ranked or not. ``version`` is None and ``published_at`` is None
    for a preview. ``content`` is the hash that both people confirmed, or the run's own in a preview.
    """

    run_id: int
    cycle_id: int
    year: int
    block_id: int
    block_slug: str
    block_name: str
    block_order: int
    agencies: int
    settings: dict[str, Any]
    engine_version: str
    rehearsal: bool
    depth: str
    content: str
    decision_number: str
    decision_date: date | None
    signatory: str
    notice: str
    version: int | None
    current: bool
    published_at: datetime | None

    @property
    def digits(self) -> int:
        """Decimals of the printed index."""
        return int(self.settings.get("digits", 2))

    @property
    def levels(self) -> int:
        """How deep in the tree the public may look: 1 areas, 2 criteria, 99 everything."""
        return {"area": 1, "criterion": 2}.get(self.depth, 99)

    @property
    def is_preview(self) -> bool:
        return self.published_at is None


def current_editions() -> list[Edition]:
    """What the public reads by default: all years and blocks, latest year first. One query."""
    links = _published().filter(current=True).order_by("-cycle__year", "block__order", "block__slug")
    return [_edition(link) for link in links]


def find(editions: list[Edition], year: int, block_slug: str) -> Edition | None:
    """The current edition of a year and block, or None where nothing is published."""
    return next((e for e in editions if e.year == year and e.block_slug == block_slug), None)


def version_of(year: int, block_slug: str, version: int) -> Edition | None:
    """A certain version, current or not. One query."""
    link = _published().filter(cycle__year=year, block__slug=block_slug, version=version).first()
    return _edition(link) if link else None


def versions_of(edition: Edition) -> list[Edition]:
    """All published versions of a block's year, latest first. One query."""
    links = _published().filter(cycle=edition.cycle_id, block=edition.block_id).order_by("-version")
    return [_edition(link) for link in links]


def proposed(link: PublicationRun) -> Edition:
    """The edition that a proposal would make of one of its runs. ``link`` comes with everything it points at."""
    edition = _edition(link)
    return replace(edition, published_at=None) if link.version is None else edition


def of_run(run: RankingRun, *, depth: str) -> Edition:
    """A run as the public would see it, before anything is proposed. ``run`` comes with cycle and block."""
    cycle, block = run.cycle_block.cycle, run.cycle_block.block
    return Edition(
        run_id=run.pk,
        cycle_id=cycle.pk,
        year=cycle.year,
        block_id=block.pk,
        block_slug=block.slug,
        block_name=block.name,
        block_order=block.order,
        agencies=run.agencies,
        settings=run.settings,
        engine_version=run.engine_version,
        rehearsal=cycle.rehearsal,
        depth=depth,
        content=run.inputs_sha256,
        decision_number="",
        decision_date=None,
        signatory="",
        notice="",
        version=None,
        current=False,
        published_at=None,
    )


def _published() -> QuerySet[PublicationRun]:
    return PublicationRun.objects.filter(
        publication__state=Publication.State.PUBLISHED, version__isnull=False
    ).select_related("publication__decision", "cycle", "block", "run")


def _edition(link: PublicationRun) -> Edition:
    publication, run = link.publication, link.run
    return Edition(
        run_id=run.pk,
        cycle_id=link.cycle_id,
        year=link.cycle.year,
        block_id=link.block_id,
        block_slug=link.block.slug,
        block_name=link.block.name,
        block_order=link.block.order,
        agencies=run.agencies,
        settings=run.settings,
        engine_version=run.engine_version,
        rehearsal=publication.rehearsal,
        depth=publication.depth,
        content=publication.content_sha256,
        decision_number=publication.decision.number,
        decision_date=publication.decision.date,
        signatory=publication.decision.signatory,
        notice=publication.notice,
        version=link.version,
        current=link.current,
        published_at=publication.published_at,
    )
