"""The test suite: DATABASE_URL and REDIS_URL choose the services, by default SQLite and none."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from parindex.settings.base import *  # noqa: F403
from parindex.settings.base import (
    CELERY_BROKER_TRANSPORT_OPTIONS,
    SQLITE_OPTIONS,
    database,
    env,
    make_folders,
)

SECRET_KEY = "for-tests-only-for-tests-only-for-tests-only-for-tests-only"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]

# A folder of its own for each test process; a worker started by a test is given its parent's.
if given := env.str("TEST_DATA_DIR", default=""):
    DATA_DIR = Path(given)
else:
    DATA_DIR = Path(tempfile.mkdtemp(prefix="parindex-test-"))

    def _remove(folder: Path, owner: int) -> None:
        if os.getpid() == owner:  # a forked child leaves its parent's folder alone
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(_remove, DATA_DIR, os.getpid())
make_folders(DATA_DIR)
MEDIA_ROOT = DATA_DIR / "files"
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "incoming"
EMAIL_FILE_PATH = DATA_DIR / "mail"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")

DATABASES = {"default": database(env.str("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'test.sqlite3'}"))}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: browser tests reach it from several threads as they would in service.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS | {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 0

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STATIC_ROOT = None  # type: ignore[assignment]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

# Tasks run at once in the caller; the `worker` fixture switches to a real worker over Redis.
BACKGROUND = env.str("TEST_BACKGROUND", default="inline")
CELERY_BROKER_TRANSPORT_OPTIONS = CELERY_BROKER_TRANSPORT_OPTIONS | {
    "global_keyprefix": env.str("TEST_KEY_PREFIX", default=f"parindex-test-{os.getpid()}:"),
}
