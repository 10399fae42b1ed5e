"""Saving one answer: what is scored, what is refused, and that nothing typed is lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from parindex.audit.models import AuditEntry
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, NotVisible, StaleVersion, WindowClosed, WrongState
from scoring.assessment.models import (
    Answer,
    DivisionAssignment,
    Extension,
    NotApplicableRequest,
    Scoresheet,
    SheetState,
    Stage,
    Window,
)
from scoring.assessment.services import answers
from tests.assessment.sheet.conftest import TYPED, Place, actor_of, make_place
from tests.factories_scoring import make_set

POINTS = {
    "1.1.1": ("1", "1"),
    "1.1.2": ("1", "2"),
    "1.2.1": ("1", "1"),
    "1.2.2": ("1", "2"),
    "2.1.1": ("3.76", "4"),
    "2.1.2": ("0.5", "1"),
    "2.2.1": ("1", "2"),
    "2.2.2": ("1.25", "2"),
}


def post_data(answer: Answer, typed: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What the row's form sends."""
    key = answer.public_id.hex
    return (
        {f"{key}-{name}": value for name, value in typed.items()}
        | {"version": answer.version, "note": ""}
        | more
    )


def url(answer: Answer) -> str:
    return reverse("workspace:answer", args=[answer.public_id])


@pytest.mark.parametrize("code", sorted(TYPED))
def test_every_kind_of_rule_is_saved_without_script(place: Place, as_user: Any, code: str) -> None:
    answer = place.answer(code)
    client = as_user(place.editor)
    form = client.get(reverse("workspace:sheet", args=[place.sheet.public_id]), {"area": code[0]})
    for name in TYPED[code]:
        assert f'name="{answer.public_id.hex}-{name}"' in form.content.decode()
    response = client.post(url(answer), post_data(answer, TYPED[code], note="Theo báo cáo."))
    assert response.status_code == 302
    assert response["Location"].endswith(f"?area={code[0]}#leaf-{answer.public_id}")
    saved = place.answer(code)
    points, maximum = POINTS[code]
    assert (saved.self_points, saved.applicable_max) == (Decimal(points), Decimal(maximum))
    assert saved.version == 1 and saved.note == "Theo báo cáo." and saved.answered_by == place.editor
    assert saved.trace["points"] == points
    page = client.get(
        reverse("workspace:sheet", args=[place.sheet.public_id]), {"area": code[0]}
    ).content.decode()
    assert f'value="{points}' in page and "Theo báo cáo." in page


def test_the_figure_opens_to_its_arithmetic(place: Place, as_user: Any) -> None:
    place.save("2.1.1")
    page = as_user(place.editor).get(reverse("workspace:sheet", args=[place.sheet.public_id]), {"area": "2"})
    assert "47 / 50 × 4 = 3,76" in page.content.decode()


def test_htmx_gets_the_row_and_what_changes_around_it(place: Place, as_user: Any) -> None:
    answer = place.answer("2.1.1")
    response = as_user(place.editor, htmx=True).post(url(answer), post_data(answer, TYPED["2.1.1"]))
    text = response.content.decode()
    assert response.status_code == 200 and "<html" not in text
    assert f'id="points-{answer.public_id.hex}"' in text and "3,76" in text
    for part in ("summary", "areas", "check-link", f"version-{answer.public_id.hex}"):
        assert f'id="{part}"' in text
    area = place.year.criterion("2")
    assert f'id="sum-{area.public_id}"' in text
    # the inputs themselves are left alone: what is being typed meanwhile is not touched
    assert f'name="{answer.public_id.hex}-numerator"' not in text


def test_half_a_ratio_waits_quietly_and_saves_nothing(place: Place, as_user: Any) -> None:
    answer = place.answer("2.1.1")
    response = as_user(place.editor, htmx=True).post(
        url(answer), post_data(answer, {"numerator": "47", "denominator": ""})
    )
    assert response.status_code == 202 and response["X-Kept"]
    assert "is-waiting" in response.content.decode()
    assert place.answer("2.1.1").version == 0


