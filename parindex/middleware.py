"""What every request passes: the client's address, a line in the log, a header, the language."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

Handler = Callable[[HttpRequest], HttpResponseBase]

logger = logging.getLogger("parindex.request")


def behind_proxies(get_response: Handler) -> Handler:
    """Put the client's address in REMOTE_ADDR when proxies of our own, and only those, stand in front.

    Each proxy appends the address it saw, so with n trusted proxies the n-th from the right is the client's;
    what stands further left was written by the client and is not believed.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        hops = settings.TRUSTED_PROXIES
        seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if hops and len(seen) >= hops and seen[-hops]:
            request.META["REMOTE_ADDR"] = seen[-hops]
        return get_response(request)

    return middleware


def log_request(get_response: Handler) -> Handler:
    """One line a request: the view's name, never the path or the query (tokens and searches stand there)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        start = perf_counter()
        response = get_response(request)
        match = request.resolver_match
        if match is None and response.status_code == 200:
            return response  # a static file
        user = getattr(request, "user", None)
        logger.info(
            "method=%s view=%s status=%d user=%s ms=%d",
            request.method,
            match.view_name if match else "-",
            response.status_code,
            (user and user.pk) or "-",
            (perf_counter() - start) * 1000,
        )
        return response

    return middleware


def attach_actor(get_response: Handler) -> Handler:
    """Give the request its actor: the grants in force now, read from the database once, when first asked for."""
    from agencies.actors import actor_for

    def middleware(request: HttpRequest) -> HttpResponseBase:
        request.actor = SimpleLazyObject(lambda: actor_for(request.user))  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


class RequireLogin(LoginRequiredMiddleware):
    """Every view wants a login, except those marked with ``login_not_required``: no page is open by default.

    Who still has a first password given by somebody else chooses an own one before anything else.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        from agencies import views

        if not getattr(view_func, "login_required", True):
            return None  # before request.user is read: public pages ask for no session
        if not request.user.is_authenticated:
            return views.session_ended(request)
        if request.user.must_change_password and not getattr(view_func, "first_password_allowed", False):
            return views.first_password(request)
        return None


def client_address(request: HttpRequest) -> str:
    """The visitor's address; `behind_proxies` has put it there."""
    return str(request.META.get("REMOTE_ADDR", ""))


def permissions_policy(get_response: Handler) -> Handler:
    """Say in a header that no page of the portal wants the camera, the microphone or the like."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response

    return middleware


def choose_language(get_response: Handler) -> Handler:
    """Vietnamese, unless the visitor chose otherwise; what the browser asks for does not count.

    Official pages look the same to everyone who did not choose, whatever language a machine was set up in.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = get_response(request)
        patch_vary_headers(response, ("Cookie",))
        response.headers.setdefault("Content-Language", language)
        return response

    return middleware
