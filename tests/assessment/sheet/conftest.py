"""Three agencies in an opened block, with people of every agency role in the first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.test import Client

from agencies.actors import Actor, actor_for
from agencies.models import Division, Role, User
from evidence.models import Document, DocumentVersion
from parindex.clock import db_now
from scoring.assessment.models import Answer, Scoresheet
from scoring.assessment.services import answers, citations
from tests.factories import DivisionFactory, person
from tests.factories_scoring import OpenedYear, open_cycle

#: Good inputs for each self-scored leaf of factories_scoring.LEAVES, as a person types them.
TYPED: dict[str, dict[str, Any]] = {
    "1.1.1": {"value": "true"},
    "1.1.2": {"option": "1"},
    "1.2.1": {"items": ["0", "1"]},
    "1.2.2": {"value": "82,5"},
    "2.1.1": {"numerator": "47", "denominator": "50"},
    "2.1.2": {"n": "1"},
    "2.2.1": {"n": "2"},
    "2.2.2": {"points": "1,25"},
}


def actor_of(user: User) -> Actor:
    return actor_for(User.objects.get(pk=user.pk))


def make_version(agency: Any, user: User, number: str = "45/BC-TEST", **more: Any) -> DocumentVersion:
    """A document of the library with one version; no file lies behind it."""
    now = db_now()
    document = more.pop("document", None) or Document.objects.create(
        agency=agency, created_by=user, created_at=now
    )
    version = document.versions.count() + 1
    document.versions.update(current=False)
    fields: dict[str, Any] = {
        "number": number,
        "issued_on": date(2025, 12, 12),
        "issuer": "Cơ quan thử",
        "subject": "Báo cáo kết quả",
        "folded": f"{number} bao cao ket qua".lower(),
        "file_key": f"{number}-{version}",
        "original_name": "bao-cao.pdf",
        "content_type": "application/pdf",
        "size": 1000,
        "sha256": "0" * 64,
        "scan_state": DocumentVersion.ScanState.CLEAN,
        "uploaded_by": user,
        "uploaded_at": now,
    } | more
    return DocumentVersion.objects.create(document=document, version=version, **fields)


@dataclass
class Place:
    """The opened year with the people of its first agency and one of the second."""

    year: OpenedYear
    editor: User
    coordinator: User
    head: User
    division: Division
    division_editor: User
    stranger: User

    @property
    def sheet(self) -> Scoresheet:
        return Scoresheet.objects.get(pk=self.year.sheets[0].pk)

    @property
    def foreign(self) -> Scoresheet:
        return Scoresheet.objects.get(pk=self.year.sheets[1].pk)

    def answer(self, code: str) -> Answer:
        return Answer.objects.select_related("criterion", "scoresheet").get(
            scoresheet=self.year.sheets[0], criterion__code=code
        )

    def save(self, code: str, *, note: str = "", user: User | None = None, **raw: Any) -> Answer:
        answer = self.answer(code)
        return answers.save_answer(
            answer=answer,
            actor=actor_of(user or self.editor),
            inputs_raw=raw or TYPED[code],
            note=note,
            expected_version=answer.version,
        ).answer

    def fill(self) -> None:
        """Answer everything, with a note where points are claimed."""
        for code in TYPED:
            if self.answer(code).applicability != Answer.Applicability.PROFILE:
                self.save(code, note="Có báo cáo kèm theo.")

    def cite(self, code: str, version: DocumentVersion, **place: str) -> Any:
        return citations.cite(answer=self.answer(code), actor=actor_of(self.editor), version=version, **place)


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def make_place(**options: Any) -> Place:
    year = open_cycle(agencies=2, **options)
    agency = year.agencies[0]
    division = DivisionFactory(agency=agency, name="Phòng Hành chính")
    return Place(
        year,
        person(Role.EDITOR, agency),
        person(Role.COORDINATOR, agency),
        person(Role.HEAD, agency),
        division,
        person(Role.DIVISION_EDITOR, division=division),
        person(Role.EDITOR, year.agencies[1]),
    )


@pytest.fixture
def as_user() -> Any:
    def enter(user: User, *, htmx: bool = False) -> Client:
        client = Client(headers={"HX-Request": "true"} if htmx else None)
        client.force_login(user)
        return client

    return enter