@pytest.mark.parametrize("htmx", [True, False])
def test_a_wrong_figure_is_told_beside_its_field_and_kept(place: Place, as_user: Any, htmx: bool) -> None:
    answer = place.answer("2.1.1")
    typed = {"numerator": "51,5x", "denominator": "50"}
    response = as_user(place.editor, htmx=htmx).post(
        url(answer), post_data(answer, typed, note="Ghi chú dở dang")
    )
    text = response.content.decode()
    assert response.status_code == 422
    assert f'id="slot-{answer.public_id.hex}-numerator"' in text
    assert "Nhập" in text.split(f'id="slot-{answer.public_id.hex}-numerator"')[1][:200]
    if not htmx:
        assert 'value="51,5x"' in text and "Ghi chú dở dang" in text
    assert place.answer("2.1.1").version == 0


def test_numerator_above_denominator_is_refused(place: Place) -> None:
    with pytest.raises(Invalid) as refused:
        place.save("2.1.1", numerator="51", denominator="50")
    assert list(refused.value.fields) == ["numerator"]


def test_saving_what_stands_changes_nothing(place: Place) -> None:
    answer = place.answer("1.1.1")
    call = {"actor": actor_of(place.editor), "inputs_raw": TYPED["1.1.1"], "note": "", "expected_version": 0}
    assert answers.save_answer(answer=answer, **call).changed
    entries = AuditEntry.objects.count()
    again = answers.save_answer(answer=answer, **call)  # the second click, with the old version
    assert not again.changed and again.answer.version == 1
    assert AuditEntry.objects.count() == entries


def test_clearing_leaves_no_points_and_keeps_the_note(place: Place, as_user: Any) -> None:
    answer = place.save("2.1.1", note="Theo báo cáo.")
    client = as_user(place.editor)
    client.post(url(answer), post_data(answer, TYPED["2.1.1"], note="Theo báo cáo.", clear="1"))
    cleared = place.answer("2.1.1")
    assert (cleared.inputs, cleared.self_points, cleared.applicable_max, cleared.trace) == (
        None,
        None,
        None,
        None,
    )
    assert cleared.note == "Theo báo cáo." and cleared.version == 2


def test_a_checklist_with_nothing_ticked_is_not_an_answer_but_none_is(place: Place, as_user: Any) -> None:
    client, answer = as_user(place.editor), place.answer("1.2.1")
    client.post(url(answer), post_data(answer, {}))
    assert place.answer("1.2.1").inputs is None
    client.post(url(answer), post_data(answer, {"items": ["none"]}))
    saved = place.answer("1.2.1")
    assert saved.inputs == {"items": []} and saved.self_points == 0


def test_a_stale_version_gets_both_texts(place: Place, as_user: Any) -> None:
    stale = place.answer("2.1.1")
    place.save("2.1.1", user=place.coordinator, note="Bản của đầu mối", numerator="40", denominator="50")
    response = as_user(place.editor).post(
        url(stale), post_data(stale, TYPED["2.1.1"], note="Bản của chuyên viên")
    )
    text = response.content.decode()
    assert response.status_code == 409
    assert "Bản của đầu mối" in text and "Bản của chuyên viên" in text
    assert str(place.coordinator) in text
    assert 'name="version" value="1"' in text.split('class="error-summary conflict"')[1]
    assert place.answer("2.1.1").note == "Bản của đầu mối"
    # the choice "keep what is typed here" sends the newer version last
    kept = post_data(stale, TYPED["2.1.1"], note="Bản của chuyên viên") | {"version": ["0", "1"]}
    assert as_user(place.editor).post(url(stale), kept).status_code == 302
    assert place.answer("2.1.1").note == "Bản của chuyên viên"


def test_a_stale_save_by_htmx_leaves_the_fields_alone(place: Place, as_user: Any) -> None:
    stale = place.answer("2.1.1")
    place.save("2.1.1", user=place.coordinator, note="Bản một", numerator="40", denominator="50")
    response = as_user(place.editor, htmx=True).post(url(stale), post_data(stale, TYPED["2.1.1"]))
    text = response.content.decode()
    assert response.status_code == 409
    assert f'id="state-{stale.public_id.hex}" hx-swap-oob="true"' in text
    assert f'name="{stale.public_id.hex}-numerator"' not in text


