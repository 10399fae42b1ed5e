"""What a leaf earned in the agency's last finalised year, found by the links between the two sets.

The agency is followed through a renaming, never through a merger or a split, as on public pages. Where nobody tied
the sets, leaves are matched by code and title, and the page says so once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from agencies.lineage import Lineage
from parindex.ui.collation import fold
from scoring.assessment.models import ImportedPoints, Mark, Participation, Scoresheet, SheetState
from scoring.criteria.links import Bridge, bridge
from scoring.criteria.models import Comparability
from scoring.criteria.queries import SetNode, tree_of

ZERO, HUNDRED = Decimal(0), Decimal(100)
#: Points, maximum and the last reason given.
Final = tuple[Decimal, Decimal, str]


@dataclass(frozen=True, slots=True)
class LastYear:
    """A leaf's final points of last year with their maximum and the last reason given.

    ``points`` is None where they do not compare as points: the scale changed (``percent`` of the maximum says what
    can be said), or they do not compare at all; ``note`` says which. ``title`` where it was worded otherwise.
    """

    year: int
    points: Decimal | None
    maximum: Decimal
    reason: str = ""
    title: str = ""
    percent: Decimal | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class LastYears:
    """Last year by leaf (id of this year's criterion), and what the page says once."""

    by_leaf: Mapping[int, LastYear] = field(default_factory=dict)
    note: str = ""

    def get(self, leaf: int) -> LastYear | None:
        return self.by_leaf.get(leaf)


NOTHING = LastYears()


def previous_sheet(sheet: Scoresheet, lineage: Lineage | None = None) -> Scoresheet | None:
    """The finalised sheet of the latest year before this one, of the agency or of what it was renamed from.

    None where the agency was merged or split since. Two queries, three where there is one; one less with ``lineage``.
    """
    participation = sheet.participation
    lineage = lineage or Lineage.read()
    agency, year = participation.agency_id, participation.cycle_block.cycle.year
    found = (
        Scoresheet.objects.filter(
            participation__agency__in=[agency, *lineage.names_before(agency)],
            participation__cycle_block__cycle__year__lt=year,
            state=SheetState.FINALISED,
        )
        .select_related("criteria_set", "participation__cycle_block__cycle")
        .order_by("-participation__cycle_block__cycle__year", "-pk")
        .first()
    )
    if found is None:
        return None
    there = set(
        Participation.objects.filter(cycle_block=found.participation.cycle_block_id).values_list(
            "agency_id", flat=True
        )
    )
    since = found.participation.cycle_block.cycle.year
    match = lineage.earlier(agency, there=there, since=since, until=year)
    return found if match.agency == found.participation.agency_id else None


def last_year_of(
    sheet: Scoresheet, leaves: Collection[int], *, previous: Scoresheet | None = None
) -> LastYears:
    """Last year of some leaves (ids of this sheet's set). Seven queries at most, and trees not read before.

    Leaves that did not apply then are left out.
    """
    previous = previous or (previous_sheet(sheet) if leaves else None)
    if previous is None or not leaves:
        return NOTHING
    year = previous.participation.cycle_block.cycle.year
    new, old = tree_of(sheet.criteria_set), tree_of(previous.criteria_set)
    ties = bridge(sheet.criteria_set, previous.criteria_set)
    wanted = {tie.earlier for leaf in leaves for tie in ties.back(leaf)}
    finals = _finals(previous, wanted)
    found = {
        leaf: one
        for leaf in leaves
        if leaf in new.by_id and (one := _of(new.by_id[leaf], year, ties, old.by_id, finals)) is not None
    }
    note = ""
    if not ties.stated and found:
        note = _("Figures of %(year)s are matched by code and title, not confirmed by anybody.") % {
            "year": year
        }
    return LastYears(found, note)


def _of(
    leaf: SetNode, year: int, ties: Bridge, old: Mapping[int, SetNode], finals: Mapping[int, Final]
) -> LastYear | None:
    back = ties.back(leaf.id)
    if not back:
        return LastYear(year, None, ZERO, note=_("new")) if ties.stated else None
    before = old.get(back[0].earlier)
    tie = ties.comparable(leaf.id)
    if tie is None or before is None or not before.is_leaf:
        return LastYear(year, None, ZERO, note=_why(leaf.id, ties))
    if tie.earlier not in finals:
        return None
    points, maximum, reason = finals[tie.earlier]
    if maximum <= ZERO:
        return None
    title = "" if fold(before.title) == fold(leaf.title) else before.title
    if tie.comparability == Comparability.RESCALED:
        percent = points / maximum * HUNDRED
        return LastYear(year, None, maximum, reason, title, percent, _("scale changed"))
    return LastYear(year, points, maximum, reason, title)


def _why(leaf: int, ties: Bridge) -> str:
    if len(ties.back(leaf)) > 1:
        return _("merged")
    return _("split") if ties.is_split(leaf) else _("not comparable")


def _finals(previous: Scoresheet, leaves: Collection[int]) -> dict[int, Final]:
    """The final points of some leaves of a sheet by criterion. Two queries."""
    found: dict[int, Final] = {}
    marks = (
        Mark.objects.filter(answer__scoresheet=previous, answer__criterion__in=leaves)
        .order_by("round", "pk")
        .values_list("answer__criterion_id", "points", "applicable_max", "reason")
    )
    for leaf, points, maximum, reason in marks:
        before = found.get(leaf)
        kept = reason or (before[2] if before is not None and before[0] == points else "")
        found[leaf] = (points, maximum, kept)
    imported = ImportedPoints.objects.filter(scoresheet=previous, current=True, criterion__in=leaves)
    for leaf, points, maximum, note in imported.values_list(
        "criterion_id", "points", "applicable_max", "note"
    ):
        found.setdefault(leaf, (points, maximum, note))
    return found
