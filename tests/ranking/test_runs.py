"""A run's life: asked for, computed, found again, refused, taken up after a break."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from celery import current_app
from django.db import connection, transaction
from django.db.models import F

from agencies.models import Role
from parindex.audit.models import AuditEntry
from parindex.background import publish
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, WrongState
from scoring.assessment.models import Mark, Scoresheet, SheetState
from scoring.criteria.queries import tree_of
from scoring.engine import score
from scoring.ranking import queries, services, year
from scoring.ranking.figures import compute, inputs_sha256
from scoring.ranking.inputs import read_inputs
from scoring.ranking.models import NodeRow, RankingRow, RankingRun
from tests.factories import actor, person
from tests.factories_scoring import home_affairs, make_set, open_cycle
from tests.ranking.years import finalised_year
from tests.services import Redis, Worker, forget_connections, wait_until

SQL = (Path(__file__).parent / "reference.sql").read_text(encoding="utf-8")


def run_of(block, stage="final"):
    run = services.queue_run(cycle_block=block, stage=stage, actor=None, dispatch=False)
    return services.work(run.pk)


@pytest.mark.django_db
def test_a_run_has_a_row_for_every_agency_and_node() -> None:
    block = finalised_year(7)
    run = run_of(block)
    assert run is not None
    assert run.state == "done"
    assert RankingRow.objects.filter(run=run).count() == 7
    nodes = block.criteria_set.criteria.count()
    assert NodeRow.objects.filter(run=run).count() == 7 * nodes
    for row in queries.table(run):
        leaves = NodeRow.objects.filter(run=run, agency=row.agency, criterion__rule__isnull=False)
        assert row.points == sum(leaf.points for leaf in leaves)
        assert row.maximum == sum(leaf.maximum for leaf in leaves)
        areas = NodeRow.objects.filter(run=run, agency=row.agency, criterion__level=1)
        assert row.points == sum(area.points for area in areas)
        assert (row.rank is None) == (not row.ranked)
    traced = NodeRow.objects.filter(run=run, trace__isnull=False).first()
    assert traced is not None
    assert traced.trace["steps"] == [{"op": "typed \\ \t"}]
    assert AuditEntry.objects.filter(action="ranking.done", object_id=str(run.pk)).count() == 1


@pytest.mark.django_db
def test_the_same_inputs_give_the_same_run_and_a_changed_mark_another() -> None:
    block = finalised_year(3)
    first = run_of(block)
    again = services.queue_run(cycle_block=block, actor=None, dispatch=False)
    assert services.work(again.pk) == first
    again.refresh_from_db()
    assert (again.state, again.same_as) == ("same", first)
    mark = Mark.objects.filter(applicable_max__gt=0).first()
    assert mark is not None
    Mark.objects.create(
        answer=mark.answer, round=3, by=mark.by, points=0 if mark.points else mark.applicable_max,
        applicable_max=mark.applicable_max, trace={}, reason="Hội đồng", at=db_now(),
    )  # fmt: skip
    other = run_of(block)
    assert other is not None
    assert other != first
    assert other.inputs_sha256 != first.inputs_sha256


@pytest.mark.django_db
def test_the_order_of_inputs_changes_nothing() -> None:
    inputs = read_inputs(finalised_year(9), stage="final")

    def outcome(entrants):
        figures = compute(entrants, tree=inputs.tree, settings=inputs.settings)
        digest = inputs_sha256(
            entrants, set_id="x", settings=inputs.settings, clamp=True, caps=(Decimal(0), Decimal(0))
        )
        return digest, sorted((t.agency_id, t.points, t.index, t.rank) for t in figures.totals if t.rank)

    straight = outcome(inputs.entrants)
    shuffled = list(inputs.entrants)
    Random(4).shuffle(shuffled)
    for entrant in shuffled:
        entrant.leaves = dict(reversed(entrant.leaves.items()))
    assert outcome(shuffled) == straight


@pytest.mark.django_db
def test_asked_twice_there_is_one_run_under_way() -> None:
    block = finalised_year(2)
    first = services.queue_run(cycle_block=block, actor=None, dispatch=False)
    assert services.queue_run(cycle_block=block, actor=None, dispatch=False) == first
    assert services.queue_run(cycle_block=block, stage="round_1", actor=None, dispatch=False) != first


@pytest.mark.django_db
def test_only_the_secretary_asks_and_only_for_known_stages() -> None:
    block = finalised_year(1)
    for role in (Role.COUNCIL_MEMBER, Role.PUBLISHER, Role.ASSESSOR, Role.HEAD, Role.ADMINISTRATOR):
        with pytest.raises(NotPermitted):
            services.request_run(actor=actor(role), cycle_block=block)
    with pytest.raises(Invalid):
        services.request_run(actor=actor(Role.SECRETARY), cycle_block=block, stage="tomorrow")
    assert not RankingRun.objects.exists()


@pytest.mark.django_db
def test_a_final_run_waits_for_every_ranked_sheet() -> None:
    block = finalised_year(7)
    ranked = Scoresheet.objects.filter(participation__ranked=True).first()
    outside = Scoresheet.objects.filter(participation__ranked=False).first()
    assert ranked is not None
    assert outside is not None
    Scoresheet.objects.filter(pk=outside.pk).update(state=SheetState.REVIEWING)
    services.queue_run(cycle_block=block, actor=None, dispatch=False)
    RankingRun.objects.all().delete()
    Scoresheet.objects.filter(pk=ranked.pk).update(state=SheetState.REVIEWING)
    with pytest.raises(services.NotReady, match=ranked.participation.agency.name):
        services.queue_run(cycle_block=block, actor=None, dispatch=False)
    assert (
        services.queue_run(cycle_block=block, stage="round_1", actor=None, dispatch=False).state == "waiting"
    )


@pytest.mark.django_db
def test_a_sheet_outside_the_ranking_shows_only_once_it_is_finalised() -> None:
    block = finalised_year(7)
    outside = Scoresheet.objects.get(participation__ranked=False)
    before = Scoresheet.objects.filter(pk=outside.pk)
    before.update(state=SheetState.APPRAISING)
    without = run_of(block)
    agency = outside.participation.agency
    assert (without.state, without.agencies) == ("done", 6)
    assert not without.rows.filter(agency=agency).exists()
    assert not without.nodes.filter(agency=agency).exists()
    assert run_of(block, stage="round_1").rows.filter(agency=agency).exists()
    before.update(state=SheetState.FINALISED)
    assert run_of(block).rows.get(agency=agency).rank is None


@pytest.mark.django_db
def test_a_sheet_reopened_before_the_figures_are_made_stops_the_run() -> None:
    block = finalised_year(2)
    run = services.queue_run(cycle_block=block, actor=None, dispatch=False)
    Scoresheet.objects.filter(pk=Scoresheet.objects.first().pk).update(
        state=SheetState.REVIEWING, version=F("version") + 1
    )
    assert services.work(run.pk).state == "failed"
    assert not RankingRow.objects.exists()


@pytest.mark.django_db
def test_a_sheet_reopened_while_the_figures_are_made_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    block = finalised_year(2)
    run = services.queue_run(cycle_block=block, actor=None, dispatch=False)
    original = year.compute

    def reopened(*args, **kwargs):
        Scoresheet.objects.filter(participation__cycle_block=block).update(
            state=SheetState.REVIEWING, version=F("version") + 1
        )
        return original(*args, **kwargs)

    monkeypatch.setattr(year, "compute", reopened)
    failed = services.work(run.pk)
    assert failed is not None
    assert failed.state == "failed"
    assert not RankingRow.objects.exists()
    with pytest.raises(WrongState):
        services.retry_run(actor=actor(Role.SECRETARY), run=RankingRun(state="done", cycle_block=block))


@pytest.mark.django_db
def test_a_claim_holds_until_it_is_old_and_three_breaks_are_enough(
    django_capture_on_commit_callbacks,
) -> None:
    block = finalised_year(2)
    run = services.queue_run(cycle_block=block, actor=None, dispatch=False)
    for attempt in (1, 2, 3):
        assert services._claim(run.pk) is not None
        assert services._claim(run.pk) is None  # somebody is at it
        assert services.take_up_stalled() == []
        RankingRun.objects.filter(pk=run.pk).update(
            claimed_at=db_now() - services.STALLED_AFTER - timedelta(seconds=1)
        )
        run.refresh_from_db()
        assert (run.state, run.attempts) == ("running", attempt)
    assert services.work(run.pk) is None
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.error
    with django_capture_on_commit_callbacks(execute=True):
        retried = services.retry_run(actor=actor(Role.SECRETARY), run=run)
    assert retried.pk != run.pk
    retried.refresh_from_db()
    assert retried.state == "done"  # tasks run at once in tests


@pytest.mark.django_db
def test_an_old_worker_cannot_finish_what_another_has_taken_over() -> None:
    block = finalised_year(2)
    run = services.queue_run(cycle_block=block, actor=None, dispatch=False)
    old = services._claim(run.pk)
    assert old is not None
    inputs, digest, figures = services._compute(run.pk)
    RankingRun.objects.filter(pk=run.pk).update(claimed_at=db_now() - services.STALLED_AFTER * 2)
    done = services.work(run.pk)
    assert done is not None
    assert services._finish(run.pk, old, inputs, digest, figures) is None
    assert services._fail(run.pk, old, "late") is None
    run.refresh_from_db()
    assert run.state == "done"
    assert RankingRow.objects.filter(run=run).count() == 2


@pytest.mark.django_db
@pytest.mark.needs("postgres")
@pytest.mark.parametrize("seed", range(6))
def test_one_sql_statement_gives_the_same_figures(seed: int) -> None:
    chance = Random(seed)
    block = finalised_year(
        chance.randrange(3, 40),
        leaf_count=chance.randrange(9, 60),
        seed=seed,
        rounds=chance.choice([(1,), (1, 2), (1, 2, 3)]),
    )
    run = run_of(block)
    assert run is not None
    other = RankingRun.objects.create(cycle_block=block, stage="self", state="done", requested_at=db_now())
    with connection.cursor() as cursor:
        cursor.execute(SQL, {"run": other.pk, "block": block.pk, "set": block.criteria_set_id})
    totals = ("agency", "ranked", "points", "maximum", "index", "index_exact", "rank", "grade")
    nodes = ("agency", "criterion", "points", "maximum", "index", "rank", "trace")
    for model, columns in ((RankingRow, totals), (NodeRow, nodes)):
        ours, theirs = (
            list(model.objects.filter(run=one).order_by(*columns[:2]).values_list(*columns))
            for one in (run, other)
        )
        assert ours == theirs
        assert len(ours) >= 3


# Faults, with a real worker over Redis --------------------------------------------------------------------------

STEPS = {
    "claim": "SELECT 1 FROM scoring_rankingrun WHERE id = %(run)s FOR UPDATE",
    "read": "LOCK TABLE scoring_participation IN ACCESS EXCLUSIVE MODE",
    "finish": "SELECT 1 FROM scoring_cycleblock WHERE id = %(block)s FOR UPDATE",
    "insert": "LOCK TABLE scoring_noderow IN ACCESS EXCLUSIVE MODE",
    "record": "SELECT 1 FROM audit_audithead FOR UPDATE",
}


def others_at_work() -> bool:
    """Whether another connection is in the middle of a statement: a killed client's last one runs to its end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'"
        )
        return bool(cursor.fetchone()[0])


def waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_a_step_leaves_one_whole_run(worker: Worker, step: str) -> None:
    block = finalised_year(3)
    run = services.queue_run(cycle_block=block, actor=None, dispatch=False)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(STEPS[step], {"run": run.pk, "block": block.pk})
        publish(services.TASK, run.pk)
        wait_until(waiting_for_a_lock, seconds=30, what=f"the worker's wait at {step}")
        worker.kill()
    wait_until(lambda: not others_at_work(), what="the end of the killed worker's statement")
    run.refresh_from_db()
    assert run.state in ("waiting", "running")
    assert not RankingRow.objects.exists()
    assert not NodeRow.objects.exists()
    RankingRun.objects.filter(pk=run.pk, state="running").update(
        claimed_at=db_now() - services.STALLED_AFTER * 2
    )
    worker.start()
    services.take_up_stalled()
    wait_until(
        lambda: RankingRun.objects.filter(pk=run.pk, state="done").exists(), seconds=40, what="the run"
    )
    assert RankingRow.objects.count() == 3
    assert AuditEntry.objects.filter(action="ranking.done").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_message_delivered_eight_times_makes_one_run(worker: Worker) -> None:
    worker.stop()
    worker.start(concurrency=4)
    block = finalised_year(3)
    run = services.queue_run(cycle_block=block, actor=None, dispatch=False)
    for _ in range(8):
        publish(services.TASK, run.pk)
    wait_until(
        lambda: RankingRun.objects.filter(pk=run.pk, state="done").exists(), seconds=40, what="the run"
    )
    wait_until(lambda: worker.log.read_text().count("succeeded") >= 8, seconds=40, what="eight messages")
    assert RankingRow.objects.count() == 3
    assert AuditEntry.objects.filter(action="ranking.done").count() == 1
    run.refresh_from_db()
    assert run.attempts == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.needs("postgres")