def test_a_save_without_a_version_is_stale_once_there_is_one(place: Place) -> None:
    answer = place.save("1.1.1")
    with pytest.raises(StaleVersion):
        answers.save_answer(
            answer=answer,
            actor=actor_of(place.editor),
            inputs_raw={"value": "false"},
            note="",
            expected_version=-1,
        )


class TestWindow:
    def move(self, place: Place, closes: Any) -> None:
        Window.objects.filter(cycle_block=place.year.cycle_block, stage=Stage.SELF_ASSESSMENT).update(
            closes=closes
        )

    def test_a_second_before_the_end_saves(self, place: Place) -> None:
        self.move(place, db_now() + timedelta(seconds=5))
        assert place.save("1.1.1").version == 1

    def test_at_the_very_end_and_after_nothing_is_saved(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closes = db_now() + timedelta(hours=1)
        self.move(place, closes)
        monkeypatch.setattr(answers, "db_now", lambda: closes - timedelta(microseconds=1))
        assert place.save("1.1.1").version == 1
        for late in (timedelta(0), timedelta(seconds=1)):
            monkeypatch.setattr(answers, "db_now", lambda late=late: closes + late)
            with pytest.raises(WindowClosed):
                place.save("1.1.2")
        assert place.answer("1.1.2").version == 0

    def test_the_page_keeps_what_was_typed_after_the_end(self, place: Place, as_user: Any) -> None:
        answer = place.answer("2.1.1")
        self.move(place, db_now() - timedelta(seconds=1))
        response = as_user(place.editor).post(
            url(answer), post_data(answer, TYPED["2.1.1"], note="Chưa kịp lưu")
        )
        text = response.content.decode()
        assert response.status_code == 409
        assert 'value="47"' in text and "Chưa kịp lưu" in text and "kết thúc lúc" in text
        assert place.answer("2.1.1").version == 0

    def test_an_extension_by_letter_opens_it_for_that_agency_alone(self, place: Place) -> None:
        self.move(place, db_now() - timedelta(seconds=1))
        Extension.objects.create(
            cycle_block=place.year.cycle_block,
            agency=place.year.agencies[0],
            stage=Stage.SELF_ASSESSMENT,
            closes=db_now() + timedelta(days=1),
            letter_number="12/CV",
            granted_by=place.head,
            granted_at=db_now(),
        )
        assert place.save("1.1.1").version == 1
        other = Answer.objects.get(scoresheet=place.foreign, criterion__code="1.1.1")
        with pytest.raises(WindowClosed):
            answers.save_answer(
                answer=other,
                actor=actor_of(place.stranger),
                inputs_raw={"value": "true"},
                note="",
                expected_version=0,
            )


class TestWhoMayWrite:
    def test_a_stranger_sees_nothing(self, place: Place) -> None:
        with pytest.raises(NotVisible):
            place.save("1.1.1", user=place.stranger)

    def test_the_head_reads_and_does_not_write(self, place: Place, as_user: Any) -> None:
        with pytest.raises(NotPermitted):
            place.save("1.1.1", user=place.head)
        page = (
            as_user(place.head).get(reverse("workspace:sheet", args=[place.sheet.public_id])).content.decode()
        )
        assert 'class="leaf-form"' not in page

    def test_a_division_writes_what_it_was_given(self, place: Place) -> None:
        with pytest.raises(NotPermitted):
            place.save("1.1.1", user=place.division_editor)
        DivisionAssignment.objects.create(
            scoresheet=place.sheet, criterion=place.year.criterion("1"), division=place.division
        )
        assert place.save("1.1.1", user=place.division_editor).version == 1
        with pytest.raises(NotPermitted):
            place.save("2.1.1", user=place.division_editor)

    @pytest.mark.parametrize("state", [state for state in SheetState if state != SheetState.DRAFTING])
    def test_only_a_draft_is_written(self, place: Place, as_user: Any, state: str) -> None:
        answer = place.answer("2.1.1")
        Scoresheet.objects.filter(pk=place.sheet.pk).update(state=state)
        with pytest.raises(WrongState):
            place.save("2.1.1")
        response = as_user(place.editor).post(url(answer), post_data(answer, TYPED["2.1.1"], note="Gõ dở"))
        text = response.content.decode()
        assert response.status_code == 409 and "Gõ dở" in text and ">47<" in text


class TestNotApplicable:
    def test_ask_and_take_back(self, place: Place, as_user: Any) -> None:
        answer = place.save("2.1.2", note="Một sáng kiến.")
        client = as_user(place.editor)
        ask = reverse("workspace:ask-not-applicable", args=[answer.public_id])
        assert client.post(ask, {"reason": "Không phát sinh"}).status_code == 302
        asked = place.answer("2.1.2")
        assert asked.applicability == Answer.Applicability.REQUESTED and asked.inputs is not None
        client.post(ask, {"reason": "Không phát sinh"})
        assert NotApplicableRequest.objects.filter(answer=answer).count() == 1
        page = client.get(
            reverse("workspace:sheet", args=[place.sheet.public_id]), {"area": "2"}
        ).content.decode()
        assert "Không phát sinh" in page and "Đề nghị không áp dụng" in page
        with pytest.raises(WrongState):
            place.save("2.1.2", n="2")
        client.post(reverse("workspace:take-back-not-applicable", args=[answer.public_id]))
        back = place.answer("2.1.2")
        assert back.applicability == "" and back.self_points == Decimal("0.5")

    def test_a_reason_is_needed(self, place: Place) -> None:
        with pytest.raises(Invalid) as refused:
            answers.ask_not_applicable(answer=place.answer("1.1.1"), actor=actor_of(place.editor), reason=" ")
        assert list(refused.value.fields) == ["reason"]

    def test_not_where_the_set_forbids_it(self, db: None) -> None:
        leaf = {
            "code": "1.1.1",
            "max": "1",
            "rule": {"kind": "boolean", "yes": "1", "no": "0"},
            "na_request": False,
        }
        place = make_place(criteria_set=make_set([leaf]))
        with pytest.raises(WrongState):
            answers.ask_not_applicable(
                answer=place.answer("1.1.1"), actor=actor_of(place.editor), reason="Vì sao"
            )

    def test_by_profile_there_is_nothing_to_declare(self, db: None, as_user: Any) -> None:
        place = make_place()
        Answer.objects.filter(scoresheet=place.sheet, criterion__code="2.1.1").update(
            applicability=Answer.Applicability.PROFILE
        )
        place.sheet.participation.__class__.objects.filter(pk=place.sheet.participation_id).update(
            profiles=["no_tthc"]
        )
        with pytest.raises(WrongState):
            place.save("2.1.1")
        page = as_user(place.editor).get(
            reverse("workspace:sheet", args=[place.sheet.public_id]), {"area": "2"}
        )
        assert "Cơ quan không có thủ tục hành chính" in page.content.decode()


def test_the_preview_scores_and_saves_nothing(place: Place, as_user: Any) -> None:
    answer = place.answer("2.1.1")
    key = answer.public_id.hex
    preview = reverse("workspace:preview", args=[answer.public_id])
    response = as_user(place.editor, htmx=True).get(
        preview, {f"{key}-numerator": "47", f"{key}-denominator": "50"}
    )
    assert "47 / 50 × 4 = 3,76" in response.content.decode()
    assert place.answer("2.1.1").version == 0 and place.answer("2.1.1").inputs is None
    half = as_user(place.editor, htmx=True).get(preview, {f"{key}-numerator": "47"})
    assert half.status_code == 200 and "3,76" not in half.content.decode()


def test_the_record_tells_before_and_after(place: Place) -> None:
    place.save("1.1.2", note="Một")
    place.save("1.1.2", note="Hai", option="0")
    entry = AuditEntry.objects.filter(action="answer.save").order_by("-seq").first()
    assert entry is not None
    assert entry.before["inputs"] == {"option": 1} and entry.after["inputs"] == {"option": 0}
    assert (entry.before["note"], entry.after["note"]) == ("Một", "Hai")
