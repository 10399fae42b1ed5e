"""Previews: the public's own pages, of a run or of a proposal, marked as such and for permitted roles only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from scoring.assessment.cycle_settings import CycleSettings
from scoring.publication import drawing, pages
from scoring.publication.editions import Edition, current_editions, of_run, proposed
from scoring.publication.links import Links, public_links
from scoring.publication.preview import PreviewLinks
from scoring.publication.public_agency import agency_page
from scoring.publication.public_method import method_page
from scoring.publication.public_queries import block_page
from scoring.publication.queries import link_of
from scoring.publication.views import reader
from scoring.ranking.models import RankingRun, RunStage


@require_safe
@reader
def block(request: HttpRequest, **source: Any) -> HttpResponse:
    """The block's page as the public would read it."""
    edition, back = _source(source)
    links = PreviewLinks(edition, source)
    page = block_page(edition, _before(edition), links)
    context = pages.block_context(page, links, sort=request.GET.get("sort", "rank"))
    return render(request, "public/block.html", context | back)


@require_safe
@reader
def agency(request: HttpRequest, agency: str, **source: Any) -> HttpResponse:
    """An agency's page as the public would read it."""
    edition, back = _source(source)
    links = PreviewLinks(edition, source)
    page = agency_page(edition, agency, _before(edition), public_links)
    if page is None:
        raise Http404
    return render(request, "public/agency.html", pages.agency_context(page, links) | back)


@require_safe
@reader
def method(request: HttpRequest, **source: Any) -> HttpResponse:
    """The method page as the public would read it."""
    edition, back = _source(source)
    page = method_page(edition)
    if page is None:
        raise Http404
    return render(
        request, "public/method.html", pages.method_context(page, PreviewLinks(edition, source)) | back
    )


@require_safe
@reader
def chart(request: HttpRequest, name: str, **source: Any) -> HttpResponse:
    """A chart's picture before anything is public."""
    edition, _back = _source(source)
    theme = "dark" if name.endswith(".dark") else "light"
    owner, _dot, key = name.removesuffix(".dark").rpartition(".")
    if owner:
        of_agency = agency_page(edition, owner, _before(edition), public_links)
        made = pages.agency_charts(of_agency) if of_agency else {}
    else:
        made = pages.block_charts(block_page(edition, _before(edition), Links(edition)))
    if key not in made:
        raise Http404
    response = HttpResponse(drawing.picture(made[key], edition.content, theme), content_type="image/svg+xml")
    response.headers["Content-Security-Policy"] = drawing.POLICY
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _source(source: dict[str, Any]) -> tuple[Edition, dict[str, Any]]:
    """The edition that is previewed, and what marks the page as a preview."""
    if "run" in source:
        run = (
            RankingRun.objects.select_related("cycle_block__cycle", "cycle_block__block")
            .filter(public_id=source["run"], state=RankingRun.State.DONE, stage=RunStage.FINAL)
            .first()
        )
        if run is None:
            raise Http404
        edition = of_run(run, depth=CycleSettings.parse(run.cycle_block.cycle.settings).depth)
        url, label = reverse("ranking:run", args=[run.public_id]), _("Back to the ranking")
    else:
        link = link_of(source["publication"], source["block"])
        if link is None:
            raise Http404
        edition = proposed(link)
        url, label = reverse("publication:detail", args=[source["publication"]]), _("Back to the proposal")
    return edition, {
        "preview": True,
        "preview_url": url,
        "preview_label": label,
        "base": "admin/work_base.html",
    }


def _before(edition: Edition) -> Sequence[Edition]:
    """What the public reads now, without the version that this one would replace."""
    return [e for e in current_editions() if (e.year, e.block_id) != (edition.year, edition.block_id)]
