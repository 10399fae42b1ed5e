"""What a leaf earned in the agency's last finalised year, matched by the criterion's code."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from parindex.ui.collation import fold
from scoring.assessment.models import ImportedPoints, Mark, Scoresheet, SheetState
from scoring.criteria.models import Criterion

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LastYear:
    """Final points of a leaf with their maximum and the last reason given; ``title`` where it was worded otherwise."""

    year: int
    points: Decimal
    maximum: Decimal
    reason: str
    title: str


def previous_sheet(sheet: Scoresheet) -> Scoresheet | None:
    """The agency's finalised sheet of the latest year before this one. One query."""
    participation = sheet.participation
    return (
        Scoresheet.objects.filter(
            participation__agency_id=participation.agency_id,
            participation__cycle_block__cycle__year__lt=participation.cycle_block.cycle.year,
            state=SheetState.FINALISED,
        )
        .select_related("participation__cycle_block__cycle")
        .order_by("-participation__cycle_block__cycle__year", "-pk")
        .first()
    )


def last_year_of(
    sheet: Scoresheet, titles: dict[str, str], *, previous: Scoresheet | None = None
) -> dict[str, LastYear]:
    """Code → last year, for the codes in ``titles`` (code → this year's title). Four queries at most.

    Leaves that did not apply are left out. Codes are reused, so the old title is given where it differs.
    """
    previous = previous or previous_sheet(sheet)
    if previous is None or not titles:
        return {}
    year = previous.participation.cycle_block.cycle.year
    leaves = {
        leaf.pk: leaf
        for leaf in Criterion.objects.filter(
            criteria_set_id=previous.criteria_set_id, rule__isnull=False, code__in=titles
        ).only("pk", "code", "title")
    }
    found: dict[str, LastYear] = {}
    marks = (
        Mark.objects.filter(answer__scoresheet=previous, answer__criterion_id__in=leaves)
        .order_by("round", "pk")
        .values_list("answer__criterion_id", "points", "applicable_max", "reason")
    )
    for leaf_id, points, maximum, reason in marks:
        leaf = leaves[leaf_id]
        before = found.get(leaf.code)
        kept = reason or (before.reason if before is not None and before.points == points else "")
        found[leaf.code] = LastYear(year, points, maximum, kept, _other(leaf.title, titles[leaf.code]))
    imported = ImportedPoints.objects.filter(
        scoresheet=previous, current=True, criterion_id__in=leaves
    ).values_list("criterion_id", "points", "applicable_max", "note")
    for leaf_id, points, maximum, note in imported:
        leaf = leaves[leaf_id]
        if leaf.code not in found:
            found[leaf.code] = LastYear(year, points, maximum, note, _other(leaf.title, titles[leaf.code]))
    return {code: one for code, one in found.items() if one.maximum > ZERO}


def _other(old: str, new: str) -> str:
    return "" if fold(old) == fold(new) else old
