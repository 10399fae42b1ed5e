"""One process, one SQLite file, no broker: a laptop, the demo, a first look. The default of manage.py."""

import os
import secrets
from pathlib import Path

from parindex.settings.base import *  # noqa: F403
from parindex.settings.base import ALLOWED_HOSTS, DATA_DIR, env, make_folders


def secret_key(file: Path) -> str:
    """Read the key of this installation, made at its first start and readable by its owner alone."""
    if not file.exists():
        draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, file)  # of two first starts at once, one wins and both read the same key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text().strip()


make_folders(DATA_DIR)
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or secret_key(DATA_DIR / "secret_key")
ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]
# Static files straight from where they lie: nothing to collect, with DEBUG off as well.
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
