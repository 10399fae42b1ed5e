"""The explanation stage, and what an agency sees of the appraisal at each moment: nothing too early."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from agencies.models import Role
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, NotVisible, StaleVersion, WindowClosed, WrongState
from scoring.assessment.models import (
    Answer,
    Citation,
    Explanation,
    ExplanationRequest,
    Mark,
    NotApplicableRequest,
    Scoresheet,
    SheetState,
    Stage,
    Transition,
    Window,
)
from scoring.assessment.services import answers, citations, submission
from scoring.assessment.services.explanation_replies import Unanswered, save_explanation, send_explanation
from tests.assessment.sheet.conftest import TYPED, Place, actor_of, make_version
from tests.factories import person
from tests.factories_scoring import home_affairs

ROUND_1, ROUND_2, COUNCIL = "lý-do-vòng-một", "lý-do-vòng-hai", "lý-do-hội-đồng"
QUESTION, DECISION = "câu-hỏi-giải-trình", "lý-do-quyết-định"


def go(place: Place, state: str, name: str) -> None:
    """Put the sheet into a state with its log row, as the appraisal's services would."""
    source = place.sheet.state
    Scoresheet.objects.filter(pk=place.sheet.pk).update(state=state)
    Transition.objects.create(
        scoresheet=place.sheet, name=name, source=source, target=state, by=None, at=db_now()
    )


def mark(place: Place, code: str, round: int, points: str, reason: str) -> Mark:
    answer = place.answer(code)
    by = person(Role.ASSESSOR, home_affairs())
    return Mark.objects.create(
        answer=answer, round=round, by=by, points=points, applicable_max=answer.criterion.max_points,
        trace={}, reason=reason, at=db_now(),
    )  # fmt: skip


def ask(place: Place, code: str) -> ExplanationRequest:
    return ExplanationRequest.objects.create(
        answer=place.answer(code), question=QUESTION, asked_by=place.head, asked_at=db_now()
    )


@pytest.fixture
def submitted(place: Place) -> Place:
    place.fill()
    answers.ask_not_applicable(
        answer=place.answer("2.1.2"), actor=actor_of(place.editor), reason="Không phát sinh"
    )
    submission.submit_for_approval(sheet=place.sheet, actor=actor_of(place.coordinator))
    submission.approve(sheet=place.sheet, actor=actor_of(place.head))
    return place


@pytest.fixture
def explaining(submitted: Place) -> Place:
    mark(submitted, "2.1.1", 1, "3", ROUND_1)
    ask(submitted, "2.1.1")
    ask(submitted, "1.1.1")
    go(submitted, SheetState.EXPLAINING, "ask_for_explanation")
    return submitted


def everything_shown(place: Place, as_user: Any) -> str:
    """All that the agency's people can read about the sheet, in one text."""
    text = ""
    for user in (place.editor, place.head, place.coordinator):
        client = as_user(user)
        pages = [
            reverse(f"workspace:{name}", args=[place.sheet.public_id])
            for name in ("print", "history", "explanation", "check")
        ]
        pages += [
            reverse("workspace:sheet", args=[place.sheet.public_id]) + f"?area={area}" for area in "123"
        ]
        pages += [reverse("workspace:answer-history", args=[place.answer(code).public_id]) for code in TYPED]
        pages.append(reverse("workspace:home"))
        text += "".join(client.get(page, follow=True).content.decode() for page in pages)
        htmx = as_user(user, htmx=True)
        for code in TYPED:
            text += htmx.get(
                reverse("workspace:answer", args=[place.answer(code).public_id])
            ).content.decode()
    return text


def tokens(text: str) -> set[str]:
    return {token for token in (ROUND_1, ROUND_2, COUNCIL, QUESTION, DECISION) if token in text}


def test_nothing_of_a_round_shows_before_it_is_closed(submitted: Place, as_user: Any) -> None:
    place = submitted
    go(place, SheetState.APPRAISING, "begin_appraisal")
    mark(place, "2.1.1", 1, "3", ROUND_1)
    ask(place, "2.1.1")
    request = NotApplicableRequest.objects.get(answer=place.answer("2.1.2"))
    request.state, request.decision_reason = NotApplicableRequest.State.REFUSED, DECISION
    request.decided_by, request.decided_at = place.head, db_now()
    request.save()
    Answer.objects.filter(pk=request.answer_id).update(applicability=Answer.Applicability.REFUSED)
    assert tokens(everything_shown(place, as_user)) == set()

    go(place, SheetState.EXPLAINING, "ask_for_explanation")
    assert tokens(everything_shown(place, as_user)) == {ROUND_1, QUESTION, DECISION}

    go(place, SheetState.REAPPRAISING, "send_explanation")
    mark(place, "2.1.1", 2, "3.5", ROUND_2)
    assert tokens(everything_shown(place, as_user)) == {ROUND_1, QUESTION, DECISION}

    go(place, SheetState.REVIEWING, "close_round_2")
    mark(place, "2.1.1", 3, "3.6", COUNCIL)
    assert tokens(everything_shown(place, as_user)) == {ROUND_1, QUESTION, DECISION, ROUND_2}

    go(place, SheetState.FINALISED, "finalise")
    assert tokens(everything_shown(place, as_user)) == {ROUND_1, QUESTION, DECISION, ROUND_2, COUNCIL}


