"""One year from the first upload to the public's download, in a browser: the guided tour of README.

On PostgreSQL the ranking is done by a worker over Redis, on SQLite by the thread of the web process.
TOUR_SHOTS=folder keeps a picture of every page on the way, at 1280 and 390 pixels.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from agencies.models import User
from parindex import background
from parindex.audit.models import AuditEntry
from scoring.assessment.models import Cycle
from scoring.demo import names
from scoring.demo.load import load
from scoring.demo.tour import files_folder
from scoring.publication.models import Publication
from scoring.ranking.models import RankingRun
from tests.browser.walk import PASSWORD, Walk, walk_year
from tests.services import Worker


@pytest.fixture
def thread(settings: Any, monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[None]:
    """Background work in a thread of this process, as the demo has it."""
    settings.BACKGROUND = "thread"
    worker = background.EmbeddedWorker()
    monkeypatch.setattr(background, "embedded", worker)
    yield
    worker.stop(60)


def walked(browser: Browser, live_server: Any) -> None:
    """Load the tour block, walk its year, and look at what stands in the database then."""
    assert PASSWORD == names.PASSWORD
    load([names.TOUR])
    year = Cycle.objects.latest("year").year
    shots = Path(os.environ["TOUR_SHOTS"]) if os.environ.get("TOUR_SHOTS") else None
    walk_year(Walk(browser, live_server.url, files_folder(), year, shots))
    publication = Publication.objects.get(cycle__year=year)
    assert publication.state == Publication.State.PUBLISHED
    assert publication.proposed_by != publication.approved_by
    run = RankingRun.objects.get(cycle_block__cycle__year=year)
    assert (run.state, run.attempts) == (RankingRun.State.DONE, 1)
    told = set(AuditEntry.objects.values_list("action", flat=True))
    assert told >= {"document.store", "answer.cite", "mark.record", "round.close", "explanation.save"}
    assert User.objects.filter(username="cv.khu-di-tich", last_login__isnull=False).exists()


@pytest.mark.needs("postgres", "redis", "browser")
@pytest.mark.django_db(transaction=True)
def test_a_year_with_a_worker(browser: Browser, live_server: Any, worker: Worker) -> None:
    walked(browser, live_server)
    assert "scoring.tasks.compute_ranking_run" in worker.log.read_text()


@pytest.mark.needs("sqlite", "browser")
@pytest.mark.django_db(transaction=True)
def test_a_year_without_services(browser: Browser, live_server: Any, thread: None) -> None:
    walked(browser, live_server)
