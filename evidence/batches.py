"""Several files of one form: each has its own outcome, and a bad one never costs the others."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agencies.models import Agency
from evidence.arrival import Upload
from evidence.models import DocumentVersion
from evidence.refusals import SecrecyStampFound
from evidence.services import store_document
from parindex.errors import NotPermitted, NotVisible, Refusal

if TYPE_CHECKING:
    from agencies.actors import Actor


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: a version (new, or the one that was there before), or messages."""

    name: str
    version: DocumentVersion | None = None
    duplicate: bool = False
    messages: list[str] = field(default_factory=list)
    status: int = 201
    needs_confirmation: bool = False

    @property
    def is_stored(self) -> bool:
        return self.version is not None


def store_each(
    *,
    actor: Actor,
    agency: Agency,
    uploads: Iterable[Upload],
    secrecy_confirmation: str = "",
    upload_key: uuid.UUID | None = None,
) -> list[Outcome]:
    """Store the files one after another, each in its own transaction.

    Raises NotVisible or NotPermitted for the whole; any other refusal belongs to its file.
    """
    outcomes = []
    for upload in uploads:
        name = upload.name or ""
        try:
            stored = store_document(
                actor=actor,
                agency=agency,
                upload=upload,
                secrecy_confirmation=secrecy_confirmation,
                upload_key=upload_key,
            )
        except (NotVisible, NotPermitted):
            raise
        except Refusal as refusal:
            outcomes.append(
                Outcome(
                    name,
                    messages=refusal.messages,
                    status=refusal.status,
                    needs_confirmation=isinstance(refusal, SecrecyStampFound),
                )
            )
        else:
            status = 200 if stored.duplicate else 201
            outcomes.append(Outcome(name, stored.version, stored.duplicate, status=status))
    return outcomes
