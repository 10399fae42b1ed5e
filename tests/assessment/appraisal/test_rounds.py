"""Closing rounds, the council, adjustments, assignments."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from agencies.actors import actor_for
from agencies.models import Membership, Role
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, NotVisible, WindowClosed, WrongState
from scoring.assessment.models import (
    Adjustment,
    Answer,
    Assignment,
    ExplanationRequest,
    Extension,
    ImportBatch,
    ImportedPoints,
    Mark,
    RoundClosing,
    SheetState,
    Stage,
    Transition,
    Window,
)
from scoring.assessment.queries.appraisal import read_work
from scoring.assessment.queries.appraisal_totals import overview
from scoring.assessment.queries.panels import reach_of
from scoring.assessment.queries.rounds import plan_closing
from scoring.assessment.queries.worklist import task_of
from scoring.assessment.services.adjustments import add_adjustment, void_adjustment
from scoring.assessment.services.assignments import assign
from scoring.assessment.services.bulk_marks import mark_in_bulk
from scoring.assessment.services.council import finalise, reopen, return_to_round_2, settle
from scoring.assessment.services.imports import import_points
from scoring.assessment.services.marks import last_mark, record_mark
from scoring.assessment.services.rounds import LacksMarks, close_round
from tests.assessment.appraisal.ground import Province, make_province, plain_user
from tests.factories import UserFactory, person

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def province() -> Province:
    return make_province()


def plan(province: Province, stage: Stage):
    return plan_closing(province.year.cycle_block, stage, now=db_now())


def close(province: Province, stage: Stage, actor=None, key: str | None = None, **more) -> RoundClosing:
    return close_round(
        cycle_block=province.year.cycle_block,
        stage=stage,
        actor=actor or province.secretary(),
        expected_key=plan(province, stage).key if key is None else key,
        **more,
    )


def mark_all(province: Province, round: int = 1, *agencies) -> None:
    for agency in agencies or (province.home, province.justice, province.health):
        for answer in province.answers(agency):
            Mark.objects.create(
                answer=answer,
                round=round,
                by=UserFactory(),
                points=0,
                applicable_max=answer.criterion.max_points,
                trace={},
                at=db_now(),
            )


def ask(province: Province, agency, code: str = "1.1") -> ExplanationRequest:
    return ExplanationRequest.objects.create(
        answer=province.answer(agency, code), question="Vì sao?", asked_by=UserFactory(), asked_at=db_now()
    )


def import_all(province: Province) -> None:
    batch = ImportBatch.objects.create(
        cycle_block=province.year.cycle_block,
        source="survey",
        file_name="a.csv",
        sha256="0" * 64,
        rows=1,
        at=db_now(),
    )
    for sheet in province.year.sheets:
        for code in ("3.1", "3.2"):
            leaf = province.year.criterion(code)
            ImportedPoints.objects.create(
                batch=batch,
                scoresheet=sheet,
                criterion=leaf,
                points=1,
                applicable_max=leaf.max_points,
                trace={},
            )


def states(province: Province) -> list[str]:
    return [province.sheet(agency).state for agency in (province.home, province.justice, province.health)]


# closing self-assessment ---------------------------------------------------------------------------


def test_closing_self_assessment_submits_what_stands_once_the_time_is_over(province):
    province.move(province.home, SheetState.SUBMITTED)
    province.move(province.justice, SheetState.AWAITING_APPROVAL)
    with pytest.raises(WindowClosed):
        close(province, Stage.SELF_ASSESSMENT)
    province.shut(Stage.SELF_ASSESSMENT)
    closing = close(province, Stage.SELF_ASSESSMENT)
    assert closing.sheets == 2
    assert states(province) == ["submitted"] * 3
    assert province.sheet(province.health).submitted_at is not None
    assert set(Transition.objects.values_list("name", flat=True)) == {"close_draft", "close_awaiting"}


def test_a_sheet_with_an_extension_is_left_its_time(province):
    province.shut(Stage.SELF_ASSESSMENT)
    Extension.objects.create(
        cycle_block=province.year.cycle_block,
        agency=province.health,
        stage=Stage.SELF_ASSESSMENT,
        closes=db_now() + timedelta(days=2),
        letter_number="7/SYT",
        granted_by=UserFactory(),
        granted_at=db_now(),
    )
    shown = plan(province, Stage.SELF_ASSESSMENT)
    assert [waiting.sheet.participation.agency for waiting in shown.waiting] == [province.health]
    close(province, Stage.SELF_ASSESSMENT, key=shown.key)
    assert states(province) == ["submitted", "submitted", "drafting"]


def test_who_never_submits_is_as_late_as_the_closing(province):
    now = db_now()
    Window.objects.filter(stage=Stage.SELF_ASSESSMENT).update(
        opens=now - timedelta(days=30), closes=now - timedelta(days=2, hours=1)
    )
    Extension.objects.create(
        cycle_block=province.year.cycle_block,
        agency=province.health,
        stage=Stage.SELF_ASSESSMENT,
        closes=now - timedelta(hours=1),
        letter_number="7/SYT",
        granted_by=UserFactory(),
        granted_at=now,
    )
    province.move(province.justice, SheetState.AWAITING_APPROVAL)
    province.move(province.home, SheetState.SUBMITTED)
    close(province, Stage.SELF_ASSESSMENT)
    late = [province.sheet(one).days_late for one in (province.home, province.justice, province.health)]
    assert late == [0, 3, 3]


# closing rounds 1 and 2 ----------------------------------------------------------------------------


def test_round_1_is_refused_while_marks_are_missing_and_names_them(province):
    province.move_all(SheetState.APPRAISING)
    mark_all(province, 1, province.home, province.justice)
    with pytest.raises(LacksMarks) as caught:
        close(province, Stage.ROUND_1)
    assert {answer.criterion.code for answer in caught.value.answers} == {"1.1", "1.2", "2.1"}
    assert {answer.scoresheet.participation.agency_id for answer in caught.value.answers} == {
        province.health.pk
    }
    assert states(province) == ["appraising"] * 3 and not RoundClosing.objects.exists()


def test_round_1_leads_to_the_explanation_or_to_the_council(province):
    province.move_all(SheetState.APPRAISING)
    mark_all(province)
    ask(province, province.health)
    taken_back = ask(province, province.justice)
    taken_back.taken_back_at = db_now()
    taken_back.save()
    close(province, Stage.ROUND_1)
    assert states(province) == ["reviewing", "reviewing", "explaining"]


def test_closing_twice_is_once(province):
    province.move_all(SheetState.APPRAISING)
    mark_all(province)
    key = plan(province, Stage.ROUND_1).key
    first = close(province, Stage.ROUND_1, key=key)
    assert close(province, Stage.ROUND_1, key=key) == first
    assert RoundClosing.objects.count() == 1 and Transition.objects.count() == 3


def test_what_moved_since_the_page_was_shown_is_not_closed(province):
    province.move_all(SheetState.APPRAISING)
    mark_all(province)
    key = plan(province, Stage.ROUND_1).key
    ask(province, province.health)
    with pytest.raises(WrongState):
        close(province, Stage.ROUND_1, key=key)
    assert states(province) == ["appraising"] * 3


def test_some_sheets_may_be_closed_before_others(province):
    province.move_all(SheetState.APPRAISING)
    mark_all(province, 1, province.health)
    sheet = province.sheet(province.health)
    sheets = [sheet]
    key = plan_closing(province.year.cycle_block, Stage.ROUND_1, now=db_now(), sheets=sheets).key
    close(province, Stage.ROUND_1, key=key, sheet_ids=[sheet.pk])
    assert states(province) == ["appraising", "appraising", "reviewing"]


def test_drafts_count_in_no_progress(province):
    province.move_all(SheetState.SUBMITTED)
    province.ask_not_applicable(province.health, "1.1")
    province.move(province.health, SheetState.DRAFTING)
    block = province.year.cycle_block
    lines = overview(block, reach_of(province.secretary(), block))
    counts = {line.sheet.participation.agency_id: line.total for line in lines.sheets}
    assert counts.pop(province.health.pk) == 0 and all(counts.values())
    assert sum(office.total for office in lines.offices) + lines.unassigned == sum(counts.values())


def test_drafts_are_no_part_of_round_1(province):
    province.move(province.health, SheetState.APPRAISING)
    mark_all(province, 1, province.health)
    close(province, Stage.ROUND_1)
    assert states(province) == ["drafting", "drafting", "reviewing"]


def test_the_explanation_closes_only_after_its_time(province):
    province.move(province.health, SheetState.EXPLAINING)
    with pytest.raises(WindowClosed):
        close(province, Stage.EXPLANATION)
    province.shut(Stage.EXPLANATION)
    close(province, Stage.EXPLANATION)
    assert province.sheet(province.health).state == SheetState.REAPPRAISING


def test_round_2_asks_for_marks_on_the_explained_criteria_alone(province):
    province.move(province.health, SheetState.REAPPRAISING)
    mark_all(province)
    ask(province, province.health)
    with pytest.raises(LacksMarks) as caught:
        close(province, Stage.ROUND_2)
    assert [answer.criterion.code for answer in caught.value.answers] == ["1.1"]
    Mark.objects.create(
        answer=province.answer(province.health, "1.1"),
        round=2,
        by=UserFactory(),
        points=1,
        applicable_max=1,
        trace={},
        at=db_now(),
    )
    close(province, Stage.ROUND_2)
    assert province.sheet(province.health).state == SheetState.REVIEWING


def test_only_the_secretary_closes(province):
    for actor in (province.assessor(province.home), province.council(), actor_for(person(Role.INSPECTOR))):
        with pytest.raises(NotPermitted):
            close(province, Stage.ROUND_1, actor=actor)


def test_nothing_to_close_is_said(province):
    with pytest.raises(WrongState):
        close(province, Stage.ROUND_1)
    with pytest.raises(WrongState):
        close(province, Stage.COUNCIL, key="")


# the council ---------------------------------------------------------------------------------------


@pytest.fixture
def reviewed(province) -> Province:
    province.move_all(SheetState.REVIEWING)
    mark_all(province)
    import_all(province)
    return province


def test_a_council_member_settles_with_a_reason(reviewed):
    answer = reviewed.answer(reviewed.health, "1.1")
    given = {"answer": answer, "points_raw": "0,5", "expected_version": answer.version}
    with pytest.raises(Invalid):
        settle(actor=reviewed.council(), reason="", **given)
    with pytest.raises(NotPermitted):
        settle(actor=reviewed.secretary(), reason="Hội đồng thống nhất", **given)
    mark = settle(actor=reviewed.council(), reason="Hội đồng thống nhất", **given).mark
    assert (mark.round, mark.points) == (3, D("0.5"))


def test_finalise_one_or_several(reviewed):
    sheets = [reviewed.sheet(agency) for agency in (reviewed.justice, reviewed.health)]
    shown = {sheet.pk: sheet.version for sheet in sheets}
    assert len(finalise(sheets=shown, actor=reviewed.secretary())) == 2
    assert finalise(sheets=shown, actor=reviewed.secretary()) == []
    assert states(reviewed) == ["reviewing", "finalised", "finalised"]


def test_home_affairs_is_finalised_by_a_council_member_of_another_house(reviewed):
    sheet = reviewed.sheet(reviewed.home)
    shown = {sheet.pk: sheet.version}
    with pytest.raises(NotVisible):
        finalise(sheets=shown, actor=reviewed.secretary())
    with pytest.raises(NotVisible):
        finalise(sheets=shown, actor=reviewed.council(reviewed.home))
    province_secretary = actor_for(person(Role.SECRETARY))
    with pytest.raises(NotPermitted):
        finalise(sheets=shown, actor=province_secretary)
    finalise(sheets=shown, actor=reviewed.council(reviewed.office))
    assert reviewed.sheet(reviewed.home).state == SheetState.FINALISED


def test_finalise_waits_for_every_leaf_and_for_the_window(reviewed):
    ImportedPoints.objects.filter(criterion__code="3.1", scoresheet=reviewed.sheet(reviewed.health)).delete()
    shown = {
        reviewed.sheet(agency).pk: reviewed.sheet(agency).version
        for agency in (reviewed.justice, reviewed.health)
    }
    with pytest.raises(WrongState) as caught:
        finalise(sheets=shown, actor=reviewed.secretary())
    assert "3.1" in str(caught.value) and reviewed.health.name in str(caught.value)
    assert states(reviewed) == ["reviewing"] * 3
    reviewed.shut(Stage.COUNCIL)
    with pytest.raises(WindowClosed):
        finalise(sheets={reviewed.sheet(reviewed.justice).pk: 0}, actor=reviewed.secretary())


def test_an_old_page_finalises_nothing(reviewed):
    sheet = reviewed.sheet(reviewed.health)
    with pytest.raises(WrongState):
        finalise(sheets={sheet.pk: sheet.version + 1}, actor=reviewed.secretary())
    assert reviewed.sheet(reviewed.health).state == SheetState.REVIEWING


@pytest.mark.parametrize("late", ["mark", "bonus", "void", "import"])
def test_what_came_after_the_page_was_shown_is_not_finalised_unseen(reviewed, late):
    sheet, council = reviewed.sheet(reviewed.health), reviewed.council()
    bonus = {"sheet": sheet, "actor": council, "kind": "bonus", "points_raw": "1", "reason": "Sáng kiến"}
    given = add_adjustment(**bonus) if late == "void" else None
    shown = {sheet.pk: reviewed.sheet(reviewed.health).version}
    if late == "mark":
        answer = reviewed.answer(reviewed.health, "1.1")
        settle(
            answer=answer, actor=council, reason="Chênh lệch", expected_version=answer.version, points_raw="1"
        )
    elif late == "bonus":
        add_adjustment(**bonus)
    elif late == "void":
        void_adjustment(adjustment=given, actor=council, reason="Nhập nhầm")
    else:
        import_points(
            cycle_block=reviewed.year.cycle_block,
            actor=None,
            data="agency,criterion,pct\nSở Y tế,3.1,90\n".encode(),
            file_name="diem.csv",
        )
    with pytest.raises(WrongState):
        finalise(sheets=shown, actor=council)
    assert finalise(sheets={sheet.pk: reviewed.sheet(reviewed.health).version}, actor=council)


def test_back_to_round_2_and_reopened_with_their_reasons(reviewed):
    sheet = reviewed.sheet(reviewed.health)
    with pytest.raises(Invalid):
        return_to_round_2(sheet=sheet, actor=reviewed.council(), reason=" ")
    return_to_round_2(sheet=sheet, actor=reviewed.council(), reason="Xem lại lĩnh vực 1")
    assert reviewed.sheet(reviewed.health).state == SheetState.REAPPRAISING
    reviewed.move(reviewed.health, SheetState.FINALISED)
    with pytest.raises(Invalid) as caught:
        reopen(sheet=sheet, actor=reviewed.council(), decision_number="", reason="")
    assert set(caught.value.fields) == {"decision_number", "reason"}
    with pytest.raises(NotPermitted):
        reopen(sheet=sheet, actor=reviewed.secretary(), decision_number="12/QĐ-UBND", reason="Đính chính")
    reopen(sheet=sheet, actor=reviewed.council(), decision_number="12/QĐ-UBND", reason="Đính chính")
    assert Transition.objects.order_by("-pk")[0].reason == "12/QĐ-UBND: Đính chính"
    assert reviewed.sheet(reviewed.health).state == SheetState.REVIEWING


def test_what_the_council_settled_is_no_work_of_round_2_until_it_settles_again(reviewed):
    for code in ("1.1", "1.2"):
        ask(reviewed, reviewed.health, code)
    answer = reviewed.answer(reviewed.health, "1.1")
    council = reviewed.council()
    given = {"answer": answer, "actor": council, "reason": "Hội đồng thống nhất"}
    settle(points_raw="0,5", expected_version=answer.version, **given)
    sheet = return_to_round_2(sheet=reviewed.sheet(reviewed.health), actor=council, reason="Xem lại 1.2")
    assessor = reviewed.assessor(reviewed.home)
    version = reviewed.answer(reviewed.health, "1.1").version
    with pytest.raises(WrongState, match="đã thống nhất điểm tiêu chí này"):
        record_mark(
            answer=answer,
            actor=assessor,
            round=2,
            reason="Chấm lại",
            expected_version=version,
            points_raw="1",
        )
    with pytest.raises(WrongState, match="hội đồng đã thống nhất điểm"):
        mark_in_bulk(answers={answer.pk: version}, actor=assessor, round=2, reason="Chấm lại")
    work = read_work(sheet, reach_of(assessor, reviewed.year.cycle_block), assessor)
    assert {leaf.criterion.code: leaf.is_open for leaf in work.leaves} == {"1.1": False, "1.2": True}
    assert [leaf.criterion.code for leaf in work.to_mark] == ["1.2"]
    tasks = Answer.objects.filter(scoresheet=sheet).annotate(task=task_of())
    assert dict(tasks.values_list("criterion__code", "task")) == {
        "1.1": "marked",
        "1.2": "unmarked",
        "2.1": "marked",
    }
    with pytest.raises(LacksMarks) as caught:
        close(reviewed, Stage.ROUND_2)
    assert [one.criterion.code for one in caught.value.answers] == ["1.2"]
    second = reviewed.answer(reviewed.health, "1.2")
    record_mark(
        answer=second,
        actor=assessor,
        round=2,
        reason="Đã đối chiếu",
        expected_version=second.version,
        points_raw="1",
    )
    close(reviewed, Stage.ROUND_2)
    settle(points_raw="1", expected_version=version, **given)
    assert last_mark(answer).points == D(1)


# adjustments ---------------------------------------------------------------------------------------


def test_bonus_and_penalty_with_a_reason_within_the_cap_voided_not_deleted(reviewed):
    sheet, actor = reviewed.sheet(reviewed.health), reviewed.secretary()
    given = add_adjustment(
        sheet=sheet, actor=actor, kind="bonus", points_raw="1,5", reason="Sáng kiến cấp tỉnh"
    )
    assert given.points == D("1.5")
    for points, field in (
        ("5,5", "points"),
        ("0", "points"),
        ("x", "points"),
        ("", "points"),
        ("0,1234567", "points"),
        ("9" * 29, "points"),
    ):
        with pytest.raises(Invalid) as caught:
            add_adjustment(sheet=sheet, actor=actor, kind="penalty", points_raw=points, reason="Chậm báo cáo")
        assert list(caught.value.fields) == [field]
    with pytest.raises(Invalid):
        add_adjustment(sheet=sheet, actor=actor, kind="gift", points_raw="1", reason="")
    with pytest.raises(Invalid):
        void_adjustment(adjustment=given, actor=actor, reason="")
    void_adjustment(adjustment=given, actor=actor, reason="Nhập nhầm")
    void_adjustment(adjustment=given, actor=actor, reason="Lần nữa")
    given.refresh_from_db()
    assert given.voided_at and given.void_reason == "Nhập nhầm" and Adjustment.objects.count() == 1


def test_a_double_click_gives_the_points_once(reviewed):
    given = {"kind": "bonus", "points_raw": "1,5", "reason": "Sáng kiến cấp tỉnh"}
    sheet, actor = reviewed.sheet(reviewed.health), reviewed.secretary()
    first = add_adjustment(sheet=sheet, actor=actor, **given)
    assert add_adjustment(sheet=sheet, actor=actor, **given) == first
    void_adjustment(adjustment=first, actor=actor, reason="Nhập nhầm")
    assert add_adjustment(sheet=sheet, actor=actor, **given) != first


def test_adjustments_keep_off_ones_own_house_and_final_sheets(reviewed):
    given = {"kind": "bonus", "points_raw": "1", "reason": "Thành tích"}
    with pytest.raises(NotVisible):
        add_adjustment(sheet=reviewed.sheet(reviewed.home), actor=reviewed.secretary(), **given)
    with pytest.raises(NotPermitted):
        add_adjustment(sheet=reviewed.sheet(reviewed.health), actor=reviewed.assessor(reviewed.home), **given)
    with pytest.raises(WrongState):
        add_adjustment(
            sheet=reviewed.move(reviewed.health, SheetState.FINALISED), actor=reviewed.secretary(), **given
        )


# assignments ---------------------------------------------------------------------------------------


def test_a_criterion_is_narrowed_to_a_person_and_freed_again(province):
    province.move_all(SheetState.SUBMITTED)
    one, two = province.assessor(province.home), province.assessor(province.home)
    area, block = province.year.criterion("1"), province.year.cycle_block
    assign(cycle_block=block, criterion=area, assessors=[plain_user(one)], actor=province.secretary())
    assert reach_of(one, block).duty.covers(province.health.pk, province.year.criterion("1.1").pk)
    assert not reach_of(two, block).duty.covers(province.health.pk, province.year.criterion("1.1").pk)
    with pytest.raises(NotVisible):
        mark_in_bulk(answers={province.answer(province.health, "1.1").pk: 0}, actor=two, round=1)
    assign(cycle_block=block, criterion=area, assessors=[], actor=province.secretary())
    assert not Assignment.objects.exists()
    assert reach_of(two, block).duty.covers(province.health.pk, province.year.criterion("1.1").pk)


def test_only_assessors_of_the_appraiser_are_named_and_only_by_the_secretary(province):
    leaf, block = province.year.criterion("2.1"), province.year.cycle_block
    for stranger in (person(Role.ASSESSOR, province.health), person(Role.EDITOR, province.justice)):
        with pytest.raises(Invalid) as caught:
            assign(cycle_block=block, criterion=leaf, assessors=[stranger], actor=province.secretary())
        assert list(caught.value.fields) == ["assessors"]
    with pytest.raises(NotPermitted):
        assign(cycle_block=block, criterion=leaf, assessors=[], actor=province.assessor(province.justice))
    substitute = person(Role.ASSESSOR, province.home)
    assign(cycle_block=block, criterion=leaf, assessors=[substitute], actor=province.secretary())


def test_a_conflict_of_interest_is_refused_at_the_assignment(province):
    leaf, block = province.year.criterion("1.1"), province.year.cycle_block
    former = person(Role.ASSESSOR, province.home)
    Membership.objects.create(
        user=former,
        role=Role.EDITOR,
        agency=province.health,
        starts_on=date(2016, 1, 1),
        ends_on=date(2018, 1, 1),
    )
    with pytest.raises(Invalid) as caught:
        assign(cycle_block=block, criterion=leaf, assessors=[former], actor=province.secretary())
    assert province.health.name in str(caught.value)
    assert not Assignment.objects.exists()
    other = person(Role.ASSESSOR, province.home)
    assign(cycle_block=block, criterion=leaf, assessors=[former, other], actor=province.secretary())
    assert Assignment.objects.count() == 2
