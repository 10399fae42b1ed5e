"""A new draft made from a set that is there: every node with a link to the one it came from.

Another year is next year's set; the same year and block is the next version, the start of an amendment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.actors import Actor
from agencies.models import Agency, Block
from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid, NotVisible, WrongState
from scoring.criteria.editing.drafts import permit
from scoring.criteria.models import CriteriaSet, Criterion, CriterionLink, SetLink, StoredCase
from scoring.criteria.queries import next_version

__all__ = ["Retired", "copy_set", "newest_copy", "retired_appraisers", "title_for"]

YEARS = range(1990, 2201)


@dataclass(frozen=True, slots=True)
class Retired:
    """An agency that is no longer active and still appraises these leaves (codes)."""

    agency: Agency
    codes: tuple[str, ...]


def copy_set(
    *,
    actor: Actor | None,
    source: CriteriaSet,
    year: int,
    block: Block,
    title: str = "",
    last_copy: int | None = None,
) -> CriteriaSet:
    """A draft with all nodes, rules, stored cases, profiles, appraisers, caps and roles of ``source``.

    It is linked to its source node to node; each link is proposed as "same" and follows the edits. What belongs
    to a decision (number, dates, "official") is not carried over, nor is a confirmed difference. Appraisers that
    are no longer active agencies are kept: ``retired_appraisers`` lists them. ``title`` empty: the source's,
    with the year changed. ``last_copy`` is what ``newest_copy`` gave when the page was shown: a copy made since
    is answered by WrongState, so that one wish is not carried out twice. ``actor`` None is the command line.
    Raises NotPermitted, NotVisible, Invalid.
    """
    permit(actor)
    with transaction.atomic():
        Block.objects.select_for_update().get(pk=block.pk)  # two copies never take one version number
        kept = CriteriaSet.objects.select_for_update().filter(pk=source.pk).first()
        if kept is None:
            raise NotVisible(_("There is no such criteria set."))
        _check(kept, year)
        if last_copy is not None and newest_copy(kept) != last_copy:
            raise WrongState(
                _("This set was copied a moment ago. Look at that copy first; save again for one more.")
            )
        draft = CriteriaSet.objects.create(
            year=year,
            block=block,
            version=next_version(year=year, block_id=block.pk),
            title=(title.strip() or title_for(kept, year))[:300],
            total=kept.total,
            bonus_cap=kept.bonus_cap,
            penalty_cap=kept.penalty_cap,
            profiles=dict(kept.profiles),
            created_at=db_now(),
        )
        made = _copy_nodes(kept, draft)
        _copy_cases(made)
        link = SetLink.objects.create(newer=draft, earlier=kept)
        CriterionLink.objects.bulk_create(
            (CriterionLink(set_link=link, criterion=node, earlier_id=old) for old, node in made.items()),
            batch_size=500,
        )
        record(
            actor=None if actor is None else actor.user,
            action="criteria_set.copied",
            obj=draft,
            after={
                "copied_set": str(kept),
                "copied_from": kept.year,
                "year": year,
                "block": block.slug,
                "version": draft.version,
                "nodes": len(made),
            },
        )
    return draft


def title_for(source: CriteriaSet, year: int) -> str:
    """The source's title with its year changed to another one."""
    return re.sub(rf"(?<!\d){source.year}(?!\d)", str(year), source.title)


def retired_appraisers(criteria_set: CriteriaSet) -> list[Retired]:
    """Who appraises leaves of the set and is no longer an active agency. One query."""
    found: dict[int, tuple[Agency, list[str]]] = {}
    rows = criteria_set.criteria.filter(rule__isnull=False, appraiser__active=False)
    for node in rows.select_related("appraiser").order_by("order"):
        assert node.appraiser is not None
        found.setdefault(node.appraiser.pk, (node.appraiser, []))[1].append(node.code)
    return [Retired(agency, tuple(codes)) for agency, codes in found.values()]


def newest_copy(source: CriteriaSet) -> int:
    """The newest set that follows this one (its key), 0 for none. One query."""
    link = SetLink.objects.filter(earlier=source).order_by("-newer").first()
    return 0 if link is None else link.newer_id


def _check(source: CriteriaSet, year: int) -> None:
    if year not in YEARS:
        raise Invalid(fields={"year": [_("Enter a year from 1990 to 2200.")]})
    if year < source.year:
        raise Invalid(
            fields={
                "year": [
                    _("The set copied is of %(year)s: a copy is for the same year or a later one.")
                    % {"year": source.year}
                ]
            }
        )


def _copy_nodes(source: CriteriaSet, draft: CriteriaSet) -> dict[int, Criterion]:
    """The new nodes by the key of the old one, level by level: a node needs the key of its parent."""
    made: dict[int, Criterion] = {}
    rows = list(source.criteria.order_by("order"))
    for level in sorted({row.level for row in rows}):
        batch = {row.pk: _node(row, draft, made) for row in rows if row.level == level}
        Criterion.objects.bulk_create(batch.values(), batch_size=500)
        made |= batch
    return made


def _node(row: Criterion, draft: CriteriaSet, made: dict[int, Criterion]) -> Criterion:
    return Criterion(
        criteria_set=draft,
        parent=None if row.parent_id is None else made[row.parent_id],
        code=row.code,
        sort_key=row.sort_key,
        order=row.order,
        level=row.level,
        title=row.title,
        max_points=row.max_points,
        cap=row.cap,
        role=row.role,
        method=row.method,
        rule=row.rule,
        rule_text=row.rule_text,
        guidance=row.guidance,
        evidence=row.evidence,
        appraiser_id=row.appraiser_id,
        not_applicable_for=list(row.not_applicable_for),
        na_request=row.na_request,
    )


def _copy_cases(made: dict[int, Criterion]) -> None:
    StoredCase.objects.bulk_create(
        (
            StoredCase(
                criterion=made[case.criterion_id],
                order=case.order,
                inputs=case.inputs,
                points=case.points,
                applicable_max=case.applicable_max,
                note=case.note,
            )
            for case in StoredCase.objects.filter(criterion__in=made).order_by(
                "criterion__order", "order", "pk"
            )
        ),
        batch_size=500,
    )
