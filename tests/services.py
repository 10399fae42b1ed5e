"""What tests talk to outside their own process: which services there are, and a real Celery worker."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import redis
from celery import current_app
from django.conf import settings
from django.db import connection
from kombu import pools

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]
# Debian's browser, or the one that `make test` had the test tool fetch.
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
BROWSERS = ROOT / ".venv" / "browsers"
if not CHROMIUM and BROWSERS.exists():
    os.environ.setdefault("PLAYWRIGHT_BROWSERS_PATH", str(BROWSERS))
REQUIRED = os.environ.get("REQUIRE_SERVICES") == "1"


def present() -> set[str]:
    """Names of the services that this run has, as `needs` marks them."""
    postgres = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    found = {"postgres" if postgres else "sqlite"}
    if settings.REDIS_URL:
        found.add("redis")
    if CHROMIUM or BROWSERS.exists():
        found.add("browser")
    if shutil.which("msgfmt"):
        found.add("gettext")
    return found


def wait_until(probe: Callable[[], T], *, seconds: float = 20, what: str = "") -> T:
    """Ask until the answer is true and return it; fail after that many seconds."""
    end = time.monotonic() + seconds
    while not (answer := probe()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what or probe}")
        time.sleep(0.05)
    return answer


class Worker:
    """`celery worker` as a process of its own, on the test's database, keys of its own in Redis."""

    def __init__(self, data_dir: Path) -> None:
        self.log = data_dir / "worker.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._data_dir = data_dir
        self._prefix = str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"])

    def start(self, *, concurrency: int = 1, beat: bool = False, **environment: str) -> None:
        """Start it and wait until it takes messages. `environment` reaches the worker alone."""
        assert self.process is None, "the worker is running"
        arguments = ["--pool", "prefork", "--concurrency", str(concurrency), "--loglevel", "INFO"]
        arguments += ["--without-gossip", "--without-mingle", "--hostname", f"{os.getpid()}@parindex-test"]
        if beat:
            arguments.append("--beat")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "parindex", "worker", *arguments],
                cwd=ROOT,
                env=os.environ | self._environment() | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._ready, seconds=60, what="the worker's start")

    def _environment(self) -> dict[str, str]:
        name = str(connection.settings_dict["NAME"])
        address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
        return {
            "DJANGO_SETTINGS_MODULE": "parindex.settings.test",
            "DATABASE_URL": address,
            "REDIS_URL": settings.REDIS_URL,
            "TEST_BACKGROUND": "broker",
            "TEST_DATA_DIR": str(self._data_dir),
            "TEST_KEY_PREFIX": self._prefix,
        }

    def _ready(self) -> bool:
        assert self.process
        text = self.log.read_text(errors="replace")
        assert self.process.poll() is None, f"the worker ended:\n{text}"
        return " ready." in text

    def kill(self) -> None:
        """End parent and children at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to finish what it does and end."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        if how is signal.SIGKILL:
            os.killpg(process.pid, how)
        else:
            process.send_signal(how)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)

    def clear(self) -> None:
        """Remove this test run's keys from Redis, and nothing else."""
        client = redis.Redis.from_url(settings.REDIS_URL)
        if keys := list(client.scan_iter(f"{self._prefix}*", count=1000)):
            client.delete(*keys)
        client.close()


def forget_connections() -> None:
    """Have this process's next message open a connection of its own, to the broker that is set by then."""
    pools.reset()
    current_app._pool = current_app.amqp._producer_pool = None


class Redis:
    """A `redis-server` of a test's own on a free port, without persistence, to be stopped at will."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        arguments = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            ["redis-server", *arguments, "--dir", str(self._folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, what="Redis")

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.address)
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
        finally:
            client.close()

    def stop(self) -> None:
        """End it at once; what it held is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(timeout=20)
