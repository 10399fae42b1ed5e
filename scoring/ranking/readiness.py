"""What stands against a final ranking: sheets that are not finalised, parts of the year that are not there yet."""

from __future__ import annotations

from django.db.models import F
from django.utils.translation import gettext as _

from parindex.errors import Refusal
from parindex.ui.formats import format_percent
from scoring.assessment.models import CycleBlock, Participation, Scoresheet, SheetState
from scoring.assessment.queries.parts import YearParts, parts_of_year

#: How many sheets a refusal names.
NAMED = 10


class NotReady(Refusal):
    """A final run is asked while ranked sheets of the block are not finalised."""

    status = 409


def require_ready(block: CycleBlock) -> None:
    """Raises NotReady, which names the sheets (with the part of the year) that are not finalised."""
    if block.part_of_id is not None:
        raise NotReady(
            _(
                "This is one part of the year. The final ranking combines all parts: ask for it on the block itself."
            )
        )
    year = parts_of_year(block)
    if year.several:
        _require_whole(year)
    ranked = Scoresheet.objects.filter(
        participation__cycle_block__in=year.rows,
        participation__agency__in=ranked_agencies(year),
        criteria_set=F("participation__cycle_block__criteria_set"),
    )
    waiting = list(
        ranked.exclude(state=SheetState.FINALISED)
        .order_by("participation__cycle_block__part_of", "participation__agency__sort_key")
        .values_list("participation__agency__name", "participation__cycle_block__period")
    )
    if waiting:
        named = [f"{name} ({period})" if period else name for name, period in waiting[:NAMED]]
        raise NotReady(
            _("%(count)s scoresheets are not finalised yet: %(names)s.")
            % {"count": len(waiting), "names": ", ".join(named) + ("…" if len(waiting) > NAMED else "")}
        )
    if not ranked.exists():
        raise NotReady(_("No ranked agency takes part in this block."))


def ranked_agencies(year: YearParts) -> set[int]:
    """The agencies that are ranked in the year or in any part of it: their sheets must all be final. One query."""
    rows = Participation.objects.filter(cycle_block__in=year.rows, ranked=True)
    return set(rows.values_list("agency_id", flat=True))


def _require_whole(year: YearParts) -> None:
    if not year.is_whole:
        raise NotReady(
            _(
                "The weights of the parts of the year add up to %(total)s, not to 100 %%. Set them on the block's page."
            )
            % {"total": format_percent(year.total, None)}
        )
    unopened = [row.name for row in year.rows if row.opened_at is None]
    if unopened:
        raise NotReady(
            _("These parts of the year have not been opened yet: %(names)s.") % {"names": ", ".join(unopened)}
        )
