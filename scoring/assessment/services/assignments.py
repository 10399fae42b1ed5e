"""The secretary narrows a criterion, or a whole area, to some of its assessors."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.actors import actor_for
from agencies.models import Agency, User
from parindex.audit.services import record
from parindex.errors import Invalid
from scoring.assessment.appraisal_permissions import require_run_block
from scoring.assessment.models import Assignment, CycleBlock, Participation
from scoring.assessment.queries.panels import offices_of, panels_of
from scoring.criteria.models import Criterion, Method

if TYPE_CHECKING:
    from agencies.actors import Actor


def assign(
    *, cycle_block: CycleBlock, criterion: Criterion, assessors: Collection[User], actor: Actor
) -> frozenset[int]:
    """Name who marks a leaf or everything beneath a node; nobody named: every assessor of its appraiser.

    Refused for people who are no assessors of an agency that appraises there, and where it would leave a
    scored agency to people of its own house (belongs or belonged, through mergers). The same again changes
    nothing. Returns the ids of the people named. Raises NotPermitted or Invalid on ``assessors``.
    """
    require_run_block(actor)
    with transaction.atomic():
        block = (
            CycleBlock.objects.select_for_update(of=("self",)).select_related("cycle").get(pk=cycle_block.pk)
        )
        if criterion.criteria_set_id != block.criteria_set_id:
            raise Invalid(_("This criterion is not part of the block's criteria set."))
        _require_fit(block, criterion, assessors)
        standing = Assignment.objects.filter(cycle_block=block, criterion=criterion)
        before = dict(standing.values_list("assessor_id", "pk"))
        wanted = {user.pk for user in assessors}
        if wanted == set(before):
            return frozenset(wanted)
        standing.exclude(assessor__in=wanted).delete()
        Assignment.objects.bulk_create(
            Assignment(cycle_block=block, criterion=criterion, assessor_id=pk)
            for pk in sorted(wanted - set(before))
        )
        record(
            actor=actor.user,
            action="assignment.set",
            obj=block,
            before={"criterion": criterion.code, "assessors": sorted(before)},
            after={"criterion": criterion.code, "assessors": sorted(wanted)},
        )
        return frozenset(wanted)


def _require_fit(block: CycleBlock, criterion: Criterion, assessors: Collection[User]) -> None:
    if not assessors:
        return
    panel = panels_of([block])[block.pk]
    regular = {
        panel.home_affairs_id if appraiser is None else appraiser
        for appraiser in _appraisers_below(criterion)
    }
    scored = list(
        Participation.objects.filter(cycle_block=block)
        .values_list("agency_id", "agency__name")
        .order_by("agency__sort_key")
    )
    offices = offices_of(user.pk for user in assessors)
    houses = {user.pk: actor_for(user).houses for user in assessors}
    substitutes = {
        panel.appraiser_of(appraiser_id=one, agency_id=agency) for agency, _name in scored for one in regular
    }
    everywhere = frozenset(office for office in regular | substitutes if office is not None)
    faults: list[str] = []
    for user in assessors:
        if not offices.get(user.pk, frozenset()) & everywhere:
            faults.append(
                _("%(person)s is no assessor of an agency that appraises this criterion.") % {"person": user}
            )
    named = dict(Agency.objects.filter(pk__in=[pk for pk in regular if pk]).values_list("pk", "name"))
    for office in sorted(named):
        people = [user.pk for user in assessors if office in offices.get(user.pk, frozenset())]
        if not people:
            continue
        barred = [
            name
            for agency, name in scored
            if panel.appraiser_of(appraiser_id=office, agency_id=agency) == office
            and all(agency in houses[pk] for pk in people)
        ]
        if barred:
            faults.append(
                _(
                    "Nobody marks his own house: those named for %(office)s all belong or belonged to %(agencies)s. "
                    "Name somebody else as well."
                )
                % {"office": named[office], "agencies": ", ".join(barred)}
            )
    if faults:
        raise Invalid(fields={"assessors": faults})


def _appraisers_below(criterion: Criterion) -> set[int | None]:
    """The appraisers of the self-scored leaves at or beneath a node. Two queries."""
    rows = Criterion.objects.filter(criteria_set=criterion.criteria_set_id).values_list(
        "pk", "parent_id", "appraiser_id", "method"
    )
    beneath: set[int | None] = {criterion.pk}
    found: set[int | None] = set()
    for pk, parent, appraiser, method in rows.order_by("order"):
        if parent in beneath:
            beneath.add(pk)
        if pk in beneath and method == Method.APPRAISAL:
            found.add(appraiser)
    return found
