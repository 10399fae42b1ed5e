"""The door to every change of a draft: who may, that it is a draft still, and that the page was not stale."""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext as _

from agencies.actors import Actor
from parindex.errors import NotPermitted, NotVisible, WrongState
from scoring.criteria.models import CriteriaSet
from scoring.criteria.permissions import may_manage_sets

__all__ = ["StaleDraft", "draft_for_change", "permit", "touched"]


class StaleDraft(WrongState):
    """The draft has changed since the page was shown. ``revision`` is the one that stands now."""

    def __init__(self, revision: int) -> None:
        super().__init__(
            _(
                "Somebody changed this draft after this page was opened, and nothing of yours was saved. "
                "What you typed still stands here: compare it with the draft as it is now, then save again."
            )
        )
        self.revision = revision


def permit(actor: Actor | None) -> None:
    """Raise NotPermitted unless this person manages sets; None is the command line."""
    if actor is not None and not may_manage_sets(actor):
        raise NotPermitted(_("Only the secretary manages criteria sets."))


def draft_for_change(actor: Actor | None, set_pk: int, revision: int | None = None) -> CriteriaSet:
    """The set with its row locked until the caller's transaction ends, ready to be changed.

    ``revision`` is what the page showed; None does not ask for it. Call it first in the transaction, then
    change, then ``touched``, then record. Raises NotPermitted, NotVisible (no such set), WrongState where
    the set is locked, StaleDraft where it has changed since.
    """
    assert connection.in_atomic_block, "a draft is changed in one transaction"
    permit(actor)
    draft = CriteriaSet.objects.select_for_update().filter(pk=set_pk).first()
    if draft is None:
        raise NotVisible(_("There is no such criteria set."))
    if draft.locked_at is not None:
        raise WrongState(
            _("This set is locked and can no longer change. Copy it to a new version and change that one.")
        )
    if revision is not None and revision != draft.revision:
        raise StaleDraft(draft.revision)
    return draft


def touched(draft: CriteriaSet) -> CriteriaSet:
    """Note that a draft has changed: raises its revision by one; a confirmed difference is confirmed no more.

    One query. Other fields that the caller changed on ``draft`` are not saved by it.
    """
    draft.revision += 1
    draft.difference_confirmed_by = None
    draft.save(update_fields=["revision", "difference_confirmed_by"])
    return draft
