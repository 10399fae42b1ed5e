"""Publishing: a publisher proposes the runs of a decision, an approver who is another person confirms the hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Q
from django.utils.translation import gettext as _

from agencies.actors import Actor
from parindex.audit.services import record
from parindex.background import send
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, WrongState
from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.models import Cycle, CycleBlock, Scoresheet, SheetState
from scoring.publication.models import Decision, Publication, PublicationRun
from scoring.publication.permissions import may_decide, may_propose, may_take_back
from scoring.ranking.models import RankingPart, RankingRow, RankingRun, RunStage
from scoring.ranking.services import inputs_digest

CHARTS_TASK = "scoring.tasks.draw_charts"


@dataclass(frozen=True, slots=True)
class DecisionData:
    """The decision of approval and publication: number, date, who signed."""

    number: str
    date: date
    signatory: str


def propose(
    *, actor: Actor, cycle: Cycle, runs: Sequence[RankingRun], decision: DecisionData, notice: str = ""
) -> Publication:
    """Put the final runs of some blocks, with the decision, before an approver.

    The same proposal sent twice by the same person (a double click) is the one that was made.
    Raises NotPermitted, Invalid (fields ``runs``, ``number``, ``date``, ``signatory``, ``notice``) or WrongState
    when a block has a proposal already or its scoresheets changed since the run.
    """
    if not may_propose(actor):
        raise NotPermitted(_("Only a publisher may propose a publication."))
    _check_decision(decision)
    if not runs:
        raise Invalid(fields={"runs": [_("Choose the ranking of at least one block.")]})
    ids = sorted({run.cycle_block_id for run in runs})
    if len(ids) < len(runs):
        raise Invalid(fields={"runs": [_("Choose one ranking for each block.")]})
    with transaction.atomic():
        blocks = _lock_blocks(ids)
        cycle = Cycle.objects.get(pk=cycle.pk)
        made, _new = Decision.objects.get_or_create(
            number=decision.number.strip(),
            date=decision.date,
            defaults={"signatory": decision.signatory.strip()},
        )
        publication = Publication(
            cycle=cycle,
            decision=made,
            depth=CycleSettings.parse(cycle.settings).depth,
            rehearsal=cycle.rehearsal,
            notice=notice.strip(),
            proposed_by=actor.user,
            proposed_at=db_now(),
        )
        publication.content_sha256 = content_sha256(publication, runs)
        again = Publication.objects.filter(
            state=Publication.State.PROPOSED,
            proposed_by=actor.user,
            content_sha256=publication.content_sha256,
        ).first()
        if again is not None:
            return again
        correction = False
        for run in runs:
            correction |= _check_run(run, blocks[run.cycle_block_id], cycle)
        if correction and not publication.notice:
            raise Invalid(
                fields={
                    "notice": [
                        _("A block of this decision is published already: say what the correction changes.")
                    ]
                }
            )
        if made.signatory != decision.signatory.strip():
            raise Invalid(
                fields={
                    "signatory": [
                        _("The decision %(number)s is recorded with the signatory %(name)s.")
                        % {"number": made.number, "name": made.signatory}
                    ]
                }
            )
        publication.save()
        PublicationRun.objects.bulk_create(
            PublicationRun(
                publication=publication, run=run, cycle=cycle, block=blocks[run.cycle_block_id].block
            )
            for run in runs
        )
        record(
            actor=actor.user,
            action="publication.propose",
            obj=publication,
            after={
                "decision": made.number,
                "date": made.date.isoformat(),
                "runs": [str(run.public_id) for run in runs],
                "content_sha256": publication.content_sha256,
            },
        )
    return publication


def approve(*, actor: Actor, publication: Publication, content: str) -> Publication:
    """Confirm the hash that the page showed, and publish. The public reads it from this moment on.

    ``content`` is the hash the approver saw. Sent twice by the same person, the second changes nothing.
    Raises NotPermitted, WrongState (decided already, or the figures are no longer those that were proposed).
    """
    with transaction.atomic():
        links = list(
            PublicationRun.objects.filter(publication=publication)
            .select_related("run", "block")
            .order_by("run__cycle_block_id")
        )
        blocks = _lock_blocks([link.run.cycle_block_id for link in links])
        publication = _lock(publication)
        _check_decider(actor, publication)
        if (
            publication.state == Publication.State.PUBLISHED
            and actor.user is not None
            and publication.approved_by_id == actor.user.pk
            and content == publication.content_sha256
        ):
            return publication
        _check_open(publication)
        runs = [link.run for link in links]
        if (
            not content
            or content != publication.content_sha256
            or content != content_sha256(publication, runs)
        ):
            raise WrongState(
                _("The figures are not those that were proposed. Do not approve; tell the administrator.")
            )
        for link in links:
            _check_fresh(link.run, blocks[link.run.cycle_block_id])
        now = db_now()
        publication.state, publication.approved_by, publication.published_at = (
            Publication.State.PUBLISHED,
            actor.user,
            now,
        )
        publication.save(update_fields=["state", "approved_by", "published_at"])
        for link in links:
            earlier = PublicationRun.objects.filter(cycle=link.cycle_id, block=link.block_id)
            newest = earlier.aggregate(newest=Max("version"))["newest"] or 0
            earlier.filter(current=True).update(current=False)
            link.version, link.current = newest + 1, True
            link.save(update_fields=["version", "current"])
        record(
            actor=actor.user,
            action="publication.publish",
            obj=publication,
            before={"state": Publication.State.PROPOSED},
            after={
                "state": publication.state,
                "content_sha256": publication.content_sha256,
                "versions": {link.block.slug: link.version for link in links},
            },
        )
        send(CHARTS_TASK, publication.pk)
    return publication


def send_back(*, actor: Actor, publication: Publication, reason: str) -> Publication:
    """Refuse a proposal with a reason; its runs may be proposed again."""
    with transaction.atomic():
        publication = _lock(publication)
        _check_decider(actor, publication)
        return _reject(actor, publication, reason, action="publication.send_back")


def take_back(*, actor: Actor, publication: Publication, reason: str) -> Publication:
    """The proposer withdraws an own proposal before it is decided, with a reason."""
    with transaction.atomic():
        publication = _lock(publication)
        if not may_take_back(actor, publication):
            raise NotPermitted(_("Only the publisher who proposed it may take a proposal back."))
        return _reject(actor, publication, reason, action="publication.take_back")


def content_sha256(publication: Publication, runs: Sequence[RankingRun]) -> str:
    """What both people confirm: the decision, the notice, the depth, and each run with its hash and its figures."""
    content: dict[str, Any] = {
        "year": publication.cycle.year,
        "decision": [
            publication.decision.number,
            str(publication.decision.date),
            publication.decision.signatory,
        ],
        "notice": publication.notice,
        "depth": publication.depth,
        "rehearsal": publication.rehearsal,
        "runs": [],
    }
    for run in sorted(runs, key=lambda run: run.cycle_block_id):
        rows = RankingRow.objects.filter(run=run).order_by("agency__slug")
        content["runs"].append(
            _parts_content(run)
            | {
                "run": str(run.public_id),
                "inputs_sha256": run.inputs_sha256,
                "engine": run.engine_version,
                "settings": run.settings,
                "rows": [
                    [
                        slug,
                        ranked,
                        f"{points:.6f}",
                        f"{maximum:.6f}",
                        None if index is None else f"{index:.6f}",
                        rank,
                        grade,
                    ]
                    for slug, ranked, points, maximum, index, rank, grade in rows.values_list(
                        "agency__slug", "ranked", "points", "maximum", "index", "rank", "grade"
                    )
                ],
            }
        )
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _parts_content(run: RankingRun) -> dict[str, Any]:
    """What each set of the year says of each agency; nothing for a run of one set."""
    if not run.settings.get("parts"):
        return {}
    rows = RankingPart.objects.filter(run=run).order_by("agency__slug", "cycle_block")
    values = rows.values_list("agency__slug", "weight_pct", "points", "maximum", "index")
    return {
        "parts": [
            [slug, *(None if number is None else f"{number:.6f}" for number in numbers)]
            for slug, *numbers in values
        ]
    }


def _lock_blocks(ids: Sequence[int]) -> dict[int, CycleBlock]:
    """The blocks by id, locked, with the further parts of their year."""
    wanted = CycleBlock.objects.filter(Q(pk__in=ids) | Q(part_of__in=ids)).order_by("pk")
    # by themselves, and read again: an amendment that was waited for has changed their criteria set
    keys = list(wanted.select_for_update().values_list("pk", flat=True))
    return CycleBlock.objects.select_related("cycle", "block", "criteria_set").in_bulk(keys)


def _lock(publication: Publication) -> Publication:
    locked: Publication = (
        Publication.objects.select_for_update(of=("self",))
        .select_related("decision", "cycle")
        .get(pk=publication.pk)
    )
    return locked


def _reject(actor: Actor, publication: Publication, reason: str, *, action: str) -> Publication:
    reason = reason.strip()
    if (
        publication.state == Publication.State.REJECTED
        and actor.user is not None
        and publication.rejected_by_id == actor.user.pk
        and publication.rejected_reason == reason
    ):
        return publication
    _check_open(publication)
    if not reason:
        raise Invalid(fields={"reason": [_("Give the reason.")]})
    publication.state, publication.rejected_by = Publication.State.REJECTED, actor.user
    publication.rejected_at, publication.rejected_reason = db_now(), reason
    publication.save(update_fields=["state", "rejected_by", "rejected_at", "rejected_reason"])
    record(
        actor=actor.user,
        action=action,
        obj=publication,
        before={"state": Publication.State.PROPOSED},
        after={"state": publication.state, "reason": reason},
    )
    return publication


def _check_decision(decision: DecisionData) -> None:
    fields: dict[str, list[str]] = {}
    if not decision.number.strip():
        fields["number"] = [_("Enter the number of the decision.")]
    if not decision.signatory.strip():
        fields["signatory"] = [_("Enter who signed the decision.")]
    if fields:
        raise Invalid(fields=fields)


def _check_run(run: RankingRun, block: CycleBlock, cycle: Cycle) -> bool:
    """Refuse a run that may not be proposed; return whether it corrects a published one."""
    if block.cycle_id != cycle.pk or run.stage != RunStage.FINAL or run.state != RankingRun.State.DONE:
        raise Invalid(fields={"runs": [_("Only finished final rankings of this cycle can be published.")]})
    links = PublicationRun.objects.filter(cycle=cycle, block=block.block_id)
    if links.filter(publication__state=Publication.State.PROPOSED).exists():
        raise WrongState(_("%(block)s has a proposal that waits for its approval.") % {"block": block.block})
    current = links.filter(current=True).first()
    if current is not None and current.run_id == run.pk:
        raise WrongState(_("This ranking of %(block)s is published already.") % {"block": block.block})
    _check_fresh(run, block)
    return current is not None


def _check_fresh(run: RankingRun, block: CycleBlock) -> None:
    """Refuse a run when a sheet has been reopened or anything under it changed. Locks the sheets, after the block."""
    states = (
        Scoresheet.objects.select_for_update(of=("self",))
        .filter(
            Q(participation__cycle_block=block) | Q(participation__cycle_block__part_of=block),
            participation__ranked=True,
            criteria_set=F("participation__cycle_block__criteria_set"),
        )
        .order_by("pk")
        .values_list("state", flat=True)
    )
    if any(state != SheetState.FINALISED for state in states):
        raise WrongState(
            _(
                "A scoresheet of %(block)s has been reopened after this ranking. Compute it again once it is finalised."
            )
            % {"block": block.block}
        )
    if inputs_digest(block, stage=run.stage) != run.inputs_sha256:
        raise WrongState(
            _("The scoresheets of %(block)s or its settings changed after this ranking. Compute it again.")
            % {"block": block.block}
        )


def _check_decider(actor: Actor, publication: Publication) -> None:
    if not may_decide(actor, publication):
        if actor.user is not None and actor.user.pk == publication.proposed_by_id:
            raise NotPermitted(_("Whoever proposed a publication cannot approve it: another person must."))
        raise NotPermitted(_("Only an approver may decide on a publication."))


def _check_open(publication: Publication) -> None:
    if publication.state != Publication.State.PROPOSED:
        raise WrongState(
            _("This proposal has been decided already: %(state)s.")
            % {"state": publication.get_state_display()}
        )
