"""A year after an earlier one: its blocks, agencies and windows, as the earlier year ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Max
from django.utils import timezone

from scoring.assessment.models import Cycle, CycleBlock, Participation, Window
from scoring.criteria.models import CriteriaSet

__all__ = ["copy_blocks", "shifted"]


def copy_blocks(cycle: Cycle, source: Cycle) -> None:
    """Blocks, participations of active agencies, and windows moved by whole years. Constant queries a block.

    Where the earlier year had two sets, the new one begins as that year ended: with the part that closed last, whole.
    """
    years = cycle.year - source.year
    for old in _last_parts(source):
        newest = CriteriaSet.objects.filter(year=cycle.year, block=old.block).order_by("-version").first()
        criteria_set = newest or old.criteria_set
        new = CycleBlock.objects.create(cycle=cycle, block=old.block, criteria_set=criteria_set)
        kept: Iterable[Participation] = old.participations.filter(agency__active=True)
        Participation.objects.bulk_create(
            Participation(
                cycle_block=new,
                agency_id=one.agency_id,
                profiles=[key for key in one.profiles if key in criteria_set.profiles],
                ranked=one.ranked,
            )
            for one in kept
        )
        Window.objects.bulk_create(
            Window(
                cycle_block=new,
                stage=window.stage,
                opens=shifted(window.opens, years),
                closes=shifted(window.closes, years),
            )
            for window in old.windows.all()
        )


def _last_parts(source: Cycle) -> list[CycleBlock]:
    """Of each block of a cycle the row that counts for the end of its year: whose windows close last. One query."""
    rows = source.blocks.select_related("block", "criteria_set").annotate(ends=Max("windows__closes"))
    last: dict[int, CycleBlock] = {}
    for row in rows.order_by(F("ends").asc(nulls_first=True), "pk"):
        last[row.block_id] = row
    return sorted(last.values(), key=lambda row: (row.block.order, row.pk))


def shifted(moment: datetime, years: int) -> datetime:
    """The same day and hour in the province, whole years later; 29 February becomes the 28th."""
    local = timezone.localtime(moment)
    try:
        return local.replace(year=local.year + years)
    except ValueError:
        return local.replace(year=local.year + years, day=28)
