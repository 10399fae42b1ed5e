"""Completeness, to the head, approve, return, withdraw: each once, however often it is clicked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, WindowClosed, WrongState
from scoring.assessment.models import (
    Citation,
    Extension,
    Mark,
    Scoresheet,
    SheetState,
    Stage,
    Transition,
    Window,
)
from scoring.assessment.services import answers, citations, submission
from scoring.assessment.windows import Span
from tests.assessment.sheet.conftest import Place, actor_of, make_version


def at_head(place: Place) -> None:
    place.fill()
    submission.submit_for_approval(sheet=place.sheet, actor=actor_of(place.coordinator))


class TestCompleteness:
    def test_every_unanswered_leaf_is_a_gap_with_a_link(self, place: Place, as_user: Any) -> None:
        gaps = submission.completeness(place.sheet)
        assert [gap.kind for gap in gaps] == ["unanswered"] * 8
        assert [gap.criterion.code for gap in gaps] == sorted(gap.criterion.code for gap in gaps)
        page = (
            as_user(place.editor)
            .get(reverse("workspace:check", args=[place.sheet.public_id]))
            .content.decode()
        )
        for gap in gaps:
            assert f"?area={gap.area.code}#{gap.anchor}" in page

    def test_points_need_a_citation_or_a_note_and_zero_needs_neither(self, place: Place) -> None:
        place.fill()
        place.save("1.1.1", note="")
        place.save("1.1.2", note="", option="2")  # 0 points
        assert [(gap.kind, gap.criterion.code) for gap in submission.completeness(place.sheet)] == [
            ("no_evidence", "1.1.1")
        ]
        place.cite("1.1.1", make_version(place.year.agencies[0], place.editor))
        assert submission.completeness(place.sheet) == []

    def test_a_request_not_applicable_is_an_answer(self, place: Place) -> None:
        place.fill()
        place.save("1.1.1", note="", value="")
        answers.ask_not_applicable(
            answer=place.answer("1.1.1"), actor=actor_of(place.editor), reason="Không có"
        )
        assert submission.completeness(place.sheet) == []


class TestToTheHead:
    def test_refused_with_the_list_while_anything_is_missing(self, place: Place, as_user: Any) -> None:
        with pytest.raises(submission.NotComplete) as refused:
            submission.submit_for_approval(sheet=place.sheet, actor=actor_of(place.coordinator))
        assert len(refused.value.gaps) == 8
        response = as_user(place.editor).post(reverse("workspace:submit", args=[place.sheet.public_id]))
        assert response["Location"] == reverse("workspace:check", args=[place.sheet.public_id])
        assert place.sheet.state == SheetState.DRAFTING

    def test_the_second_click_says_it_is_done(self, place: Place, as_user: Any) -> None:
        place.fill()
        client = as_user(place.editor)
        address = reverse("workspace:submit", args=[place.sheet.public_id])
        first = client.post(address, follow=True).content.decode()
        second = client.post(address, follow=True)
        assert "Đã trình phiếu" in first and "từ trước" in second.content.decode()
        assert second.status_code == 200
        assert Transition.objects.filter(scoresheet=place.sheet).count() == 1

    def test_not_after_the_window(self, place: Place) -> None:
        place.fill()
        Window.objects.filter(stage=Stage.SELF_ASSESSMENT).update(closes=db_now() - timedelta(seconds=1))
        with pytest.raises(WindowClosed):
            submission.submit_for_approval(sheet=place.sheet, actor=actor_of(place.coordinator))

    def test_not_by_the_head_or_a_division(self, place: Place) -> None:
        place.fill()
        for user in (place.head, place.division_editor):
            with pytest.raises(NotPermitted):
                submission.submit_for_approval(sheet=place.sheet, actor=actor_of(user))


class TestApproval:
    def test_freezes_the_citations_and_ends_the_writing(self, place: Place, as_user: Any) -> None:
        place.fill()
        citation = place.cite("1.1.1", make_version(place.year.agencies[0], place.editor))
        submission.submit_for_approval(sheet=place.sheet, actor=actor_of(place.coordinator))
        address = reverse("workspace:approval", args=[place.sheet.public_id])
        client = as_user(place.head)
        page = client.get(address).content.decode()
        assert "Duyệt và nộp" in page and "không sửa được nữa" in page
        data = {"version": place.sheet.version}
        assert f'name="version" value="{data["version"]}"' in page
        first = client.post(address, data, follow=True).content.decode()
        second = client.post(address, data, follow=True).content.decode()
        assert "Đã duyệt và nộp" in first and "từ trước" in second
        sheet = place.sheet
        assert sheet.state == SheetState.SUBMITTED and sheet.submitted_at is not None and sheet.days_late == 0
        assert Citation.objects.get(pk=citation.pk).frozen
        with pytest.raises(WrongState):
            place.save("1.1.1", value="false")
        with pytest.raises(WrongState):
            citations.uncite(citation=citation, actor=actor_of(place.editor))

    def test_what_changed_since_the_page_was_shown_is_not_approved_unseen(
        self, place: Place, as_user: Any
    ) -> None:
        at_head(place)
        shown = place.sheet.version
        submission.return_to_draft(sheet=place.sheet, actor=actor_of(place.head), reason="Sửa số liệu")
        place.save("1.1.1", value="false")
        submission.submit_for_approval(sheet=place.sheet, actor=actor_of(place.coordinator))
        address = reverse("workspace:approval", args=[place.sheet.public_id])
        for data in ({"version": shown}, {}):
            page = as_user(place.head).post(address, data, follow=True).content.decode()
            assert "đã thay đổi sau khi mở trang này" in page
            assert place.sheet.state == SheetState.AWAITING_APPROVAL

    def test_the_window_ends_before_its_end(self) -> None:
        end = datetime(2025, 12, 1, tzinfo=UTC)
        span = Span("self_assessment", end - timedelta(days=9), end + timedelta(days=9), end)
        tick, day = timedelta(microseconds=1), timedelta(days=1)
        late = [span.days_late(end + more) for more in (-tick, tick * 0, day - tick, day, 2 * day)]
        assert late == [0, 1, 1, 2, 3]

    def test_days_late_count_from_the_regular_end(self, place: Place) -> None:
        at_head(place)
        now = db_now()
        Window.objects.filter(stage=Stage.SELF_ASSESSMENT).update(
            opens=now - timedelta(days=9), closes=now - timedelta(days=1, hours=1)
        )
        Extension.objects.create(
            cycle_block=place.year.cycle_block, agency=place.year.agencies[0], stage=Stage.SELF_ASSESSMENT,
            closes=now + timedelta(days=1), letter_number="9/CV", granted_by=place.head, granted_at=now,
        )  # fmt: skip
        assert submission.approve(sheet=place.sheet, actor=actor_of(place.head)).days_late == 2

    def test_only_the_head_approves(self, place: Place) -> None:
        at_head(place)
        for user in (place.editor, place.coordinator, place.division_editor):
            with pytest.raises(NotPermitted):
                submission.approve(sheet=place.sheet, actor=actor_of(user))

    def test_return_needs_a_reason_that_the_editors_read(self, place: Place, as_user: Any) -> None:
        at_head(place)
        with pytest.raises(Invalid):
            submission.return_to_draft(sheet=place.sheet, actor=actor_of(place.head), reason="  ")
        address = reverse("workspace:return", args=[place.sheet.public_id])
        assert as_user(place.head).post(address, {"reason": ""}).status_code == 422
        as_user(place.head).post(address, {"reason": "Xem lại số liệu 2.1.1"})
        assert place.sheet.state == SheetState.DRAFTING
        page = (
            as_user(place.editor)
            .get(reverse("workspace:sheet", args=[place.sheet.public_id]))
            .content.decode()
        )
        assert "Xem lại số liệu 2.1.1" in page


class TestWithdraw:
    def submitted(self, place: Place) -> None:
        at_head(place)
        submission.approve(sheet=place.sheet, actor=actor_of(place.head))

    def test_back_to_a_draft_whose_citations_can_change(self, place: Place, as_user: Any) -> None:
        place.fill()
        citation = place.cite("1.1.1", make_version(place.year.agencies[0], place.editor))
        submission.submit_for_approval(sheet=place.sheet, actor=actor_of(place.coordinator))
        submission.approve(sheet=place.sheet, actor=actor_of(place.head))
        client, address = as_user(place.head), reverse("workspace:withdraw", args=[place.sheet.public_id])
        assert client.get(address).status_code == 200
        assert "Đã rút lại" in client.post(address, follow=True).content.decode()
        assert "từ trước" in client.post(address, follow=True).content.decode()
        sheet = place.sheet
        assert (sheet.state, sheet.submitted_at, sheet.days_late) == (SheetState.DRAFTING, None, 0)
        citations.uncite(citation=Citation.objects.get(pk=citation.pk), actor=actor_of(place.editor))

    def test_not_after_the_first_mark(self, place: Place) -> None:
        self.submitted(place)
        answer = place.answer("1.1.1")
        Mark.objects.create(
            answer=answer,
            round=1,
            by=place.head,
            points=0,
            applicable_max=1,
            trace={},
            reason="x",
            at=db_now(),
        )
        with pytest.raises(WrongState):
            submission.withdraw(sheet=place.sheet, actor=actor_of(place.head))

    def test_not_after_the_window(self, place: Place) -> None:
        self.submitted(place)
        Window.objects.filter(stage=Stage.SELF_ASSESSMENT).update(closes=db_now() - timedelta(seconds=1))
        with pytest.raises(WindowClosed):
            submission.withdraw(sheet=place.sheet, actor=actor_of(place.head))
        assert place.sheet.state == SheetState.SUBMITTED


def test_the_head_sees_what_differs_from_last_year(place: Place, as_user: Any) -> None:
    from tests.factories_scoring import make_set, open_cycle

    agency = place.year.agencies[0]
    before = open_cycle(
        [agency], criteria_set=make_set(block=place.year.cycle_block.block, year=2024), year=2024,
        block=place.year.cycle_block.block,
    )  # fmt: skip
    answer = before.answer(before.sheets[0], "2.1.1")
    Mark.objects.create(
        answer=answer,
        round=1,
        by=place.head,
        points="2.5",
        applicable_max=4,
        trace={},
        reason="Hai hồ sơ trễ",
        at=db_now(),
    )
    Scoresheet.objects.filter(pk=before.sheets[0].pk).update(state=SheetState.FINALISED)
    at_head(place)
    page = (
        as_user(place.head).get(reverse("workspace:approval", args=[place.sheet.public_id])).content.decode()
    )
    assert "+1,26" in page  # 3,76 against 2,5
    sheet = as_user(place.editor).get(reverse("workspace:sheet", args=[place.sheet.public_id]), {"area": "2"})
    assert "Hai hồ sơ trễ" in sheet.content.decode() and "2024" in sheet.content.decode()
