"""Background work of the ranking: an id in, a service called."""

from celery import shared_task

from scoring.ranking import services


@shared_task(name="scoring.tasks.compute_ranking_run", ignore_result=True)
def compute_ranking_run(run_id: int) -> None:
    """Do one run."""
    services.work(run_id)
