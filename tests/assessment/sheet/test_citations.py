"""Documents cited on answers: own ones only, frozen with the sheet, opened by those who appraise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from agencies.models import Role
from evidence import access
from evidence.models import DocumentVersion
from parindex.clock import db_now
from parindex.errors import NotPermitted, NotVisible, WrongState
from scoring.assessment.access import cited_documents, cited_for_appraiser, drafts_follow
from scoring.assessment.models import Citation, Scoresheet, SheetState, Stage, Window
from scoring.assessment.services import citations
from tests.assessment.sheet.conftest import Place, actor_of, make_version
from tests.factories import actor, person
from tests.factories_scoring import home_affairs, make_agency


@pytest.fixture
def version(place: Place) -> DocumentVersion:
    return make_version(place.year.agencies[0], place.editor)


@pytest.mark.parametrize("htmx", [True, False])
def test_cite_and_take_off(place: Place, version: DocumentVersion, as_user: Any, htmx: bool) -> None:
    answer = place.answer("1.1.1")
    client = as_user(place.editor, htmx=htmx)
    address = reverse("workspace:cite", args=[answer.public_id])
    assert "45/BC-TEST" in client.get(address).content.decode()
    response = client.post(address, {"version": str(version.public_id), "page": "4", "clause": "mục II"})
    assert response.status_code == (200 if htmx else 302)
    citation = Citation.objects.get(answer=answer)
    assert (citation.page, citation.clause, citation.frozen) == ("4", "mục II", False)
    page = (
        as_user(place.editor).get(reverse("workspace:sheet", args=[place.sheet.public_id])).content.decode()
    )
    assert "45/BC-TEST" in page and "tr. 4" in page and "mục II" in page
    client.post(address, {"version": str(version.public_id), "page": "4", "clause": "mục II"})
    assert Citation.objects.count() == 1
    client.post(reverse("workspace:citation", args=[citation.public_id]), {"page": "5", "clause": ""})
    citation.refresh_from_db()
    assert (citation.page, citation.clause) == ("5", "")
    client.post(reverse("workspace:uncite", args=[citation.public_id]))
    assert not Citation.objects.exists()


def test_one_document_serves_many_criteria(place: Place, version: DocumentVersion, as_user: Any) -> None:
    place.cite("1.1.1", version)
    picker = as_user(place.editor).get(reverse("workspace:cite", args=[place.answer("1.1.2").public_id]))
    assert "đã gắn vào 1.1.1" in picker.content.decode()
    place.cite("1.1.2", version)
    assert Citation.objects.count() == 2


def test_a_foreign_document_does_not_exist(place: Place) -> None:
    foreign = make_version(place.year.agencies[1], place.stranger)
    with pytest.raises(NotVisible):
        place.cite("1.1.1", foreign)


def test_removed_and_infected_documents_are_refused(place: Place, version: DocumentVersion) -> None:
    infected = make_version(
        place.year.agencies[0], place.editor, "9/BC", scan_state=DocumentVersion.ScanState.INFECTED
    )
    with pytest.raises(WrongState):
        place.cite("1.1.1", infected)
    version.document.removed_at = db_now()
    version.document.save()
    with pytest.raises(WrongState):
        place.cite("1.1.1", version)


def test_the_head_does_not_cite(place: Place, version: DocumentVersion) -> None:
    with pytest.raises(NotPermitted):
        citations.cite(answer=place.answer("1.1.1"), actor=actor_of(place.head), version=version)


def test_drafts_follow_a_new_version_and_submitted_ones_say_that_there_is_one(
    place: Place, version: DocumentVersion, as_user: Any
) -> None:
    place.cite("1.1.1", version, page="4")
    newer = make_version(place.year.agencies[0], place.editor, "45a/BC-TEST", document=version.document)
    drafts_follow(version, newer)
    assert Citation.objects.get().document_version == newer
    citations.freeze(place.sheet)
    newest = make_version(place.year.agencies[0], place.editor, "45b/BC-TEST", document=version.document)
    drafts_follow(newer, newest)
    assert Citation.objects.get().document_version == newer
    page = (
        as_user(place.editor).get(reverse("workspace:sheet", args=[place.sheet.public_id])).content.decode()
    )
    assert "45a/BC-TEST" in page and "có bản mới hơn" in page and "45b/BC-TEST" not in page


@pytest.mark.parametrize(
    ("state", "stage"), [("drafting", Stage.SELF_ASSESSMENT), ("explaining", Stage.EXPLANATION)]
)
def test_a_new_version_after_the_window_changes_no_citation(
    place: Place, version: DocumentVersion, state: str, stage: Stage
) -> None:
    place.cite("1.1.1", version)
    Scoresheet.objects.filter(pk=place.sheet.pk).update(state=state)
    now = db_now()
    window = Window.objects.filter(cycle_block=place.year.cycle_block, stage=stage)
    window.update(opens=now - timedelta(days=9), closes=now)  # half-open: at the end it is over
    newer = make_version(place.year.agencies[0], place.editor, "45a/BC-TEST", document=version.document)
    drafts_follow(version, newer)
    assert Citation.objects.get().document_version == version
    window.update(closes=now + timedelta(days=1))
    drafts_follow(version, newer)
    assert Citation.objects.get().document_version == newer


class TestWhoOpens:
    def test_the_assessor_of_the_leaf_once_it_is_submitted(
        self, place: Place, version: DocumentVersion
    ) -> None:
        place.cite("1.1.1", version)
        assessor = actor(Role.ASSESSOR, home_affairs())
        assert not cited_for_appraiser(assessor, version)
        Scoresheet.objects.filter(pk=place.sheet.pk).update(state=SheetState.SUBMITTED)
        assert cited_for_appraiser(assessor, version)
        assert access.allowed_by_rule(assessor, version)
        elsewhere = actor(Role.ASSESSOR, make_agency("Sở Tư pháp"))
        assert not cited_for_appraiser(elsewhere, version)
        own_house = actor(Role.ASSESSOR, place.year.agencies[0])
        assert not cited_for_appraiser(own_house, version)

    def test_not_what_is_cited_nowhere_or_by_a_draft_of_an_explanation(
        self, place: Place, version: DocumentVersion
    ) -> None:
        Scoresheet.objects.filter(pk=place.sheet.pk).update(state=SheetState.EXPLAINING)
        assessor = actor(Role.ASSESSOR, home_affairs())
        assert not cited_for_appraiser(assessor, version)
        citation = Citation.objects.create(
            answer=place.answer("1.1.1"), document_version=version, for_explanation=True,
            added_by=place.editor, added_at=db_now(),
        )  # fmt: skip
        assert not cited_for_appraiser(assessor, version)
        Citation.objects.filter(pk=citation.pk).update(frozen=True)
        Scoresheet.objects.filter(pk=place.sheet.pk).update(state=SheetState.REAPPRAISING)
        assert cited_for_appraiser(assessor, version)

    def test_another_agency_never(self, place: Place, version: DocumentVersion) -> None:
        place.cite("1.1.1", version)
        Scoresheet.objects.filter(pk=place.sheet.pk).update(state=SheetState.SUBMITTED)
        assert not cited_for_appraiser(actor_of(place.stranger), version)
        assert not cited_for_appraiser(actor_of(person(Role.PUBLISHER)), version)


def test_a_cited_document_is_in_use(place: Place, version: DocumentVersion) -> None:
    unused = make_version(place.year.agencies[0], place.editor, "77/BC")
    place.cite("1.1.1", version)
    assert cited_documents([version.document_id, unused.document_id]) == {version.document_id}
