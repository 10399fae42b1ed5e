"""Contexts of the public templates: the same for the public and for a preview inside the administration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from scoring.publication import charts
from scoring.publication.charts import Chart
from scoring.publication.editions import Edition
from scoring.publication.links import Links
from scoring.publication.parts import year_table
from scoring.publication.public_agency import AgencyPage
from scoring.publication.public_method import MethodPage, settings_in_words
from scoring.publication.public_queries import BlockPage
from scoring.ranking.tables import sort_lines

__all__ = ["Picture", "agency_charts", "agency_context", "block_charts", "block_context", "method_context"]

SORTS = ("rank", "name", "points", "index", "grade", "movement")


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as the templates draw it: two pictures of which the page's colours choose one."""

    url: str
    dark_url: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class Option:
    """A link to another year or block."""

    url: str
    label: str
    current: bool
    count: int | None = None


def block_charts(page: BlockPage) -> dict[str, Chart]:
    """The charts of a block's page by name."""
    edition, figures = page.edition, page.figures
    made = [
        charts.block_steps(page.steps, figures.mean, edition.digits, rehearsal=edition.rehearsal),
        charts.block_areas(figures.areas, edition.digits, rehearsal=edition.rehearsal),
    ]
    return {chart.name.rpartition(".")[2]: chart for chart in made if chart is not None}


def agency_charts(page: AgencyPage) -> dict[str, Chart]:
    """The charts of an agency's page by name."""
    edition, name = page.edition, page.line.name
    made = [
        charts.agency_years(page.slug, name, page.years, rehearsal=edition.rehearsal),
        charts.agency_areas(page.slug, name, page.areas, edition.digits, rehearsal=edition.rehearsal),
    ]
    return {chart.name.rpartition(".")[2]: chart for chart in made if chart is not None}


def block_context(
    page: BlockPage,
    links: Links,
    *,
    sort: str = "rank",
    options: dict[str, list[Option]] | None = None,
    versions: Sequence[tuple[Edition, str]] = (),
    current_url: str = "",
) -> dict[str, Any]:
    """What public/block.html needs. ``current_url``: where the version that replaced this one stands."""
    edition = page.edition
    sort = sort if sort.lstrip("-") in SORTS else "rank"
    if sort.lstrip("-") == "movement" and page.last_year is None:
        sort = "rank"
    return _frame(edition) | {
        "page": page,
        "edition": edition,
        "lines": sort_lines(page.lines, sort),
        "sort": sort,
        "mean": page.figures.mean,
        "digits": edition.digits,
        "last_year": page.last_year,
        "csv_url": links.file("csv"),
        "json_url": links.file("json"),
        "method_url": links.method(),
        "pictures": _pictures(block_charts(page), links),
        "settings": settings_in_words(edition.settings),
        "year_table": year_table(page.figures.parts, page.figures.rows, links.agency),
        "options": options or {},
        "versions": versions,
        "current_url": current_url,
    }


def agency_context(page: AgencyPage, links: Links) -> dict[str, Any]:
    """What public/agency.html needs."""
    return _frame(page.edition) | {
        "page": page,
        "edition": page.edition,
        "digits": page.edition.digits,
        "last_year": page.last_year,
        "block_url": links.block(),
        "method_url": links.method(),
        "pictures": _pictures(agency_charts(page), links),
    }


def method_context(page: MethodPage, links: Links) -> dict[str, Any]:
    """What public/method.html needs."""
    return _frame(page.edition) | {"page": page, "edition": page.edition, "block_url": links.block()}


def options_of(
    editions: Sequence[Edition], edition: Edition, url: Callable[[Edition], str]
) -> dict[str, list[Option]]:
    """Links to the blocks of the same year and to the years of the same block, as published."""
    return {
        "blocks": [
            Option(url(e), e.block_name, e.block_id == edition.block_id, e.agencies)
            for e in editions
            if e.year == edition.year
        ],
        "years": [
            Option(url(e), str(e.year), e.year == edition.year)
            for e in editions
            if e.block_id == edition.block_id
        ],
    }


def _pictures(made: dict[str, Chart], links: Links) -> dict[str, Picture]:
    return {
        key: Picture(
            url=links.chart(chart.name, chart.digest),
            dark_url=links.chart(f"{chart.name}.dark", chart.digest),
            width=chart.width,
            height=chart.height,
            alt=(_("Rehearsal data. ") if chart.rehearsal else "") + chart.alt,
        )
        for key, chart in made.items()
    }


def _frame(edition: Edition) -> dict[str, Any]:
    return {"rehearsal": edition.rehearsal or getattr(settings, "REHEARSAL", False)}
