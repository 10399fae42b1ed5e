"""Draw the charts of a publication ahead of its readers. Safe at any time, any number of times."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation

from scoring.publication import drawing
from scoring.publication.editions import current_editions
from scoring.publication.links import public_links
from scoring.publication.models import PublicationRun
from scoring.publication.pages import agency_charts, block_charts
from scoring.publication.public_agency import agency_page
from scoring.publication.public_queries import block_page

__all__ = ["draw_publication"]


def draw_publication(publication_id: int) -> int:
    """Draw every chart of the publication's current blocks in the portal's language; the number that was drawn.

    Nothing is written to the database: what is missing (another language, a worker that died) is drawn when it
    is first asked for.
    """
    blocks = set(
        PublicationRun.objects.filter(publication=publication_id, current=True).values_list(
            "run_id", flat=True
        )
    )
    drawn = 0
    with translation.override(settings.LANGUAGE_CODE):
        editions = current_editions()
        for edition in (e for e in editions if e.run_id in blocks):
            page = block_page(edition, editions, public_links(edition))
            made = [*block_charts(page).values()]
            for row in page.figures.rows:
                own = agency_page(edition, row.slug, editions, public_links)
                made += agency_charts(own).values() if own else []
            drawn += sum(drawing.ensure(chart, edition.content) for chart in made)
    return drawn