def test_a_sheet_that_came_back_hides_the_new_marks_until_they_are_closed(
    submitted: Place, as_user: Any
) -> None:
    place = submitted
    mark(place, "2.1.1", 1, "3", ROUND_1)
    go(place, SheetState.REAPPRAISING, "send_explanation")
    go(place, SheetState.REVIEWING, "close_round_2")
    go(place, SheetState.REAPPRAISING, "return_to_round_2")
    mark(place, "2.1.1", 2, "3.5", ROUND_2)
    assert tokens(everything_shown(place, as_user)) == {ROUND_1}
    go(place, SheetState.REVIEWING, "close_round_2")
    go(place, SheetState.FINALISED, "finalise")
    go(place, SheetState.REVIEWING, "reopen")
    mark(place, "2.1.1", 3, "3.6", COUNCIL)
    assert tokens(everything_shown(place, as_user)) == {ROUND_1, ROUND_2}


def test_points_of_each_stage_stand_side_by_side(explaining: Place, as_user: Any) -> None:
    place = explaining
    mark(place, "2.1.1", 2, "3.5", ROUND_2)
    go(place, SheetState.FINALISED, "finalise")
    page = as_user(place.editor).get(reverse("workspace:sheet", args=[place.sheet.public_id]), {"area": "2"})
    row = (
        page.content.decode().split(f'id="leaf-{place.answer("2.1.1").public_id}"')[1].split("</article>")[0]
    )
    for told in (
        "Tự đánh giá",
        "3,76",
        "Thẩm định lần 1",
        ROUND_1,
        "Thẩm định lần 2",
        "3,5",
        ROUND_2,
        "Điểm chốt",
    ):
        assert told in row


class TestReply:
    def reply(self, place: Place, code: str, text: str, version: int = 0, **more: Any) -> Explanation:
        request = ExplanationRequest.objects.get(answer=place.answer(code))
        return save_explanation(
            request=request,
            actor=actor_of(more.pop("user", place.editor)),
            text=text,
            expected_version=version,
            **more,
        )

    def test_the_page_shows_only_what_was_asked(self, explaining: Place, as_user: Any) -> None:
        page = as_user(explaining.editor).get(
            reverse("workspace:explanation", args=[explaining.sheet.public_id])
        )
        text = page.content.decode()
        assert text.count('<article class="card reply"') == 2
        assert ROUND_1 in text and QUESTION in text and "3,76" in text

    @pytest.mark.parametrize("htmx", [True, False])
    def test_each_reply_is_saved_by_itself(self, explaining: Place, as_user: Any, htmx: bool) -> None:
        request = ExplanationRequest.objects.get(answer=explaining.answer("2.1.1"))
        address = reverse("workspace:reply", args=[request.public_id])
        client = as_user(explaining.editor, htmx=htmx)
        response = client.post(address, {"text": "Đã gia hạn theo công văn.", "version": "0"})
        assert response.status_code == (200 if htmx else 302)
        assert Explanation.objects.get(request=request).text == "Đã gia hạn theo công văn."
        again = client.post(address, {"text": "Đã gia hạn theo công văn.", "version": "0"})
        assert again.status_code == response.status_code
        assert Explanation.objects.get(request=request).version == 1
        stale = client.post(address, {"text": "Bản khác", "version": "0"})
        assert stale.status_code == 409
        told = stale.content.decode()
        assert "Bản khác" in told and "Đã gia hạn theo công văn." in told

    def test_after_a_refused_not_applicable_figures_may_come(self, submitted: Place, as_user: Any) -> None:
        place = submitted
        Answer.objects.filter(pk=place.answer("2.1.2").pk).update(applicability=Answer.Applicability.REFUSED)
        NotApplicableRequest.objects.update(state="refused", decided_at=db_now(), decided_by=place.head)
        request = ask(place, "2.1.2")
        go(place, SheetState.EXPLAINING, "ask_for_explanation")
        key = place.answer("2.1.2").public_id.hex
        page = as_user(place.editor).get(reverse("workspace:explanation", args=[place.sheet.public_id]))
        assert f'name="{key}-n"' in page.content.decode()
        as_user(place.editor).post(
            reverse("workspace:reply", args=[request.public_id]),
            {"text": "Có hai", "version": "0", f"{key}-n": "2"},
        )
        explanation = Explanation.objects.get(request=request)
        assert explanation.inputs == {"n": 2} and explanation.points == 1
        assert place.answer("2.1.2").inputs == {"n": 1}  # what was submitted stays

    def test_figures_are_refused_elsewhere(self, explaining: Place) -> None:
        with pytest.raises(WrongState):
            self.reply(explaining, "2.1.1", "Số khác", inputs_raw={"numerator": "50", "denominator": "50"})

    def test_who_and_when(self, explaining: Place) -> None:
        with pytest.raises(NotVisible):
            self.reply(explaining, "2.1.1", "Của cơ quan khác", user=explaining.stranger)
        with pytest.raises(NotPermitted):
            self.reply(explaining, "2.1.1", "Của lãnh đạo", user=explaining.head)
        with pytest.raises(Invalid):
            self.reply(explaining, "2.1.1", "  ")
        self.reply(explaining, "2.1.1", "Đúng hạn")
        with pytest.raises(StaleVersion):
            self.reply(explaining, "2.1.1", "Bản cũ", version=0)
        Window.objects.filter(stage=Stage.EXPLANATION).update(closes=db_now() - timedelta(seconds=1))
        with pytest.raises(WindowClosed):
            self.reply(explaining, "2.1.1", "Muộn", version=1)

    def test_extra_evidence_only_where_it_was_asked(self, explaining: Place) -> None:
        version = make_version(explaining.year.agencies[0], explaining.editor)
        citation = explaining.cite("2.1.1", version, page="3")
        assert citation.for_explanation and not citation.frozen
        with pytest.raises(WrongState):
            explaining.cite("2.2.1", version)
        citations.uncite(citation=citation, actor=actor_of(explaining.editor))
        assert not Citation.objects.filter(pk=citation.pk).exists()


