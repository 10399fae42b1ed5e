"""Who is asking: one person's memberships in force, read once a request. Every permission decision starts here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from agencies.models import AGENCY_ROLES, Membership, Role, Succession

if TYPE_CHECKING:
    from django.http import HttpRequest

    from agencies.models import User


@dataclass(frozen=True, slots=True)
class Grant:
    """A membership in force."""

    role: str
    agency_id: int | None
    division_id: int | None
    agency_name: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person (or nobody) with the grants in force today and every agency he or she ever belonged to.

    ``houses`` holds the ids of all agencies of present and past memberships, with their predecessors and
    successors: the sheets that this person may never appraise.
    """

    user: User | None
    grants: tuple[Grant, ...] = ()
    houses: frozenset[int] = frozenset()

    @property
    def is_authenticated(self) -> bool:
        return self.user is not None

    def has(self, *roles: str) -> bool:
        """Whether any of the roles is held anywhere."""
        return any(grant.role in roles for grant in self.grants)

    def has_in(self, agency_id: int | None, *roles: str) -> bool:
        """Whether any of the roles is held in this agency."""
        return agency_id is not None and any(
            g.agency_id == agency_id and g.role in roles for g in self.grants
        )

    def agency_ids(self, *roles: str) -> frozenset[int]:
        """The agencies in which any of the roles is held."""
        return frozenset(g.agency_id for g in self.grants if g.role in roles and g.agency_id is not None)

    def division_ids(self, agency_id: int) -> frozenset[int]:
        """The divisions of this agency for which the person is a division editor."""
        return frozenset(
            g.division_id
            for g in self.grants
            if g.agency_id == agency_id and g.role == Role.DIVISION_EDITOR and g.division_id is not None
        )

    @property
    def own_agency_ids(self) -> frozenset[int]:
        """The agencies for which the person does agency work (declares, coordinates or approves)."""
        return self.agency_ids(*AGENCY_ROLES)

    @property
    def works_in_admin(self) -> bool:
        """Whether the person has business in the administration frame."""
        return any(grant.role not in AGENCY_ROLES for grant in self.grants)

    def belongs_or_belonged(self, agency_id: int) -> bool:
        """Conflict of interest: employment by dates, following mergers (trust.md)."""
        return agency_id in self.houses


NOBODY = Actor(user=None)
# The portal itself, for management commands run by whoever owns the machine. Recorded without a name.
SYSTEM = Actor(user=None, grants=(Grant(Role.ADMINISTRATOR, None, None), Grant(Role.SECRETARY, None, None)))


def actor_for(user: User | AnonymousUser | None, *, on: date | None = None) -> Actor:
    """The actor that this account is on a day (default: today in the province). Two queries at most."""
    if user is None or not user.is_authenticated or not user.is_active:
        return NOBODY
    day = on or timezone.localdate()
    rows = list(
        Membership.objects.filter(user_id=user.pk, starts_on__lte=day)
        .order_by("starts_on", "pk")
        .values_list("role", "agency_id", "division_id", "ends_on", "agency__name", "agency__short_name")
    )
    grants = tuple(
        Grant(role, agency, division, short or name or "")
        for role, agency, division, end, name, short in rows
        if end is None or end >= day
    )
    employers = {row[1] for row in rows if row[1] is not None}
    return Actor(user=user, grants=grants, houses=with_kin(employers))  # type: ignore[arg-type]


def actor_of(request: HttpRequest) -> Actor:
    """Who sent this request; the middleware reads it from the database once."""
    return request.actor  # type: ignore[attr-defined,no-any-return]


def with_kin(agency_ids: Iterable[int]) -> frozenset[int]:
    """These agencies with all that they came from and all that came of them, however far. One query.

    Forward and backward are followed apart: of two agencies merged into a third, neither is the other's kin.
    """
    own = frozenset(agency_ids)
    if not own:
        return own
    links = list(Succession.objects.order_by().values_list("predecessor_id", "successor_id"))
    return own | _reached(own, links) | _reached(own, [(after, before) for before, after in links])


def _reached(start: frozenset[int], links: list[tuple[int, int]]) -> frozenset[int]:
    """Everything that the links lead to from the start, the start included."""
    found, frontier = set(start), set(start)
    while frontier:
        frontier = {target for source, target in links if source in frontier} - found
        found |= frontier
    return frozenset(found)
