"""The answer to "are you well", for load balancers and containers: yes or no for each part, nothing else."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Callable
from http.client import HTTPConnection

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when every part answers, 503 when one does not.

    A broker that is down is named but does not make the portal unwell: pages work without it, and the rows
    that wait for background work are taken up later.
    """
    required = {"database": _works("database", _database), "storage": _works("storage", _storage)}
    optional = {"broker": _works("broker", _broker)} if settings.REDIS_URL else {}
    well = all(required.values())
    parts = {name: "ok" if good else "failing" for name, good in (required | optional).items()}
    return JsonResponse({"status": "ok" if well else "failing", "parts": parts}, status=200 if well else 503)


def _works(name: str, probe: Callable[[], None]) -> bool:
    try:
        probe()
    except Exception as error:
        logger.error("health: part=%s error=%s", name, type(error).__name__)
        return False
    return True


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _storage() -> None:
    with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR, prefix="healthz-") as file:
        file.write(b"ok")
        file.flush()
        os.fsync(file.fileno())


def _broker() -> None:
    import redis

    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        client.ping()
    finally:
        client.close()


def ask(port: int = 8000) -> int:
    """Ask the server in this container how it is; 0 when well. For `python -m parindex.health`."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
    server = HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        server.request("GET", "/healthz", headers={"Host": host})
        return 0 if server.getresponse().status == 200 else 1
    except OSError:
        return 1
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(ask())
