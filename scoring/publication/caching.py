"""Conditional answers: a page that has not changed since the reader's last visit is not sent again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag
from django.utils.translation import get_language

from scoring.publication.drawing import POLICY
from scoring.publication.editions import Edition

__all__ = ["file_response", "last_published", "page_response"]


def last_published(editions: Iterable[Edition]) -> datetime | None:
    """When the latest of these was published."""
    return max((e.published_at for e in editions if e.published_at), default=None)


def page_response(
    request: HttpRequest, template: str, context: dict[str, Any], *, data: object, at: datetime | None
) -> HttpResponse:
    """A public page, or 304. ``data`` is what the page shows in plain values (its repr is its fingerprint).

    Only anonymous readers get 304: what stands around the page of somebody who is signed in changes.
    """
    if request.user.is_authenticated:
        response = render(request, template, context)
        response.headers["Cache-Control"] = "private, no-store"
        return response
    cookies = [request.COOKIES.get(name, "") for name in ("theme", settings.CSRF_COOKIE_NAME)]
    version = getattr(settings, "PORTAL_VERSION", "")
    seed = [get_language(), *cookies, version, settings.SITE_NAME, request.get_full_path(), repr(data)]
    return _conditional(
        request,
        lambda: render(request, template, context),
        seed=seed,
        at=at,
        control="private, no-cache",
    )


def file_response(
    request: HttpRequest,
    make: Callable[[], bytes],
    *,
    content_type: str,
    seed: object,
    at: datetime | None,
    name: str = "",
    keep: bool = False,
) -> HttpResponse:
    """A file of open data or a picture, or 304. ``keep``: its address changes with its content.

    ``name`` makes it a download. The policy allows what a drawing carries inside itself and nothing else.
    """

    def answer() -> HttpResponse:
        response = HttpResponse(make(), content_type=content_type)
        if name:
            response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    control = "public, max-age=31536000, immutable" if keep else "public, no-cache"
    response = _conditional(request, answer, seed=[repr(seed)], at=at, control=control)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _conditional(
    request: HttpRequest,
    make: Callable[[], HttpResponse],
    *,
    seed: list[str | None],
    at: datetime | None,
    control: str,
) -> HttpResponse:
    etag = quote_etag(hashlib.sha256("\n".join(str(part) for part in seed).encode()).hexdigest()[:32])
    modified = int(at.timestamp()) if at else None
    known = get_conditional_response(request, etag=etag, last_modified=modified)
    response: HttpResponse = known if known is not None else make()  # type: ignore[assignment]
    response.headers["ETag"] = etag
    if modified is not None:
        response.headers["Last-Modified"] = http_date(modified)
    response.headers["Cache-Control"] = control
    return response
