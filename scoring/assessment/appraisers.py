"""Who appraises which leaf of which agency. Pure: it decides on ids that a query has read.

Rules of the year: a leaf belongs to its criterion's appraiser, else to Home Affairs. Nobody marks his own
house: on the sheet of the appraiser itself (or of an agency merged into or out of it) the leaf goes to the
substitute that the cycle names. An assignment narrows an agency's leaf to some of its assessors; it never
hands a leaf to somebody of another agency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

NONE: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Panel:
    """The agencies that appraise in one block of a cycle.

    ``kin``: an agency's id → itself with all predecessors and successors. ``substitutes``: an appraiser's
    id → who appraises in its place on its own sheet; ``default_substitute`` for those not named there.
    """

    home_affairs_id: int | None
    substitutes: Mapping[int, int] = field(default_factory=dict)
    kin: Mapping[int, frozenset[int]] = field(default_factory=dict)
    default_substitute: int | None = None

    def family(self, agency_id: int) -> frozenset[int]:
        """The agency with its kin."""
        return self.kin.get(agency_id, frozenset({agency_id}))

    def appraiser_of(self, *, appraiser_id: int | None, agency_id: int) -> int | None:
        """The agency that appraises a leaf of ``appraiser_id`` on the sheet of ``agency_id``.

        ``None`` when nobody may: the cycle names no substitute, or one that is of the scored house itself.
        """
        family, tried = self.family(agency_id), set()
        candidate = self.home_affairs_id if appraiser_id is None else appraiser_id
        while candidate is not None and candidate in family:
            if candidate in tried:
                return None
            tried.add(candidate)
            candidate = self.substitutes.get(candidate, self.default_substitute)
        return candidate

    def is_home_affairs_house(self, agency_id: int) -> bool:
        """Whether the sheet is that of Home Affairs, or of an agency merged into or out of it."""
        return self.home_affairs_id is not None and self.home_affairs_id in self.family(agency_id)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The assignments of a block: criterion id → the people named, and where each is an assessor now."""

    named: Mapping[int, frozenset[int]] = field(default_factory=dict)
    offices: Mapping[int, frozenset[int]] = field(default_factory=dict)

    def people(self, path: Iterable[int], office_id: int) -> frozenset[int]:
        """The assessors of this office to whom the leaf is narrowed; empty: all of the office.

        ``path``: the leaf and the nodes above it, nearest first. Names of other offices don't count, so an
        assignment never shuts out a substitute, and one whose people have left frees the leaf again.
        """
        for node in path:
            here = frozenset(
                user for user in self.named.get(node, NONE) if office_id in self.offices.get(user, NONE)
            )
            if here:
                return here
        return NONE


@dataclass(frozen=True, slots=True)
class LeafPlace:
    """A self-scored leaf: its appraiser, and its path upward beginning with itself."""

    pk: int
    appraiser_id: int | None
    path: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Duty:
    """The leaves that one person is to mark in one block.

    ``everywhere``: on every sheet not named in ``special`` and not ``barred``. ``special``: on the sheets
    of agencies that appraise themselves. ``barred``: his or her own houses.
    """

    everywhere: frozenset[int] = NONE
    special: Mapping[int, frozenset[int]] = field(default_factory=dict)
    barred: frozenset[int] = NONE

    def leaves_on(self, agency_id: int) -> frozenset[int]:
        """The leaves to be marked on the sheet of this agency; empty for one's own house."""
        if agency_id in self.barred:
            return NONE
        return self.special.get(agency_id, self.everywhere)

    def covers(self, agency_id: int, criterion_id: int) -> bool:
        """Whether this person marks the leaf on the sheet of this agency."""
        return criterion_id in self.leaves_on(agency_id)

    @property
    def is_empty(self) -> bool:
        return not self.everywhere and not any(self.special.values())


def duty_of(
    *,
    user_id: int,
    offices: frozenset[int],
    houses: frozenset[int],
    panel: Panel,
    leaves: Iterable[LeafPlace],
    agency_ids: Iterable[int],
    narrowing: Narrowing,
) -> Duty:
    """What a person who is an assessor of ``offices`` and belongs or belonged to ``houses`` is to mark."""
    if not offices:
        return Duty(barred=houses)
    leaves = list(leaves)

    def falls_to(leaf: LeafPlace, agency_id: int | None) -> bool:
        if agency_id is None:
            office = panel.home_affairs_id if leaf.appraiser_id is None else leaf.appraiser_id
        else:
            office = panel.appraiser_of(appraiser_id=leaf.appraiser_id, agency_id=agency_id)
        if office is None or office not in offices:
            return False
        people = narrowing.people(leaf.path, office)
        return not people or user_id in people

    everywhere = frozenset(leaf.pk for leaf in leaves if falls_to(leaf, None))
    regular = (panel.home_affairs_id if leaf.appraiser_id is None else leaf.appraiser_id for leaf in leaves)
    appraisers = frozenset(office for office in regular if office is not None)
    special = {
        agency_id: NONE if agency_id in houses else frozenset(x.pk for x in leaves if falls_to(x, agency_id))
        for agency_id in agency_ids
        if panel.family(agency_id) & appraisers
    }
    return Duty(everywhere, special, houses)
