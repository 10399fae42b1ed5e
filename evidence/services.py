"""The acts of an agency's library: store a document, replace its file, describe it, remove it.

A file is written, inspected and made durable first, with no transaction held; then one transaction locks the
agency's library, looks for the same bytes, writes the rows and the record. What is refused leaves no file.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.models import Agency
from evidence import access, storage
from evidence.arrival import StoredFile, Upload, arrival
from evidence.description import Description
from evidence.models import Document, DocumentVersion, Opening
from evidence.permissions import is_own, require_manage
from evidence.refusals import AlreadyThere, InUse
from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import NotVisible, StaleVersion

if TYPE_CHECKING:
    from agencies.actors import Actor
    from agencies.models import User


@dataclass(frozen=True, slots=True)
class Stored:
    """The outcome of an upload. ``duplicate``: the library held these bytes before; nothing was stored."""

    version: DocumentVersion
    duplicate: bool
    notes: tuple[str, ...] = ()

    @property
    def document(self) -> Document:
        return self.version.document


def store_document(
    *,
    actor: Actor,
    agency: Agency,
    upload: Upload,
    description: Description | None = None,
    secrecy_confirmation: str = "",
    upload_key: uuid.UUID | None = None,
    read_text: bool = True,
) -> Stored:
    """Store an uploaded file as a new document of the agency, or find the one that has the same bytes.

    ``upload_key`` is the form's: the same file sent twice with it counts once and gives the same outcome.
    ``secrecy_confirmation`` says in writing why a file that shows a secrecy stamp may be kept. ``read_text``
    is False only for files that the portal made itself (the sample province).

    Raises NotVisible, NotPermitted, Invalid by field of the description, FileRefused, SecrecyStampFound, or
    CouldNotStore when the disk refuses. Nothing is kept then.
    """
    user = _user(actor)
    require_manage(actor, agency.pk)
    described = (description or Description()).cleaned(today=timezone.localdate())
    with arrival(upload, agency, secrecy_confirmation, read_text) as arrived, transaction.atomic():
        _lock_library(agency.pk)
        found = _holder_of(agency.pk, arrived.written.sha256)
        if found is not None and found.document.removed_at is None:
            storage.discard(arrived.written)
            repeated = upload_key is not None and found.upload_key == upload_key
            return Stored(found, duplicate=not repeated)
        now = db_now()
        document = Document.objects.create(agency=agency, created_by=user, created_at=now)
        version = _add_version(
            document, 1, user, now, described, arrived.stored(found), upload_key=upload_key,
            guesses=arrived.guesses, secrecy_note=arrived.secrecy_note,
        )  # fmt: skip
        record(
            actor=user, action="document.store", obj=version, after=_told(version, arrived.inspection.notes)
        )
    return Stored(version, duplicate=False, notes=arrived.inspection.notes)


def replace_file(
    *,
    actor: Actor,
    document: Document,
    upload: Upload,
    expected_version: int,
    secrecy_confirmation: str = "",
    upload_key: uuid.UUID | None = None,
) -> DocumentVersion:
    """Give the document another file: a new version with the same description.

    The same form sent twice counts once. Raises as ``store_document``, StaleVersion when somebody made a newer
    version in between, AlreadyThere when the library holds these bytes (in this document or another).
    """
    user = _user(actor)
    require_manage(actor, document.agency_id)
    agency = Agency.objects.get(pk=document.agency_id)
    with arrival(upload, agency, secrecy_confirmation, read_text=True) as arrived, transaction.atomic():
        _lock_library(agency.pk)
        current = _locked_current(document, actor)
        same = current.sha256 == arrived.written.sha256
        if same and upload_key is not None and current.upload_key == upload_key:
            storage.discard(arrived.written)
            return current
        _require_version(current, expected_version, Description.of(current))
        if same:
            raise AlreadyThere(
                _("This is the file that the document has already. Nothing was changed."), current
            )
        holder = _holder_of(agency.pk, arrived.written.sha256)
        if holder is not None and holder.document.removed_at is None and holder.document_id != document.pk:
            raise AlreadyThere(
                _("The library holds this file already, as “%(document)s”. Cite that document instead.")
                % {"document": holder},
                holder,
            )
        version = _supersede(
            current, user, Description.of(current), arrived.stored(holder), upload_key=upload_key,
            guesses=arrived.guesses, secrecy_note=arrived.secrecy_note,
        )  # fmt: skip
        record(
            actor=user, action="document.replace_file", obj=version,
            before=_told(current), after=_told(version, arrived.inspection.notes),
        )  # fmt: skip
    return version


def edit_description(
    *, actor: Actor, document: Document, description: Description, expected_version: int
) -> DocumentVersion:
    """Describe the document anew: a new version with the same file. The same description changes nothing.

    Raises NotVisible, NotPermitted, Invalid by field, or StaleVersion with both texts.
    """
    user = _user(actor)
    require_manage(actor, document.agency_id)
    described = description.cleaned(today=timezone.localdate())
    with transaction.atomic():
        _lock_library(document.agency_id)
        current = _locked_current(document, actor)
        if described == Description.of(current):
            return current
        _require_version(current, expected_version, described)
        version = _supersede(
            current, user, described, current, upload_key=None, guesses={}, secrecy_note=current.secrecy_note
        )
        record(
            actor=user, action="document.describe", obj=version,
            before=Description.of(current).as_dict(), after=described.as_dict(),
        )  # fmt: skip
    return version


def remove_document(*, actor: Actor, document: Document) -> None:
    """Take a document that nothing cites out of the library. The row and its file stay for the record.

    Removing twice is once. Raises NotVisible, NotPermitted, or InUse.
    """
    user = _user(actor)
    require_manage(actor, document.agency_id)
    with transaction.atomic():
        locked = Document.objects.select_for_update().filter(pk=document.pk).first()
        if locked is None:
            raise NotVisible(_("There is no such document."))
        if locked.removed_at is not None:
            return
        if access.in_use(locked):
            raise InUse(
                _(
                    "This document is cited and stays in the library. Take it off the criteria that cite it first."
                )
            )
        locked.removed_at, locked.removed_by = db_now(), user
        locked.save(update_fields=["removed_at", "removed_by"])
        current = locked.versions.get(current=True)
        record(actor=user, action="document.remove", obj=current, before=_told(current))


def note_opening(*, actor: Actor, version: DocumentVersion) -> None:
    """Record that somebody of another agency opens the file: once a person, version and day.

    The agency's own people are not noted. A flood of requests (pages of a PDF by ranges) writes one entry.
    """
    if actor.user is None or is_own(actor, version):
        return
    opening = {"document_version": version, "user": actor.user, "day": timezone.localdate()}
    if Opening.objects.filter(**opening).exists():
        return
    try:
        with transaction.atomic():
            Opening.objects.create(**opening)
            record(actor=actor.user, action="document.open", obj=version)
    except IntegrityError:
        pass  # the same person, at the same moment


def _user(actor: Actor) -> User:
    if actor.user is None:
        raise NotVisible(_("There is no such document."))
    return actor.user


def _lock_library(agency_id: int) -> None:
    """Two stores of one agency wait for each other. Other writers of the agency's rows are not held up."""
    Agency.objects.select_for_update(no_key=True).only("pk").get(pk=agency_id)


