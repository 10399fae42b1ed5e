"""Whether a block's year is published: registered with the rooms below, which must not import this one."""

from __future__ import annotations

from scoring.assessment import published
from scoring.assessment.models import CycleBlock
from scoring.publication.models import PublicationRun


def register() -> None:
    """Called once, when the app is ready."""
    published.register(is_published)


def is_published(cycle_block: CycleBlock) -> bool:
    """Whether the public reads a ranking of this block's year. One query."""
    links = PublicationRun.objects.filter(cycle=cycle_block.cycle_id, block=cycle_block.block_id)
    return links.filter(current=True).exists()
