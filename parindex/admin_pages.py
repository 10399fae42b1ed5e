"""What the rooms' own pages inside the administration frame share: the door, and how a refusal is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from parindex.errors import Refusal

if TYPE_CHECKING:
    from agencies.actors import Actor

View = Callable[..., HttpResponseBase]


def allowed(
    decision: Callable[[Actor], bool], *, writes: Callable[[Actor], bool] | None = None
) -> Callable[[View], View]:
    """A page in the administration frame for those whom ``decision`` lets in, and ``writes`` by POST."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            asked = writes if writes is not None and request.method == "POST" else decision
            if not asked(request.actor):  # type: ignore[attr-defined]
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return admin.site.admin_view(guarded)

    return wrap


def show_refusal(form: forms.BaseForm, refusal: Refusal) -> None:
    """Put what a service refused beside its fields; nothing that was typed is lost."""
    for name, texts in refusal.fields.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)


def tell_refusal(request: HttpRequest, refusal: Refusal) -> None:
    """A refusal of an act without a form: as messages on the next page."""
    for text in refusal.messages:
        messages.error(request, text)
