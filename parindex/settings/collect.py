"""For `collectstatic` while the image is built: static files as in production, and nothing to serve."""

import secrets

from parindex.settings.base import *  # noqa: F403
from parindex.settings.base import DATA_DIR, STORAGES, make_folders

SECRET_KEY = secrets.token_urlsafe(64)
make_folders(DATA_DIR)
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