class TestSend:
    def test_unanswered_requests_must_be_confirmed_and_a_second_click_is_harmless(
        self, explaining: Place, as_user: Any
    ) -> None:
        place = explaining
        with pytest.raises(NotPermitted):
            send_explanation(sheet=place.sheet, actor=actor_of(place.editor))
        with pytest.raises(Unanswered) as refused:
            send_explanation(sheet=place.sheet, actor=actor_of(place.head))
        assert len(refused.value.requests) == 2
        citation = place.cite("2.1.1", make_version(place.year.agencies[0], place.editor))
        client, address = (
            as_user(place.head),
            reverse("workspace:send-explanation", args=[place.sheet.public_id]),
        )
        page = client.get(address).content.decode()
        assert "Chưa giải trình" in page and "1.1.1" in page and "2.1.1" in page
        assert client.post(address).status_code == 422
        assert place.sheet.state == SheetState.EXPLAINING
        first = client.post(address, {"unanswered": "1"}, follow=True).content.decode()
        second = client.post(address, {"unanswered": "1"}, follow=True).content.decode()
        assert "Đã gửi giải trình" in first and "từ trước" in second
        assert place.sheet.state == SheetState.REAPPRAISING
        assert Citation.objects.get(pk=citation.pk).frozen
        assert Transition.objects.filter(scoresheet=place.sheet, name="send_explanation").count() == 1

    def test_not_after_the_window(self, explaining: Place) -> None:
        Window.objects.filter(stage=Stage.EXPLANATION).update(closes=db_now() - timedelta(seconds=1))
        with pytest.raises(WindowClosed):
            send_explanation(sheet=explaining.sheet, actor=actor_of(explaining.head), unanswered_too=True)


def test_the_history_reads_as_sentences(explaining: Place, as_user: Any) -> None:
    place = explaining
    client = as_user(place.editor)
    text = client.get(reverse("workspace:history", args=[place.sheet.public_id])).content.decode()
    for told in (
        "Trình lãnh đạo cơ quan",
        "Lãnh đạo duyệt, nộp Sở Nội vụ",
        "47",
        "Đề nghị không áp dụng tiêu chí",
        "Không phát sinh",
        ROUND_1,
    ):
        assert told in text
    leaf = client.get(
        reverse("workspace:answer-history", args=[place.answer("2.1.1").public_id])
    ).content.decode()
    assert "Lưu số liệu và thuyết minh" in leaf and "3,76 điểm" in leaf and ROUND_1 in leaf
    assert "Không phát sinh" not in leaf  # that was another criterion
