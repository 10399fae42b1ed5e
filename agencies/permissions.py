"""Who may do what to the structure of the province and to accounts: asked by services, admin and imports alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from agencies.models import Role
from parindex.errors import NotPermitted

if TYPE_CHECKING:
    from agencies.actors import Actor
    from agencies.models import User

STRUCTURE_ROLES = frozenset({Role.ADMINISTRATOR, Role.SECRETARY})
ACCOUNT_ROLES = frozenset({Role.ADMINISTRATOR})
READER_ROLES = frozenset({Role.INSPECTOR})


def may_manage_structure(actor: Actor) -> bool:
    """Blocks, agencies, divisions, successions."""
    return actor.has(*STRUCTURE_ROLES)


def may_manage_accounts(actor: Actor) -> bool:
    """Accounts and their roles."""
    return actor.has(*ACCOUNT_ROLES)


def may_manage_account(actor: Actor, account: User) -> bool:
    """Nobody changes the roles, the access or the first password of his or her own account."""
    return may_manage_accounts(actor) and (actor.user is None or actor.user.pk != account.pk)


def require_structure(actor: Actor) -> None:
    """Raises NotPermitted."""
    if not may_manage_structure(actor):
        raise NotPermitted(
            _("Only an administrator or the secretary manages blocks, agencies and divisions.")
        )


def require_accounts(actor: Actor, account: User | None = None) -> None:
    """Raises NotPermitted; with ``account``, also when it is the actor's own."""
    if not may_manage_accounts(actor):
        raise NotPermitted(_("Only an administrator manages accounts and roles."))
    if account is not None and not may_manage_account(actor, account):
        raise NotPermitted(
            _("Nobody changes the roles or the access of his or her own account: ask another administrator.")
        )
