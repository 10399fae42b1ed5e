"""The library of documents and the address of a file."""

from __future__ import annotations

import uuid

from agencies.actors import actor_for
from agencies.models import Agency, Role, User
from evidence.models import DocumentVersion
from evidence.services import store_document
from tests.evidence.files import pdf, upload
from tests.factories import person
from tests.permissions.table import AGENCY, Kinds, Row, World

READERS = {"inspector"}


def _version(agency: Agency, user: User) -> DocumentVersion:
    """A document of this agency whose words are found nowhere else."""
    words = f"bản nháp của {agency.name}"
    return store_document(
        actor=actor_for(user), agency=agency, upload=upload(pdf(words), f"{words}.pdf"), read_text=False
    ).version


def _versions(world: World) -> tuple[DocumentVersion, DocumentVersion]:
    own = _version(world.a, world.people["editor"])
    return own, _version(world.b, person(Role.EDITOR, world.b))


def _documents(world: World) -> Kinds:
    own, foreign = _versions(world)
    return Kinds(
        {"public_id": own.document.public_id},
        {"public_id": foreign.document.public_id},
        {"public_id": uuid.uuid4()},
    )


def _files(world: World) -> Kinds:
    own, foreign = _versions(world)
    return Kinds({"public_id": own.public_id}, {"public_id": foreign.public_id}, {"public_id": uuid.uuid4()})


OBJECTS = {"document": _documents, "file": _files}
BOTH = ("GET", "POST")

TABLE = {
    "evidence:open": Row(AGENCY | READERS, READERS, make="file", why="others by access rules alone"),
    "workspace:library": Row(AGENCY | READERS),
    "workspace:library_upload": Row(AGENCY, methods=BOTH),
    "workspace:library_describe": Row(AGENCY),
    "workspace:document": Row(AGENCY | READERS, READERS, make="document"),
    "workspace:document_edit": Row(
        AGENCY, make="document", methods=BOTH, data={"number": "1/KH", "version": 1}
    ),
    "workspace:document_replace": Row(AGENCY, make="document", methods=BOTH, data={"version": 1}),
    "workspace:document_remove": Row(AGENCY, make="document", methods=BOTH),
}
