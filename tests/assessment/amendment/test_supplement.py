"""The sheet of an amended set at work: what its agency may change, how it is submitted, marked and ranked."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from agencies.models import Role
from parindex.clock import db_now
from parindex.errors import Invalid, WrongState
from scoring.assessment.models import (
    Answer,
    Citation,
    CycleBlock,
    ExplanationRequest,
    Scoresheet,
    SecondLook,
    SheetState,
    Stage,
)
from scoring.assessment.queries.appraisal_totals import council_lines, overview
from scoring.assessment.queries.cycles import block_view
from scoring.assessment.queries.history import answer_history
from scoring.assessment.queries.home import home_of
from scoring.assessment.queries.panels import reach_of
from scoring.assessment.queries.points import sheet_totals
from scoring.assessment.queries.rounds import plan_closing
from scoring.assessment.queries.seen import Curtain, marks_shown, transitions_of
from scoring.assessment.queries.worklist import Filters, ground_in, tasks
from scoring.assessment.services import answers, citations, rounds, submission
from scoring.assessment.services.marks import record_mark
from scoring.assessment.services.second_looks import keep_as_it_stands
from scoring.ranking.inputs import read_inputs
from tests.assessment.amendment.ground import CHANGED, Ground, declare, fill, make_ground, mark
from tests.assessment.sheet.conftest import make_version

pytestmark = pytest.mark.django_db

NEW_INPUTS: dict[str, dict[str, Any]] = {
    "1.4": {"points": "0,75"}, "2.1": {"value": "true"}, "2.2": {"value": "false"}, "2.3": {"value": "true"},
    "2.5": {"value": "true"},
}  # fmt: skip


def save(ground: Ground, agency: Any, code: str, raw: dict[str, Any]) -> Answer:
    answer = ground.answer(ground.new(agency), code)
    return answers.save_answer(
        answer=answer,
        actor=ground.actor(ground.person(agency, Role.EDITOR)),
        inputs_raw=raw,
        note=answer.note or "Có văn bản.",
        expected_version=answer.version,
    ).answer


def keep(ground: Ground, agency: Any, code: str) -> bool:
    answer = ground.answer(ground.new(agency), code)
    return keep_as_it_stands(answer=answer, actor=ground.actor(ground.person(agency, Role.EDITOR)))


def look_again(ground: Ground, agency: Any) -> None:
    keep(ground, agency, "1.3")
    for code, raw in NEW_INPUTS.items():
        save(ground, agency, code, raw)


def hand_in(ground: Ground, agency: Any) -> Scoresheet:
    sheet = ground.new(agency)
    submission.submit_for_approval(sheet=sheet, actor=ground.actor(ground.person(agency, Role.EDITOR)))
    return submission.approve(sheet=sheet, actor=ground.actor(ground.person(agency, Role.HEAD)))


def amended(state: str = SheetState.APPRAISING, **more: Any) -> tuple[Ground, Any]:
    ground = make_ground(**more)
    agency = ground.year.agencies[0]
    fill(ground, agency, state, marked=state not in (SheetState.DRAFTING, SheetState.SUBMITTED))
    ground.amend()
    return ground, agency


def test_only_what_changed_can_be_changed():
    ground, agency = amended()
    before = ground.answer(ground.new(agency), "1.1")
    with pytest.raises(WrongState):
        save(ground, agency, "1.1", {"value": "false"})
    with pytest.raises(WrongState):
        keep(ground, agency, "1.1")
    actor = ground.actor(ground.person(agency, Role.EDITOR))
    version = make_version(agency, actor.user, "9/BC")
    with pytest.raises(WrongState):
        citations.cite(answer=before, actor=actor, version=version)
    with pytest.raises(WrongState):
        answers.ask_not_applicable(answer=before, actor=actor, reason="Không phát sinh")
    assert ground.answer(ground.new(agency), "1.1").inputs == before.inputs
    assert save(ground, agency, "1.4", {"points": "0,5"}).self_points == Decimal("0.5")
    assert citations.cite(answer=ground.answer(ground.new(agency), "1.4"), actor=actor, version=version)
    assert save(ground, agency, "1.4", {"points": "0,75"}).self_points == Decimal(
        "0.75"
    )  # looked at, not shut


def test_what_was_submitted_before_stays_frozen():
    ground, agency = amended()
    actor = ground.actor(ground.person(agency, Role.EDITOR))
    citation = ground.answer(ground.new(agency), "1.4").citations.get()
    with pytest.raises(WrongState):
        citations.uncite(citation=citation, actor=actor)


def test_a_draft_that_was_never_submitted_is_open_everywhere():
    ground, agency = amended(SheetState.DRAFTING)
    assert save(ground, agency, "1.1", {"value": "false"}).self_points == 0


def test_a_look_is_done_by_saving_or_by_keeping_and_keeping_needs_figures():
    ground, agency = amended()
    with pytest.raises(Invalid):
        keep(ground, agency, "1.4")
    assert keep(ground, agency, "1.3")
    assert not keep(ground, agency, "1.3")
    save(ground, agency, "1.4", NEW_INPUTS["1.4"])
    done = SecondLook.objects.filter(
        answer__scoresheet=ground.new(agency), who="agency", done_at__isnull=False
    )
    assert set(done.values_list("answer__criterion__code", flat=True)) == {"1.3", "1.4"}
    assert {look.done_by for look in done} == {ground.person(agency, Role.EDITOR)}


def test_it_is_submitted_once_everything_was_looked_at_and_the_appraisal_goes_on():
    ground, agency = amended()
    with pytest.raises(submission.NotComplete) as refused:
        hand_in(ground, agency)
    assert {gap.criterion.code for gap in refused.value.gaps} == set(CHANGED)
    for code, raw in NEW_INPUTS.items():
        save(ground, agency, code, raw)
    with pytest.raises(submission.NotComplete) as refused:
        hand_in(ground, agency)
    assert [(gap.criterion.code, gap.kind) for gap in refused.value.gaps] == [("1.3", "second_look")]
    keep(ground, agency, "1.3")
    sheet = hand_in(ground, agency)
    assert (sheet.state, sheet.days_late) == (SheetState.SUBMITTED, 2)
    assert not Citation.objects.filter(answer__scoresheet=sheet, frozen=False).exists()


def test_unanswered_criteria_that_did_not_change_do_not_keep_a_supplement_back():
    ground = make_ground()
    agency = ground.year.agencies[0]
    for code in ("1.1", "1.3", "1.4", "2.1", "2.2", "2.3"):
        declare(ground, agency, code)
    Scoresheet.objects.filter(pk=ground.old(agency).pk).update(
        state=SheetState.SUBMITTED, submitted_at=db_now()
    )
    ground.amend()
    look_again(ground, agency)
    assert hand_in(ground, agency).state == SheetState.SUBMITTED
    assert ground.answer(ground.new(agency), "1.2").inputs is None


def test_assessors_find_what_to_look_at_and_the_round_waits_for_it():
    ground, agency = amended()
    look_again(ground, agency)
    hand_in(ground, agency)
    block = CycleBlock.objects.select_related("cycle", "block", "criteria_set").get(pk=ground.block.pk)
    reach = reach_of(ground.actor(ground.assessor), block)
    found = {
        row.criterion.code: row.task
        for row in tasks(ground_in(block, reach, Filters(state="all")), any_state=True).select_related(
            "criterion"
        )
    }
    assert {code for code, task in found.items() if task == "second_look"} == set(CHANGED)
    assert {code for code, task in found.items() if task == "marked"} == {"1.1", "1.2"}
    plan = plan_closing(block, Stage.ROUND_1, now=db_now())
    assert {answer.criterion.code for answer in plan.lacking} == set(CHANGED)
    secretary = ground.actor(ground.secretary)
    with pytest.raises(rounds.LacksMarks):
        rounds.close_round(cycle_block=block, stage=Stage.ROUND_1, actor=secretary, expected_key=plan.key)
    for code in CHANGED:
        answer = ground.answer(ground.new(agency), code)
        record_mark(
            answer=answer, actor=ground.actor(ground.assessor), round=1, reason="Đã xem lại",
            expected_version=answer.version, points_raw="0.5",
        )  # fmt: skip
    assert not SecondLook.objects.filter(who="appraiser", done_at=None).exists()
    plan = plan_closing(block, Stage.ROUND_1, now=db_now())
    rounds.close_round(cycle_block=block, stage=Stage.ROUND_1, actor=secretary, expected_key=plan.key)
    assert ground.new(agency).state == SheetState.REVIEWING


def test_explanations_that_were_answered_and_marked_are_not_asked_again():
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.REAPPRAISING, marked=True)
    who = ground.person(agency, Role.EDITOR)
    for code in ("1.1", "1.2"):
        answer = ground.answer(ground.old(agency), code)
        asked = ExplanationRequest.objects.create(
            answer=answer, question="Vì sao?", asked_by=ground.assessor, asked_at=db_now()
        )
        asked.explanation = type(asked).explanation.related.related_model.objects.create(
            request=asked, text="Đã nêu", by=who, at=db_now()
        )
    mark(ground, ground.answer(ground.old(agency), "1.1"), 2)
    ground.amend()
    sheet = ground.new(agency)
    Scoresheet.objects.filter(pk=sheet.pk).update(state=SheetState.APPRAISING)
    plan = plan_closing(ground.block, Stage.ROUND_1, now=db_now())
    assert [(one.target, one.asked) for one in plan.touched] == [(SheetState.EXPLAINING, 1)]
    answer = ground.answer(sheet, "1.1")
    with pytest.raises(WrongState):  # the mark of round 2 came over and stands
        record_mark(
            answer=answer, actor=ground.actor(ground.assessor), round=1, reason="x",
            expected_version=answer.version, points_raw="0.5",
        )  # fmt: skip


def test_a_supplement_that_is_withdrawn_keeps_what_was_submitted_before():
    ground, agency = amended(SheetState.SUBMITTED)
    look_again(ground, agency)
    actor = ground.actor(ground.person(agency, Role.EDITOR))
    citations.cite(
        answer=ground.answer(ground.new(agency), "1.4"),
        actor=actor,
        version=make_version(agency, actor.user, "9/BC"),
    )
    hand_in(ground, agency)
    sheet = submission.withdraw(
        sheet=ground.new(agency), actor=ground.actor(ground.person(agency, Role.HEAD))
    )
    assert (sheet.state, sheet.days_late) == (SheetState.DRAFTING, 2)
    loose = Citation.objects.filter(answer__scoresheet=sheet, frozen=False)
    assert [one.document_version.number for one in loose] == ["9/BC"]


def test_the_replaced_sheet_takes_nothing_more():
    ground, agency = amended(SheetState.DRAFTING)
    old = ground.answer(ground.old(agency), "1.1")
    actor = ground.actor(ground.person(agency, Role.EDITOR))
    with pytest.raises(WrongState) as refused:
        answers.save_answer(
            answer=old, actor=actor, inputs_raw={"value": "false"}, note="", expected_version=old.version
        )
    assert "sửa đổi" in str(refused.value) or "amended" in str(refused.value)
    with pytest.raises(WrongState):
        citations.uncite(citation=old.citations.get(), actor=actor)
    with pytest.raises(WrongState):
        submission.submit_for_approval(sheet=ground.old(agency), actor=actor)


def test_what_the_agency_saw_before_it_still_sees_on_the_earlier_sheet():
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.REVIEWING, marked=True)
    ground.amend()
    old, new = ground.old(agency), ground.new(agency)
    assert len(marks_shown(old, Curtain.of(old, transitions_of(old)))) == 8
    assert not marks_shown(new, Curtain.of(new, transitions_of(new)))
    home = home_of(ground.actor(ground.person(agency, Role.EDITOR)), db_now())
    assert [row.sheet.pk for row in home.open] == [new.pk]
    assert home.open[0].looks == len(CHANGED)


def test_the_history_of_an_answer_reaches_back():
    ground = make_ground()
    agency = ground.year.agencies[0]
    answer = ground.answer(ground.old(agency), "1.3")
    answers.save_answer(
        answer=answer,
        actor=ground.actor(ground.person(agency, Role.EDITOR)),
        inputs_raw={"numerator": "9", "denominator": "10"},
        note="",
        expected_version=0,
    )
    ground.amend()
    lines = answer_history(ground.answer(ground.new(agency), "1.3"))
    assert len(lines) == 2
    assert lines[0].tone == "warn"
    assert "1,8" in lines[1].after or "1.8" in lines[1].after


def test_every_list_takes_the_sheet_of_the_present_set():
    ground, agency = amended(SheetState.REVIEWING)
    block = CycleBlock.objects.select_related("cycle", "block", "criteria_set").get(pk=ground.block.pk)
    reach = reach_of(ground.actor(ground.secretary), block)
    assert [(state.state, state.count) for state in block_view(block).states] == [(SheetState.DRAFTING, 1)]
    assert council_lines(block, reach) == []
    assert [line.sheet.pk for line in overview(block, reach).sheets] == [ground.new(agency).pk]
    assert list(sheet_totals(block, "self")) == [ground.new(agency).participation_id]


def test_the_secretary_closes_a_supplement_that_nobody_hands_in():
    ground, agency = amended()
    block = ground.block
    block.windows.filter(stage=Stage.SELF_ASSESSMENT).update(closes=db_now() - timedelta(seconds=1))
    plan = plan_closing(block, Stage.SELF_ASSESSMENT, now=db_now())
    rounds.close_round(
        cycle_block=block,
        stage=Stage.SELF_ASSESSMENT,
        actor=ground.actor(ground.secretary),
        expected_key=plan.key,
    )
    sheet = ground.new(agency)
    assert (sheet.state, sheet.days_late) == (SheetState.SUBMITTED, 2)


def test_a_ranking_after_the_amendment_knows_the_new_sheets_alone():
    ground = make_ground(2)
    for agency in ground.year.agencies:
        fill(ground, agency, SheetState.APPRAISING, marked=True)
    ground.amend()
    look_again(ground, ground.year.agencies[0])
    hand_in(ground, ground.year.agencies[0])
    block = CycleBlock.objects.select_related("cycle", "block", "criteria_set").get(pk=ground.block.pk)
    inputs = read_inputs(block, stage="self")
    assert len(inputs.entrants) == 1  # the other one is its agency's draft again
    leaves = set(ground.newer.criteria.filter(rule__isnull=False).values_list("pk", flat=True))
    assert set(inputs.entrants[0].leaves) == leaves
