"""What beat asks of the library once a day."""

from celery import shared_task

from evidence import upkeep


@shared_task(name="evidence.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Remove files of uploads that were never finished."""
    upkeep.sweep()
