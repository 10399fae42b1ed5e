"""What the pages of the appraising side share: the door, refusals as messages, the tabs of a block."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from agencies.actors import Actor
from parindex.errors import NotPermitted, NotVisible, Refusal
from scoring.assessment.appraisal_permissions import may_enter, may_oversee, may_run_block
from scoring.assessment.models import CycleBlock

View = Callable[..., HttpResponse]


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    return request.actor  # type: ignore[attr-defined]


def _page(allowed: Callable[[Actor], bool]) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not allowed(actor_of(request)):
                raise PermissionDenied
            try:
                return view(request, *args, **kwargs)
            except NotVisible:
                raise Http404 from None
            except NotPermitted as refused:
                raise PermissionDenied(str(refused)) from None

        return admin.site.admin_view(guarded)  # type: ignore[return-value]

    return decorate


#: A page for everyone who has business in the appraisal: objects are scoped by their reach.
appraisal_page = _page(may_enter)
#: A page over a whole block: secretary, council, inspector.
overseer_page = _page(may_oversee)
#: A page of the secretary.
secretary_page = _page(may_run_block)


def open_block(public_id: uuid.UUID) -> CycleBlock:
    """The opened block of a cycle, or NotVisible. One query."""
    block = (
        CycleBlock.objects.select_related("cycle", "block", "criteria_set")
        .filter(public_id=public_id, opened_at__isnull=False)
        .first()
    )
    if block is None:
        raise NotVisible(_("There is no such block."))
    return block


def say(request: HttpRequest, refused: Refusal, back: str) -> HttpResponse:
    """Why nothing was done, on the page that the person came from."""
    for text in refused.messages:
        messages.error(request, text)
    return HttpResponseRedirect(back)


def block_tabs(request: HttpRequest, block: CycleBlock, current: str) -> list[dict[str, Any]]:
    """The pages of one block that this person may use."""
    actor = actor_of(request)
    tabs = [("rounds", _("Rounds")), ("council", _("Council"))]
    if may_run_block(actor):
        tabs += [("assignments", _("Assignments")), ("points", _("Survey and external points"))]
    return [
        {
            "url": reverse(f"appraisal:{name}", args=[block.public_id]),
            "label": label,
            "current": name == current,
            "count": None,
        }
        for name, label in tabs
    ]
