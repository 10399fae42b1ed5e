"""Celery finds the rooms' tasks here, and the one that beat sends."""

from celery import shared_task

from scoring.publication.tasks import draw_charts
from scoring.ranking import services as ranking
from scoring.ranking.tasks import compute_ranking_run

__all__ = ["compute_ranking_run", "draw_charts", "take_up_stalled"]


@shared_task(name="scoring.tasks.take_up_stalled", ignore_result=True)
def take_up_stalled() -> None:
    """Send again what waits for a worker, and what a worker left behind. Safe when two run at once."""
    ranking.take_up_stalled()
