"""The agency's pages: the same number of queries whatever the size, light, and alike for foreign and absent."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from parindex.clock import db_now
from scoring.assessment.models import (
    DivisionAssignment,
    ExplanationRequest,
    Mark,
    NotApplicableRequest,
    Scoresheet,
    SheetState,
    Transition,
)
from tests.assessment.sheet.conftest import TYPED, Place, make_place, make_version
from tests.assessment.sheet.test_answers import post_data
from tests.factories_scoring import LEAVES, make_set, open_cycle

ABSENT = "00000000-0000-4000-8000-000000000000"
#: Session, account, grants, and the actor's kin: what every page of the portal asks.
FRAME = 4


def queries(client: Any, address: str, *, method: str = "get", data: Any = None) -> int:
    """How many queries a second asking takes (the first one fills the caches of the process)."""
    getattr(client, method)(address, data)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        response = getattr(client, method)(address, data)
    assert response.status_code in (200, 302), response.status_code
    return len(seen)


def filled(leaves: int) -> Place:
    """A sheet of so many leaves in one area, everything on it: documents, requests, divisions, last year."""
    criteria = [dict(LEAVES[0]) | {"code": f"1.1.{number}"} for number in range(1, leaves + 1)]
    place = make_place(criteria_set=make_set(criteria))
    agency = place.year.agencies[0]
    before = open_cycle([agency], criteria_set=make_set(criteria, year=2024), year=2024)
    for number in range(1, leaves + 1):
        code = f"1.1.{number}"
        place.save(code, note="Có.", value="true")
        place.cite(code, make_version(agency, place.editor, f"{number}/BC"))
        Mark.objects.create(
            answer=before.answer(before.sheets[0], code), round=1, by=place.head, points="0.5", applicable_max=1,
            trace={}, reason="Trễ", at=db_now(),
        )  # fmt: skip
        DivisionAssignment.objects.create(
            scoresheet=place.sheet, criterion=place.year.criterion(code), division=place.division
        )
    Scoresheet.objects.filter(pk=before.sheets[0].pk).update(state=SheetState.FINALISED)
    return place


def asked(place: Place, leaves: int) -> None:
    """Bring the sheet into the explanation stage with a question on every leaf."""
    for number in range(1, leaves + 1):
        answer = place.answer(f"1.1.{number}")
        Mark.objects.create(
            answer=answer,
            round=1,
            by=place.head,
            points="0.5",
            applicable_max=1,
            trace={},
            reason="Trễ",
            at=db_now(),
        )
        ExplanationRequest.objects.create(
            answer=answer, question="Vì sao?", asked_by=place.head, asked_at=db_now()
        )
        NotApplicableRequest.objects.create(
            answer=answer, reason="Không", state="refused", requested_by=place.editor, requested_at=db_now(),
            decided_by=place.head, decided_at=db_now(),
        )  # fmt: skip
    Transition.objects.create(
        scoresheet=place.sheet,
        name="ask_for_explanation",
        source="appraising",
        target="explaining",
        at=db_now(),
    )
    Scoresheet.objects.filter(pk=place.sheet.pk).update(state=SheetState.EXPLAINING)


@pytest.mark.django_db
@pytest.mark.parametrize("leaves", [1, 3])
class TestQueries:
    def address(self, place: Place, name: str) -> str:
        return reverse(f"workspace:{name}", args=[place.sheet.public_id])

    def test_drafting(self, as_user: Any, leaves: int) -> None:
        place = filled(leaves)
        client = as_user(place.coordinator)
        assert queries(client, reverse("workspace:home")) == FRAME + 8
        assert queries(client, self.address(place, "sheet")) == FRAME + 16
        assert queries(client, self.address(place, "print")) == FRAME + 16
        assert queries(client, self.address(place, "check")) == FRAME + 16
        assert queries(client, self.address(place, "divisions")) == FRAME + 18
        assert queries(client, self.address(place, "history")) == FRAME + 7
        answer = place.answer("1.1.1")
        assert queries(client, reverse("workspace:answer-history", args=[answer.public_id])) == FRAME + 4
        assert queries(client, reverse("workspace:cite", args=[answer.public_id])) == FRAME + 5
        preview = reverse("workspace:preview", args=[answer.public_id])
        assert queries(client, preview, data={f"{answer.public_id.hex}-value": "true"}) == FRAME + 1

    def test_a_save(self, as_user: Any, leaves: int) -> None:
        place = filled(leaves)
        client = as_user(place.editor, htmx=True)
        answer = place.answer("1.1.1")
        address = reverse("workspace:answer", args=[answer.public_id])
        client.post(address, post_data(answer, {"value": "true"}, note="Có."))
        with CaptureQueriesContext(connection) as seen:
            response = client.post(address, post_data(place.answer("1.1.1"), {"value": "true"}, note="Khác."))
        assert response.status_code == 200
        assert place.answer("1.1.1").note == "Khác."
        assert len(seen) - 1 == FRAME + 24  # one of them is this test's own look at the answer

    def test_a_row_drawn_whole_keeps_last_years_points(self, as_user: Any, leaves: int) -> None:
        place = filled(leaves)
        client = as_user(place.editor, htmx=True)
        answer = place.answer("1.1.1")
        address = reverse("workspace:answer", args=[answer.public_id])
        for more, told in (({}, 0), ({"whole": "1"}, 1)):
            data = post_data(place.answer("1.1.1"), {"value": "true"}, note="Có.") | more
            assert client.post(address, data).content.decode().count("Năm 2024:") == told

    def test_explaining(self, as_user: Any, leaves: int) -> None:
        place = filled(leaves)
        asked(place, leaves)
        client = as_user(place.head)
        assert queries(client, reverse("workspace:home")) == FRAME + 9
        assert queries(client, self.address(place, "sheet")) == FRAME + 18
        assert queries(client, self.address(place, "explanation")) == FRAME + 18
        assert queries(client, self.address(place, "send-explanation")) == FRAME + 18

    def test_awaiting_and_finalised(self, as_user: Any, leaves: int) -> None:
        place = filled(leaves)
        client = as_user(place.head)
        Scoresheet.objects.filter(pk=place.sheet.pk).update(state=SheetState.AWAITING_APPROVAL)
        assert queries(client, self.address(place, "approval")) == FRAME + 16
        Scoresheet.objects.filter(pk=place.sheet.pk).update(state=SheetState.FINALISED)
        assert queries(client, self.address(place, "sheet")) == FRAME + 20
        assert queries(client, self.address(place, "history")) == FRAME + 9


@pytest.mark.django_db
@pytest.mark.parametrize("sheets", [1, 3])
def test_the_first_page_takes_the_same_queries_for_more_years(as_user: Any, sheets: int) -> None:
    place = make_place()
    for number in range(sheets - 1):
        open_cycle([place.year.agencies[0]], year=2020 + number)
    assert queries(as_user(place.editor), reverse("workspace:home")) == FRAME + 4


@pytest.mark.parametrize("name", ["sheet", "print", "check", "history", "explanation"])
def test_foreign_and_absent_sheets_answer_alike(place: Place, as_user: Any, name: str) -> None:
    client = as_user(place.editor)
    foreign = client.get(reverse(f"workspace:{name}", args=[place.foreign.public_id]))
    absent = client.get(reverse(f"workspace:{name}", args=[ABSENT]))
    assert foreign.status_code == absent.status_code == 404
    assert foreign.content == absent.content


def test_a_page_of_twelve_leaves_is_light(db: None, as_user: Any) -> None:
    """For slow lines: the HTML of an area of twelve leaves, as it travels compressed."""
    criteria = [
        dict(LEAVES[number % 8]) | {"code": f"1.{number // 4 + 1}.{number % 4 + 1}"} for number in range(12)
    ]
    place = make_place(criteria_set=make_set(criteria))
    page = as_user(place.editor).get(reverse("workspace:sheet", args=[place.sheet.public_id])).content
    assert len(gzip.compress(page)) < 14_000, len(gzip.compress(page))


def test_leaves_scored_by_others_are_shown_and_need_nothing(place: Place, as_user: Any) -> None:
    page = as_user(place.editor).get(reverse("workspace:sheet", args=[place.sheet.public_id]), {"area": "3"})
    text = page.content.decode()
    assert text.count("cơ quan không cần tự đánh giá") == 2
    assert "leaf-form" not in text and "— / 3" in text.replace("\u00a0", " ") or "/ 3" in text


def test_the_first_page_says_what_comes_next(place: Place, as_user: Any) -> None:
    text = as_user(place.editor).get(reverse("workspace:home")).content.decode()
    assert "Tiếp tục kê khai" in text and "đang tự chấm" in text and "còn 29 ngày" in text
    for code in TYPED:
        assert code not in text


def test_people_without_an_agency_have_no_workspace(place: Place, as_user: Any) -> None:
    from tests.factories import UserFactory, person

    for user in (UserFactory(), person("secretary"), person("inspector")):
        assert as_user(user).get(reverse("workspace:home")).status_code == 404
