"""Settings as a process reads them: production refuses what is open, embedded needs nothing given."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "DJANGO_SETTINGS_MODULE": "parindex.settings.production",
    "SECRET_KEY": "kT7-vQ2xN9_fLw4ZpR8sYc3HdJ6mBgA1eU5oXiVtKqWzSnDyP0",
    "ALLOWED_HOSTS": "cchc.tinhmau.example",
    "DATABASE_URL": "postgres://parindex:Xw3-long-enough-9q@db.internal:5432/parindex",
    "REDIS_URL": "redis://broker.internal:6379/0",
    "EMAIL_URL": "smtp+tls://portal:Yk8-pw-2m@mail.internal:587",
    "DEFAULT_FROM_EMAIL": "cchc@tinhmau.example",
    "TRUSTED_PROXIES": "1",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py with these variables and none of the caller's that choose an installation."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_production_is_clean_under_the_deploy_check(tmp_path):
    done = manage("check", "--deploy", "--fail-level", "WARNING", **GOOD, DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "change-me"}, "SECRET_KEY"),
        ({"SECRET_KEY": "change-me-" * 6}, "SECRET_KEY"),
        ({"SECRET_KEY": "x" * 64}, "SECRET_KEY"),
        ({"SECRET_KEY": GOOD["SECRET_KEY"][:40]}, "SECRET_KEY"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"DATABASE_URL": "sqlite:////tmp/parindex.sqlite3"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgres://parindex:change-me@db:5432/parindex"}, "DATABASE_URL"),
        ({"REDIS_URL": ""}, "REDIS_URL"),
        ({"EMAIL_URL": ""}, "EMAIL_URL"),
        ({"EMAIL_URL": "smtp+tls://portal:change-me@mail:587"}, "EMAIL_URL"),
        ({"DATA_DIR": ""}, "DATA_DIR"),
        ({"DATA_DIR": "/proc/parindex"}, "DATA_DIR"),
    ],
)
def test_production_refuses_to_start(tmp_path, change, word):
    done = manage("check", **(GOOD | {"DATA_DIR": str(tmp_path)} | change))
    assert done.returncode != 0
    assert "Refusing to start" in done.stderr
    assert word in done.stderr.rsplit("Refusing to start", 1)[-1]


def test_refusal_names_everything_at_once_and_no_secret():
    done = manage("check", **(GOOD | {"SECRET_KEY": "change-me-9f3", "ALLOWED_HOSTS": "*", "REDIS_URL": ""}))
    refusal = done.stderr.rsplit("Refusing to start", 1)[-1]
    assert all(word in refusal for word in ("SECRET_KEY", "ALLOWED_HOSTS", "REDIS_URL", "DATA_DIR"))
    assert "change-me-9f3" not in done.stderr
    assert "Xw3-long-enough-9q" not in done.stderr


def test_example_is_refused_as_it_stands():
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    done = manage("check", **pairs)
    assert "Refusing to start" in done.stderr
    for word in ("SECRET_KEY", "DATABASE_URL", "EMAIL_URL", "ALLOWED_HOSTS"):
        assert word in done.stderr.rsplit("Refusing to start", 1)[-1]


def test_embedded_needs_nothing_and_keeps_its_key(tmp_path):
    show = (
        "from django.conf import settings as s; print(s.SECRET_KEY, s.DEBUG, s.BACKGROUND, s.EMAIL_FILE_PATH)"
    )
    first = manage("shell", "--no-imports", "-c", show, DATA_DIR=str(tmp_path / "new"))
    again = manage("shell", "--no-imports", "-c", show, DATA_DIR=str(tmp_path / "new"))
    assert first.returncode == 0, first.stderr
    assert first.stdout == again.stdout
    key, debug, background, mail = first.stdout.split()
    assert len(key) >= 64
    assert (debug, background, mail) == ("False", "thread", str(tmp_path / "new" / "mail"))
    file = tmp_path / "new" / "secret_key"
    assert file.read_text() == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    other = manage("shell", "--no-imports", "-c", show, DATA_DIR=str(tmp_path / "other"))
    assert other.stdout.split()[0] != key


def test_sqlite_is_set_for_many_writers(tmp_path):
    show = (
        "from django.db import connection as c; k = c.cursor(); "
        "ask = lambda p: k.execute(f'PRAGMA {p}').fetchone()[0]; "
        "print(ask('journal_mode'), ask('foreign_keys'), ask('synchronous'))"
    )
    done = manage("shell", "--no-imports", "-c", show, DATA_DIR=str(tmp_path))
    assert done.stdout.split() == ["wal", "1", "1"]


def test_background_settings_are_those_that_were_measured(settings):
    assert settings.CELERY_RESULT_BACKEND is None
    assert settings.CELERY_TASK_ACKS_LATE
    assert settings.CELERY_TASK_REJECT_ON_WORKER_LOST
    assert settings.CELERY_VISIBILITY_TIMEOUT > 2 * settings.CELERY_TASK_TIME_LIMIT
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert options["visibility_timeout"] == settings.CELERY_VISIBILITY_TIMEOUT
    assert (options["unacked_restore_interval"], options["unacked_restore_throttle"]) == (10, 1)
    assert not settings.CELERY_TASK_CREATE_MISSING_QUEUES


def test_accounts_are_locked_by_name_and_address_together(settings):
    assert settings.AXES_LOCKOUT_PARAMETERS == [["username", "ip_address"]]
    lengths = [v["OPTIONS"]["min_length"] for v in settings.AUTH_PASSWORD_VALIDATORS if "OPTIONS" in v]
    assert lengths == [12]