def test_four_who_ask_at_once_get_one_run() -> None:
    block = finalised_year(2)
    found: list[int] = []
    barrier = threading.Barrier(4)

    def ask() -> None:
        barrier.wait()
        try:
            found.append(services.queue_run(cycle_block=block, actor=None, dispatch=False).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


@pytest.fixture
def own_redis(settings: Any, tmp_path: Path) -> Iterator[Redis]:
    """A Redis of this test's own, which it may stop; messages of this process and of its worker go there."""
    server = Redis(tmp_path)
    before = current_app.conf.broker_url

    def use(address: str) -> None:
        current_app.conf.broker_url = settings.REDIS_URL = address
        forget_connections()

    kept = settings.REDIS_URL
    use(server.address)
    settings.BACKGROUND = "broker"
    server.start()
    try:
        yield server
    finally:
        server.stop()
        use(before)
        settings.REDIS_URL = kept


@pytest.mark.django_db(transaction=True)
@pytest.mark.needs("postgres", "redis")
def test_redis_stopped_loses_nothing_and_keeps_nobody_waiting(own_redis: Redis, settings: Any) -> None:
    block = finalised_year(2)
    worker = Worker(Path(settings.DATA_DIR))
    worker.start()
    try:
        own_redis.stop()
        begun = time.monotonic()
        run = services.queue_run(cycle_block=block, actor=None)
        assert time.monotonic() - begun < 8  # the person who asks does not wait for Redis
        run.refresh_from_db()
        assert run.state == "waiting"
        own_redis.start()  # empty: what was in it is gone

        def taken_up() -> bool:
            services.take_up_stalled()  # what beat does every thirty seconds
            time.sleep(1)
            return RankingRun.objects.filter(pk=run.pk, state="done").exists()

        wait_until(taken_up, seconds=60, what="the run after Redis came back")
    finally:
        worker.stop()
    assert RankingRow.objects.count() == 2


# What only the block can settle -----------------------------------------------------------------------------------

RATIO = {"kind": "ratio_to_best", "value": "số dịch vụ công trực tuyến", "factor": "4"}
VETO = {"kind": "choice", "options": [["Đạt", "1"], ["Bị xử lý kỷ luật", "0", {"zeroes": "parent"}]]}


def settled_year(values: list[str], vetoes: list[int], **settings: Any) -> Any:
    """Agencies with a leaf against the best of the block, one that may veto, and one typed; all finalised."""
    criteria_set = make_set(
        [("1.1.1", "4", RATIO), ("1.1.2", "1", VETO), ("2.1.1", "5", {"kind": "manual", "step": "0.5"})]
    )
    year = open_cycle(len(values), criteria_set=criteria_set, settings=settings)
    by = person(Role.ASSESSOR, home_affairs())
    tree = tree_of(criteria_set)
    for sheet, value, veto in zip(year.sheets, values, vetoes, strict=True):
        for code, inputs in (
            ("1.1.1", {"value": value}),
            ("1.1.2", {"option": veto}),
            ("2.1.1", {"points": "3"}),
        ):
            leaf = tree.by_code[code]
            outcome = score(leaf.rule, leaf.max_points, inputs)
            Mark.objects.create(
                answer=year.answer(sheet, code), round=1, by=by, at=db_now(), inputs=inputs,
                points=outcome.points, applicable_max=outcome.applicable_max, trace=outcome.trace,
            )  # fmt: skip
    Scoresheet.objects.update(state=SheetState.FINALISED)
    return year


@pytest.mark.django_db
def test_a_ratio_to_the_best_is_settled_over_the_block() -> None:
    year = settled_year(["50", "40", "0"], [0, 0, 0])
    run = run_of(year.cycle_block)
    leaf = NodeRow.objects.filter(run=run, criterion__code="1.1.1").order_by("agency_id")
    assert [row.points for row in leaf] == [Decimal(4), Decimal("3.2"), Decimal(0)]
    assert leaf[1].trace["steps"][-1] != {}
    assert "best_of_block" in {step["op"] for step in leaf[1].trace["steps"]}


@pytest.mark.django_db
def test_a_veto_zeroes_everything_under_its_parent() -> None:
    year = settled_year(["50", "50"], [0, 1])
    run = run_of(year.cycle_block)
    rows = {row.agency_id: row for row in RankingRow.objects.filter(run=run)}
    first, second = (sheet.participation.agency_id for sheet in year.sheets)
    assert (rows[first].points, rows[first].maximum) == (Decimal(8), Decimal(10))
    assert (rows[second].points, rows[second].maximum) == (Decimal(3), Decimal(10))


@pytest.mark.django_db
def test_ties_are_broken_by_the_chain_and_a_quota_holds() -> None:
    grades = [
        {"label": "Xuất sắc", "ge": "90", "quota": {"pct": "50"}},
        {"label": "Tốt", "ge": "50", "lt": "90"},
    ]
    block = finalised_year(3, leaf_count=16, settings={"grades": grades, "tie_breakers": ["2", "survey"]})
    run = run_of(block)
    assert run is not None
    assert run.settings["tie_breakers"] == ["2", "survey"]
    unknown = finalised_year(2, seed=9, year=2024, settings={"tie_breakers": ["99"]})
    failed = services.work(services.queue_run(cycle_block=unknown, actor=None, dispatch=False).pk)
    assert failed is not None
    assert failed.state == "failed"
    assert "99" in failed.error
