"""Ground for every test: which services a test needs, a real worker, how the browser starts.

`@pytest.mark.needs("postgres", "redis", "browser", …)` names what a test talks to. Where that is missing, the test
is skipped and says so. With REQUIRE_SERVICES=1 (CI) a skip is a failure: what belongs to the suite's other
run (SQLite, then PostgreSQL with Redis) is left to that run, everything else must be there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# The browser's driver keeps an event loop in the test's thread; Django would take it for an async view.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

from tests.services import CHROMIUM, REQUIRED, Worker, present

SERVICES = {"postgres", "redis", "browser", "sqlite", "gettext"}
BY_FIXTURE = {"page": {"browser"}, "context": {"browser"}, "worker": {"postgres", "redis"}}
OTHER_RUN = {"sqlite": {"postgres", "redis"}, "postgres": {"sqlite"}}


def needed(item: pytest.Item) -> set[str]:
    """What a test needs, by its marks and its fixtures."""
    names = {name for mark in item.iter_markers("needs") for name in mark.args}
    for fixture, services in BY_FIXTURE.items():
        if fixture in getattr(item, "fixturenames", ()):
            names |= services
    unknown = names - SERVICES
    assert not unknown, f"{item.nodeid} needs {unknown}"
    return names


#: Fixtures by which a test meets the database.
DATABASE = {"db", "transactional_db", "live_server", "worker"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what no database changes; with REQUIRE_SERVICES=1, leave to the other run what only that one can do."""
    for item in items:
        meets = DATABASE.intersection(getattr(item, "fixturenames", ())) or item.get_closest_marker(
            "django_db"
        )
        if not meets and not needed(item) & {"postgres", "redis"}:
            item.add_marker(pytest.mark.once)
    if not REQUIRED:
        return
    elsewhere = OTHER_RUN["postgres" if "postgres" in present() else "sqlite"]
    left = [item for item in items if needed(item) & elsewhere]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose service is missing."""
    if missing := needed(item) - present():
        pytest.skip(f"needs {', '.join(sorted(missing))} (README.md, Tests)")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """With REQUIRE_SERVICES=1 nothing passes by being skipped."""
    outcome: Any = yield
    report = outcome.get_result()
    if REQUIRED and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, although REQUIRE_SERVICES=1: {report.longrepr}"


@pytest.fixture(scope="session", autouse=True)
def flush_past_append_only(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests that commit are cleaned up by emptying every table; the append-only ones refuse that in service."""
    from tests.append_only import let_flush_pass

    with django_db_blocker.unblock():
        let_flush_pass()


@pytest.fixture
def worker(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Worker]:
    """A real Celery worker over Redis on the test's PostgreSQL; `stop`, `kill` and `start` it as you need.

    While it is there, background work of the test's own process (its live server too) goes through Redis.
    """
    worker = Worker(Path(settings.DATA_DIR))
    settings.BACKGROUND = "broker"
    worker.clear()
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
        worker.clear()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Chromium without anything that asks hosts outside this machine."""
    quiet = ["--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    quiet += ["--disable-sync", "--no-first-run", "--disable-quic"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        quiet.append("--no-sandbox")
    own = {"executable_path": CHROMIUM} if CHROMIUM else {}
    return browser_type_launch_args | own | {"args": quiet}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A visitor in the province."""
    return browser_context_args | {"locale": "vi-VN", "timezone_id": "Asia/Ho_Chi_Minh"}
