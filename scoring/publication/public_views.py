"""The public's pages and files. What is not published answers exactly as what does not exist, block by block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from scoring.publication import drawing, exports
from scoring.publication.caching import file_response, last_published, page_response
from scoring.publication.editions import Edition, current_editions, find, version_of, versions_of
from scoring.publication.links import Links, public_links
from scoring.publication.pages import (
    agency_charts,
    agency_context,
    block_charts,
    block_context,
    method_context,
    options_of,
)
from scoring.publication.public_agency import agency_page
from scoring.publication.public_method import method_page
from scoring.publication.public_queries import BlockSummary, block_figures, block_page, summaries

CSV = "text/csv; charset=utf-8"
TYPES = {"csv": CSV, "json": "application/json; charset=utf-8", "criteria": CSV}
WRITERS = {"csv": exports.as_csv, "json": exports.as_json, "criteria": exports.as_criteria_csv}


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The latest published year, and the way to everything else."""
    editions = current_editions()
    latest = [e for e in editions if e.year == editions[0].year] if editions else []
    blocks = _summaries(latest)
    return page_response(
        request,
        "public/home.html",
        _rehearsal(latest)
        | {
            "blocks": blocks,
            "year": editions[0].year if editions else None,
            "years": _years(editions),
            "corrections": [(e, _url(e)) for e in editions if e.notice][:5],
        },
        data=(blocks, editions),
        at=last_published(editions),
    )


@login_not_required
@require_safe
def rankings(request: HttpRequest) -> HttpResponse:
    """Every published year with its blocks."""
    editions = current_editions()
    return page_response(
        request,
        "public/rankings.html",
        _rehearsal(editions) | {"years": _years(editions)},
        data=editions,
        at=last_published(editions),
    )


@login_not_required
@require_safe
def year(request: HttpRequest, year: int) -> HttpResponse:
    """The published blocks of one year."""
    editions = current_editions()
    shown = [e for e in editions if e.year == year]
    if not shown:
        raise Http404
    blocks = _summaries(shown)
    return page_response(
        request,
        "public/year.html",
        _rehearsal(shown) | {"year": year, "blocks": blocks, "years": _years(editions)},
        data=(blocks, editions),
        at=last_published(editions),
    )


@login_not_required
@require_safe
def block(request: HttpRequest, year: int, block: str) -> HttpResponse:
    """The ranking table of a block."""
    editions = current_editions()
    edition = _existing(find(editions, year, block))
    return _block_page(request, edition, editions, public_links(edition))


@login_not_required
@require_safe
def version(request: HttpRequest, year: int, block: str, version: int) -> HttpResponse:
    """A certain version of it: the replaced ones stay readable, with a notice."""
    editions = current_editions()
    edition = _existing(version_of(year, block, version))
    return _block_page(request, edition, editions, Links(edition, fixed=True))


@login_not_required
@require_safe
def block_file(request: HttpRequest, year: int, block: str, kind: str) -> HttpResponse:
    """The current figures as a file."""
    return _file(request, _existing(find(current_editions(), year, block)), kind)


@login_not_required
@require_safe
def version_file(request: HttpRequest, year: int, block: str, version: int, kind: str) -> HttpResponse:
    """The figures of a certain version as a file."""
    return _file(request, _existing(version_of(year, block, version)), kind)


@login_not_required
@require_safe
def agency(request: HttpRequest, year: int, block: str, agency: str) -> HttpResponse:
    """One agency: areas and years."""
    editions = current_editions()
    edition = _existing(find(editions, year, block))
    page = agency_page(edition, agency, editions, public_links)
    if page is None:
        raise Http404
    return page_response(
        request,
        "public/agency.html",
        agency_context(page, public_links(edition)),
        data=page,
        at=last_published(editions),
    )


@login_not_required
@require_safe
def chart(request: HttpRequest, year: int, block: str, version: int, name: str) -> HttpResponse:
    """A chart's picture: of the block, or of one agency (`<agency>.<chart>`); `.dark` for dark ground."""
    edition = _existing(version_of(year, block, version))
    theme = "dark" if name.endswith(".dark") else "light"
    owner, _dot, key = name.removesuffix(".dark").rpartition(".")
    editions = current_editions()
    if owner:
        of_agency = agency_page(edition, owner, editions, public_links)
        made = agency_charts(of_agency) if of_agency else {}
    else:
        made = block_charts(block_page(edition, editions, public_links(edition)))
    wanted = made.get(key)
    if wanted is None:
        raise Http404
    return file_response(
        request,
        lambda: drawing.picture(wanted, edition.content, theme),
        content_type="image/svg+xml",
        seed=(wanted.digest, theme),
        at=edition.published_at,
        keep=request.GET.get("k") == wanted.digest,
    )


