"""Background work: the row is the record, the message a hint.

A service writes a row that says what is to be done and calls `send`; the task takes the row's id, claims
the row, works, and writes the outcome. A message that is lost costs the time until `take_up_stalled` comes
by, a message that comes twice costs nothing. So nothing here ever raises into a request.

Three ways to run, `settings.BACKGROUND`:

- ``broker``: published to Redis for the worker process (production);
- ``thread``: one thread inside the web process, which also plays beat (no broker: a laptop, the demo);
- ``inline``: at once, in the caller, errors raised (tests).
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any

import celery
from celery import current_app
from django.conf import settings
from django.db import connections, transaction
from django.utils.module_loading import autodiscover_modules

logger = logging.getLogger(__name__)


class Task(celery.Task):  # type: ignore[misc]
    """Base of every task: knows what to do when there is no broker."""

    abstract = True

    def apply_async(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """Publish the task, or hand it to this process's thread, or run it at once."""
        if settings.BACKGROUND == "broker":
            return super().apply_async(args=args, kwargs=kwargs, **options)
        if settings.BACKGROUND == "inline":
            return self.apply(args=args, kwargs=kwargs, throw=True)
        embedded.put(self.name, tuple(args or ()), dict(kwargs or {}))
        return None


_held: ContextVar[bool] = ContextVar("held", default=False)


@contextmanager
def held_back() -> Iterator[None]:
    """Send nothing: for a bulk load, whose rows wait for `take_up_stalled` and for their first readers."""
    token = _held.set(True)
    try:
        yield
    finally:
        _held.reset(token)


def send(task: str | Task, *args: int | str) -> None:
    """Have `task` run with these ids once the current transaction is committed.

    `task` is a task or its dotted name ("scoring.tasks.compute_run"), so that services need not import
    tasks. A broker that is down is logged and otherwise ignored: the row waits for `take_up_stalled`.
    """
    if _held.get():
        return
    name = task if isinstance(task, str) else str(task.name)
    robust = settings.BACKGROUND != "inline"
    transaction.on_commit(lambda: publish(name, *args), robust=robust)


def publish(name: str, *args: int | str) -> bool:
    """Hand a message over now; True when it was taken. Outside tests it never raises."""
    try:
        if settings.BACKGROUND == "broker":
            current_app.send_task(name, args=args)
        else:
            find(name).apply_async(args=args)
    except Exception as error:
        if settings.BACKGROUND == "inline":
            raise
        logger.warning("message not sent: task=%s ids=%s error=%s", name, args, type(error).__name__)
        return False
    return True


def find(name: str) -> Task:
    """Return the registered task of that name, importing the apps' task modules when needed."""
    if name not in current_app.tasks:
        autodiscover_modules("tasks")
    task: Task = current_app.tasks[name]
    return task


Message = tuple[str, tuple[Any, ...], dict[str, Any]]


class EmbeddedWorker:
    """One daemon thread that runs tasks in order and, when idle, the entries of the beat schedule.

    It starts with the first message (or with `start`), once per process. A process that dies takes its
    queue along; the rows remain and are taken up at the next start.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._due: dict[str, float] = {}
        self._stopping = False

    def put(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Queue a task for the thread, starting the thread when it isn't running."""
        self._queue.put((name, args, kwargs))
        self._ensure_thread()

    def start(self) -> None:
        """Start the thread; everything in the beat schedule runs once right away."""
        self._ensure_thread()

    def stop(self, seconds: float = 10) -> None:
        """Let the task that runs end, for so long, and drop what waits: the rows remain."""
        thread = self._thread
        self._stopping = True
        self._queue.put(None)
        if thread is not None:
            thread.join(seconds)

    def _ensure_thread(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._loop, name="embedded-worker", daemon=True)
                self._thread.start()

    def _loop(self) -> None:
        while not self._stopping:
            for name in self._scheduled():
                self._run((name, (), {}))
            try:
                message = self._queue.get(timeout=self._pause())
            except queue.Empty:
                continue
            if message is not None and not self._stopping:
                self._run(message)

    def _scheduled(self) -> list[str]:
        """Names of the beat entries whose time has come, their next time noted."""
        schedule: dict[str, Any] = settings.CELERY_BEAT_SCHEDULE
        now, names = monotonic(), []
        for key, entry in schedule.items():
            if self._due.get(key, 0.0) <= now:
                self._due[key] = now + float(entry["schedule"])
                names.append(str(entry["task"]))
        return names

    def _pause(self) -> float:
        return max(0.05, min(self._due.values(), default=60.0) - monotonic())

    def _run(self, message: Message) -> None:
        name, args, kwargs = message
        try:
            result = find(name).apply(args=args, kwargs=kwargs, throw=False)
            if result.failed():
                logger.error("task failed: task=%s ids=%s error=%s", name, args, type(result.result).__name__)
        except Exception as error:
            logger.error("task not run: task=%s ids=%s error=%s", name, args, type(error).__name__)
        finally:
            connections.close_all()


embedded = EmbeddedWorker()
atexit.register(lambda: embedded.stop())


def _after_fork() -> None:
    """A forked process has no copy of the parent's thread, so it gets a worker of its own."""
    global embedded
    embedded = EmbeddedWorker()


os.register_at_fork(after_in_child=_after_fork)
