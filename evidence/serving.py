"""Hand a stored file over: as an attachment, in pieces, with Range and 304, and never as part of a page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import http_date, parse_etags, parse_http_date_safe

from evidence import storage
from evidence.models import DocumentVersion
from parindex.ui.collation import fold

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII)
BLOCK = 64 * 1024


def serve(request: HttpRequest, version: DocumentVersion) -> HttpResponseBase:
    """The answer with the file of a version; permission was asked before. 200, 206, 304 or 416.

    With EVIDENCE_ACCEL_PREFIX the reverse proxy sends the bytes (X-Accel-Redirect), else this process does.
    """
    etag = f'"{version.sha256}"'
    response: HttpResponseBase
    if _is_not_modified(request, etag, version):
        response = HttpResponse(status=304)
    elif settings.EVIDENCE_ACCEL_PREFIX:
        response = HttpResponse(content_type=version.content_type)
        response["X-Accel-Redirect"] = f"{settings.EVIDENCE_ACCEL_PREFIX.rstrip('/')}/{version.file_key}"
    else:
        response = _from_disk(request, version, etag)
    response["ETag"] = etag
    response["Last-Modified"] = http_date(version.uploaded_at.timestamp())
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Referrer-Policy"] = "no-referrer"
    if response.status_code in (200, 206):
        response["Content-Disposition"] = disposition(version.original_name)
        response["Accept-Ranges"] = "bytes"
    return response


def disposition(name: str) -> str:
    """`attachment` with the name as RFC 6266 and RFC 5987 have it: plain ASCII first, then the real one."""
    stem, _dot, extension = name.rpartition(".")
    plain = re.sub(r"[^A-Za-z0-9]+", "-", fold(stem)).strip("-") or "tai-lieu"
    return f"attachment; filename=\"{plain[:100]}.{extension}\"; filename*=UTF-8''{quote(name, safe='')}"


def _from_disk(request: HttpRequest, version: DocumentVersion, etag: str) -> HttpResponseBase:
    try:
        file = storage.path_of(version.file_key).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    asked = _range(request, version, etag)
    if asked is None:
        response: HttpResponseBase = FileResponse(file, content_type=version.content_type)
        response["Content-Length"] = str(version.size)
    else:
        first, last = asked
        if first > last:
            file.close()
            response = HttpResponse(status=416, content_type=version.content_type)
            response["Content-Range"] = f"bytes */{version.size}"
            return response
        response = FileResponse(_Slice(file, first, last), status=206, content_type=version.content_type)
        response["Content-Range"] = f"bytes {first}-{last}/{version.size}"
        response["Content-Length"] = str(last - first + 1)
    response.block_size = BLOCK  # type: ignore[attr-defined]
    return response


def _is_not_modified(request: HttpRequest, etag: str, version: DocumentVersion) -> bool:
    if "If-None-Match" in request.headers:
        known = parse_etags(request.headers["If-None-Match"])
        return "*" in known or any(tag.removeprefix("W/") == etag for tag in known)
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and int(version.uploaded_at.timestamp()) <= since


def _range(request: HttpRequest, version: DocumentVersion, etag: str) -> tuple[int, int] | None:
    """First and last byte asked for; first > last when there is no such byte; None for the whole file.

    Several ranges at once, other units and what can't be read mean the whole file, as the standard allows.
    """
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or asked.group(1) == asked.group(2) == "":
        return None
    condition = request.headers.get("If-Range")
    if condition is not None and condition.strip() != etag:
        return None
    start, end = asked.groups()
    if not start:
        length = int(end)
        return (max(version.size - length, 0), version.size - 1) if length else (1, 0)
    first, last = int(start), min(int(end) if end else version.size - 1, version.size - 1)
    if end and int(end) < first:
        return None
    return (first, last) if first < version.size else (1, 0)


class _Slice(io.RawIOBase):
    """A part of an open file, from the first to the last byte."""

    def __init__(self, file: BinaryIO, first: int, last: int) -> None:
        file.seek(first)
        self._file = file
        self._left = last - first + 1

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        size = self._left if size < 0 else min(size, self._left)
        data = self._file.read(size) if size else b""
        self._left -= len(data)
        return data

    def __iter__(self) -> Iterator[bytes]:  # type: ignore[override]
        return iter(lambda: self.read(BLOCK), b"")

    def close(self) -> None:
        self._file.close()
        super().close()
