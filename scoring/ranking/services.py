"""Ranking runs: asked for, claimed, computed, finished. The row is the record; a Celery message is only a hint."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from typing import cast

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.utils.translation import gettext as _

from agencies.actors import Actor
from parindex.audit.services import record
from parindex.background import send
from parindex.clock import ClockNow, db_now
from parindex.errors import Invalid, NotPermitted, Refusal, WrongState
from scoring.assessment.models import CycleBlock, Scoresheet
from scoring.assessment.queries.points import PointStage
from scoring.engine import ENGINE_VERSION
from scoring.ranking.models import RankingRun, RunStage
from scoring.ranking.permissions import may_request
from scoring.ranking.readiness import NotReady, require_ready
from scoring.ranking.storage import store_nodes, store_parts, store_totals
from scoring.ranking.year import YearFigures, YearInputs, read_year

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
STALLED_AFTER = timedelta(minutes=6)  # above the hard time limit of a task
UNDER_WAY = (RankingRun.State.WAITING, RankingRun.State.RUNNING)
TASK = "scoring.tasks.compute_ranking_run"


__all__ = [
    "NotReady",
    "inputs_digest",
    "queue_run",
    "request_run",
    "retry_run",
    "take_up_stalled",
    "work",
]


def request_run(*, actor: Actor, cycle_block: CycleBlock, stage: str = RunStage.FINAL) -> RankingRun:
    """Ask for a run of a block at a stage. Asked again while one is under way, it is that one.

    Raises NotPermitted, Invalid (unknown stage) or NotReady, which names the sheets that are not finalised.
    """
    if not may_request(actor):
        raise NotPermitted(_("Only the secretary may ask for a ranking."))
    return queue_run(cycle_block=cycle_block, stage=stage, actor=actor)


def queue_run(
    *, cycle_block: CycleBlock, stage: str = RunStage.FINAL, actor: Actor | None, dispatch: bool = True
) -> RankingRun:
    """The same for the system itself (a command at the console): no role is asked."""
    if stage not in RunStage.values:
        raise Invalid(fields={"stage": [_("Choose a stage.")]})
    with transaction.atomic():
        block = (
            CycleBlock.objects.select_for_update(of=("self",))
            .select_related("cycle", "block")
            .get(pk=cycle_block.pk)
        )
        if block.opened_at is None:
            raise WrongState(_("The block has not been opened yet: there is nothing to rank."))
        under_way = RankingRun.objects.filter(cycle_block=block, stage=stage, state__in=UNDER_WAY).first()
        if under_way is not None:
            if dispatch:
                send(TASK, under_way.pk)
            return under_way
        if stage == RunStage.FINAL:
            require_ready(block)
        user = actor.user if actor else None
        run = RankingRun.objects.create(
            cycle_block=block,
            stage=stage,
            requested_by=user,
            requested_at=db_now(),
            engine_version=ENGINE_VERSION,
        )
        record(
            actor=user,
            action="ranking.request",
            obj=run,
            after={"cycle": block.cycle.year, "block": block.block_id, "stage": stage},
        )
        if dispatch:
            send(TASK, run.pk)
    return run


def retry_run(*, actor: Actor, run: RankingRun) -> RankingRun:
    """Ask once more for a run that failed: a new row, the failed one stays as it is."""
    if run.state != RankingRun.State.FAILED:
        raise WrongState(_("Only a run that failed can be asked for again."))
    return request_run(actor=actor, cycle_block=run.cycle_block, stage=run.stage)


def work(run_id: int) -> RankingRun | None:
    """Do a run: claim, compute with no transaction held, finish. Safe to call any number of times, at once or late.

    Returns the finished run, or None when there was nothing to do (done already, or somebody else's claim holds).
    """
    claim = _claim(run_id)
    if claim is None:
        return None
    try:
        inputs, digest, figures = _compute(run_id)
        return _finish(run_id, claim, inputs, digest, figures)
    except Refusal as refusal:
        return _fail(run_id, claim, " ".join(refusal.messages))
    except Exception as error:
        logger.exception("ranking run failed: run=%s", run_id)
        _release(run_id, claim, type(error).__name__)
        raise


def take_up_stalled() -> list[int]:
    """Send again the runs that wait, and those whose worker is gone. Safe when two do it."""
    late = db_now() - STALLED_AFTER
    ids = list(
        RankingRun.objects.filter(
            Q(state=RankingRun.State.WAITING) | Q(state=RankingRun.State.RUNNING, claimed_at__lt=late)
        ).values_list("pk", flat=True)
    )
    for run_id in ids:
        send(TASK, run_id)
    return ids


def _claim(run_id: int) -> uuid.UUID | None:
    """Take a run that waits, or one whose worker is gone: one statement, so that two never both succeed."""
    token, fresh = uuid.uuid4(), _free(run_id)
    taken = fresh.filter(attempts__lt=MAX_ATTEMPTS).update(
        state=RankingRun.State.RUNNING,
        claim=token,
        claimed_at=ClockNow(),
        attempts=F("attempts") + 1,
        progress=5,
    )
    if taken:
        return token
    _give_up(run_id)
    return None


def _free(run_id: int) -> QuerySet[RankingRun]:
    """The run, if nobody is at work on it."""
    return RankingRun.objects.filter(
        Q(state=RankingRun.State.WAITING)
        | Q(state=RankingRun.State.RUNNING, claimed_at__lt=ClockNow() - STALLED_AFTER),
        pk=run_id,
    )


def _give_up(run_id: int) -> None:
    """A run that broke off too often is failed, and says so."""
    with transaction.atomic():
        run = _free(run_id).select_for_update().filter(attempts__gte=MAX_ATTEMPTS).first()
        if run is None:
            return
        run.state, run.finished_at = RankingRun.State.FAILED, db_now()
        run.error = run.error or _("The work was broken off %(count)s times.") % {"count": run.attempts}
        run.save(update_fields=["state", "finished_at", "error"])
        record(actor=None, action="ranking.fail", obj=run, after={"error": run.error})


def _compute(run_id: int) -> tuple[YearInputs, str, YearFigures]:
    run = RankingRun.objects.select_related(
        "cycle_block__cycle", "cycle_block__block", "cycle_block__criteria_set"
    ).get(pk=run_id)
    inputs = read_year(run.cycle_block, stage=cast(PointStage, run.stage))
    digest, figures = inputs.digest(), inputs.compute()
    RankingRun.objects.filter(pk=run_id, state=RankingRun.State.RUNNING).update(progress=60)
    return inputs, digest, figures


def _finish(
    run_id: int, claim: uuid.UUID, inputs: YearInputs, digest: str, figures: YearFigures
) -> RankingRun | None:
    with transaction.atomic():
        run = (
            RankingRun.objects.select_for_update(of=("self", "cycle_block"))
            .select_related("cycle_block")
            .get(pk=run_id)
        )
        if run.state != RankingRun.State.RUNNING or run.claim != claim:
            return None
        sheets, same_id, now = _standing(run, digest, whole_year=inputs.combined)
        if run.stage == RunStage.FINAL and sheets != inputs.sheets_version:
            raise WrongState(
                _("Scoresheets of the block changed while the ranking was computed. Ask for it again.")
            )
        run.finished_at, run.progress, run.error = now, 100, ""
        if same_id is not None:
            run.state, run.same_as_id = RankingRun.State.SAME, same_id
            run.save(update_fields=["state", "same_as", "finished_at", "progress", "error"])
            record(
                actor=None,
                action="ranking.same",
                obj=run,
                after={"same_as": same_id, "inputs_sha256": digest},
            )
            return run.same_as
        store_totals(run.pk, figures.totals)
        if figures.parts:
            store_parts(run.pk, figures.parts)
        store_nodes(run.pk, figures.nodes())
        run.state, run.inputs_sha256 = RankingRun.State.DONE, digest
        run.settings, run.agencies, run.engine_version = (
            inputs.frozen_settings(),
            len(figures.totals),
            ENGINE_VERSION,
        )
        run.save(
            update_fields=[
                "state", "inputs_sha256", "settings", "agencies", "engine_version", "finished_at", "progress", "error",
            ]
        )  # fmt: skip
        record(
            actor=None,
            action="ranking.done",
            obj=run,
            after={"inputs_sha256": digest, "agencies": run.agencies, "engine_version": ENGINE_VERSION},
            at=now,
        )
    return run


def _standing(run: RankingRun, digest: str, *, whole_year: bool) -> tuple[int, int | None, datetime]:
    """Asked after the lock: the versions of the block's sheets, the run of the same inputs, the time."""
    mine = Q(participation__cycle_block=OuterRef("pk"))
    if whole_year:
        mine |= Q(participation__cycle_block__part_of=OuterRef("pk"))
    sheets = Scoresheet.objects.filter(mine, criteria_set=F("participation__cycle_block__criteria_set"))
    same = RankingRun.objects.filter(
        cycle_block=OuterRef("pk"), stage=run.stage, state=RankingRun.State.DONE, inputs_sha256=digest
    )
    alike = sheets.order_by().annotate(block=Value(1)).values("block")
    versions = alike.annotate(total=Sum("version")).values("total")
    row = (
        CycleBlock.objects.filter(pk=run.cycle_block_id)
        .annotate(versions=Subquery(versions), same=Subquery(same.values("pk")[:1]), now=ClockNow())
        .values_list("versions", "same", "now")
        .get()
    )
    return row[0] or 0, row[1], row[2]


def _fail(run_id: int, claim: uuid.UUID, message: str) -> RankingRun | None:
    with transaction.atomic():
        run = RankingRun.objects.select_for_update().get(pk=run_id)
        if run.state != RankingRun.State.RUNNING or run.claim != claim:
            return None
        run.state, run.error, run.finished_at = RankingRun.State.FAILED, message, db_now()
        run.save(update_fields=["state", "error", "finished_at"])
        record(actor=None, action="ranking.fail", obj=run, after={"error": message})
    return run


def _release(run_id: int, claim: uuid.UUID, error: str) -> None:
    """Give the claim back after an unexpected error, so that the run is taken up again (three attempts at most)."""
    try:
        RankingRun.objects.filter(pk=run_id, claim=claim, state=RankingRun.State.RUNNING).update(
            state=RankingRun.State.WAITING, error=error, claim=None
        )
    except Exception:  # the database itself may be what failed; the claim then runs out by time
        logger.warning("claim not given back: run=%s", run_id)


def inputs_digest(cycle_block: CycleBlock, *, stage: str) -> str:
    """The hash that a run of the block would have now: equal to a run's own while nothing under it has changed."""
    return read_year(cycle_block, stage=cast(PointStage, stage)).digest()
