"""Who somebody is today: grants by dates, and houses that follow mergers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from agencies.actors import NOBODY, actor_for, with_kin
from agencies.models import Role
from tests.factories import (
    AgencyFactory,
    DivisionFactory,
    MembershipFactory,
    SuccessionFactory,
    UserFactory,
    person,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 7, 1)


@pytest.mark.parametrize(
    "starts,ends,counts",
    [
        (0, None, True),
        (0, 0, True),
        (-10, 0, True),
        (-10, -1, False),
        (1, None, False),
        (-10, 10, True),
    ],
)
def test_a_role_counts_from_its_first_day_to_its_last(starts, ends, counts):
    held = MembershipFactory(
        role=Role.HEAD,
        starts_on=TODAY + timedelta(days=starts),
        ends_on=None if ends is None else TODAY + timedelta(days=ends),
    )
    actor = actor_for(held.user, on=TODAY)
    assert actor.has(Role.HEAD) is counts
    assert actor.has_in(held.agency_id, Role.HEAD) is counts
    assert (held.agency_id in actor.own_agency_ids) is counts
    belonged = starts <= 0
    assert actor.belongs_or_belonged(held.agency_id) is belonged


def test_the_day_is_the_provinces():
    held = MembershipFactory(starts_on=timezone.localdate())
    assert actor_for(held.user).has(Role.EDITOR)


def test_nobody_is_nobody():
    closed = person(Role.SECRETARY, is_active=False)
    for user in (None, AnonymousUser(), closed):
        assert actor_for(user) is NOBODY
    assert not NOBODY.has(*Role) and not NOBODY.works_in_admin and not NOBODY.is_authenticated


def test_a_role_in_one_agency_is_none_in_another():
    here, there = AgencyFactory(), AgencyFactory()
    user = person(Role.HEAD, here)
    MembershipFactory(user=user, agency=there, role=Role.EDITOR)
    actor = actor_for(user)
    assert actor.has_in(here.pk, Role.HEAD) and not actor.has_in(there.pk, Role.HEAD)
    assert actor.agency_ids(Role.HEAD) == {here.pk}
    assert not actor.has_in(None, Role.HEAD)


def test_divisions_are_of_their_agency():
    division, other = DivisionFactory(), DivisionFactory()
    actor = actor_for(person(Role.DIVISION_EDITOR, division=division))
    assert actor.division_ids(division.agency_id) == {division.pk}
    assert actor.division_ids(other.agency_id) == frozenset()


@pytest.mark.parametrize("role", list(Role))
def test_agency_roles_have_no_business_in_the_administration(role):
    in_admin = role not in {Role.EDITOR, Role.DIVISION_EDITOR, Role.COORDINATOR, Role.HEAD}
    assert actor_for(person(role)).works_in_admin is in_admin


def test_houses_follow_mergers_splits_and_renamings_in_both_directions():
    """a and b merged into c, c renamed to d, d split into e and f."""
    a, b, c, d, e, f, stranger = (AgencyFactory(name=letter) for letter in "abcdefg")
    for before, after in [(a, c), (b, c), (c, d), (d, e), (d, f)]:
        SuccessionFactory(predecessor=before, successor=after)

    def kin(agency):
        return {one.name for one in (a, b, c, d, e, f, stranger) if one.pk in with_kin([agency.pk])}

    assert kin(a) == {"a", "c", "d", "e", "f"}, "not b: nobody of a ever worked there"
    assert kin(c) == {"a", "b", "c", "d", "e", "f"}
    assert kin(e) == {"a", "b", "c", "d", "e"}, "not f: it left before"
    assert kin(stranger) == {"g"}
    assert with_kin([]) == frozenset()


def test_kin_ends_even_when_the_rows_go_in_a_circle():
    a, b = AgencyFactory(), AgencyFactory()
    SuccessionFactory(predecessor=a, successor=b)
    SuccessionFactory(predecessor=b, successor=a)
    assert with_kin([a.pk]) == {a.pk, b.pk}


def test_whoever_left_an_agency_before_its_merger_keeps_away_from_the_new_one():
    old, new = AgencyFactory(), AgencyFactory()
    user = UserFactory()
    MembershipFactory(
        user=user, agency=old, role=Role.EDITOR, starts_on=date(2015, 1, 1), ends_on=date(2019, 1, 1)
    )
    MembershipFactory(user=user, role=Role.ASSESSOR, agency=AgencyFactory())
    assert not actor_for(user).belongs_or_belonged(new.pk)
    SuccessionFactory(predecessor=old, successor=new, on=date(2025, 7, 1))
    assert actor_for(user).belongs_or_belonged(new.pk), "counts at the next request"


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_an_actor(count, django_assert_num_queries):
    user = UserFactory()
    for _ in range(count):
        held = MembershipFactory(user=user)
        SuccessionFactory(predecessor=held.agency)
    with django_assert_num_queries(2):
        actor = actor_for(user)
    with django_assert_num_queries(0):
        assert actor.grants[0].agency_name and actor.own_agency_ids
