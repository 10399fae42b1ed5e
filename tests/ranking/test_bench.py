"""`make bench`: a ranking run against one SQL statement that reads, computes and inserts the same, on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from parindex.clock import db_now
from scoring.criteria.models import CriteriaSet
from scoring.ranking import services
from scoring.ranking.models import NodeRow, RankingRow, RankingRun
from tests.bench import ROOT, write
from tests.factories_scoring import make_block, make_set
from tests.ranking.years import finalised_year, leaves

SQL = (Path(__file__).parent / "reference.sql").read_text(encoding="utf-8")
CRITERIA = 80
REPEATS = {150: 3, 1500: 2, 4000: 1}


def counted(work: Callable[[], Any]) -> tuple[float, int]:
    """Seconds and statements of a piece of work (BEGIN and COMMIT aside; a COPY counts one)."""
    count = 0

    def count_one(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        count += 1
        return execute(sql, params, many, context)

    start = time.perf_counter()
    with connection.execute_wrapper(count_one):
        work()
    copies = 2  # copy_expert goes past the wrapper, once a table
    return time.perf_counter() - start, count + copies


def by_statement(block: Any) -> float:
    """Seconds of the statement with its commit, which checks the foreign keys."""
    run = RankingRun.objects.create(cycle_block=block, stage="self", state="done", requested_at=db_now())
    start = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SQL, {"run": run.pk, "block": block.pk, "set": block.criteria_set_id})
    seconds = time.perf_counter() - start
    clear()
    return seconds


def clear() -> None:
    NodeRow.objects.all()._raw_delete("default")
    RankingRow.objects.all()._raw_delete("default")
    RankingRun.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE scoring_noderow")


def peak_mb(block_id: int) -> int:
    """Peak memory of a process that does nothing but the run, the interpreter and Django included."""
    code = (
        "import django; django.setup()\n"
        "import resource\n"
        "from scoring.assessment.models import CycleBlock\n"
        "from scoring.ranking import services\n"
        f"run = services.queue_run(cycle_block=CycleBlock.objects.get(pk={block_id}), actor=None, dispatch=False)\n"
        "assert services.work(run.pk).state == 'done'\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
    )
    database = connection.settings_dict
    address = f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    environment = os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "parindex.settings.test"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return int(done.stdout.strip().splitlines()[-1])


@pytest.mark.bench
@pytest.mark.needs("postgres")
@pytest.mark.django_db(transaction=True)
def test_ranking_run_against_one_statement() -> None:
    rows = []
    for size in sorted(REPEATS):
        criteria_set: CriteriaSet = make_set(leaves(CRITERIA, survey=8), block=make_block(), year=2000 + size)
        block = finalised_year(size, criteria_set=criteria_set, year=2000 + size, seed=size)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        best, statement, queries = float("inf"), float("inf"), 0
        for _ in range(REPEATS[size]):
            statement = min(statement, by_statement(block))
            run = services.queue_run(cycle_block=block, actor=None, dispatch=False)
            seconds, queries = counted(lambda run=run: services.work(run.pk))
            run.refresh_from_db()
            assert run.state == "done"
            best = min(best, seconds)
            clear()
        memory = peak_mb(block.pk)
        clear()
        rows.append(
            {
                "agencies": size,
                "criteria": CRITERIA,
                "seconds": round(best, 3),
                "sql_seconds": round(statement, 3),
                "ratio": round(best / statement, 2),
                "queries": queries,
                "peak_mb": memory,
            }
        )
        print(rows[-1])
    write("ranking", rows)
    assert all(row["queries"] <= 15 for row in rows)
