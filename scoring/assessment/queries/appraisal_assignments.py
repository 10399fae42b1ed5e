"""The tree of a block with the people to whom its criteria are narrowed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils import timezone

from agencies.models import Membership, Role
from scoring.assessment.models import Assignment, CycleBlock, Participation
from scoring.assessment.queries.panels import panels_of
from scoring.criteria.models import Criterion, Method


@dataclass(slots=True)
class AssignedNode:
    """A node with the appraisers of the leaves beneath it and the people named for it (id → name)."""

    criterion: Criterion
    offices: set[int | None] = field(default_factory=set)
    office_names: list[str] = field(default_factory=list)
    named: dict[int, str] = field(default_factory=dict)


def assignment_tree(cycle_block: CycleBlock) -> list[AssignedNode]:
    """Every node that holds self-scored leaves, in order of the tree. Two queries."""
    nodes = {
        node.pk: AssignedNode(node)
        for node in Criterion.objects.filter(criteria_set=cycle_block.criteria_set_id)
        .select_related("appraiser")
        .order_by("order")
    }
    for entry in list(nodes.values()):
        leaf = entry.criterion
        if leaf.method != Method.APPRAISAL:
            continue
        name = leaf.appraiser.name if leaf.appraiser else ""
        above: int | None = leaf.pk
        while above is not None:
            holder = nodes[above]
            holder.offices.add(leaf.appraiser_id)
            if name and name not in holder.office_names:
                holder.office_names.append(name)
            above = holder.criterion.parent_id
    rows = Assignment.objects.filter(cycle_block=cycle_block).select_related("assessor").order_by("assessor")
    for row in rows:
        if row.criterion_id in nodes:
            nodes[row.criterion_id].named[row.assessor_id] = str(row.assessor)
    return [entry for entry in nodes.values() if entry.offices]


def assignable(cycle_block: CycleBlock, node: AssignedNode) -> list[tuple[int, str]]:
    """(id, name · agency) of the people who may be named for a node. Four queries."""
    panel = panels_of([cycle_block])[cycle_block.pk]
    regular = {panel.home_affairs_id if office is None else office for office in node.offices}
    scored = list(Participation.objects.filter(cycle_block=cycle_block).values_list("agency_id", flat=True))
    offices = regular | {
        panel.appraiser_of(appraiser_id=office, agency_id=agency) for agency in scored for office in regular
    }
    today = timezone.localdate()
    rows = (
        Membership.objects.filter(
            Q(ends_on=None) | Q(ends_on__gte=today),
            role=Role.ASSESSOR,
            agency__in=[office for office in offices if office is not None],
            starts_on__lte=today,
            user__is_active=True,
        )
        .select_related("user", "agency")
        .order_by("agency__sort_key", "user__username")
    )
    people: dict[int, list[str]] = defaultdict(list)
    names: dict[int, str] = {}
    for row in rows:
        names[row.user_id] = str(row.user)
        people[row.user_id].append(row.agency.name if row.agency else "")
    return [(pk, f"{names[pk]} · {', '.join(dict.fromkeys(where))}") for pk, where in people.items()]
