"""Who may do what with documents. No default allow; views, services, lists and exports all ask here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from agencies.models import AGENCY_ROLES, Role
from evidence import access
from parindex.errors import NotPermitted, NotVisible

if TYPE_CHECKING:
    from agencies.actors import Actor
    from evidence.models import Document, DocumentVersion


#: Who gives or settles points: conflicts of interest bind these people in everything that they read.
JUDGING_ROLES = (Role.ASSESSOR, Role.COUNCIL_MEMBER, Role.SECRETARY)


def may_manage(actor: Actor, agency_id: int) -> bool:
    """Upload, describe, replace and remove documents of this agency: everyone who does its work."""
    return actor.has_in(agency_id, *AGENCY_ROLES)


def barred_libraries(actor: Actor) -> frozenset[int]:
    """The agencies whose libraries an inspector does not read: the own and former houses of one who also judges."""
    return actor.houses if actor.has(*JUDGING_ROLES) else frozenset()


def may_read_library(actor: Actor, agency_id: int) -> bool:
    """See the list of an agency's documents: its own people, and inspectors who don't judge people they know."""
    if may_manage(actor, agency_id):
        return True
    return actor.has(Role.INSPECTOR) and agency_id not in barred_libraries(actor)


def may_open(actor: Actor, version: DocumentVersion) -> bool:
    """Open the file of a version: who may read the library, and whom a registered rule lets in.

    A removed document is gone for everyone. The state of the virus scan is not asked here.
    """
    if version.document.removed_at is not None:
        return False
    return may_read_library(actor, version.document.agency_id) or access.allowed_by_rule(actor, version)


def is_own(actor: Actor, version: DocumentVersion) -> bool:
    """Whether the person opens it as somebody of the agency that owns it."""
    return may_manage(actor, version.document.agency_id)


def require_manage(actor: Actor, agency_id: int, document: Document | None = None) -> None:
    """NotVisible to people who may not even see the library, NotPermitted to those who may only read it."""
    if may_manage(actor, agency_id):
        return
    if may_read_library(actor, agency_id):
        raise NotPermitted(_("Only the agency itself changes its documents."))
    raise NotVisible(_("There is no such document."))
