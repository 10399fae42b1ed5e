"""How the library refuses a file: what is wrong and what to do, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parindex.errors import Invalid, Refusal

if TYPE_CHECKING:
    from evidence.models import DocumentVersion


class FileRefused(Invalid):
    """The file can't be accepted; ``reason`` is a short word for tests and logs, never shown."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class SecrecyStampFound(Invalid):
    """The text of the file shows a stamp of state secrets; a written confirmation is asked for."""

    def __init__(self, stamp: str, message: str) -> None:
        super().__init__(fields={"secrecy_confirmation": [message]})
        self.stamp = stamp


class AlreadyThere(Refusal):
    """The library holds these bytes already; ``version`` says where."""

    status = 409

    def __init__(self, message: str, version: DocumentVersion) -> None:
        super().__init__(message)
        self.version = version


class CouldNotStore(Refusal):
    """The disk refused (full, over quota, gone). Nothing has been kept; the person keeps the file."""

    status = 507


class InUse(Refusal):
    """A document that is cited can't be removed."""

    status = 409
