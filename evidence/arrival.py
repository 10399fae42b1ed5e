"""The way of an uploaded file to the disk: written, inspected, named, made durable, and not yet referred to."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from agencies.models import Agency
from evidence import clues, filetypes, storage
from evidence.models import DocumentVersion
from evidence.names import clean_name
from evidence.refusals import CouldNotStore, FileRefused, SecrecyStampFound
from evidence.uploads import NO_SPACE, TOO_LARGE, trouble_of
from parindex.errors import Refusal

#: Errors of the disk that a person can wait out or an administrator can mend.
_DISK = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.EROFS,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EACCES,
    errno.EMFILE,
}


class Upload(Protocol):
    """What a service needs of an uploaded file (Django's UploadedFile has it)."""

    name: str | None

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What a version says of its file."""

    file_key: str
    original_name: str
    content_type: str
    size: int
    sha256: str
    scan_state: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that was written, inspected and made durable, and that no row refers to yet."""

    written: storage.Written
    inspection: filetypes.Inspection
    name: str
    guesses: dict[str, str]
    secrecy_note: str

    def stored(self, same_bytes: DocumentVersion | None) -> StoredFile:
        """The file of a new version; bytes that the agency holds already (of a removed document) lie only once."""
        key = self.written.key
        if same_bytes is not None:
            storage.discard(self.written)
            key = same_bytes.file_key
        states = DocumentVersion.ScanState
        return StoredFile(
            file_key=key,
            original_name=self.name,
            content_type=self.inspection.kind.content_type,
            size=self.written.size,
            sha256=self.written.sha256,
            # The place of the virus scan: "waiting" until a task (asked for on commit) has scanned the file.
            scan_state=states.WAITING if settings.SCAN_EVIDENCE else states.NOT_SCANNED,
        )


@contextmanager
def arrival(upload: Upload, agency: Agency, secrecy_confirmation: str, read_text: bool) -> Iterator[Arrived]:
    """Write, inspect and make durable; a refusal until the end of the block removes the file."""
    trouble = trouble_of(upload)
    if trouble == TOO_LARGE:
        raise _too_large()
    if trouble == NO_SPACE:
        raise _no_space()
    try:
        written = storage.write(upload.chunks(storage.CHUNK), limit=settings.MAX_UPLOAD_BYTES)
    except storage.TooLarge:
        raise _too_large()
    except OSError as error:
        raise _no_space() if error.errno in _DISK else error
    try:
        inspection = filetypes.inspect(written.path, size=written.size, read_text=read_text)
        name = clean_name(upload.name or "", inspection.kind.extensions)
        note = _confirmed(inspection.text, secrecy_confirmation)
        guesses = clues.guess(name, inspection.text, agency_name=agency.name)
        storage.make_durable(written)
        yield Arrived(written, inspection, name, guesses, note)
    except (Refusal, OSError) as error:
        # Only what surely came before the commit. A commit whose outcome is unknown (the connection broke)
        # keeps its file: if no row refers to it, the sweep finds it a day later.
        storage.discard(written)
        if isinstance(error, OSError) and error.errno in _DISK:
            raise _no_space()
        raise


def _confirmed(text: str, confirmation: str) -> str:
    """The written confirmation where the text shows a secrecy stamp, else ""."""
    stamp = clues.secrecy_stamp(text)
    if not stamp:
        return ""
    words = " ".join(confirmation.split())
    if len(words) < 15:
        raise SecrecyStampFound(
            stamp,
            _(
                "The file shows the secrecy stamp “%(stamp)s”. State secrets must never be uploaded here. If this "
                "document is not (or no longer) classified, write why, with the number of the decision, and upload "
                "it again; your name and this text go into the record."
            )
            % {"stamp": stamp},
        )
    return words[:500]


def _too_large() -> FileRefused:
    return FileRefused(
        "too_large",
        _(
            "The file is larger than %(max)s MB. Split it, or scan it at a lower resolution (200–300 dpi is enough)."
        )
        % {"max": settings.MAX_UPLOAD_MB},
    )


def _no_space() -> CouldNotStore:
    return CouldNotStore(
        _(
            "The file was not stored: the portal's disk refused it. Keep the file, tell the administrator, try again."
        )
    )
