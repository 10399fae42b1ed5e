"""Load the sample province: all of it in one transaction, once; a second time it only tells the accounts again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from agencies.actors import SYSTEM
from agencies.models import Agency
from parindex.audit.models import AuditEntry
from parindex.audit.services import record
from parindex.background import held_back
from parindex.errors import WrongState
from scoring.assessment.models import (
    Cycle,
    CycleBlock,
    Extension,
    Scoresheet,
    SheetState,
    Stage,
)
from scoring.assessment.services.divisions import Given, assign_divisions
from scoring.criteria.models import Criterion
from scoring.demo import documents, names
from scoring.demo.next_year import draft_next_year
from scoring.demo.people import Province, make_people
from scoring.demo.rows import Versions, make_sheets
from scoring.demo.sets import make_block, make_cycle
from scoring.demo.stories import EXTENSIONS, plans_for
from scoring.demo.tour import make_tour
from scoring.publication import drawing
from scoring.publication.editions import current_editions
from scoring.publication.links import public_links
from scoring.publication.pages import block_charts
from scoring.publication.public_queries import block_page
from scoring.publication.services import DecisionData, approve, propose
from scoring.ranking.models import RankingRun
from scoring.ranking.services import request_run, work

LOADED = "demo.loaded"
ALL = tuple(slug for slug, _name, _order in names.BLOCKS)


def is_loaded() -> bool:
    """Whether this database holds the sample."""
    return AuditEntry.objects.filter(action=LOADED).exists()


def load(blocks: Collection[str] = ALL) -> bool:
    """Load the sample; False where it is there already. Raises WrongState where something else is.

    ``blocks`` (slugs) keeps the years to some of the blocks; everybody is there all the same.
    """
    with transaction.atomic(), held_back():
        if is_loaded():
            return False
        if Cycle.objects.exists() or Agency.objects.exists():
            raise WrongState(
                _(
                    "This database holds cycles or agencies that are not of the sample. "
                    "Nothing was loaded: the sample needs an empty database."
                )
            )
        province = make_people()
        past = (province.year - 2, province.year - 1)
        versions = documents.store(province, _papers(province, past, blocks))
        for year in past:
            _past_year(province, year, versions, blocks)
        _running_year(province, versions, blocks)
        if names.DEPARTMENTS in blocks:
            draft_next_year(province)
        record(
            actor=SYSTEM.user,
            action=LOADED,
            obj=None,
            after={"year": province.year, "sheets": Scoresheet.objects.count()},
        )
    return True


def _papers(province: Province, past: Iterable[int], blocks: Collection[str]) -> list[documents.Paper]:
    """The evidence of all years; the tour block's of the running year comes through the services."""
    papers = []
    for year in past:
        at = datetime(year, 11, 8, 9, 30, tzinfo=timezone.get_default_timezone())
        agencies = [one for slug in blocks for one in _taking_part(province, slug, year)]
        papers += documents.papers_of_past_year(year, agencies, at)
    for slug in (slug for slug in blocks if slug != names.TOUR):
        papers += documents.papers_of_running_year(province, province.block_agencies(slug))
    return papers


def _past_year(province: Province, year: int, versions: Versions, blocks: Collection[str]) -> None:
    """A year that is over: sheets of all blocks, one run a block, one decision."""
    cycle = make_cycle(province, year)
    made = {slug: make_block(province, cycle, slug) for slug in blocks}
    runs = []
    for slug, block in made.items():
        agencies = _taking_part(province, slug, year)
        make_sheets(province, block, plans_for(province, block, agencies), versions)
        runs.append(_run(province, block))
    publication = propose(
        actor=province.actor("trinh-cong-bo"),
        cycle=cycle,
        runs=runs,
        decision=DecisionData(f"{100 + year % 100}/QĐ-MẪU", date(year + 1, 1, 20), "Chủ tịch UBND tỉnh"),
    )
    approve(
        actor=province.actor("duyet-cong-bo"), publication=publication, content=publication.content_sha256
    )


def _taking_part(province: Province, block: str, year: int) -> list[Agency]:
    """The block's agencies of a year: before the mergers, those that came to an end instead of their successors."""
    agencies = province.block_agencies(block)
    if block != names.DEPARTMENTS or year >= province.year - 1:
        return agencies
    successors = {successor for _slug, _name, successor, _how in names.FORMER}
    kept = [agency for agency in agencies if agency.slug not in successors]
    return kept + [province.agencies[slug] for slug, _name, _successor, _how in names.FORMER]


def _run(province: Province, block: CycleBlock) -> RankingRun:
    run = request_run(actor=province.actor("thu-ky"), cycle_block=block)
    done = work(run.pk)
    if done is None:
        raise RuntimeError(f"no ranking of {block}")
    return done


def _running_year(province: Province, versions: Versions, blocks: Collection[str]) -> None:
    """The year under appraisal: every block at another point, the tour block open to a visitor."""
    cycle = make_cycle(province, province.year)
    for slug in blocks:
        block = make_block(province, cycle, slug)
        if slug == names.TOUR:
            make_tour(province, block)
            continue
        agencies = province.block_agencies(slug)
        make_sheets(province, block, plans_for(province, block, agencies), versions)
        if slug == names.DEPARTMENTS:
            _extensions(province, block)
            _divisions(province, block)


def _extensions(province: Province, block: CycleBlock) -> None:
    """More time by letter, granted before the regular end."""
    end = block.windows.get(stage=Stage.SELF_ASSESSMENT).closes
    Extension.objects.bulk_create(
        Extension(
            cycle_block=block,
            agency=province.agencies[slug],
            stage=Stage.SELF_ASSESSMENT,
            closes=end + timedelta(days=days),
            letter_number=letter,
            reason="Đơn vị đang tổng hợp số liệu của các đơn vị trực thuộc.",
            granted_by=province.users["thu-ky"],
            granted_at=end - timedelta(days=2),
        )
        for slug, (days, letter) in EXTENSIONS.items()
    )


def _divisions(province: Province, block: CycleBlock) -> None:
    """One area of the drafting department is in the hands of a division."""
    sheet = Scoresheet.objects.get(
        participation__cycle_block=block,
        participation__agency__slug="so-y-te",
        state=SheetState.DRAFTING,
    )
    area = Criterion.objects.get(criteria_set=block.criteria_set, code="5")
    division = province.divisions[names.HEALTH_DIVISION]
    given = {area.pk: Given(division.pk, province.today + timedelta(days=2))}
    assign_divisions(sheet=sheet, actor=province.actor("dm.so-y-te"), given=given)


def draw_first_charts() -> None:
    """Draw the charts of the latest year's rankings, which a visitor opens first. The others come when asked for."""
    with translation.override(settings.LANGUAGE_CODE):
        editions = current_editions()
        latest = max((edition.year for edition in editions), default=0)
        for edition in editions:
            if edition.year == latest:
                page = block_page(edition, editions, public_links(edition))
                for chart in block_charts(page).values():
                    drawing.ensure(chart, edition.content)


__all__ = ["draw_first_charts", "is_loaded", "load"]