@login_not_required
@require_safe
def method(request: HttpRequest, year: int, block: str) -> HttpResponse:
    """The criteria set and the arithmetic of a published block and year."""
    editions = current_editions()
    edition = _existing(find(editions, year, block))
    page = method_page(edition)
    if page is None:
        raise Http404
    context = method_context(page, public_links(edition)) | {
        "options": options_of(editions, edition, _method_url)
    }
    return page_response(
        request, "public/method.html", context, data=(page, editions), at=last_published(editions)
    )


@login_not_required
@require_safe
def methods(request: HttpRequest) -> HttpResponse:
    """Where the method of each published block and year is told."""
    editions = current_editions()
    return page_response(
        request,
        "public/methods.html",
        _rehearsal(editions) | {"years": _years(editions, _method_url)},
        data=editions,
        at=last_published(editions),
    )


@login_not_required
@require_safe
def open_data(request: HttpRequest) -> HttpResponse:
    """What files there are and what stands in them."""
    editions = current_editions()
    files = [
        (e, Links(e).file("csv"), Links(e).file("json"), Links(e).file("criteria") if e.levels > 1 else "")
        for e in editions
    ]
    return page_response(
        request,
        "public/open_data.html",
        _rehearsal(editions) | {"files": files, "format": exports.FORMAT},
        data=editions,
        at=last_published(editions),
    )


def _block_page(
    request: HttpRequest, edition: Edition, editions: Sequence[Edition], links: Links
) -> HttpResponse:
    page = block_page(edition, editions, links)
    versions = [(e, Links(e, fixed=True).block()) for e in versions_of(edition)]
    current = find(list(editions), edition.year, edition.block_slug)
    context = block_context(
        page,
        links,
        sort=request.GET.get("sort", "rank"),
        options=options_of(editions, edition, _url),
        versions=versions,
        current_url="" if edition.current or current is None else _url(current),
    )
    return page_response(
        request, "public/block.html", context, data=(page, versions, editions), at=last_published(editions)
    )


def _file(request: HttpRequest, edition: Edition, kind: str) -> HttpResponse:
    suffix = "-rehearsal" if edition.rehearsal else ""
    if kind == "criteria" and edition.levels == 1:
        raise Http404  # nothing below the areas is public
    figures = block_figures(edition)
    ending = "-criteria.csv" if kind == "criteria" else f".{kind}"
    return file_response(
        request,
        lambda: WRITERS[kind](edition, figures),
        content_type=TYPES[kind],
        seed=(exports.FORMAT, kind, edition, figures),
        at=edition.published_at,
        name=f"par-index-{edition.year}-{edition.block_slug}-v{edition.version}{suffix}{ending}",
    )


def _existing(edition: Edition | None) -> Edition:
    if edition is None:
        raise Http404
    return edition


def _summaries(editions: Sequence[Edition]) -> list[BlockSummary]:
    return summaries(editions, _url, lambda edition, slug: public_links(edition).agency(slug))


def _years(editions: Sequence[Edition], url: Any = None) -> list[tuple[int, str, list[tuple[Edition, str]]]]:
    """(year, its address, its blocks with theirs), latest first."""
    url = url or _url
    return [
        (
            number,
            reverse("public:year", kwargs={"year": number}),
            [(e, url(e)) for e in editions if e.year == number],
        )
        for number in sorted({e.year for e in editions}, reverse=True)
    ]


def _url(edition: Edition) -> str:
    return public_links(edition).block()


def _method_url(edition: Edition) -> str:
    return public_links(edition).method()


def _rehearsal(editions: Sequence[Edition]) -> dict[str, Any]:
    """The watermark, where everything that a page lists is a rehearsal's."""
    own = bool(editions) and all(e.rehearsal for e in editions)
    return {"rehearsal": own or getattr(settings, "REHEARSAL", False)}
