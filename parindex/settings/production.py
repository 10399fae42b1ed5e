"""A province's installation: PostgreSQL, Redis, TLS in front. Refuses to start with anything left open."""

import os
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from parindex.settings.base import *  # noqa: F403
from parindex.settings.base import (
    ALLOWED_HOSTS,
    DATA_DIR,
    DATABASES,
    EMAIL_URL,
    REDIS_URL,
    STORAGES,
    TRUSTED_PROXIES,
    env,
    make_folders,
)

SECRET_KEY = env.str("SECRET_KEY", default="")
DEFAULTS = ("change-me", "changeme", "insecure", "secret", "password", "example", "postgres", "parindex")


def _left_open() -> list[str]:
    """What keeps this configuration from being safe, in words for the administrator."""
    found = []
    weak = any(word in SECRET_KEY.lower() for word in ("change-me", "changeme", "insecure"))
    if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 12 or weak:
        found.append("SECRET_KEY must be at least 50 random characters")
    if not ALLOWED_HOSTS or {"*", "portal.example"} & set(ALLOWED_HOSTS):
        found.append("ALLOWED_HOSTS must name the portal's host names, and not *")
    if not DATABASES["default"]["ENGINE"].endswith("postgresql"):
        found.append("DATABASE_URL must be a PostgreSQL address")
    elif str(DATABASES["default"].get("PASSWORD") or "") in DEFAULTS:
        found.append("DATABASE_URL still has the example's password")
    if not REDIS_URL:
        found.append("REDIS_URL must be the address of the broker")
    elif unquote(urlsplit(REDIS_URL).password or "") in DEFAULTS:
        found.append("REDIS_URL still has the example's password")
    if not EMAIL_URL:
        found.append("EMAIL_URL must say how mail is sent")
    elif unquote(urlsplit(EMAIL_URL).password or "") in DEFAULTS:
        found.append("EMAIL_URL still has the example's password")
    if not env.str("DATA_DIR", default=""):
        found.append("DATA_DIR must be the folder that holds the evidence")
    return found


if found := _left_open():
    raise ImproperlyConfigured("Refusing to start: " + "; ".join(found) + ".")
try:
    make_folders(DATA_DIR)
except OSError as error:
    raise ImproperlyConfigured(f"Refusing to start: DATA_DIR {DATA_DIR} can't be made.") from error
if not os.access(DATA_DIR, os.W_OK):
    raise ImproperlyConfigured(f"Refusing to start: DATA_DIR {DATA_DIR} can't be written.")

STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
LANGUAGE_COOKIE_SECURE = True
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
