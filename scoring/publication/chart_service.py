"""Draw the charts of a publication ahead of its readers. Safe at any time, any number of times."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

from django.conf import settings
from django.utils import translation

from scoring.publication import drawing
from scoring.publication.charts import Chart
from scoring.publication.editions import Edition, current_editions
from scoring.publication.links import public_links
from scoring.publication.models import PublicationRun
from scoring.publication.pages import agency_charts, block_charts
from scoring.publication.public_agency import agency_page
from scoring.publication.public_queries import block_page

__all__ = ["draw_publication"]


def draw_publication(publication_id: int, *, seconds: float = 180) -> bool:
    """Draw the charts of the publication's current blocks in the portal's language; True when all are there.

    Stops after so many seconds, to be called again: a task has its time limit. Nothing is written to the database:
    what is missing (another language, a worker that died) is drawn when it is first asked for.
    """
    blocks = set(
        PublicationRun.objects.filter(publication=publication_id, current=True).values_list(
            "run_id", flat=True
        )
    )
    end = monotonic() + seconds
    with translation.override(settings.LANGUAGE_CODE):
        editions = current_editions()
        for edition in (e for e in editions if e.run_id in blocks):
            page = block_page(edition, editions, public_links(edition))
            _draw(block_charts(page).values(), edition)
            for row in page.figures.rows:
                if monotonic() > end:
                    return False
                own = agency_page(edition, row.slug, editions, public_links)
                _draw(agency_charts(own).values() if own else (), edition)
    return True


def _draw(charts: Iterable[Chart], edition: Edition) -> None:
    for chart in charts:
        drawing.ensure(chart, edition.content)
