"""Marks: who, when, with which reason; added and never changed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from agencies.actors import actor_for
from agencies.models import Membership, Role
from parindex.audit.models import AuditEntry
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, NotVisible, StaleVersion, WindowClosed, WrongState
from scoring.assessment.models import (
    Answer,
    Explanation,
    ExplanationRequest,
    Extension,
    Mark,
    Scoresheet,
    SheetState,
    Stage,
    Transition,
)
from scoring.assessment.services.bulk_marks import mark_in_bulk
from scoring.assessment.services.explanations import ask_explanation, take_back_request
from scoring.assessment.services.marks import record_mark
from scoring.assessment.services.not_applicable import decide_not_applicable
from tests.assessment.appraisal.ground import Province, make_province
from tests.factories import SuccessionFactory, UserFactory, person
from tests.factories_scoring import make_agency

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def province() -> Province:
    province = make_province()
    province.move_all(SheetState.SUBMITTED)
    return province


def give(province: Province, actor, code: str = "1.1", agency=None, round: int = 1, **more):
    answer = province.answer(agency or province.health, code)
    more.setdefault("reason", "Theo báo cáo số 45/BC-SYT")
    more.setdefault("expected_version", answer.version)
    if "inputs_raw" not in more and "points_raw" not in more:
        more["inputs_raw"] = {"value": "true"}
    return record_mark(answer=answer, actor=actor, round=round, **more)


def test_the_first_mark_begins_the_appraisal_and_the_record_tells_both(province):
    assessor = province.assessor(province.home)
    recorded = give(province, assessor)
    assert (recorded.mark.points, recorded.mark.applicable_max, recorded.mark.round) == (D(1), D(1), 1)
    assert recorded.mark.trace["points"] == "1"
    sheet = province.sheet(province.health)
    assert sheet.state == SheetState.APPRAISING
    assert Transition.objects.get(scoresheet=sheet).name == "begin_appraisal"
    actions = list(AuditEntry.objects.order_by("seq").values_list("action", flat=True))
    assert actions == ["scoresheet.begin_appraisal", "mark.record"]
    assert province.answer(province.health, "1.1").version == 1


def test_a_mark_is_added_and_the_former_stays(province):
    assessor = province.assessor(province.home)
    give(province, assessor)
    give(province, assessor, inputs_raw={"value": "false"}, reason="Chưa có văn bản")
    marks = Mark.objects.order_by("pk")
    assert [mark.points for mark in marks] == [D(1), D(0)]


def test_the_same_mark_twice_is_once_whatever_the_version(province):
    assessor = province.assessor(province.home)
    first = give(province, assessor)
    again = give(province, assessor, expected_version=0)
    assert again.changed is False and again.mark == first.mark
    assert Mark.objects.count() == 1


def test_two_people_on_one_answer_the_second_gets_both_texts(province):
    one, two = province.assessor(province.home), province.assessor(province.home)
    give(province, one, reason="Văn bản đủ")
    with pytest.raises(StaleVersion) as caught:
        give(province, two, expected_version=0, inputs_raw={"value": "false"}, reason="Văn bản thiếu")
    stale = caught.value
    assert stale.current["reason"] == "Văn bản đủ" and stale.current["points"] == D(1)
    assert stale.offered["reason"] == "Văn bản thiếu" and stale.version == 1
    assert Mark.objects.count() == 1


# reasons ------------------------------------------------------------------------------------------


def test_no_reason_is_needed_where_the_mark_agrees(province):
    province.declare(province.health, "1.1", {"value": True})
    assert give(province, province.assessor(province.home), reason="").mark.points == D(1)


def test_a_mark_that_differs_needs_a_reason(province):
    province.declare(province.health, "1.1", {"value": True})
    with pytest.raises(Invalid) as caught:
        give(province, province.assessor(province.home), inputs_raw={"value": "false"}, reason="  ")
    assert list(caught.value.fields) == ["reason"]
    assert not Mark.objects.exists()


def test_an_unanswered_leaf_is_held_against_nothing(province):
    assessor = province.assessor(province.home)
    with pytest.raises(Invalid):
        give(province, assessor, reason="")
    assert give(province, assessor, inputs_raw={"value": "false"}, reason="").mark.points == D(0)


def test_typed_points_need_a_reason_and_stay_within_the_maximum(province):
    assessor = province.assessor(province.home)
    province.declare(province.health, "1.2", {"numerator": 88, "denominator": 111})
    own = province.answer(province.health, "1.2").self_points
    with pytest.raises(Invalid) as caught:
        give(province, assessor, "1.2", points_raw=str(own), reason="")
    assert list(caught.value.fields) == ["reason"]
    for wrong in ("1,6", "-1", "", "mười", "1.234.5"):
        with pytest.raises(Invalid) as caught:
            give(province, assessor, "1.2", points_raw=wrong)
        assert list(caught.value.fields) == ["points"], wrong
    mark = give(province, assessor, "1.2", points_raw="1,25").mark
    assert (mark.points, mark.inputs) == (D("1.25"), None)


def test_corrected_inputs_are_scored_by_the_rule(province):
    province.declare(province.health, "1.2", {"numerator": 88, "denominator": 111})
    mark = give(
        province,
        province.assessor(province.home),
        "1.2",
        inputs_raw={"numerator": "85", "denominator": "111"},
    ).mark
    assert mark.points == D("1.148649")
    assert mark.inputs == {"numerator": "85", "denominator": "111"}


def test_wrong_inputs_come_back_by_field(province):
    with pytest.raises(Invalid) as caught:
        give(
            province,
            province.assessor(province.home),
            "1.2",
            inputs_raw={"numerator": "112", "denominator": "111"},
        )
    assert list(caught.value.fields) == ["numerator"]


def test_a_round_2_mark_that_leaves_round_1_needs_a_reason(province):
    assessor = province.assessor(province.home)
    province.declare(province.health, "1.1", {"value": True})
    give(province, assessor, inputs_raw={"value": "false"}, ask_explanation=True, question="Văn bản nào?")
    province.move(province.health, SheetState.REAPPRAISING)
    with pytest.raises(Invalid) as caught:
        give(province, assessor, round=2, inputs_raw={"value": "true"}, reason="")
    assert "lần 1" in str(caught.value) or "round 1" in str(caught.value)
    assert give(province, assessor, round=2).mark.round == 2


# who ----------------------------------------------------------------------------------------------


def test_nobody_marks_his_own_house(province):
    with pytest.raises(NotVisible):
        give(province, province.assessor(province.home), agency=province.home)
    with pytest.raises(NotVisible):
        give(province, province.assessor(province.justice), "2.1", agency=province.justice)


def test_substitutes_mark_the_houses_of_the_appraisers(province):
    give(province, province.assessor(province.office), agency=province.home)
    give(province, province.assessor(province.home), "2.1", agency=province.justice)
    assert Mark.objects.count() == 2


def test_the_substitute_sees_nothing_else(province):
    with pytest.raises(NotVisible):
        give(province, province.assessor(province.office), agency=province.health)


def test_a_past_house_is_a_house(province):
    assessor = person(Role.ASSESSOR, province.home)
    Membership.objects.create(
        user=assessor,
        role=Role.EDITOR,
        agency=province.health,
        starts_on=date(2015, 1, 1),
        ends_on=date(2019, 12, 31),
    )
    with pytest.raises(NotVisible):
        give(province, actor_for(assessor))
    give(province, actor_for(assessor), agency=province.justice)


def test_a_house_that_was_merged_is_a_house(province):
    gone = make_agency("Sở Dân số cũ")
    SuccessionFactory(predecessor=gone, successor=province.health)
    assessor = person(Role.ASSESSOR, province.home)
    Membership.objects.create(user=assessor, role=Role.HEAD, agency=gone, starts_on=date(2015, 1, 1))
    with pytest.raises(NotVisible):
        give(province, actor_for(assessor))


def test_a_leaf_of_another_appraiser_does_not_exist_and_overseers_only_read(province):
    with pytest.raises(NotVisible):
        give(province, province.assessor(province.home), "2.1")
    with pytest.raises(NotPermitted):
        give(province, province.secretary(), agency=province.health)
    with pytest.raises(NotVisible):
        give(province, actor_for(person(Role.HEAD, province.health)))
    with pytest.raises(NotPermitted):
        give(province, actor_for(person(Role.INSPECTOR)))


def test_a_draft_is_nobody_elses_business(province):
    province.move(province.health, SheetState.DRAFTING)
    with pytest.raises(NotVisible):
        give(province, province.assessor(province.home))


# when ---------------------------------------------------------------------------------------------


def test_the_window_of_the_round_decides_with_its_extensions(province):
    assessor = province.assessor(province.home)
    province.shut(Stage.ROUND_1)
    with pytest.raises(WindowClosed):
        give(province, assessor)
    Extension.objects.create(
        cycle_block=province.year.cycle_block,
        agency=province.health,
        stage=Stage.ROUND_1,
        closes=db_now() + timedelta(hours=1),
        letter_number="12/SNV-CCHC",
        granted_by=UserFactory(),
        granted_at=db_now(),
    )
    give(province, assessor)
    with pytest.raises(WindowClosed):
        give(province, assessor, agency=province.justice)


def test_a_round_that_was_closed_meanwhile_takes_no_marks(province):
    assessor = province.assessor(province.home)
    for state in (SheetState.EXPLAINING, SheetState.REAPPRAISING, SheetState.REVIEWING, SheetState.FINALISED):
        province.move(province.health, state)
        with pytest.raises(WrongState):
            give(province, assessor)
    assert not Mark.objects.exists()


def test_round_2_covers_the_explained_criteria_only_unless_the_council_sent_the_sheet_back(province):
    assessor = province.assessor(province.home)
    sheet = province.move(province.health, SheetState.REAPPRAISING)
    with pytest.raises(WrongState):
        give(province, assessor, round=2)
    Transition.objects.create(
        scoresheet=sheet, name="return_to_round_2", source="reviewing", target="reappraising", at=db_now()
    )
    assert give(province, assessor, round=2).mark.round == 2


def test_what_the_profile_leaves_out_is_not_marked(province):
    Answer.objects.filter(pk=province.answer(province.health, "1.1").pk).update(applicability="profile")
    with pytest.raises(WrongState):
        give(province, province.assessor(province.home))


# explanations -------------------------------------------------------------------------------------


def test_an_explanation_is_asked_beside_a_mark_and_taken_back(province):
    assessor = province.assessor(province.home)
    with pytest.raises(Invalid) as caught:
        give(province, assessor, ask_explanation=True, question=" ")
    assert list(caught.value.fields) == ["question"] and not Mark.objects.exists()
    give(province, assessor, ask_explanation=True, question="Ba nhiệm vụ nào trễ hạn?")
    answer = province.answer(province.health, "1.1")
    request = ExplanationRequest.objects.get(answer=answer)
    assert request.question == "Ba nhiệm vụ nào trễ hạn?" and answer.version == 2
    assert ask_explanation(answer=answer, actor=assessor, question=request.question) == request
    other = ask_explanation(answer=answer, actor=assessor, question="Kèm văn bản gia hạn?")
    assert ExplanationRequest.objects.filter(taken_back_at=None).get() == other
    take_back_request(answer=answer, actor=assessor)
    take_back_request(answer=answer, actor=assessor)
    assert not ExplanationRequest.objects.filter(taken_back_at=None).exists()


def test_before_the_first_mark_nothing_is_asked(province):
    with pytest.raises(WrongState):
        ask_explanation(
            answer=province.answer(province.health, "1.1"),
            actor=province.assessor(province.home),
            question="Vì sao?",
        )


# not applicable -----------------------------------------------------------------------------------


def decide(province, actor, *, grant: bool, reason: str = "Đúng là không phát sinh", agency=None):
    answer = province.answer(agency or province.health, "1.1")
    return decide_not_applicable(
        answer=answer, actor=actor, grant=grant, reason=reason, expected_version=answer.version
    )


def test_granted_is_a_mark_of_nothing_out_of_nothing(province):
    province.ask_not_applicable(province.health, "1.1")
    assessor = province.assessor(province.home)
    with pytest.raises(WrongState):
        give(province, assessor)
    mark = decide(province, assessor, grant=True).mark
    assert (mark.points, mark.applicable_max) == (D(0), D(0))
    answer = province.answer(province.health, "1.1")
    assert answer.applicability == "granted" and answer.na_requests.get().state == "granted"
    assert province.sheet(province.health).state == SheetState.APPRAISING
    with pytest.raises(WrongState):
        give(province, assessor)


def test_refused_is_a_mark_and_a_question(province):
    province.ask_not_applicable(province.health, "1.1")
    assessor = province.assessor(province.home)
    mark = decide(province, assessor, grant=False, reason="Cơ quan có nhiệm vụ này").mark
    assert (mark.points, mark.applicable_max) == (D(0), D(1))
    assert ExplanationRequest.objects.get().question == "Cơ quan có nhiệm vụ này"
    with pytest.raises(WrongState):
        take_back_request(answer=province.answer(province.health, "1.1"), actor=assessor)
    give(province, assessor, inputs_raw={"value": "false"}, reason="Rà soát", ask_explanation=False)
    assert ExplanationRequest.objects.filter(taken_back_at=None).exists()


def test_refused_keeps_the_figures_that_were_declared(province):
    province.declare(province.health, "1.1", {"value": True})
    province.ask_not_applicable(province.health, "1.1")
    mark = decide(province, province.assessor(province.home), grant=False).mark
    assert (mark.points, mark.inputs) == (D(1), {"value": True})


def test_a_decision_may_change_until_the_round_closes_and_needs_a_reason(province):
    province.ask_not_applicable(province.health, "1.1")
    assessor = province.assessor(province.home)
    with pytest.raises(Invalid):
        decide(province, assessor, grant=True, reason="")
    decide(province, assessor, grant=False)
    assert decide(province, assessor, grant=False).changed is False
    assert decide(province, assessor, grant=True, reason="Xem lại").mark.applicable_max == D(0)
    assert not ExplanationRequest.objects.filter(taken_back_at=None).exists()
    with pytest.raises(WrongState):
        decide(province, assessor, grant=True, reason="Không ai đề nghị", agency=province.justice)


# several at once ----------------------------------------------------------------------------------


def versions(answers: list[Answer]) -> dict[int, int]:
    return {answer.pk: answer.version for answer in answers}


def test_a_bulk_act_takes_the_self_points_and_nothing_for_the_unanswered(province):
    assessor = province.assessor(province.home)
    province.declare(province.health, "1.1", {"value": True})
    chosen = [province.answer(province.health, code) for code in ("1.1", "1.2")]
    marks = mark_in_bulk(answers=versions(chosen), actor=assessor, round=1)
    assert sorted(mark.points for mark in marks) == [D(0), D(1)]
    assert all(mark.in_bulk for mark in Mark.objects.all())
    assert province.sheet(province.health).state == SheetState.APPRAISING
    assert province.answer(province.health, "1.1").version == 1
    assert AuditEntry.objects.order_by("-seq")[0].action == "mark.bulk"


def test_a_bulk_act_is_all_or_nothing(province):
    assessor = province.assessor(province.home)
    chosen = [province.answer(province.health, code) for code in ("1.1", "1.2")]
    shown = versions(chosen)
    with pytest.raises(NotVisible):
        mark_in_bulk(
            answers=shown | versions([province.answer(province.home, "1.1")]), actor=assessor, round=1
        )
    with pytest.raises(NotVisible):
        mark_in_bulk(
            answers=shown | versions([province.answer(province.health, "2.1")]), actor=assessor, round=1
        )
    with pytest.raises(NotVisible):
        mark_in_bulk(answers=shown | {10**9: 0}, actor=assessor, round=1)
    with pytest.raises(WrongState):
        mark_in_bulk(answers=dict.fromkeys(shown, 7), actor=assessor, round=1)
    province.ask_not_applicable(province.health, "1.2")
    with pytest.raises(WrongState):
        mark_in_bulk(answers=versions([province.answer(province.health, "1.2")]), actor=assessor, round=1)
    with pytest.raises(Invalid):
        mark_in_bulk(answers={}, actor=assessor, round=1)
    assert not Mark.objects.exists()
    assert province.sheet(province.health).state == SheetState.SUBMITTED


def test_the_secretary_marks_what_is_left_over_but_not_at_home(province):
    secretary = province.secretary()
    mark_in_bulk(answers=versions(province.answers(province.health)), actor=secretary, round=1)
    assert Mark.objects.count() == 3
    with pytest.raises(NotVisible):
        mark_in_bulk(answers=versions(province.answers(province.home)), actor=secretary, round=1)


def test_in_round_2_the_points_of_round_1_may_stay_and_others_need_a_reason(province):
    assessor = province.assessor(province.home)
    province.declare(province.health, "1.1", {"value": True})
    give(province, assessor, inputs_raw={"value": "false"}, ask_explanation=True, question="Vì sao?")
    province.move(province.health, SheetState.REAPPRAISING)
    shown = versions([province.answer(province.health, "1.1")])
    with pytest.raises(Invalid):
        mark_in_bulk(answers=shown, actor=assessor, round=2, basis="self")
    (mark,) = mark_in_bulk(
        answers=shown, actor=assessor, round=2, basis="previous", reason="Giải trình không có tài liệu mới"
    )
    assert (mark.round, mark.points) == (2, D(0))
    with pytest.raises(WrongState):
        mark_in_bulk(
            answers=versions([province.answer(province.health, "1.1")]),
            actor=assessor,
            round=2,
            reason="Lần nữa",
        )


def test_figures_declared_with_the_explanation_are_scored_in_bulk_never_0(province):
    assessor = province.assessor(province.home)
    province.ask_not_applicable(province.health, "1.1")
    decide(province, assessor, grant=False, reason="Có nhiệm vụ này")
    answer = province.answer(province.health, "1.1")
    Explanation.objects.create(
        request=ExplanationRequest.objects.get(answer=answer),
        text="Đã thực hiện",
        inputs={"value": True},
        points=1,
        applicable_max=1,
        trace={"points": "1"},
        by=UserFactory(),
        at=db_now(),
    )
    province.move(province.health, SheetState.REAPPRAISING)
    given = {"answers": versions([answer]), "actor": assessor, "round": 2, "reason": "Theo giải trình"}
    with pytest.raises(WrongState, match="giải trình"):
        mark_in_bulk(basis="previous", **given)
    (mark,) = mark_in_bulk(basis="self", **given)
    assert (mark.points, mark.applicable_max, mark.inputs) == (D(1), D(1), {"value": True})


def test_sheets_of_other_states_are_left_alone(province):
    assert Scoresheet.objects.filter(state=SheetState.SUBMITTED).count() == 3
    give(province, province.assessor(province.home))
    assert Scoresheet.objects.filter(state=SheetState.SUBMITTED).count() == 2
