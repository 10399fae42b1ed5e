"""What the figures of one year may say against those of the year before: the links between the sets decide.

Public: reads the rows of published runs, the locked sets that they were computed with, and the links between these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from scoring.criteria.links import Bridge, Links, Whole, bridges, read_links, wholes, worst
from scoring.criteria.models import Comparability, CriteriaSet, Criterion
from scoring.publication.editions import Edition
from scoring.ranking.models import NodeRow

__all__ = ["Against", "Ground", "NodeChange", "NodeChanges", "sets_of"]


@dataclass(frozen=True, slots=True)
class Against:
    """The year before, and whether its totals and places compare. ``linked``: a person tied the sets."""

    year: int
    comparability: str = Comparability.SAME
    linked: bool = True
    reason: str = ""

    @property
    def compares(self) -> bool:
        return self.comparability != Comparability.NOT_COMPARABLE

    @property
    def refusal(self) -> str:
        """Why a line of this year shows no difference; empty where it may."""
        return "" if self.compares else self.reason or _("another set of criteria")

    @property
    def line_note(self) -> str:
        """What a line of several years says of its own year; empty where all compares."""
        return _("scale changed") if self.comparability == Comparability.RESCALED else self.refusal

    @property
    def notes(self) -> list[str]:
        """What a page says once below its figures."""
        told = []
        if not self.compares:
            why = self.refusal.rstrip(". ")
            return [_("Not compared with %(year)s: %(reason)s.") % {"year": self.year, "reason": why}]
        if self.comparability == Comparability.RESCALED:
            told.append(
                _("The scale of points has changed since %(year)s: only the index in percent is compared.")
                % {"year": self.year}
            )
        if self.reason:
            told.append(self.reason)
        if not self.linked:
            told.append(
                _("Compared with %(year)s by code and title, not confirmed by anybody.") % {"year": self.year}
            )
        return told


@dataclass(frozen=True, slots=True)
class NodeChange:
    """A node's change since the year before: points, index in percentage points, or why there is none."""

    points: Decimal | None = None
    index: Decimal | None = None
    note: str = ""


NOTHING = NodeChange()
Figure = tuple[Decimal, Decimal, Decimal | None]
"""Points, maximum and index (percent) of a node."""


@dataclass(frozen=True, slots=True)
class NodeChanges:
    """How the nodes of one year compare with those of the year before, for one agency's figures."""

    ties: Bridge | None = None
    before: Mapping[int, Figure] = field(default_factory=dict)

    def of(self, node: int, now: Figure) -> NodeChange:
        """The change of a node (its id) whose figures now are given."""
        ties = self.ties
        if ties is None or not self.before:
            return NOTHING
        tie = ties.comparable(node)
        if tie is None:
            return NodeChange(note=_why(node, ties))
        before = self.before.get(tie.earlier)
        if before is None or before[2] is None or now[2] is None:
            return NOTHING
        index = now[2] - before[2]
        if tie.comparability == Comparability.RESCALED:
            return NodeChange(index=index, note=_("scale changed"))
        same_maximum = now[1] == before[1]  # else part of it was not applicable in one of the years
        return NodeChange(now[0] - before[0] if same_maximum else None, index)


@dataclass(frozen=True, slots=True)
class Ground:
    """The sets of some editions and the links between sets: read once for a page."""

    sets: Mapping[int, tuple[CriteriaSet, ...]]
    links: Links

    @classmethod
    def read(cls, editions: Sequence[Edition]) -> Ground:
        """Three queries, whatever the number of editions."""
        return cls(sets_of(editions), read_links())

    def against(self, edition: Edition, before: Edition | None) -> Against | None:
        """What an edition may say against the one before it; None without one. No query."""
        if before is None:
            return None
        pairs = self._pairs(edition, before)
        found = [one for key, one in wholes(pairs, self.links).items() if key[0] != key[1]]
        return _together(before.year, found)

    def bridge(self, edition: Edition, before: Edition) -> Bridge | None:
        """The ties of the nodes of two years; None where a year has several sets. One query, and the trees."""
        pairs = self._pairs(edition, before)
        if len(pairs) != 1 or pairs[0][0].pk == pairs[0][1].pk:
            return None
        return next(iter(bridges(pairs, self.links).values()))

    def _pairs(self, edition: Edition, before: Edition) -> list[tuple[CriteriaSet, CriteriaSet]]:
        return [
            (newer, earlier)
            for newer in self.sets.get(edition.run_id, ())
            for earlier in self.sets.get(before.run_id, ())
        ]


def sets_of(editions: Iterable[Edition]) -> dict[int, tuple[CriteriaSet, ...]]:
    """The locked sets that the runs of some editions were computed with, by run. Two queries."""
    wanted = list(editions)
    firsts: dict[int, Criterion] = {}
    areas = Criterion.objects.filter(
        level=1,
        criteria_set__locked_at__isnull=False,
        criteria_set__year__in={e.year for e in wanted},
        criteria_set__block__in={e.block_id for e in wanted},
    )
    for area in areas.select_related("criteria_set").order_by("criteria_set", "order"):
        firsts.setdefault(area.criteria_set_id, area)
    by_area = {area.pk: area.criteria_set for area in firsts.values()}
    rows = (
        NodeRow.objects.filter(run__in=[e.run_id for e in wanted], criterion__in=by_area)
        .order_by("run_id", "criterion__criteria_set__version")
        .values_list("run_id", "criterion_id")
        .distinct()
    )
    found: dict[int, tuple[CriteriaSet, ...]] = {}
    for run, area_id in rows:
        found[run] = (*found.get(run, ()), by_area[area_id])
    return found


def figures_of(run_id: int, agency_id: int, levels: int) -> dict[int, Figure]:
    """One agency's figures in a run by node, down to a level of the tree. One query."""
    rows = NodeRow.objects.filter(run=run_id, agency=agency_id, criterion__level__lte=levels)
    return {
        node: (points, maximum, index)
        for node, points, maximum, index in rows.values_list("criterion_id", "points", "maximum", "index")
    }


def _together(year: int, found: Sequence[Whole]) -> Against:
    """The least that holds between any two sets of the two years."""
    return Against(
        year,
        worst(*(one.comparability for one in found)),
        all(one.linked for one in found),
        " ".join(dict.fromkeys(one.note for one in found if one.note)),
    )


def _why(node: int, ties: Bridge) -> str:
    back = ties.back(node)
    if not back:
        return _("new")
    if len(back) > 1:
        return _("merged")
    return _("split") if ties.is_split(node) else _("not comparable")
