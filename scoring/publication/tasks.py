"""Background work of the publication: an id in, a service called."""

from celery import shared_task

from parindex.background import publish
from scoring.publication.chart_service import draw_publication


@shared_task(name="scoring.tasks.draw_charts", ignore_result=True)
def draw_charts(publication_id: int) -> None:
    """Draw what the pages of a publication will ask for; a large one in several goes."""
    if not draw_publication(publication_id):
        publish("scoring.tasks.draw_charts", publication_id)
