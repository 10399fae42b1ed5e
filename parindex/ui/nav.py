"""The registry of navigation: rooms register their entries, the frame shows what a person may use.

A room registers in its AppConfig.ready():

    nav.register("admin", "tasks", gettext_lazy("To appraise"), "admin:appraisal-tasks",
                 allowed=lambda request: permissions.may_appraise(request.user), order=20)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

Place = Literal["public", "workspace", "admin"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered entry; `target` is a URL name, or a function that gives an address or None."""

    place: Place
    key: str
    label: str | Promise
    target: str | Callable[[HttpRequest], str | None]
    allowed: Callable[[HttpRequest], bool]
    order: int
    under: str
    count: Callable[[HttpRequest], int | None] | None
    starts: Callable[[HttpRequest], bool] | None


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as shown: `current` is "page", "true" (a page beneath it) or empty."""

    key: str
    label: str | Promise
    url: str
    current: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is at work, as the frame shows it: a name, an agency and the roles in words."""

    name: str
    agency: str = ""
    roles: str = ""


_entries: dict[tuple[Place, str], Entry] = {}
_identify: Callable[[HttpRequest], Identity] | None = None


def register_identity(identify: Callable[[HttpRequest], Identity]) -> None:
    """Say how the frame names the signed-in person (agencies knows memberships, the ground does not)."""
    global _identify
    _identify = identify


def identity(request: HttpRequest) -> Identity | None:
    """Who is signed in, or None."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    return _identify(request) if _identify else Identity(user.get_full_name() or user.get_username())


def register(
    place: Place,
    key: str,
    label: str | Promise,
    target: str | Callable[[HttpRequest], str | None],
    *,
    allowed: Callable[[HttpRequest], bool],
    order: int = 100,
    under: str = "",
    count: Callable[[HttpRequest], int | None] | None = None,
    starts: Callable[[HttpRequest], bool] | None = None,
) -> None:
    """Add an entry, or replace the one of the same place and key.

    `allowed` has no default: an entry that everyone may see says so. `under` is a path prefix that
    counts as this entry's part of the portal (default: its own address). `starts` says for whom the
    day begins here.
    """
    _entries[place, key] = Entry(place, key, label, target, allowed, order, under, count, starts)


def links(place: Place, request: HttpRequest) -> list[Link]:
    """The entries of a place that this person may use, in order; the deepest match is current."""
    shown: list[tuple[Entry, str]] = []
    for entry in sorted(_entries.values(), key=lambda entry: (entry.order, entry.key)):
        if entry.place == place and entry.allowed(request):
            url = _address(entry, request)
            if url:
                shown.append((entry, url))
    here = max(
        (url for entry, url in shown if request.path.startswith(entry.under or url)),
        key=len,
        default="",
    )
    return [
        Link(
            entry.key,
            entry.label,
            url,
            "" if url != here else ("page" if request.path == url else "true"),
            entry.count(request) if entry.count else None,
        )
        for entry, url in shown
    ]


def start(place: Place, request: HttpRequest) -> str | None:
    """Where this person's day begins: the first entry that claims it, or None."""
    for entry in sorted(_entries.values(), key=lambda entry: (entry.order, entry.key)):
        if entry.place == place and entry.starts and entry.allowed(request) and entry.starts(request):
            return _address(entry, request)
    return None


def _address(entry: Entry, request: HttpRequest) -> str | None:
    if callable(entry.target):
        return entry.target(request)
    try:
        return reverse(entry.target)
    except NoReverseMatch:
        return None
