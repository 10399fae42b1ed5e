"""Messages about rows: sent on commit, never a reason for a failed request, run by whoever is there."""

import threading

import pytest
from celery import current_app
from django.db import transaction

from parindex import background
from tests.services import forget_connections, wait_until

calls: list[tuple[str, int]] = []


@pytest.fixture(autouse=True)
def _tasks():
    """Tasks of this test alone, in the application's registry."""

    @current_app.task(name="tests.note", base=background.Task)
    def note(number: int) -> None:
        calls.append((threading.current_thread().name, number))

    @current_app.task(name="tests.fail", base=background.Task)
    def fail() -> None:
        raise ValueError("a text that a person typed")

    calls.clear()
    yield
    for name in ("tests.note", "tests.fail"):
        current_app.tasks.pop(name, None)


@pytest.fixture
def thread(settings, monkeypatch):
    """No broker: the embedded worker, fresh, with a schedule of its own."""
    settings.BACKGROUND = "thread"
    settings.CELERY_BEAT_SCHEDULE = {}
    worker = background.EmbeddedWorker()
    monkeypatch.setattr(background, "embedded", worker)
    yield worker
    worker.stop()


@pytest.mark.django_db(transaction=True)
def test_message_goes_out_on_commit_and_not_before(thread):
    with transaction.atomic():
        background.send("tests.note", 1)
        assert calls == []
    wait_until(lambda: calls)
    assert calls == [("embedded-worker", 1)]


@pytest.mark.django_db(transaction=True)
def test_rolled_back_work_is_never_sent(thread):
    with pytest.raises(RuntimeError), transaction.atomic():
        background.send("tests.note", 1)
        raise RuntimeError
    background.send("tests.note", 2)
    wait_until(lambda: calls)
    assert [number for _, number in calls] == [2]


@pytest.mark.django_db(transaction=True)
def test_one_thread_runs_all_in_order(thread):
    for number in range(20):
        background.send("tests.note", number)
    wait_until(lambda: len(calls) == 20)
    assert calls == [("embedded-worker", number) for number in range(20)]


@pytest.mark.django_db(transaction=True)
def test_failing_task_neither_reaches_the_caller_nor_stops_the_thread(thread, caplog):
    background.send("tests.fail")
    background.send("tests.note", 3)
    wait_until(lambda: calls)
    assert "task=tests.fail" in caplog.text
    ours = [record.getMessage() for record in caplog.records if record.name == "parindex.background"]
    assert ours and not any("typed" in line for line in ours)


@pytest.mark.django_db(transaction=True)
def test_unknown_task_is_logged_and_swallowed(thread, caplog):
    background.send("tests.absent", 7)
    assert "tests.absent" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_start_takes_up_at_once_and_again_later(thread, settings):
    settings.CELERY_BEAT_SCHEDULE = {"again": {"task": "tests.note_nothing", "schedule": 0.2}}

    @current_app.task(name="tests.note_nothing", base=background.Task)
    def note_nothing() -> None:
        calls.append(("beat", 0))

    thread.start()
    wait_until(lambda: len(calls) >= 3)
    thread.stop()
    current_app.tasks.pop("tests.note_nothing")
    stopped = len(calls)
    background.embedded.put("tests.note", (1,), {})
    assert len(calls) == stopped


@pytest.mark.django_db(transaction=True)
def test_broker_that_is_down_costs_the_request_little_and_says_nothing(settings, monkeypatch, caplog):
    settings.BACKGROUND = "broker"
    monkeypatch.setattr(current_app.conf, "broker_url", "redis://127.0.0.1:1/0")
    forget_connections()
    try:
        with transaction.atomic():
            background.send("tests.note", 1)
    finally:
        forget_connections()
    assert "message not sent: task=tests.note ids=(1,)" in caplog.text
    assert calls == []


def test_inline_runs_at_once_and_shows_errors(settings, db, django_capture_on_commit_callbacks):
    settings.BACKGROUND = "inline"
    with django_capture_on_commit_callbacks(execute=True):
        background.send("tests.note", 4)
    assert [number for _, number in calls] == [4]
    with pytest.raises(ValueError, match="typed"), django_capture_on_commit_callbacks(execute=True):
        background.send("tests.fail")


def test_beat_takes_up_what_was_left(settings):
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "scoring.tasks.take_up_stalled" in tasks
    for name in tasks:
        assert background.find(name)


def test_real_worker_takes_a_message(worker):
    """The fixture itself: the process is up, and a message for it leaves the queue."""
    import redis
    from django.conf import settings

    client = redis.Redis.from_url(settings.REDIS_URL)
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    assert background.publish("scoring.tasks.take_up_stalled")
    wait_until(lambda: "take_up_stalled" in worker.log.read_text(), what="the worker's log")
    wait_until(lambda: client.llen(f"{prefix}celery") == 0)
    wait_until(lambda: client.hlen(f"{prefix}unacked") == 0)
    worker.kill()
    worker.start()
    assert background.publish("scoring.tasks.take_up_stalled")
    wait_until(lambda: "take_up_stalled" in worker.log.read_text(), what="the second worker's log")