def _holder_of(agency_id: int, sha256: str) -> DocumentVersion | None:
    """The newest version in the agency's library that has these bytes; documents not removed come first."""
    return (
        DocumentVersion.objects.filter(document__agency_id=agency_id, sha256=sha256)
        .select_related("document")
        .order_by(F("document__removed_at").asc(nulls_first=True), "-current", "-pk")
        .first()
    )


def _locked_current(document: Document, actor: Actor) -> DocumentVersion:
    """The document's current version, the document's row locked; NotVisible when it was removed."""
    locked = Document.objects.select_for_update().filter(pk=document.pk, removed_at__isnull=True).first()
    if locked is None:
        raise NotVisible(_("There is no such document."))
    return DocumentVersion.objects.select_related("document").get(document=locked, current=True)


def _require_version(current: DocumentVersion, expected: int, offered: Description) -> None:
    if current.version != expected:
        raise StaleVersion(
            _("Somebody changed this document in the meantime."),
            current=Description.of(current).as_dict(),
            offered=offered.as_dict(),
            version=current.version,
        )


def _add_version(
    document: Document,
    number: int,
    user: User,
    now: datetime,
    described: Description,
    file: StoredFile | DocumentVersion,
    *,
    upload_key: uuid.UUID | None,
    guesses: dict[str, str],
    secrecy_note: str,
) -> DocumentVersion:
    return DocumentVersion.objects.create(
        document=document,
        version=number,
        folded=described.folded(file.original_name),
        file_key=file.file_key,
        original_name=file.original_name,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        scan_state=file.scan_state,
        uploaded_by=user,
        uploaded_at=now,
        upload_key=upload_key,
        guesses=guesses,
        secrecy_note=secrecy_note,
        number=described.number,
        issued_on=described.issued_on,
        issuer=described.issuer,
        subject=described.subject,
        signatory=described.signatory,
    )


def _supersede(
    current: DocumentVersion,
    user: User,
    described: Description,
    file: StoredFile | DocumentVersion,
    *,
    upload_key: uuid.UUID | None,
    guesses: dict[str, str],
    secrecy_note: str,
) -> DocumentVersion:
    """Add the next version and let drafts that refer to the old one follow."""
    current.current = False
    current.save(update_fields=["current"])
    version = _add_version(
        current.document, current.version + 1, user, db_now(), described, file,
        upload_key=upload_key, guesses=guesses, secrecy_note=secrecy_note,
    )  # fmt: skip
    access.follow(current, version)
    return version


def _told(version: DocumentVersion, notes: tuple[str, ...] = ()) -> dict[str, object]:
    """What the record says of a version: what identifies it, never its content."""
    told: dict[str, object] = {
        "document": version.document.public_id,
        "version": version.version,
        "file": version.original_name,
        "content_type": version.content_type,
        "size": version.size,
        "sha256": version.sha256,
    } | Description.of(version).as_dict()
    if version.secrecy_note:
        told["secrecy_note"] = version.secrecy_note
    if notes:
        told["notes"] = list(notes)
    return told
