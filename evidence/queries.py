"""What the library can be asked: its documents, one document, one version. A fixed number of queries each."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db.models import Max, Q, QuerySet
from django.db.models.functions import ExtractYear
from django.utils.translation import gettext as _

from agencies.models import Agency, Role
from evidence.models import Document, DocumentVersion
from evidence.permissions import barred_libraries, may_open
from parindex.errors import NotVisible
from parindex.ui.collation import fold

if TYPE_CHECKING:
    from agencies.actors import Actor


def visible_to(actor: Actor) -> QuerySet[Document]:
    """The documents that this person may list: those of the agencies whose library he or she may read."""
    return Document.objects.filter(_readable(actor, "agency"), removed_at__isnull=True)


def readable_agencies(actor: Actor) -> QuerySet[Agency]:
    """The agencies whose library this person may read, in Vietnamese order."""
    return Agency.objects.filter(_readable(actor, "pk"))


def _readable(actor: Actor, key: str) -> Q:
    """may_read_library as a condition on the agency: all for an inspector, without the houses that he or she judges."""
    own = Q(**{f"{key}__in": actor.own_agency_ids})
    if not actor.has(Role.INSPECTOR):
        return own
    barred = barred_libraries(actor)
    return own | ~Q(**{f"{key}__in": barred}) if barred else Q()


def library(
    agency_id: int, *, search: str = "", year: int | None = None, described: bool | None = None
) -> QuerySet[DocumentVersion]:
    """The current versions of an agency's documents, newest first, each with its document.

    ``search``: every word of it, without accents and case, in number, subject, issuer, signatory, date or
    file name. ``year``: of issue. ``described`` False: those without number and symbol.
    """
    versions = DocumentVersion.objects.filter(
        current=True, document__agency_id=agency_id, document__removed_at__isnull=True
    ).select_related("document", "uploaded_by")
    for word in fold(search).split()[:12]:
        versions = versions.filter(folded__contains=word)
    if year is not None:
        versions = versions.filter(issued_on__year=year)
    if described is not None:
        versions = versions.exclude(number="") if described else versions.filter(number="")
    return versions.order_by("-document__created_at", "-document_id")


def years_of_issue(agency_id: int) -> list[int]:
    """The years in which the agency's documents were issued, newest first. One query."""
    years = (
        DocumentVersion.objects.filter(
            current=True,
            document__agency_id=agency_id,
            document__removed_at__isnull=True,
            issued_on__isnull=False,
        )
        .order_by()
        .annotate(year=ExtractYear("issued_on"))
        .values_list("year", flat=True)
        .distinct()
    )
    return sorted(years, reverse=True)


def pickable(agency_id: int, *, search: str = "", limit: int = 20) -> list[DocumentVersion]:
    """Documents to cite: current versions whose file is not infected, newest first, at most ``limit``."""
    clean = library(agency_id, search=search).exclude(scan_state=DocumentVersion.ScanState.INFECTED)
    return list(clean[:limit])


def document_for(actor: Actor, public_id: uuid.UUID) -> Document:
    """The document with its agency, or NotVisible (absent and foreign alike). One query."""
    found = visible_to(actor).select_related("agency", "created_by").filter(public_id=public_id).first()
    if found is None:
        raise NotVisible(_("There is no such document."))
    return found


def versions_of(document: Document) -> list[DocumentVersion]:
    """All versions, newest first. One query."""
    return list(document.versions.select_related("document", "uploaded_by").order_by("-version"))


def version_to_open(actor: Actor, public_id: uuid.UUID) -> DocumentVersion:
    """The version whose file this person may open, or NotVisible (absent, removed and foreign alike)."""
    version = DocumentVersion.objects.select_related("document").filter(public_id=public_id).first()
    if version is None or not may_open(actor, version):
        raise NotVisible(_("There is no such document."))
    return version


def referenced(keys: list[str]) -> set[str]:
    """Which of these file keys a version refers to. One query."""
    return set(
        DocumentVersion.objects.filter(file_key__in=keys).order_by().values_list("file_key", flat=True)
    )


def stored_files(after_id: int = 0, limit: int = 500) -> list[tuple[int, str, str]]:
    """(id of the last version, key, SHA-256) of stored files, each once, in order of that id."""
    rows = (
        DocumentVersion.objects.filter(~Q(file_key=""))
        .order_by()
        .values("file_key", "sha256")
        .annotate(last=Max("pk"))
        .filter(last__gt=after_id)
        .order_by("last")[:limit]
    )
    return [(row["last"], row["file_key"], row["sha256"]) for row in rows]
