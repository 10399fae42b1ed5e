"""What the decision of who appraises needs from the database: panels, duties and reach of a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import Q
from django.utils import timezone

from agencies.actors import Actor
from agencies.models import Agency, Membership, Role, Succession
from scoring.assessment.appraisal_permissions import OVERSEER_ROLES, Reach, barred_houses
from scoring.assessment.appraisers import LeafPlace, Narrowing, Panel, duty_of
from scoring.assessment.models import Assignment, CycleBlock, Participation
from scoring.assessment.permissions import default_substitute, substitutes
from scoring.criteria.models import Criterion, Method


def reach_of(actor: Actor, cycle_block: CycleBlock) -> Reach:
    """What this person sees and marks in one block. At most five queries."""
    return reaches(actor, [cycle_block])[cycle_block.pk]


def reaches(actor: Actor, cycle_blocks: Iterable[CycleBlock]) -> dict[int, Reach]:
    """The same for several blocks (with their cycles), by id. At most five queries for all together."""
    blocks = list(cycle_blocks)
    panels = panels_of(blocks)
    barred = barred_houses(actor)
    oversees = actor.has(*OVERSEER_ROLES)
    offices = actor.agency_ids(Role.ASSESSOR)
    if not offices or actor.user is None:
        return {b.pk: Reach(b.pk, panels[b.pk], oversees=oversees, barred=barred) for b in blocks}
    leaves = _leaf_places({block.criteria_set_id for block in blocks})
    scored = _participants(blocks)
    narrowings = narrowings_of(blocks)
    return {
        block.pk: Reach(
            block.pk,
            panels[block.pk],
            duty_of(
                user_id=actor.user.pk,
                offices=offices,
                houses=actor.houses,
                panel=panels[block.pk],
                leaves=leaves[block.criteria_set_id],
                agency_ids=scored[block.pk],
                narrowing=narrowings[block.pk],
            ),
            oversees,
            barred,
        )
        for block in blocks
    }


def panels_of(cycle_blocks: Iterable[CycleBlock]) -> dict[int, Panel]:
    """The panel of each block, by id. Two queries (agencies by slug, successions)."""
    blocks = list(cycle_blocks)
    named = {block.pk: substitutes(block.cycle) for block in blocks}
    default = {block.pk: default_substitute(block.cycle) for block in blocks}
    slugs = {slug for pairs in named.values() for pair in pairs.items() for slug in pair} | set(
        default.values()
    )
    ids: dict[str, int] = {}
    home: int | None = None
    agencies = Agency.objects.filter(Q(is_home_affairs=True) | Q(slug__in=slugs))
    for pk, slug, is_home in agencies.values_list("pk", "slug", "is_home_affairs"):
        ids[slug] = pk
        home = pk if is_home else home
    kin = kinships()
    return {
        block: Panel(
            home,
            {ids[whose]: ids[by] for whose, by in pairs.items() if whose in ids and by in ids},
            kin,
            ids.get(default[block]),
        )
        for block, pairs in named.items()
    }


def kinships() -> dict[int, frozenset[int]]:
    """Every agency that was merged, split or renamed → itself with its predecessors and successors. One query."""
    links = list(Succession.objects.values_list("predecessor_id", "successor_id"))
    ways: tuple[dict[int, set[int]], dict[int, set[int]]] = (defaultdict(set), defaultdict(set))
    for before, after in links:
        ways[0][before].add(after)
        ways[1][after].add(before)
    found: dict[int, frozenset[int]] = {}
    for agency in {pk for link in links for pk in link}:
        family = {agency}
        for way in ways:
            reached, frontier = {agency}, {agency}
            while frontier:
                frontier = {pk for one in frontier for pk in way.get(one, ())} - reached
                reached |= frontier
            family |= reached
        found[agency] = frozenset(family)
    return found


def narrowings_of(cycle_blocks: Iterable[CycleBlock]) -> dict[int, Narrowing]:
    """The assignments of each block, with where the people named are assessors today. Two queries."""
    named: dict[int, dict[int, set[int]]] = {block.pk: defaultdict(set) for block in cycle_blocks}
    people: set[int] = set()
    rows = Assignment.objects.filter(cycle_block__in=list(named)).values_list(
        "cycle_block_id", "criterion_id", "assessor_id"
    )
    for block, criterion, user in rows:
        named[block][criterion].add(user)
        people.add(user)
    offices = offices_of(people)
    return {
        block: Narrowing({criterion: frozenset(users) for criterion, users in by.items()}, offices)
        for block, by in named.items()
    }


def offices_of(user_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """Where these people are assessors today. One query (none for nobody)."""
    wanted = set(user_ids)
    if not wanted:
        return {}
    today = timezone.localdate()
    offices: dict[int, set[int]] = defaultdict(set)
    rows = Membership.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=today),
        user__in=wanted,
        user__is_active=True,
        role=Role.ASSESSOR,
        starts_on__lte=today,
        agency__isnull=False,
    ).values_list("user_id", "agency_id")
    for user, agency in rows:
        if agency is not None:
            offices[user].add(agency)
    return {user: frozenset(agencies) for user, agencies in offices.items()}


def _leaf_places(criteria_sets: set[int]) -> dict[int, list[LeafPlace]]:
    parents: dict[int, int | None] = {}
    leaves: list[tuple[int, int, int | None]] = []
    rows = Criterion.objects.filter(criteria_set__in=criteria_sets).values_list(
        "pk", "criteria_set_id", "parent_id", "appraiser_id", "method"
    )
    for pk, criteria_set, parent, appraiser, method in rows:
        parents[pk] = parent
        if method == Method.APPRAISAL:
            leaves.append((pk, criteria_set, appraiser))
    places: dict[int, list[LeafPlace]] = {pk: [] for pk in criteria_sets}
    for leaf, of_set, office in leaves:
        places[of_set].append(LeafPlace(leaf, office, _path(leaf, parents)))
    return places


def _path(pk: int, parents: Mapping[int, int | None]) -> tuple[int, ...]:
    path: list[int] = []
    node: int | None = pk
    while node is not None:
        path.append(node)
        node = parents[node]
    return tuple(path)


def _participants(blocks: Iterable[CycleBlock]) -> dict[int, list[int]]:
    scored: dict[int, list[int]] = {block.pk: [] for block in blocks}
    rows = Participation.objects.filter(cycle_block__in=list(scored)).values_list(
        "cycle_block_id", "agency_id"
    )
    for block, agency in rows:
        scored[block].append(agency)
    return scored
